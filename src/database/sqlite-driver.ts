import type { DatabaseSync } from 'node:sqlite'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type LimitNode,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from 'kysely'
import { Failure, isFailure } from '../catalogue/failure.ts'
import { SqliteConnection, type SqliteLimits, type Writes } from './sqlite-connection.ts'
import { refuseInside, type TransactionScope } from './transactions.ts'

/** Kysely on one `node:sqlite` connection. */
export function sqliteDialect(
  file: DatabaseSync,
  scope: TransactionScope,
  limits: SqliteLimits,
  writes: Writes,
): Dialect {
  return {
    createAdapter: () => new QueuelessSqliteAdapter(),
    createDriver: () => new SqliteDriver(new SqliteConnection(file, limits, writes), scope),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new CastingSqliteCompiler(),
  }
}

/** SQLite compiles a statement anew at each execution when its LIMIT is a bare parameter, but not under a cast. */
class CastingSqliteCompiler extends SqliteQueryCompiler {
  protected override visitLimit(node: LimitNode): void {
    this.append('limit cast(')
    this.visitNode(node.limit)
    this.append(' as integer)')
  }
}

class QueuelessSqliteAdapter extends SqliteAdapter {
  /** Not because there were several, but to keep Kysely from putting its own queue before the driver's. */
  override get supportsMultipleConnections(): boolean {
    return true
  }
}

const begin = CompiledQuery.raw('begin immediate')

/** How many transactions share one commit at most. */
const largestGroup = 64

/** The isolation level of a transaction that wants to share its commit with nobody. */
export const ownCommit = 'serializable'

/** Transactions that are on their way to one commit. Each but the first is a savepoint, so that it can fail alone. */
type Group = {
  /** Those that have ended and wait for the commit. */
  ended: number
  /** It takes no further member. */
  full: boolean
  readonly committed: PromiseWithResolvers<void>
}

/** The failures of transactions that were undone only because they shared a commit. */
const losses = new WeakSet<Failure>()

/** Was the transaction undone for nothing of its own, so that it may be run again? */
export function lostWithOthers(error: unknown): boolean {
  return error instanceof Failure && losses.has(error)
}

/** What is told to all who shared a commit when it cannot be known whose fault it was that there was none. */
function lossOf(cause: unknown): Failure {
  const { code, message, detail } = isFailure(cause) ? cause : unknownLoss
  const failure = new Failure(code, message, detail, { cause })
  losses.add(failure)
  return failure
}

const unknownLoss = {
  code: 'unavailable',
  message: 'The database has undone what it was doing.',
  detail: { subject: 'database' },
} as const

/** The right to use the connection: for one query, or for a transaction from its begin to its end. */
class Turn implements DatabaseConnection {
  readonly #driver: SqliteDriver
  /** Its transaction began while that of another was not committed. */
  saved = false
  over = false

  constructor(driver: SqliteDriver) {
    this.#driver = driver
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.#driver.execute<R>(query)
  }

  /** A cursor would keep the only connection, and the log from being cleared; PostgreSQL's we do not have either. */
  streamQuery(): never {
    throw new Error('Long lists are read page by page, not streamed.')
  }
}

/** A transaction that waits for the end of the round of the event loop. */
type Starter = { readonly alone: boolean; readonly start: () => void }

/**
 * Hands out the one connection, in the order of asking, and commits in groups, because a sync of the disk takes as long
 * as several transactions: those that requests begin in one round of the event loop wait for its end. Then they run one
 * after the other, all of them are committed, and only now told so. Nobody else has the connection meanwhile, so nobody
 * sees what is not committed.
 */
class SqliteDriver implements Driver {
  readonly #connection: SqliteConnection
  readonly #scope: TransactionScope
  readonly #waiting: (() => void)[] = []
  readonly #starters: Starter[] = []
  #taken = false
  /** The round is over: the starters are next. */
  #isDue = false
  #group: Group | null = null

  constructor(connection: SqliteConnection, scope: TransactionScope) {
    this.#connection = connection
    this.#scope = scope
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<Turn> {
    refuseInside(this.#scope)
    if (this.#taken) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#taken = true
    return new Turn(this)
  }

  async releaseConnection(turn: Turn): Promise<void> {
    this.#end(turn)
  }

  async execute<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    try {
      return await this.#connection.executeQuery<R>(query)
    } catch (error) {
      // SQLite rolls everything back by itself when the disk is full or broken.
      if (this.#group && !this.#connection.inTransaction) this.#undone(this.#group, lossOf(error))
      throw error
    }
  }

  async beginTransaction(turn: Turn, { isolationLevel }: TransactionSettings): Promise<void> {
    const alone = isolationLevel === ownCommit
    await this.#endOfRound(alone)
    if (this.#group) {
      this.#connection.execute('savepoint member')
      turn.saved = true
      return
    }
    // A deferred begin fails at its first write as soon as another process wrote after its first read.
    await this.#connection.executeQuery(begin)
    this.#group = { ended: 0, full: alone, committed: Promise.withResolvers() }
    // Whoever waits for it hears of it; there may be nobody.
    this.#group.committed.promise.catch(() => {})
  }

  async commitTransaction(turn: Turn): Promise<void> {
    const group = this.#group
    // SQLite has rolled back, and the transaction did not notice: this throws.
    if (!group) return void this.#connection.execute('commit')
    if (turn.saved) this.#connection.execute('release member')
    await this.#committed(turn, group)
  }

  async rollbackTransaction(turn: Turn): Promise<void> {
    const group = this.#group
    // Over: the commit failed. No group: SQLite has rolled back by itself, and a second time would hide that error.
    if (turn.over || !group) return
    if (!turn.saved) {
      this.#group = null
      this.#connection.execute('rollback')
      return
    }
    this.#connection.execute('rollback to member')
    this.#connection.execute('release member')
    // Perhaps it failed because of what the others wrote: then that must be true.
    await this.#committed(turn, group)
  }

  async savepoint(_: DatabaseConnection, name: string): Promise<void> {
    this.#connection.execute(`savepoint ${quoted(name)}`)
  }

  async rollbackToSavepoint(_: DatabaseConnection, name: string): Promise<void> {
    this.#connection.execute(`rollback to ${quoted(name)}`)
  }

  async releaseSavepoint(_: DatabaseConnection, name: string): Promise<void> {
    this.#connection.execute(`release ${quoted(name)}`)
  }

  async destroy(): Promise<void> {
    // In turn: whoever asked before still gets an answer.
    const turn = await this.acquireConnection()
    await this.#endOfRound(true)
    this.#connection.close()
    this.#end(turn)
  }

  /** Gives the turn to others until the round is over, or joins the group that has it now. */
  async #endOfRound(alone: boolean): Promise<void> {
    const started = new Promise<void>((start) => this.#starters.push({ alone, start }))
    if (this.#starters.length === 1 && !this.#isDue) setImmediate(() => this.#startAll())
    this.#pass()
    await started
  }

  #startAll(): void {
    this.#isDue = this.#starters.length > 0
    if (this.#taken) return
    this.#taken = true
    this.#pass()
  }

  /** Ends a turn, and lets its transaction wait for the commit. */
  async #committed(turn: Turn, group: Group): Promise<void> {
    group.ended++
    if (group.ended === largestGroup) group.full = true
    this.#end(turn)
    await group.committed.promise
  }

  #end(turn: Turn): void {
    if (turn.over) return
    turn.over = true
    this.#pass()
  }

  /** Gives the turn to the next one: to more members of the group, or after its commit to those who wait. */
  #pass(): void {
    const [starter] = this.#starters
    if (this.#group && starter && !this.#group.full && !starter.alone) this.#start(starter)
    else {
      if (this.#group) this.#commit(this.#group)
      const next = this.#waiting.shift()
      if (next) next()
      else if (starter && this.#isDue) this.#start(starter)
      else this.#taken = false
    }
  }

  #start(starter: Starter): void {
    this.#starters.shift()
    if (this.#starters.length === 0) this.#isDue = false
    starter.start()
  }

  #commit(group: Group): void {
    try {
      this.#connection.execute('commit')
      this.#group = null
      group.committed.resolve()
    } catch (error) {
      if (this.#connection.inTransaction) this.#connection.execute('rollback')
      this.#undone(group, group.ended === 1 ? error : lossOf(error))
    }
  }

  #undone(group: Group, why: unknown): void {
    this.#group = null
    group.committed.reject(why)
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
