/**
 * What Imageport asks of a hypervisor: which instances it runs, and the contents of their snapshots. Everything is
 * read anew at each call; nothing is remembered between calls.
 *
 * All methods throw a Failure: `unavailable` (reason `hypervisor`) when the hypervisor, or the program that speaks to
 * it, cannot be reached, does not answer in time or fails inside; `interrupted` when the signal is aborted;
 * `not-found` (subject `instance`, `disk` or `snapshot`); `conflict` when a snapshot of the name exists; `state` when the
 * present state, or the kind of disk, forbids it; `busy` when another operation holds the instance; `invalid` for a
 * name that cannot be one.
 */

/** Danube's words (danube.md 4.5). */
export type DomainState = 'running' | 'stopped' | 'stopping' | 'frozen' | 'error'

export type DomainDisk = {
  /** 1 for the first one; CD and floppy drives are not counted. */
  readonly number: number
  /** What the guest's bus calls it, e.g. `vda`. Unique in the domain. */
  readonly target: string
  /** What the guest sees. 0 when it is unknown, e.g. because the file is missing. */
  readonly sizeBytes: number
  /** As the hypervisor opens it, and not guessed from the bytes: `qcow2`, `raw`, … */
  readonly format: string
  /** Absolute path, on the hypervisor, of the image that is being written; null when it is neither file nor block device. */
  readonly source: string | null
}

export type DomainSnapshot = {
  /** Unique in the domain. The ones made by others may hold any characters. */
  readonly name: string
  readonly note: string
  /** Microseconds since 1970; libvirt keeps whole seconds. */
  readonly createdAt: number
  /** `internal`: kept inside the qcow2 image. `external`: the image was left as it was, and an overlay takes the writes. */
  readonly kind: 'internal' | 'external'
  /** Numbers of the present disks that it covers, ascending. */
  readonly disks: readonly number[]
}

export type Domain = {
  /** In lower case, with hyphens. */
  readonly uuid: string
  /** Danube's hostname. */
  readonly name: string
  readonly state: DomainState
  readonly vcpus: number
  readonly ramMb: number
  readonly disks: readonly DomainDisk[]
  /** Oldest first. */
  readonly snapshots: readonly DomainSnapshot[]
  /** Null when the domain does not say it. */
  readonly ostype: 'linux' | 'windows' | 'bsd' | null
}

export type Host = { readonly hostname: string; readonly domains: readonly Domain[] }

/** Where the contents of a disk at a snapshot lie. */
export type SnapshotSource = {
  /** Absolute path on the hypervisor. */
  readonly file: string
  readonly format: string
  /** Name of the internal snapshot in that file; null when the file as a whole is the state. */
  readonly internal: string | null
}

export interface Hypervisor {
  /** All domains with their disks and snapshots, in one look; one that vanishes meanwhile is left out. */
  look(signal?: AbortSignal): Promise<Host>

  /**
   * Takes an internal snapshot of all disks, which must be qcow2. That of a running guest holds its memory, too, and the
   * guest stands still until it is written.
   * @throws Failure `invalid` unless the name is 1 to 24 of `A–Z a–z 0–9 . _ -`
   */
  createSnapshot(
    uuid: string,
    name: string,
    options?: { readonly note?: string; readonly signal?: AbortSignal },
  ): Promise<void>

  deleteSnapshot(uuid: string, name: string, signal?: AbortSignal): Promise<void>

  /** The guest runs afterwards if it ran when the snapshot was taken. What it wrote since is lost. */
  revertSnapshot(uuid: string, name: string, signal?: AbortSignal): Promise<void>

  /** `stop` and `reboot` ask the guest, and return before it has obeyed; with `force` they do not ask. */
  setState(
    uuid: string,
    change: 'start' | 'stop' | 'reboot',
    options?: { readonly force?: boolean; readonly signal?: AbortSignal },
  ): Promise<void>

  /** @throws Failure `state`, reason `lost`, when the contents have been overwritten since (external snapshots) */
  snapshotSource(
    uuid: string,
    name: string,
    diskNumber: number,
    signal?: AbortSignal,
  ): Promise<SnapshotSource>
}
