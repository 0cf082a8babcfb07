import { demandDirectory, imageNotFound } from '../access.ts'
import type { Actor } from '../actor.ts'
import { record } from '../audit.ts'
import type { Core, Query, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { logDetail, logDone, type Work } from '../tasks/log.ts'
import { now } from '../time.ts'
import { mainProjectId } from './cleanup.ts'
import { findImage } from './find.ts'
import type { Image } from './image.ts'
import type { StoredFacts } from './row.ts'
import { lockImage, saveImage } from './save.ts'
import { attachedProjects, demandUnused } from './usage.ts'
import { workOn } from './work.ts'

type Datacenter = { readonly id: number; readonly name: string }

/**
 * Which datacenters may use an image (danube.md 4.2): the project it is bound to, and the members that have accepted it
 * (one-catalogue.md section 3). Administrators attach and detach.
 */
export function attachments(core: Core) {
  const { database } = core

  return {
    /** Names of the datacenters that each of these images is attached to, sorted; by uuid. */
    async of(images: readonly Image[]): Promise<ReadonlyMap<string, readonly string[]>> {
      return attachedNames(database.db, images)
    },

    /** Is the image attached to this datacenter? */
    async has(image: Image, projectId: number): Promise<boolean> {
      return isAttached(database.db, image, projectId)
    },

    /**
     * The project becomes an accepted member, a private image becomes shared; the image is bound to nobody any more.
     * @returns the image as it was before it lost its binding: that is what the wire shows
     * @throws Failure `forbidden`, `not-found`, `conflict` (reason `exists`: attached already).
     */
    async attach(actor: Actor, uuid: string, project: Datacenter): Promise<Image> {
      demandDirectory(actor)
      return database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.share')
        if (await isAttached(trx, image, project.id))
          throw new Failure('conflict', 'The image is attached to this datacenter already.', {
            subject: 'image',
            id: image.uuid,
            reason: 'exists',
          })
        if (project.id !== image.ownerId) await accept(trx, image, project.id)
        const change: Partial<StoredFacts> = {
          bound: false,
          ...(project.id === image.ownerId ? { attached: true } : {}),
          ...(project.id !== image.ownerId && image.visibility === 'private' ? { visibility: 'shared' } : {}),
        }
        await record(trx, actor, {
          action: 'attach',
          kind: 'image',
          id: image.uuid,
          after: { project: project.name },
        })
        await finish(trx, actor, image, change, project, 'Add server image to datacenter')
        return { ...image, ...change, bound: image.bound }
      })
    },

    /**
     * The membership ends. An image that loses its owner's datacenter belongs to the provider's project from then on,
     * so that the owner sees it no more than any other datacenter that was detached.
     * @throws Failure `forbidden`, `not-found` (also: not attached), `state` (reason `in-use`).
     */
    async detach(actor: Actor, uuid: string, project: Datacenter): Promise<void> {
      demandDirectory(actor)
      await database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.share')
        if (!(await isAttached(trx, image, project.id))) throw imageNotFound(uuid)
        await demandUnused(trx, image, project.id)
        const change = { bound: false, ...(await withoutDatacenter(trx, image, project.id)) }
        await record(trx, actor, {
          action: 'detach',
          kind: 'image',
          id: image.uuid,
          before: { project: project.name },
        })
        await finish(trx, actor, image, change, project, 'Remove server image from datacenter')
      })
    },
  }

  /** Saves the change and tells the task log; the lost binding is told as a change of its own. */
  async function finish(
    trx: Trx,
    actor: Actor,
    image: Image,
    change: Partial<StoredFacts>,
    project: Datacenter,
    message: string,
  ): Promise<void> {
    const saved = await saveImage(trx, core, actor, image, change, 'update')
    const work: Work = { ...workOn(image, message, ''), projectId: project.id, bound: true }
    await logDone(trx, actor, work)
    if (image.bound) await logDone(trx, actor, workOn(saved, 'Update image', logDetail({ dc_bound: false })))
  }
}

/**
 * What changes when an image is bound to the one datacenter it is attached to, or to none (danube.md 1.3, rule 5).
 * @throws Failure `invalid` with the field `dc_bound` unless it is attached to exactly one.
 */
export async function boundChange(trx: Trx, image: Image, bound: boolean): Promise<Partial<StoredFacts>> {
  if (!bound) return { bound: false }
  const ownerId = await onlyProject(trx, image)
  await dismiss(trx, image, ownerId)
  return { bound: true, ownerId, attached: true }
}

/** @throws Failure as `boundChange` */
export async function onlyProject(query: Query, image: Image): Promise<number> {
  const [only, other] = await attachedProjects(query, image).execute()
  if (only && !other) return only.id
  const message = other
    ? 'Image is attached into more than one datacenter.'
    : 'Image is not attached into any datacenters.'
  throw new Failure('invalid', message, { subject: 'image', fields: { dc_bound: [message] } })
}

/** What changes besides when an image is detached; a membership simply ends. */
async function withoutDatacenter(trx: Trx, image: Image, projectId: number): Promise<Partial<StoredFacts>> {
  if (projectId !== image.ownerId) {
    await dismiss(trx, image, projectId)
    return {}
  }
  const attached = projectId !== mainProjectId && (await isAttached(trx, image, mainProjectId))
  await dismiss(trx, image, mainProjectId)
  return { ownerId: mainProjectId, attached }
}

async function isAttached(query: Query, image: Image, projectId: number): Promise<boolean> {
  return (await attachedProjects(query, image).execute()).some(({ id }) => id === projectId)
}

export async function accept(trx: Trx, image: Image, projectId: number): Promise<void> {
  const at = now()
  await trx
    .insertInto('image_members')
    .values({
      image_seq: image.seq,
      project_id: projectId,
      status: 'accepted',
      created_at: at,
      updated_at: at,
    })
    .onConflict((conflict) =>
      conflict.columns(['image_seq', 'project_id']).doUpdateSet({ status: 'accepted', updated_at: at }),
    )
    .execute()
}

async function dismiss(trx: Trx, image: Image, projectId: number): Promise<void> {
  await trx
    .deleteFrom('image_members')
    .where('image_seq', '=', image.seq)
    .where('project_id', '=', projectId)
    .execute()
}

async function attachedNames(
  query: Query,
  images: readonly Image[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (images.length === 0) return new Map()
  const members = await query
    .selectFrom('image_members')
    .innerJoin('projects', 'projects.id', 'image_members.project_id')
    .select(['image_members.image_seq', 'projects.name'])
    .where(
      'image_members.image_seq',
      'in',
      images.map(({ seq }) => seq),
    )
    .where('image_members.status', '=', 'accepted')
    .execute()
  const byImage = Map.groupBy(members, ({ image_seq }) => image_seq)
  return new Map(
    images.map(({ seq, uuid, attached, owner }) => {
      const names = (byImage.get(seq) ?? []).map(({ name }) => name)
      return [uuid, (attached && owner ? [...names, owner.name] : names).sort()]
    }),
  )
}

/** @throws Failure `not-found`. */
export async function attachedImage(query: Query, uuid: string, projectId: number): Promise<Image> {
  const image = await findImage(query, uuid)
  if (!image || image.status === 'deleted' || !(await isAttached(query, image, projectId)))
    throw imageNotFound(uuid)
  return image
}
