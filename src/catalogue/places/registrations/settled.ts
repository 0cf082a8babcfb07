import { matches } from '../../matching.ts'
import type { Filter } from '../../search.ts'

const always: Filter = { all: [] }
/** What no registration satisfies. */
export const never: Filter = { any: [] }

/**
 * A filter without the conditions on a field that has the same value everywhere. To the database they would be one
 * more alternative for each row, and no index helps where another table's column is one.
 */
export function settled(filter: Filter, field: string, value: string): Filter {
  if ('all' in filter) {
    const parts = filter.all.map((part) => settled(part, field, value))
    if (parts.some(isNever)) return never
    return { all: parts.filter((part) => !isAlways(part)) }
  }
  if ('any' in filter) {
    const parts = filter.any.map((part) => settled(part, field, value))
    if (parts.some(isAlways)) return always
    return { any: parts.filter((part) => !isNever(part)) }
  }
  if ('not' in filter) {
    const part = settled(filter.not, field, value)
    return isAlways(part) ? never : isNever(part) ? always : { not: part }
  }
  if (!('field' in filter) || filter.field !== field) return filter
  return matches(filter, () => value) ? always : never
}

const isAlways = (filter: Filter): boolean => 'all' in filter && filter.all.length === 0
const isNever = (filter: Filter): boolean => 'any' in filter && filter.any.length === 0
