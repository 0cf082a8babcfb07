import type { Domain, DomainDisk, DomainSnapshot, DomainState } from './hypervisor.ts'
import { child, children, type Element, textOf } from './xml.ts'

/** libvirt's numbers of states: no state, running, blocked, paused, in shutdown, shut off, crashed, suspended by the guest. */
const states: readonly DomainState[] = [
  'error',
  'running',
  'running',
  'frozen',
  'stopping',
  'stopped',
  'error',
  'frozen',
]

/** What `domstats --raw` says of one domain: `state.state` → `1`. Paths may hold `=`, keys do not. */
export function readStats(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(/^ {2}([a-z0-9.-]+)=(.*)$/gm)].map(([, key, value]) => [key!, value!] as const),
  )
}

/** A domain from `dumpxml`, `domstats` and `snapshot-dumpxml`. */
export function readDomain(
  xml: Element,
  stats: ReadonlyMap<string, string>,
  snapshots: readonly Element[],
): Domain {
  const vcpu = child(xml, 'vcpu')
  const disks = readDisks(xml, readSizes(stats))
  return {
    uuid: textOf(child(xml, 'uuid')).toLowerCase(),
    name: child(xml, 'name')?.text ?? '',
    state: states[Number(stats.get('state.state'))] ?? 'error',
    vcpus: number(vcpu?.attributes.get('current') ?? textOf(vcpu)),
    // libvirt writes KiB whatever the definition said.
    ramMb: Math.round(number(textOf(child(xml, 'memory'))) / 1024),
    disks,
    snapshots: snapshots
      .map((each) => readSnapshot(each, disks))
      .sort((one, other) => one.createdAt - other.createdAt),
    ostype: readOstype(xml),
  }
}

function number(text: string): number {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : 0
}

function readSizes(stats: ReadonlyMap<string, string>): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>()
  for (let index = 0; index < number(stats.get('block.count') ?? ''); index++) {
    const target = stats.get(`block.${index}.name`)
    if (target) sizes.set(target, number(stats.get(`block.${index}.capacity`) ?? ''))
  }
  return sizes
}

/** The `<disk>` elements that are disks, in libvirt's order, which is the numbering. */
export function diskElements(domain: Element | undefined): readonly Element[] {
  return children(child(domain, 'devices'), 'disk').filter((disk) => {
    const device = disk.attributes.get('device') ?? 'disk'
    return device === 'disk' || device === 'lun'
  })
}

export function targetOf(disk: Element): string {
  return child(disk, 'target')?.attributes.get('dev') ?? ''
}

export function readDisks(domain: Element, sizes: ReadonlyMap<string, number>): readonly DomainDisk[] {
  return diskElements(domain).map((disk, index) => ({
    number: index + 1,
    target: targetOf(disk),
    sizeBytes: sizes.get(targetOf(disk)) ?? 0,
    format: child(disk, 'driver')?.attributes.get('type') ?? 'raw',
    source: sourceOf(disk),
  }))
}

/** The path that a `<disk>` or `<backingStore>` names; null when it is on a network, in a pool, or empty. */
export function sourceOf(disk: Element): string | null {
  const source = child(disk, 'source')?.attributes
  const type = disk.attributes.get('type')
  const path = type === 'file' ? source?.get('file') : type === 'block' ? source?.get('dev') : undefined
  return path?.startsWith('/') ? path : null
}

/** The paths of a disk's images from the one being written down; null stands for one that is no file. Empty when libvirt does not say. */
export function chainOf(disk: Element): readonly (string | null)[] {
  const chain: (string | null)[] = []
  for (let at: Element | undefined = disk; at && child(at, 'source'); at = child(at, 'backingStore'))
    chain.push(sourceOf(at))
  return chain
}

export type Location = 'internal' | 'external' | 'none'

/** Where a snapshot keeps each disk, by the disk's target. */
export function locations(snapshot: Element): ReadonlyMap<string, Location> {
  const listed = children(child(snapshot, 'disks'), 'disk')
  // libvirt before 0.9.5 wrote no list, and knew internal snapshots only.
  if (listed.length === 0)
    return new Map(diskElements(child(snapshot, 'domain')).map((disk) => [targetOf(disk), 'internal']))
  return new Map(
    listed.map((disk) => {
      const kept = disk.attributes.get('snapshot')
      return [disk.attributes.get('name') ?? '', kept === 'internal' || kept === 'external' ? kept : 'none']
    }),
  )
}

function readSnapshot(snapshot: Element, disks: readonly DomainDisk[]): DomainSnapshot {
  const kept = locations(snapshot)
  return {
    name: child(snapshot, 'name')?.text ?? '',
    note: child(snapshot, 'description')?.text ?? '',
    createdAt: number(textOf(child(snapshot, 'creationTime'))) * 1_000_000,
    kind: [...kept.values()].includes('external') ? 'external' : 'internal',
    disks: disks.filter(({ target }) => (kept.get(target) ?? 'none') !== 'none').map(({ number }) => number),
  }
}

/** Vendors in libosinfo's ids whose systems are none of the three. */
const others =
  /^(?:apple|sun|oracle\.com\/solaris|opensolaris|openindiana|omnios|smartos|novell|reactos|haiku-os|freedos|openvms|ibm|libosinfo\.org\/unknown|microsoft)\b/

/** What libosinfo's metadata says; virt-install and virt-manager write them. */
function readOstype(domain: Element): Domain['ostype'] {
  const info = child(domain, 'metadata')?.children.find(({ name }) => name.endsWith(':libosinfo'))
  const id = info?.children.find(({ name }) => name.endsWith(':os'))?.attributes.get('id') ?? ''
  const [, system] = /^http:\/\/(?:www\.)?(.+)$/.exec(id) ?? []
  if (system === undefined) return null
  if (system.startsWith('microsoft.com/win')) return 'windows'
  if (/^[a-z]+bsd\.org\//.test(system)) return 'bsd'
  return others.test(system) ? null : 'linux'
}
