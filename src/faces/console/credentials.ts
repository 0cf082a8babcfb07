import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { idOf, pageQuery, read, tokenDraft } from './input.ts'
import { toWireApplicationCredential } from './people-shapes.ts'
import { toWireToken } from './shapes.ts'
import { projectNames } from './whoami.ts'
import type { WireNewToken, WireTokenList } from './wire.ts'
import type { WireApplicationCredentialList } from './wire-people.ts'

/** What users give to programs, their own and, for administrators, everybody's. */
export async function credentialRoutes(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  const { users, openstack } = catalogue
  const userOf = async (request: FastifyRequest) => (await users.view(request.actor, idOf(request))).id

  app.get('/users/:id/tokens', async (request): Promise<WireTokenList> => {
    const page = read(pageQuery, request.query)
    const { tokens, total } = await users.tokens(request.actor, await userOf(request), page)
    return { tokens: tokens.map(toWireToken), total }
  })

  app.post('/users/:id/tokens', async (request, reply): Promise<WireNewToken> => {
    const { label = '', lifeSeconds = null, networks = [] } = read(tokenDraft, request.body)
    const draft = { kind: 'token', label, lifeSeconds, networks } as const
    const made = await users.createToken(request.actor, await userOf(request), draft)
    reply.code(201).header('cache-control', 'no-store')
    return { ...toWireToken(made), token: made.text }
  })

  app.delete('/users/:id/tokens/:token', async (request, reply) => {
    const { token } = request.params as { token: string }
    // What is no number is the id of no token either.
    const id = /^\d{1,15}$/.test(token) ? Number(token) : 0
    await users.revokeToken(request.actor, await userOf(request), id)
    return reply.code(204).send()
  })

  app.get('/users/:id/application-credentials', async (request): Promise<WireApplicationCredentialList> => {
    const found = await openstack.applicationCredentials.ofUser(request.actor, await userOf(request))
    const names = await projectNames(
      catalogue,
      found.map(({ projectId }) => projectId),
    )
    return { applicationCredentials: found.map((one) => toWireApplicationCredential(one, names)) }
  })

  app.delete('/users/:id/application-credentials/:credential', async (request, reply) => {
    const { credential } = request.params as { credential: string }
    await openstack.applicationCredentials.revoke(request.actor, await userOf(request), credential)
    return reply.code(204).send()
  })
}
