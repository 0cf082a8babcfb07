import { demand, demandIn, permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import { record } from '../audit.ts'
import type { Expected } from '../bytes/expected.ts'
import { demandByteQuota } from '../bytes/quota.ts'
import type { Core, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { logDetail, logDone, type Work } from '../tasks/log.ts'
import type { Rollback } from '../tasks/rollback.ts'
import { type Callback, taskChannel } from '../tasks/task.ts'
import { now } from '../time.ts'
import { completeImage } from './complete.ts'
import type { ImageDraft } from './draft.ts'
import { findImage, membersOf } from './find.ts'
import { forgetDeleted } from './forget.ts'
import type { Image } from './image.ts'
import { demandHeldHere, hasBytes } from './image.ts'
import { insertImage } from './insert.ts'
import { demandUnprotected } from './protection.ts'
import { lockImage, removeLocked, saveImage } from './save.ts'
import { demandBoundQuota, demandFreeAlias } from './uniqueness.ts'
import { enqueueOn, workOn } from './work.ts'

/** What a fetch that fails for good leaves behind; `deleted`: nothing, as if it had never been asked for. */
export type FailedImport = 'queued' | 'killed' | 'deleted'

/** What the task `import-url` carries. */
export type ImportPayload = {
  readonly url: string
  readonly fallback: FailedImport
  readonly expected?: Expected
  /** Bytes that there must be. */
  readonly size?: number
  /** The format is what the bytes turn out to be, instead of what was declared. */
  readonly formatFound?: boolean
  /** The image of this catalogue whose bytes the URL names: they are compared with what is expected, not fetched. */
  readonly sourceUuid?: string
}

/** What people read of an import, and who is told of its end. */
export type Announced = { readonly work: (image: Image) => Work; readonly callback?: Callback | undefined }

/** An image that comes with a manifest keeps its uuid. */
export type ForeignDraft = ImageDraft & { readonly uuid: string }

/** The bytes that a manifest promises (danube.md 1.7). */
export type PromisedFile = {
  readonly url: string
  /** Lower-case hex; null: the manifest names none, and the import will fail. */
  readonly sha1: string | null
  /** Bytes. */
  readonly size: number | null
  /** The image of this catalogue that the URL names. */
  readonly sourceUuid?: string
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
        const taskId = await enqueueOn(trx, actor, image, {
          kind: 'import-url',
          payload,
          work: workOn(image, 'Import image', logDetail({ url: source.url })),
        })
        return { image, taskId }
      })
      await database.notify(taskChannel)
      return started
    },

    /** May the actor import into this project, where it also has to manage images? */
    mayImport: (actor: Actor, projectId: number): boolean =>
      permitted(actor, 'image.create', projectId) && permitted(actor, 'image.import', projectId),

    /**
     * What a new image needs beside its own facts: a name that is free, and room where it is bound. Asked for before it is
     * known whether anything can be begun, and again when it is.
     * @throws Failure `invalid` (field `alias` or `non_field_errors`)
     */
    async demandPlace(draft: ImageDraft): Promise<void> {
      await database.transaction((trx) => demandPlace(trx, core, draft))
    },

    /**
     * An image that a manifest describes and another repository holds: it is there at once and pending until its bytes
     * have arrived and are what the manifest says. When they do not, nothing remains of it (danube.md 1.7).
     * @throws Failure as `images.create`; `forbidden` without the right to import into the project.
     */
    async fromManifest(
      actor: Actor,
      draft: ForeignDraft,
      file: PromisedFile,
      announced: Announced,
    ): Promise<{ image: Image; taskId: string }> {
      const started = await database.transaction(async (trx) => {
        demandIn(actor, 'image.import', draft.ownerId ?? null)
        await demandPlace(trx, core, draft)
        await forgetDeleted(trx, draft.uuid)
        const image = await insertImage(trx, core, actor, draft)
        const payload: ImportPayload = {
          url: file.url,
          fallback: 'deleted',
          expected: { algorithm: 'sha1', value: file.sha1 ?? 'none' },
          ...(file.size === null ? {} : { size: file.size }),
          formatFound: true,
          ...(file.sourceUuid === undefined ? {} : { sourceUuid: file.sourceUuid }),
        }
        const taskId = await enqueueOn(trx, actor, image, {
          kind: 'import-url',
          payload,
          work: announced.work(image),
          callback: announced.callback,
        })
        return { image, taskId }
      })
      await database.notify(taskChannel)
      return started
    },

    /**
     * The same without an image server: a description whose bytes are kept elsewhere (one-catalogue.md section 3,
     * `external`). @throws Failure as `fromManifest`.
     */
    async record(actor: Actor, draft: ForeignDraft, work: (image: Image) => Work): Promise<Image> {
      return database.transaction(async (trx) => {
        demandIn(actor, 'image.import', draft.ownerId ?? null)
        await demandPlace(trx, core, draft)
        await forgetDeleted(trx, draft.uuid)
        const image = await insertImage(trx, core, actor, { ...draft, external: true })
        await logDone(trx, actor, work(image))
        return image
      })
    },

    /**
     * The work of an import whose file is here already: its digest is compared with the manifest's, and the image refers
     * to the same bytes. @throws Failure `not-found` or `state` (the source is gone or has no bytes), `invalid` (reason
     * `digest` or `length`).
     */
    async adopt(actor: Actor, uuid: string, payload: ImportPayload): Promise<void> {
      await database.transaction(async (trx) => {
        const image = await findImage(trx, uuid)
        if (!image || image.status === 'active' || image.status === 'deactivated') return
        const source = await lockImage(trx, core, actor, payload.sourceUuid!, 'image.download')
        demandHeldHere(source)
        if (source.blobId === null || !hasBytes(source.status))
          throw new Failure('state', `Image ${source.uuid} has no file.`, {
            subject: 'image',
            id: source.uuid,
          })
        demandPromised(source, payload)
        await demandByteQuota(trx, core, image.ownerId, source.size ?? 0)
        if (database.engine === 'postgres')
          await trx.selectFrom('blobs').select('id').where('id', '=', source.blobId).forUpdate().execute()
        const { size, virtualSize, digests, blobId, diskFormat, containerFormat } = source
        const bytes = { size, virtualSize, digests, blobId, diskFormat, containerFormat }
        await completeImage(trx, core, actor, image, { ...bytes, publishedAt: now() }, 'copy')
      })
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
          demandUnprotected(source)
        }
        if (source.status !== 'active')
          throw new Failure('state', `Cannot copy image in ${source.status} status.`, {
            subject: 'image',
            id: source.uuid,
            status: source.status,
          })
        demandHeldHere(source)
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
        const taskId = await enqueueOn(trx, actor, image, {
          kind: 'copy-image',
          payload,
          work: workOn(image, 'Create image', logDetail({ source: source.handle })),
        })
        return { image, taskId }
      })
      await database.notify(taskChannel)
      return started
    },

    /**
     * The work of `copy-image`: bytes are kept by content, so the copy refers to the same blob. Run again after a
     * crash it finds what is left to do. @throws Failure `state` when the source cannot be copied any more.
     */
    async finishCopy(actor: Actor, uuid: string, payload: CopyPayload): Promise<void> {
      const freed = await database.transaction(async (trx) => {
        const source = await findImage(trx, payload.sourceUuid)
        const copy = await findImage(trx, uuid)
        if (!copy || copy.status === 'deleted') return async () => {}
        if (copy.status === 'queued') {
          if (source?.status !== 'active' || source.blobId === null)
            throw new Failure('state', sourceGone, { subject: 'image', id: payload.sourceUuid })
          if (database.engine === 'postgres')
            await trx.selectFrom('blobs').select('id').where('id', '=', source.blobId).forUpdate().execute()
          const { size, virtualSize, digests, blobId } = source
          const change = { size, virtualSize, digests, blobId, publishedAt: now() }
          await completeImage(trx, core, actor, copy, change, 'copy')
        }
        if (!payload.deleteSource || !source || source.status === 'deleted' || source.protected)
          return async () => {}
        await record(trx, actor, { action: 'move', kind: 'image', id: source.uuid, after: { copy: uuid } })
        return removeLocked(trx, core, actor, source)
      })
      await freed()
    },
  }
}

async function demandPlace(trx: Trx, core: Core, draft: ImageDraft): Promise<void> {
  await demandFreeAlias(trx, core, draft.name ?? '', draft.version ?? null)
  await demandBoundQuota(trx, core, draft)
}

/**
 * An import that cannot succeed: the image shows it and why, or goes without a trace.
 * Also for a copy, whose source was no good.
 */
export const rollBackImport: Rollback = async (trx, core, actor, task, reason) => {
  const { fallback = 'killed' } = task.payload as Partial<ImportPayload>
  const image = await findImage(trx, task.imageUuid!)
  if (!image || image.status === 'deleted' || image.status === fallback) return async () => {}
  if (image.status !== 'queued' && image.status !== 'importing') return async () => {}
  await trx.deleteFrom('transfers').where('image_seq', '=', image.seq).execute()
  if (fallback === 'deleted') return removeLocked(trx, core, actor, image, task.id)
  const facts = { status: fallback, size: null, failure: reason }
  await saveImage(trx, core, actor, image, facts, 'import-failed')
  return async () => {}
}

/** @throws Failure `invalid` (reason `digest` or `length`) when the bytes are not what the manifest says. */
function demandPromised(source: Image, { expected, size }: ImportPayload): void {
  const found = source.digests.sha1 ?? ''
  if (expected && found !== expected.value)
    throw new Failure('invalid', `The sha1 of the bytes is ${found}, expected was ${expected.value}.`, {
      reason: 'digest',
      expected: expected.value,
      found,
    })
  if (size !== undefined && source.size !== size)
    throw new Failure('invalid', `There are ${source.size} bytes, expected were ${size}.`, {
      reason: 'length',
      expected: String(size),
      found: String(source.size),
    })
}
