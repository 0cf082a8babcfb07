import { sql } from 'kysely'
import { likePattern } from '../pattern.ts'
import type { Field, Fields, Searchable } from '../search.ts'

const text = (column: string, folded?: string): Field => ({
  column: `images.${column}`,
  kind: 'text',
  ...(folded ? { folded: `images.${folded}` } : {}),
})
const number = (column: string): Field => ({ column: `images.${column}`, kind: 'number' })
const maybe = (field: Field): Field => ({ ...field, nullable: true })

/**
 * The fields by which images can be filtered and ordered, under the names of this catalogue. Uuids, statuses and
 * formats are stored in lower case only, so they are their own folded form.
 */
export const imageFields = {
  seq: number('seq'),
  uuid: text('uuid'),
  handle: text('handle'),
  name: text('name', 'name_fold'),
  /** The name, or the uuid of an image that has none. */
  label: text('label_fold', 'label_fold'),
  status: text('status'),
  /** The status as faces with seven statuses show it: `uploading` and `importing` are `saving`. */
  stage: text('stage'),
  type: text('type'),
  visibility: text('visibility'),
  ownerId: maybe(number('owner_id')),
  locationId: maybe(number('location_id')),
  region: text('region_fold', 'region_fold'),
  diskFormat: maybe(text('disk_format')),
  containerFormat: maybe(text('container_format')),
  size: maybe(number('size')),
  virtualSize: maybe(number('virtual_size')),
  md5: maybe(text('md5')),
  sha512: maybe(text('sha512')),
  minDisk: number('min_disk'),
  minRam: number('min_ram'),
  protected: number('protected'),
  hidden: number('hidden'),
  guestAgent: number('guest_agent'),
  osDistro: maybe(text('os_distro_fold', 'os_distro_fold')),
  osVersion: maybe(text('os_version_fold', 'os_version_fold')),
  architecture: maybe(text('architecture_fold', 'architecture_fold')),
  hypervisorType: maybe(text('hypervisor_type_fold', 'hypervisor_type_fold')),
  instanceUuid: maybe(text('instance_uuid')),
  volumeSnapshotUuid: maybe(text('volume_snapshot_uuid')),
  version: maybe(text('version')),
  bound: number('bound'),
  withdrawn: number('withdrawn'),
  createdAt: number('created_at'),
  updatedAt: number('updated_at'),
  deletedAt: maybe(number('deleted_at')),
  publishedAt: maybe(number('published_at')),
  external: number('external'),
  blobId: maybe(text('blob_id')),
  resize: maybe(number('resize')),
  deploy: maybe(number('deploy')),
  imgapiName: text('imgapi_name'),
  imgapiType: text('imgapi_type'),
  imgapiOs: text('imgapi_os'),
  cleanupAt: maybe(number('cleanup_at')),
} as const satisfies Fields
export type ImageField = keyof typeof imageFields

/** The part of them that the counters know: a list filtered by these alone is counted without reading images. */
export const countedFields = {
  status: { column: 'image_counts.status', kind: 'text' },
  visibility: { column: 'image_counts.visibility', kind: 'text' },
  hidden: { column: 'image_counts.hidden', kind: 'number' },
  ownerId: { column: 'image_counts.owner_id', kind: 'number' },
} as const satisfies Fields

/** Selects of the seqs that the index tables lead to. */
export const lookups = {
  tag: (tag: string, caseless: boolean) =>
    sql`select image_seq as seq from image_tags where ${sql.ref(caseless ? 'tag_fold' : 'tag')} = ${
      caseless ? tag.normalize('NFC').toLowerCase() : tag
    }`,
  // The index holds the first 100 characters (see the migration); the second condition compares the rest.
  property: (name: string, value: string) =>
    sql`select image_seq as seq from image_properties where name = ${name}
      and substr(value, 1, 100) = ${[...value].slice(0, 100).join('')} and value = ${value}`,
}

/** Images as something to search in; the substring search differs between the engines. */
export function searchableImages(engine: 'sqlite' | 'postgres'): Searchable {
  return {
    fields: imageFields,
    texts: new Set(['images.name_fold', 'images.uuid', 'images.os_distro_fold', 'images.os_version_fold']),
    tag: (tag, caseless) => sql`images.seq in (${lookups.tag(tag, caseless)})`,
    property: (name, value) => sql`images.seq in (${lookups.property(name, value)})`,
    // As with properties, the index holds the first 100 characters of a value.
    fact: (kind, name, value) => {
      const named = name === undefined ? sql`` : sql` and name = ${name}`
      const valued =
        value === undefined
          ? sql``
          : sql` and substr(value, 1, 100) = ${[...value].slice(0, 100).join('')} and value = ${value}`
      return sql`images.seq in (select image_seq from image_manifest_facts where kind = ${kind}${named}${valued})`
    },
    text: (folded) => {
      const pattern = likePattern(['', folded, ''])
      // Fewer than three characters have no trigram: such a search walks the list, as any index would have to.
      if (engine === 'postgres' || [...folded].length < 3)
        return sql`images.search_text like ${pattern} escape '\\'`
      return sql`images.seq in (select rowid from image_text where image_text match ${`"${folded.replaceAll('"', '""')}"`})`
    },
  }
}
