import { Failure } from './failure.ts'
import { fold } from './fold.ts'
import { likePattern, matchesPattern, readPattern } from './pattern.ts'
import type { Filter, Order, Scalar } from './search.ts'

/** The value of a field of one thing, null where it is missing. */
export type Reader = (field: string) => Scalar | null

/**
 * Does a thing satisfy the filter? For lists that are no table (roles, permissions): what the database finds by
 * `compile` of search.ts, this finds, too. What is unknown there because a value is missing is false here, which
 * comes to the same, because `not` takes it so.
 * @throws Failure `invalid` (reason `field`) for a filter by tag, property or text
 */
export function matches(filter: Filter, read: Reader): boolean {
  if ('all' in filter) return filter.all.every((part) => matches(part, read))
  if ('any' in filter) return filter.any.some((part) => matches(part, read))
  if ('not' in filter) return !matches(filter.not, read)
  if (!('field' in filter))
    throw new Failure('invalid', 'This list can only be searched by its fields.', { reason: 'field' })
  const value = read(filter.field)
  if ('missing' in filter) return value === null
  if (value === null) return false
  if ('like' in filter) return isLike(value, likePattern(filter.like))
  if ('pattern' in filter) return isLike(value, filter.pattern) !== (filter.negated === true)
  if ('contains' in filter) return String(value).includes(filter.contains)
  const side = (one: Scalar) => sideOf(one, filter.caseless)
  if ('in' in filter) return filter.in.some((one) => side(one) === side(value)) !== (filter.negated === true)
  const difference = compare(side(value), side(filter.value))
  switch (filter.is) {
    case 'eq':
      return difference === 0
    case 'ne':
      return difference !== 0
    case 'lt':
      return difference < 0
    case 'lte':
      return difference <= 0
    case 'gt':
      return difference > 0
    case 'gte':
      return difference >= 0
  }
}

/** A comparison for `toSorted`; missing values come first, last where an order descends. */
export function inOrder(order: readonly Order[]): (a: Reader, b: Reader) => number {
  return (a, b) => {
    for (const { field, descending, caseless } of order) {
      const difference = compare(sideOf(a(field), caseless), sideOf(b(field), caseless))
      if (difference !== 0) return descending ? -difference : difference
    }
    return 0
  }
}

function isLike(value: Scalar, pattern: string): boolean {
  return matchesPattern(readPattern(fold(pattern)), fold(String(value)))
}

function sideOf<T extends Scalar | null>(value: T, caseless = false): T | string {
  return caseless && typeof value === 'string' ? fold(value) : value
}

/** Numbers by size, texts by code points as both databases have them. */
function compare(a: Scalar | null, b: Scalar | null): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null)
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)))
}
