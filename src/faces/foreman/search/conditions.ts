import { matches } from '../../../catalogue/matching.ts'
import type { Filter } from '../../../catalogue/search.ts'
import { refuseSearch } from './refusal.ts'
import type { SearchField } from './resource.ts'
import type { Comparator } from './syntax.ts'

type Named<K extends SearchField['kind']> = Extract<SearchField, { readonly kind: K }> & {
  readonly field: string
}

const always: Filter = { all: [] }
const never: Filter = { any: [] }

/** Texts: exact and case-sensitive, but for `~` (foreman.md 7.4). */
export function textFilter(known: Named<'string'>, by: Comparator, value: string): Filter {
  const { field } = known
  if ('constant' in known) return matches(plainText(field, by, value), () => known.constant) ? always : never
  return asKept(known, plainText(field, by, value))
}

function plainText(field: string, by: Comparator, value: string): Filter {
  if (by === 'like' || by === 'unlike') return { field, pattern: patternOf(value), negated: by === 'unlike' }
  if (by === 'in' || by === 'notin') return { field, in: listOf(value), negated: by === 'notin' }
  return { field, is: by, value }
}

/**
 * The pattern of a `~` value (7.5): a substring unless it has wildcards, of which `%` is one as well. `_` and the
 * backslash keep the meaning that SQL gives them.
 */
function patternOf(value: string): string {
  return /[*%]/.test(value) ? value.replace(/[*%]+/g, '%') : `%${value}%`
}

/** "Joined with commas and split at commas again, then trimmed"; commas at the end make no further value. */
function listOf(value: string): string[] {
  const parts = value.split(',')
  while (parts.at(-1) === '') parts.pop()
  return parts.map((part) => part.trim())
}

/** Numbers, ids of related records among them. Each value is checked before the operator is. */
export function integerFilter(name: string, known: Named<'integer'>, by: Comparator, value: string): Filter {
  return asKept(known, plainInteger(known, known.innerName ?? name, by, value))
}

function plainInteger({ field }: Named<'integer'>, innerName: string, by: Comparator, value: string): Filter {
  const several = by === 'in' || by === 'notin'
  const numbers = (several ? listOf(value) : [value]).map((one) => integerOf(one, innerName))
  if (several) return { field, in: numbers.filter(Number.isSafeInteger), negated: by === 'notin' }
  if (by === 'like' || by === 'unlike')
    throw refuseSearch(`the operator '${by}' is not supported for field type 'integer'`)
  const [number] = numbers as [number]
  if (Number.isSafeInteger(number)) return { field, is: by, value: number }
  // No number in the catalogue is that large, and no database takes it.
  const holds = by === 'ne' || (number > 0 ? by === 'lt' || by === 'lte' : by === 'gt' || by === 'gte')
  return holds ? { not: { field, missing: true } } : never
}

/** The filter over what is shown, said of what is kept. */
function asKept({ kept, field }: Named<'string' | 'integer'>, shown: Filter): Filter {
  if (!kept) return shown
  const fitting = [...kept].filter(([value]) => matches(shown, () => value))
  return { field, in: fitting.map(([, own]) => own) }
}

/** Digits with or without a minus sign on a line of their own are enough. */
function integerOf(text: string, innerName: string): number {
  const line = text.split('\n').find((one) => /^-?\d+$/.test(one))
  if (line === undefined) throw refuseSearch(`Value '${text}' is not valid for field '${innerName}'`)
  return Number(line)
}

/** One of a few words, in lower case. The value is checked before the operator is. */
export function setFilter(name: string, known: Named<'set'>, by: Comparator, value: string): Filter {
  if (!Object.hasOwn(known.values, value)) {
    const possible = Object.keys(known.values).join(', ')
    throw refuseSearch(`'${name}' should be one of '${possible}', but the query was '${value}'`)
  }
  if (by !== 'eq' && by !== 'ne') throw refuseSearch(`Operator '${by}' not supported for '${name}'`)
  return { field: known.field, is: by, value: known.values[value]! }
}
