import type { Kysely, Transaction } from 'kysely'
import type { OpenedDatabase } from '../database/opened.ts'
import type { Database } from '../database/schema.ts'
import type { Stores } from '../store/store.ts'
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
   * Is there something to fetch? Reads no more than the head of the answer.
   * @throws Failure `invalid` or `forbidden` for an address that policy refuses, `upstream` when it cannot be reached.
   */
  probe(url: string): Promise<{ readonly size: number | null }>
}

/** What every part of the catalogue stands on. */
export type Core = {
  readonly database: OpenedDatabase<Database>
  readonly stores: Stores
  readonly settings: CatalogueSettings
  readonly secrets: Secrets
  readonly remote: Remote
  /** This process, as the owner of leases. */
  readonly processId: string
}
