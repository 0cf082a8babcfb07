import type { Face } from '../../http/face.ts'
import { loginLimit } from '../../http/login-limit.ts'
import { checksum } from './apidoc/checksum.ts'
import { apidocRoutes } from './apidoc/routes.ts'
import { exhibit } from './exhibit.ts'
import { unknownRoute } from './failures.ts'
import { register, send } from './route.ts'
import { routes } from './routes.ts'
import { bruteForce, sessionKeeper } from './sessions.ts'

/** The Foreman API, version 2 (foreman.md). */
export function foremanFace(own: { readonly clock?: () => number } = {}): Face {
  return {
    name: 'foreman',

    async routes(app, parts) {
      const { catalogue } = parts
      await app.register(async (scope) => apidocRoutes(scope))
      register(
        app,
        {
          parts,
          catalogue,
          logins: loginLimit(bruteForce),
          sessions: sessionKeeper(catalogue, own.clock),
          checksum,
        },
        routes,
      )
    },

    owns: (path) => /^\/(?:api|apidoc)(?:[/.]|$)/.test(path),

    notFound: (_request, reply) => send(reply, unknownRoute()),

    exhibit,
  }
}
