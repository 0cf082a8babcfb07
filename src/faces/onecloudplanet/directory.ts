import type { Project } from '../../catalogue/people/projects.ts'
import { roleNames } from '../../catalogue/roles.ts'
import { notFound } from './failures.ts'
import { envelope, pageOf } from './paging.ts'
import { type Context, ok, type Route } from './route.ts'
import { features } from './vocabulary.ts'
import { toClient, toMicroseconds } from './wire.ts'

/** Regions, clients and the caller itself: 4.1 to 4.3. */

async function regions({ parts, query, place }: Context) {
  const all = await parts.catalogue.locations.all()
  // "Exactly one region has `is_default: true`": the first, where none was chosen.
  const chosen = all.find(({ isDefault }) => isDefault) ?? all[0]
  const page = pageOf(query, all.length)
  const objects = all.slice(page.offset, page.offset + page.size).map((location) => ({
    id: location.name,
    description: location.description,
    enabled: location.enabled,
    // Volumes and their snapshots are no business of an image service.
    enable_volumes: false,
    enable_snapshots: false,
    is_default: location === chosen,
  }))
  return ok(envelope(place, query, page, objects))
}

const displayNames: Readonly<Record<string, string>> = {
  admin: 'Account Owner',
  owner: 'Account Owner',
  image_import_admin: 'Account Administrator',
  image_admin: 'Account Administrator',
  member: 'Account Administrator',
  reader: 'Account Observer',
}

async function clientOf({ parts, caller }: Context, project: Project) {
  const { id, name, display } = toClient(project)
  const [, first = '', last = ''] = /^(\S+)\s+(.*)$/s.exec(name) ?? ['', name]
  const mine = caller.everywhere.roles.get(id) ?? new Set()
  return {
    id,
    name,
    first_name: first,
    last_name: last,
    company: '',
    long_name: display,
    date_created: toMicroseconds(project.createdAt),
    users: await parts.catalogue.users.idsIn(id),
    has_openstack_services: project.enabled,
    status: project.enabled ? 'active' : 'suspended',
    roles: roleNames.flatMap((role, index) =>
      mine.has(role) ? [{ id: index + 1, name: role, display_name: displayNames[role]! }] : [],
    ),
  }
}

async function client(context: Context) {
  const { parts, caller, param } = context
  const text = param('client')
  if (!/^\d{1,15}$/.test(text)) throw notFound()
  return ok(await clientOf(context, await parts.catalogue.projects.view(caller.everywhere, Number(text))))
}

async function clients(context: Context) {
  const { parts, caller, query, place } = context
  const { projects } = parts.catalogue
  // No client is known to an outside billing system, so none has the id that is looked for.
  const none = caller.staff && Boolean(query.get('external_billing_id'))
  const { total } = none ? { total: 0 } : await projects.list(caller.everywhere, { offset: 0, limit: 0 })
  const page = pageOf(query, total)
  const found = none
    ? []
    : (await projects.list(caller.everywhere, { offset: page.offset, limit: page.size })).projects
  return ok(envelope(place, query, page, await Promise.all(found.map((one) => clientOf(context, one)))))
}

async function currentUser({ parts, caller }: Context) {
  const { version } = parts.installation
  return ok({
    features: Object.fromEntries(features.map((name) => [name, !parts.featuresOff.has(name)])),
    version: { backend_version: version, latest_frontend_version: version },
    uuid: caller.account.uuid,
  })
}

export const directoryRoutes: readonly Route[] = [
  { method: 'GET', path: '/openstack/regions', summary: 'Lists the regions', handle: regions },
  { method: 'GET', path: '/clients', summary: "Lists the caller's clients", handle: clients },
  { method: 'GET', path: '/clients/:client', summary: 'One client', handle: client },
  {
    method: 'GET',
    path: '/current-user',
    summary: "Feature switches and version, as the caller's panel needs them",
    handle: currentUser,
  },
]
