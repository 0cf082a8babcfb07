import type { Group } from '../../catalogue/people/groups/group.ts'
import type { GroupFacts } from '../../catalogue/people/groups/groups.ts'
import {
  type GroupPermission,
  groupPermissions,
  isGroupPermission,
} from '../../catalogue/people/groups/permissions.ts'
import { toMicros } from '../../catalogue/time.ts'
import { bindingOf } from './binding.ts'
import { type Fields, fields, namePattern, noSuchObject } from './fields.ts'
import { type Context, done, type Route } from './route.ts'

/** Groups of users (danube.md 4.4). */
export const groupRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/accounts/permission',
    summary: 'List the permissions that a group can carry',
    scope: 'main',
    group: 'u',
    handle: async () => done(groupPermissions),
  },
  {
    method: 'GET',
    path: '/accounts/group',
    summary: 'List groups',
    scope: 'main',
    group: 'u',
    async handle({ parts, actor, full, extended, orderBy }) {
      const order = orderBy(['name', 'created'], 'name')
      const { groups } = parts.catalogue
      if (!full && !extended) return done(await groups.names(actor, order))
      return done((await groups.list(actor, order)).map(toWire))
    },
  },
  {
    method: 'GET',
    path: '/accounts/group/:name',
    summary: 'Show a group',
    scope: 'main',
    group: 'u',
    async handle({ parts, actor, segment }) {
      return done(toWire(await parts.catalogue.groups.view(actor, segment('name'))))
    },
  },
  {
    method: 'POST',
    path: '/accounts/group/:name',
    summary: 'Create a group',
    scope: 'main',
    group: 'u',
    async handle(context) {
      const { actor, data } = context
      const { groups } = context.parts.catalogue
      const name = context.segment('name')
      await groups.demandFree(actor, name)
      const read = fields(data)
      read.check('name', name, { max: longest, pattern: namePattern })
      const said = await readFacts(context, read, null)
      read.demand()
      const usual = { label: name, permissions: [], users: [], boundProjectId: null }
      return done(toWire(await groups.create(actor, name, { ...usual, ...said })), 201)
    },
  },
  {
    method: 'PUT',
    path: '/accounts/group/:name',
    summary: 'Change a group',
    scope: 'main',
    group: 'u',
    async handle(context) {
      const { actor, data } = context
      const { groups } = context.parts.catalogue
      const before = await groups.view(actor, context.segment('name'))
      const read = fields(data)
      const said = await readFacts(context, read, before.boundProjectId)
      read.demand()
      return done(toWire(await groups.change(actor, before.name, said)))
    },
  },
  {
    method: 'DELETE',
    path: '/accounts/group/:name',
    summary: 'Delete a group',
    scope: 'main',
    group: 'u',
    async handle({ parts, actor, segment }) {
      await parts.catalogue.groups.remove(actor, segment('name'))
      return done(null)
    },
  },
]

const longest = 80
/** Of login names, as they stand in paths. */
const usernamePattern = /^[A-Za-z0-9@.+_-]+$/

/** What was said of a group; what is wrong with it is noted in `read`. @param bound what it is bound to now */
async function readFacts(context: Context, read: Fields, bound: number | null): Promise<Partial<GroupFacts>> {
  const label = read.text('alias', { max: longest })
  const permissions = read.list('permissions')
  for (const name of permissions ?? [])
    if (!isGroupPermission(name)) read.fail('permissions', noSuchObject('name', name))
  const users = read.list('users', usernamePattern)
  for (const name of users ?? [])
    if (!(await context.parts.catalogue.danubeUsers.exists(name)))
      read.fail('users', noSuchObject('username', name))
  const boundProjectId = await bindingOf(context, read, bound)
  return {
    ...(label === undefined ? {} : { label }),
    ...(permissions === undefined ? {} : { permissions: permissions as GroupPermission[] }),
    ...(users === undefined ? {} : { users }),
    ...(boundProjectId === undefined ? {} : { boundProjectId }),
  }
}

export function toWire(group: Group): object {
  return {
    name: group.name,
    alias: group.label,
    permissions: group.permissions,
    users: group.users,
    dc_bound: group.boundProjectId !== null,
    created: toMicros(group.createdAt),
  }
}
