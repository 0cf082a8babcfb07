import { isDeepStrictEqual } from 'node:util'
import { demand, demandDirectory, demandIn } from '../access.ts'
import type { Actor } from '../actor.ts'
import { placesOf, storeNamed } from '../bytes/blobs.ts'
import type { Core, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { logDone, type Work } from '../tasks/log.ts'
import type { Rollback } from '../tasks/rollback.ts'
import { type Callback, taskChannel } from '../tasks/task.ts'
import { imagesBeingWorkedOn } from '../tasks/working.ts'
import { accept, boundChange, onlyProject } from './attachments.ts'
import type { ImagePatch } from './draft.ts'
import { findImage } from './find.ts'
import { hasBytes, type Image } from './image.ts'
import { demandUnprotected } from './protection.ts'
import type { StoredFacts } from './row.ts'
import { demandDescription, tidyTags } from './rules.ts'
import { lockImage, removeLocked, saveImage } from './save.ts'
import { demandFreeAlias } from './uniqueness.ts'
import { demandUnused } from './usage.ts'
import { enqueueOn } from './work.ts'

/** A change of an image in which it may also be taken out of use, or be given back (Danube's access 4). */
export type Revision = {
  readonly patch: Omit<ImagePatch, 'region' | 'bound' | 'ownerId' | 'attached' | 'withdrawn'>
  readonly withdrawn?: boolean
  /** Binds it to the one datacenter it is attached to, or to none. */
  readonly bound?: boolean
}

/** How a change is carried out: at once, or by a task that makes it known to the image server. */
export type Conduct = {
  readonly work: (image: Image) => Work
  readonly byTask: boolean
  readonly callback?: Callback | undefined
}

/** What the task `publish-image` carries: the facts to go back to, and what they were changed to. */
type PublishPayload = { readonly before: Partial<StoredFacts>; readonly after: Partial<StoredFacts> }

/** Changes and deletions of images that people can follow as tasks (danube.md 1.10, 1.11). */
export function revisions(core: Core) {
  const { database } = core

  return {
    /**
     * Changes what `decide` says, decided on the image as it is at that moment. By a task: the new values are there at
     * once, the image is pending until the task is done, and it goes back to the old ones when that fails.
     * @throws Failure `not-found`, `forbidden`, `invalid` (with `fields`); `state` (reason `pending`: somebody works on
     * it).
     */
    async revise(
      actor: Actor,
      uuid: string,
      decide: (image: Image) => Revision,
      conduct: Conduct,
    ): Promise<{ image: Image; taskId: string | null }> {
      const done = await database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.update')
        const { patch, withdrawn, bound } = decide(image)
        const change: Partial<StoredFacts> = {
          ...patch,
          ...(patch.visibility === 'private' && (await hasMembers(trx, image))
            ? { visibility: 'shared' }
            : {}),
          ...(patch.tags ? { tags: tidyTags(patch.tags) } : {}),
          ...(withdrawn === undefined ? {} : availability(actor, image, withdrawn)),
        }
        if (patch.visibility === 'public' && image.visibility !== 'public')
          demandIn(actor, 'image.publicise', image.ownerId)
        demandDescription({ ...image, ...change })
        if (patch.name !== undefined || patch.version !== undefined)
          await demandFreeAlias(
            trx,
            core,
            patch.name ?? image.name,
            patch.version ?? image.version,
            image.uuid,
          )
        if (bound !== undefined && bound !== image.bound) {
          demandDirectory(actor)
          Object.assign(change, await boundChange(trx, image, bound))
        }
        await demandIdle(trx, image)
        const saved =
          Object.keys(change).length === 0
            ? image
            : await saveImage(trx, core, actor, image, change, 'update')
        const work = conduct.work(saved)
        if (!conduct.byTask) {
          await logDone(trx, actor, work)
          return { image: saved, taskId: null }
        }
        const told = (side: Image): Partial<StoredFacts> =>
          Object.fromEntries(Object.keys(change).map((name) => [name, side[name as keyof Image]]))
        const taskId = await enqueueOn(trx, actor, image, {
          kind: 'publish-image',
          payload: { before: told(image), after: told(saved) } satisfies PublishPayload,
          work,
          callback: conduct.callback,
        })
        return { image: saved, taskId }
      })
      if (done.taskId !== null) await database.notify(taskChannel)
      return done
    },

    /**
     * Deletes an image that no instance uses, at once or by a task.
     * @throws Failure `not-found`, `forbidden` (reason `protected`), `state` (reason `in-use` or `pending`).
     */
    async dispose(actor: Actor, uuid: string, conduct: Conduct): Promise<{ taskId: string | null }> {
      let freed = async () => {}
      const taskId = await database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.delete')
        await demandDisposable(trx, image)
        await demandIdle(trx, image)
        const work = conduct.work(image)
        if (!conduct.byTask) {
          await logDone(trx, actor, work)
          freed = await removeLocked(trx, core, actor, image)
          return null
        }
        return enqueueOn(trx, actor, image, {
          kind: 'delete-image',
          payload: {},
          work,
          callback: conduct.callback,
        })
      })
      if (taskId === null) await freed()
      else await database.notify(taskChannel)
      return { taskId }
    },

    /**
     * The work of `delete-image`. Run again after a crash it finds nothing left to do.
     * @throws Failure `state` (used by an instance meanwhile), `forbidden` (protected meanwhile).
     */
    async finishDisposal(actor: Actor, uuid: string, taskId: string): Promise<void> {
      const freed = await database.transaction(async (trx) => {
        const image = await findImage(trx, uuid)
        if (!image || image.status === 'deleted') return async () => {}
        await demandDisposable(trx, image)
        return removeLocked(trx, core, actor, image, taskId)
      })
      await freed()
    },

    /**
     * The work of `publish-image`: a changed image is as good as its bytes, so they must still be where they should.
     * @throws Failure `data-lost`.
     */
    async finishPublication(uuid: string): Promise<void> {
      const image = await findImage(database.db, uuid)
      if (!image || !hasBytes(image.status) || image.blobId === null) return
      const places = await placesOf(database.db, image.blobId)
      const sizes = await Promise.all(
        places.map(({ store, key }) => storeNamed(core, store)?.store.size(key)),
      )
      if (!sizes.includes(image.size!))
        throw new Failure('data-lost', 'No store holds the bytes of this image.', {
          subject: 'image',
          id: uuid,
        })
    },

    /** @throws Failure `invalid` (field `alias`) when another image has this name and version. */
    async demandAlias(name: string, version: string | null, except?: string): Promise<void> {
      await database.transaction((trx) => demandFreeAlias(trx, core, name, version, except))
    },

    /** @throws Failure `invalid` (field `dc_bound`) unless the image is attached to exactly one datacenter. */
    async demandBindable(image: Image): Promise<void> {
      await onlyProject(database.db, image)
    },

    /** @throws Failure `state` (reason `in-use`) when an instance where the image is attached has a disk made from it. */
    async demandUnused(image: Image): Promise<void> {
      await demandUnused(database.db, image)
    },
  }
}

/** An image whose change did not come through is what it was; what somebody else has changed meanwhile stays. */
export const rollBackRevision: Rollback = async (trx, core, actor, task) => {
  if (core.database.engine === 'postgres')
    await trx.selectFrom('images').select('seq').where('uuid', '=', task.imageUuid!).forUpdate().execute()
  const image = await findImage(trx, task.imageUuid!)
  if (!image || image.status === 'deleted') return async () => {}
  const { before, after } = task.payload as PublishPayload
  const stands = (name: string) => isSame(image[name as keyof Image], after[name as keyof StoredFacts])
  // Whose the image is and where it is attached belong together.
  const placed = placement.every((name) => !(name in after) || stands(name))
  const back: Partial<StoredFacts> = Object.fromEntries(
    Object.entries(before).filter(([name]) => stands(name) && (placed || !placement.includes(name))),
  )
  // Its binding took the place of a membership.
  if (back.ownerId !== undefined && image.ownerId !== null) await accept(trx, image, image.ownerId)
  if (Object.keys(back).length > 0) await saveImage(trx, core, actor, image, back, 'update-failed')
  return async () => {}
}

const placement: readonly string[] = ['bound', 'ownerId', 'attached']

/** Facts come back from the task's JSON. */
function isSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(one ?? null)), other ?? null)
}

/** Out of use or back: a move of the status where there are bytes, a mark for later where there are none. */
function availability(actor: Actor, image: Image, withdrawn: boolean): Partial<StoredFacts> {
  const away = image.withdrawn || image.status === 'deactivated'
  if (withdrawn === away) return {}
  demand(actor, 'image.deactivate', image, new Set())
  if (!hasBytes(image.status)) return { withdrawn }
  return { status: withdrawn ? 'deactivated' : 'active' }
}

/** What is taken from everybody stays with those it was given to. */
async function hasMembers(trx: Trx, image: Image): Promise<boolean> {
  const members = trx.selectFrom('image_members').select('project_id').where('image_seq', '=', image.seq)
  return (await members.limit(1).executeTakeFirst()) !== undefined
}

async function demandDisposable(trx: Trx, image: Image): Promise<void> {
  demandUnprotected(image)
  await demandUnused(trx, image)
}

/** @throws Failure `state` (reason `pending`) while a task works on the image, or its bytes are on their way. */
export async function demandIdle(trx: Trx, image: Image): Promise<void> {
  const settled =
    hasBytes(image.status) || image.status === 'killed' || (image.status === 'queued' && image.external)
  if (settled && !(await imagesBeingWorkedOn(trx, [image.uuid])).has(image.uuid)) return
  throw new Failure('state', 'Image status is not OK', {
    subject: 'image',
    id: image.uuid,
    reason: 'pending',
    status: image.status,
  })
}
