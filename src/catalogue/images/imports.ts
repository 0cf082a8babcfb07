import { demand } from '../access.ts'
import type { Actor } from '../actor.ts'
import { record } from '../audit.ts'
import type { Expected } from '../bytes/bytes.ts'
import { demandByteQuota } from '../bytes/quota.ts'
import type { Core } from '../core.ts'
import { Failure } from '../failure.ts'
import { enqueue, taskChannel } from '../tasks/tasks.ts'
import { now } from '../time.ts'
import type { ImageDraft } from './draft.ts'
import { findImage, membersOf } from './find.ts'
import type { Image } from './image.ts'
import { insertImage } from './insert.ts'
import { lockImage, removeLocked, saveImage } from './save.ts'

/** What a fetch that fails for good leaves behind. */
export type FailedImport = 'queued' | 'killed'

/** What the task `import-url` carries. */
export type ImportPayload = {
  readonly url: string
  readonly fallback: FailedImport
  readonly expected?: Expected
}

/** What the task `copy-image` carries. */
export type CopyPayload = { readonly sourceUuid: string; readonly deleteSource: boolean }

const sourceGone = 'The image to copy is not active any more.'

/** New images whose bytes the server fetches by itself: each is an image and a task, begun in one transaction. */
export function imports(core: Core) {
  const { database } = core

  return {
    /**
     * An image whose bytes come from a URL. The address is looked at first, so that a wrong one is told at once.
     * @throws Failure as `images.create`, and what `Remote.probe` throws.
     */
    async fromUrl(
      actor: Actor,
      draft: ImageDraft,
      source: { url: string; fallback: FailedImport; expected?: Expected },
    ): Promise<{ image: Image; taskId: string }> {
      await core.remote.probe(source.url)
      const started = await database.transaction(async (trx) => {
        const image = await insertImage(trx, core, actor, draft)
        const payload: ImportPayload = source
        const taskId = await enqueue(trx, actor, { kind: 'import-url', imageUuid: image.uuid, payload })
        return { image, taskId }
      })
      await database.notify(taskChannel)
      return started
    },

    /**
     * A private copy of an image for the caller's project, under a new name and maybe in another place. With
     * `deleteSource` it is a move: the source goes once the copy is active.
     * @throws Failure `not-found`, `forbidden` (reason `protected` for a protected source that should go), `state`
     * (the source is not active), `quota`.
     */
    async copy(
      actor: Actor,
      uuid: string,
      target: { name: string; region: string; deleteSource: boolean },
    ): Promise<{ image: Image; taskId: string }> {
      const started = await database.transaction(async (trx) => {
        const source = await lockImage(trx, core, actor, uuid, 'image.view')
        demand(actor, 'image.download', source, await membersOf(trx, source))
        if (target.deleteSource) {
          demand(actor, 'image.delete', source, new Set())
          if (source.protected)
            throw new Failure('forbidden', `Image ${source.uuid} is protected and cannot be deleted.`, {
              subject: 'image',
              id: source.uuid,
              reason: 'protected',
            })
        }
        if (source.status !== 'active')
          throw new Failure('state', `Cannot copy image in ${source.status} status.`, {
            subject: 'image',
            id: source.uuid,
            status: source.status,
          })
        const image = await insertImage(trx, core, actor, {
          name: target.name,
          region: target.region,
          diskFormat: source.diskFormat,
          containerFormat: source.containerFormat,
          minDisk: source.minDisk,
          minRam: source.minRam,
          tags: source.tags,
          properties: source.properties,
          version: source.version,
          resize: source.resize,
          deploy: source.deploy,
        })
        await demandByteQuota(trx, core, image.ownerId, source.size ?? 0)
        const payload: CopyPayload = { sourceUuid: source.uuid, deleteSource: target.deleteSource }
        const taskId = await enqueue(trx, actor, { kind: 'copy-image', imageUuid: image.uuid, payload })
        return { image, taskId }
      })
      await database.notify(taskChannel)
      return started
    },

    /**
     * The work of `copy-image`: bytes are kept by content, so the copy refers to the same blob. Run again after a
     * crash it finds what is left to do. @throws Failure `state` when the source cannot be copied any more; the copy
     * is `killed` then.
     */
    async finishCopy(actor: Actor, uuid: string, payload: CopyPayload): Promise<void> {
      const freed = await database.transaction(async (trx) => {
        const source = await findImage(trx, payload.sourceUuid)
        const copy = await findImage(trx, uuid)
        if (!copy || copy.status === 'deleted') return async () => {}
        if (copy.status === 'queued') {
          if (source?.status !== 'active' || source.blobId === null) {
            await saveImage(trx, core, actor, copy, { status: 'killed', failure: sourceGone }, 'copy-failed')
            return async () => {
              throw new Failure('state', sourceGone, { subject: 'image', id: payload.sourceUuid })
            }
          }
          if (database.engine === 'postgres')
            await trx.selectFrom('blobs').select('id').where('id', '=', source.blobId).forUpdate().execute()
          const { size, virtualSize, digests, blobId } = source
          const change = { status: 'active' as const, size, virtualSize, digests, blobId, publishedAt: now() }
          await saveImage(trx, core, actor, copy, change, 'copy')
        }
        if (!payload.deleteSource || !source || source.status === 'deleted' || source.protected)
          return async () => {}
        await record(trx, actor, { action: 'move', kind: 'image', id: source.uuid, after: { copy: uuid } })
        return removeLocked(trx, core, actor, source)
      })
      await freed()
    },

    /** Ends an import that cannot succeed: the image shows it and why. */
    async fail(actor: Actor, uuid: string, fallback: FailedImport, reason: string): Promise<void> {
      await database.transaction(async (trx) => {
        const image = await findImage(trx, uuid)
        if (!image || image.status === 'deleted' || image.status === fallback) return
        if (image.status !== 'queued' && image.status !== 'importing') return
        await trx.deleteFrom('transfers').where('image_seq', '=', image.seq).execute()
        await saveImage(
          trx,
          core,
          actor,
          image,
          { status: fallback, size: null, failure: reason },
          'import-failed',
        )
      })
    },
  }
}
