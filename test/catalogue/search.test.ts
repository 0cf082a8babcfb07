import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../src/catalogue/actor.ts'
import { isFailure } from '../../src/catalogue/failure.ts'
import { fold } from '../../src/catalogue/fold.ts'
import type { Image } from '../../src/catalogue/images/image.ts'
import type { Filter, Order } from '../../src/catalogue/search.ts'
import { type TestCore, testCore } from '../support/core.ts'
import { forEachDatabase } from '../support/databases.ts'

/** Names that break careless matching: case, accents, wildcards, quotes, several alphabets. */
const names = [
  'Größe',
  'GRÖSSE',
  'größe 2',
  'a%b',
  'a_b',
  'axb',
  'back\\slash',
  "o'brien",
  'quote"d',
  'Ünïcode',
  '',
  'ПРИВЕТ',
  'x'.repeat(255),
  '100% cotton',
  'a*b',
  '日本語イメージ',
]

/** A small generator of pseudo-random numbers: the same cases in every run. */
function random(seed: number) {
  return (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((seed / 2_147_483_648) * below)
  }
}

type Sample = { readonly [field: string]: string | number | null }
const fieldsOf = (image: Image): Sample => ({
  uuid: image.uuid,
  name: image.name,
  status: image.status,
  diskFormat: image.diskFormat,
  size: image.size,
  minDisk: image.minDisk,
  createdAt: image.createdAt,
  osDistro: image.properties.os_distro === undefined ? null : fold(image.properties.os_distro),
  protected: image.protected ? 1 : 0,
})
const textFields = ['name', 'osDistro', 'diskFormat']
const numberFields = ['size', 'minDisk', 'createdAt', 'protected']

type Said = {
  readonly tags?: Readonly<Record<string, unknown>>
  readonly billing_tags?: readonly string[]
  readonly channels?: readonly string[]
  readonly origin?: string
} | null

/** What the manifest of an image says, as lists are filtered by it. */
function says(manifest: Said, { fact, name, value }: Extract<Filter, { readonly fact: string }>): boolean {
  const facts: [string, string][] = {
    tag: Object.entries(manifest?.tags ?? {})
      .filter(([, said]) => !Array.isArray(said))
      .map(([key, said]): [string, string] => [key, String(said)]),
    billing_tag: (manifest?.billing_tags ?? []).map((tag): [string, string] => [tag, '']),
    channel: (manifest?.channels ?? []).map((channel): [string, string] => [channel, '']),
    origin: manifest?.origin === undefined ? [] : [[manifest.origin, ''] as [string, string]],
  }[fact]
  return facts.some(
    ([key, said]) => (name === undefined || key === name) && (value === undefined || said === value),
  )
}

/** What a filter means, said once more and without a database. Unknown (null) where a value is missing. */
function evaluate(filter: Filter, image: Image): boolean | null {
  if ('all' in filter) {
    const parts = filter.all.map((part) => evaluate(part, image))
    return parts.includes(false) ? false : parts.includes(null) ? null : true
  }
  if ('any' in filter) {
    const parts = filter.any.map((part) => evaluate(part, image))
    return parts.includes(true) ? true : parts.includes(null) ? null : false
  }
  if ('not' in filter) return evaluate(filter.not, image) !== true
  if ('tag' in filter)
    return image.tags.some((tag) => (filter.caseless ? fold(tag) === fold(filter.tag) : tag === filter.tag))
  if ('fact' in filter) return says(image.manifest as Said, filter)
  if ('property' in filter) return image.properties[filter.property] === filter.value
  if ('text' in filter)
    return [image.name, image.uuid, image.properties.os_distro ?? '', image.properties.os_version ?? ''].some(
      (text) => fold(text).includes(fold(filter.text)),
    )
  const value = fieldsOf(image)[filter.field]!
  if ('missing' in filter) return value === null
  if (value === null) return null
  const isLike = (written: readonly string[]) => {
    const regular = written.map((one) => {
      if (one === '%') return '[^]*'
      return one === '_' ? '[^]' : fold(one.replace(/^\\(?=.)/s, '')).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    })
    return new RegExp(`^${regular.join('')}$`, 'u').test(fold(String(value)))
  }
  // Each literal character is marked with a backslash.
  const literal = (piece: string) => [...piece].map((character) => `\\${character}`)
  if ('like' in filter)
    return isLike(filter.like.flatMap((piece, i) => (i ? ['%', ...literal(piece)] : literal(piece))))
  if ('pattern' in filter)
    return isLike(filter.pattern.match(/\\.?|./gsu) ?? []) !== (filter.negated === true)
  if ('contains' in filter) return String(value).includes(filter.contains)
  const side = (x: string | number) => (filter.caseless && typeof x === 'string' ? fold(x) : x)
  if ('in' in filter) return filter.in.some((one) => side(one) === side(value)) !== (filter.negated === true)
  const [a, b] = [side(value), side(filter.value)]
  // Code-point order, as both engines sort.
  const sortable = (x: string | number) =>
    typeof x === 'number' ? Buffer.from(String(x).padStart(20, '0')) : Buffer.from(x)
  const order = Buffer.compare(sortable(a), sortable(b))
  return { eq: order === 0, ne: order !== 0, lt: order < 0, lte: order <= 0, gt: order > 0, gte: order >= 0 }[
    filter.is
  ]
}

forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  let all: Image[]
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    const { images } = t.catalogue
    for (const [i, name] of names.entries())
      await images.create(systemActor, {
        ownerId: 1,
        name,
        minDisk: i % 3,
        protected: i % 2 === 0,
        diskFormat: i % 4 ? 'raw' : null,
        containerFormat: 'bare',
        tags: i % 2 ? ['Web', `n${i}`] : ['db'],
        properties: {
          ...(i % 3 ? { os_distro: i % 2 ? 'CentOS' : 'debian', os_version: `${i}` } : {}),
          k: `v${i % 4}`,
          long: 'y'.repeat(200 + i),
        },
        manifest:
          i % 3 === 1
            ? {
                tags: {
                  k: `v${i % 4}`,
                  number: i,
                  flag: i % 2 === 0,
                  long: 'y'.repeat(200 + i),
                  list: ['x'],
                },
                billing_tags: i % 2 ? ['gold', `n${i}`] : [],
                channels: ['release', 'dev'].slice(i % 2),
                ...(i % 2 ? { origin: `origin-${i % 4}` } : {}),
              }
            : null,
      })
    all = await images.list(systemActor, {
      scopes: [{ everything: true }],
      order: [{ field: 'seq' }],
      limit: 100,
    })
  })
  after(() => t.close())

  async function find(filter: Filter, order: readonly Order[] = [{ field: 'seq' }]): Promise<Image[]> {
    const query = { scopes: [{ everything: true }] as const, filter }
    const found = await t.catalogue.images.list(systemActor, { ...query, order, limit: 100 })
    assert.equal(await t.catalogue.images.count(systemActor, query), found.length)
    return found
  }

  describe('filters', () => {
    const cases: readonly [string, Filter, readonly string[]][] = [
      ['equal', { field: 'name', is: 'eq', value: 'Größe' }, ['Größe']],
      ['equal, ignoring case', { field: 'name', is: 'eq', value: 'GRÖßE', caseless: true }, ['Größe']],
      ['text with an umlaut in the other case', { text: 'GRÖß' }, ['Größe', 'größe 2']],
      ['two characters of text', { text: 'ПР' }, ['ПРИВЕТ']],
      ['a percent sign is no wildcard', { field: 'name', like: ['', '%', ''] }, ['a%b', '100% cotton']],
      ['an underscore is no wildcard', { field: 'name', like: ['', '_', ''] }, ['a_b']],
      ['a backslash is no escape', { field: 'name', like: ['', '\\', ''] }, ['back\\slash']],
      ['a beginning', { field: 'name', like: ['GRÖS', ''] }, ['GRÖSSE']],
      ['an end', { field: 'name', like: ['', 'rien'] }, ["o'brien"]],
      ['a middle', { field: 'name', like: ['a', 'b'] }, ['a%b', 'a_b', 'axb', 'a*b']],
      ['a quotation mark in text', { text: 'te"d' }, ['quote"d']],
      ['SQL: a percent sign is any text', { field: 'name', pattern: 'gr%e' }, ['Größe', 'GRÖSSE']],
      [
        'SQL: an underscore is any one character',
        { field: 'name', pattern: 'A_B' },
        ['a%b', 'a_b', 'axb', 'a*b'],
      ],
      ['SQL: a backslash makes the next one literal', { field: 'name', pattern: 'a\\_b' }, ['a_b']],
      ['SQL: a backslash at the end is itself', { field: 'name', pattern: '%back\\' }, []],
      ['SQL: nothing but an escaped backslash', { field: 'name', pattern: '%\\\\%' }, ['back\\slash']],
      [
        'SQL: one character beyond the plane of most',
        { field: 'name', pattern: '日本語イメー_' },
        ['日本語イメージ'],
      ],
      [
        'SQL: not alike, and never missing',
        {
          all: [
            { field: 'osDistro', pattern: '%', negated: true },
            { field: 'osDistro', pattern: 'x', negated: true },
          ],
        },
        [],
      ],
      [
        'none of a list, and never missing',
        {
          all: [
            { field: 'osDistro', in: ['centos'], negated: true },
            { field: 'name', like: ['A', ''] },
          ],
        },
        ['a_b', 'a*b'],
      ],
      ['ideographs', { text: 'イメージ' }, ['日本語イメージ']],
      [
        'a tag, ignoring case',
        {
          all: [
            { tag: 'WEB', caseless: true },
            { field: 'name', is: 'eq', value: 'ПРИВЕТ' },
          ],
        },
        ['ПРИВЕТ'],
      ],
      ['a long property', { property: 'long', value: 'y'.repeat(203) }, ['a%b']],
      ['a property that only begins alike', { property: 'long', value: 'y'.repeat(150) }, []],
      ['a number in a manifest', { fact: 'tag', name: 'number', value: '4' }, [names[4]!]],
      ['a long value in a manifest', { fact: 'tag', name: 'long', value: 'y'.repeat(204) }, [names[4]!]],
      ['a value that only begins alike', { fact: 'tag', name: 'long', value: 'y'.repeat(150) }, []],
      ['contained, in this case only', { field: 'name', contains: 'GRÖ' }, ['GRÖSSE']],
      [
        'contained, with signs that are wildcards elsewhere',
        { field: 'name', contains: '%' },
        ['a%b', '100% cotton'],
      ],
      ['nothing in an empty list', { field: 'name', in: [] }, []],
      [
        'everything in an empty conjunction',
        { all: [{ all: [] }, { field: 'name', is: 'eq', value: 'axb' }] },
        ['axb'],
      ],
    ]
    for (const [what, filter, expected] of cases)
      test(what, async () => {
        assert.deepEqual(
          (await find(filter)).map((image) => image.name),
          expected,
        )
      })

    test('an unknown field is told', async () => {
      for (const field of ['password', 'images.uuid', 'uuid; drop table images', '__proto__', 'constructor'])
        await assert.rejects(find({ field, is: 'eq', value: 1 }), (error) => isFailure(error, 'invalid'))
    })

    test('500 random filters agree with their plain evaluation', async () => {
      const pick = random(42)
      const from = <T>(list: readonly T[]): T => list[pick(list.length)]!
      const word = () => from([...names, 'centos', 'RAW', "' or 1=1 --", 'ö', '%', '_', '"'])
      const make = (depth: number): Filter => {
        const sort = pick(depth > 3 ? 8 : 11)
        if (sort === 0)
          return { field: from(textFields), is: from(['eq', 'ne', 'lt', 'gte'] as const), value: word() }
        if (sort === 1)
          return {
            field: from(['name']),
            is: from(['eq', 'ne', 'lt', 'lte', 'gt', 'gte'] as const),
            value: word(),
            caseless: true,
          }
        if (sort === 2)
          return {
            field: from(numberFields),
            is: from(['eq', 'ne', 'lt', 'lte', 'gt', 'gte'] as const),
            value: pick(4),
          }
        if (sort === 3)
          return {
            field: from(textFields),
            like: Array.from({ length: 1 + pick(3) }, () => (pick(3) ? word().slice(0, 1 + pick(4)) : '')),
          }
        if (sort === 7)
          return pick(4)
            ? {
                field: from(textFields),
                pattern: Array.from({ length: 1 + pick(5) }, () =>
                  from(['%', '_', '\\', '\\%', '\\_', word().slice(0, 1 + pick(4))]),
                ).join(''),
                negated: pick(3) === 0,
              }
            : { field: from(textFields), in: [word(), word()], negated: pick(2) === 0 }
        if (sort === 4) return { field: from([...textFields, 'size']), missing: true }
        if (sort === 5) return { text: word() || 'x' }
        if (sort === 6)
          return from([
            { tag: 'web', caseless: true },
            { tag: 'web' },
            { property: 'k', value: 'v1' },
            { fact: 'tag', name: 'k', value: 'v1' },
            { fact: 'tag', name: 'flag', value: 'true' },
            { fact: 'tag', name: 'list' },
            { fact: 'channel', name: 'release' },
            { fact: 'channel' },
            { fact: 'billing_tag', name: 'gold' },
            { field: from(textFields), contains: word().slice(0, 2) || 'a' },
          ] as const)
        const parts = Array.from({ length: 1 + pick(3) }, () => make(depth + 1))
        return from([{ all: parts }, { any: parts }, { not: parts[0]! }] as const)
      }
      for (let i = 0; i < 500; i++) {
        const filter = make(0)
        const expected = all.filter((image) => evaluate(filter, image) === true).map((image) => image.name)
        assert.deepEqual(
          (await find(filter)).map((image) => image.name),
          expected,
          JSON.stringify(filter),
        )
      }
    })
  })

  describe('order and pages', () => {
    const by = (field: string, descending: boolean): readonly Order[] => [
      { field, descending, caseless: true },
      { field: 'uuid' },
    ]
    for (const field of ['name', 'osDistro', 'diskFormat', 'size', 'minDisk', 'protected', 'createdAt'])
      for (const descending of [false, true])
        test(`${field}${descending ? ' descending' : ''}: stable, missing values ${descending ? 'last' : 'first'}, pages join up`, async () => {
          const key = (image: Image) => {
            const value = fieldsOf(image)[field] ?? null
            return typeof value === 'string' ? fold(value) : value
          }
          const compare = (a: string | number | null, b: string | number | null) =>
            a === b ? 0 : a === null ? -1 : b === null ? 1 : Buffer.compare(sortable(a), sortable(b))
          const sortable = (value: string | number) =>
            Buffer.from(typeof value === 'number' ? String(value).padStart(20, '0') : value)
          const expected = all.toSorted(
            (a, b) => (descending ? -1 : 1) * compare(key(a), key(b)) || (a.uuid < b.uuid ? -1 : 1),
          )
          const pages: string[] = []
          for (let offset = 0; offset < all.length; offset += 5) {
            const page = await t.catalogue.images.list(systemActor, {
              scopes: [{ everything: true }],
              order: by(field, descending),
              offset,
              limit: 5,
            })
            pages.push(...page.map((image) => image.uuid))
          }
          assert.deepEqual(
            pages,
            expected.map((image) => image.uuid),
          )
        })
  })
})
