import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Actor, systemActor } from '../../src/catalogue/actor.ts'
import { placesOf } from '../../src/catalogue/bytes/blobs.ts'
import { sweepBlobs } from '../../src/catalogue/bytes/sweep.ts'
import { isFailure } from '../../src/catalogue/failure.ts'
import { day, now } from '../../src/catalogue/time.ts'
import { filesStore } from '../../src/store/files.ts'
import { type TestCore, testCore } from '../support/core.ts'

const draft = { ownerId: 1, diskFormat: 'raw', containerFormat: 'bare' } as const

async function* bytes(text: string) {
  yield Buffer.from(text)
}

/** one-catalogue.md sections 2 and 5: one store is the rule; with several, an image says which ones hold it. */
describe('several named stores', () => {
  let t: TestCore
  before(async () => {
    t = await testCore({
      stores: (directory) =>
        ['fast', 'bulk'].map((name) => filesStore({ name, directory: join(directory, name) })),
    })
  })
  after(() => t.close())

  const receive = (text: string, store?: string) =>
    t.catalogue.bytes.receive(systemActor, draft, bytes(text), {
      fallback: 'killed',
      ...(store ? { store } : {}),
    })

  test('the first takes new images, a named one those that ask for it', async () => {
    const [plain, named] = [await receive('one'), await receive('two', 'bulk')]
    const stores = await t.catalogue.bytes.storesOf([plain, named])
    assert.deepEqual([stores.get(plain.uuid), stores.get(named.uuid)], [['fast'], ['bulk']])
    for (const [image, text] of [
      [plain, 'one'],
      [named, 'two'],
    ] as const) {
      const served = await t.catalogue.bytes.serve(systemActor, image)
      let found = ''
      for await (const chunk of served.read()) found += Buffer.from(chunk).toString()
      assert.equal(found, text)
    }
  })

  test('an unknown one is refused before anything is made', async () => {
    const count = () => t.catalogue.images.count(systemActor, { scopes: [{ everything: true }] })
    const before = await count()
    await assert.rejects(receive('x', 'nowhere'), (error) => isFailure(error, 'invalid'))
    assert.equal(await count(), before)
  })

  test('the same bytes in another store are one blob with two places', async () => {
    const [fast, bulk] = t.core.stores.all.map(({ store }) => store)
    const first = await receive('the same')
    const second = await receive('the same', 'bulk')
    const third = await receive('the same', 'bulk')
    assert.deepEqual([second.blobId, third.blobId], [first.blobId, first.blobId])
    const stores = await t.catalogue.bytes.storesOf([first, third])
    assert.deepEqual(
      [stores.get(first.uuid), stores.get(third.uuid)],
      [
        ['bulk', 'fast'],
        ['bulk', 'fast'],
      ],
    )
    const places = await placesOf(t.core.database.db, first.blobId!)
    const [one, two] = ['fast', 'bulk'].map((name) => places.find(({ store }) => store === name)!.key)
    assert.notEqual(one, two)
    assert.deepEqual([await fast!.size(one!), await bulk!.size(two!)], [8, 8])
    assert.deepEqual([await fast!.size(two!), await bulk!.size(one!)], [null, null])

    // Neither copy is a left-over, and both are read when bytes are checked.
    await sweepBlobs(t.core, now() + day)
    const checked = () => t.catalogue.verification.run({}, new AbortController().signal, () => {})
    assert.deepEqual((await checked()).problems, [])
    await bulk!.delete(two!)
    assert.match((await checked()).problems.join(), /store bulk has lost the bytes/)

    for (const { uuid } of [first, second, third]) await t.catalogue.images.remove(systemActor, uuid)
    assert.deepEqual([await fast!.size(one!), await bulk!.size(two!)], [null, null])
    assert.deepEqual(await placesOf(t.core.database.db, first.blobId!), [])
  })

  test('what is read comes from the first store that has it', async () => {
    const image = await receive('read me', 'bulk')
    await receive('read me')
    const [{ key } = { key: '' }] = (await placesOf(t.core.database.db, image.blobId!)).filter(
      ({ store }) => store === 'bulk',
    )
    await t.core.stores.all[1]!.store.delete(key)
    const served = await t.catalogue.bytes.serve(systemActor, image)
    let found = ''
    for await (const chunk of served.read()) found += Buffer.from(chunk).toString()
    assert.equal(found, 'read me')
  })

  describe('taking an image out of a store', () => {
    const remove = (store: string, uuid: string, actor: Actor = systemActor) =>
      t.catalogue.storeRemoval.remove(actor, store, uuid)
    const fails = (code: string, reason?: string) => (error: unknown) =>
      isFailure(error) && error.code === code && error.detail.reason === reason

    test('leaves it in the others, and says so in the audit log', async () => {
      const image = await receive('in two places')
      await receive('in two places', 'bulk')
      await remove('fast', image.uuid)
      assert.deepEqual((await t.catalogue.bytes.storesOf([image])).get(image.uuid), ['bulk'])
      const [{ key } = { key: '' }] = await placesOf(t.core.database.db, image.blobId!)
      const kept: string[] = []
      for (const { store } of t.core.stores.all)
        for await (const { id, size } of store.list()) if (size === 13) kept.push(`${store.name} ${id}`)
      assert.deepEqual(kept, [`bulk ${key}`])
      const [entry] = await t.catalogue.audit.history('image', image.uuid, { limit: 1 })
      assert.deepEqual(
        [entry!.action, entry!.before, entry!.after],
        ['remove-from-store', { stores: ['fast', 'bulk'] }, { stores: ['bulk'] }],
      )
      await assert.rejects(remove('fast', image.uuid), fails('not-found'))
      await assert.rejects(remove('bulk', image.uuid), fails('forbidden', 'last-store'))
    })

    test('is refused to all but administrators, and for what is not active', async () => {
      const image = await receive('refused')
      const owner = await t.actor({ main: 'owner' })
      await assert.rejects(remove('nowhere', image.uuid), fails('conflict', 'store'))
      await assert.rejects(remove('fast', image.uuid, owner), fails('forbidden', 'role'))
      await t.apply({ projects: [{ name: 'strange' }] })
      const stranger = await t.actor({ strange: 'owner' })
      await assert.rejects(remove('fast', image.uuid, stranger), fails('not-found'))
      await t.catalogue.images.deactivate(systemActor, image.uuid)
      await assert.rejects(remove('fast', image.uuid), fails('state'))
    })

    test('is refused while an import works on it', async () => {
      const image = await receive('worked on')
      const copy = { method: 'copy-image', body: {}, allStores: true, allStoresMustSucceed: true } as const
      await t.catalogue.storeImports.begin(systemActor, image.uuid, copy)
      await receive('worked on', 'bulk')
      await assert.rejects(remove('fast', image.uuid), fails('state', 'active-task'))
    })
  })

  test('one store is never named', async () => {
    const single = await testCore()
    const image = await single.catalogue.bytes.receive(systemActor, draft, bytes('x'), { fallback: 'killed' })
    assert.equal((await single.catalogue.bytes.storesOf([image])).size, 0)
    await single.close()
  })
})
