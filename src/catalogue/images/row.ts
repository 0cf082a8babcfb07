import type { ImageChange } from '../../database/schema.ts'
import { firstCharacters, fold, indexedCharacters } from '../fold.ts'
import { manifestName } from '../manifests/fitting.ts'
import { kindOf } from '../manifests/kind.ts'
import { storable } from '../manifests/storable.ts'
import { openstackId } from '../people/openstack/identity.ts'
import type { Image, ImageType, Status, Visibility } from './image.ts'
import { imageTypes } from './image.ts'

/** What a query for images selects: the facts, not the derived columns that exist for indexes only. */
export const imageColumns = [
  'images.seq',
  'images.uuid',
  'images.handle',
  'images.name',
  'images.status',
  'images.external',
  'images.visibility',
  'images.owner_id',
  'images.creator_id',
  'images.location_id',
  'images.disk_format',
  'images.container_format',
  'images.size',
  'images.virtual_size',
  'images.md5',
  'images.sha1',
  'images.sha256',
  'images.sha512',
  'images.blob_id',
  'images.min_disk',
  'images.min_ram',
  'images.protected',
  'images.hidden',
  'images.tags_json',
  'images.properties_json',
  'images.version',
  'images.resize',
  'images.deploy',
  'images.bound',
  'images.attached',
  'images.withdrawn',
  'images.manifest_json',
  'images.unregistered',
  'images.failure',
  'images.import_json',
  'images.created_at',
  'images.updated_at',
  'images.deleted_at',
  'images.published_at',
  'images.cleanup_at',
  'images.type',
  'images.instance_uuid',
  'images.volume_snapshot_uuid',
  'images.guest_agent',
  'projects.name as owner_name',
  'projects.label as owner_label',
  'projects.uuid as owner_uuid',
  'projects.keystone_id as owner_keystone_id',
  'locations.name as region',
  'instances.hostname as instance_hostname',
] as const

/** One row of that selection. */
export type SelectedImage = {
  readonly seq: number
  readonly uuid: string
  readonly handle: string
  readonly name: string
  readonly status: string
  readonly external: number
  readonly visibility: string
  readonly owner_id: number | null
  readonly creator_id: number | null
  readonly location_id: number | null
  readonly disk_format: string | null
  readonly container_format: string | null
  readonly size: number | null
  readonly virtual_size: number | null
  readonly md5: string | null
  readonly sha1: string | null
  readonly sha256: string | null
  readonly sha512: string | null
  readonly blob_id: string | null
  readonly min_disk: number
  readonly min_ram: number
  readonly protected: number
  readonly hidden: number
  readonly tags_json: string
  readonly properties_json: string
  readonly version: string | null
  readonly resize: number | null
  readonly deploy: number | null
  readonly bound: number
  readonly attached: number
  readonly withdrawn: number
  readonly manifest_json: string | null
  readonly unregistered: number
  readonly failure: string | null
  readonly import_json: string | null
  readonly created_at: number
  readonly updated_at: number
  readonly deleted_at: number | null
  readonly published_at: number | null
  readonly cleanup_at: number | null
  readonly type: string
  readonly instance_uuid: string | null
  readonly volume_snapshot_uuid: string | null
  readonly guest_agent: number
  readonly owner_name: string | null
  readonly owner_label: string | null
  readonly owner_uuid: string | null
  readonly owner_keystone_id: string | null
  readonly region: string | null
  readonly instance_hostname: string | null
}

const maybe = (bit: number | null): boolean | null => (bit === null ? null : bit === 1)
const bit = (value: boolean): 0 | 1 => (value ? 1 : 0)
const maybeBit = (value: boolean | null): 0 | 1 | null => (value === null ? null : bit(value))

export function toImage(row: SelectedImage): Image {
  return {
    seq: row.seq,
    uuid: row.uuid,
    handle: row.handle,
    name: row.name,
    status: row.status as Status,
    external: row.external === 1,
    visibility: row.visibility as Visibility,
    ownerId: row.owner_id,
    creatorId: row.creator_id,
    locationId: row.location_id,
    diskFormat: row.disk_format,
    containerFormat: row.container_format,
    size: row.size,
    virtualSize: row.virtual_size,
    digests: { md5: row.md5, sha1: row.sha1, sha256: row.sha256, sha512: row.sha512 },
    blobId: row.blob_id,
    minDisk: row.min_disk,
    minRam: row.min_ram,
    protected: row.protected === 1,
    hidden: row.hidden === 1,
    tags: JSON.parse(row.tags_json),
    properties: JSON.parse(row.properties_json),
    version: row.version,
    resize: maybe(row.resize),
    deploy: maybe(row.deploy),
    bound: row.bound === 1,
    attached: row.attached === 1,
    withdrawn: row.withdrawn === 1,
    manifest: row.manifest_json === null ? null : JSON.parse(row.manifest_json),
    unregistered: row.unregistered === 1,
    failure: row.failure,
    import: row.import_json === null ? null : JSON.parse(row.import_json),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
    publishedAt: row.published_at,
    cleanupAt: row.cleanup_at,
    owner:
      row.owner_id === null
        ? null
        : {
            id: row.owner_id,
            name: row.owner_name!,
            label: row.owner_label!,
            uuid: row.owner_uuid!,
            openstackId: openstackId({ uuid: row.owner_uuid!, keystone_id: row.owner_keystone_id }),
          },
    region: row.region ?? '',
    type: row.type as ImageType,
    instanceUuid: row.instance_uuid,
    volumeSnapshotUuid: row.volume_snapshot_uuid,
    guestAgent: row.guest_agent === 1,
    instance:
      row.instance_hostname === null ? null : { uuid: row.instance_uuid!, hostname: row.instance_hostname },
  }
}

/** The facts of an image that are stored; the rest of the type follows from them. */
export type StoredFacts = Omit<
  Image,
  'seq' | 'owner' | 'type' | 'instanceUuid' | 'volumeSnapshotUuid' | 'guestAgent' | 'instance'
>

/** Everything that is written of an image, the derived columns included: the one place that computes them. */
export function toRow(image: StoredFacts): Required<Omit<ImageChange, 'seq' | 'deleted' | 'stage'>> {
  const properties = image.properties
  const volumeSnapshotUuid = snapshotOf(properties.block_device_mapping)
  const kind = kindOf(image.manifest, properties)
  return {
    uuid: image.uuid,
    handle: image.handle,
    name: image.name,
    status: image.status,
    external: bit(image.external),
    visibility: image.visibility,
    owner_id: image.ownerId,
    creator_id: image.creatorId,
    location_id: image.locationId,
    disk_format: image.diskFormat,
    container_format: image.containerFormat,
    size: image.size,
    virtual_size: image.virtualSize,
    md5: image.digests.md5,
    sha1: image.digests.sha1,
    sha256: image.digests.sha256,
    sha512: image.digests.sha512,
    blob_id: image.blobId,
    min_disk: image.minDisk,
    min_ram: image.minRam,
    protected: bit(image.protected),
    hidden: bit(image.hidden),
    tags_json: JSON.stringify(image.tags),
    tags_fold_json: JSON.stringify(image.tags.map(fold)),
    properties_json: JSON.stringify(properties),
    version: image.version,
    resize: maybeBit(image.resize),
    deploy: maybeBit(image.deploy),
    bound: bit(image.bound),
    attached: bit(image.attached),
    withdrawn: bit(image.withdrawn),
    manifest_json: image.manifest === null ? null : JSON.stringify(storable(image.manifest)),
    unregistered: bit(image.unregistered),
    failure: image.failure,
    import_json: image.import === null ? null : JSON.stringify(image.import),
    created_at: image.createdAt,
    updated_at: image.updatedAt,
    deleted_at: image.deletedAt,
    published_at: image.publishedAt,
    name_fold: fold(image.name),
    label_fold: fold(image.name || image.uuid),
    type: typeOf(properties.image_type, volumeSnapshotUuid),
    os_distro_fold: foldedStart(properties.os_distro),
    os_version_fold: foldedStart(properties.os_version),
    architecture_fold: foldedStart(properties.architecture),
    hypervisor_type_fold: foldedStart(properties.hypervisor_type),
    region_fold: fold(image.region),
    instance_uuid: idOrNull(properties.instance_uuid),
    volume_snapshot_uuid: volumeSnapshotUuid,
    guest_agent: bit(/^(yes|true|1)$/i.test(properties.hw_qemu_guest_agent ?? '')),
    search_text: [image.name, image.uuid, properties.os_distro ?? '', properties.os_version ?? '']
      .map(fold)
      .join('\n'),
    cleanup_at: image.cleanupAt,
    copies: image.import?.copies ?? 1,
    imgapi_name: manifestName(image),
    imgapi_type: kind.type,
    imgapi_os: kind.os,
  }
}

/** A property may have 64 KiB, and no index of PostgreSQL holds that: images are found and sorted by what fits. */
function foldedStart(text: string | undefined): string | null {
  return text === undefined ? null : firstCharacters(fold(text))
}

/** What is longer is nobody's id. */
function idOrNull(text: string | undefined): string | null {
  return text === undefined || text.length > indexedCharacters ? null : text
}

/** onecloudplanet.md 1.8, row 11. */
function typeOf(imageType: string | undefined, volumeSnapshotUuid: string | null): ImageType {
  const named = imageTypes.find((type) => type === imageType)
  return named ?? (volumeSnapshotUuid === null ? 'template' : 'snapshot')
}

/** onecloudplanet.md 1.8, row 29: the first `snapshot_id` in the JSON text of `block_device_mapping`. */
function snapshotOf(blockDeviceMapping: string | undefined): string | null {
  if (!blockDeviceMapping) return null
  try {
    const devices: unknown = JSON.parse(blockDeviceMapping)
    if (!Array.isArray(devices)) return null
    const found = devices.find(
      (device) => typeof device?.snapshot_id === 'string' && device.snapshot_id !== '',
    )
    return idOrNull(found?.snapshot_id)
  } catch {
    return null // a property is free text; one that is no JSON simply names no snapshot
  }
}
