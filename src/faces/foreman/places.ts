import type { TreePatch, TreeView } from '../../catalogue/places/trees/operations.ts'
import type { TreeNode } from '../../catalogue/places/trees/tree.ts'
import { type Readers, readersOf, readPatch } from './attributes.ts'
import { findFriendly } from './context.ts'
import { crudRoutes, firstId } from './crud.ts'
import { friendlyName, placeName } from './names.ts'
import type { Context, Route } from './route.ts'
import { locations, organizations } from './search/resources.ts'
import { rawTime, viewTime } from './wire.ts'

/** The two trees of Foreman, which its documentation calls taxonomies. */
type Kind = 'organizations' | 'locations'
const others = { organizations: 'locations', locations: 'organizations' } as const
const singulars = { organizations: 'organization', locations: 'location' } as const

const operations = ({ parts }: Context, kind: Kind) => parts.catalogue[kind]

const { text, id, ids, children } = readersOf<TreePatch>()

function readers(kind: Kind): Readers<TreePatch> {
  const other = others[kind]
  return {
    name: text('name'),
    description: text('description'),
    parent_id: id('parentId'),
    user_ids: ids('userIds'),
    users: children('userIds'),
    compute_resource_ids: ids('computeResourceIds'),
    compute_resources: children('computeResourceIds'),
    [`${singulars[other]}_ids`]: ids('placeIds'),
    [other]: children('placeIds'),
  }
}

/** By title or id. */
function findPlace(context: Context, kind: Kind, named: string): Promise<number | undefined> {
  const { actor } = context
  return findFriendly(named, 'title', (filter) =>
    firstId(operations(context, kind).list(actor, { filter, limit: 1 })),
  )
}

/** foreman.md 9.4. */
function routesOf(kind: Kind): readonly Route[] {
  return crudRoutes<TreeNode, TreePatch>({
    resource: kind,
    list: (context) => ({
      count: (listing) => operations(context, kind).count(context.actor, listing),
      list: (listing) => operations(context, kind).list(context.actor, listing),
      wire: placeWire,
      search: kind === 'organizations' ? organizations : locations,
    }),
    find: (context, named) => findPlace(context, kind, named),
    view: async (context, place) =>
      placeView(kind, await operations(context, kind).view(context.actor, place)),
    read: (context) => readPatch(context, singulars[kind], readers(kind)),
    create: async (context, patch) =>
      placeView(kind, await operations(context, kind).create(context.actor, patch)),
    change: async (context, place, patch) =>
      placeView(kind, await operations(context, kind).change(context.actor, place, patch)),
    remove: async (context, place) =>
      placeRecord(await operations(context, kind).remove(context.actor, place)),
  })
}

export const placeRoutes: readonly Route[] = [...routesOf('organizations'), ...routesOf('locations')]

function placeWire(one: TreeNode): object {
  return {
    ancestry: one.ancestry,
    parent_id: one.parentId,
    parent_name: one.parentName,
    created_at: viewTime(one.createdAt),
    updated_at: viewTime(one.updatedAt),
    id: one.id,
    name: one.name,
    title: one.title,
    description: one.description || null,
  }
}

/** With the kinds of things that Foreman assigns to a place and that this catalogue has none of. */
function placeView(kind: Kind, one: TreeView): object {
  return {
    ...placeWire(one),
    select_all_types: [],
    users: one.users.map(({ id, username }) => ({ id, login: username })),
    smart_proxies: [],
    subnets: [],
    compute_resources: one.computeResources.map(({ id, name, provider, inherited }) => ({
      id,
      name,
      provider,
      provider_friendly_name: friendlyName(provider),
      inherited,
    })),
    media: [],
    ptables: [],
    provisioning_templates: [],
    domains: [],
    realms: [],
    hostgroups: [],
    parameters: [],
    [others[kind]]: one.places.map(placeName),
  }
}

function placeRecord(one: TreeNode): object {
  return {
    id: one.id,
    name: one.name,
    created_at: rawTime(one.createdAt),
    updated_at: rawTime(one.updatedAt),
    ignore_types: [],
    ancestry: one.ancestry,
    title: one.title,
    description: one.description || null,
  }
}
