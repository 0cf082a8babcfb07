import { setTimeout as pause } from 'node:timers/promises'
import { type FailureCode, isFailure } from '../catalogue/failure.ts'
import type { Image } from '../catalogue/images/image.ts'
import type { UploadPayload } from '../catalogue/uploads/complete.ts'
import { forgetParts } from '../catalogue/uploads/parts.ts'
import type { Kind, Run, WorkParts } from './kind.ts'

/** After these the same bytes would fail again; after others whoever sent them may want to try without sending them anew. */
const hopeless: ReadonlySet<FailureCode> = new Set(['content', 'invalid', 'too-large', 'data-lost', 'gone'])

/** Milliseconds until it is tried again where this process has its hands full. */
const busyPause = 2_000

/**
 * Puts the parts of an upload together and receives them as any other bytes. Run again after a crash it begins from the
 * start: the parts are there until the image has its bytes.
 */
export const assembleUpload: Kind = {
  name: 'assemble-upload',

  async run(run, parts) {
    const { task, actor } = run
    const { core, catalogue } = parts
    const { uploadId } = task.payload as UploadPayload
    const forget = async () => {
      const freed = await core.database.transaction((trx) => forgetParts(trx, core, uploadId))
      await freed()
    }
    try {
      const image = await whenThereIsRoom(run, () => assemble(run, parts))
      await forget()
      const { size } = image ?? (await catalogue.images.view(actor, task.imageUuid!))
      return { image_id: task.imageUuid, size }
    } catch (error) {
      if (isFailure(error) && hopeless.has(error.code)) await forget()
      throw error
    }
  },

  retry: (error) => isFailure(error, 'unavailable'),
}

/** Null where an earlier run has done it. */
async function assemble(
  { task, actor, signal, progress }: Run,
  { catalogue }: WorkParts,
): Promise<Image | null> {
  const { length, formatFound } = task.payload as UploadPayload
  const bytes = await catalogue.uploads.assembled(task)
  if (bytes === null) return null
  return catalogue.bytes.receive(actor, task.imageUuid!, bytes, {
    during: 'importing',
    fallback: 'importing',
    announced: length,
    signal,
    progress: (done) => progress(done, length),
    ...(formatFound ? { formats: 'found' } : {}),
  })
}

/** The sender has done everything: that others send just now must not make it fail. */
async function whenThereIsRoom<T>({ signal }: Run, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isFailure(error, 'busy') || signal.aborted) throw error
      await pause(busyPause, undefined, { signal })
    }
  }
}
