import { Failure } from '../../catalogue/failure.ts'
import { collection, linksOf, projectView } from './collections.ts'
import { ok, type Route } from './route.ts'
import { catalogFor } from './tokens.ts'

/** What a token can be used for (glance.md 25.4). */
export const ownRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v3/auth/projects',
    summary: 'Projects that the caller can have tokens for',
    handle: async (context) => {
      const { directory } = context.parts.catalogue.openstack
      const read = directory.ownProjects.bind(null, context.caller)
      return ok(await collection(context, 'projects', read, projectView))
    },
  },
  {
    method: 'GET',
    path: '/v3/auth/domains',
    summary: 'Domains that the caller can have tokens for: none',
    handle: (context) => ok({ domains: [], links: linksOf(context) }),
  },
  {
    method: 'GET',
    path: '/v3/auth/system',
    summary: 'Whether the caller can have a token for the system',
    handle: async (context) => {
      const has = await context.parts.catalogue.openstack.directory.hasSystem(context.caller)
      return ok({ system: has ? [{ all: true }] : [], links: linksOf(context) })
    },
  },
  {
    method: 'GET',
    path: '/v3/auth/catalog',
    summary: 'The services that the token is good for',
    handle: async (context) => {
      if (context.caller.token.scope === 'unscoped')
        throw new Failure('forbidden', 'The token is for no project.', { reason: 'scope' })
      return ok({ catalog: await catalogFor(context), links: linksOf(context) })
    },
  },
]
