import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Actor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { Failure } from '../../catalogue/failure.ts'
import { fold } from '../../catalogue/fold.ts'
import type { Account } from '../../catalogue/people/users.ts'
import { hasOnlySession } from './auth.ts'
import { idOf, read, userChange, userDraft } from './input.ts'
import { userQuery } from './people-input.ts'
import { toWireUserDetails } from './people-shapes.ts'
import { toWireUser } from './shapes.ts'
import { projectNames } from './whoami.ts'
import type { WireUser, WireUserList } from './wire.ts'
import type { WireUserDetails } from './wire-people.ts'

/** Users; `:id` is the name. */
export async function userRoutes(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  const { users, directory, accounts } = catalogue
  const shown = async (actor: Actor, username: string) =>
    describeUser(catalogue, actor, await users.view(actor, username))

  app.get('/users', async ({ actor, query }): Promise<WireUserList> => {
    const { users: found, total } = await users.list(actor, read(userQuery, query))
    return { users: await wireUsers(catalogue, found), total }
  })

  app.get('/users/:id', async (request) => shown(request.actor, idOf(request)))

  app.post('/users', async ({ actor, body }, reply) => {
    const draft = read(userDraft, body)
    await directory.saveUser(actor, 'create', ...userEntry(draft.username, draft))
    reply.code(201)
    return shown(actor, draft.username)
  })

  app.patch('/users/:id', async (request) => {
    const { actor } = request
    const username = idOf(request)
    const change = read(userChange, request.body)
    if (change.password !== undefined) demandOthers(request, username)
    await directory.saveUser(actor, 'change', ...userEntry(username, change))
    return shown(actor, username)
  })

  app.delete('/users/:id', async (request, reply) => {
    const { id } = await users.view(request.actor, idOf(request))
    await accounts.remove(request.actor, id)
    return reply.code(204).send()
  })
}

/** What the administrators and the user itself see. */
export async function describeUser(
  catalogue: Catalogue,
  actor: Actor,
  account: Account,
): Promise<WireUserDetails> {
  const [user] = await wireUsers(catalogue, [account])
  return toWireUserDetails(user!, await catalogue.users.details(actor, account.id))
}

async function wireUsers(catalogue: Catalogue, accounts: readonly Account[]): Promise<WireUser[]> {
  const ids = accounts.flatMap(({ roles, defaultProjectId: id }) => [
    ...roles.keys(),
    ...(id === null ? [] : [id]),
  ])
  const names = await projectNames(catalogue, ids)
  return accounts.map((account) => toWireUser(account, names))
}

type UserFacts = z.output<typeof userChange>

/** One entry of a bootstrap file, and changes of roles beside it. */
function userEntry(username: string, { grant, revoke, ...facts }: UserFacts) {
  const roles = { ...(grant ? { grant } : {}), ...(revoke ? { revoke } : {}) }
  return [{ ...facts, username }, roles] as const
}

/**
 * A browser that is left open must not be a way to take somebody's place: who comes with nothing but a session changes
 * the password of its own by telling the old one.
 * @throws Failure `forbidden` (reason `own-password`)
 */
function demandOthers(request: FastifyRequest, username: string): void {
  if (!hasOnlySession(request) || fold(request.actor.username) !== fold(username)) return
  throw new Failure('forbidden', 'Your own password is changed by telling the old one.', {
    subject: 'user',
    reason: 'own-password',
  })
}
