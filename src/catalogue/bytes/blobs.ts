import { randomUUID } from 'node:crypto'
import type { Received, Store } from '../../store/store.ts'
import type { Core, Query, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { now } from '../time.ts'

/** A random name under which bytes are kept; it says nothing of the image. */
export function newBlobId(): string {
  return randomUUID().replaceAll('-', '')
}

/** The store that takes new images, or the named one. @throws Failure `invalid` (reason `store`), `unavailable`. */
export function storeFor(core: Core, name?: string): Store {
  const found = name === undefined ? core.stores.all.find((one) => !one.readOnly) : storeNamed(core, name)
  if (!found) {
    if (name === undefined)
      throw new Failure('unavailable', 'There is no store that takes images.', { subject: 'store' })
    throw new Failure('invalid', `Store for identifier ${name} not found`, {
      subject: 'store',
      id: name,
      reason: 'store',
    })
  }
  if (found.readOnly)
    throw new Failure('forbidden', `Store ${found.store.name} is read-only.`, {
      subject: 'store',
      reason: 'read-only',
    })
  return found.store
}

export function storeNamed(core: Core, name: string) {
  return core.stores.all.find(({ store }) => store.name === name)
}

export type Kept = {
  readonly blobId: string /** True when the bytes were there already. */
  readonly known: boolean
}

/**
 * Enters received bytes as a blob. The same content is kept once: when it is there already the present blob is
 * returned, locked against being freed, and the caller drops the bytes it received after the commit.
 */
export async function keepBlob(
  trx: Trx,
  core: Core,
  blobId: string,
  store: string,
  received: Received,
): Promise<Kept> {
  const { md5, sha1, sha256, sha512 } = received.digests
  const at = now()
  const inserted = await trx
    .insertInto('blobs')
    .values({
      id: blobId,
      size: received.size,
      md5: md5!,
      sha1: sha1!,
      sha256: sha256 ?? null,
      sha512: sha512!,
      created_at: at,
    })
    .onConflict((conflict) => conflict.column('sha512').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (inserted) {
    await trx.insertInto('blob_places').values({ blob_id: blobId, store, created_at: at }).execute()
    return { blobId, known: false }
  }
  const existing = await lockedBlob(trx, core, 'sha512', sha512!)
  // Freed between the two statements: the transaction's retry, or the caller's, inserts it.
  if (!existing)
    throw new Failure('conflict', 'The same bytes were just deleted; try again.', { subject: 'blob' })
  if (sha256) await trx.updateTable('blobs').set({ sha256 }).where('id', '=', existing.id).execute()
  return { blobId: existing.id, known: true }
}

async function lockedBlob(trx: Trx, core: Core, column: 'id' | 'sha512', value: string) {
  const query = trx.selectFrom('blobs').select('id').where(column, '=', value)
  return (core.database.engine === 'postgres' ? query.forUpdate() : query).executeTakeFirst()
}

/** Frees a blob when its last image is gone. The returned function removes the bytes, after the commit. */
export async function releaseBlob(trx: Trx, core: Core, blobId: string): Promise<() => Promise<void>> {
  await lockedBlob(trx, core, 'id', blobId)
  const used = await trx
    .selectFrom('images')
    .select('seq')
    .where('blob_id', '=', blobId)
    .limit(1)
    .executeTakeFirst()
  if (used) return async () => {}
  const places = await placesOf(trx, blobId)
  await trx.deleteFrom('blobs').where('id', '=', blobId).execute()
  return async () => {
    // A store that cannot be reached now keeps the bytes until the sweep finds that nothing refers to them.
    await Promise.allSettled(places.map((name) => storeNamed(core, name)?.store.delete(blobId)))
  }
}

/** Names of the stores that hold a blob, in the order of their configuration. */
export async function placesOf(query: Query, blobId: string): Promise<string[]> {
  const rows = await query
    .selectFrom('blob_places')
    .select('store')
    .where('blob_id', '=', blobId)
    .orderBy('created_at')
    .execute()
  return rows.map((row) => row.store)
}
