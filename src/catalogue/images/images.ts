import { demand, demandIn, imageNotFound, permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { allowedOn } from './allowed.ts'
import type { ImageDraft, ImagePatch } from './draft.ts'
import { findImage, membersOf } from './find.ts'
import type { Image, Status } from './image.ts'
import { insertImage, locationNamed } from './insert.ts'
import { imageLists } from './list.ts'
import { demandUnprotected } from './protection.ts'
import { demandDescription, tidyTags } from './rules.ts'
import { lockImage, removeLocked, saveImage } from './save.ts'

export function images(core: Core) {
  const { database } = core

  /** One move of the status, by one who may make it. Where the image already is there, nothing happens. */
  async function move(actor: Actor, uuid: string, from: Status, to: Status, action: string): Promise<Image> {
    return database.transaction(async (trx) => {
      const image = await lockImage(trx, core, actor, uuid, 'image.deactivate')
      if (image.status === to) return image
      if (image.status !== from)
        throw new Failure('state', `Not allowed to ${action} image in status '${image.status}'`, {
          subject: 'image',
          id: uuid,
          status: image.status,
        })
      return saveImage(trx, core, actor, image, { status: to }, action)
    })
  }

  return {
    ...imageLists(core),

    /** @throws Failure `not-found` when absent, deleted or invisible. */
    async view(actor: Actor, uuid: string): Promise<Image> {
      const image = await findImage(database.db, uuid)
      if (!image || image.status === 'deleted') throw imageNotFound(uuid)
      demand(
        actor,
        'image.view',
        image,
        image.visibility === 'shared' ? await membersOf(database.db, image) : new Set(),
      )
      return image
    },

    /** What the actor may do with an image that it sees. */
    allowed: (actor: Actor, image: Image) => allowedOn(database.db, actor, image),

    /** @throws Failure `invalid` (with `fields`), `forbidden`, `conflict` (the uuid or handle exists), `quota`. */
    async create(actor: Actor, draft: ImageDraft): Promise<Image> {
      return database.transaction((trx) => insertImage(trx, core, actor, draft))
    },

    /**
     * Changes what `decide` returns, decided on the image as it is at that moment. An empty patch changes nothing.
     * @throws Failure `not-found`, `forbidden`, `invalid`, `quota`; `state` (reason `format`) for a format that is
     * fixed already; whatever `decide` throws.
     */
    async change(actor: Actor, uuid: string, decide: (image: Image) => ImagePatch): Promise<Image> {
      return database.transaction((trx) => changeImage(trx, core, actor, uuid, decide))
    },

    /** @throws Failure `state` unless the image is active (or deactivated already). */
    deactivate: (actor: Actor, uuid: string) => move(actor, uuid, 'active', 'deactivated', 'deactivate'),

    /** @throws Failure `state` unless the image is deactivated (or active already). */
    reactivate: (actor: Actor, uuid: string) => move(actor, uuid, 'deactivated', 'active', 'reactivate'),

    /**
     * Deletes an image in any status; its record stays, its bytes go with their last reference.
     * @throws Failure `not-found`; `forbidden` (reason `protected` for a protected one).
     */
    async remove(actor: Actor, uuid: string): Promise<void> {
      const freed = await database.transaction(async (trx) => {
        const image = await lockImage(trx, core, actor, uuid, 'image.delete')
        demandUnprotected(image)
        return removeLocked(trx, core, actor, image)
      })
      await freed()
    },
  }
}

/** The work of `images.change`, inside of a transaction. @throws Failure as that */
export async function changeImage(
  trx: Trx,
  core: Core,
  actor: Actor,
  uuid: string,
  decide: (image: Image) => ImagePatch,
): Promise<Image> {
  const image = await lockImage(trx, core, actor, uuid, 'image.update')
  const { region, ...patch } = decide(image)
  if (Object.keys(patch).length === 0 && region === undefined) return image
  demandChange(actor, image, patch)
  const location = region === undefined ? null : await locationNamed(trx, region)
  const change = {
    ...patch,
    ...(patch.tags ? { tags: tidyTags(patch.tags) } : {}),
    ...(location ? { locationId: location.id, region: location.name } : {}),
  }
  demandDescription({ ...image, ...change })
  return saveImage(trx, core, actor, image, change, 'update')
}

/** What a change may not do whatever its values are. @throws Failure `forbidden`, `state` (reason `format`). */
export function demandChange(actor: Actor, image: Image, patch: Omit<ImagePatch, 'region'>): void {
  if (patch.visibility === 'public' && image.visibility !== 'public')
    demandIn(actor, 'image.publicise', image.ownerId)
  if (
    patch.ownerId !== undefined &&
    patch.ownerId !== image.ownerId &&
    !permitted(actor, 'manage-directory', null)
  )
    throw new Failure('forbidden', "Owner can't be updated by non admin.", {
      subject: 'image',
      reason: 'owner-change',
    })
  const reformatted =
    (patch.diskFormat !== undefined && patch.diskFormat !== image.diskFormat) ||
    (patch.containerFormat !== undefined && patch.containerFormat !== image.containerFormat)
  // What has been looked at must not be called something else afterwards.
  const isOpen = image.status === 'queued' || (image.status === 'importing' && image.blobId === null)
  if (reformatted && !isOpen)
    throw new Failure('state', 'The format of an image can only be replaced while it is queued.', {
      subject: 'image',
      id: image.uuid,
      reason: 'format',
      status: image.status,
    })
}
