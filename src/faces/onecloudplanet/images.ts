import { isFailure } from '../../catalogue/failure.ts'
import type { Image } from '../../catalogue/images/image.ts'
import type { Scope } from '../../catalogue/images/list.ts'
import type { Parts } from '../../http/face.ts'
import { activeProject, ownImage } from './client.ts'
import { noProject, notPermitted } from './failures.ts'
import { type Filtering, parseFiltering, parseSearch } from './filtering.ts'
import { parseOrdering } from './ordering.ts'
import { envelope, pageOf } from './paging.ts'
import { permissionsOf } from './permissions.ts'
import { type Context, ok, type Route } from './route.ts'
import { filterOptions } from './vocabulary.ts'
import { toWire, type WireImage } from './wire.ts'

/** Which images a list shows at all (onecloudplanet.md 1.6): one's own, and by named visibility those of others. */
export function scopesOf({ caller, actor, parts }: Context, { visibilities }: Filtering): Scope[] {
  if (caller.staff) return [{ everything: true }]
  const own = actor.projectId!
  const off = parts.featuresOff
  const scopes: Scope[] = [{ own }]
  if (visibilities.has('public')) scopes.push({ visibility: 'public' })
  if (visibilities.has('community') && !off.has('openstack.images.showcommunity'))
    scopes.push({ visibility: 'community' })
  if (visibilities.has('shared') && !off.has('openstack.images.showshared'))
    scopes.push({ sharedWith: own, status: 'accepted' })
  return scopes
}

/** Images as they are shown, with the stores that hold them where there are several. */
export async function wireImages({ catalogue }: Parts, images: readonly Image[]): Promise<WireImage[]> {
  const stores = await catalogue.bytes.storesOf(images)
  return images.map((image) => toWire(image, stores.get(image.uuid)))
}

/** Section 1. */
async function list(context: Context) {
  const { parts, actor, query } = context
  const { images } = parts.catalogue
  if (!context.caller.staff) await activeProject(context)
  const filtering = parseFiltering(query.get('filtering'))
  const asked = {
    scopes: scopesOf(context, filtering),
    filter: { all: [...filtering.filters, ...parseSearch(query.get('search'))] },
    deleted: filtering.deleted ? ('with' as const) : ('without' as const),
  }
  const order = parseOrdering(query.get('ordering'))
  const count = await images.count(actor, asked)
  const page = pageOf(query, count)
  const found =
    count === 0 ? [] : await images.list(actor, { ...asked, order, offset: page.offset, limit: page.size })
  return ok({
    ...envelope(context.place, query, page, await wireImages(parts, found)),
    permissions: permissionsOf(actor, parts.featuresOff),
    filter_options: filterOptions,
  })
}

/** 2.3. A deleted image is there for staff only. */
export async function retrieve({
  parts,
  actor,
  caller,
  param,
}: Pick<Context, 'parts' | 'actor' | 'caller' | 'param'>) {
  const { images } = parts.catalogue
  const image = await images.view(actor, param('id')).catch(async (error) => {
    const [found] = caller.staff && isFailure(error, 'not-found') ? await deleted() : []
    if (found === undefined) throw error
    return found
  })
  const [wire] = await wireImages(parts, [image])
  return ok(wire!)

  function deleted(): Promise<Image[]> {
    const filter = { field: 'uuid', is: 'eq', value: param('id'), caseless: true } as const
    return images.list(actor, {
      scopes: [{ everything: true }],
      filter,
      deleted: 'with',
      order: [{ field: 'uuid' }],
      limit: 1,
    })
  }
}

/** 2.6. */
async function destroy(context: Context) {
  const image = await ownImage(context, notPermitted)
  await context.parts.catalogue.images.remove(context.actor, image.uuid)
  return { status: 204 }
}

export const imageRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/openstack/images',
    permission: 'images.list',
    withoutClient: noProject,
    summary: "Lists the images in the caller's scope",
    repeatable: true,
    handle: list,
  },
  {
    method: 'GET',
    path: '/openstack/images/:id',
    permission: 'images.retrieve',
    summary: 'One image',
    repeatable: true,
    handle: retrieve,
  },
  {
    method: 'DELETE',
    path: '/openstack/images/:id',
    permission: 'images.destroy',
    summary: 'Deletes an image',
    handle: destroy,
  },
]
