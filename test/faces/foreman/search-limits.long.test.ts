import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { isFailure } from '../../../src/catalogue/failure.ts'
import { matches } from '../../../src/catalogue/matching.ts'
import { compileSearch } from '../../../src/faces/foreman/search/compile.ts'
import { readDate } from '../../../src/faces/foreman/search/dates.ts'
import { compileOrder } from '../../../src/faces/foreman/search/order.ts'
import type { Resource } from '../../../src/faces/foreman/search/resource.ts'
import * as resources from '../../../src/faces/foreman/search/resources.ts'
import { deepest, mostConditions } from '../../../src/faces/foreman/search/syntax.ts'
import { longestSearch } from '../../../src/faces/foreman/search/tokens.ts'
import type { TestCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { filledCore, find } from './search-fixture.ts'

const { images } = resources
/** 15 June 2026, 12:34:56 UTC, a Monday. */
const clock = { now: Date.UTC(2026, 5, 15, 12, 34, 56) * 1000 }
const refusedWith = (message: string) => (error: unknown) => {
  assert.ok(isFailure(error, 'invalid') && error.detail.reason === 'search', String(error))
  assert.equal(error.message, message)
  return true
}
const refuses = (text: string, message: string, resource: Resource = images) =>
  assert.throws(() => compileSearch(text, resource, clock), refusedWith(message))

describe('too much is refused, quickly and in words', () => {
  const long = `The search is too long: ${longestSearch} characters are possible`
  const deep = `The search is nested too deeply: ${deepest} levels are possible`
  const many = `The search has too many conditions: ${mostConditions} are possible`
  const cases: readonly [string, string, string][] = [
    ['100 kB of one word', 'a'.repeat(100_000), long],
    ['100 kB of parentheses', '('.repeat(100_000), long],
    ['100 kB of negations', `${'!'.repeat(100_000)}a`, long],
    ['parentheses', `${'('.repeat(deepest + 1)}a`, deep],
    ['negations', `${'-'.repeat(deepest + 1)}a`, deep],
    ['both', `${'not ('.repeat(deepest / 2 + 1)}a`, deep],
    ['as many parentheses as fit', `${'('.repeat(longestSearch - 1)}a`, deep],
    ['words', 'a '.repeat(mostConditions + 1), many],
    ['and or and or', `${'a and b or '.repeat(mostConditions)}c`, many],
    ['prefix values', `^ (${'a '.repeat(mostConditions + 1)})`, many],
    ['as many words as fit', 'a '.repeat(longestSearch / 2), many],
    ['NUL', 'name = "a\0b"', 'The search must not contain the character NUL'],
  ]
  for (const [what, text, message] of cases) test(what, () => refuses(text, message))
})

forEachDatabase((_engine, _open, freshUrl) => {
  let core: TestCore
  before(async () => {
    core = await filledCore(await freshUrl())
  })
  after(() => core.close())
  const search = (text: string) => find(core.core.database, compileSearch(text, images, clock))

  describe('as much as is allowed is answered', () => {
    const cases: readonly [string, string, number][] = [
      ['parentheses', `${'('.repeat(deepest)}centos`, 3],
      ['negations', `${'-'.repeat(deepest)}centos`, 3],
      ['words', 'o '.repeat(mostConditions), 13],
      ['alternatives', Array.from({ length: mostConditions }, (_, i) => `id = ${i}`).join(' or '), 14],
      ['and or and or', `${'id > 0 and name ~ x or '.repeat(mostConditions / 2 - 1)}centos`, 4],
      ['a list of numbers', `id ^ (${Array.from({ length: 1500 }, (_, i) => i).join(',')})`, 14],
      ['a list of words', `name !^ (${'a,'.repeat(3000)})`, 14],
      ['one long word', 'a'.repeat(longestSearch), 0],
      ['one long word that grows when it is folded', `name ~ ${'\u{1d160}'.repeat(4000)}`, 0],
      ['any one character, often', '_'.repeat(longestSearch), 0],
      ['backslashes', '\\'.repeat(longestSearch - 1), 0],
      ['half of a character', 'name ~ \ud83d', 0],
    ]
    for (const [what, text, found] of cases)
      test(what, async () => assert.equal((await search(text)).length, found))

    test('a pattern that careless matching would never finish', async () => {
      const { db } = core.core.database
      const before = await db
        .selectFrom('registrations')
        .select('name_fold')
        .where('id', '=', 7)
        .executeTakeFirstOrThrow()
      await db
        .updateTable('registrations')
        .set({ name_fold: 'a'.repeat(255) })
        .where('id', '=', 7)
        .execute()
      const started = performance.now()
      assert.deepEqual(await search(`name ~ ${'*a'.repeat(120)}*b`), [])
      assert.deepEqual(await search(`name ~ ${'*a'.repeat(120)}`), [7])
      assert.ok(performance.now() - started < 1000)
      await db.updateTable('registrations').set(before).where('id', '=', 7).execute()
    })
  })
})

test('the same pattern in memory', () => {
  const filter = compileSearch(`name ~ ${'*a'.repeat(2000)}*b`, images, clock)!
  const started = performance.now()
  assert.equal(
    matches(filter, () => 'a'.repeat(5000)),
    false,
  )
  assert.ok(performance.now() - started < 1000)
})

describe('the corners of the grammar', () => {
  const cases: readonly [string, string][] = [
    ['(a and) b', 'Value expected but found :rparen'],
    ['has and x', 'Value expected but found :and'],
    ['null? (x', 'Value expected but found :lparen'],
    ['name = ,x', 'Value expected but found :comma'],
    [',,a', 'Value expected but found :comma'],
    ['id = 1, (b)', 'Value expected but found :lparen'],
    ['name = has x', 'Value expected but found :notnull'],
    ['name = null? x', 'Value expected but found :null'],
    ['~ ^ x', 'Value expected but found :in'],
    ['not (() a)', 'Empty list of operands'],
    ['^ () a', 'Empty list of operands'],
    ['not (> 3 or < 4)', 'No operands found'],
    ['id = "1 \'x"', "Value '1 'x' is not valid for field 'id'"],
    ['architecture ^ (1, x y)', "Value 'x' is not valid for field 'id'"],
    ['id ^ ("1,,2")', "Value '' is not valid for field 'id'"],
    ['id !~ 1', "the operator 'unlike' is not supported for field type 'integer'"],
    ['constructor = 1', "Field 'constructor' not recognized for searching!"],
    ['__proto__ = 1', "Field '__proto__' not recognized for searching!"],
    [
      'user_data = constructor',
      "'user_data' should be one of 'true, false', but the query was 'constructor'",
    ],
    ['user_data !^ true', "Operator 'notin' not supported for 'user_data'"],
  ]
  for (const [text, message] of cases) test(text, () => refuses(text, message))
})

describe('dates', () => {
  const spans: readonly [string, string | null, string?][] = [
    ['today', '2026-06-15T00:00:00Z', '2026-06-16T00:00:00Z'],
    [' Yesterday ', '2026-06-14T00:00:00Z', '2026-06-15T00:00:00Z'],
    ['30 minutes ago', '2026-06-15T12:04:56Z', '2026-06-15T12:05:56Z'],
    ['1 hour from  now', '2026-06-15T13:34:56Z', '2026-06-15T13:35:56Z'],
    ['2 weeks ago', '2026-06-01T00:00:00Z', '2026-06-02T00:00:00Z'],
    ['4 months ago', '2026-02-15T00:00:00Z', '2026-02-16T00:00:00Z'],
    ['1 year from now', '2027-06-15T00:00:00Z', '2027-06-16T00:00:00Z'],
    ['2024-02-22', '2024-02-22T00:00:00Z', '2024-02-23T00:00:00Z'],
    ['2024/2/22', '2024-02-22T00:00:00Z', '2024-02-23T00:00:00Z'],
    ['22.2.2024', '2024-02-22T00:00:00Z', '2024-02-23T00:00:00Z'],
    ['20240222', '2024-02-22T00:00:00Z', '2024-02-23T00:00:00Z'],
    ['20240222T155247Z', '2024-02-22T15:52:47Z', '2024-02-22T15:52:48Z'],
    ['Feb 22nd, 2024', '2024-02-22T00:00:00Z', '2024-02-23T00:00:00Z'],
    ['22-Feb-2024 3pm', '2024-02-22T15:00:00Z', '2024-02-22T16:00:00Z'],
    ['Thu, 22 Feb 2024 15:52:47 GMT', '2024-02-22T15:52:47Z', '2024-02-22T15:52:48Z'],
    ['2024-02-22 15:52:47 UTC', '2024-02-22T15:52:47Z', '2024-02-22T15:52:48Z'],
    ['2024-02-22T15:52:47.5+05:30', '2024-02-22T10:22:47.5Z', '2024-02-22T10:22:48.5Z'],
    ['2024-02-22 12:00 am -5', '2024-02-22T05:00:00Z', '2024-02-22T05:01:00Z'],
    ['december 2023', '2023-12-01T00:00:00Z', '2024-01-01T00:00:00Z'],
    ...(
      [
        '2024',
        '2024-02',
        '2023-02-29',
        '2024-02-22 24:00',
        '2024-02-22 13pm',
        '32 Feb 2024',
        '',
        'now',
      ] as const
    ).map((text) => [text, null] as [string, null]),
    ...(
      [
        '999999999 years ago',
        '-1 days ago',
        '1 fortnight ago',
        '2024-02-22 15:52 XST',
        'a'.repeat(8000),
      ] as const
    ).map((text) => [text, null] as [string, null]),
  ]
  for (const [text, start, end] of spans)
    test(text.slice(0, 40) || 'nothing', () => {
      const span = readDate(text, clock)
      const expected = start && { start: Date.parse(start) * 1000, end: Date.parse(end!) * 1000 }
      assert.deepEqual(span && { start: span.start, end: span.end }, expected)
    })

  test('times without an offset are of the time zone of who asks', () => {
    const prague = { ...clock, timeZone: 'Europe/Prague' }
    assert.equal(readDate('2024-07-01', prague)!.start, Date.UTC(2024, 5, 30, 22) * 1000)
    // The day on which clocks are put forward has 23 hours.
    const short = readDate('2024-03-31', prague)!
    assert.equal((short.end - short.start) / 3_600_000_000, 23)
    assert.equal(readDate('2024-07-01 00:00 UTC', prague)!.start, Date.UTC(2024, 6, 1) * 1000)
    assert.throws(() => readDate('today', { ...clock, timeZone: 'Nowhere/Else' }), RangeError)
  })

  test('operators that dates do not know', () => {
    refuses(
      'last_login_on ~ today',
      "the operator 'like' is not supported for field type 'datetime'",
      resources.users,
    )
    refuses('last_login_on !^ today', "Operator 'notin' not supported for 'last_login_on'", resources.users)
    refuses('not last_login_on = bogus', 'No operands found', resources.users)
    assert.equal(compileSearch('last_login_on ^ bogus', resources.users, clock), null)
  })
})

describe('other resources', () => {
  const rows = [
    { id: 1, name: 'kvm1', type: 'Foreman::Model::Libvirt' },
    { id: 2, name: 'ec2-east', type: 'Foreman::Model::EC2' },
    { id: 3, name: 'cloud', type: 'Foreman::Model::Openstack' },
  ]
  const found = (text: string, resource: Resource) => {
    const filter = compileSearch(text, resource, clock)
    return rows
      .filter((row) => !filter || matches(filter, (field) => row[field as keyof typeof row] ?? null))
      .map(({ id }) => id)
  }

  test('compute resources are found by name and type', () => {
    const { computeResources } = resources
    assert.deepEqual(found('type = Foreman::Model::EC2', computeResources), [2])
    assert.deepEqual(found('libvirt', computeResources), [1])
    assert.deepEqual(found('-ec2', computeResources), [1, 3])
    refuses('provider = EC2', "Field 'provider' not recognized for searching!", computeResources)
  })

  test('values that the catalogue keeps under other names', () => {
    const users = resources.usersWithRoles([
      { id: 3, name: 'Manager', role: 'owner' },
      { id: 7, name: 'Viewer', role: 'reader' },
    ])
    const kept = (text: string) => {
      const filter = compileSearch(text, users, clock)
      return filter && 'in' in filter ? [filter.field, ...filter.in] : filter
    }
    assert.deepEqual(kept('role = Viewer'), ['role', 'reader'])
    assert.deepEqual(kept('role = reader'), ['role'])
    assert.deepEqual(kept('role != Viewer'), ['role', 'owner'])
    assert.deepEqual(kept('role ~ *e*'), ['role', 'owner', 'reader'])
    assert.deepEqual(kept('role !^ (Manager, x)'), ['role', 'reader'])
    assert.deepEqual(kept('role_id = 3'), ['role', 'owner'])
    assert.deepEqual(kept('role_id > 3'), ['role', 'reader'])
    assert.deepEqual(kept('role_id = 99999999999999999999'), ['role'])
    refuses('role_id = Viewer', "Value 'Viewer' is not valid for field 'id'", users)
    assert.deepEqual(kept('has role'), { not: { field: 'role', missing: true } })
  })

  test('what every record has alike, and what none has', () => {
    const { users, operatingSystems } = resources
    assert.deepEqual(found('auth_source = Internal', users), [1, 2, 3])
    assert.deepEqual(found('auth_source ~ ldap', users), [])
    assert.deepEqual(found('has auth_source', users), [1, 2, 3])
    assert.deepEqual(found('medium != x', operatingSystems), [])
    assert.deepEqual(found('not medium = x', operatingSystems), [1, 2, 3])
    assert.deepEqual(found('null? medium', operatingSystems), [1, 2, 3])
    assert.deepEqual(compileOrder('auth_source desc', users), [{ field: 'id' }])
  })

  test('nothing is ordered by what a record has several of', () => {
    for (const order of ['location', 'organization_id'])
      assert.throws(
        () => compileOrder(order, resources.computeResources),
        refusedWith(`the field '${order}' in the order statement is not valid field for search`),
      )
  })

  test('every field of every resource can be searched by', () => {
    const { usersWithRoles, ...others } = resources
    for (const resource of [...Object.values(others), usersWithRoles([])])
      for (const [name, field] of Object.entries(resource.fields)) {
        const value = { string: 'x', integer: '1', set: 'true', date: 'today' }[field.kind]
        for (const text of [`${name} = ${value}`, `has ${name}`, `null? ${name}`, `not ${name} != ${value}`])
          assert.ok(compileSearch(text, resource, clock), text)
      }
  })
})
