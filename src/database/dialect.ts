import { type Expression, type RawBuilder, sql } from 'kysely'
import { Failure } from '../catalogue/failure.ts'

/** The two databases that Imageport speaks. */
export type Engine = 'sqlite' | 'postgres'

/** What both drivers accept as a parameter, after `bindable`. */
export type Bindable = string | number | bigint | null | Uint8Array

/**
 * Makes a parameter mean the same on both engines: booleans become 1 and 0. Dates, `undefined`, NaN, lists and
 * objects are refused, because each driver would do something of its own with them.
 *
 * @throws TypeError — a mistake in the program, not in a request; Failure invalid — text with the character NUL,
 *   which a request can bring along, SQLite would keep and PostgreSQL cannot
 */
export function bindable(value: unknown): Bindable {
  if (typeof value === 'string') {
    if (!value.includes('\0')) return value
    throw new Failure('invalid', 'Text must not contain the character NUL.', { reason: 'nul-character' })
  }
  if (value === null) return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'bigint' || value instanceof Uint8Array) return value
  const shown = value instanceof Date ? 'a Date' : typeof value === 'number' ? String(value) : typeof value
  throw new TypeError(
    `A query parameter must be text, a finite number, a boolean, bytes or null, not ${shown}.`,
  )
}

/**
 * An integer as a plain number where that is exact, else as bigint. What was written as a number comes back as one: the
 * instants of the years from 2256 on are larger than all integers being exact.
 */
export function exactNumber(value: bigint): number | bigint {
  const number = Number(value)
  return BigInt(number) === value ? number : value
}

/** What collided: SQLite names table and columns, PostgreSQL also the constraint; the rest stays empty. */
export type UniqueViolation = {
  readonly table: string | undefined
  readonly columns: readonly string[]
  /** The constraint or unique index. SQLite tells it only for indexes over expressions. */
  readonly constraint: string | undefined
}

type DriverError = {
  readonly code?: unknown
  readonly errcode?: unknown
  readonly message?: unknown
  readonly table?: unknown
  readonly constraint?: unknown
  readonly detail?: unknown
}

/** The facts about a violated unique or primary key, false for any other error. */
export function isUniqueViolation(error: unknown): UniqueViolation | false {
  const { code, errcode, message, table, constraint, detail } = driverError(error)
  if (code === '23505') {
    // "Key (project_id, name)=(a, b) already exists."
    const columns = /^Key \((.*?)\)=\(/.exec(String(detail))?.[1]?.split(', ') ?? []
    return { table: text(table), columns, constraint: text(constraint) }
  }
  // 1555 primary key, 2067 unique, 2579 rowid: SQLite's extended result codes.
  if (code !== 'ERR_SQLITE_ERROR' || (errcode !== 1555 && errcode !== 2067 && errcode !== 2579)) return false
  const what = /failed: (.*)$/s.exec(String(message))?.[1] ?? ''
  const index = /^index '(.*)'$/s.exec(what)?.[1]
  if (index !== undefined) return { table: undefined, columns: [], constraint: index }
  const names = what.split(', ').map((name) => name.split('.'))
  return { table: names[0]?.[0], columns: names.map((name) => name.at(-1) ?? ''), constraint: undefined }
}

/** True where a row is missing that another refers to, or is still referred to. */
export function isForeignKeyViolation(error: unknown): boolean {
  const { code, errcode } = driverError(error)
  return code === '23503' || (code === 'ERR_SQLITE_ERROR' && errcode === 787)
}

/**
 * An `order by` term in which NULLs come first ascending and last descending. That is SQLite's own order;
 * PostgreSQL has to be told, and walks an index for it only if the index was created `nulls first` as well.
 */
export function nullsFirst<T>(
  engine: Engine,
  column: Expression<T>,
  direction: 'asc' | 'desc',
): RawBuilder<T> {
  if (engine === 'sqlite') return direction === 'asc' ? sql<T>`${column} asc` : sql<T>`${column} desc`
  return direction === 'asc' ? sql<T>`${column} asc nulls first` : sql<T>`${column} desc nulls last`
}

/** Text as a literal part of a `like` pattern; write the term as `like … escape '\'`. */
export function likeEscape(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}

/**
 * Text as one FTS5 phrase. On a table with the trigram tokenizer, `match` finds it as a substring, without regard
 * to case; needs at least three characters, fewer find nothing.
 */
export function ftsPhrase(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}

function driverError(error: unknown): DriverError {
  return typeof error === 'object' && error !== null ? error : {}
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
