import { type Kysely, sql } from 'kysely'

/**
 * The counters hold each image once (0001). What further copies in other stores take is put beside it by triggers of
 * their own, which are silent for the images that have one copy: nearly all.
 */
const count = (row: 'new' | 'old', sign: '' | '-') => `
  insert into image_counts (owner_id, visibility, status, hidden, images, bytes)
  select coalesce(${row}.owner_id, 0), ${row}.visibility, ${row}.status, ${row}.hidden, 0,
    ${sign}coalesce(${row}.size, 0) * (${row}.copies - 1)
  where ${row}.copies > 1
  on conflict (owner_id, visibility, status, hidden) do update set bytes = image_counts.bytes + excluded.bytes;`

const triggers = {
  sqlite: [
    `create trigger images_copied_inserted after insert on images when new.copies > 1 begin ${count('new', '')} end`,
    `create trigger images_copied_removed after delete on images when old.copies > 1 begin ${count('old', '-')} end`,
    `create trigger images_copied after update of owner_id, visibility, status, hidden, size, copies on images
      when new.copies > 1 or old.copies > 1 begin ${count('old', '-')} ${count('new', '')} end`,
  ],
  // In the order of the keys, as the other trigger has it.
  postgres: [
    `create function images_count_copies() returns trigger language plpgsql as $$
    begin
      insert into image_counts as c (owner_id, visibility, status, hidden, images, bytes)
      select owner_id, visibility, status, hidden, 0, sum(bytes) from (
        select coalesce(new.owner_id, 0) as owner_id, new.visibility, new.status, new.hidden,
          coalesce(new.size, 0) * (new.copies - 1) as bytes where tg_op <> 'DELETE' and new.copies > 1
        union all
        select coalesce(old.owner_id, 0), old.visibility, old.status, old.hidden,
          -coalesce(old.size, 0) * (old.copies - 1) where tg_op <> 'INSERT' and old.copies > 1) as change
      group by owner_id, visibility, status, hidden
      order by owner_id, visibility, status, hidden
      on conflict (owner_id, visibility, status, hidden) do update set bytes = c.bytes + excluded.bytes;
      return null;
    end $$`,
    `create trigger images_copied after insert or delete or update of owner_id, visibility, status, hidden, size, copies
      on images for each row execute function images_count_copies()`,
  ],
}

function statements(engine: 'sqlite' | 'postgres'): string[] {
  const int = engine === 'sqlite' ? 'integer' : 'bigint'
  const imports = "kind in ('import-url', 'import-image', 'location-import')"
  return [
    // In how many stores its project has put an image: what it counts against a quota.
    `alter table images add column copies ${int} not null default 1`,
    ...triggers[engine],
    // The orders in which Glance lists its tasks, which are imports only (glance.md section 17).
    `create index tasks_imports_created on tasks (created_at, id) where ${imports}`,
    `create index tasks_imports_updated on tasks ((coalesce(finished_at, started_at, created_at)), created_at, id)
      where ${imports}`,
    `create index tasks_imports_finished on tasks ((coalesce(finished_at, 0)), created_at, id) where ${imports}`,
    `create index tasks_imports_state on tasks ((case state when 'cancelled' then 'failed' else state end), created_at, id)
      where ${imports}`,
  ]
}

/** Imports into stores, and how Glance lists them. */
export const imports = {
  // A migration runs before the types of schema.ts hold, hence `any`.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  async up(trx: Kysely<any>, engine: 'sqlite' | 'postgres'): Promise<void> {
    for (const statement of statements(engine)) await sql.raw(statement).execute(trx)
  },
}
