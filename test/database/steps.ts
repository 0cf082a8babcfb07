import { sql } from 'kysely'
import type { Migration } from '../../src/database/migrate.ts'

/** Migrations for the tests: two tables, one after the other, and a row each process would add again. */
export const steps: Record<string, Migration> = {
  '0001-counters': {
    async up(trx) {
      await sql`create table counters (id bigint primary key, value bigint not null)`.execute(trx)
    },
  },
  '0002-names': {
    async up(trx, engine) {
      const id =
        engine === 'sqlite' ? 'integer primary key' : 'bigint generated always as identity primary key'
      await sql`create table names (id ${sql.raw(id)}, name text not null)`.execute(trx)
      await trx.insertInto('names').values({ name: engine }).execute()
    },
  },
}
