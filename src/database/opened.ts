import type { Kysely, Transaction } from 'kysely'
import type { Engine } from './dialect.ts'

export type OpenOptions = {
  /** SQLite: `full` survives a power cut with every acknowledged commit (default); `normal` may lose the last ones. */
  readonly synchronous?: 'full' | 'normal'
  /** SQLite: milliseconds to wait for another process's write lock. Default 10,000. */
  readonly busyTimeout?: number
  /** How many prepared statements to keep, per connection. Default 500. */
  readonly statementCache?: number
  /** PostgreSQL: connections at most, besides the one that listens. Default 10. */
  readonly poolSize?: number
  /** PostgreSQL: milliseconds to wait for a connection. Default 10,000. */
  readonly connectTimeout?: number
  /** Hears of trouble that no caller is waiting for, such as a lost idle connection. */
  readonly onTrouble?: (error: Error) => void
}

export type OpenedDatabase<DB> = {
  readonly db: Kysely<DB>
  readonly engine: Engine
  /** Waits for the queries on their way, then closes. */
  close(): Promise<void>
  /** @throws Failure unavailable */
  ping(): Promise<void>
  /**
   * Changes with every write of this process at once, and with those of others on the same file within 100 ms (rule 1
   * of one-catalogue.md section 4 allows a second). Null where it cannot be told without asking (PostgreSQL).
   */
  version(): number | null
  /**
   * Runs work in one transaction; a throw rolls it back. On SQLite it begins immediate; on PostgreSQL it is read
   * committed and the work is run again, up to 5 times in all, after a deadlock or serialization failure, so it
   * must have no effects outside of the database. Inside, only `trx` may be used: `db` or a second transaction
   * is a programming error and throws.
   */
  transaction<T>(work: (trx: Transaction<DB>) => Promise<T>): Promise<T>
  /**
   * Wakes the listeners of a channel: on PostgreSQL those of all processes, on SQLite those of this handle. Inside
   * a transaction the message goes out with its commit, or never. Payload: less than 8,000 bytes.
   */
  notify(channel: string, payload?: string): Promise<void>
  /**
   * Hears a channel until the returned function is called. After a lost connection to PostgreSQL messages may be
   * missing; every listener then hears an empty payload once, meaning "something may have happened".
   */
  listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>>
}
