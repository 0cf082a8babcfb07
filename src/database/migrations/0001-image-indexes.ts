/**
 * The columns by which any face may order images. Each gets two indexes that end in the uuid, the tie-breaker: one
 * inside an owner (what a project sees) and one over everything (what an administrator sees). `deleted` comes first
 * because every list leaves the deleted ones out.
 */
export const orderedColumns = [
  'name_fold',
  'label_fold',
  'type',
  'stage',
  'size',
  'created_at',
  'updated_at',
  'deleted_at',
  'cleanup_at',
  'os_distro_fold',
  'os_version_fold',
  'hypervisor_type_fold',
  'architecture_fold',
  'min_disk',
  'min_ram',
  'protected',
  'visibility',
  'container_format',
  'disk_format',
  'region_fold',
] as const

/** Those of them that can be missing. NULLs come first: SQLite has it so by itself, PostgreSQL has to be told. */
const nullable: ReadonlySet<string> = new Set([
  'size',
  'deleted_at',
  'cleanup_at',
  'os_distro_fold',
  'os_version_fold',
  'hypervisor_type_fold',
  'architecture_fold',
  'container_format',
  'disk_format',
])

export function imageIndexes(engine: 'sqlite' | 'postgres'): string[] {
  const statements = [
    'create index images_owner_uuid on images (deleted, owner_id, uuid)',
    'create index images_all_uuid on images (deleted, uuid)',
    // What a caller may see beyond its own: public, community, shared.
    'create index images_visible on images (deleted, visibility, created_at, uuid)',
    'create index images_location on images (location_id)',
    'create index images_status on images (status, updated_at)',
    // Danube's alias with version.
    'create index images_version on images (name_fold, version)',
  ]
  // Found by exact value only, and often missing: what is missing needs no entry.
  for (const column of ['blob_id', 'instance_uuid', 'volume_snapshot_uuid', 'md5', 'sha512'])
    statements.push(`create index images_${column} on images (${column}) where ${column} is not null`)
  for (const column of orderedColumns) {
    const nulls = engine === 'postgres' && nullable.has(column) ? ' nulls first' : ''
    statements.push(
      `create index images_owner_${column} on images (deleted, owner_id, ${column}${nulls}, uuid)`,
      `create index images_all_${column} on images (deleted, ${column}${nulls}, uuid)`,
    )
  }
  return statements
}
