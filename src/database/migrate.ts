import { type Kysely, sql } from 'kysely'
import { Failure, isFailure } from '../catalogue/failure.ts'
import type { Engine } from './dialect.ts'
import type { OpenedDatabase } from './opened.ts'

export type Migration = {
  /**
   * One step forward. It must not name types of the present schema: `any`, because the tables it meets are those of
   * its own time. On SQLite foreign keys do nothing while it runs (no cascades), so that tables can be rebuilt; they
   * are checked before the commit.
   */
  // biome-ignore lint/suspicious/noExplicitAny: see above, a migration knows no schema
  up(trx: Kysely<any>, engine: Engine): Promise<void>
}

/** `applied_at` in microseconds since 1970, as all instants in the database. */
type Ledger = { readonly migrations: { readonly name: string; readonly applied_at: number } }

/** Any fixed number will do; other programs' advisory locks in the same database should not use it. */
const lockKey = 0x1a6e_9047

/**
 * Brings the database up to date: runs the migrations that it has not seen, in the order of the record, all in one
 * transaction. Safe when several processes start at once; the others wait and then find nothing to do.
 *
 * @returns the names of those that were run now
 * @throws Failure state (reason `database-newer`) — a newer program has been here; unavailable (reason `migration`)
 *   — one failed, and the database is as it was
 */
export async function migrate<DB>(
  opened: OpenedDatabase<DB>,
  migrations: Readonly<Record<string, Migration>>,
): Promise<readonly string[]> {
  // The pragma does nothing inside a transaction.
  await foreignKeys(opened, false)
  try {
    return await opened.transaction(async (trx) =>
      run(trx as unknown as Kysely<unknown>, opened.engine, migrations),
    )
  } finally {
    await foreignKeys(opened, true)
  }
}

async function run(
  trx: Kysely<unknown>,
  engine: Engine,
  migrations: Readonly<Record<string, Migration>>,
): Promise<readonly string[]> {
  // SQLite holds its write lock since `begin immediate`.
  if (engine === 'postgres') await sql`select pg_advisory_xact_lock(${lockKey})`.execute(trx)
  const ledger = trx as unknown as Kysely<Ledger>
  await sql`create table if not exists migrations (name text primary key, applied_at bigint not null)`.execute(
    trx,
  )
  const applied = new Set(
    (await ledger.selectFrom('migrations').select('name').execute()).map((row) => row.name),
  )

  const unknown = [...applied].filter((name) => !Object.hasOwn(migrations, name))
  if (unknown.length > 0) {
    throw new Failure(
      'state',
      `The database was used by a newer Imageport (unknown: ${unknown.sort().join(', ')}); start that one instead.`,
      { subject: 'database', reason: 'database-newer' },
    )
  }

  const ran: string[] = []
  for (const [name, migration] of Object.entries(migrations)) {
    if (applied.has(name)) continue
    try {
      await migration.up(trx, engine)
    } catch (error) {
      throw failed(name, error)
    }
    await ledger
      .insertInto('migrations')
      .values({ name, applied_at: Date.now() * 1000 })
      .execute()
    ran.push(name)
  }
  if (engine === 'sqlite' && ran.length > 0) await checkForeignKeys(trx, ran)
  return ran
}

function failed(name: string, error: unknown): Failure {
  const why = error instanceof Error ? error.message : String(error)
  return new Failure(
    isFailure(error) ? error.code : 'unavailable',
    `The migration ${name} failed, the database is unchanged: ${why}`,
    { subject: 'database', reason: 'migration', id: name },
    { cause: error },
  )
}

async function foreignKeys<DB>({ db, engine }: OpenedDatabase<DB>, on: boolean): Promise<void> {
  if (engine === 'sqlite') await sql`pragma foreign_keys = ${sql.raw(on ? 'on' : 'off')}`.execute(db)
}

async function checkForeignKeys(trx: Kysely<unknown>, ran: readonly string[]): Promise<void> {
  const { rows } = await sql<{ table: string; parent: string }>`pragma foreign_key_check`.execute(trx)
  const [first] = rows
  if (first)
    throw failed(ran.join(', '), new Error(`rows of ${first.table} refer to missing rows of ${first.parent}`))
}
