import { matches } from '../../catalogue/matching.ts'
import type { Filter, Scalar } from '../../catalogue/search.ts'

type Leaf = Extract<Filter, { readonly field: string }>

/** A filter with the conditions on some fields put in other words; `word` says null to those that stay. */
export function reworded(filter: Filter, word: (leaf: Leaf) => Filter | null): Filter {
  if ('all' in filter) return { all: filter.all.map((part) => reworded(part, word)) }
  if ('any' in filter) return { any: filter.any.map((part) => reworded(part, word)) }
  if ('not' in filter) return { not: reworded(filter.not, word) }
  return 'field' in filter ? (word(filter) ?? filter) : filter
}

/** Does a condition on something that a record has several of hold for one of them? */
export function holdsForOne(leaf: Leaf, values: readonly Scalar[]): boolean {
  if ('missing' in leaf) return values.length === 0
  return values.some((value) => matches(leaf, () => value))
}

export const always: Filter = { all: [] }
export const never: Filter = { any: [] }
