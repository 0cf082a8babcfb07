import type { Actor } from '../actor.ts'
import { systemActor } from '../actor.ts'
import type { Core, Trx } from '../core.ts'
import { Failure, isFailure } from '../failure.ts'
import { findImage } from '../images/find.ts'
import type { Image, Status } from '../images/image.ts'
import { saveImage } from '../images/save.ts'
import { now } from '../time.ts'

/**
 * What a transfer that breaks leaves behind. `importing`: the image stays as it is, because the task that was
 * fetching is run again, or decides what becomes of it.
 */
export type Fallback = 'queued' | 'killed' | 'importing'

/** Marks an image as receiving bytes in this process. */
export async function beginTransfer(
  trx: Trx,
  core: Core,
  image: Image,
  blobId: string,
  store: string,
  fallback: Fallback,
): Promise<void> {
  // A transfer that a dead process left behind is taken over; a living one would have kept the status from moving.
  await trx.deleteFrom('transfers').where('image_seq', '=', image.seq).execute()
  await trx
    .insertInto('transfers')
    .values({
      image_seq: image.seq,
      process_id: core.processId,
      blob_id: blobId,
      store,
      fallback,
      started_at: now(),
    })
    .execute()
}

/** @throws Failure `state` while bytes of the image are arriving: its status alone does not tell. */
export async function demandNoTransfer(trx: Trx, image: Image): Promise<void> {
  const row = await trx
    .selectFrom('transfers')
    .innerJoin('processes', 'processes.id', 'transfers.process_id')
    .select('blob_id')
    .where('image_seq', '=', image.seq)
    .where('processes.lease_until', '>=', now())
    .executeTakeFirst()
  if (row)
    throw new Failure('state', 'The bytes of the image are being uploaded already.', {
      subject: 'image',
      id: image.uuid,
      status: image.status,
    })
}

/** Is the image still waiting for this very transfer? False once it was deleted or reaped. */
export async function ownsTransfer(trx: Trx, image: Image | undefined, blobId: string): Promise<boolean> {
  if (!image) return false
  const row = await trx
    .selectFrom('transfers')
    .select('blob_id')
    .where('image_seq', '=', image.seq)
    .executeTakeFirst()
  return row?.blob_id === blobId
}

/** Ends a broken transfer: the image falls back, if it still is this transfer's. */
export async function abandonTransfer(
  core: Core,
  actor: Actor,
  uuid: string,
  blobId: string,
  reason: string,
): Promise<void> {
  await core.database.transaction(async (trx) => {
    const image = await findImage(trx, uuid)
    if (!image || !(await ownsTransfer(trx, image, blobId))) return
    await fallBack(trx, core, actor, image, reason)
  })
}

async function fallBack(trx: Trx, core: Core, actor: Actor, image: Image, reason: string): Promise<void> {
  const transfer = await trx
    .selectFrom('transfers')
    .select('fallback')
    .where('image_seq', '=', image.seq)
    .executeTakeFirstOrThrow()
  await trx.deleteFrom('transfers').where('image_seq', '=', image.seq).execute()
  const moving: readonly Status[] = ['saving', 'uploading', 'importing']
  const status = transfer.fallback as Fallback
  if (!moving.includes(image.status) || status === 'importing') return
  // "Every return to queued clears size and virtual_size" (glance.md section 4).
  await saveImage(
    trx,
    core,
    actor,
    image,
    { status, size: null, virtualSize: null, failure: reason },
    'transfer-failed',
  )
}

/**
 * Puts right the images whose receiving process is gone; returns how many there were.
 */
export async function reapTransfers(core: Core): Promise<number> {
  const lost = await core.database.db
    .selectFrom('transfers')
    .innerJoin('images', 'images.seq', 'transfers.image_seq')
    .leftJoin('processes', 'processes.id', 'transfers.process_id')
    .select(['images.uuid', 'transfers.blob_id', 'transfers.store'])
    .where((where) =>
      where.or([where('processes.id', 'is', null), where('processes.lease_until', '<', now())]),
    )
    .execute()
  for (const { uuid, blob_id, store } of lost) {
    try {
      await abandonTransfer(core, systemActor, uuid, blob_id, 'The server stopped during the transfer.')
    } catch (error) {
      if (!isFailure(error, 'conflict')) throw error // another process reaped it first
    }
    await core.stores.all.find((one) => one.store.name === store)?.store.delete(blob_id)
  }
  return lost.length
}
