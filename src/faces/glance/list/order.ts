import type { ImageField } from '../../../catalogue/images/fields.ts'
import type { Image } from '../../../catalogue/images/image.ts'
import type { Comparison, Filter, Order, Scalar } from '../../../catalogue/search.ts'
import { bad } from '../failures.ts'
import type { Query } from '../query.ts'

export type Key = {
  readonly field: ImageField
  readonly descending: boolean
  readonly caseless?: true
  readonly nullable?: true
  readonly of: (image: Image) => Scalar | null
}

type Sortable = Omit<Key, 'descending'>

/** glance.md 6.4. Names are compared as most installations of the original do, whose databases ignore case. */
const sortable: Readonly<Record<string, Sortable>> = {
  name: { field: 'name', caseless: true, of: ({ name }) => name },
  status: { field: 'status', of: ({ status }) => status },
  container_format: {
    field: 'containerFormat',
    nullable: true,
    of: ({ containerFormat }) => containerFormat,
  },
  disk_format: { field: 'diskFormat', nullable: true, of: ({ diskFormat }) => diskFormat },
  size: { field: 'size', nullable: true, of: ({ size }) => size },
  id: { field: 'uuid', of: ({ uuid }) => uuid },
  created_at: { field: 'createdAt', of: ({ createdAt }) => createdAt },
  updated_at: { field: 'updatedAt', of: ({ updatedAt }) => updatedAt },
}

type Term = { readonly key: string; readonly direction: string }

/** The whole order of a list: no two images are equal in it. @throws Refusal 400 */
export function readOrder(query: Query): readonly Key[] {
  const terms = termsOf(query)
  const directions = [...new Set(terms.map(({ direction }) => direction))]
  // "Their direction is the single given direction, or desc."
  const rest = directions.length === 1 ? directions[0]! : 'desc'
  const missing = ['created_at', 'id'].filter((key) => !terms.some((term) => term.key === key))
  return [...terms, ...missing.map((key) => ({ key, direction: rest }))].map(({ key, direction }) => {
    if (!Object.hasOwn(sortable, key))
      throw bad(
        `Invalid sort key: ${key}. It must be one of the following: ${Object.keys(sortable).join(', ')}.`,
      )
    if (direction !== 'asc' && direction !== 'desc') throw bad(`Invalid sort direction: ${direction}`)
    return { ...sortable[key]!, descending: direction === 'desc' }
  })
}

function termsOf(query: Query): Term[] {
  const [sorts, keys, directions] = [query.all('sort'), query.all('sort_key'), query.all('sort_dir')]
  if (sorts.length > 0) {
    if (keys.length + directions.length > 0) throw bad('Old and new sorting syntax cannot be combined')
    return sorts
      .flatMap((sort) => sort.split(','))
      .map((part) => {
        const colon = part.indexOf(':')
        if (colon < 0) return { key: part.trim(), direction: 'desc' }
        return { key: part.slice(0, colon).trim(), direction: part.slice(colon + 1).trim() }
      })
  }
  if (keys.length === 0) return [{ key: 'created_at', direction: directions[0] ?? 'desc' }]
  if (directions.length > 1 && directions.length !== keys.length)
    throw bad('Number of sort dirs does not match the number of sort keys')
  return keys.map((key, place) => ({ key, direction: directions[place] ?? directions[0] ?? 'desc' }))
}

export function orderOf(keys: readonly Key[]): Order[] {
  return keys.map(({ field, descending, caseless }) => ({
    field,
    descending,
    ...(caseless ? { caseless } : {}),
  }))
}

/** What comes behind an image in this order: pages follow each other whatever is added meanwhile. */
export function behind(keys: readonly Key[], image: Image): Filter {
  const [key, ...others] = keys
  if (!key) return { any: [] }
  const value = key.of(image)
  const rest = behind(others, image)
  const is = (comparison: Comparison): Filter => ({
    field: key.field,
    is: comparison,
    value: value!,
    ...(key.caseless ? { caseless: true } : {}),
  })
  const missing: Filter = { field: key.field, missing: true }
  // What is missing comes first ascending and last descending.
  if (value === null) {
    const equal: Filter = others.length === 0 ? { any: [] } : { all: [missing, rest] }
    return key.descending ? equal : { any: [{ not: missing }, equal] }
  }
  const beyond: Filter = {
    any: [is(key.descending ? 'lt' : 'gt'), ...(key.descending && key.nullable ? [missing] : [])],
  }
  if (others.length === 0) return beyond
  const later: Filter = { any: [beyond, { all: [is('eq'), rest] }] }
  // The range of the first key again, by which an index is entered.
  if (key.descending && key.nullable) return later
  return { all: [is(key.descending ? 'lte' : 'gte'), later] }
}
