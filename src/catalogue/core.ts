import type { Kysely, Transaction } from 'kysely'
import type { OpenedDatabase } from '../database/opened.ts'
import type { Database } from '../database/schema.ts'
import type { Hypervisor, SnapshotSource } from '../hypervisor/hypervisor.ts'
import type { KeystoneToken } from '../keystone/token.ts'
import type { ByteRange, Stores } from '../store/store.ts'
import type { ImportMethod } from './images/import-method.ts'
import type { Secrets } from './people/secrets.ts'

export type Query = Kysely<Database> | Transaction<Database>
export type Trx = Transaction<Database>

/** What the catalogue must know of the settings (settings.ts has them all). Bytes, seconds and days as named. */
export type CatalogueSettings = {
  readonly maxImageBytes: number | null
  readonly maxUploads: number
  readonly freeSpaceFloorBytes: number
  readonly quotaBytes: number | null
  readonly quotaImages: number | null
  readonly quotaStagedBytes: number | null
  readonly quotaUploads: number | null
  readonly importMethods: readonly ImportMethod[]
  readonly formatCheck: 'refuse' | 'warn'
  readonly cleanup: Cleanup
}

/** Automatic deletion of old images (onecloudplanet.md 1.9). */
export type Cleanup = {
  readonly enabled: boolean
  readonly days: number
  readonly formats: readonly string[]
}

/** What the catalogue asks about an address before it promises to fetch it; main.ts gives it the guarded fetch. */
export type Remote = {
  /**
   * What the text of an address alone decides: nothing is resolved or connected to.
   * @throws Failure `invalid` (its reason says what is wrong)
   */
  demandUrl(url: string): void
  /**
   * Is there something to fetch? Reads no more than the head of the answer.
   * @throws Failure `invalid` or `forbidden` for an address that policy refuses, `upstream` when it cannot be reached.
   */
  probe(url: string): Promise<{ readonly size: number | null }>
  /**
   * A small document.
   * @throws Failure as `probe`, `too-large` (reason `document-size`).
   */
  document(url: string, limits: DocumentLimits): Promise<string>
  /** A large body, or a part of it, as a stream. @throws Failure as `probe`, before the first byte or in between */
  download(url: string, limits: RemoteLimits): AsyncIterable<Uint8Array>
}

export type RemoteLimits = {
  readonly range?: ByteRange
  /** Bytes that the whole must have; another number is the Failure `upstream` (reason `changed`). */
  readonly size?: number
  /** For all of it. */
  readonly timeoutMs?: number
  /** Called once, before the first byte, with the bytes of the whole; null where the server does not say. */
  readonly onResponse?: (info: { readonly size: number | null }) => void
  readonly signal?: AbortSignal
}

export type DocumentLimits = {
  readonly maxBytes: number
  /** For everything together, redirects included. */
  readonly timeoutMs: number
  /** Who asks, for the log of the other server. */
  readonly userAgent?: string
}

/** An external Keystone, which issues the tokens of OpenStack's callers (glance.md section 26). */
export type Keystone = {
  /**
   * What it says of a token; the same object as long as it is not asked again.
   * @param allowExpired also one that has ended not long ago
   * @throws Failure `unauthenticated` (reason `unknown`, `expired`), `unavailable` (reason `identity`)
   */
  validate(token: string, options?: { readonly allowExpired?: boolean }): Promise<KeystoneToken>
}

/** How live compute resources are reached. */
export type Hypervisors = {
  /** The hypervisor at a URL; null for a URL that is none or may not be used: that resource is a record only. */
  at(url: string): Hypervisor | null
  /** Are the paths that it names files of this machine? */
  isHere(url: string): boolean
}

/** Disk images as files: those of recorded instances, and what is exported from snapshots. */
export type Disks = {
  /** Where exported images lie until their bytes are received. */
  readonly exportsDirectory: string
  /**
   * The file of a recorded instance that is named relative to IMAGEPORT_DISKS_DIR, with its format.
   * @throws Failure `unavailable` (reason `disks-dir`), `forbidden` (it leads out of the directory, by its name, by links
   * or by what the image says of other files), `not-found`, `content`
   */
  find(
    name: string,
    signal?: AbortSignal,
  ): Promise<{ readonly file: string; readonly format: 'qcow2' | 'raw' }>
  /** Bytes that an export takes at most. @throws Failure `not-found`, `content`, `unavailable` (reason `hypervisor`) */
  exportSize(source: SnapshotSource, signal?: AbortSignal): Promise<number>
  /**
   * Writes the contents of a snapshot to `target` as a qcow2 image that needs no other file; nothing is left when it fails.
   * @param progress gets 0 to 100
   * @throws Failure also `state`, `no-space`, `interrupted`
   */
  export(
    source: SnapshotSource,
    target: string,
    options: { readonly signal: AbortSignal; readonly progress: (percent: number) => void },
  ): Promise<void>
  /** Internal snapshots of a qcow2 file that no guest runs on. @throws Failure `conflict` when there is one of the name */
  createSnapshot(file: string, name: string, signal?: AbortSignal): Promise<void>
  deleteSnapshot(file: string, name: string, signal?: AbortSignal): Promise<void>
  applySnapshot(file: string, name: string, signal?: AbortSignal): Promise<void>
}

/** What every part of the catalogue stands on. */
export type Core = {
  readonly database: OpenedDatabase<Database>
  readonly stores: Stores
  readonly settings: CatalogueSettings
  readonly secrets: Secrets
  readonly remote: Remote
  /** Null: tokens are our own. */
  readonly keystone: Keystone | null
  readonly hypervisors: Hypervisors
  readonly disks: Disks
  /** This process, as the owner of leases. */
  readonly processId: string
}
