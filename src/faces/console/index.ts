import type { Face } from '../../http/face.ts'
import { loginLimit } from '../../http/login-limit.ts'
import { authenticate } from './auth.ts'
import { answerFailure, statuses } from './failures.ts'
import { imageBytesRoutes } from './image-bytes.ts'
import { imageRoutes } from './images.ts'
import { peopleRoutes } from './people.ts'
import type { WireError } from './wire.ts'
import { workRoutes } from './work.ts'

const prefix = '/ui/api'

/**
 * The console API: JSON between Imageport and its own command line and web console (one-catalogue.md section 5).
 * @param own.localToken the secret of this machine, whose holder needs no password
 */
export function consoleFace({ localToken }: { readonly localToken: string }): Face {
  return {
    name: 'console',

    async routes(app, { catalogue, installation }) {
      const parts = { catalogue, localToken, logins: loginLimit() }
      app.setErrorHandler(answerFailure)
      await app.register(
        async (scope) => {
          scope.addHook('onRequest', async (request, reply) => {
            // Everything here depends on who asks; only an image's bytes may be kept, by those who ask for them.
            reply.header('cache-control', 'private, no-cache')
            request.actor = await authenticate(request, parts)
          })
          await imageRoutes(scope, catalogue)
          await imageBytesRoutes(scope, catalogue)
          await peopleRoutes(scope, catalogue, installation.version)
          await workRoutes(scope, catalogue)
        },
        { prefix: `${prefix}/v1` },
      )
    },

    owns: (path) => path === prefix || path.startsWith(`${prefix}/`),

    notFound(request, reply) {
      const message = `There is no ${request.method} ${request.url.split('?', 1)[0]} here.`
      const answer: WireError = { error: { code: 'not-found', message, detail: { reason: 'route' } } }
      return reply.code(statuses['not-found']).send(answer)
    },
  }
}
