import { mainProjectId } from '../../catalogue/images/cleanup.ts'
import type { Comparison, Filter } from '../../catalogue/search.ts'
import { parseInstant, second } from '../../catalogue/time.ts'
import { refuse } from './failures.ts'
import { filterFields, type Kind, type WireField } from './names.ts'

/** What the parameters `filtering` and `search` ask for (onecloudplanet.md 1.2, 1.3, 1.6). */
export type Filtering = {
  readonly filters: readonly Filter[]
  /** Visibilities that were named outright, which widens the scope beyond the own images. */
  readonly visibilities: ReadonlySet<string>
  /** Was the status `deleted` named? Only then are deleted images shown. */
  readonly deleted: boolean
}

const substrings = ['contains', 'icontains'] as const
const comparisons = ['gte', 'lte', 'gt', 'lt'] as const
const operators = ['ne', ...comparisons, ...substrings, 'startswith', 'endswith', 'in', 'isnull'] as const
type Operator = 'eq' | (typeof operators)[number]

const always: readonly Operator[] = ['eq', 'ne', 'in', 'isnull']
const fitting: Readonly<Record<Kind, readonly Operator[]>> = {
  text: [...always, ...substrings, 'startswith', 'endswith'],
  choice: always,
  integer: [...always, ...comparisons],
  timestamp: [...always, ...comparisons],
  boolean: always,
  client: [...always, ...comparisons],
  tags: [...always, ...substrings],
  iso: always,
}

/** More conditions than anybody writes by hand; each one nests the database's expression deeper. */
const most = 50
const mostValues = 200

const never: Filter = { any: [] }

/** @throws Refusal 400 `Invalid filter: <part>`. */
export function parseFiltering(text: string | undefined): Filtering {
  const filters: Filter[] = []
  const visibilities = new Set<string>()
  let deleted = false
  for (const part of text ? splitFilters(text) : []) {
    const read = filters.length < most ? parsePart(part) : null
    if (read === null) throw refuse(400, `Invalid filter: ${part}`)
    filters.push(read.filter)
    if (read.operator !== 'eq' && read.operator !== 'in') continue
    const named = (read.operator === 'in' ? read.value.split(',') : [read.value]).map((one) =>
      one.toLowerCase(),
    )
    if (read.name === 'visibility') for (const one of named) visibilities.add(one)
    if (read.name === 'status' && named.includes('deleted')) deleted = true
  }
  return { filters, visibilities, deleted }
}

/**
 * One filter ends where a plus is followed by anything that looks like a name, or a blank (which an unencoded plus
 * arrives as) by a name that is known. Every other plus and blank belongs to the value.
 */
export function splitFilters(text: string): string[] {
  const parts: string[] = []
  let start = 0
  for (const match of text.matchAll(/[+ ](?=([A-Za-z_][A-Za-z0-9_]*):)/g)) {
    if (match[0] === ' ' && resolve(match[1]!) === null) continue
    parts.push(text.slice(start, match.index))
    start = match.index + 1
  }
  return [...parts, text.slice(start)]
}

type Named = { readonly name: string; readonly field: WireField; readonly operator: Operator }

/** "Split the name at its last `__`; if the tail is a known operator it is the operator." */
function resolve(text: string): Named | null {
  const at = text.lastIndexOf('__')
  const tail = at < 0 ? undefined : operators.find((operator) => operator === text.slice(at + 2))
  const name = tail === undefined ? text : text.slice(0, at)
  const field = filterFields.get(name)
  return field === undefined ? null : { name, field, operator: tail ?? 'eq' }
}

function parsePart(part: string): { name: string; operator: Operator; value: string; filter: Filter } | null {
  const colon = part.indexOf(':')
  const named = colon < 0 ? null : resolve(part.slice(0, colon))
  if (named === null || !fitting[named.field.kind].includes(named.operator)) return null
  const value = part.slice(colon + 1)
  // No text in the database contains NUL, and no database takes it.
  const filter = value.includes('\0') ? null : toFilter(named, value)
  return filter && { name: named.name, operator: named.operator, value, filter }
}

function toFilter({ field, operator }: Named, value: string): Filter | null {
  switch (operator) {
    case 'eq':
      return equal(field, value, true)
    case 'ne': {
      // "Rows where the field is null are kept."
      const same = equal(field, value, true)
      return same && { not: same }
    }
    case 'in':
      return oneOf(field, [...new Set(value.split(','))])
    case 'isnull': {
      const wanted = parseBoolean(value)
      if (wanted === null) return null
      return wanted ? missing(field) : { not: missing(field) }
    }
    case 'contains':
    case 'icontains':
      return field.kind === 'tags'
        ? equal(field, value, false)
        : { field: field.field, like: ['', value, ''] }
    case 'startswith':
      return { field: field.field, like: [value, ''] }
    case 'endswith':
      return { field: field.field, like: ['', value] }
    default:
      return compared(field, operator, value)
  }
}

function oneOf(field: WireField, values: readonly string[]): Filter | null {
  if (field.kind === 'text') return { field: field.field, in: values, caseless: true }
  const each = values.slice(0, mostValues).map((value) => equal(field, value, false))
  return values.length > mostValues || each.includes(null) ? null : { any: each as Filter[] }
}

/** Null when the value cannot be read as the field's kind. */
function equal({ kind, field, choices }: WireField, value: string, wildcards: boolean): Filter | null {
  switch (kind) {
    case 'text':
      if (wildcards && value.includes('*')) return { field, like: value.split(/\*+/) }
      return { field, is: 'eq', value, caseless: true }
    case 'choice': {
      const word = value.toLowerCase()
      if (!choices!.includes(word)) return never
      // "The filter `status:saving` matches all three."
      if (field === 'status' && word === 'saving') return { field, in: ['saving', 'uploading', 'importing'] }
      return { field, is: 'eq', value: word }
    }
    case 'integer':
    case 'client': {
      const number = parseInteger(value)
      if (number === null) return null
      return kind === 'client' && number === mainProjectId ? never : { field, is: 'eq', value: number }
    }
    case 'timestamp': {
      const instant = parseInstant(value)
      if (instant === null) return null
      // As shown, in whole seconds: a fraction equals nothing.
      if (instant % second !== 0) return never
      return {
        all: [
          { field, is: 'gte', value: instant },
          { field, is: 'lt', value: instant + second },
        ],
      }
    }
    case 'boolean': {
      const wanted = parseBoolean(value)
      return wanted === null ? null : { field, is: 'eq', value: wanted ? 1 : 0 }
    }
    case 'iso': {
      const wanted = parseBoolean(value)
      const iso: Filter = { field, is: 'eq', value: 'iso' }
      return wanted === null ? null : wanted ? iso : { not: iso }
    }
    case 'tags':
      return { tag: value, caseless: true }
  }
}

function missing({ kind, field }: WireField): Filter {
  // `client` is null on the wire for the provider's own images, too (1.8 row 3).
  if (kind === 'client')
    return {
      any: [
        { field, missing: true },
        { field, is: 'eq', value: mainProjectId },
      ],
    }
  return kind === 'tags' || kind === 'iso' ? never : { field, missing: true }
}

function compared(
  { kind, field }: WireField,
  operator: Exclude<Comparison, 'eq' | 'ne'>,
  value: string,
): Filter | null {
  if (kind === 'timestamp') {
    const instant = parseInstant(value)
    return instant === null ? null : comparedInSeconds(field, operator, instant)
  }
  const number = parseInteger(value)
  if (number === null) return null
  const comparison: Filter = { field, is: operator, value: number }
  return kind === 'client' ? { all: [comparison, { field, is: 'ne', value: mainProjectId }] } : comparison
}

/** Instants are kept in microseconds and shown in whole seconds; what is compared is what is shown. */
function comparedInSeconds(
  field: string,
  operator: Exclude<Comparison, 'eq' | 'ne'>,
  instant: number,
): Filter {
  const whole = Math.floor(instant / second) * second
  const atOrAfter = whole === instant ? whole : whole + second
  switch (operator) {
    case 'gte':
      return { field, is: 'gte', value: atOrAfter }
    case 'lt':
      return { field, is: 'lt', value: atOrAfter }
    case 'gt':
      return { field, is: 'gte', value: whole + second }
    case 'lte':
      return { field, is: 'lt', value: whole + second }
  }
}

/** Null for what is no whole number; one that no column can hold is brought to where comparing is still right. */
function parseInteger(value: string): number | null {
  if (!/^[+-]?\d+$/.test(value)) return null
  return Math.min(Math.max(Number(value), -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
}

function parseBoolean(value: string): boolean | null {
  if (['true', 'True', '1', 'yes'].includes(value)) return true
  return ['false', 'False', '0', 'no'].includes(value) ? false : null
}

/**
 * The terms of `search`: blanks and commas separate them, quoted phrases stay whole, and every one must be found.
 * @throws Refusal 400 when there are absurdly many.
 */
export function parseSearch(text: string | undefined): Filter[] {
  const terms = (text ?? '').replaceAll('\0', '').matchAll(/"([^"]+)"|'([^']+)'|[^\s,]+/g)
  const texts = new Set([...terms].map(([whole, double, single]) => double ?? single ?? whole))
  if (texts.size > most) throw refuse(400, `At most ${most} search terms are possible.`)
  return [...texts].map((term) => ({ text: term }))
}
