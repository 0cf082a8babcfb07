import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../src/catalogue/actor.ts'
import { type ImageKey, imageLists } from '../../src/catalogue/images/list.ts'
import { type WalkOrder, walk } from '../../src/catalogue/images/walk.ts'
import { type TestCore, testCore } from '../support/core.ts'
import { engines } from '../support/databases.ts'
import { freshPostgresUrl } from '../support/postgres.ts'

for (const engine of engines)
  describe(`a whole list, page by page, on ${engine}`, () => {
    let t: TestCore
    const images: ImageKey[] = []
    before(async () => {
      t = await testCore(engine === 'postgres' ? { url: await freshPostgresUrl() } : {})
      for (let n = 0; n < 30; n++)
        images.push(
          // Dates that many share, so that pages end between equal ones; handles that differ in case.
          await t.catalogue.images.create(systemActor, {
            handle: `${n % 2 ? 'a' : 'B'}-${(n * 7) % 30}`,
            name: `image ${n}`,
            ownerId: 1,
            createdAt: 1_700_000_000_000_000 + Math.floor(n / 11),
          }),
        )
    })
    after(() => t.close())

    const byHandle = (a: ImageKey, b: ImageKey) => (a.handle < b.handle ? -1 : 1)
    const byDate = (a: ImageKey, b: ImageKey) => a.createdAt - b.createdAt
    const handle = (descending: boolean): WalkOrder => ({ field: 'handle', descending })
    const created = (descending: boolean): WalkOrder => ({ field: 'createdAt', descending })
    const cases: readonly [order: readonly WalkOrder[], compare: (a: ImageKey, b: ImageKey) => number][] = [
      [[handle(false)], byHandle],
      [[handle(true)], (a, b) => byHandle(b, a)],
      [[created(false)], (a, b) => byDate(a, b) || byHandle(a, b)],
      [[created(true), handle(false)], (a, b) => byDate(b, a) || byHandle(a, b)],
      [[created(false), handle(true)], (a, b) => byDate(a, b) || byHandle(b, a)],
      [[handle(true), created(false)], (a, b) => byHandle(b, a)],
    ]
    for (const [order, compare] of cases)
      for (const pageSize of [1, 7, 30, 31])
        test(`${JSON.stringify(order)} by ${pageSize}`, async () => {
          const lists = imageLists(t.core)
          const scopes = [{ everything: true }] as const
          const found: string[] = []
          const sizes: number[] = []
          const filter = { field: 'status', is: 'ne', value: 'killed' } as const
          for await (const page of walk((asked) => lists.keys(systemActor, { ...asked, scopes }), {
            filter,
            order,
            pageSize,
          })) {
            sizes.push(page.length)
            found.push(...page.map((image) => image.handle))
          }
          assert.deepEqual(
            found,
            images.toSorted(compare).map((image) => image.handle),
          )
          assert.ok(sizes.every((size) => size <= pageSize))
        })
  })
