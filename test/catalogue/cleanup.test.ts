import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemActor } from '../../src/catalogue/actor.ts'
import { deleteAged } from '../../src/catalogue/images/ageing.ts'
import { cleanupDate } from '../../src/catalogue/images/cleanup.ts'
import { day, now } from '../../src/catalogue/time.ts'
import { type TestCore, testCore } from '../support/core.ts'
import { forEachDatabase } from '../support/databases.ts'

/** onecloudplanet.md 1.9. */
forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    await t.apply({ projects: [{ id: 70, name: 'acme' }] })
  })
  after(() => t.close())

  const ofAcme = () =>
    t.catalogue.images.list(systemActor, { scopes: [{ own: 70 }], order: [{ field: 'seq' }], limit: 50 })

  test('a project that turns the clean-up on gives its images their dates, by the same rule as each alone', async () => {
    for (const facts of [
      { diskFormat: 'raw' },
      { diskFormat: 'qcow2' },
      { diskFormat: 'raw', protected: true },
      { diskFormat: 'raw', visibility: 'public' },
      { diskFormat: null },
    ] as const)
      await t.catalogue.images.create(systemActor, { ownerId: 70, createdAt: now() - 3 * day, ...facts })
    assert.deepEqual(new Set((await ofAcme()).map((image) => image.cleanupAt)), new Set([null]))
    await t.apply({ projects: [{ name: 'acme', cleanup: { enabled: true, days: 14, formats: ['raw'] } }] })
    const images = await ofAcme()
    const expected = await Promise.all(images.map((image) => cleanupDate(t.core.database.db, t.core, image)))
    assert.deepEqual(
      images.map((image) => image.cleanupAt),
      expected,
    )
    assert.equal(expected.filter((date) => date !== null).length, 1)
    assert.equal(images[0]!.cleanupAt, images[0]!.createdAt + 14 * day)
  })

  test('when the date has passed the image is deleted, and only that one', async () => {
    assert.equal(await deleteAged(t.core, t.catalogue, systemActor), 0)
    await t.apply({ projects: [{ name: 'acme', cleanup: { enabled: true, days: 2, formats: ['raw'] } }] })
    assert.equal(await deleteAged(t.core, t.catalogue, systemActor), 1)
    assert.equal((await ofAcme()).length, 4)
  })

  test('turned off, nothing has a date', async () => {
    await t.apply({ projects: [{ name: 'acme', cleanup: { enabled: false } }] })
    assert.deepEqual(new Set((await ofAcme()).map((image) => image.cleanupAt)), new Set([null]))
  })
})
