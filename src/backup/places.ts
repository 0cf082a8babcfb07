import { join } from 'node:path'
import { Failure } from '../catalogue/failure.ts'
import type { Settings } from '../settings.ts'

/** Where an installation on one machine keeps everything that a backup must hold. */
export type Places = {
  readonly dataDir: string
  readonly database: string
  readonly stores: readonly {
    readonly name: string
    readonly directory: string
    readonly readOnly: boolean
  }[]
  readonly secretFile: string
}

/**
 * Backup and restore are for the embedded default: SQLite and file stores.
 * @throws Failure `invalid` (reason `not-embedded`), saying what to use instead
 */
export function placesOf(settings: Settings): Places {
  const { databaseUrl, storeUrl, dataDir, secretFile } = settings
  if (!databaseUrl.startsWith('sqlite:'))
    throw notEmbedded(
      'The database is PostgreSQL: save it with pg_dump (or its continuous archiving), the bytes with the tools of their store, and the file IMAGEPORT_SECRET_FILE with them.',
    )
  const database = databaseUrl.slice('sqlite:'.length)
  if (database === ':memory:')
    throw notEmbedded('The database is kept in memory only: there is nothing to save.')
  const stores = storeUrl.flatMap((store) => {
    const { name, readOnly } = store
    return store.type === 'file' ? [{ name, readOnly, directory: store.directory }] : []
  })
  if (stores.length < storeUrl.length)
    throw notEmbedded(
      'A store is an object store: use its own replication or versioning for the bytes, and save the database with sqlite3 ".backup" together with IMAGEPORT_SECRET_FILE.',
    )
  return { dataDir, database, stores, secretFile }
}

function notEmbedded(message: string): Failure {
  return new Failure('invalid', message, { reason: 'not-embedded' })
}

/** What is where in the directory of a backup. */
export function backupFiles(directory: string) {
  return {
    database: join(directory, 'imageport.sqlite'),
    secret: join(directory, 'secret.key'),
    /** Written last: with it the backup is whole. */
    facts: join(directory, 'backup.json'),
    /** There while a backup is being made, so that a broken one can be continued. */
    underWay: join(directory, 'backup.incomplete'),
    blobs: join(directory, 'blobs'),
    blob: (store: string, id: string) => join(directory, 'blobs', store, id.slice(0, 2), id),
  }
}

/** The layout of a backup that this program writes and reads. */
export const layout = 1

/** What `backup.json` says. */
export type BackupFacts = {
  readonly imageport: string
  readonly layout: number
  readonly finishedAt: string
  readonly images: number
  readonly blobs: number
  /** Of all blobs together. */
  readonly bytes: number
  /** Blobs whose bytes were not there to be saved. */
  readonly missing: readonly string[]
}

/** The progress of long copying, in bytes. */
export type Report = (done: number, total: number) => void
