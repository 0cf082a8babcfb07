import { type Kysely, sql } from 'kysely'

function statements(engine: 'sqlite' | 'postgres'): string[] {
  const { int, text } =
    engine === 'sqlite' ? { int: 'integer', text: 'text' } : { int: 'bigint', text: 'text collate "C"' }
  return [
    `create table uploads (
      id ${text} primary key, user_id ${int} references users (id) on delete cascade,
      owner_id ${int} references projects (id) on delete cascade, image_uuid ${text} not null, draft_json ${text},
      metadata ${text} not null, length ${int} not null, received ${int} not null, task_id ${text},
      created_at ${int} not null, expires_at ${int} not null)`,
    `create index uploads_user on uploads (user_id, created_at, id)`,
    `create index uploads_open on uploads (owner_id) where task_id is null`,
    `create index uploads_expiry on uploads (expires_at)`,
    `create table upload_parts (
      upload_id ${text} not null references uploads (id) on delete cascade, start ${int} not null, size ${int} not null,
      store ${text} not null, key ${text} not null unique, primary key (upload_id, start))`,
  ]
}

/** Uploads that can be taken up again, and what has arrived of them. */
export const uploads = {
  // A migration runs before the types of schema.ts hold, hence `any`.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  async up(trx: Kysely<any>, engine: 'sqlite' | 'postgres'): Promise<void> {
    for (const statement of statements(engine)) await sql.raw(statement).execute(trx)
  },
}
