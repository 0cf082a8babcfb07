import { isFailure } from '../../catalogue/failure.ts'
import type { Disk } from '../../catalogue/places/instances/disks.ts'
import type { Instance } from '../../catalogue/places/instances/instances.ts'
import type { Snapshot } from '../../catalogue/places/instances/snapshot.ts'
import type { SnapshotStatus } from '../../catalogue/places/instances/snapshot-status.ts'
import { toMicros } from '../../catalogue/time.ts'
import { alreadyExists, refuse } from './failures.ts'
import type { Context } from './route.ts'
import { whole } from './scalars.ts'

/** A server as lists and single reads show it, in the order of danube.md 4.5. */
export function vmView(instance: Instance): object {
  const { hostname, uuid, alias, node, owner, status, nodeStatus, vcpus, ram, disk, ips } = instance
  return {
    hostname,
    uuid,
    alias,
    node,
    owner: owner?.username ?? null,
    status,
    node_status: nodeStatus,
    vcpus,
    ram,
    disk,
    ips,
    // How long it has been running is not observed.
    uptime: 0,
    locked: false,
    changed: false,
  }
}

export function definitionView(instance: Instance): object {
  const { hostname, uuid, alias, node, owner, ostype, vcpus, ram, ips } = instance
  return {
    hostname,
    uuid,
    alias,
    node,
    owner: owner?.username ?? null,
    ostype,
    vcpus,
    ram,
    ips,
    created: toMicros(instance.createdAt),
  }
}

export function diskView({ number, size, image, boot }: Disk): object {
  return {
    disk_id: number,
    size,
    image: image?.handle ?? null,
    image_uuid: image?.uuid ?? null,
    boot,
  }
}

const snapshotStatus: Readonly<Record<SnapshotStatus, number>> = { ok: 1, pending: 2, rollback: 3, lost: 4 }

/** In the order of danube.md 4.6; `size` is bytes. */
export function snapshotView(snapshot: Snapshot): object {
  const { id, hostname, instanceUuid, name, disk, note, type, status, size, createdAt } = snapshot
  return {
    hostname,
    vm_uuid: instanceUuid,
    // Which schedule made it: there are none.
    define: null,
    name,
    disk_id: disk,
    note,
    type,
    created: toMicros(createdAt),
    status: snapshotStatus[status],
    size,
    id,
  }
}

/** The server of the path. */
export const serverOf = (context: Context): string => context.segment('hostname')

/** `disk_id` of a request, 1 unless said; null for what is no number, which no disk has (danube.md 1.8). */
export function diskIdOf({ data }: Pick<Context, 'data'>): number | null {
  if (data.disk_id === undefined) return 1
  const number = whole(data.disk_id)
  return number !== null && number > 0 ? number : null
}

/** Runs an operation on a server, with the words that this wire has for what is wrong with it. */
export async function onServer<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation()
  } catch (error) {
    if (!isFailure(error)) throw error
    const { subject, reason } = error.detail
    if (reason === 'disk') throw refuse(412, 'Invalid disk_id')
    if (error.code === 'unavailable' && subject === 'image-server')
      throw refuse(428, 'Image server is not available')
    if (subject === 'disk' && reason === 'exists') throw alreadyExists('VM disk')
    if (subject === 'disk' && error.code === 'not-found') throw refuse(404, 'VM disk not found')
    if (reason === 'snapshots') throw refuse(428, 'VM has snapshots')
    if (reason === 'newer') throw refuse(417, 'VM has more recent snapshots')
    if (reason === 'not-installed') throw refuse(428, 'VM is not installed')
    if (reason === 'not-stopped') throw refuse(423, 'VM is not stopped')
    throw error
  }
}
