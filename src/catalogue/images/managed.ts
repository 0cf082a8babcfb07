import { demandPermission, imageNotFound, permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core } from '../core.ts'
import { Failure } from '../failure.ts'
import { type Instance, selectInstances, toInstance } from '../places/instances/instance.ts'
import type { Filter } from '../search.ts'
import { attachedImage } from './attachments.ts'
import { findByHandle } from './find.ts'
import type { Image } from './image.ts'
import { type ImageKey, imageLists, type Scope } from './list.ts'
import { instancesUsing } from './usage.ts'
import { type WalkOrder, walk } from './walk.ts'

/** Beyond all that image administrators may see, nothing: failed images are gone for Danube. */
const present: Filter = { field: 'status', is: 'ne', value: 'killed' }
const bound: Filter = { field: 'bound', is: 'eq', value: 1 }
/** What servers can be made from. */
const inUse: Filter = {
  all: [
    { field: 'status', in: ['killed', 'deactivated'], negated: true },
    { field: 'withdrawn', is: 'eq', value: 0 },
  ],
}

/** Images on a page: some kilobytes each, or some bytes. */
const wholeImages = 100
const keysOnly = 5_000

/**
 * Images as their administrators manage them (danube.md 1.1, 1.4): by handle, those bound to the projects where the
 * actor manages images, and everything for administrators of the installation.
 */
export function managedImages(core: Core) {
  const { database } = core
  const lists = imageLists(core)

  /** What the actor manages: for administrators everything, for others what is bound where they manage images. */
  function managed(actor: Actor): { readonly scopes: readonly Scope[]; readonly filter: Filter } {
    if (actor.superAdmin) return { scopes: [{ everything: true }], filter: present }
    const projects = [...actor.roles.keys()].filter((id) => permitted(actor, 'image.update', id))
    return { scopes: projects.map((own) => ({ own })), filter: { all: [present, bound] } }
  }

  return {
    /** Does the actor manage images at all, wherever? @throws Failure `forbidden` (reason `permission`) */
    demandManager: (actor: Actor): void => demandPermission(actor, 'image.update'),

    /** All of them in order, page by page: memory does not depend on how many there are. */
    all(actor: Actor, order: readonly WalkOrder[]): AsyncIterable<readonly Image[]> {
      const { scopes, filter } = managed(actor)
      return walk((page) => lists.list(actor, { ...page, scopes, hidden: 'with' }), {
        filter,
        order,
        pageSize: wholeImages,
      })
    },

    /** Only their handles. */
    handles(actor: Actor, order: readonly WalkOrder[]): AsyncIterable<readonly string[]> {
      const { scopes, filter } = managed(actor)
      return handlesOf(
        walk((page) => lists.keys(actor, { ...page, scopes, hidden: 'with' }), {
          filter,
          order,
          pageSize: keysOnly,
        }),
      )
    },

    /**
     * The image with this handle, for one who may manage it.
     * @throws Failure `not-found`; `forbidden` (reason `unmanaged`): such an image is told of, as danube.md 1.4 has it.
     */
    async named(actor: Actor, handle: string): Promise<Image> {
      const image = await findByHandle(database.db, handle)
      if (!image) throw imageNotFound(handle)
      if (!actor.superAdmin && !(image.bound && permitted(actor, 'image.update', image.ownerId)))
        throw new Failure('forbidden', 'The image is not bound to a datacenter whose images you manage.', {
          subject: 'image',
          id: handle,
          reason: 'unmanaged',
        })
      return image
    },

    /** Is the handle taken? */
    async exists(handle: string): Promise<boolean> {
      return (await findByHandle(database.db, handle)) !== undefined
    },

    /** Images attached to a project and in use, by handle (danube.md 4.2). The caller may list there. */
    attachedTo(actor: Actor, projectId: number, descending: boolean): AsyncIterable<readonly Image[]> {
      return walk(
        (page) => lists.list(actor, { ...page, scopes: [{ attachedTo: projectId }], hidden: 'with' }),
        {
          filter: inUse,
          order: [{ field: 'handle', descending }],
          pageSize: wholeImages,
        },
      )
    },

    /** Only their handles. */
    attachedHandles(actor: Actor, projectId: number, descending: boolean): AsyncIterable<readonly string[]> {
      return handlesOf(
        walk((page) => lists.keys(actor, { ...page, scopes: [{ attachedTo: projectId }], hidden: 'with' }), {
          filter: inUse,
          order: [{ field: 'handle', descending }],
          pageSize: keysOnly,
        }),
      )
    },

    /** @throws Failure `not-found` (absent, or not attached to the project). */
    async attachedNamed(projectId: number, handle: string): Promise<Image> {
      const image = await findByHandle(database.db, handle)
      if (!image) throw imageNotFound(handle)
      return attachedImage(database.db, image.uuid, projectId)
    },

    /** The instances that use an image in datacenters it is attached to (danube.md 1.14), by hostname. */
    async instancesUsing(image: Image, descending: boolean): Promise<Instance[]> {
      const rows = await selectInstances(database.db)
        .where('instances.uuid', 'in', instancesUsing(database.db, image).select('instances.uuid'))
        .orderBy('instances.hostname_fold', descending ? 'desc' : 'asc')
        .orderBy('instances.uuid')
        .execute()
      return rows.map(toInstance)
    },
  }
}

async function* handlesOf(pages: AsyncIterable<readonly ImageKey[]>): AsyncGenerator<readonly string[]> {
  for await (const page of pages) yield page.map(({ handle }) => handle)
}
