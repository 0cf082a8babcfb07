import { type Kysely, sql } from 'kysely'

/**
 * Each list of registrations (of a compute resource, an operating system, an architecture) in each order that
 * foreman.md 7.6 offers and 0001 has no index for. `compute_resource` sorts by a name of another table: inside one
 * compute resource it is constant, elsewhere the database sorts.
 */
const orders: Readonly<Record<string, readonly string[]>> = {
  compute_resource_id: ['username', 'user_data', 'operating_system_id', 'architecture_id'],
  operating_system_id: ['username', 'user_data', 'architecture_id'],
  architecture_id: ['username', 'user_data', 'operating_system_id'],
}

function indexes(engine: 'sqlite' | 'postgres'): string[] {
  return Object.entries(orders).flatMap(([parent, columns]) => [
    `create index registrations_${parent}_id on registrations (${parent}, id)`,
    ...columns.map((column) => {
      // SQLite has NULLs first by itself; PostgreSQL uses the index only if it was made so.
      const nulls = engine === 'postgres' && column === 'user_data' ? ' nulls first' : ''
      return `create index registrations_${parent}_${column} on registrations (${parent}, ${column}${nulls}, id)`
    }),
  ])
}

/** Substrings of names and logins. On SQLite an index that triggers keep, so it cannot disagree with the rows. */
const substrings = {
  sqlite: [
    `create virtual table registration_text using fts5 (name_fold, username_fold, content = 'registrations',
      content_rowid = 'id', tokenize = 'trigram case_sensitive 1')`,
    `insert into registration_text (registration_text) values ('rebuild')`,
    `create trigger registrations_inserted after insert on registrations begin
      insert into registration_text (rowid, name_fold, username_fold) values (new.id, new.name_fold, new.username_fold);
    end`,
    `create trigger registrations_removed after delete on registrations begin
      insert into registration_text (registration_text, rowid, name_fold, username_fold)
      values ('delete', old.id, old.name_fold, old.username_fold);
    end`,
    `create trigger registrations_texted after update of name_fold, username_fold on registrations begin
      insert into registration_text (registration_text, rowid, name_fold, username_fold)
      values ('delete', old.id, old.name_fold, old.username_fold);
      insert into registration_text (rowid, name_fold, username_fold) values (new.id, new.name_fold, new.username_fold);
    end`,
  ],
  postgres: [
    'create index registrations_name_text on registrations using gin (name_fold gin_trgm_ops)',
    'create index registrations_username_text on registrations using gin (username_fold gin_trgm_ops)',
  ],
}

/** What Foreman needs of the catalogue: who belongs where, and lists of registrations in every order. */
export const foreman = {
  // A migration runs before the types of schema.ts hold, hence `any`.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  async up(trx: Kysely<any>, engine: 'sqlite' | 'postgres'): Promise<void> {
    const int = engine === 'sqlite' ? 'integer' : 'bigint'
    const statements = [
      `create table user_locations (
        user_id ${int} not null references users (id) on delete cascade,
        location_id ${int} not null references locations (id) on delete cascade, primary key (user_id, location_id))`,
      'create index user_locations_location on user_locations (location_id)',
      `create table user_projects (
        user_id ${int} not null references users (id) on delete cascade,
        project_id ${int} not null references projects (id) on delete cascade, primary key (user_id, project_id))`,
      'create index user_projects_project on user_projects (project_id)',
      `create table project_locations (
        project_id ${int} not null references projects (id) on delete cascade,
        location_id ${int} not null references locations (id) on delete cascade, primary key (project_id, location_id))`,
      'create index project_locations_location on project_locations (location_id)',
      'create index projects_parent on projects (parent_id)',
      'create index locations_parent on locations (parent_id)',
      ...indexes(engine),
      ...substrings[engine],
    ]
    for (const statement of statements) await sql.raw(statement).execute(trx)
  },
}
