import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Face } from '../../http/face.ts'
import { loginLimit } from '../../http/login-limit.ts'
import { authenticate } from './auth.ts'
import { dashboardRoutes } from './dashboard.ts'
import { eventRoutes } from './events.ts'
import { answerFailure, statuses } from './failures.ts'
import { imageBytesRoutes } from './image-bytes.ts'
import { imageDetailRoutes } from './image-detail.ts'
import { imageMemberRoutes } from './image-members.ts'
import { imageRoutes } from './images.ts'
import { installationRoutes } from './installation.ts'
import { instanceRoutes } from './instances.ts'
import { isBuilt, pageRoutes } from './pages.ts'
import { peopleRoutes } from './people.ts'
import { placeRoutes } from './places.ts'
import { repositoryRoutes } from './repositories.ts'
import { sessionReader, sessionRoutes } from './session.ts'
import { taskRoutes } from './tasks.ts'
import { uploadOptions, uploadRoutes } from './uploads/routes.ts'
import type { WireError } from './wire.ts'
import type { WireSetting } from './wire-settings.ts'
import { workRoutes } from './work.ts'

const prefix = '/ui/api/v1'

/** A browser takes an answer for what it is said to be. */
const asSaid = ['x-content-type-options', 'nosniff'] as const

export type ConsoleOptions = {
  /** The secret of this machine, whose holder needs no password. */
  readonly localToken: string
  /** Where the built web console is; null, or where there is none: only the API is served. */
  readonly pages: string | null
  /** What is in force, for administrators. */
  readonly settings: readonly WireSetting[]
  /** Where OpenStack's clients get tokens: a URL, or a path of this server; null: nowhere. */
  readonly identity: string | null
}

/**
 * The web console, and its API: JSON between Imageport and its own command line and console (one-catalogue.md sections 1
 * and 5).
 */
export function consoleFace({ localToken, pages, settings, identity }: ConsoleOptions): Face {
  return {
    name: 'console',

    async routes(app, parts) {
      const { catalogue, installation } = parts
      const { version } = installation
      const logins = loginLimit()
      const sessions = sessionReader(catalogue)
      app.setErrorHandler(answerFailure)
      if (pages !== null && isBuilt(pages)) await pageRoutes(app, pages, refuse)
      await app.register(
        async (scope) => {
          scope.addHook('onRequest', async (_request, reply) => {
            // Everything here depends on who asks; only an image's bytes may be kept, by those who ask for them.
            reply.header('cache-control', 'private, no-cache')
            // Nothing here is a script, and what somebody uploaded least of all.
            reply.header(...asSaid)
          })
          await scope.register((open) => sessionRoutes(open, { catalogue, logins, sessions, version }))
          await scope.register((open) => uploadOptions(open, catalogue))
          await scope.register(async (known) => {
            const actorOf = (request: FastifyRequest, reply: FastifyReply | null) =>
              authenticate(request, {
                catalogue,
                localToken,
                logins,
                bySession: (asking) => sessions.account(asking, reply),
              })
            known.addHook('onRequest', async (request, reply) => {
              request.actor = await actorOf(request, reply)
            })
            await imageRoutes(known, catalogue)
            await imageBytesRoutes(known, catalogue)
            await imageDetailRoutes(known, parts)
            await imageMemberRoutes(known, catalogue)
            await peopleRoutes(known, parts, { logins, identity })
            await placeRoutes(known, catalogue)
            await dashboardRoutes(known, catalogue)
            await workRoutes(known, catalogue)
            await installationRoutes(known, catalogue, { version, settings })
            await uploadRoutes(known, catalogue)
            await repositoryRoutes(known, catalogue)
            await instanceRoutes(known, catalogue)
            await taskRoutes(known, catalogue)
            // Nobody uses a session by listening.
            await eventRoutes(known, catalogue, (request) => actorOf(request, null))
          })
        },
        { prefix },
      )
    },

    owns: (path) => path === '/ui' || path.startsWith('/ui/'),

    notFound: refuse,
  }
}

function refuse({ method, url }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const message = `There is no ${method} ${url.split('?', 1)[0]} here.`
  const answer: WireError = { error: { code: 'not-found', message, detail: { reason: 'route' } } }
  return reply
    .header(...asSaid)
    .code(statuses['not-found'])
    .send(answer)
}
