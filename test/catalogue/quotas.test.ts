import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Actor } from '../../src/catalogue/actor.ts'
import { isFailure } from '../../src/catalogue/failure.ts'
import { filesStore } from '../../src/store/files.ts'
import { type TestCore, testCore } from '../support/core.ts'
import { forEachDatabase } from '../support/databases.ts'

const raw = { diskFormat: 'raw', containerFormat: 'bare' } as const

async function* pieces(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text)
}

const fails = (reason: string) => (error: unknown) =>
  isFailure(error, 'quota') && error.detail.reason === reason

/** glance.md section 18. */
forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  before(async () => {
    t = await testCore({
      url: await freshUrl(),
      stores: (directory) =>
        ['fast', 'bulk'].map((name) => filesStore({ name, directory: join(directory, name) })),
    })
  })
  after(() => t.close())

  /** An owner of a project of its own with these quotas. */
  async function ownerOf(name: string, quotas: object): Promise<Actor> {
    await t.apply({ projects: [{ name, ...quotas }] })
    return t.actor({ [name]: 'owner' })
  }
  const staged = { during: 'uploading', keep: 'staged', formats: 'found', fallback: 'queued' } as const
  const stage = (actor: Actor, text: string, more: object = {}) =>
    t.catalogue.bytes.receive(actor, { name: text, ...raw }, pieces(text), { ...staged, ...more })
  const upload = (actor: Actor, text: string, more: object = {}) =>
    t.catalogue.bytes.receive(actor, { name: text, ...raw }, pieces(text), { fallback: 'queued', ...more })

  test('what waits to be imported has a quota of its own', async () => {
    const actor = await ownerOf('waiting', { quotaStagedBytes: 10, quotaBytes: 8 })
    await stage(actor, '123456')
    await assert.rejects(stage(actor, '1234', { announced: 5 }), fails('staged-bytes'))
    await assert.rejects(stage(actor, '12345'), fails('staged-bytes'))
    // Nothing of it counts as held, and what is held does not count as waiting.
    await upload(actor, '12345678')
    await assert.rejects(upload(actor, 'x'), fails('bytes'))
    const image = await stage(actor, '1234')
    assert.deepEqual(await t.catalogue.quotas.report(actor), {
      bytes: { used: 8, limit: 8 },
      stagedBytes: { used: 10, limit: 10 },
      images: { used: 5, limit: null },
      uploads: { used: 2, limit: null },
    })
    // It is replaced by as much, and refused when it would be held.
    await t.catalogue.bytes.receive(actor, image.uuid, pieces('abcd'), staged)
    await assert.rejects(
      t.catalogue.bytes.receive(actor, image.uuid, pieces('abcde'), staged),
      fails('staged-bytes'),
    )
  })

  test('staged bytes are held once they are published', async () => {
    const actor = await ownerOf('publisher', { quotaBytes: 5 })
    const fits = await stage(actor, '12345')
    const other = await stage(actor, 'x')
    await t.catalogue.publications.activate(actor, fits.uuid)
    await assert.rejects(t.catalogue.publications.activate(actor, other.uuid), fails('bytes'))
    assert.equal((await t.catalogue.images.view(actor, other.uuid)).status, 'uploading')
  })

  test('of many that stage at once only as many are taken as there is room for', async () => {
    const actor = await ownerOf('crowded', { quotaStagedBytes: 35 })
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => stage(actor, `${i}`.padEnd(10, 'x'))),
    )
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 3)
    assert.equal((await t.catalogue.quotas.report(actor))!.stagedBytes.used, 30)
  })

  test('only so many images are on their way at once', async () => {
    const actor = await ownerOf('busy', { quotaUploads: 2 })
    await stage(actor, 'one')
    const { promise: held, resolve: let_go } = Promise.withResolvers<void>()
    const { promise: begun, resolve: began } = Promise.withResolvers<void>()
    async function* slow() {
      yield Buffer.from('slow')
      began()
      await held
    }
    const slowly = t.catalogue.bytes.receive(actor, { name: 'slow', ...raw }, slow(), { fallback: 'queued' })
    await begun
    await assert.rejects(upload(actor, 'three'), fails('uploads'))
    await assert.rejects(stage(actor, 'three'), fails('uploads'))
    let_go()
    await slowly
    await upload(actor, 'three')
    assert.deepEqual((await t.catalogue.quotas.report(actor))!.uploads, { used: 1, limit: 2 })
  })

  test('that others keep the same bytes elsewhere counts for them alone', async () => {
    const actor = await ownerOf('modest', { quotaBytes: 12 })
    await upload(actor, 'abcdef')
    await upload(await ownerOf('elsewhere', {}), 'abcdef', { store: 'bulk' })
    assert.equal((await t.catalogue.quotas.report(actor))!.bytes.used, 6)
  })

  test('without a limit there is nothing to report', async () => {
    assert.equal(await t.catalogue.quotas.report(await ownerOf('free', {})), null)
  })
})

describe('a quota of the installation', () => {
  test('holds for projects that have none of their own', async () => {
    const t = await testCore({ settings: { quotaStagedBytes: 3, quotaUploads: 1 } })
    await t.apply({ projects: [{ name: 'open', quotaStagedBytes: null }] })
    const limits = async (project: string) => {
      const report = await t.catalogue.quotas.report(await t.actor({ [project]: 'owner' }))
      return [report!.stagedBytes.limit, report!.uploads.limit]
    }
    assert.deepEqual(await limits('main'), [3, 1])
    assert.deepEqual(await limits('open'), [null, 1])
    await t.close()
  })
})
