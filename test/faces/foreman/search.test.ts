import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { isFailure } from '../../../src/catalogue/failure.ts'
import { inOrder, matches } from '../../../src/catalogue/matching.ts'
import { compile, type Filter } from '../../../src/catalogue/search.ts'
import type { OpenedDatabase } from '../../../src/database/opened.ts'
import type { Database } from '../../../src/database/schema.ts'
import { compileSearch } from '../../../src/faces/foreman/search/compile.ts'
import { compileOrder } from '../../../src/faces/foreman/search/order.ts'
import { images, users } from '../../../src/faces/foreman/search/resources.ts'
import { type Node, parse } from '../../../src/faces/foreman/search/syntax.ts'
import type { TestCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { type Ast, type Expected, facts, filledCore, find, readerOf } from './search-fixture.ts'

/** One case of the contract: rows, or a refusal with exactly this message. */
async function expectCase(expected: Expected, ask: () => Promise<readonly number[]> | readonly number[]) {
  if ('ids' in expected) assert.deepEqual(await ask(), expected.ids)
  else
    await assert.rejects(
      async () => ask(),
      (error) => {
        assert.ok(isFailure(error, 'invalid') && error.detail.reason === 'search', String(error))
        assert.equal(error.message, expected.error.message)
        return true
      },
    )
}

/** The tree in the contract's prefix notation. */
function toAst(node: Node): Ast {
  if (node.kind === 'word') return node.word
  if (node.kind === 'not') return ['not', toAst(node.part)]
  if (node.kind === 'null' || node.kind === 'notnull') return [node.kind, node.field]
  if (node.kind === 'compare')
    return node.field === null ? [node.by, node.value] : [node.by, node.field, node.value]
  return [node.kind, ...node.parts.map(toAst)]
}

// The contract's dates are long past on any clock, and its "ago" is far from all of them.
const clock = { now: Date.UTC(2026, 5, 15, 12, 34, 56) * 1000 }

test('the facts are all there', () => {
  assert.equal(facts.cases.length, 298)
  assert.equal(facts.order_cases.length, 10)
  assert.equal(facts.order_errors.length, 9)
  assert.equal(facts.temporal.cases.length, 41)
})

describe('syntax trees', () => {
  const parsed = facts.cases.filter(({ ast }) => ast)
  assert.ok(parsed.length > 250)
  for (const { id, query, ast } of parsed)
    test(`${id} ${query}`, () => assert.deepEqual(toAst(parse(query)), ast))
})

forEachDatabase((_engine, _open, freshUrl) => {
  let core: TestCore
  let database: OpenedDatabase<Database>
  before(async () => {
    core = await filledCore(await freshUrl())
    database = core.core.database
  })
  after(() => core.close())

  describe('searches', () => {
    for (const { id, query, expect } of facts.cases)
      test(`${id} ${query}`, () =>
        expectCase(expect, () => find(database, compileSearch(query, images, clock))))
  })

  describe('orders', () => {
    for (const { order, ids, groups } of facts.order_cases)
      test(order, async () => {
        // Inside a group by id, so that pages are stable.
        const expected = ids ?? groups!.flatMap((group) => group.toSorted((a, b) => a - b))
        assert.deepEqual(await find(database, null, compileOrder(order, images)), expected)
      })
    for (const { order, expect } of facts.order_errors)
      test(`${order} is refused`, () =>
        expectCase(expect, () => find(database, null, compileOrder(order, images))))
    test('everything after the first white space is the direction', async () => {
      const ascending = await find(database, null, compileOrder('id', images))
      for (const order of ['id bogus', 'id DESC NULLS LAST', 'id desc ', 'id asc'])
        assert.deepEqual(await find(database, null, compileOrder(order, images)), ascending, order)
      for (const order of ['id\tDeSc', 'id  desc'])
        assert.deepEqual(
          await find(database, null, compileOrder(order, images)),
          ascending.toReversed(),
          order,
        )
    })
    test('none asked for: by name, then by id', async () => {
      const byName = await find(database, null, compileOrder('name', images))
      for (const none of [null, '', ' ', '\t'])
        assert.deepEqual(await find(database, null, compileOrder(none, images)), byName)
    })
  })

  describe('dates', () => {
    const logins = {
      fields: { last_login_on: { column: 'users.last_login_at', kind: 'number', nullable: true } },
    } as const
    before(async () => {
      for (const { id, last_login_on } of facts.temporal.rows)
        await database.db
          .insertInto('users')
          .values({
            id,
            uuid: String(id),
            username: `u${id}`,
            username_fold: `u${id}`,
            first_name: '',
            last_name: '',
            email: '',
            super_admin: 0,
            enabled: 1,
            api_access: 1,
            settings_json: '{}',
            last_login_at: last_login_on === null ? null : Date.parse(last_login_on) * 1000,
            created_at: 0,
            updated_at: 0,
          } as never)
          .execute()
    })
    const findUsers = async (query: string) => {
      // Free text finds nothing here: a name of its own is all that a user of this test has.
      const fields = { last_login_on: users.fields.last_login_on!, login: users.fields.login! }
      const filter = compileSearch(query, { fields, order: [] }, clock)
      const all = database.db.selectFrom('users').select('id').orderBy('id')
      const searchable = {
        fields: { ...logins.fields, login: { column: 'users.username_fold', kind: 'text' } },
      } as const
      const rows = await (filter ? all.where(compile(filter, searchable)) : all).execute()
      return rows.map((row) => row.id)
    }
    for (const { id, query, expect } of facts.temporal.cases)
      test(`${id} ${query}`, () => expectCase(expect, () => findUsers(query)))
  })
})

describe('searches in memory', () => {
  const found = (filter: Filter | null) =>
    facts.fixture.images.filter((image) => !filter || matches(filter, readerOf(image))).map(({ id }) => id)
  for (const { id, query, expect } of facts.cases)
    test(`${id} ${query}`, () => expectCase(expect, () => found(compileSearch(query, images, clock))))
  for (const { order, ids, groups } of facts.order_cases)
    test(`order ${order}`, () => {
      const compare = inOrder(compileOrder(order, images))
      const sorted = facts.fixture.images.toSorted((a, b) => compare(readerOf(a), readerOf(b)))
      const expected = ids ?? groups!.flatMap((group) => group.toSorted((a, b) => a - b))
      assert.deepEqual(
        sorted.map(({ id }) => id),
        expected,
      )
    })
})
