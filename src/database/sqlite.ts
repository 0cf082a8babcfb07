import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { CompiledQuery, Kysely } from 'kysely'
import { Failure } from '../catalogue/failure.ts'
import type { OpenedDatabase, OpenOptions } from './opened.ts'
import type { Writes } from './sqlite-connection.ts'
import { lostWithOthers, ownCommit, sqliteDialect } from './sqlite-driver.ts'
import { running, runTransaction, type TransactionRules, transactionScope } from './transactions.ts'

const memory = ':memory:'

/** Milliseconds after which the writes of other processes are noticed at the latest. */
const lookEvery = 100

/** Milliseconds that SQLite itself may wait for a lock, which stops the process; the driver waits longer without. */
const briefly = 2

/** SQLite has one writer at a time and no levels; the driver knows these two as sharing a commit and having one's own. */
const rules: TransactionRules = {
  attempts: 2,
  retryable: lostWithOthers,
  isolation: 'read committed',
  isolationAgain: ownCommit,
}

/**
 * Opens one SQLite file, or a database in memory. One connection serves the whole process; Kysely's queries take
 * turns on it, and a transaction keeps it until its end.
 *
 * @throws Failure unavailable — the file cannot be opened, created or is no database
 */
export async function openSqlite<DB>(path: string, options: OpenOptions): Promise<OpenedDatabase<DB>> {
  const { busyTimeout = 10_000, statementCache = 500, synchronous = 'full' } = options
  const file = openFile(path, busyTimeout, synchronous)
  const scope = transactionScope()
  const writes: Writes = { count: 0 }
  const limits = { busyTimeout, statementCache }
  const db = new Kysely<DB>({ dialect: sqliteDialect(file, scope, limits, writes) })
  const others = file.prepare('pragma data_version')
  others.setReturnArrays(true)
  let seen = { version: -1, at: Number.NEGATIVE_INFINITY }

  /** Asking the file costs as much as reading a row. */
  function versionOfOthers(): number {
    const at = performance.now()
    if (at - seen.at > lookEvery) seen = { version: (others.get() as unknown as [number])[0], at }
    return seen.version
  }
  const listeners = new Map<string, Set<(payload: string) => void>>()
  const ping = CompiledQuery.raw('select 1')
  await db.executeQuery(ping)

  function wake(channel: string, payload: string): void {
    // Outside of the notifier's transaction scope, and after what it does now: listeners query for themselves.
    for (const heard of listeners.get(channel) ?? []) {
      scope.run(undefined, () => queueMicrotask(() => listeners.get(channel)?.has(heard) && heard(payload)))
    }
  }

  return {
    db,
    engine: 'sqlite',
    async close() {
      listeners.clear()
      await db.destroy()
    },
    async ping() {
      await db.executeQuery(ping)
    },
    // Our own writes change no data_version, and those of others no count.
    version: () => versionOfOthers() * 2 ** 32 + writes.count,
    transaction: (work) => runTransaction(db, scope, rules, work),
    async notify(channel, payload = '') {
      const present = running(scope)
      if (present) present.afterCommit.push(() => wake(channel, payload))
      else wake(channel, payload)
    },
    async listen(channel, heard) {
      // A wrapper of its own, so that one function may listen twice and stop once.
      const entry = (payload: string) => heard(payload)
      const present = listeners.get(channel) ?? new Set()
      listeners.set(channel, present.add(entry))
      return async () => {
        present.delete(entry)
      }
    },
  }
}

function openFile(path: string, busyTimeout: number, synchronous: 'full' | 'normal'): DatabaseSync {
  try {
    // Password digests and tokens live in it: a new file is its owner's only (-wal and -shm copy its mode).
    if (path !== memory) closeSync(openSync(path, 'a', 0o600))
    const file = new DatabaseSync(path)
    try {
      // First of all, because switching to WAL already needs a lock that another process may hold.
      file.exec(`pragma busy_timeout = ${Math.trunc(busyTimeout)}`)
      file.exec('pragma journal_mode = wal')
      file.exec(`pragma synchronous = ${synchronous}`)
      file.exec('pragma foreign_keys = on')
      // Kilobytes: the default of 2 MB does not hold the upper pages of a large catalogue's indexes.
      file.exec('pragma cache_size = -65536')
      // SQLite notes every page that a statement changes, to be able to undo it: in a file of its own from 64 KB on,
      // which an image with all its index entries exceeds.
      file.exec('pragma temp_store = memory')
      // Pages, of 4 KB. What is written again and again meanwhile is moved out of the log only once.
      file.exec('pragma wal_autocheckpoint = 4000')
      // A checkpoint does not shrink the log by itself; after a burst it would stay as large as it ever was.
      file.exec('pragma journal_size_limit = 67108864')
      file.exec(`pragma busy_timeout = ${briefly}`)
    } catch (error) {
      file.close()
      throw error
    }
    return file
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Failure(
      'unavailable',
      `The SQLite database ${path} cannot be opened: ${why}.`,
      { subject: 'database', reason: 'database-open' },
      { cause: error },
    )
  }
}
