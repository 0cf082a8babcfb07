import { toWire } from './groups.ts'
import { done, type Route } from './route.ts'

/** Groups in a datacenter (danube.md 4.4). */
export const datacenterGroupRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/dc/:dc/group',
    summary: 'List the groups of a datacenter',
    scope: 'main',
    group: 'u',
    async handle({ parts, actor, segment, full, extended, orderBy }) {
      const order = orderBy(['name'], 'name')
      const groups = await parts.catalogue.groups.attached(actor, segment('dc'), order)
      return done(full || extended ? groups.map(toWire) : groups.map((group) => group.name))
    },
  },
  {
    method: 'GET',
    path: '/dc/:dc/group/:name',
    summary: 'Show a group of a datacenter',
    scope: 'main',
    group: 'u',
    async handle({ parts, actor, segment }) {
      return done(toWire(await parts.catalogue.groups.viewAttached(actor, segment('dc'), segment('name'))))
    },
  },
  {
    method: 'POST',
    path: '/dc/:dc/group/:name',
    summary: 'Attach a group to a datacenter',
    scope: 'main',
    group: 'u',
    async handle({ parts, actor, segment }) {
      return done(toWire(await parts.catalogue.groups.attach(actor, segment('dc'), segment('name'))), 201)
    },
  },
  {
    method: 'DELETE',
    path: '/dc/:dc/group/:name',
    summary: 'Detach a group from a datacenter',
    scope: 'main',
    group: 'u',
    async handle({ parts, actor, segment }) {
      await parts.catalogue.groups.detach(actor, segment('dc'), segment('name'))
      return done(null)
    },
  },
]
