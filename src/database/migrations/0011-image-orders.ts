import { type Kysely, sql } from 'kysely'

/** Columns of which many images have the same value, and that Glance orders by: then by age, then by uuid. */
const alike = ['status', 'disk_format', 'container_format'] as const

/** Those that are ordered by within what everybody may see, as 0001 has them within an owner and within everything. */
const ordered = [
  'name_fold',
  'label_fold',
  'type',
  'stage',
  'size',
  'updated_at',
  'cleanup_at',
  'os_distro_fold',
  'os_version_fold',
  'hypervisor_type_fold',
  'architecture_fold',
  'min_disk',
  'min_ram',
  'protected',
  'container_format',
  'disk_format',
  'region_fold',
] as const

const nullable: ReadonlySet<string> = new Set([
  'size',
  'cleanup_at',
  'os_distro_fold',
  'os_version_fold',
  'hypervisor_type_fold',
  'architecture_fold',
  'container_format',
  'disk_format',
])

function statements(engine: 'sqlite' | 'postgres'): string[] {
  const key = (column: string) =>
    column + (engine === 'postgres' && nullable.has(column) ? ' nulls first' : '')
  // Most images are nobody's but their project's: they have no entries here.
  const offered = "where visibility = 'public' or visibility = 'community'"
  return [
    ...alike.flatMap((column) => [
      `create index images_owner_${column}_age on images (deleted, owner_id, ${key(column)}, created_at, uuid)`,
      `create index images_all_${column}_age on images (deleted, ${key(column)}, created_at, uuid)`,
      `create index images_offered_${column}_age
        on images (deleted, visibility, ${key(column)}, created_at, uuid) ${offered}`,
    ]),
    ...ordered.map(
      (column) =>
        `create index images_offered_${column} on images (deleted, visibility, ${key(column)}, uuid) ${offered}`,
    ),
    `create index images_offered_uuid on images (deleted, visibility, uuid) ${offered}`,
    // What is not deleted has no such date, and the list of what is leaves nothing out.
    'drop index images_owner_deleted_at',
    'drop index images_all_deleted_at',
    // What has no version is looked for as well, and then by the name alone.
    'drop index images_version',
    // A new image is not published: it needs no entry where only what is published is looked for.
    ...['imgapi_os', 'imgapi_type'].flatMap((column) => [
      `drop index images_${column}`,
      `create index images_${column} on images (deleted, ${column}, published_at, uuid) where published_at is not null`,
    ]),
    'drop index images_visible_published_at',
    `create index images_visible_published_at
      on images (deleted, visibility, published_at${engine === 'postgres' ? ' nulls first' : ''}, uuid) ${offered}`,
  ]
}

/** Lists of what several scopes show are read scope by scope, each in the order of the list. */
export const imageOrders = {
  // A migration runs before the types of schema.ts hold, hence `any`.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  async up(trx: Kysely<any>, engine: 'sqlite' | 'postgres'): Promise<void> {
    for (const statement of statements(engine)) await sql.raw(statement).execute(trx)
  },
}
