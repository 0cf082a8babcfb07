import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../src/catalogue/actor.ts'
import { isFailure } from '../../src/catalogue/failure.ts'
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

  test('one store is never named', async () => {
    const single = await testCore()
    const image = await single.catalogue.bytes.receive(systemActor, draft, bytes('x'), { fallback: 'killed' })
    assert.equal((await single.catalogue.bytes.storesOf([image])).size, 0)
    await single.close()
  })
})
