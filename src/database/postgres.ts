import { CompiledQuery, Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { Failure } from '../catalogue/failure.ts'
import type { OpenedDatabase, OpenOptions } from './opened.ts'
import { postgresFailure, postgresPool, postgresTypes, retryable } from './postgres-driver.ts'
import { postgresListener } from './postgres-listener.ts'
import { running, runTransaction, type TransactionRules, transactionScope } from './transactions.ts'

const rules: TransactionRules = {
  attempts: 5,
  retryable,
  isolation: 'read committed',
  isolationAgain: 'read committed',
}

/**
 * Opens a pool of connections to a PostgreSQL server and tries it once.
 *
 * @throws Failure invalid — the URL cannot be understood; unavailable — the server cannot be reached or refuses
 */
export async function openPostgres<DB>(url: string, options: OpenOptions): Promise<OpenedDatabase<DB>> {
  const config: pg.PoolConfig = {
    connectionString: url,
    application_name: 'imageport',
    max: options.poolSize ?? 10,
    connectionTimeoutMillis: options.connectTimeout ?? 10_000,
    // A firewall that forgets idle connections would otherwise be noticed by the first request of the morning.
    keepAlive: true,
    types: postgresTypes,
  }
  const server = serverName(config)
  const scope = transactionScope()
  const trouble = options.onTrouble ?? (() => {})
  const pool = new pg.Pool(config)
  pool.on('error', trouble)
  const db = new Kysely<DB>({
    dialect: new PostgresDialect({ pool: postgresPool(pool, scope, options.statementCache ?? 500) }),
  })
  const listener = postgresListener(() => new pg.Client(config), trouble)
  const ping = CompiledQuery.raw('select 1')

  try {
    await db.executeQuery(ping)
  } catch (error) {
    await db.destroy()
    throw new Failure(
      'unavailable',
      `The PostgreSQL database ${server} cannot be used: ${reason(error)}.`,
      { subject: 'database', reason: 'database-open' },
      { cause: error },
    )
  }

  return {
    db,
    engine: 'postgres',
    async close() {
      await listener.close()
      await db.destroy()
    },
    async ping() {
      await db.executeQuery(ping)
    },
    version: () => null,
    transaction: (work) => runTransaction(db, scope, rules, work),
    async notify(channel, payload = '') {
      // In a transaction the server itself holds the message back until the commit.
      await sql`select pg_notify(${channel}, ${payload})`.execute(running(scope)?.trx ?? db)
    },
    listen: (channel, heard) => listener.listen(channel, heard),
  }
}

/** Host, port and name for messages; never user or password. */
function serverName(config: pg.PoolConfig): string {
  try {
    // Only parses here; a client connects when told to.
    const { host, port, database } = new pg.Client(config)
    return `${database ?? ''} at ${host}:${port}`
  } catch {
    // Without the cause: it may quote the URL, and with it the password.
    throw new Failure(
      'invalid',
      'The PostgreSQL URL cannot be understood; write postgres://user:password@host/name.',
      {
        subject: 'database',
        reason: 'database-url',
      },
    )
  }
}

/** The innermost reason: a refused connection to a name with several addresses is an AggregateError without text. */
function reason(error: unknown): string {
  const found = postgresFailure(error)
  const cause = found instanceof Failure ? found.cause : found
  if (cause instanceof AggregateError) return cause.errors.map(reason).join('; ')
  return cause instanceof Error ? cause.message : String(cause)
}
