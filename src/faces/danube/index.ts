import type { Face } from '../../http/face.ts'
import { keyGuesses, loginLimit } from '../../http/login-limit.ts'
import { exhibit } from './exhibit.ts'
import { loginRoutes } from './login.ts'
import { register } from './register.ts'
import type { Route } from './route.ts'
import { routes } from './routes.ts'
import type { Clock } from './stream.ts'

export type DanubeOptions = {
  /** Life of a session token, in seconds. */
  readonly tokenSeconds?: number
  /** Further routes. */
  readonly routes?: readonly Route[]
  /** The clock of streams. */
  readonly clock?: Clock
}

/**
 * The Danube Cloud API (danube.md). It must come before the Foreman face, which owns what is left of `/api`.
 */
export function danubeFace(own: DanubeOptions = {}): Face {
  let answerUnknown: ReturnType<typeof register>
  return {
    name: 'danube',

    async routes(app, parts) {
      const stopping = new AbortController()
      app.addHook('preClose', async () => stopping.abort())
      answerUnknown = register(
        app,
        {
          parts,
          catalogue: parts.catalogue,
          keys: loginLimit(keyGuesses),
          stopping: stopping.signal,
          ...(own.clock ? { clock: own.clock } : {}),
        },
        [
          ...loginRoutes({ logins: loginLimit(), tokenSeconds: own.tokenSeconds ?? 3600 }),
          ...routes,
          ...(own.routes ?? []),
        ],
      )
    },

    owns: (path) => /^(?:\/api)?\/(?:image|imagestore|vm|task|dc|accounts|node)(?:\/|$)/.test(path),

    notFound: (request, reply) => answerUnknown(request, reply),
    exhibit,
  }
}
