import type { WireTask } from './wire.ts'

/** Virtual machines that images can be made from, their disks and snapshots. Sizes are bytes. */

export type WireInstance = {
  readonly uuid: string
  readonly hostname: string
  readonly alias: string
  /** Its name. */
  readonly project: string
  readonly owner: string | null
  readonly region: string
  readonly node: string | null
  readonly nodeStatus: string | null
  /** With a hyphen at its end while a task changes it. */
  readonly status: string
  readonly os: string
  readonly vcpus: number
  readonly ram: number
  /** Of all disks together. */
  readonly diskSize: number
  readonly ips: readonly string[]
  /** A hypervisor reports it now; otherwise it is a record. */
  readonly live: boolean
  /** May the caller make images of it? */
  readonly mayImage: boolean
  readonly createdAt: string
}

export type WireInstanceList = { readonly instances: readonly WireInstance[]; readonly total: number }

export type WireNodeList = { readonly nodes: readonly string[] }

export type WireDisk = {
  /** From 1. */
  readonly number: number
  readonly size: number
  /** What it was made from; the handle is null where that is not here. */
  readonly image: { readonly uuid: string; readonly handle: string | null } | null
  readonly boot: boolean
}

export type WireInstanceDetail = WireInstance & { readonly disks: readonly WireDisk[] }

export type WireSnapshot = {
  readonly id: number
  readonly disk: number
  readonly name: string
  readonly note: string
  /** `ok`, `pending`, `rollback` or `lost`. */
  readonly status: string
  readonly size: number
  readonly createdAt: string
}

export type WireSnapshotList = { readonly snapshots: readonly WireSnapshot[]; readonly total: number }

/** Body of `POST instances/UUID/snapshots`. */
export type WireSnapshotDraft = { readonly disk: number; readonly name: string; readonly note?: string }

/** Also of `POST instances/UUID/disks/NUMBER/snapshots/NAME/revert`: the disk is being put back. */
export type WireSnapshotStarted = { readonly snapshot: WireSnapshot; readonly task: WireTask }

/** Body of that: without `force` it is refused (`conflict`, reason `newer`) where the disk has newer snapshots. */
export type WireSnapshotRevert = { readonly force?: boolean }

/** Of `DELETE instances/UUID/disks/NUMBER/snapshots/NAME`. Without a task it has gone already: it was lost. */
export type WireSnapshotRemoval = { readonly snapshot: WireSnapshot; readonly task: WireTask | null }

/** Body of `POST instances/UUID/images`: the image belongs to the project of the instance. */
export type WireSnapshotImage = {
  readonly disk: number
  /** Its name. */
  readonly snapshot: string
  readonly name?: string
  readonly version?: string
  readonly visibility?: string
  readonly description?: string
  readonly tags?: readonly string[]
}
