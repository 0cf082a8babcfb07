import type {
  AttributeName,
  ComputeResource,
  ComputeResourceView,
} from '../../catalogue/places/compute-resources/resource.ts'
import type { ComputeResourcePatch } from '../../catalogue/places/compute-resources/rules.ts'
import { type Reader, type Readers, readersOf, readPatch, said } from './attributes.ts'
import { scopeOf } from './context.ts'
import { crudRoutes } from './crud.ts'
import { friendlyName, placeName } from './names.ts'
import { booleanOf, coerce } from './params.ts'
import { type Context, ok, type Route } from './route.ts'
import { computeResources as search } from './search/resources.ts'
import { viewTime } from './wire.ts'

type Attributes = { [Name in AttributeName]?: string | boolean | null }

const flag: Reader<Attributes> = (value, name) =>
  said<Attributes, AttributeName>(name as AttributeName, booleanOf(name, value))
const word: Reader<Attributes> = (value, name) =>
  said<Attributes, AttributeName>(name as AttributeName, coerce.text(value))

/** What providers need besides. */
const attributeReaders: Readers<Attributes> = {
  access_key: word,
  caching_enabled: flag,
  datacenter: word,
  display_type: word,
  domain: word,
  keyboard_layout: word,
  ovirt_quota: word,
  project_domain_id: word,
  project_domain_name: word,
  public_key: word,
  region: word,
  server: word,
  set_console_password: flag,
  tenant: word,
  use_v4: flag,
}

const { text, ids, children } = readersOf<ComputeResourcePatch>()
const readers: Readers<ComputeResourcePatch> = {
  name: text('name'),
  provider: text('provider'),
  url: text('url'),
  description: text('description'),
  user: text('username'),
  password: text('password'),
  organization_ids: ids('organizationIds'),
  organizations: children('organizationIds'),
  location_ids: ids('locationIds'),
  locations: children('locationIds'),
}

async function read(context: Context): Promise<ComputeResourcePatch> {
  const patch = await readPatch(context, 'compute_resource', readers)
  const attributes = await readPatch(context, 'compute_resource', attributeReaders)
  return Object.keys(attributes).length === 0 ? patch : { ...patch, attributes }
}

/** A name is never an id of a compute resource (foreman.md 9.1). */
export async function findComputeResource(_: Context, id: string): Promise<number> {
  return Number(/^(\d{1,15})(?:-|$)/.exec(id)?.[1] ?? 0)
}

/** foreman.md 9.1. */
export const computeResourceRoutes: readonly Route[] = [
  ...crudRoutes<ComputeResource, ComputeResourcePatch>({
    resource: 'compute_resources',
    nested: ['/organizations/:organization_id', '/locations/:location_id'],
    list: ({ actor, parts }) => ({
      count: (listing) => parts.catalogue.computeResources.count(actor, listing),
      list: (listing) => parts.catalogue.computeResources.list(actor, listing),
      wire: resourceWire,
      search,
    }),
    find: findComputeResource,
    view: async ({ actor, parts, place }, id) =>
      resourceView(await parts.catalogue.computeResources.view(actor, id, scopeOf(place))),
    read,
    create: async ({ actor, parts, place }, patch) =>
      resourceView(await parts.catalogue.computeResources.create(actor, patch, scopeOf(place))),
    change: async ({ actor, parts, place }, id, patch) =>
      resourceView(await parts.catalogue.computeResources.change(actor, id, patch, scopeOf(place))),
    // Not the row, as elsewhere, but the view.
    remove: async ({ actor, parts, place }, id) =>
      resourceView(await parts.catalogue.computeResources.remove(actor, id, scopeOf(place))),
  }),
  {
    resource: 'compute_resources',
    action: 'available_images',
    method: 'GET',
    path: '/compute_resources/:id/available_images',
    permission: 'view_compute_resources',
    async handle(context) {
      const { actor, parts, place } = context
      const id = await findComputeResource(context, context.segment('id'))
      const offered = await parts.catalogue.computeResources.availableImages(actor, id, scopeOf(place))
      return ok(offered.map(({ uuid, name }) => ({ uuid, name })))
    },
  },
]

/** What each provider shows besides; `user` is the login name. */
const shown: Readonly<Record<string, readonly (AttributeName | 'user')[]>> = {
  Libvirt: ['display_type', 'set_console_password'],
  EC2: ['access_key', 'region'],
  Openstack: ['user', 'tenant', 'domain', 'project_domain_name', 'project_domain_id'],
  Ovirt: ['user', 'datacenter', 'use_v4', 'ovirt_quota', 'display_type', 'keyboard_layout'],
  Vmware: ['user', 'datacenter', 'server', 'set_console_password', 'caching_enabled', 'display_type'],
}

/** Never the password. */
function resourceWire(one: ComputeResource): object {
  const { attributes, provider, username } = one
  const own = (shown[provider] ?? []).map((name) => {
    // The access key of EC2 is the login name by another name.
    if (name === 'user' || (name === 'access_key' && attributes.access_key === undefined))
      return [name, username]
    return [name, attributes[name] ?? null]
  })
  return {
    description: one.description,
    url: one.url,
    created_at: viewTime(one.createdAt),
    updated_at: viewTime(one.updatedAt),
    id: one.id,
    name: one.name,
    provider,
    provider_friendly_name: friendlyName(provider),
    ...Object.fromEntries(own),
  }
}

function resourceView(one: ComputeResourceView): object {
  return {
    ...resourceWire(one),
    images: one.images.map(({ id, name }) => ({ id, name })),
    compute_attributes: [],
    locations: one.locations.map(placeName),
    organizations: one.organizations.map(placeName),
  }
}
