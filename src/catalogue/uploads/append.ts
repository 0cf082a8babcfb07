import type { Store } from '../../store/store.ts'
import type { Actor } from '../actor.ts'
import { demandRoom } from '../bytes/allowance.ts'
import { newBlobId, storeFor } from '../bytes/blobs.ts'
import type { Core } from '../core.ts'
import { Failure, isFailure } from '../failure.ts'
import { taskChannel } from '../tasks/task.ts'
import { now } from '../time.ts'
import { complete } from './complete.ts'
import { demandFewParts, partBytes } from './parts.ts'
import { type Slices, slicesOf } from './slices.ts'
import { findUpload, type HeldUpload, keptFor } from './upload.ts'

export type Appended = {
  /** The position of the first byte. */
  readonly offset: number
  /** How many bytes the sender says will come; null where it does not say. */
  readonly announced: number | null
}

/**
 * Takes in the next bytes of an upload. They are durable part by part, so what has arrived stays whatever happens to the
 * sender or to us. Nobody is locked out: of two who send the same bytes at once, the first to complete a part wins.
 * @throws Failure `not-found`, `gone`; `conflict` (reason `offset`); `too-large` (reason `upload-length`); `quota` (reason
 * `upload-parts`); `interrupted`; what the store throws; at the last byte what `complete` throws, and then that part is
 * to be sent again
 */
export async function appendToUpload(
  core: Core,
  actor: Actor,
  id: string,
  source: AsyncIterable<Uint8Array>,
  { offset, announced }: Appended,
): Promise<HeldUpload> {
  const { db } = core.database
  const store = storeFor(core)
  let upload = await findUpload(db, actor, id)
  if (upload.received !== offset) throw misplaced(upload.received)
  if ((announced ?? 0) > upload.length - offset) throw tooLong(upload.length)
  await demandFewParts(db, id, upload.length)
  await demandRoom(core, store, announced ?? 0)
  const slices = slicesOf(source)
  try {
    while (await slices.more()) upload = await receivePart(core, actor, upload, store, slices)
  } finally {
    slices.end()
  }
  // Whoever hangs up after the last byte has sent everything.
  const broken = slices.broken()
  if (broken && upload.state === 'open')
    throw new Failure('interrupted', 'The sender broke off before the end.', {}, { cause: broken.error })
  return upload
}

async function receivePart(
  core: Core,
  actor: Actor,
  upload: HeldUpload,
  store: Store,
  slices: Slices,
): Promise<HeldUpload> {
  const left = upload.length - upload.received
  if (left === 0) throw tooLong(upload.length)
  const key = newBlobId()
  const slice = slices.next(Math.min(left, partBytes))
  const { size } = await store.receive(key, slice, { digests: [] })
  try {
    if (size === left && (await slices.more())) throw tooLong(upload.length)
    return await addPart(core, actor, upload, { size, store: store.name, key })
  } catch (error) {
    // After any other error nobody knows whether it was entered; if not, the sweep will find it.
    if (isFailure(error)) await store.delete(key)
    throw error
  }
}

async function addPart(
  core: Core,
  actor: Actor,
  { id, received: start, length }: HeldUpload,
  part: { readonly size: number; readonly store: string; readonly key: string },
): Promise<HeldUpload> {
  const { database } = core
  const received = start + part.size
  await database.transaction(async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable('uploads')
      .set({ received, expires_at: now() + keptFor })
      .where('id', '=', id)
      .where('received', '=', start)
      .where('task_id', 'is', null)
      .executeTakeFirst()
    const upload = await findUpload(trx, actor, id)
    if (Number(numUpdatedRows) !== 1) throw misplaced(upload.received)
    await trx
      .insertInto('upload_parts')
      .values({ upload_id: id, start, ...part })
      .execute()
    if (received === length) await complete(trx, core, actor, upload)
  })
  if (received === length) await database.notify(taskChannel)
  return findUpload(database.db, actor, id)
}

function misplaced(received: number): Failure {
  return new Failure('conflict', `The next byte of the upload is number ${received}.`, {
    subject: 'upload',
    reason: 'offset',
    expected: String(received),
  })
}

function tooLong(length: number): Failure {
  return new Failure('too-large', `The upload was announced with ${length} bytes.`, {
    subject: 'upload',
    reason: 'upload-length',
  })
}
