import type { Actor } from '../actor.ts'
import { record } from '../audit.ts'
import type { TransferSlots } from '../bytes/slots.ts'
import type { Core, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { findImage } from '../images/find.ts'
import { hasBytes } from '../images/image.ts'
import { demandUnprotected } from '../images/protection.ts'
import { lockImage, removeLocked } from '../images/save.ts'
import { stopTask } from '../tasks/stop.ts'
import { type Task, taskChannel } from '../tasks/task.ts'
import { now } from '../time.ts'
import { type Appended, appendToUpload } from './append.ts'
import { beginUpload, type NewUpload } from './begin.ts'
import { complete, type UploadPayload } from './complete.ts'
import { forgetUpload, readParts } from './parts.ts'
import { findUpload, type HeldUpload, keptFor, listUploads, type Upload } from './upload.ts'

/**
 * Uploads that can be taken up again. Their bytes are kept in the store as they come, part by part, and nothing of them in
 * this process: any process can take the next part, and none can lose one. When all are there, a task sends them down the
 * road that all bytes go (`bytes.receive`).
 */
export function uploads(core: Core, slots: TransferSlots) {
  const { database, settings } = core

  return {
    /** Bytes that an upload may have; null: no limit. */
    maxBytes: settings.maxImageBytes,

    /** @throws Failure as `beginUpload` */
    async begin(actor: Actor, wanted: NewUpload): Promise<Upload> {
      const upload = await beginUpload(core, actor, wanted)
      if (upload.state !== 'open') await database.notify(taskChannel)
      return upload
    },

    /** @throws Failure `not-found` (also for somebody else's), `gone` (expired) */
    view: (actor: Actor, id: string): Promise<Upload> => findUpload(database.db, actor, id),

    /** The actor's own, the newest first. */
    list: (actor: Actor, page: { readonly offset: number; readonly limit: number }): Promise<Upload[]> =>
      listUploads(database.db, actor, page),

    /** @throws Failure as `appendToUpload`; `busy` (reason `transfers`) */
    append: (actor: Actor, id: string, source: AsyncIterable<Uint8Array>, what: Appended): Promise<Upload> =>
      slots.occupy(() => appendToUpload(core, actor, id, source, what)),

    /**
     * Cancels an upload. One that is being assembled takes the image along that it made; of one that has ended only
     * the record goes.
     * @throws Failure `not-found`, `gone`; what deleting the image throws
     */
    async remove(actor: Actor, id: string): Promise<void> {
      const upload = await findUpload(database.db, actor, id)
      if (upload.state === 'assembling') await stopAssembly(actor, upload)
      const freed = await database.transaction(async (trx) => {
        await record(trx, actor, { action: 'remove-upload', kind: 'upload', id: upload.id })
        return forgetUpload(trx, core, upload.id)
      })
      await freed()
    },

    /**
     * Tries again to make an image of bytes that are all there, when what was in their way is so no more.
     * @throws Failure `not-found`, `gone`; `state`; what `complete` throws
     */
    async retry(actor: Actor, id: string): Promise<Upload> {
      await database.transaction(async (trx) => {
        const upload = await lockUpload(trx, actor, id)
        if (!upload.canRetry)
          throw new Failure('state', 'There is nothing to try again.', { subject: 'upload', id })
        await complete(trx, core, actor, upload)
      })
      await database.notify(taskChannel)
      return findUpload(database.db, actor, id)
    },

    /** For the worker: the bytes of a complete upload; null when an earlier run has made the image of them. */
    async assembled({ imageUuid, payload }: Task): Promise<AsyncIterable<Uint8Array> | null> {
      const { uploadId, length } = payload as UploadPayload
      const image = await findImage(database.db, imageUuid!)
      return image && hasBytes(image.status) ? null : readParts(core, uploadId, length)
    },
  }

  /** The upload for a change, locked until the transaction ends; it is kept as long again. */
  async function lockUpload(trx: Trx, actor: Actor, id: string): Promise<HeldUpload> {
    await trx
      .updateTable('uploads')
      .set({ expires_at: now() + keptFor })
      .where('id', '=', (await findUpload(trx, actor, id)).id)
      .execute()
    return findUpload(trx, actor, id)
  }

  async function stopAssembly(actor: Actor, { draft, imageUuid, taskId }: HeldUpload): Promise<void> {
    if (draft === null) {
      await stopTask(core, actor, taskId!)
      return
    }
    const freed = await database.transaction(async (trx) => {
      // Deleted already: its task, which is stopping, is what is still there.
      const found = await findImage(trx, imageUuid)
      if (!found || found.status === 'deleted') return async () => {}
      const image = await lockImage(trx, core, actor, imageUuid, 'image.delete')
      demandUnprotected(image)
      return removeLocked(trx, core, actor, image)
    })
    await freed()
  }
}
