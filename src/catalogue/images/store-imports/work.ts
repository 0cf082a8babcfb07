import type { Actor } from '../../actor.ts'
import { addPlace, lockedBlob, type Place, placesOf, removeBytes, storeFor } from '../../bytes/blobs.ts'
import { type CopyOptions, copyBlob } from '../../bytes/copying.ts'
import { beginTransfer, ownsTransfer } from '../../bytes/transfers.ts'
import type { Core, Trx } from '../../core.ts'
import { Failure, isFailure } from '../../failure.ts'
import type { Task } from '../../tasks/task.ts'
import { now } from '../../time.ts'
import { completeImage } from '../complete.ts'
import type { Image, ImportState } from '../image.ts'
import { lockImage, saveImage } from '../save.ts'
import { describe, type SourceDescription } from './describe.ts'
import type { StoreImportPayload } from './payload.ts'
import { dropSurplus } from './surplus.ts'

export type SpreadOptions = {
  readonly signal: AbortSignal
  /** Bytes in all stores together. */
  readonly progress: (done: number, total: number) => void
}

/** An image that a task is importing. */
type Imported = Image & { readonly import: ImportState }

const payloadOf = (task: Task) => task.payload as StoreImportPayload

/**
 * The steps of an import, for the worker that does it (glance.md 13.3). Each is one transaction that finds the image as it
 * is by then, so that a run that was broken off is simply taken up again.
 */
export function storeImportWork(core: Core) {
  const { database } = core

  /** The image, locked; null when the import is over: it is done, or the image is gone. */
  async function held(trx: Trx, actor: Actor, task: Task): Promise<Imported | null> {
    try {
      const image = await lockImage(trx, core, actor, task.imageUuid!, 'image.view')
      return image.import?.taskId === task.id ? { ...image, import: image.import } : null
    } catch (error) {
      if (isFailure(error, 'not-found')) return null
      throw error
    }
  }

  /** A store has the bytes. Where one is enough, the image is active from now on. */
  async function filled(trx: Trx, actor: Actor, task: Task, image: Imported, store: string): Promise<Image> {
    const importing = image.import.importing.filter((name) => name !== store)
    const facts = { import: { ...image.import, importing } }
    if (payloadOf(task).allMustSucceed || image.status !== 'importing')
      return saveImage(trx, core, actor, image, facts, 'import')
    const publishedAt = image.publishedAt ?? now()
    return completeImage(trx, core, actor, image, { ...facts, publishedAt }, 'import')
  }

  /** Writes down a copy whose bytes have arrived. @throws Failure `gone` */
  async function arrived(actor: Actor, task: Task, blobId: string, place: Place): Promise<void> {
    const added = await database.transaction(async (trx) => {
      const image = await held(trx, actor, task)
      if (!image || !(await ownsTransfer(trx, image, place.key))) throw gone(task)
      if (!(await lockedBlob(trx, core, 'id', blobId))) throw gone(task)
      await trx.deleteFrom('transfers').where('image_seq', '=', image.seq).execute()
      const isNew = await addPlace(trx, blobId, place)
      await filled(trx, actor, task, image, place.store)
      return isNew
    })
    if (!added) await removeBytes(core, [place])
  }

  /** Brings the bytes into one more store, unless it has them. @throws Failure as `copyBlob`, `gone` */
  async function fill(
    actor: Actor,
    task: Task,
    store: string,
    options: Pick<CopyOptions, 'signal' | 'progress'>,
  ): Promise<void> {
    const blobId = await database.transaction(async (trx) => {
      const image = await held(trx, actor, task)
      if (!image) throw gone(task)
      // Locked, so that it is not taken out of this store meanwhile.
      await lockedBlob(trx, core, 'id', image.blobId!)
      const places = await placesOf(trx, image.blobId!)
      if (!places.some((place) => place.store === store)) return image.blobId!
      await filled(trx, actor, task, image, store)
      return null
    })
    if (blobId === null) return
    let place: Place | undefined
    try {
      const copy = await copyBlob(core, blobId, storeFor(core, store), {
        ...options,
        begin: async (begun) => {
          place = begun
          await database.transaction(async (trx) => {
            const image = await held(trx, actor, task)
            if (!image) throw gone(task)
            await beginTransfer(trx, core, image, begun.key, begun.store, 'importing')
          })
        },
      })
      await arrived(actor, task, blobId, copy)
    } catch (error) {
      if (place) await abandonCopy(place)
      throw error
    }
  }

  async function abandonCopy(place: Place): Promise<void> {
    await database.db.deleteFrom('transfers').where('blob_id', '=', place.key).execute()
    await removeBytes(core, [place])
  }

  /** What is being imported, as it stands; null when there is nothing left to do. */
  const current = (actor: Actor, task: Task): Promise<Imported | null> =>
    database.transaction((trx) => held(trx, actor, task))

  /** Writes down that a store could not be filled. */
  async function storeFailed(actor: Actor, task: Task, store: string): Promise<void> {
    await database.transaction(async (trx) => {
      const image = await held(trx, actor, task)
      if (!image) return
      const { importing, failed, copies } = image.import
      const state = {
        ...image.import,
        importing: importing.filter((name) => name !== store),
        failed: [...failed, store],
        copies: Math.max(1, copies - 1),
      }
      await saveImage(trx, core, actor, image, { import: state }, 'import-failed')
    })
  }

  return {
    current,
    storeFailed,

    /** Describes the image as another Glance does, before its bytes come. @throws Failure `gone`, `invalid`, `quota` */
    async describe(actor: Actor, task: Task, source: SourceDescription): Promise<void> {
      await database.transaction(async (trx) => {
        const image = await held(trx, actor, task)
        if (!image) throw gone(task)
        await describe(trx, core, actor, task, image, source)
      })
    },

    /** More for the transaction in which fetched bytes arrive in their first store. */
    async fetched(trx: Trx, actor: Actor, task: Task, store: string): Promise<void> {
      const image = await held(trx, actor, task)
      if (image) await filled(trx, actor, task, image, store)
    },

    /**
     * Copies the bytes from where they are into every store that is still to be filled.
     * @throws Failure as `copyBlob` when a store fails that must not, or when all of them do; `gone`
     */
    async spread(actor: Actor, task: Task, options: SpreadOptions): Promise<void> {
      let problem: unknown
      const { stores, allMustSucceed } = payloadOf(task)
      for (;;) {
        const image = await current(actor, task)
        if (!image) throw gone(task)
        const size = image.size ?? 0
        const [store, ...others] = image.import.importing
        const done = size * (stores.length - others.length - 1)
        if (store === undefined) {
          if (stores.every((name) => image.import.failed.includes(name)))
            throw problem ?? new Failure('unavailable', 'No store takes the image.', { subject: 'store' })
          return
        }
        try {
          await fill(actor, task, store, {
            signal: options.signal,
            progress: (bytes) => options.progress(done + bytes, size * stores.length),
          })
        } catch (error) {
          if (options.signal.aborted || isFailure(error, 'gone')) throw error
          problem = error
          await storeFailed(actor, task, store)
          if (allMustSucceed) throw error
        }
      }
    },

    /** The end of an import that has come through: the image is active, nothing is locked or staged any more. */
    async finish(actor: Actor, task: Task): Promise<void> {
      const freed = await database.transaction(async (trx) => {
        const image = await held(trx, actor, task)
        if (!image) return async () => {}
        const facts = { import: { ...image.import, taskId: null, importing: [] } }
        const publishedAt = image.publishedAt ?? now()
        if (image.status === 'importing')
          await completeImage(trx, core, actor, image, { ...facts, publishedAt }, 'import')
        else await saveImage(trx, core, actor, image, facts, 'import')
        const { method, stores } = payloadOf(task)
        if (method === 'copy-image') return async () => {}
        // What was staged elsewhere is not needed any more.
        return dropSurplus(trx, core, image, ({ store }) => !stores.includes(store))
      })
      await freed()
    },
  }
}

function gone(task: Task): Failure {
  return new Failure('gone', 'The image was deleted, or its import ended, while it was being imported.', {
    subject: 'image',
    id: task.imageUuid!,
  })
}
