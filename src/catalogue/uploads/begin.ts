import { randomUUID } from 'node:crypto'
import type { Actor } from '../actor.ts'
import { record } from '../audit.ts'
import { demandImageSize, demandRoom } from '../bytes/allowance.ts'
import { storeFor } from '../bytes/blobs.ts'
import { demandFormats } from '../bytes/expected.ts'
import { demandByteQuota } from '../bytes/quota.ts'
import type { Core, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import type { ImageDraft } from '../images/draft.ts'
import { draftedFacts } from '../images/insert.ts'
import { now } from '../time.ts'
import { complete, demandFillable, isFormatOpen } from './complete.ts'
import { findUpload, type HeldUpload, keptFor, takesRoom } from './upload.ts'

/** Uploads that one user may have begun and not completed, or that failed and can be tried again. */
const openAtMost = 64

/**
 * What the bytes are for: a new image, which is made when they are complete, or one that waits for them. A new image
 * whose draft names no format gets that which the bytes turn out to have.
 */
export type UploadTarget = { readonly draft: ImageDraft } | { readonly imageUuid: string }

export type NewUpload = {
  readonly target: UploadTarget
  /** Bytes. */
  readonly length: number
  readonly metadata: string
}

/**
 * Begins an upload, after every check that would otherwise refuse the bytes when they are there.
 * @throws Failure `too-large`; `no-space`; `quota` (also reason `open-uploads`); what `images.create` or `demandFillable` throws
 */
export async function beginUpload(
  core: Core,
  actor: Actor,
  { target, length, metadata }: NewUpload,
): Promise<HeldUpload> {
  demandImageSize(core, length)
  // For a while the bytes are there twice: as they came, and as what they make.
  await demandRoom(core, storeFor(core), 2 * length)
  const id = randomUUID()
  await core.database.transaction(async (trx) => {
    await demandFewOpen(trx, core, actor)
    const { imageUuid, ownerId, draft } = await demandTarget(trx, core, actor, target)
    await demandByteQuota(trx, core, ownerId, (await announcedBytes(trx, ownerId)) + length)
    const at = now()
    await trx
      .insertInto('uploads')
      .values({
        id,
        user_id: actor.userId,
        owner_id: ownerId,
        image_uuid: imageUuid,
        draft_json: draft === null ? null : JSON.stringify(draft),
        metadata,
        length,
        received: 0,
        task_id: null,
        created_at: at,
        expires_at: at + keptFor,
      })
      .execute()
    const after = { image: imageUuid, length }
    await record(trx, actor, { action: 'begin-upload', kind: 'upload', id, after })
    // There are images without a byte, and nothing more will come of them.
    if (length === 0) await complete(trx, core, actor, await findUpload(trx, actor, id))
  })
  return findUpload(core.database.db, actor, id)
}

async function demandFewOpen(trx: Trx, core: Core, actor: Actor): Promise<void> {
  // Two that begin at once take turns on PostgreSQL, too.
  if (core.database.engine === 'postgres' && actor.userId !== null)
    await trx.selectFrom('users').select('id').where('id', '=', actor.userId).forUpdate().execute()
  const { open } = await trx
    .selectFrom('uploads')
    .leftJoin('tasks', 'tasks.id', 'uploads.task_id')
    .select((select) => select.fn.countAll<number>().as('open'))
    .where('uploads.user_id', actor.userId === null ? 'is' : '=', actor.userId)
    .where('uploads.expires_at', '>=', now())
    .where(takesRoom)
    .executeTakeFirstOrThrow()
  if (Number(open) < openAtMost) return
  const message = `You have ${openAtMost} uploads that are not complete; complete or cancel some of them first.`
  throw new Failure('quota', message, { reason: 'open-uploads' })
}

type Checked = {
  readonly imageUuid: string
  readonly ownerId: number | null
  readonly draft: ImageDraft | null
}

async function demandTarget(trx: Trx, core: Core, actor: Actor, target: UploadTarget): Promise<Checked> {
  if ('imageUuid' in target) {
    const { uuid, ownerId } = await demandFillable(trx, core, actor, target.imageUuid)
    return { imageUuid: uuid, ownerId, draft: null }
  }
  const facts = await draftedFacts(trx, core, actor, target.draft)
  if (!isFormatOpen(facts)) demandFormats(facts)
  await demandNew(trx, target.draft)
  // Where it belongs is decided now, whatever becomes of the sender's own project.
  return { imageUuid: facts.uuid, ownerId: facts.ownerId, draft: { ...target.draft, ownerId: facts.ownerId } }
}

/** @throws Failure `conflict` (reason `exists`) for a uuid or handle that is taken, as `images.create` would */
async function demandNew(trx: Trx, { uuid, handle }: ImageDraft): Promise<void> {
  if (uuid === undefined && handle === undefined) return
  const taken = await trx
    .selectFrom('images')
    .select('uuid')
    .where((where) =>
      where.or([
        where('uuid', '=', uuid?.toLowerCase() ?? ''),
        where.and([where('handle', '=', handle ?? ''), where('status', '<>', 'killed')]),
      ]),
    )
    .executeTakeFirst()
  if (!taken) return
  throw new Failure('conflict', `There is an image ${taken.uuid} with this ID or handle already.`, {
    subject: 'image',
    id: taken.uuid,
    reason: 'exists',
  })
}

/** What the uploads of a project will add: those that are open, and those that can be tried again. */
async function announcedBytes(trx: Trx, ownerId: number | null): Promise<number> {
  const { bytes } = await trx
    .selectFrom('uploads')
    .leftJoin('tasks', 'tasks.id', 'uploads.task_id')
    .select((select) => select.fn.sum<number | null>('uploads.length').as('bytes'))
    .where('uploads.owner_id', ownerId === null ? 'is' : '=', ownerId)
    .where('uploads.expires_at', '>=', now())
    .where(takesRoom)
    .executeTakeFirstOrThrow()
  return Number(bytes ?? 0)
}
