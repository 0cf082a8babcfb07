import { isFailure } from '../../../catalogue/failure.ts'
import type { Scope } from '../../../catalogue/images/list.ts'
import type { Filter } from '../../../catalogue/search.ts'
import { bad, notAuthorized } from '../failures.ts'
import { linkTo } from '../query.ts'
import { type Answer, type Context, ok, type Route } from '../route.ts'
import { showAll } from '../show.ts'
import { type Asked, readFilters } from './filters.ts'
import { behind, orderOf, readOrder } from './order.ts'
import { readLimit } from './page.ts'

/** glance.md section 6. */
async function list(context: Context): Promise<Answer> {
  const { parts, actor, query } = context
  const limit = readLimit(query)
  const keys = readOrder(query)
  const asked = readFilters(query)
  const marker = query.get('marker')
  const filters: Filter[] = [asked.filter]
  if (asked.owner !== undefined) filters.push(await ownedBy(context, asked.owner))
  if (marker !== undefined) {
    const last = await parts.catalogue.images.view(actor, marker).catch((error) => {
      throw isFailure(error, 'not-found') ? bad(`No image found with ID ${marker}`, error) : error
    })
    filters.push(behind(keys, last))
  }
  const { scopes, filter } = visibleTo(context, asked)
  if (filter) filters.push(filter)
  // One more than is shown tells whether there is a next page.
  const found =
    limit === 0
      ? []
      : await parts.catalogue.images.list(actor, {
          scopes,
          filter: { all: filters },
          order: orderOf(keys),
          limit: limit + 1,
          hidden: 'with',
        })
  const shown = found.slice(0, limit)
  const kept = query.pairs.filter(([name]) => name !== 'marker')
  const next = [...kept, ['marker', shown.at(-1)?.uuid ?? ''] as const]
  return ok({
    images: await showAll(context, shown),
    first: linkTo('/v2/images', kept),
    ...(found.length > limit && limit > 0 ? { next: linkTo('/v2/images', next) } : {}),
    schema: '/v2/schemas/images',
  })
}

/** Which images a caller sees before filters (glance.md 6.2). */
function visibleTo(
  { actor, identity }: Context,
  { visibility, memberStatus }: Asked,
): { readonly scopes: readonly Scope[]; readonly filter?: Filter } {
  const wanted: Filter | undefined =
    visibility === undefined || visibility === 'all'
      ? undefined
      : { field: 'visibility', is: 'eq', value: visibility }
  const { projectId } = actor
  if (identity.superAdmin) {
    const own: Filter[] = projectId === null ? [] : [{ field: 'ownerId', is: 'eq', value: projectId }]
    // Also an administrator has to ask for what others gave to the community.
    const usual: Filter = { any: [{ field: 'visibility', in: ['public', 'private', 'shared'] }, ...own] }
    const filter = visibility === undefined ? usual : wanted
    return { scopes: [{ everything: true }], ...(filter ? { filter } : {}) }
  }
  if (projectId === null) throw notAuthorized('get_images')
  const scopes: Scope[] = []
  if (visibility === undefined || visibility === 'all' || visibility === 'public')
    scopes.push({ visibility: 'public' })
  if (visibility === 'all' || visibility === 'community') scopes.push({ visibility: 'community' })
  scopes.push({ own: projectId })
  if (visibility === undefined || visibility === 'all' || visibility === 'shared')
    scopes.push({ sharedWith: projectId, status: memberStatus })
  return { scopes, ...(wanted ? { filter: wanted } : {}) }
}

async function ownedBy({ parts }: Context, owner: string): Promise<Filter> {
  const id = await parts.catalogue.projects.idOfOpenstack(owner)
  return id === null ? { any: [] } : { field: 'ownerId', is: 'eq', value: id }
}

export const listRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/images',
    summary: 'A page of images',
    policy: 'get_images',
    body: 'ignored',
    repeatable: true,
    handle: list,
  },
]
