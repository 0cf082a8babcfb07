import type { ImageChange } from '../../database/schema.ts'
import { demand, imageNotFound } from '../access.ts'
import type { Actor } from '../actor.ts'
import { difference, record } from '../audit.ts'
import { releaseBlob } from '../bytes/blobs.ts'
import type { Core, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { superseded } from '../manifests/supersede.ts'
import { followImage } from '../places/registrations/follow.ts'
import { cancelTasksOf } from '../tasks/close.ts'
import { now } from '../time.ts'
import { cleanupDate } from './cleanup.ts'
import { findImage, membersOf, normaliseUuid } from './find.ts'
import type { Image } from './image.ts'
import { demandMove } from './image.ts'
import { type StoredFacts, toRow } from './row.ts'

/**
 * The image for a change: locked until the transaction ends, and checked for what the actor wants to do.
 * @throws Failure `not-found` (absent, deleted or invisible), `forbidden`.
 */
export async function lockImage(
  trx: Trx,
  core: Core,
  actor: Actor,
  uuid: string,
  permission: Parameters<typeof demand>[1],
): Promise<Image> {
  const normal = normaliseUuid(uuid)
  if (normal === null) throw imageNotFound(uuid)
  if (core.database.engine === 'postgres')
    await trx.selectFrom('images').select('seq').where('uuid', '=', normal).forUpdate().execute()
  const image = await findImage(trx, normal)
  if (!image || image.status === 'deleted') throw imageNotFound(uuid)
  demand(actor, permission, image, await membersOf(trx, image))
  return image
}

/**
 * Writes a changed image: derived columns, registration and audit entry with it. Nothing else updates images.
 * The present status is repeated in the condition, so that of two moves only one can win.
 * @param beside what the audit entry tells besides the image's own facts
 */
export async function saveImage(
  trx: Trx,
  core: Core,
  actor: Actor,
  before: Image,
  change: Partial<StoredFacts>,
  action: string,
  beside: { readonly before?: object; readonly after?: object } = {},
): Promise<Image> {
  if (change.status !== undefined && change.status !== before.status)
    demandMove(before.uuid, before.status, change.status)
  const changed = { ...before, updatedAt: now(), ...change, ...superseded(before, change) }
  const after = { ...changed, cleanupAt: await cleanupDate(trx, core, changed) }
  const { numUpdatedRows } = await trx
    .updateTable('images')
    .set(changedColumns(toRow(before), toRow(after)))
    .where('seq', '=', before.seq)
    .where('status', '=', before.status)
    .executeTakeFirst()
  if (Number(numUpdatedRows) !== 1)
    throw new Failure('conflict', 'The image was changed by somebody else.', {
      subject: 'image',
      id: before.uuid,
    })
  const image = (await findImage(trx, before.uuid))!
  await followImage(trx, image)
  const sides = difference<object>(
    { ...auditFacts(before), ...beside.before },
    { ...auditFacts(image), ...beside.after },
  )
  await record(trx, actor, { action, kind: 'image', id: before.uuid, ...sides })
  return image
}

/** Only what differs: a column that is written has all its indexes written, whether its value is new or not. */
function changedColumns(before: ImageChange, after: ImageChange): ImageChange {
  return Object.fromEntries(
    Object.entries(after).filter(([column, value]) => before[column as keyof ImageChange] !== value),
  )
}

/** What the audit log shows of an image: its facts, not its joined names or its bookkeeping. */
export function auditFacts(image: Image): object {
  const { owner: _owner, instance: _instance, seq: _seq, updatedAt: _updatedAt, ...facts } = image
  return facts
}

/**
 * The deletion itself, for an image that is locked. The returned function frees the bytes after the commit.
 * @param ownTask the task that does it, and is not to be stopped by it
 */
export async function removeLocked(
  trx: Trx,
  core: Core,
  actor: Actor,
  image: Image,
  ownTask?: string,
): Promise<() => Promise<void>> {
  const gone = { status: 'deleted' as const, deletedAt: now(), blobId: null, handle: `deleted-${image.seq}` }
  const members = [...(await membersOf(trx, image))]
  // Whoever the image was shared with is to hear of its end.
  const beside = members.length === 0 ? {} : { before: { members }, after: { members: [] } }
  await saveImage(trx, core, actor, image, gone, 'delete', beside)
  await trx.deleteFrom('image_members').where('image_seq', '=', image.seq).execute()
  await trx.deleteFrom('image_strangers').where('image_seq', '=', image.seq).execute()
  await trx.deleteFrom('image_locations').where('image_seq', '=', image.seq).execute()
  await trx.deleteFrom('image_icons').where('image_seq', '=', image.seq).execute()
  // A running transfer finds its row gone and gives up its bytes.
  await trx.deleteFrom('transfers').where('image_seq', '=', image.seq).execute()
  await cancelTasksOf(trx, image.uuid, ownTask)
  return image.blobId === null ? async () => {} : releaseBlob(trx, core, image.blobId)
}
