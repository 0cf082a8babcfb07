import { randomUUID } from 'node:crypto'
import type { Actor } from '../actor.ts'
import { demandFormats } from '../bytes/expected.ts'
import type { Core, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import type { ImageDraft } from '../images/draft.ts'
import { findImage } from '../images/find.ts'
import { demandMove, type Image } from '../images/image.ts'
import type { FailedImport } from '../images/imports.ts'
import { insertImage } from '../images/insert.ts'
import { lockImage } from '../images/save.ts'
import { enqueueOn, workOn } from '../images/work.ts'
import { logDetail } from '../tasks/log.ts'
import type { HeldUpload } from './upload.ts'

/** What the task `assemble-upload` carries. */
export type UploadPayload = {
  readonly uploadId: string
  readonly length: number
  readonly fallback: FailedImport
  /** The format is what the bytes turn out to be: nobody declared it. */
  readonly formatFound: boolean
}

/**
 * All bytes are there: the image exists from now on, and a task puts them together. The caller wakes the workers.
 * @throws Failure as `images.create`, or as `demandFillable`; then nothing has changed, and the upload stays open
 */
export async function complete(
  trx: Trx,
  core: Core,
  actor: Actor,
  { id, imageUuid, length, draft }: HeldUpload,
): Promise<void> {
  const image =
    draft === null
      ? await demandFillable(trx, core, actor, imageUuid)
      : await insertImage(trx, core, actor, { ...draft, uuid: await freeUuid(trx, imageUuid, draft) })
  const payload: UploadPayload = {
    uploadId: id,
    length,
    // An image that was there before waits for other bytes.
    fallback: draft === null ? 'queued' : 'killed',
    formatFound: draft !== null && isFormatOpen(draft),
  }
  const taskId = await enqueueOn(trx, actor, image, {
    kind: 'assemble-upload',
    payload,
    work: workOn(image, 'Import image', logDetail({ upload: id })),
  })
  await trx
    .updateTable('uploads')
    .set({ task_id: taskId, image_uuid: image.uuid })
    .where('id', '=', id)
    .execute()
}

/** The uuid that was promised, unless an earlier try has used it up. */
async function freeUuid(trx: Trx, promised: string, { uuid }: ImageDraft): Promise<string> {
  const used = uuid === undefined && (await findImage(trx, promised)) !== undefined
  return used ? randomUUID() : promised
}

/** Does the draft leave it to the bytes what they are? */
export function isFormatOpen({
  diskFormat,
  containerFormat,
}: Pick<ImageDraft, 'diskFormat' | 'containerFormat'>): boolean {
  return (diskFormat ?? null) === null && (containerFormat ?? null) === null
}

/**
 * An image that waits for bytes, and gets none from elsewhere.
 * @throws Failure `not-found`, `forbidden`; `state`; `invalid` (reason `formats`: none set)
 */
export async function demandFillable(trx: Trx, core: Core, actor: Actor, uuid: string): Promise<Image> {
  const image = await lockImage(trx, core, actor, uuid, 'image.update')
  demandMove(image.uuid, image.status, 'importing')
  demandFormats(image)
  const busy = await trx
    .selectFrom('tasks')
    .select('id')
    .where('image_uuid', '=', image.uuid)
    .where('state', 'in', ['pending', 'running'])
    .executeTakeFirst()
  if (image.status !== 'queued' || busy)
    throw new Failure('state', 'The image is getting its bytes from elsewhere.', {
      subject: 'image',
      id: image.uuid,
      status: image.status,
    })
  return image
}
