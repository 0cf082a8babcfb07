import { osOf } from '../../catalogue/manifests/ostype.ts'
import type { Disk } from '../../catalogue/places/instances/disks.ts'
import type { Instance } from '../../catalogue/places/instances/instances.ts'
import type { Snapshot } from '../../catalogue/places/instances/snapshot.ts'
import { iso } from './shapes.ts'
import type { WireDisk, WireInstance, WireSnapshot } from './wire-instances.ts'

const mebibyte = 2 ** 20

export function toWireInstance(
  instance: Instance,
  { project, mayImage }: { readonly project: string; readonly mayImage: boolean },
): WireInstance {
  const { uuid, hostname, alias, region, node, nodeStatus, status, vcpus, ips, live } = instance
  return {
    uuid,
    hostname,
    alias,
    project,
    owner: instance.owner?.username ?? null,
    region,
    node,
    nodeStatus,
    status,
    os: osOf(instance.ostype),
    vcpus,
    ram: instance.ram * mebibyte,
    diskSize: instance.disk * mebibyte,
    ips,
    live,
    mayImage,
    createdAt: iso(instance.createdAt),
  }
}

export function toWireDisk({ number, size, image, boot }: Disk): WireDisk {
  return { number, size: size * mebibyte, image, boot }
}

export function toWireSnapshot({ id, disk, name, note, status, size, createdAt }: Snapshot): WireSnapshot {
  return { id, disk, name, note, status, size, createdAt: iso(createdAt) }
}
