import { ok, type Route } from './route.ts'
import { root, versionOf } from './wire.ts'

/** Discovery (glance.md 25.1). */
export const versionRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '',
    summary: 'Versions of the Identity service',
    open: true,
    handle: ({ origin }) => ({
      status: 300,
      headers: { location: `${origin}${root}/v3/` },
      body: { versions: { values: [versionOf(origin)] } },
    }),
  },
  {
    method: 'GET',
    path: '/v3',
    summary: 'The version of the Identity service',
    open: true,
    handle: ({ origin }) => ok({ version: versionOf(origin) }),
  },
]
