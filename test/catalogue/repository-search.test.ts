import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { type Actor, systemActor } from '../../src/catalogue/actor.ts'
import { type Failure, isFailure } from '../../src/catalogue/failure.ts'
import { writeSetting } from '../../src/catalogue/installation-settings.ts'
import { addRepository } from '../../src/catalogue/repositories/naming.ts'
import { repositories } from '../../src/catalogue/repositories/repositories.ts'
import { type OfferQuery, offerOrders } from '../../src/catalogue/repositories/search.ts'
import { type TestCore, testCore } from '../support/core.ts'
import { forEachDatabase } from '../support/databases.ts'
import { plansOf } from '../support/plans.ts'

const admin: Actor = { ...systemActor, userId: 1, username: 'admin', face: 'console' }
const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const many = 120

/** Every second one is a zone; two share a size, three a date; the last ones say next to nothing. */
const list = [
  ...Array.from({ length: many }, (_, n) => ({
    uuid: uuid(n),
    name: `Image ${String(n).padStart(3, '0')}`,
    version: `1.${n}`,
    type: n % 2 ? 'zone-dataset' : 'zvol',
    os: n % 3 ? 'linux' : 'bsd',
    description: n === 7 ? 'the seventh, 100 % fit_for work' : 'one of many',
    published_at: `2021-01-01T00:00:${String(Math.floor(n / 3)).padStart(2, '0')}Z`,
    files: [{ size: Math.floor(n / 2) * 1000, sha1: 'x', compression: 'none' }],
  })),
  { uuid: uuid(900), name: ['x'], version: 3, type: 7, os: null, files: 'none', description: 'a\0b' },
  { uuid: uuid(901), name: 'n'.repeat(100_000), type: 'zvol', description: 'd'.repeat(100_000) },
]

const usual: OfferQuery = { order: { by: 'published', descending: true }, offset: 0, limit: 20 }

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => assert.fail('it should have failed'),
    (error: unknown) => error,
  )
  assert.ok(isFailure(error), String(error))
  return error
}

forEachDatabase((engine, _open, freshUrl) => {
  let t: TestCore
  before(async () => {
    t = await testCore({
      url: await freshUrl(),
      remote: {
        demandUrl: () => {},
        probe: async () => ({ size: null }),
        document: async (url) => (url === 'https://shop.test/images' ? JSON.stringify(list) : '[]'),
        async *download() {},
      },
    })
    await t.core.database.transaction((trx) =>
      writeSetting(trx, admin, 'repositories', { shop: 'https://shop.test', void: 'https://void.test' }),
    )
    for (const name of ['shop', 'void'])
      assert.equal((await t.catalogue.repositories.refresh(admin, name)).failure, null)
    // SQLite is never asked for statistics, PostgreSQL gathers them by itself.
    if (engine === 'postgres') await sql`analyze`.execute(t.core.database.db)
  })
  after(() => t.close())

  const search = (query: Partial<OfferQuery>, name = 'shop') =>
    t.catalogue.repositories.search(admin, name, { ...usual, ...query })
  const found = async (query: Partial<OfferQuery>) => (await search(query)).offers.map((offer) => offer.uuid)

  test('pages in every order hold every image once', async () => {
    for (const by of offerOrders)
      for (const descending of [false, true]) {
        const seen: string[] = []
        for (let offset = 0; offset < list.length; offset += 50) {
          const { offers, total } = await search({ order: { by, descending }, offset, limit: 50 })
          assert.equal(total, list.length)
          seen.push(...offers.map((offer) => offer.uuid))
        }
        assert.deepEqual(seen.toSorted(), list.map((each) => each.uuid).toSorted(), by)
      }
    assert.deepEqual(await found({ limit: 3 }), [119, 118, 117].map(uuid))
    assert.deepEqual(
      await found({ order: { by: 'name', descending: false }, limit: 3 }),
      [900, 0, 1].map(uuid),
    )
    assert.deepEqual(
      await found({ order: { by: 'size', descending: true }, limit: 3 }),
      [119, 118, 117].map(uuid),
    )
    assert.deepEqual(await search({}, 'void'), { offers: [], total: 0 })
  })

  test('what is looked for is found in name, version, description and uuid, and by type and system', async () => {
    assert.deepEqual(await found({ text: 'IMAGE 042' }), [uuid(42)])
    assert.deepEqual(await found({ text: '1.77' }), [uuid(77)])
    assert.deepEqual(await found({ text: 'seventh' }), [uuid(7)])
    assert.deepEqual(await found({ text: '100 % fit_for' }), [uuid(7)])
    assert.deepEqual(await found({ text: 'fit-for' }), [])
    assert.deepEqual(await found({ text: uuid(13) }), [uuid(13)])
    assert.deepEqual(await found({ text: '3', limit: 200 }).then((all) => all.includes(uuid(900))), true)
    assert.equal((await search({ type: 'zone-dataset' })).total, many / 2)
    assert.equal((await search({ type: 'zone-dataset', os: 'bsd' })).total, many / 6)
    assert.equal((await search({ type: 'zone-dataset', os: 'bsd', text: 'image 00' })).total, 2)
    assert.equal((await search({ type: 'zone' })).total, 0)
  })

  test('what is here already is marked, and shown to those who may see it', async () => {
    await t.apply({ projects: [{ name: 'acme' }, { name: 'other' }] })
    const owner = (await t.catalogue.projects.named(systemActor, 'acme')).id
    await t.catalogue.images.create(systemActor, { ownerId: owner, uuid: uuid(119) })
    const gone = await t.catalogue.images.create(systemActor, { ownerId: owner, uuid: uuid(118) })
    await t.catalogue.images.remove(systemActor, gone.uuid)
    const marks = async (actor: Actor) =>
      (await t.catalogue.repositories.search(actor, 'shop', { ...usual, limit: 2 })).offers.map(
        ({ uuid, present, image }) => [uuid, present, image?.uuid ?? null],
      )
    const mine = await t.actor({ acme: 'member' })
    const theirs = await t.actor({ other: 'member' })
    assert.deepEqual(await marks(mine), [
      [uuid(119), true, uuid(119)],
      [uuid(118), false, null],
    ])
    assert.deepEqual((await marks(theirs))[0], [uuid(119), true, null])
    const refused = t.catalogue.repositories.import(mine, 'shop', uuid(119), {})
    assert.deepEqual((await failureOf(refused)).detail.reason, 'exists')
  })

  test('only those who may import look, and only at what there is', async () => {
    const reader = await t.actor({ main: 'reader' })
    const { repositories: all } = t.catalogue
    for (const work of [
      () => all.remotes(reader),
      () => all.search(reader, 'shop', usual),
      () => all.import(reader, 'shop', uuid(1), {}),
    ])
      assert.equal((await failureOf(work())).code, 'forbidden')
    assert.equal((await failureOf(search({}, 'none'))).detail.subject, 'repository')
    const unknown = all.import(admin, 'shop', randomUUID(), {})
    assert.deepEqual((await failureOf(unknown)).detail.subject, 'image')
  })

  test('no order sorts', async () => {
    for (const by of offerOrders)
      for (const filter of [{}, { type: 'zvol' }, { os: 'linux' }]) {
        const ask = { ...usual, ...filter, order: { by, descending: true } }
        const plans = await plansOf(t.core, (core) => repositories(core).search(admin, 'shop', ask), [
          'seqscan',
          'sort',
          'bitmapscan',
          'hashjoin',
        ])
        const page = plans.find((plan) => /repository_images_(published|name|size|type|os)/.test(plan))
        assert.ok(page, plans.join('\n\n'))
        for (const plan of plans)
          assert.doesNotMatch(plan, /TEMP B-TREE FOR ORDER BY|(?<!Incremental )Sort {2}\(/, plan)
      }
  })

  test('repositories are named and forgotten by administrators', async () => {
    const { repositories: all } = t.catalogue
    const member = await t.actor({ main: 'admin' })
    const made = await all.add(admin, { name: 'new.one', url: 'https://new.test/repo' })
    assert.deepEqual(made, {
      name: 'new.one',
      url: 'https://new.test/repo',
      refreshedAt: null,
      imageCount: 0,
      failure: null,
    })
    const names = async () => (await all.remotes(admin)).map(({ name }) => name)
    assert.deepEqual(await names(), ['new.one', 'shop', 'void'])
    const url = 'https://x.test'
    for (const [work, code, field] of [
      [() => all.add(member, { name: 'x', url }), 'forbidden'],
      [() => all.remove(member, 'shop'), 'forbidden'],
      [() => all.remove(admin, 'none'), 'not-found'],
      [() => all.add(admin, { name: 'shop', url }), 'conflict', 'name'],
      [() => all.add(admin, { name: 'Shop', url }), 'invalid', 'name'],
      [() => all.add(admin, { name: '_imageport', url }), 'invalid', 'name'],
      [() => all.add(admin, { name: 'x'.repeat(33), url }), 'invalid', 'name'],
      [() => all.add(admin, { name: '', url }), 'invalid', 'name'],
    ] as const) {
      const failure = await failureOf(work())
      assert.deepEqual([failure.code, Object.keys(failure.detail.fields ?? {})[0]], [code, field])
    }
    await all.remove(admin, 'new.one')
    assert.deepEqual(await names(), ['shop', 'void'])
    // Of many at once each is kept, up to the most that there may be.
    const added = await Promise.allSettled(
      Array.from({ length: 15 }, (_, n) => addRepository(t.core, admin, { name: `r${n}`, url })),
    )
    const refused = added.filter(({ status }) => status === 'rejected')
    assert.equal((await names()).length, 16)
    assert.deepEqual(
      refused.map((one) => (one as PromiseRejectedResult).reason.code),
      ['quota'],
    )
  })
})
