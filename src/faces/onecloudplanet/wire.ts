import { mainProjectId } from '../../catalogue/images/cleanup.ts'
import type { Image, Status } from '../../catalogue/images/image.ts'
import type { Member } from '../../catalogue/images/members.ts'
import { isReservedProperty } from '../../catalogue/images/rules.ts'
import { toSeconds } from '../../catalogue/time.ts'
import { promoted } from './vocabulary.ts'

/** What the bodies are made of: onecloudplanet.md 1.8, 2.4, 2.5, 2.8. Key order is part of the wire. */
export type ClientReference = { readonly id: number; readonly name: string; readonly display: string }
export type WireImage = ReturnType<typeof toWire>

const maybe = (instant: number | null) => (instant === null ? null : toSeconds(instant))

/** `2024-03-20T07:52:50.123456Z`, for the one date that has a fraction (4.2). */
export function toMicroseconds(instant: number): string {
  return toSeconds(instant).replace('Z', `.${String(instant % 1_000_000).padStart(6, '0')}Z`)
}

/** The seven statuses of this wire (2.9): bytes on their way are `saving`, by whichever road they come. */
export function wireStatus(status: string): string {
  return (['uploading', 'importing'] satisfies Status[] as string[]).includes(status) ? 'saving' : status
}

export function displayName(image: Image): string {
  return image.name || image.uuid
}

/** How a project is called as a customer: 1.8 row 3. */
export function toClient({ id, name, label }: { id: number; name: string; label: string }): ClientReference {
  const text = label || name
  return { id, name: text, display: `${text} #${id}` }
}

/** The owning customer; null for the provider's own images and for those of nobody. */
function clientOf({ owner }: Image): ClientReference | null {
  return owner === null || owner.id === mainProjectId ? null : toClient(owner)
}

/** The 32 keys of 1.8. `stores`: those that hold the bytes, where there are several to name. */
export function toWire(image: Image, stores: readonly string[] = []) {
  const client = clientOf(image)
  const { os_distro, hypervisor_type, os_version, architecture } = image.properties
  return {
    id: image.uuid,
    tags: image.tags,
    client,
    properties:
      client === null
        ? { ...wireProperties(image), ...templateProperties(image, stores) }
        : wireProperties(image),
    is_iso: image.diskFormat === 'iso',
    display_name: displayName(image),
    cleanup_date: maybe(image.cleanupAt),
    // There is no flavor in question in these answers (1.8 row 8).
    assigned_to_flavor: true,
    related_instance:
      image.instance === null ? null : { id: image.instance.uuid, name: image.instance.hostname },
    name: image.name,
    type: image.type,
    status: wireStatus(image.status),
    size: image.size,
    created_at: toSeconds(image.createdAt),
    updated_at: toSeconds(image.updatedAt),
    deleted_at: maybe(image.deletedAt),
    os_distro: os_distro ?? null,
    hypervisor_type: hypervisor_type || null,
    os_version: os_version ?? null,
    architecture: architecture ?? null,
    min_disk: image.minDisk,
    min_ram: image.minRam,
    protected: image.protected,
    visibility: image.visibility,
    container_format: image.containerFormat,
    disk_format: image.diskFormat,
    hw_qemu_guest_agent: image.guestAgent,
    instance_uuid: image.instanceUuid,
    volume_snapshot_uuid: image.volumeSnapshotUuid,
    region: image.region,
    reseller_resources: null,
    used_by_resellers: [],
  }
}

const promotedNames: ReadonlySet<string> = new Set(promoted)

/** Custom properties in the order of their making, without those that are fields of their own. */
function wireProperties({ properties }: Image): Record<string, string> {
  // Without a prototype, so that a property of any name (`__proto__`) is an ordinary one.
  const shown: Record<string, string> = Object.create(null)
  for (const name in properties)
    if (!promotedNames.has(name) && !isReservedProperty(name)) shown[name] = properties[name]!
  return shown
}

/** What the recorded public templates carry besides ("emit these only on images with `client: null`"). */
function templateProperties(
  { hidden, digests }: Image,
  stores: readonly string[],
): Record<string, string | boolean> {
  return {
    os_hidden: hidden,
    ...(digests.sha512 === null ? {} : { os_hash_algo: 'sha512', os_hash_value: digests.sha512 }),
    ...(stores.length === 0 ? {} : { stores: stores.join(',') }),
  }
}

/** 2.4: an echo of the request plus the id. An unset hypervisor is empty text here, unlike in the image. */
export function toCreated(image: Image, source: string) {
  const { architecture, os_distro, os_version, hypervisor_type } = image.properties
  return {
    name: image.name,
    min_disk: image.minDisk,
    min_ram: image.minRam,
    region: image.region,
    container_format: image.containerFormat,
    disk_format: image.diskFormat,
    visibility: image.visibility,
    protected: image.protected,
    architecture: architecture ?? null,
    os_distro: os_distro ?? null,
    os_version: os_version ?? null,
    source,
    hypervisor_type: hypervisor_type ?? '',
    tags: image.tags,
    id: image.uuid,
  }
}

/** 2.5. */
export function toUpdated(image: Image) {
  const whole = toWire(image)
  return {
    name: whole.name,
    min_disk: whole.min_disk,
    min_ram: whole.min_ram,
    visibility: whole.visibility,
    protected: whole.protected,
    architecture: whole.architecture,
    os_distro: whole.os_distro,
    hypervisor_type: whole.hypervisor_type,
    os_version: whole.os_version,
    properties: whole.properties,
    tags: whole.tags,
  }
}

/** 2.8. */
export function toMember(member: Member) {
  return {
    image_id: member.imageUuid,
    client: toClient(member.project),
    status: member.status,
    created_at: toSeconds(member.createdAt),
    updated_at: toSeconds(member.updatedAt),
  }
}
