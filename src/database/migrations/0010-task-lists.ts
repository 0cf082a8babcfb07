import { type Kysely, sql } from 'kysely'

/** Lists of tasks in one state or of one kind, newest first: what the console filters them by. */
export const taskLists = {
  // A migration runs before the types of schema.ts hold, hence `any`.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  async up(trx: Kysely<any>): Promise<void> {
    await sql`create index tasks_state_created on tasks (state, created_at, id)`.execute(trx)
    await sql`create index tasks_kind_created on tasks (kind, created_at, id)`.execute(trx)
  },
}
