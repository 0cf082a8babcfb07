import type { FastifyInstance } from 'fastify'
import { Failure, isFailure } from '../../catalogue/failure.ts'
import type { Parts } from '../../http/face.ts'
import type { LoginLimit } from '../../http/login-limit.ts'
import { read } from './input.ts'
import { passwordChange } from './people-input.ts'
import { describeUser } from './users.ts'
import { waysOf } from './ways.ts'
import { whoami } from './whoami.ts'
import type { WireWhoami } from './wire.ts'
import type { WireMe } from './wire-people.ts'

/** The caller itself. */
export async function meRoutes(
  app: FastifyInstance,
  { catalogue, installation, origin }: Parts,
  { logins, identity }: { readonly logins: LoginLimit; readonly identity: string | null },
): Promise<void> {
  const { users } = catalogue

  app.get('/whoami', ({ actor }): Promise<WireWhoami> => whoami(catalogue, actor, installation.version))

  app.get('/me', async (request): Promise<WireMe> => {
    const { actor } = request
    const account = await users.view(actor, actor.username)
    const here = origin(request)
    const { project } = await whoami(catalogue, actor, installation.version)
    const isExternal = identity !== null && !identity.startsWith('/')
    const identityUrl = identity === null || isExternal ? identity : `${here}${identity}`
    return {
      ...(await describeUser(catalogue, actor, account)),
      ways: waysOf(account, { origin: here, identityUrl, isExternal, project }),
    }
  })

  app.put('/me/password', async ({ actor, body, ip }, reply) => {
    const { old, password } = read(passwordChange, body)
    try {
      // Guesses count like those of a login.
      await logins.attempt(ip, actor.username, () => users.changePassword(actor, old, password))
    } catch (error) {
      if (!isFailure(error, 'unauthenticated')) throw error
      // Who asks is known all the same.
      throw new Failure(
        'forbidden',
        error.message,
        { reason: 'old-password', fields: { old: [error.message] } },
        { cause: error },
      )
    }
    return reply.code(204).send()
  })
}
