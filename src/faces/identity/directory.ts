import { demandAdmin } from '../../catalogue/people/openstack/caller.ts'
import { domain } from '../../catalogue/people/openstack/lookups.ts'
import { collection, domainView, linksOf, projectView, userView } from './collections.ts'
import { notFound } from './failures.ts'
import { type Context, ok, type Route } from './route.ts'

const directoryOf = ({ parts }: Context) => parts.catalogue.openstack.directory

/** Projects, users and the domain (glance.md 25.4): one's own, and for administrators all of them. */
export const directoryRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v3/projects',
    summary: 'List projects',
    handle: async (context) => {
      const read = directoryOf(context).projects.bind(null, context.caller)
      return ok(await collection(context, 'projects', read, projectView))
    },
  },
  {
    method: 'GET',
    path: '/v3/projects/:id',
    summary: 'Show a project',
    handle: async (context) => {
      const project = await directoryOf(context).project(context.caller, context.param('id'))
      return ok({ project: projectView(project, context.origin) })
    },
  },
  {
    method: 'GET',
    path: '/v3/users',
    summary: 'List users',
    handle: async (context) => {
      const read = directoryOf(context).users.bind(null, context.caller)
      return ok(await collection(context, 'users', read, userView))
    },
  },
  {
    method: 'GET',
    path: '/v3/users/:user',
    summary: 'Show a user',
    handle: async (context) => {
      const user = await directoryOf(context).user(context.caller, context.param('user'))
      return ok({ user: userView(user, context.origin) })
    },
  },
  {
    method: 'GET',
    path: '/v3/users/:user/projects',
    summary: 'List the projects of a user',
    handle: async (context) => {
      const read = directoryOf(context).projectsOf.bind(null, context.caller, context.param('user'))
      return ok(await collection(context, 'projects', read, projectView))
    },
  },
  {
    method: 'GET',
    path: '/v3/domains',
    summary: 'List domains',
    handle: (context) => {
      demandAdmin(context.caller)
      const wanted = context.query.get('name')
      const domains = wanted === null || wanted === domain.name ? [domainView(context.origin)] : []
      return ok({ domains, links: linksOf(context) })
    },
  },
  {
    method: 'GET',
    path: '/v3/domains/:id',
    summary: 'Show a domain',
    handle: ({ param, origin }) => {
      if (param('id') !== domain.id) throw notFound()
      return ok({ domain: domainView(origin) })
    },
  },
]
