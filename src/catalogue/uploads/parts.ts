import { type Place, removeBytes, storeNamed } from '../bytes/blobs.ts'
import type { Core, Query, Trx } from '../core.ts'
import { Failure } from '../failure.ts'

/** Bytes of one part: what a killed server loses at most of a request that was under way. */
export const partBytes = 8 * 1024 ** 2

/**
 * Pieces in which an upload may come, beyond those that its length needs: connections may break very often, but nobody
 * may fill the store with single bytes.
 */
const extraParts = 10_000

const pageSize = 200

/** @throws Failure `quota` (reason `upload-parts`) */
export async function demandFewParts(query: Query, id: string, length: number): Promise<void> {
  const { parts } = await query
    .selectFrom('upload_parts')
    .select((select) => select.fn.countAll<number>().as('parts'))
    .where('upload_id', '=', id)
    .executeTakeFirstOrThrow()
  if (Number(parts) >= Math.ceil(length / partBytes) + extraParts)
    throw new Failure('quota', 'The upload came in too many small pieces.', { reason: 'upload-parts' })
}

/** The bytes of a complete upload, part by part. @throws Failure `data-lost` when they are not all there */
export async function* readParts(core: Core, id: string, length: number): AsyncGenerator<Uint8Array> {
  let at = 0
  while (at < length) {
    const page = await core.database.db
      .selectFrom('upload_parts')
      .selectAll()
      .where('upload_id', '=', id)
      .where('start', '>=', at)
      .orderBy('start')
      .limit(pageSize)
      .execute()
    if (page.length === 0) throw partLost(id)
    for (const { start, size, store, key } of page) {
      const held = storeNamed(core, store)
      if (start !== at || !held) throw partLost(id)
      yield* held.store.read(key)
      at += size
    }
  }
}

/** Forgets the parts of an upload. The returned function removes their bytes, after the commit. */
export async function forgetParts(trx: Trx, core: Core, id: string): Promise<() => Promise<void>> {
  const places: Place[] = await trx
    .selectFrom('upload_parts')
    .select(['store', 'key'])
    .where('upload_id', '=', id)
    .execute()
  await trx.deleteFrom('upload_parts').where('upload_id', '=', id).execute()
  return () => removeBytes(core, places)
}

/** Forgets an upload with everything that has come of it; the returned function as above. */
export async function forgetUpload(trx: Trx, core: Core, id: string): Promise<() => Promise<void>> {
  // Before its parts are read, so that none can be added any more.
  await trx.updateTable('uploads').set({ expires_at: 0 }).where('id', '=', id).execute()
  const freed = await forgetParts(trx, core, id)
  await trx.deleteFrom('uploads').where('id', '=', id).execute()
  return freed
}

function partLost(id: string): Failure {
  return new Failure('data-lost', 'A part of the upload is missing.', { subject: 'upload', id })
}
