import { isReferred, lockedBlob, type Place, placesOf, removeBytes } from '../../bytes/blobs.ts'
import type { Core, Trx } from '../../core.ts'
import type { Image } from '../image.ts'

/**
 * Forgets places of an image's bytes. Another image may count on any of them: then all stay, and so does the last one.
 * The returned function removes the bytes, after the commit.
 */
export async function dropSurplus(
  trx: Trx,
  core: Core,
  image: Image,
  isSurplus: (place: Place) => boolean,
): Promise<() => Promise<void>> {
  if (image.blobId === null) return async () => {}
  await lockedBlob(trx, core, 'id', image.blobId)
  if (await isReferred(trx, image.blobId, image.seq)) return async () => {}
  const places = await placesOf(trx, image.blobId)
  const surplus = places.filter(isSurplus)
  if (surplus.length === places.length) return async () => {}
  for (const { key } of surplus) await trx.deleteFrom('blob_places').where('key', '=', key).execute()
  return () => removeBytes(core, surplus)
}
