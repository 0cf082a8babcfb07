import { imageNotFound, permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import { anonymous } from '../actor.ts'
import type { Served, ServeOptions } from '../bytes/serving.ts'
import type { Core } from '../core.ts'
import { hasBytes, type Image } from '../images/image.ts'
import type { Scope } from '../images/list.ts'
import type { Filter } from '../search.ts'
import { type Extras, extrasOf } from './extras.ts'
import { isNeeded } from './origins.ts'

type Views = {
  view(actor: Actor, uuid: string): Promise<Image>
  serve(actor: Actor, image: Image, options: ServeOptions): Promise<Served>
}

/**
 * What a repository of images shows (danube.md section 7): to everybody what is published, to those who manage an image
 * also what is not yet.
 */
export function publicationViews({ database }: Core, { view, serve }: Views) {
  return {
    /** @throws Failure `not-found` also for an image of others that was never published. */
    async view(actor: Actor, uuid: string): Promise<Image> {
      const image = await view(actor, uuid)
      if (hasBytes(image.status) || permitted(actor, 'image.view', image.ownerId)) return image
      throw imageNotFound(uuid)
    },

    /** The project of this uuid, to filter a list by: what of it may be seen the list decides. */
    async ownerId(uuid: string): Promise<number | null> {
      const row = await database.db
        .selectFrom('projects')
        .select('id')
        .where('uuid', '=', uuid)
        .executeTakeFirst()
      return row?.id ?? null
    },

    extras: (images: readonly Image[]): Promise<(image: Image) => Extras> => extrasOf(database.db, images),

    /** Where a list has to look for all that the actor may see, and what of that it may not show. */
    scopes(actor: Actor): { readonly scopes: readonly Scope[]; readonly filter: Filter } {
      if (actor.superAdmin) return { scopes: [{ everything: true }], filter: { all: [] } }
      const published: Filter = { field: 'status', in: ['active', 'deactivated'] }
      if (actor.reads === 'everything') return { scopes: [{ everything: true }], filter: published }
      const own = [...actor.roles.keys()].filter((id) => permitted(actor, 'image.list', id))
      const shared = own.map((id) => ({ sharedWith: id, status: 'all' as const }))
      return {
        scopes: [{ visibility: 'public' }, ...own.map((id) => ({ own: id })), ...shared],
        filter: own.length === 0 ? published : { any: [published, { field: 'ownerId', in: own }] },
      }
    },

    /**
     * The bytes of a published image. Those of one that was taken out of use go to whatever was made from it, and not
     * where they would start anything new.
     * @throws Failure as `bytes.serve`
     */
    async serve(actor: Actor, image: Image): Promise<Served> {
      // What everybody may have needs no role that allows it.
      const reader =
        image.visibility === 'public' && !actor.superAdmin ? anonymous('imgapi', actor.requestId) : actor
      const isWanted = image.status === 'deactivated' && (await isNeeded(database.db, image))
      return serve(reader, image, { withdrawn: isWanted ? 'served' : 'refused' })
    },
  }
}
