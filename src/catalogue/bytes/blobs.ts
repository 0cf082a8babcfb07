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

/** Where a store keeps a blob. Each has a key of its own there, so that two copies can never meet in one place. */
export type Place = { readonly store: string; readonly key: string }

export type Kept = {
  readonly blobId: string
  /** False: the store had these bytes already, and those that came now are to be dropped after the commit. */
  readonly added: boolean
}

/**
 * Enters received bytes as a blob. The same content is one blob, however often it comes, with one place in each store:
 * the blob is returned locked against being freed.
 * @param place where the bytes have been received
 */
export async function keepBlob(trx: Trx, core: Core, place: Place, received: Received): Promise<Kept> {
  const { md5, sha1, sha256, sha512 } = received.digests
  const inserted = await trx
    .insertInto('blobs')
    .values({
      id: place.key,
      size: received.size,
      md5: md5!,
      sha1: sha1!,
      sha256: sha256 ?? null,
      sha512: sha512!,
      created_at: now(),
    })
    .onConflict((conflict) => conflict.column('sha512').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (inserted) return { blobId: inserted.id, added: await addPlace(trx, inserted.id, place) }
  const existing = await lockedBlob(trx, core, 'sha512', sha512!)
  // Freed between the two statements: the transaction's retry, or the caller's, inserts it.
  if (!existing)
    throw new Failure('conflict', 'The same bytes were just deleted; try again.', { subject: 'blob' })
  if (sha256) await trx.updateTable('blobs').set({ sha256 }).where('id', '=', existing.id).execute()
  return { blobId: existing.id, added: await addPlace(trx, existing.id, place) }
}

/** Enters one more place of a blob; false when that store has it already. */
export async function addPlace(trx: Trx, blobId: string, { store, key }: Place): Promise<boolean> {
  const added = await trx
    .insertInto('blob_places')
    .values({ blob_id: blobId, store, key, created_at: now() })
    .onConflict((conflict) => conflict.columns(['blob_id', 'store']).doNothing())
    .returning('key')
    .executeTakeFirst()
  return added !== undefined
}

/** The blob, locked until the transaction ends: nobody frees it or changes its places meanwhile. */
export async function lockedBlob(trx: Trx, core: Core, column: 'id' | 'sha512', value: string) {
  const query = trx.selectFrom('blobs').select('id').where(column, '=', value)
  return (core.database.engine === 'postgres' ? query.forUpdate() : query).executeTakeFirst()
}

/** Frees a blob when its last image is gone. The returned function removes the bytes, after the commit. */
export async function releaseBlob(trx: Trx, core: Core, blobId: string): Promise<() => Promise<void>> {
  await lockedBlob(trx, core, 'id', blobId)
  if (await isReferred(trx, blobId)) return async () => {}
  const places = await placesOf(trx, blobId)
  await trx.deleteFrom('blobs').where('id', '=', blobId).execute()
  return () => removeBytes(core, places)
}

/** Does an image refer to the blob, other than the one that is named? */
export async function isReferred(query: Query, blobId: string, exceptSeq = 0): Promise<boolean> {
  const used = await query
    .selectFrom('images')
    .select('seq')
    .where('blob_id', '=', blobId)
    .where('seq', '<>', exceptSeq)
    .limit(1)
    .executeTakeFirst()
  return used !== undefined
}

/** How many things are removed from a store at once. */
const removedAtOnce = 32

/** A store that cannot be reached now keeps the bytes until the sweep finds that nothing refers to them. */
export async function removeBytes(core: Core, places: readonly Place[]): Promise<void> {
  for (let n = 0; n < places.length; n += removedAtOnce) {
    const some = places.slice(n, n + removedAtOnce)
    await Promise.allSettled(some.map(({ store, key }) => storeNamed(core, store)?.store.delete(key)))
  }
}

/** The places of a blob, the oldest first. */
export async function placesOf(query: Query, blobId: string): Promise<Place[]> {
  return query
    .selectFrom('blob_places')
    .select(['store', 'key'])
    .where('blob_id', '=', blobId)
    .orderBy('created_at')
    .execute()
}

/**
 * Where a blob is read from: the first of the configured stores that has it, or undefined.
 * @param prefer names of stores that come before all others, best first
 */
export function nearestPlace(
  core: Core,
  places: readonly Place[],
  prefer: readonly string[] = [],
): { readonly store: Store; readonly key: string } | undefined {
  const rank = (name: string) => (prefer.includes(name) ? prefer.indexOf(name) : prefer.length)
  const ordered = core.stores.all.toSorted((a, b) => rank(a.store.name) - rank(b.store.name))
  for (const { store } of ordered) {
    const place = places.find((one) => one.store === store.name)
    if (place) return { store, key: place.key }
  }
  return undefined
}
