import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isFailure } from '../../../src/catalogue/failure.ts'
import { matches } from '../../../src/catalogue/matching.ts'
import type { Filter } from '../../../src/catalogue/search.ts'
import { compileSearch } from '../../../src/faces/foreman/search/compile.ts'
import { images } from '../../../src/faces/foreman/search/resources.ts'
import type { TestCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { facts, filledCore, find, type ImageFacts, readerOf } from './search-fixture.ts'

/** A small generator of pseudo-random numbers: the same cases in every run. */
function random(seed: number) {
  return (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((seed / 2_147_483_648) * below)
  }
}

/** An expression before it is written down; the tests do not use the compiler's tree, or it would prove itself. */
type Expression =
  | { readonly word: string }
  | { readonly field: string; readonly sign: string; readonly value: string }
  | { readonly field: string; readonly signs: '^' | '!^'; readonly values: readonly string[] }
  | { readonly prefix: string; readonly value: string }
  | { readonly has: string }
  | { readonly none: string }
  | { readonly not: Expression }
  | { readonly glue: 'and' | 'or'; readonly parts: readonly Expression[] }

const textFields = ['name', 'username', 'compute_resource'] as const
const numberFields = ['id', 'architecture', 'operatingsystem'] as const
const allFields = [...textFields, ...numberFields, 'user_data']
const words = [
  ...facts.fixture.images.flatMap(({ name, username }) => [name, username]),
  ...facts.fixture.compute_resources.map(({ name }) => name),
  ...[
    'cent',
    'CENT*',
    '*1',
    '%o%',
    '_o',
    'g_l*',
    '\\_',
    '\\%',
    '\\',
    'a\\*',
    'ÜNÏ',
    '',
    ' ',
    'user_data',
    'name',
    '**',
  ],
  ...[
    "' or 1=1 --",
    "'; drop table registrations; --",
    '"',
    '\\"',
    '$1',
    '?',
    ':name',
    '{{x}}',
    '\u{1f600}',
    '日本',
  ],
]
const numbers = [
  '0',
  '1',
  '2',
  '3',
  '-1',
  '10',
  '14',
  '007',
  '99999999999',
  '-99999999999999999999',
  '9007199254740993',
]

function generator(seed: number) {
  const pick = random(seed)
  const from = <T>(list: readonly T[]): T => list[pick(list.length)]!
  const make = (depth: number): Expression => {
    const several = () => Array.from({ length: 1 + pick(3) }, () => make(depth + 1))
    switch (pick(depth > 3 ? 7 : 11)) {
      case 0:
        return { word: from(words) }
      case 1:
        return { field: from(textFields), sign: from(['=', '!=', '~', '!~', '<', '>=']), value: from(words) }
      case 2:
        return {
          field: from(numberFields),
          sign: from(['=', '!=', '<', '<=', '>', '>=']),
          value: from(numbers),
        }
      case 3:
        return pick(2)
          ? { field: from(textFields), signs: from(['^', '!^']), values: [from(words), from(words)] }
          : { field: from(numberFields), signs: from(['^', '!^']), values: [from(numbers), from(numbers)] }
      case 4:
        return { field: 'user_data', sign: from(['=', '!=']), value: from(['true', 'false']) }
      case 5:
        return { prefix: from(['=', '!=', '~', '!~', '<', '>']), value: from(words) }
      case 6:
        return pick(2) ? { has: from(allFields) } : { none: from(allFields) }
      case 7:
        return { not: make(depth + 1) }
      default:
        return { glue: from(['and', 'or']), parts: several() }
    }
  }
  return { make: () => make(0), from, pick }
}

const quoted = (word: string) => `"${word.replace(/["\\]/g, '\\$&')}"`

function write(one: Expression): string {
  if ('word' in one) return quoted(one.word)
  if ('values' in one) return `${one.field} ${one.signs} (${one.values.map(quoted).join(', ')})`
  if ('field' in one) return `${one.field} ${one.sign === '!=' ? '<>' : one.sign} ${quoted(one.value)}`
  if ('prefix' in one) return `${one.prefix} ${quoted(one.value)}`
  if ('has' in one) return `has ${one.has}`
  if ('none' in one) return `null? ${one.none}`
  if ('not' in one) return `not (${write(one.not)})`
  return one.parts.map((part) => `(${write(part)})`).join(` ${one.glue} `)
}

/** True, false, unknown (null), or nothing at all (undefined). Throws where the language refuses. */
function judge(one: Expression, image: ImageFacts): boolean | null | undefined {
  if ('word' in one) {
    if (one.word === 'user_data') return image.user_data
    return textFields.some((field) => like(textOf(image, field), one.word))
  }
  if ('values' in one) {
    const listed = one.values.join(',').replace(/,+$/, '').split(',')
    const value = factOf(image, one.field)
    const among =
      typeof value === 'number'
        ? listed.some((text) => BigInt(text) === BigInt(value))
        : one.values.join('').length > 0 && listed.map((text) => text.trim()).includes(value as string)
    return among === (one.signs === '^')
  }
  if ('field' in one) return compared(factOf(image, one.field), one.sign, one.value)
  if ('prefix' in one)
    return '<>'.includes(one.prefix)
      ? undefined
      : textFields.some((field) => compared(textOf(image, field), one.prefix, one.value) === true)
  if ('has' in one) return factOf(image, one.has) !== null
  if ('none' in one) return factOf(image, one.none) === null
  if ('not' in one) {
    const inner = judge(one.not, image)
    if (inner === undefined) throw new Error('nothing to negate')
    return inner !== true
  }
  const parts = one.parts.map((part) => judge(part, image)).filter((part) => part !== undefined)
  if (parts.length === 0) return undefined
  const decisive = one.glue === 'or'
  if (parts.includes(decisive)) return decisive
  return parts.includes(null) ? null : !decisive
}

function textOf(image: ImageFacts, field: (typeof textFields)[number]): string {
  if (field !== 'compute_resource') return image[field]
  return facts.fixture.compute_resources.find(({ id }) => id === image.compute_resource_id)!.name
}

function factOf(image: ImageFacts, field: string): string | number | boolean | null {
  if (field === 'id') return image.id
  if (field === 'architecture') return image.architecture_id
  if (field === 'operatingsystem') return image.operatingsystem_id
  if (field === 'user_data') return image.user_data
  return textOf(image, field as (typeof textFields)[number])
}

function compared(value: string | number | boolean | null, sign: string, wanted: string): boolean | null {
  if (value === null) return null
  if (sign === '~' || sign === '!~') return like(String(value), wanted) === (sign === '~')
  const side = (one: string | number | boolean) =>
    typeof value === 'number' ? BigInt(one) : Buffer.from(String(one)).toString('hex')
  const [a, b] = [side(value), side(wanted)]
  return { '=': a === b, '!=': a !== b, '<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b }[sign]!
}

function like(text: string, wanted: string): boolean {
  const pattern = /[*%]/.test(wanted) ? wanted.replace(/[*%]+/g, '%') : `%${wanted}%`
  const expression = (pattern.match(/\\.?|./gsu) ?? []).map((place) => {
    if (place === '%') return '.*'
    if (place === '_') return '.'
    const literal = place.length > 1 ? place.slice(1) : place
    return literal.toLowerCase().replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${expression.join('')}$`, 'su').test(text.toLowerCase())
}

const clock = { now: 0 }
const isRefusal = (error: unknown) => isFailure(error, 'invalid') && error.detail.reason === 'search'
const inMemory = (filter: Filter | null) =>
  facts.fixture.images.filter((image) => !filter || matches(filter, readerOf(image))).map(({ id }) => id)

forEachDatabase((engine, _open, freshUrl) => {
  let core: TestCore
  before(async () => {
    core = await filledCore(await freshUrl())
  })
  after(() => core.close())

  test('1500 random expressions find what their plain evaluation finds', async () => {
    const { make } = generator(7)
    let refused = 0
    const sizes = new Set<number>()
    for (let i = 0; i < 1500; i++) {
      const expression = make()
      const text = write(expression)
      let expected: number[]
      try {
        expected = facts.fixture.images
          .filter((image) => [true, undefined].includes(judge(expression, image) as boolean))
          .map(({ id }) => id)
      } catch {
        refused++
        assert.throws(() => compileSearch(text, images, clock), isRefusal, text)
        continue
      }
      const filter = compileSearch(text, images, clock)
      assert.deepEqual(inMemory(filter), expected, `in memory: ${text}`)
      assert.deepEqual(await find(core.core.database, filter), expected, text)
      sizes.add(expected.length)
    }
    // The cases say something: some are refused, most are not, and they find few, many and all.
    assert.ok(refused > 5 && refused < 200, String(refused))
    assert.ok(sizes.size >= 14, String([...sizes]))
  })

  test('1500 random heaps of tokens are answered or refused, never anything else', async () => {
    const { from, pick } = generator(11)
    const signs =
      '( ) , & && | || = == != <> > < >= <= ~ !~ ^ !^ - ! " \\ \' * % _ ; : # -- /* $1 ? \t \n'.split(' ')
    const keywords = [
      'and',
      'or',
      'not',
      'has',
      'set?',
      'null?',
      'before',
      'after',
      'at',
      'NOT',
      ...allFields,
    ]
    let answered = 0
    for (let i = 0; i < 1500; i++) {
      const text = Array.from({ length: 1 + pick(12) }, () =>
        from([() => from(signs), () => from(keywords), () => from(words), () => from(numbers)])(),
      ).join(pick(3) ? ' ' : '')
      let filter: Filter | null
      try {
        filter = compileSearch(text, images, clock)
      } catch (error) {
        assert.ok(isRefusal(error), `${text}: ${error}`)
        continue
      }
      answered++
      assert.deepEqual(await find(core.core.database, filter), inMemory(filter), `${engine}: ${text}`)
    }
    assert.ok(answered > 300, String(answered))
    const all = await find(core.core.database, null)
    assert.equal(all.length, facts.fixture.images.length, 'nothing was written by any of them')
  })
})
