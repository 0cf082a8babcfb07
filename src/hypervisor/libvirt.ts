import { Failure } from '../catalogue/failure.ts'
import { unavailable } from './command.ts'
import type { Domain, Host, Hypervisor, SnapshotSource } from './hypervisor.ts'
import {
  chainOf,
  diskElements,
  locations,
  readDomain,
  readStats,
  sourceOf,
  targetOf,
} from './libvirt-domain.ts'
import { allowedLibvirtUrl } from './libvirt-url.ts'
import { type VirshCommand, virsh } from './virsh.ts'
import { child, type Element, readXml } from './xml.ts'

export type LibvirtLimits = {
  /** Milliseconds for a whole look, and for every other question. Default 20 seconds. */
  readonly look?: number
  /** For snapshots, which may have to write the guest's memory. Default 10 minutes. libvirt goes on after it. */
  readonly snapshot?: number
}

const ourNames = /^[A-Za-z0-9._-]{1,24}$/

/**
 * The hypervisor at a libvirt URL, spoken to through `virsh`. Connects at each call.
 * @throws Failure `invalid` when `allowedLibvirtUrl` refuses the URL
 */
export function libvirt(url: string, limits: LibvirtLimits = {}): Hypervisor {
  if (!allowedLibvirtUrl(url)) {
    const message =
      'Must be qemu:///system, qemu:///session or qemu+(tls|tcp|ssh)://[user@]host[:port]/system.'
    throw new Failure('invalid', message, { fields: { url: [message] } })
  }
  const { look: lookTime = 20_000, snapshot: snapshotTime = 600_000 } = limits
  const { run, batch } = virsh(url)

  async function look(signal?: AbortSignal): Promise<Host> {
    const end = Date.now() + lookTime
    const ask = (commands: readonly VirshCommand[]) =>
      batch(commands, { signal, timeout: Math.max(end - Date.now(), 1) })
    const [hostname = '', uuids = ''] = await ask([['hostname'], ['list', '--all', '--uuid']])
    const ids = uuids.match(/[0-9a-f-]{36}/g) ?? []
    // A guest that is busy, e.g. with a snapshot, must not hold up the look: `--nowait`.
    const said = await ask(
      ids.flatMap((uuid): VirshCommand[] => [
        ['dumpxml', `--domain=${uuid}`],
        ['domstats', '--raw', '--state', '--block', '--nowait', `--domain=${uuid}`],
        ['snapshot-list', '--name', `--domain=${uuid}`],
      ]),
    )
    const present = ids
      .map((uuid, index) => {
        const [xml = '', stats = '', names = ''] = said.slice(index * 3)
        return { uuid, xml, stats, names: names.split('\n').filter((name) => name !== '') }
      })
      .filter(({ xml, stats }) => xml.trim() !== '' && stats.trim() !== '')
    const snapshots = await ask(
      present.flatMap(({ uuid, names }) => names.map((name) => dumpSnapshot(uuid, name))),
    )
    let read = 0
    const domains = present.map(({ xml, stats, names }): Domain => {
      const own = snapshots.slice(read, read + names.length)
      read += names.length
      return readDomain(parse(xml), readStats(stats), own.filter((text) => text.trim() !== '').map(parse))
    })
    return { hostname: hostname.trim(), domains }
  }

  async function snapshotSource(
    uuid: string,
    name: string,
    diskNumber: number,
    signal?: AbortSignal,
  ): Promise<SnapshotSource> {
    const known = demandKnown(uuid, name)
    const options = { signal, timeout: lookTime }
    const domain = parse(await run(['dumpxml', `--domain=${known}`], options))
    const snapshot = parse(await run(dumpSnapshot(known, name), options))
    const disk = diskElements(domain)[diskNumber - 1]
    if (!disk) throw absent('disk', String(diskNumber))
    return sourceAt(snapshot, disk, name)
  }

  return {
    look,
    snapshotSource,

    async createSnapshot(uuid, name, { note, signal } = {}) {
      if (!ourNames.test(name)) {
        const message = 'Must be 1 to 24 of the characters A-Z a-z 0-9 . _ -'
        throw new Failure('invalid', message, { fields: { name: [message] } })
      }
      const description = note ? [`--description=${forXml(note)}`] : []
      await run(['snapshot-create-as', `--domain=${demandKnown(uuid)}`, `--name=${name}`, ...description], {
        signal,
        timeout: snapshotTime,
      })
    },

    async deleteSnapshot(uuid, name, signal) {
      await run(['snapshot-delete', `--domain=${demandKnown(uuid, name)}`, `--snapshotname=${name}`], {
        signal,
        timeout: snapshotTime,
      })
    },

    async revertSnapshot(uuid, name, signal) {
      await run(['snapshot-revert', `--domain=${demandKnown(uuid, name)}`, `--snapshotname=${name}`], {
        signal,
        timeout: snapshotTime,
      })
    },

    async setState(uuid, change, { force = false, signal } = {}) {
      const how = { start: 'start', stop: force ? 'destroy' : 'shutdown', reboot: force ? 'reset' : 'reboot' }
      await run([how[change], `--domain=${demandKnown(uuid)}`], { signal, timeout: snapshotTime })
    },
  }
}

function dumpSnapshot(uuid: string, name: string): VirshCommand {
  return ['snapshot-dumpxml', `--domain=${uuid}`, `--snapshotname=${name}`]
}

/**
 * Where the contents of a present disk at a snapshot lie. The domain that is written down in the snapshot names the image
 * that was being written when it was taken: an internal snapshot is in it, and of an external one it is the contents.
 * @throws Failure `not-found`, `state`
 */
export function sourceAt(snapshot: Element, disk: Element, name: string): SnapshotSource {
  const target = targetOf(disk)
  const location = locations(snapshot).get(target) ?? 'none'
  const then = diskElements(child(snapshot, 'domain')).find((each) => targetOf(each) === target)
  if (location === 'none' || !then) throw absent('snapshot', name)
  const file = sourceOf(then)
  if (file === null)
    throw new Failure('state', 'The disk is neither a file nor a block device of the hypervisor.', {
      subject: 'disk',
    })
  const format = child(then, 'driver')?.attributes.get('type') ?? 'raw'
  if (location === 'external') demandUntouched(snapshot, disk, target, file)
  return { file, format, internal: location === 'internal' ? name : null }
}

/**
 * An external snapshot is lost when its image is written again: the overlay was committed into it, or it was reverted to
 * by hand. Then it is being written now, or something other than the snapshot's overlay lies on it.
 */
function demandUntouched(snapshot: Element, disk: Element, target: string, file: string): void {
  const taken = child(snapshot, 'disks')?.children.find((each) => each.attributes.get('name') === target)
  const overlay = taken && sourceOf(taken)
  const chain = chainOf(disk)
  const at = chain.indexOf(file)
  if (at === -1 || (at > 0 && chain[at - 1] === overlay)) return
  throw new Failure('state', 'The image of this snapshot has been written to since.', {
    subject: 'snapshot',
    reason: 'lost',
  })
}

/** @throws Failure `not-found` for what cannot be a domain or a snapshot, and would not pass as an argument */
function demandKnown(uuid: string, snapshot?: string): string {
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid)) throw absent('instance', uuid)
  if (snapshot === '' || snapshot?.includes('\0')) throw absent('snapshot', snapshot)
  return uuid.toLowerCase()
}

function absent(subject: 'instance' | 'disk' | 'snapshot', id: string): Failure {
  return new Failure('not-found', `The hypervisor does not know this ${subject}.`, { subject, id })
}

/** XML holds no control characters but these, and no half characters. */
function forXml(text: string): string {
  return text.toWellFormed().replace(/[^\P{Cc}\n\t]|[\ufffe\uffff]/gu, ' ')
}

function parse(text: string): Element {
  try {
    return readXml(text)
  } catch (error) {
    throw unavailable('The hypervisor gives an answer that cannot be read.', error)
  }
}
