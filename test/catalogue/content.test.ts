/** What becomes of an image when its bytes are judged. Contract: glance 23.2, one-catalogue 4.8. */
import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Actor } from '../../src/catalogue/actor.ts'
import { isFailure } from '../../src/catalogue/failure.ts'
import type { ImageDraft } from '../../src/catalogue/images/draft.ts'
import { type TestCore, testCore } from '../support/core.ts'
import { forEachDatabase } from '../support/databases.ts'
import { partition, partitionedDisk, qcow2Header } from '../support/disk-images.ts'

const qcow2 = qcow2Header({ clusterBits: 12 })
const oddDisk = partitionedDisk([partition(0x83, { flag: 0x41 })], 4096)

forEachDatabase((_engine, _open, freshUrl) => {
  let strict: TestCore
  let lenient: TestCore
  before(async () => {
    strict = await testCore({ url: await freshUrl() })
    lenient = await testCore({ url: await freshUrl(), settings: { formatCheck: 'warn' } })
  })
  after(() => Promise.all([strict.close(), lenient.close()]))

  type Meanwhile = (uuid: string, owner: Actor) => Promise<unknown>

  /** Receives bytes into a new image; between the first and the last of them something else may happen. */
  async function receive(t: TestCore, draft: ImageDraft, bytes: Uint8Array, meanwhile?: Meanwhile) {
    const owner = await t.actor({ main: 'owner' })
    const { uuid } = await t.catalogue.images.create(owner, { containerFormat: 'bare', ...draft })
    async function* source() {
      yield bytes.subarray(0, 100)
      await meanwhile?.(uuid, owner)
      yield bytes.subarray(100)
    }
    const outcome = await t.catalogue.bytes
      .receive(owner, uuid, source(), { fallback: 'queued', during: meanwhile ? 'importing' : 'saving' })
      .then(
        () => 'received',
        (error: unknown) => {
          if (!isFailure(error)) throw error
          return error.detail.reason
        },
      )
    return { outcome, image: await t.catalogue.images.view(owner, uuid) }
  }

  async function warnings(t: TestCore, uuid: string) {
    const entries = await t.catalogue.audit.history('image', uuid, { limit: 20 })
    return entries.filter(({ action }) => action === 'content-warning').map(({ after: facts }) => facts)
  }

  async function kept(t: TestCore): Promise<number> {
    let count = 0
    for await (const _ of t.core.stores.all[0]!.store.list()) count++
    return count
  }

  test('formats that change while an import arrives are those that count', async () => {
    const before = await kept(strict)
    const into = (diskFormat: string | null) => (uuid: string, owner: Actor) =>
      strict.catalogue.images.change(owner, uuid, () => ({ diskFormat }))
    const lying = await receive(strict, { diskFormat: 'raw' }, Buffer.alloc(4096), into('qcow2'))
    assert.equal(lying.outcome, 'format-mismatch')
    const unset = await receive(strict, { diskFormat: 'raw' }, Buffer.alloc(4096), into(null))
    assert.equal(unset.outcome, 'formats')
    for (const { image } of [lying, unset]) {
      assert.deepEqual([image.status, image.size, image.virtualSize], ['queued', null, null])
    }
    assert.equal(await kept(strict), before)
    const corrected = await receive(strict, { diskFormat: 'raw' }, qcow2, into('qcow2'))
    assert.equal(corrected.outcome, 'received')
    assert.deepEqual([corrected.image.size, corrected.image.virtualSize], [4096, 1_048_576])
  })

  test('a container that becomes bare while an import arrives is judged as bare', async () => {
    const draft = { diskFormat: 'vhd', containerFormat: 'ami' }
    const { outcome } = await receive(strict, draft, Buffer.alloc(200), (uuid, owner) =>
      strict.catalogue.images.change(owner, uuid, () => ({ containerFormat: 'bare' })),
    )
    assert.equal(outcome, 'format-mismatch')
  })

  test('what is odd about a raw disk is told in the audit log', async () => {
    const { outcome, image } = await receive(strict, { diskFormat: 'raw' }, oddDisk)
    assert.equal(outcome, 'received')
    assert.deepEqual(await warnings(strict, image.uuid), [
      { warning: 'The first sector has a boot signature but no valid partition table.' },
    ])
    const plain = await receive(strict, { diskFormat: 'raw' }, Buffer.alloc(4096))
    assert.deepEqual(await warnings(strict, plain.image.uuid), [])
  })

  test('IMAGEPORT_FORMAT_CHECK=warn lets a mismatch through and tells it in the audit log', async () => {
    const { outcome, image } = await receive(lenient, { diskFormat: 'qcow2' }, Buffer.from('text'))
    assert.equal(outcome, 'received')
    assert.deepEqual([image.status, image.size, image.virtualSize], ['active', 4, null])
    assert.deepEqual(await warnings(lenient, image.uuid), [
      { warning: 'The image is declared to be qcow2, but its content is raw.' },
    ])
  })

  test('IMAGEPORT_FORMAT_CHECK=warn lets nothing hostile through', async () => {
    const before = await kept(lenient)
    const hostile = qcow2Header({ clusterBits: 12, features: 4n })
    for (const containerFormat of ['bare', 'ami', 'compressed'])
      for (const diskFormat of ['qcow2', 'raw', 'ami']) {
        const { outcome, image } = await receive(lenient, { diskFormat, containerFormat }, hostile)
        assert.equal(outcome, 'data-file')
        assert.deepEqual([image.status, image.size, image.virtualSize], ['queued', null, null])
      }
    assert.equal(await kept(lenient), before)
  })

  test('a compressed image is kept as it came, whatever it would become', async () => {
    const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024))
    const owner = await strict.actor({ main: 'owner' })
    for (const [diskFormat, containerFormat, virtualSize] of [
      ['qcow2', 'compressed', null],
      ['raw', 'bare', bomb.length],
      ['ari', 'bare', bomb.length],
    ] as const) {
      const { outcome, image } = await receive(strict, { diskFormat, containerFormat }, bomb)
      assert.equal(outcome, 'received')
      assert.deepEqual([image.size, image.virtualSize], [bomb.length, virtualSize])
      const served = await strict.catalogue.bytes.serve(owner, image)
      assert.ok((await buffer(served.read())).equals(bomb))
    }
  })
})
