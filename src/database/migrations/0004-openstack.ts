import { type Kysely, sql } from 'kysely'

function statements(engine: 'sqlite' | 'postgres'): string[] {
  const { int, text } =
    engine === 'sqlite' ? { int: 'integer', text: 'text' } : { int: 'bigint', text: 'text collate "C"' }
  return [
    // How an external Keystone calls them; null: they are known here by their uuid alone.
    `alter table projects add column keystone_id ${text}`,
    'create unique index projects_keystone on projects (keystone_id) where keystone_id is not null',
    `alter table users add column keystone_id ${text}`,
    'create unique index users_keystone on users (keystone_id) where keystone_id is not null',
    // The name they have there, where they have it from there; null: their name is the catalogue's own.
    `alter table projects add column keystone_name ${text}`,
    `alter table users add column keystone_name ${text}`,
    // Each store keeps a blob under a key of its own, so that two copies can never meet in one place.
    `alter table blob_places add column key ${text} not null default ''`,
    'update blob_places set key = blob_id',
    'create index blob_places_key on blob_places (key)',
    // The import that works on an image: its task, the stores it still has to fill and those that failed.
    `alter table images add column import_json ${text}`,
    // Members that are no project of this catalogue (yet): Glance takes any text for a project's id.
    `create table image_strangers (
      image_seq ${int} not null references images (seq) on delete cascade, member_id ${text} not null,
      status ${text} not null, created_at ${int} not null, updated_at ${int} not null,
      primary key (image_seq, member_id))`,
    'create index image_strangers_member on image_strangers (member_id)',
  ]
}

/** What OpenStack's clients need of the catalogue (glance.md). */
export const openstack = {
  // A migration runs before the types of schema.ts hold, hence `any`.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  async up(trx: Kysely<any>, engine: 'sqlite' | 'postgres'): Promise<void> {
    for (const statement of statements(engine)) await sql.raw(statement).execute(trx)
  },
}
