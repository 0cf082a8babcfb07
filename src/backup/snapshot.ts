import { chmod, rm, writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { Failure } from '../catalogue/failure.ts'

/** One blob in one store, as the database knows it: `id` is the key under which the store has it. */
export type Place = { readonly id: string; readonly store: string; readonly size: number }

/** Writes the database as it is at this moment into a new file, while others go on using it. */
export async function takeSnapshot(database: string, target: string): Promise<void> {
  await rm(target, { force: true })
  // An empty file is accepted as the target, and this way it is its owner's from the first byte.
  await writeFile(target, '', { mode: 0o600 })
  await chmod(target, 0o600)
  const source = new DatabaseSync(database)
  try {
    source.exec('pragma busy_timeout = 30000')
    source.prepare('vacuum into ?').run(target)
  } finally {
    source.close()
  }
  forgetUploads(target)
}

/** The bytes of uploads that are not complete are not saved, so nobody must be told that they are there. */
function forgetUploads(path: string): void {
  const database = new DatabaseSync(path)
  try {
    const [known] = database.prepare("select 1 from pragma_table_info('uploads')").all()
    if (known) database.exec('delete from upload_parts; delete from uploads')
  } finally {
    database.close()
  }
}

/**
 * What a snapshot says of the bytes that belong to it.
 * @throws Failure `data-lost` (reason `backup`) when the file is damaged or no database of ours
 */
export function readSnapshot(path: string): { places: Place[]; images: number } {
  // Nobody writes it, and reading must leave nothing beside it.
  const url = pathToFileURL(path)
  url.searchParams.set('immutable', '1')
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(url, { readOnly: true })
    const [check] = database.prepare('pragma quick_check(1)').all()
    if (check?.quick_check !== 'ok') throw new Error(String(check?.quick_check))
    // Before keys were written down, the key of a blob was its id everywhere.
    const [keyed] = database
      .prepare("select 1 from pragma_table_info('blob_places') where name = 'key'")
      .all()
    const places = database
      .prepare(
        `select ${keyed ? 'blob_places.key' : 'blobs.id'} as id, blob_places.store, blobs.size
        from blobs join blob_places on blob_places.blob_id = blobs.id order by 1, 2`,
      )
      .all() as unknown as Place[]
    const [count] = database.prepare("select count(*) as images from images where status <> 'deleted'").all()
    return { places, images: Number(count?.images) }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Failure(
      'data-lost',
      `The database ${path} cannot be read: ${why}.`,
      { reason: 'backup' },
      { cause: error },
    )
  } finally {
    database?.close()
  }
}
