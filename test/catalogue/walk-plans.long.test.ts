import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { type Actor, systemActor } from '../../src/catalogue/actor.ts'
import type { Core } from '../../src/catalogue/core.ts'
import { managedImages } from '../../src/catalogue/images/managed.ts'
import type { WalkOrder } from '../../src/catalogue/images/walk.ts'
import { type TestCore, testCore } from '../support/core.ts'
import { forEachDatabase } from '../support/databases.ts'
import { plansOf } from '../support/plans.ts'

/** Some pages of whole images: each but the first begins behind the last image of the one before. */
const count = 250
const orders: readonly WalkOrder['field'][] = ['handle', 'createdAt']

forEachDatabase((engine, _open, freshUrl) => {
  let t: TestCore
  const actors: Record<string, Actor> = { everything: systemActor }
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    await t.apply({ projects: [{ name: 'other' }] })
    actors['a datacenter'] = await t.actor({ main: 'admin' })
    actors['two datacenters'] = await t.actor({ main: 'admin', other: 'admin' })
    const owner = (await t.catalogue.projects.named(systemActor, 'other')).id
    for (let i = 0; i < count; i++)
      await t.catalogue.images.create(systemActor, {
        ownerId: i % 3 ? 1 : owner,
        name: `image ${i}`,
        bound: true,
      })
    // SQLite is never asked for statistics, PostgreSQL gathers them by itself.
    if (engine === 'postgres') await sql`analyze`.execute(t.core.database.db)
  })
  after(() => t.close())

  async function read(pages: AsyncIterable<readonly unknown[]>): Promise<void> {
    for await (const page of pages) assert.ok(page.length > 0)
  }

  /** Each page costs the same, wherever it is: none sorts what the pages before have shown. */
  async function demandOrdered(ask: (core: Core) => Promise<void>): Promise<void> {
    const plans = await plansOf(t.core, ask, ['seqscan', 'sort', 'bitmapscan', 'hashjoin'])
    assert.ok(plans.length > 0)
    for (const plan of plans) {
      assert.match(plan, /images_(all|owner)_(handle|created_at)|images_handle_key/, plan)
      assert.doesNotMatch(
        plan,
        /TEMP B-TREE FOR ORDER BY|(?<!Incremental )Sort {2}\(|Seq Scan on images/,
        plan,
      )
    }
  }

  for (const whose of ['everything', 'a datacenter', 'two datacenters'])
    for (const field of orders)
      for (const descending of [false, true])
        test(`${whose} is walked by ${field}${descending ? ', backwards' : ''}`, async () => {
          const order = [{ field, descending }]
          await demandOrdered((core) => read(managedImages(core).all(actors[whose]!, order)))
          await demandOrdered((core) => read(managedImages(core).handles(actors[whose]!, order)))
        })

  test('the names of everything are read from their index alone', async () => {
    const order = [{ field: 'handle', descending: false }] as const
    const ask = (core: Core) => read(managedImages(core).handles(systemActor, order))
    const [plan] = await plansOf(t.core, ask, ['seqscan', 'sort', 'bitmapscan'])
    // SQLite seeks a row only when it needs it, but calls no index covering in a table of so many columns.
    assert.match(plan!, engine === 'sqlite' ? /USING INDEX images_all_handle/ : /Index Only Scan/)
  })

  test('what is attached to a datacenter is walked by its handle', async () => {
    await demandOrdered((core) => read(managedImages(core).attachedTo(actors['a datacenter']!, 1, false)))
  })
})
