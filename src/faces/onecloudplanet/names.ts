import type { ImageField } from '../../catalogue/images/fields.ts'
import { hypervisorTypes, statuses, visibilities } from './vocabulary.ts'

/** How a field is compared (onecloudplanet.md 1.2). */
export type Kind = 'text' | 'choice' | 'integer' | 'timestamp' | 'boolean' | 'client' | 'tags' | 'iso'

export type WireField = {
  readonly kind: Kind
  /** The catalogue's name of it. */
  readonly field: ImageField
  /** The values of a choice. */
  readonly choices?: readonly string[]
}

const text = (field: ImageField): WireField => ({ kind: 'text', field })
const integer = (field: ImageField): WireField => ({ kind: 'integer', field })
const timestamp = (field: ImageField): WireField => ({ kind: 'timestamp', field })
const boolean = (field: ImageField): WireField => ({ kind: 'boolean', field })
const choice = (field: ImageField, choices: readonly string[]): WireField => ({
  kind: 'choice',
  field,
  choices,
})
const values = (choices: readonly { readonly value: string }[]) => choices.map(({ value }) => value)

/** What `filtering` can name. */
export const filterFields: ReadonlyMap<string, WireField> = new Map([
  ['status', choice('status', values(statuses))],
  ['hypervisor_type', choice('hypervisorType', hypervisorTypes)],
  ['visibility', choice('visibility', values(visibilities))],
  ['id', text('uuid')],
  ['name', text('name')],
  ['type', text('type')],
  ['os_distro', text('osDistro')],
  ['os_version', text('osVersion')],
  ['architecture', text('architecture')],
  ['container_format', text('containerFormat')],
  ['disk_format', text('diskFormat')],
  ['region', text('region')],
  ['instance_uuid', text('instanceUuid')],
  ['volume_snapshot_uuid', text('volumeSnapshotUuid')],
  ['size', integer('size')],
  ['min_disk', integer('minDisk')],
  ['min_ram', integer('minRam')],
  ['created_at', timestamp('createdAt')],
  ['updated_at', timestamp('updatedAt')],
  ['deleted_at', timestamp('deletedAt')],
  ['cleanup_date', timestamp('cleanupAt')],
  ['protected', boolean('protected')],
  ['hw_qemu_guest_agent', boolean('guestAgent')],
  ['is_iso', { kind: 'iso', field: 'diskFormat' }],
  ['client', { kind: 'client', field: 'ownerId' }],
  ['client__id', { kind: 'client', field: 'ownerId' }],
  // Tags are no column; the catalogue has a filter of its own for them, and this field is not looked at.
  ['tags', { kind: 'tags', field: 'uuid' }],
])

const notOrderable: readonly string[] = [
  'instance_uuid',
  'volume_snapshot_uuid',
  'hw_qemu_guest_agent',
  'is_iso',
  'client',
  'client__id',
  'tags',
]

/** What `ordering` can name: the scalar fields (1.4). */
export const orderFields: ReadonlyMap<string, ImageField> = new Map<string, ImageField>([
  ...[...filterFields]
    .filter(([name]) => !notOrderable.includes(name))
    .map(([name, { field }]): [string, ImageField] => [name, field]),
  ['display_name', 'label'],
  // As shown: `uploading` and `importing` stand among `saving`.
  ['status', 'stage'],
])
