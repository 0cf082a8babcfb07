import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Actor, systemActor } from '../../src/catalogue/actor.ts'
import { type FailureCode, isFailure } from '../../src/catalogue/failure.ts'
import { type TestCore, testCore } from '../support/core.ts'
import { forEachDatabase } from '../support/databases.ts'

/** Asserts a Failure of this code, and of this reason where one is given. */
export function fails(code: FailureCode, reason?: string) {
  return (error: unknown) =>
    isFailure(error, code) && (reason === undefined || error.detail.reason === reason)
}

async function* pieces(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text)
}

const raw = { diskFormat: 'raw', containerFormat: 'bare' } as const

forEachDatabase((engine, _open, freshUrl) => {
  let t: TestCore
  let acme: Actor
  let other: Actor
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    await t.apply({
      projects: [
        { id: 70, name: 'acme' },
        { id: 80, name: 'other', quotaBytes: 10, quotaImages: 2 },
      ],
    })
    acme = await t.actor({ acme: 'owner' })
    other = await t.actor({ other: 'owner' })
  })
  after(() => t.close())

  const upload = (actor: Actor, uuid: string, ...texts: string[]) =>
    t.catalogue.bytes.receive(actor, uuid, pieces(...texts), { fallback: 'killed' })
  const create = (actor: Actor, draft = {}) =>
    t.catalogue.images.create(actor, { name: 'an image', ...raw, ...draft })
  const blobs = async () => {
    const found: string[] = []
    for await (const blob of t.core.stores.all[0]!.store.list()) found.push(blob.id)
    return found.sort()
  }

  describe('creation', () => {
    test('an image starts queued, private, in its project and the default location', async () => {
      const image = await create(acme, { tags: ['b', 'a', 'b'], properties: { os_distro: 'debian' } })
      assert.equal(image.status, 'queued')
      assert.equal(image.visibility, 'private')
      assert.equal(image.ownerId, 70)
      assert.equal(image.region, 'RegionOne')
      assert.deepEqual(image.tags, ['a', 'b'])
      assert.equal(image.size, null)
    })

    test('handles are derived from names and unique', async () => {
      const [first, second] = [
        await create(acme, { name: 'Größe 1!' }),
        await create(acme, { name: 'Größe 1!' }),
      ]
      assert.equal(first.handle, 'Gro-e-1')
      assert.match(second.handle, /^Gro-e-1-[0-9a-f]{6}$/)
      assert.match((await create(acme, { name: '日本' })).handle, /^image/)
      assert.equal((await create(acme, { name: 'x'.repeat(200) })).handle.length, 32)
    })

    test('a uuid is taken once and for ever, in any spelling', async () => {
      const uuid = 'abcdefab-0000-4000-8000-000000000001'
      const image = await create(acme, { uuid: uuid.toUpperCase() })
      assert.equal(image.uuid, uuid)
      await assert.rejects(create(acme, { uuid }), fails('conflict', 'exists'))
      await t.catalogue.images.remove(acme, uuid)
      await assert.rejects(create(acme, { uuid }), fails('conflict', 'exists'))
    })

    const bad: readonly [string, object, FailureCode, string?][] = [
      ['a name that is too long', { name: 'x'.repeat(256) }, 'invalid'],
      ['an unknown format', { diskFormat: 'zip' }, 'invalid'],
      ['a negative min_disk', { minDisk: -1 }, 'invalid'],
      ['a huge min_ram', { minRam: 2 ** 31 }, 'invalid'],
      ['a reserved property', { properties: { checksum: 'x' } }, 'invalid'],
      ['an internal property', { properties: { os_glance_x: 'x' } }, 'invalid'],
      ['a property without a name', { properties: { '': 'x' } }, 'invalid'],
      ['a property value of 64 KiB', { properties: { a: 'x'.repeat(65_536) } }, 'invalid'],
      ['a tag with a line break', { tags: ['a\nb'] }, 'invalid'],
      ['129 tags', { tags: Array.from({ length: 129 }, (_, i) => `t${i}`) }, 'quota', 'tags'],
      [
        '10,000 properties',
        { properties: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`p${i}`, ''])) },
        'quota',
        'properties',
      ],
      ['a region that is not there', { region: 'nowhere' }, 'invalid'],
      ['a foreign owner', { ownerId: 80 }, 'forbidden', 'role'],
      ['public visibility', { visibility: 'public' }, 'forbidden', 'role'],
      ['a uuid that is none', { uuid: '../../etc/passwd' }, 'invalid'],
      ['a name with a NUL', { name: 'a\0b' }, 'invalid'],
      ['half a character in a name', { name: 'a\ud800' }, 'invalid'],
      ['half a character in a tag', { tags: ['a\udc00'] }, 'invalid'],
      ['half a character in a property', { properties: { description: 'a\ud800' } }, 'invalid'],
      ['half a character in the name of a property', { properties: { 'a\ud800': 'x' } }, 'invalid'],
    ]
    for (const [what, draft, code, reason] of bad)
      test(`${what} is refused and leaves nothing`, async () => {
        const count = () =>
          t.catalogue.images.count(systemActor, { scopes: [{ everything: true }], deleted: 'with' })
        const before = await count()
        await assert.rejects(create(acme, draft), fails(code, reason))
        assert.equal(await count(), before)
      })
  })

  describe('bytes', () => {
    test('make the image active, with digests, registered in the catalogue', async () => {
      const image = await create(acme, {
        name: 'with bytes',
        properties: { os_distro: 'centos', os_version: '5.3' },
      })
      const done = await upload(acme, image.uuid, 'hello ', 'world')
      assert.equal(done.status, 'active')
      assert.equal(done.size, 11)
      assert.equal(done.digests.md5, '5eb63bbbe01eeed093cb22bb8f5acdc3')
      assert.equal(done.digests.sha1, '2aae6c35c94fcfb415dbe95f408b9ce91ee846ed')
      const { db } = t.core.database
      const row = await db
        .selectFrom('registrations')
        .innerJoin('operating_systems as os', 'os.id', 'operating_system_id')
        .select(['registrations.name', 'os.title', 'registrations.username'])
        .where('uuid', '=', image.uuid)
        .executeTakeFirst()
      assert.deepEqual(row, { name: 'with bytes', title: 'centos 5.3', username: 'root' })
      await t.catalogue.images.change(acme, image.uuid, () => ({ name: 'renamed' }))
      const renamed = await db
        .selectFrom('registrations')
        .select('name')
        .where('uuid', '=', image.uuid)
        .executeTakeFirst()
      assert.equal(renamed?.name, 'renamed')
      await t.catalogue.images.remove(acme, image.uuid)
      assert.equal(
        await db.selectFrom('registrations').select('id').where('uuid', '=', image.uuid).executeTakeFirst(),
        undefined,
      )
    })

    test('the same bytes are kept once, and go with their last image', async () => {
      const before = await blobs()
      const [one, two] = [await create(acme), await create(acme)]
      const first = await upload(acme, one.uuid, 'kept once')
      const second = await upload(acme, two.uuid, 'kept', ' once')
      assert.equal(first.blobId, second.blobId)
      assert.equal((await blobs()).length, before.length + 1)
      await t.catalogue.images.remove(acme, one.uuid)
      assert.equal((await blobs()).length, before.length + 1)
      await t.catalogue.images.remove(acme, two.uuid)
      assert.deepEqual(await blobs(), before)
    })

    test('four uploads of the same bytes at once end with one blob', async () => {
      const before = await blobs()
      const made = await Promise.all([1, 2, 3, 4].map(() => create(acme)))
      await Promise.all(made.map((image) => upload(acme, image.uuid, 'all at once')))
      assert.equal((await blobs()).length, before.length + 1)
      await Promise.all(made.map((image) => t.catalogue.images.remove(acme, image.uuid)))
      assert.deepEqual(await blobs(), before)
    })

    test('come back as they went in, whole and in part', async () => {
      const { uuid } = await create(acme)
      const image = await upload(acme, uuid, '0123456789')
      const served = await t.catalogue.bytes.serve(acme, image)
      const read = async (range?: { start: number; end: number }) => {
        let text = ''
        for await (const chunk of served.read(range)) text += Buffer.from(chunk).toString()
        return text
      }
      assert.equal(await read(), '0123456789')
      assert.equal(await read({ start: 3, end: 5 }), '345')
    })

    test('a second upload is refused, and so is one without formats', async () => {
      const { uuid } = await create(acme)
      await upload(acme, uuid, 'x')
      await assert.rejects(upload(acme, uuid, 'y'), fails('state'))
      const bare = await t.catalogue.images.create(acme, { name: 'no formats' })
      await assert.rejects(upload(acme, bare.uuid, 'y'), fails('invalid', 'formats'))
      assert.equal((await t.catalogue.images.view(acme, bare.uuid)).status, 'queued')
    })

    async function* breaking() {
      yield Buffer.from('some bytes')
      throw new Error('the line was cut')
    }
    for (const [fallback, status] of [
      ['killed', 'killed'],
      ['queued', 'queued'],
    ] as const)
      test(`a broken upload leaves the image ${status} and no bytes`, async () => {
        const before = await blobs()
        const { uuid } = await create(acme)
        await assert.rejects(
          t.catalogue.bytes.receive(acme, uuid, breaking(), { fallback }),
          fails('interrupted'),
        )
        const image = await t.catalogue.images.view(acme, uuid)
        assert.equal(image.status, status)
        assert.equal(image.size, null)
        assert.ok(image.failure)
        assert.deepEqual(await blobs(), before)
      })

    test('an image deleted while its bytes arrive: the sender is told, nothing stays', async () => {
      const before = await blobs()
      const { uuid } = await create(acme)
      async function* deletedMeanwhile() {
        yield Buffer.from('a')
        await t.catalogue.images.remove(acme, uuid)
        yield Buffer.from('b')
      }
      await assert.rejects(
        t.catalogue.bytes.receive(acme, uuid, deletedMeanwhile(), { fallback: 'killed' }),
        fails('gone'),
      )
      assert.deepEqual(await blobs(), before)
    })

    test('hostile and mislabelled bytes are refused', async () => {
      const before = await blobs()
      const header = Buffer.alloc(1024)
      header.write('QFI\xfb', 'latin1')
      header.writeUInt32BE(3, 4)
      header.writeBigUInt64BE(512n, 8) // a backing file
      const { uuid } = await create(acme)
      async function* source() {
        yield header
      }
      await assert.rejects(
        t.catalogue.bytes.receive(acme, uuid, source(), { fallback: 'killed' }),
        fails('content', 'backing-file'),
      )
      const labelled = await create(acme, { diskFormat: 'qcow2' })
      await assert.rejects(upload(acme, labelled.uuid, 'no qcow2'), fails('content', 'format-mismatch'))
      assert.deepEqual(await blobs(), before)
    })

    const wrong: readonly [string, object, FailureCode, string][] = [
      ['another digest', { expected: { algorithm: 'sha256', value: '0'.repeat(64) } }, 'invalid', 'digest'],
      ['another length', { announced: 3 }, 'invalid', 'length'],
    ]
    for (const [what, options, code, reason] of wrong)
      test(`${what} than announced is refused`, async () => {
        const { uuid } = await create(acme)
        await assert.rejects(
          t.catalogue.bytes.receive(acme, uuid, pieces('four'), { fallback: 'killed', ...options }),
          fails(code, reason),
        )
        assert.equal((await t.catalogue.images.view(acme, uuid)).status, 'killed')
      })

    test('an expected sha256 is computed and kept', async () => {
      const { uuid } = await create(acme)
      const value = '04efaf080f5a3e74e1c29d1ca6a48569382cbbcd324e8d59d2b83ef21c039f00'
      const image = await t.catalogue.bytes.receive(acme, uuid, pieces('four'), {
        fallback: 'killed',
        expected: { algorithm: 'sha256', value },
      })
      assert.equal(image.digests.sha256, value)
    })

    test('what a dead process was receiving falls back, and its bytes are swept', async () => {
      const { uuid } = await create(acme)
      const { db } = t.core.database
      const dead = 'process-that-died'
      await db.updateTable('images').set({ status: 'saving' }).where('uuid', '=', uuid).execute()
      const { seq } = await db
        .selectFrom('images')
        .select('seq')
        .where('uuid', '=', uuid)
        .executeTakeFirstOrThrow()
      await db
        .insertInto('transfers')
        .values({
          image_seq: seq,
          process_id: dead,
          blob_id: 'a'.repeat(32),
          store: 'default',
          fallback: 'queued',
          started_at: 1,
        })
        .execute()
      const { reapTransfers } = await import('../../src/catalogue/bytes/transfers.ts')
      assert.equal(await reapTransfers(t.core), 1)
      assert.equal((await t.catalogue.images.view(acme, uuid)).status, 'queued')
      assert.equal(await reapTransfers(t.core), 0)
    })
  })

  describe('limits', () => {
    test('a project with a quota of 2 images gets no third', async () => {
      const one = await create(other)
      await create(other)
      await assert.rejects(create(other), fails('quota', 'images'))
      await t.catalogue.images.remove(other, one.uuid)
      await create(other)
    })

    test('a quota of 10 bytes holds for announced, received and summed bytes', async () => {
      const mine = await t.catalogue.images.list(other, {
        scopes: [{ own: 80 }],
        order: [{ field: 'seq' }],
        limit: 5,
      })
      const [a, b] = mine.map((image) => image.uuid)
      const announced = { fallback: 'queued', announced: 11 } as const
      await assert.rejects(
        t.catalogue.bytes.receive(other, a!, pieces('x'.repeat(11)), announced),
        fails('quota', 'bytes'),
      )
      await assert.rejects(
        t.catalogue.bytes.receive(other, a!, pieces('x'.repeat(11)), { fallback: 'queued' }),
        fails('quota', 'bytes'),
      )
      await t.catalogue.bytes.receive(other, a!, pieces('x'.repeat(8)), { fallback: 'queued' })
      await assert.rejects(
        t.catalogue.bytes.receive(other, b!, pieces('xyz'), { fallback: 'queued' }),
        fails('quota', 'bytes'),
      )
      const usage = await t.catalogue.projects.usage(other, 80)
      assert.deepEqual(usage, { images: 2, bytes: 8, stagedBytes: 0, transfers: 0 })
    })

    test('of ten uploads at once only as many are taken as the quota has room for', async () => {
      await t.apply({ projects: [{ name: 'tight', quotaBytes: 35, quotaImages: 10 }] })
      const tight = await t.actor({ tight: 'owner' })
      const outcomes = await Promise.allSettled(
        Array.from({ length: 12 }, (_, i) =>
          t.catalogue.bytes.receive(tight, { name: `${i}`, ...raw }, pieces(`${i}`.padEnd(10, 'x')), {
            fallback: 'killed',
          }),
        ),
      )
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 3)
      for (const outcome of outcomes)
        if (outcome.status === 'rejected')
          assert.ok(isFailure(outcome.reason, 'quota'), String(outcome.reason))
      const usage = await t.catalogue.projects.usage(tight, tight.projectId!)
      assert.ok(usage.bytes === 30, `${usage.bytes} bytes`)
    })

    for (const [what, settings, code, reason] of [
      ['the largest image', { maxImageBytes: 4 }, 'too-large', 'image-size'],
      ['the number of uploads', { maxUploads: 0 }, 'busy', 'transfers'],
      ['the free space', { freeSpaceFloorBytes: 2 ** 60 }, 'no-space', 'free-space'],
    ] as const)
      test(`${what} is limited`, async () => {
        const limited = await testCore({ settings })
        const { uuid } = await limited.catalogue.images.create(systemActor, { ...raw, ownerId: 1 })
        await assert.rejects(
          limited.catalogue.bytes.receive(systemActor, uuid, pieces('12345'), { fallback: 'queued' }),
          fails(code, reason),
        )
        assert.equal((await limited.catalogue.images.view(systemActor, uuid)).status, 'queued')
        await limited.close()
      })
  })

  describe('changes', () => {
    test('formats are fixed once there are bytes', async () => {
      const { uuid } = await create(acme)
      await t.catalogue.images.change(acme, uuid, () => ({ diskFormat: 'iso' }))
      await t.catalogue.images.change(acme, uuid, () => ({ diskFormat: 'raw' }))
      await upload(acme, uuid, 'x')
      await t.catalogue.images.change(acme, uuid, () => ({ diskFormat: 'raw' }))
      await assert.rejects(
        t.catalogue.images.change(acme, uuid, () => ({ diskFormat: 'iso' })),
        fails('state', 'format'),
      )
    })

    test('a protected image stays; deactivation hides bytes from all but administrators', async () => {
      const { uuid } = await create(acme, { protected: true })
      await assert.rejects(t.catalogue.images.remove(acme, uuid), fails('forbidden', 'protected'))
      await assert.rejects(t.catalogue.images.deactivate(acme, uuid), fails('state'))
      await upload(acme, uuid, 'x')
      const image = await t.catalogue.images.deactivate(acme, uuid)
      assert.equal((await t.catalogue.images.deactivate(acme, uuid)).updatedAt, image.updatedAt)
      await assert.rejects(t.catalogue.bytes.serve(acme, image), fails('state'))
      await t.catalogue.bytes.serve(systemActor, image)
      await t.catalogue.images.reactivate(acme, uuid)
    })

    test('strangers see nothing, members see, nobody but the owner writes', async () => {
      const { uuid } = await create(acme)
      await assert.rejects(t.catalogue.images.view(other, uuid), fails('not-found'))
      await assert.rejects(t.catalogue.members.add(acme, uuid, 80), fails('forbidden', 'not-shared'))
      await t.catalogue.images.change(acme, uuid, () => ({ visibility: 'shared' }))
      await t.catalogue.members.add(acme, uuid, 80)
      await assert.rejects(t.catalogue.members.add(acme, uuid, 80), fails('conflict'))
      assert.equal((await t.catalogue.images.view(other, uuid)).uuid, uuid)
      await assert.rejects(
        t.catalogue.images.change(other, uuid, () => ({ name: 'mine' })),
        fails('forbidden', 'owner'),
      )
      const shared = () =>
        t.catalogue.images.count(other, { scopes: [{ sharedWith: 80, status: 'accepted' }] })
      assert.equal(await shared(), 0)
      await assert.rejects(
        t.catalogue.members.decide(acme, uuid, 80, 'accepted'),
        fails('forbidden', 'owner'),
      )
      await t.catalogue.members.decide(other, uuid, 80, 'accepted')
      assert.equal(await shared(), 1)
      await t.catalogue.images.change(acme, uuid, () => ({ visibility: 'private' }))
      await assert.rejects(t.catalogue.images.view(other, uuid), fails('not-found'))
    })

    test('every write is in the history, with what it changed', async () => {
      const { uuid } = await create(acme, { name: 'before' })
      await t.catalogue.images.change(acme, uuid, () => ({ name: 'after' }))
      const [last] = await t.catalogue.audit.history('image', uuid, { limit: 1 })
      assert.equal(last?.action, 'update')
      assert.equal(last?.username, 'tester')
      assert.deepEqual(last?.before, { name: 'before' })
      assert.deepEqual(last?.after, { name: 'after' })
    })

    test('of two changes at once neither is lost', async () => {
      const { uuid } = await create(acme, { properties: {} })
      await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          t.catalogue.images.change(acme, uuid, (image) => ({
            properties: { ...image.properties, [`p${i}`]: 'x' },
          })),
        ),
      )
      assert.equal(Object.keys((await t.catalogue.images.view(acme, uuid)).properties).length, 10)
    })
  })

  describe('counters', () => {
    test('agree with the rows after all of the above', async () => {
      const { db } = t.core.database
      const rows = await db
        .selectFrom('images')
        .select(['owner_id', 'visibility', 'status', 'hidden', 'size'])
        .execute()
      const counted = new Map<string, { images: number; bytes: number }>()
      for (const row of rows) {
        const key = [row.owner_id ?? 0, row.visibility, row.status, row.hidden].join()
        const sum = counted.get(key) ?? { images: 0, bytes: 0 }
        counted.set(key, { images: sum.images + 1, bytes: sum.bytes + (row.size ?? 0) })
      }
      const kept = (await db.selectFrom('image_counts').selectAll().execute()).filter(
        (row) => row.images !== 0,
      )
      assert.deepEqual(
        new Map(
          kept.map((row) => [
            [row.owner_id, row.visibility, row.status, row.hidden].join(),
            { images: row.images, bytes: row.bytes },
          ]),
        ),
        counted,
      )
      assert.ok(engine)
    })
  })
})
