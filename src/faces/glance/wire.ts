import { hasBytes, type Image } from '../../catalogue/images/image.ts'
import { toSeconds } from '../../catalogue/time.ts'

/** What an image's JSON shows besides the image itself. */
export type Surroundings = {
  /** Names of the stores that hold it, sorted; empty in an installation with one. */
  readonly stores: readonly string[]
  /** Are there several? A single one is never told to be filled (glance.md 13.3). */
  readonly several: boolean
  /** Where its bytes are; undefined in an installation that does not tell. */
  readonly locations?: readonly object[] | undefined
}

/** glance.md section 3: one flat object, the free properties beside the base attributes. */
export function toWire(image: Image, { stores, several, locations }: Surroundings): object {
  const { uuid, digests } = image
  // Digests of staged bytes are known, and shown only when they are final (glance.md 13.1).
  const final = hasBytes(image.status)
  return {
    ...image.properties,
    ...importProperties(image, several),
    id: uuid,
    name: image.name === '' ? null : image.name,
    status: image.status,
    visibility: image.visibility,
    protected: image.protected,
    os_hidden: image.hidden,
    owner: image.owner?.openstackId ?? null,
    disk_format: image.diskFormat,
    container_format: image.containerFormat,
    min_disk: image.minDisk,
    min_ram: image.minRam,
    size: image.size,
    virtual_size: image.virtualSize,
    checksum: final ? digests.md5 : null,
    os_hash_algo: final && digests.sha512 !== null ? 'sha512' : null,
    os_hash_value: final ? digests.sha512 : null,
    tags: image.tags,
    created_at: toSeconds(image.createdAt),
    updated_at: toSeconds(image.updatedAt),
    self: `/v2/images/${uuid}`,
    file: `/v2/images/${uuid}/file`,
    schema: '/v2/schemas/image',
    ...(stores.length > 0 && final ? { stores: stores.join(',') } : {}),
    ...(locations ? { locations } : {}),
  }
}

/** What clients poll while an import runs and after it (glance.md 13.3). */
function importProperties({ import: state }: Image, several: boolean): object {
  if (state === null) return {}
  return {
    ...(state.taskId === null ? {} : { os_glance_import_task: state.taskId }),
    os_glance_importing_to_stores: several ? state.importing.join(',') : '',
    os_glance_failed_import: state.failed.join(','),
  }
}
