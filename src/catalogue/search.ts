import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { Failure } from './failure.ts'
import { fold } from './fold.ts'
import { likePattern, readPattern } from './pattern.ts'

/**
 * One model of filter and order, into which every face translates its own query language. It is compiled to SQL
 * against a table of fields, so nothing a caller writes is ever part of the SQL text.
 */
export type Scalar = string | number
export type Comparison = 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte'

export type Filter =
  | { readonly all: readonly Filter[] }
  | { readonly any: readonly Filter[] }
  /** True also where the inner filter is unknown because a value is missing. */
  | { readonly not: Filter }
  /** Never true for a missing value, `ne` included. */
  | { readonly field: string; readonly is: Comparison; readonly value: Scalar; readonly caseless?: boolean }
  /** `negated`: none of these, and like `ne` never true for a missing value. */
  | {
      readonly field: string
      readonly in: readonly Scalar[]
      readonly caseless?: boolean
      readonly negated?: boolean
    }
  /** Case-insensitive. The literal pieces between wildcards: `a*b` is `['a', 'b']`, "contains x" is `['', 'x', '']`. */
  | { readonly field: string; readonly like: readonly string[] }
  /**
   * Case-insensitive, for callers who write SQL's own notation: `%` is any text, `_` any one character, a backslash
   * makes the next character literal. Walks the rows that the rest of the filter leaves.
   */
  | { readonly field: string; readonly pattern: string; readonly negated?: boolean }
  | { readonly field: string; readonly missing: true }
  /** Case-sensitive, and never true for a missing value. Walks the rows that the rest of the filter leaves. */
  | { readonly field: string; readonly contains: string }
  | { readonly tag: string; readonly caseless?: boolean }
  /** Something that the manifest of an image says; without `name` or `value`: whatever it says of this kind. */
  | { readonly fact: FactKind; readonly name?: string; readonly value?: string }
  | { readonly property: string; readonly value: string }
  /** Case-insensitive substring of the texts people search by. */
  | { readonly text: string }

export type FactKind = 'tag' | 'billing_tag' | 'channel' | 'origin'

export type Order = { readonly field: string; readonly descending?: boolean; readonly caseless?: boolean }

/** Where a field lives. `folded` is the column with its case-folded text; a column of lower-case words is its own. */
export type Field = {
  readonly column: string
  readonly folded?: string
  readonly kind: 'text' | 'number'
  /** It can be missing. An order by one that cannot says nothing of NULLs, or it would not match its index. */
  readonly nullable?: true
  /**
   * A thing can have several: turns the condition on one of them into the condition on the thing, e.g. by
   * `exists (select … where … and ${condition})`. One is enough, also for `ne`. Nothing is ordered by such a field.
   */
  readonly many?: (condition: RawBuilder<SqlBool>) => RawBuilder<SqlBool>
}
export type Fields = Readonly<Record<string, Field>>

/** How one table is searched. Filters that a table has no notion of (tags of a registration) are left out. */
export type Searchable = {
  readonly fields: Fields
  tag?(tag: string, caseless: boolean): RawBuilder<SqlBool>
  property?(name: string, value: string): RawBuilder<SqlBool>
  fact?(kind: FactKind, name: string | undefined, value: string | undefined): RawBuilder<SqlBool>
  /** `folded` has been case-folded already. */
  text?(folded: string): RawBuilder<SqlBool>
  /** Columns whose text is part of what `text` finds, so that its index can narrow a search inside one of them. */
  readonly texts?: ReadonlySet<string>
}

type Condition = RawBuilder<SqlBool>
type FieldFilter = Extract<Filter, { readonly field: string }>

const operators: Readonly<Record<Comparison, Condition>> = {
  eq: sql`=`,
  ne: sql`<>`,
  lt: sql`<`,
  lte: sql`<=`,
  gt: sql`>`,
  gte: sql`>=`,
}

/**
 * @throws Failure `invalid`: reason `field`, a field that the table has not; reason `search`, more of them than anybody
 * needs and a database can plan
 */
export function compile(filter: Filter, table: Searchable): Condition {
  demandFew(filter, table)
  return compilePart(filter, table, false)
}

/** SQLite takes no expression of more than 1,000 levels. */
const mostConditions = 500
/** PostgreSQL tries the orders in which tables can be looked up: 40 take it a second, and some hundred for ever. */
const mostLookups = 24

function demandFew(filter: Filter, table: Searchable): void {
  let conditions = 0
  let lookups = 0
  const parts: Filter[] = [filter]
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    conditions++
    if ('all' in part) parts.push(...part.all)
    else if ('any' in part) parts.push(...part.any)
    else if ('not' in part) parts.push(part.not)
    else if (
      !('field' in part) ||
      (Object.hasOwn(table.fields, part.field) && table.fields[part.field]!.many)
    )
      lookups++
    if (conditions > mostConditions || lookups > mostLookups)
      throw new Failure('invalid', 'There are too many conditions in this search.', { reason: 'search' })
  }
}

/**
 * The text index narrows a conjunction once, by its longest literal: what it finds is held in memory while it is
 * asked, so a second list costs more than comparing the rows that the first one leaves. `narrowed`: that is done.
 */
function compilePart(filter: Filter, table: Searchable, narrowed: boolean): Condition {
  const literal = narrowed ? null : literalOf(filter, table)
  if (literal !== null) return sql`(${compilePart(filter, table, true)} and ${table.text!(literal)})`
  if ('all' in filter) return join(filter.all, table, narrowed, sql` and `, sql<SqlBool>`1 = 1`)
  if ('any' in filter) return join(filter.any, table, narrowed, sql` or `, sql<SqlBool>`1 = 0`)
  if ('not' in filter) return sql`case when ${compilePart(filter.not, table, true)} then 0 else 1 end = 1`
  if ('tag' in filter && table.tag) return table.tag(filter.tag, filter.caseless === true)
  if ('property' in filter && table.property) return table.property(filter.property, filter.value)
  if ('fact' in filter && table.fact) return table.fact(filter.fact, filter.name, filter.value)
  if ('text' in filter && table.text) return table.text(fold(filter.text))
  if (!('field' in filter)) throw unknownField(Object.keys(filter)[0] ?? '')
  const field = fieldOf(table.fields, filter.field)
  if (!field.many) return compileField(filter, field)
  if (!('missing' in filter)) return field.many(compileField(filter, field))
  return sql`not ${field.many(sql`${sql.ref(field.column)} is not null`)}`
}

/** A text of three or more characters that occurs in whatever the filter finds, for the text index; null without. */
export function literalOf(filter: Filter, table: Searchable): string | null {
  if (!table.text || !table.texts) return null
  if ('all' in filter) return longest(filter.all.map((part) => literalOf(part, table)))
  if ('any' in filter) {
    const [first, ...others] = filter.any.map((part) => literalOf(part, table))
    return others.every((other) => other === first) ? (first ?? null) : null
  }
  if (!('field' in filter) || !('like' in filter || ('pattern' in filter && !filter.negated))) return null
  const field = fieldOf(table.fields, filter.field)
  if (field.many || !table.texts.has(field.folded ?? field.column)) return null
  const { literals } = readPattern(fold('like' in filter ? likePattern(filter.like) : filter.pattern))
  // A known beginning is a range of the column's own index.
  return literals[0] ? null : longest(literals.filter((literal) => [...literal].length >= 3))
}

function longest(texts: readonly (string | null)[]): string | null {
  return texts.filter((text) => text !== null).toSorted((a, b) => b.length - a.length)[0] ?? null
}

function compileField(filter: FieldFilter, field: Field): Condition {
  const own = sql.ref(field.column)
  if ('missing' in filter) return sql`${own} is null`
  if ('like' in filter) return like(field, likePattern(filter.like))
  if ('pattern' in filter) return like(field, filter.pattern, filter.negated)
  // Both engines have `replace`, and it tells upper from lower case in both.
  if ('contains' in filter) return sql`(${own} <> replace(${own}, ${filter.contains}, ''))`
  const [column, prepare] = sideOf(field, filter.caseless)
  if ('in' in filter) {
    if (filter.in.length === 0) return filter.negated ? sql`${own} is not null` : sql`1 = 0`
    const operator = filter.negated ? sql`not in` : sql`in`
    return sql`${column} ${operator} (${sql.join(filter.in.map((value) => sql.val(prepare(value))))})`
  }
  return sql`${column} ${operators[filter.is]} ${prepare(filter.value)}`
}

/** What rows are ordered by: an expression of SQL, and how. */
export type OrderTerm = {
  readonly value: RawBuilder<unknown>
  readonly descending: boolean
  readonly nullable: boolean
}

/** @throws Failure `invalid` (reason `field`) */
export function orderTerms(order: readonly Order[], fields: Fields): readonly OrderTerm[] {
  // A tie-breaker that was sorted by already breaks nothing, and would keep the database from using its index.
  const distinct = order.filter(({ field }, i) => order.findIndex((other) => other.field === field) === i)
  return distinct.map(({ field: name, descending = false, caseless }) => {
    const field = fieldOf(fields, name)
    if (field.many) throw unknownField(name)
    const [value] = sideOf(field, caseless)
    return { value, descending, nullable: field.nullable === true }
  })
}

/** The ORDER BY terms; NULLs first ascending, last descending, as SQLite has it by itself. */
export function compileOrder(
  order: readonly Order[],
  fields: Fields,
  engine: 'sqlite' | 'postgres',
): RawBuilder<unknown> {
  return compileTerms(orderTerms(order, fields), engine)
}

export function compileTerms(
  terms: readonly OrderTerm[],
  engine: 'sqlite' | 'postgres',
): RawBuilder<unknown> {
  return sql.join(
    terms.map(({ value, descending, nullable }) => {
      const nulls =
        engine === 'sqlite' || !nullable ? sql`` : descending ? sql` nulls last` : sql` nulls first`
      return descending ? sql`${value} desc${nulls}` : sql`${value}${nulls}`
    }),
  )
}

/** True when the filter speaks of nothing but these fields. */
export function speaksOnlyOf(filter: Filter, fields: Fields): boolean {
  if ('all' in filter) return filter.all.every((part) => speaksOnlyOf(part, fields))
  if ('any' in filter) return filter.any.every((part) => speaksOnlyOf(part, fields))
  if ('not' in filter) return speaksOnlyOf(filter.not, fields)
  return 'field' in filter && filter.field in fields
}

function fieldOf(fields: Fields, name: string): Field {
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (!field) throw unknownField(name)
  return field
}

function unknownField(name: string): Failure {
  return new Failure('invalid', `There is no field "${name}" to search by.`, { reason: 'field', id: name })
}

function sideOf(field: Field, caseless = false): [RawBuilder<unknown>, (value: Scalar) => Scalar] {
  if (!caseless || field.kind === 'number') return [sql.ref(field.column), (value) => value]
  return [sql.ref(field.folded ?? field.column), (value) => (typeof value === 'string' ? fold(value) : value)]
}

function like(field: Field, written: string, negated = false): Condition {
  const column = sql.ref(field.folded ?? field.column)
  const { pattern, literals } = readPattern(fold(written))
  if (negated) return sql`${column} not like ${pattern} escape '\\'`
  const condition = sql<SqlBool>`${column} like ${pattern} escape '\\'`
  // The pattern itself uses no index; a known beginning is a range of one.
  if (!literals[0]) return condition
  return sql`(${condition} and ${column} >= ${literals[0]} and ${column} < ${`${literals[0]}\u{10ffff}`})`
}

function join(
  parts: readonly Filter[],
  table: Searchable,
  narrowed: boolean,
  glue: Condition,
  empty: Condition,
): Condition {
  if (parts.length === 0) return empty
  if (parts.length === 1) return compilePart(parts[0]!, table, narrowed)
  return sql`(${sql.join(
    parts.map((part) => compilePart(part, table, narrowed)),
    glue,
  )})`
}
