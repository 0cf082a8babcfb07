import type { Face, Parts } from '../../http/face.ts'
import { loginLimit } from '../../http/login-limit.ts'
import { applicationCredentialRoutes } from './application-credentials.ts'
import { directoryRoutes } from './directory.ts'
import { ownRoutes } from './own.ts'
import { type Route, register, send, unroutable } from './route.ts'
import { tokenRoutes } from './tokens.ts'
import { versionRoutes } from './versions.ts'
import { root } from './wire.ts'

export type IdentityOptions = {
  /** Life of a token, in seconds. */
  readonly tokenSeconds: number
}

const routes: readonly Route[] = [
  ...versionRoutes,
  ...tokenRoutes,
  ...ownRoutes,
  ...directoryRoutes,
  ...applicationCredentialRoutes,
]

const refusalOf = unroutable(routes)

/** The embedded Identity v3, as much of it as clients of images need (glance.md section 25). */
export function identityFace({ tokenSeconds }: IdentityOptions): Face {
  let own: Parts | undefined
  return {
    name: 'identity',
    async routes(app, parts) {
      own = parts
      register(app, parts, { tokenSeconds, logins: loginLimit() }, routes)
    },
    owns: (path) => path === root || path.startsWith(`${root}/`),
    notFound: (request, reply) =>
      send(refusalOf(request.method, request.url.split('?', 1)[0]!), own!, request, reply),
  }
}
