import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { CompiledQuery, QueryResult } from 'kysely'
import { Failure, isFailure } from '../catalogue/failure.ts'
import { type Bindable, bindable, exactNumber } from './dialect.ts'

export type SqliteLimits = {
  /** Milliseconds to wait for another process's write lock. */
  readonly busyTimeout: number
  /** How many prepared statements to keep. */
  readonly statementCache: number
}

/** Counts the statements of this connection that may have written; others are seen by `pragma data_version`. */
export type Writes = { count: number }

/** A prepared statement. `names` are its result columns; none where it returns no rows. */
type Prepared = {
  readonly statement: StatementSync
  readonly wide: boolean
  /** Certainly changes nothing. */
  readonly reads: boolean
  names: readonly string[]
}

/** The one connection of a file, with its prepared statements (five times as many point reads). */
export class SqliteConnection {
  readonly #file: DatabaseSync
  readonly #limits: SqliteLimits
  readonly #writes: Writes
  /** By SQL text; the order of a Map is the order of use here, oldest first. */
  readonly #statements = new Map<string, Prepared>()

  constructor(file: DatabaseSync, limits: SqliteLimits, writes: Writes) {
    this.#file = file
    this.#limits = limits
    this.#writes = writes
  }

  get inTransaction(): boolean {
    return this.#file.isTransaction
  }

  forgetStatements(): void {
    this.#statements.clear()
  }

  close(): void {
    this.forgetStatements()
    this.#file.close()
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    try {
      return this.execute<R>(sql, parameters)
    } catch (error) {
      // Outside of a transaction a statement that met a lock had no effect and can be repeated.
      if (this.#file.isTransaction || !isFailure(error, 'busy')) throw error
      return this.#executeWhenFree<R>(sql, parameters)
    }
  }

  /** Waits with timers, because SQLite's own pauses stop the process, and with it perhaps the holder of the lock. */
  async #executeWhenFree<R>(sql: string, parameters: readonly unknown[]): Promise<QueryResult<R>> {
    const deadline = performance.now() + this.#limits.busyTimeout
    for (let pause = 1; ; pause = Math.min(2 * pause, 20)) {
      await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())))
      try {
        return this.execute<R>(sql, parameters)
      } catch (error) {
        if (!isFailure(error, 'busy') || performance.now() > deadline) throw error
      }
    }
  }

  execute<R>(sql: string, parameters: readonly unknown[] = []): QueryResult<R> {
    try {
      const prepared = this.#prepared(sql)
      if (!prepared.reads) this.#writes.count++
      const bound = parameters.map(bindable)
      if (prepared.names.length > 0) return { rows: this.#rows<R>(prepared, bound) }
      const { changes, lastInsertRowid } = prepared.statement.run(...bound)
      if (definition.test(sql)) this.forgetStatements()
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
    } catch (error) {
      throw translated(error)
    }
  }

  #prepared(sql: string): Prepared {
    const known = this.#statements.get(sql)
    if (known) {
      this.#statements.delete(sql)
      this.#statements.set(sql, known)
      return known
    }
    const statement = this.#file.prepare(sql)
    if (statement.sourceSQL.length < sql.trimEnd().length) {
      throw new TypeError(`SQLite would run only the first of these statements: ${sql}`)
    }
    const prepared = {
      statement,
      // `returning` cannot be run again with bigints after a value proved too large, so it reads them at once.
      wide: /\breturning\b/i.test(sql),
      reads: /^\s*(?:select|explain)\b/i.test(sql),
      names: statement.columns().map((column) => column.name),
    }
    // As arrays, because node:sqlite's own row objects have no prototype and are slower to build.
    statement.setReturnArrays(true)
    statement.setReadBigInts(prepared.wide)
    if (this.#statements.size >= this.#limits.statementCache) {
      const [oldest] = this.#statements.keys()
      if (oldest !== undefined) this.#statements.delete(oldest)
    }
    this.#statements.set(sql, prepared)
    return prepared
  }

  #rows<R>(prepared: Prepared, bound: readonly Bindable[]): R[] {
    let wide = prepared.wide
    let arrays: SQLOutputValue[][]
    try {
      arrays = all(prepared.statement, bound)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_OUT_OF_RANGE') throw error
      prepared.statement.setReadBigInts(true)
      arrays = all(prepared.statement, bound)
      prepared.statement.setReadBigInts(prepared.wide)
      wide = true
    }
    // SQLite compiles a statement anew when another process changed the table.
    if (arrays[0] && arrays[0].length !== prepared.names.length) {
      prepared.names = prepared.statement.columns().map((column) => column.name)
    }
    const { names } = prepared
    return arrays.map((values) => {
      const row: Record<string, SQLOutputValue> = {}
      for (let at = 0; at < names.length; at++) {
        const value = values[at] as SQLOutputValue
        row[names[at] as string] = wide && typeof value === 'bigint' ? exactNumber(value) : value
      }
      return row as R
    })
  }
}

/** After these a kept `select *` could name its columns wrongly. */
const definition = /^\s*(?:create|alter|drop)\b/i

/** `setReturnArrays` is not in the types of `all`. */
function all(statement: StatementSync, bound: readonly Bindable[]): SQLOutputValue[][] {
  return statement.all(...bound) as unknown as SQLOutputValue[][]
}

/** Result codes that are not about the query: https://www.sqlite.org/rescode.html */
function translated(error: unknown): unknown {
  const { code, errcode, message } = error as { code?: unknown; errcode?: number; message?: string }
  if (code === 'ERR_INVALID_STATE') {
    return new Failure('unavailable', 'The database is closed.', { subject: 'database' }, { cause: error })
  }
  if (code !== 'ERR_SQLITE_ERROR' || errcode === undefined) return error
  // The low byte is the primary code, the rest tells more.
  switch (errcode & 0xff) {
    case 5: // busy: another process held the lock for longer than busy_timeout
    case 6: // locked
      return new Failure(
        'busy',
        'The database is busy; try again later.',
        { subject: 'database' },
        { cause: error },
      )
    case 13:
      return new Failure(
        'no-space',
        'The disk of the database is full.',
        { subject: 'database' },
        { cause: error },
      )
    case 8: // read-only
    case 10: // input or output error
    case 11: // corrupt
    case 14: // cannot open
    case 26: // not a database
      return new Failure(
        'unavailable',
        `The database failed: ${message}.`,
        { subject: 'database' },
        { cause: error },
      )
    default:
      return error
  }
}
