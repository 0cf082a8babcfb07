import type { Core } from '../core.ts'
import { isFailure } from '../failure.ts'
import { day, now } from '../time.ts'

/** How old bytes without a record must be before they are removed. Microseconds. */
const graceOfStrangers = day

/**
 * Removes bytes that nothing refers to: what a crash left half-received, and blobs whose record is gone. The row is
 * always written after the bytes, so bytes that are being received look the same; they are young, or in `transfers`.
 * @param before only bytes written before this instant; by default a day ago, because other processes may be receiving
 * @returns how many were removed
 */
export async function sweepBlobs(core: Core, before = now() - graceOfStrangers): Promise<number> {
  let removed = 0
  for (const { store, readOnly } of core.stores.all) {
    if (readOnly) continue
    try {
      for await (const blob of store.list()) {
        if (blob.modifiedAt * 1000 >= before) continue
        if (await isKnown(core, blob.id, store.name)) continue
        await store.delete(blob.id)
        removed++
      }
    } catch (error) {
      if (!isFailure(error, 'unavailable')) throw error // the next sweep finds them
    }
  }
  return removed
}

/** @param key under which the store has the bytes */
async function isKnown(core: Core, key: string, store: string): Promise<boolean> {
  const { db } = core.database
  const place = db.selectFrom('blob_places').select('key').where('key', '=', key).where('store', '=', store)
  if (await place.executeTakeFirst()) return true
  const part = db.selectFrom('upload_parts').select('key').where('key', '=', key).where('store', '=', store)
  if (await part.executeTakeFirst()) return true
  const arriving = db.selectFrom('transfers').select('store').where('blob_id', '=', key)
  return (await arriving.executeTakeFirst()) !== undefined
}
