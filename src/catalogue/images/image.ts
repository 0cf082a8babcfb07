import type { Instant } from '../../database/schema.ts'
import { Failure } from '../failure.ts'

export const statuses = [
  'queued',
  'saving',
  'uploading',
  'importing',
  'active',
  'deactivated',
  'killed',
  'pending_delete',
  'deleted',
] as const
export type Status = (typeof statuses)[number]

export const visibilities = ['public', 'private', 'shared', 'community'] as const
export type Visibility = (typeof visibilities)[number]

export const diskFormats = [
  'ami',
  'ari',
  'aki',
  'vhd',
  'vhdx',
  'vmdk',
  'raw',
  'qcow2',
  'vdi',
  'iso',
  'ploop',
] as const
export const containerFormats = ['ami', 'ari', 'aki', 'bare', 'ovf', 'ova', 'docker', 'compressed'] as const

/** The only moves an image's status can make (glance.md section 4, onecloudplanet.md 2.9). */
export const moves: Readonly<Record<Status, readonly Status[]>> = {
  queued: ['saving', 'uploading', 'importing', 'active', 'killed', 'deleted'],
  saving: ['active', 'killed', 'queued', 'deleted'],
  uploading: ['importing', 'queued', 'killed', 'deleted'],
  importing: ['active', 'queued', 'killed', 'deleted'],
  active: ['deactivated', 'pending_delete', 'deleted'],
  deactivated: ['active', 'pending_delete', 'deleted'],
  killed: ['deleted'],
  pending_delete: ['deleted', 'active'],
  deleted: [],
}

/** @throws Failure `state`, naming the present status, when the move is not in the table. */
export function demandMove(uuid: string, from: Status, to: Status): void {
  if (moves[from].includes(to)) return
  throw new Failure('state', `Image status transition from ${from} to ${to} is not allowed`, {
    subject: 'image',
    id: uuid,
    status: from,
  })
}

/** Statuses in which the bytes are there and fixed. */
export function hasBytes(status: Status): boolean {
  return status === 'active' || status === 'deactivated'
}

/**
 * @throws Failure `state` (reason `elsewhere`) for an image whose bytes another server keeps (glance.md section 16): they
 * cannot be given to a second image, which would depend on a server that its owner does not know.
 */
export function demandHeldHere({ uuid, status, blobId }: Image): void {
  if (!hasBytes(status) || blobId !== null) return
  throw new Failure(
    'state',
    `The bytes of image ${uuid} are kept by another server; they cannot be copied.`,
    {
      subject: 'image',
      id: uuid,
      reason: 'elsewhere',
    },
  )
}

export type ImageDigests = {
  readonly md5: string | null
  readonly sha1: string | null
  readonly sha256: string | null
  readonly sha512: string | null
}

/** glance.md 13.3; names of stores. */
export type ImportState = {
  /** The task that works on it now; no second import may begin. */
  readonly taskId: string | null
  readonly importing: readonly string[]
  readonly failed: readonly string[]
  /** In how many stores the image is, or is to be, because its project wants it there. */
  readonly copies: number
}

/** One image, as every operation returns it. Sizes are bytes, `minDisk` GB, `minRam` MB. */
export type Image = {
  readonly seq: number
  readonly uuid: string
  readonly handle: string
  readonly name: string
  readonly status: Status
  readonly external: boolean
  readonly visibility: Visibility
  readonly ownerId: number | null
  readonly creatorId: number | null
  readonly locationId: number | null
  readonly diskFormat: string | null
  readonly containerFormat: string | null
  readonly size: number | null
  readonly virtualSize: number | null
  readonly digests: ImageDigests
  readonly blobId: string | null
  readonly minDisk: number
  readonly minRam: number
  readonly protected: boolean
  readonly hidden: boolean
  /** Sorted, without repetition. */
  readonly tags: readonly string[]
  /** Free properties in the order of their making; the OS facts (`os_distro`, `architecture`, …) are among them. */
  readonly properties: Readonly<Record<string, string>>
  readonly version: string | null
  readonly resize: boolean | null
  readonly deploy: boolean | null
  readonly bound: boolean
  /** Is the owner project among the datacenters that the image is attached to? */
  readonly attached: boolean
  /** Danube's access 4, written while there are no bytes yet: they are deactivated as soon as they arrive. */
  readonly withdrawn: boolean
  /** The IMGAPI manifest that the image came with; what the catalogue knows itself wins over it. */
  readonly manifest: unknown
  readonly unregistered: boolean
  readonly failure: string | null
  /** What its import into stores says of itself; null: there never was one. */
  readonly import: ImportState | null
  readonly createdAt: Instant
  readonly updatedAt: Instant
  readonly deletedAt: Instant | null
  readonly publishedAt: Instant | null
  /** When the clean-up will delete it (onecloudplanet.md 1.9). */
  readonly cleanupAt: Instant | null
  readonly owner: {
    readonly id: number
    readonly name: string
    readonly label: string
    readonly uuid: string
    /** How OpenStack's clients call it. */
    readonly openstackId: string
  } | null
  readonly region: string
  readonly type: ImageType
  readonly instanceUuid: string | null
  readonly volumeSnapshotUuid: string | null
  readonly guestAgent: boolean
  /** The registered instance that it was made from, when that still exists in the same project. */
  readonly instance: { readonly uuid: string; readonly hostname: string } | null
}

export const imageTypes = ['template', 'application', 'snapshot', 'backup'] as const
export type ImageType = (typeof imageTypes)[number]
