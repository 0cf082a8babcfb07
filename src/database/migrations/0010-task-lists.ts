import { type Kysely, sql } from 'kysely'

/** Lists of tasks in one state or of one kind, newest first: what the console filters them by. */
export const taskLists = {
  // A migration runs before the types of schema.ts hold, hence `any`.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  async up(trx: Kysely<any>): Promise<void> {
    await sql`create index tasks_state_created on tasks (state, created_at, id)`.execute(trx)
    // In lower case, as whoever types a kind may have it. An index on the kind itself would mislead SQLite: knowing how many
    // there are of each, it reads Glance's lists of imports by it, and sorts them.
    await sql`create index tasks_kind_created on tasks (lower(kind), created_at, id)`.execute(trx)
  },
}
