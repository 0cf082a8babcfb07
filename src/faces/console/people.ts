import type { FastifyInstance } from 'fastify'
import type { z } from 'zod'
import type { Actor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { Project } from '../../catalogue/people/projects.ts'
import type { Account } from '../../catalogue/people/users.ts'
import {
  idOf,
  pageQuery,
  projectChange,
  projectDraft,
  read,
  tokenDraft,
  userChange,
  userDraft,
} from './input.ts'
import { toWireProject, toWireToken, toWireUser } from './shapes.ts'
import { projectNames, whoami } from './whoami.ts'
import type {
  WireNewToken,
  WireProject,
  WireProjectList,
  WireTokenList,
  WireUser,
  WireUserList,
  WireWhoami,
} from './wire.ts'

/** Users, their tokens, and projects. */
export async function peopleRoutes(
  app: FastifyInstance,
  catalogue: Catalogue,
  version: string,
): Promise<void> {
  const { users, projects, directory } = catalogue

  app.get('/whoami', ({ actor }): Promise<WireWhoami> => whoami(catalogue, actor, version))

  app.get('/users', async ({ actor, query }): Promise<WireUserList> => {
    const found = await users.list(actor, read(pageQuery, query))
    return { users: await wireUsers(found) }
  })

  app.get('/users/:id', async (request) => viewUser(request.actor, idOf(request)))

  app.post('/users', async ({ actor, body }, reply) => {
    const draft = read(userDraft, body)
    await directory.saveUser(actor, 'create', ...userEntry(draft.username, draft))
    reply.code(201)
    return viewUser(actor, draft.username)
  })

  app.patch('/users/:id', async (request) => {
    const username = idOf(request)
    await directory.saveUser(request.actor, 'change', ...userEntry(username, read(userChange, request.body)))
    return viewUser(request.actor, username)
  })

  app.get('/users/:id/tokens', async (request): Promise<WireTokenList> => {
    const { id } = await users.view(request.actor, idOf(request))
    return { tokens: (await users.tokens(request.actor, id)).map(toWireToken) }
  })

  app.post('/users/:id/tokens', async (request, reply): Promise<WireNewToken> => {
    const { label = '', lifeSeconds = null, networks = [] } = read(tokenDraft, request.body)
    const { id } = await users.view(request.actor, idOf(request))
    const made = await users.createToken(request.actor, id, { kind: 'token', label, lifeSeconds, networks })
    reply.code(201).header('cache-control', 'no-store')
    return { ...toWireToken(made), token: made.text }
  })

  app.delete('/users/:id/tokens/:token', async (request, reply) => {
    const { id } = await users.view(request.actor, idOf(request))
    const { token } = request.params as { token: string }
    // What is no number is the id of no token either.
    await users.revokeToken(request.actor, id, /^\d{1,15}$/.test(token) ? Number(token) : 0)
    return reply.code(204).send()
  })

  app.get('/projects', async ({ actor, query }): Promise<WireProjectList> => {
    const { projects: found, total } = await projects.list(actor, read(pageQuery, query))
    return { projects: await Promise.all(found.map((one) => wireProject(actor, one))), total }
  })

  app.get('/projects/:id', async (request) =>
    wireProject(request.actor, await projects.named(request.actor, idOf(request))),
  )

  app.post('/projects', async ({ actor, body }, reply) => {
    const draft = read(projectDraft, body)
    await directory.saveProject(actor, 'create', draft)
    reply.code(201)
    return wireProject(actor, await projects.named(actor, draft.name))
  })

  app.patch('/projects/:id', async (request) => {
    const name = idOf(request)
    await directory.saveProject(request.actor, 'change', { ...read(projectChange, request.body), name })
    return wireProject(request.actor, await projects.named(request.actor, name))
  })

  async function wireProject(actor: Actor, project: Project): Promise<WireProject> {
    return toWireProject(project, await projects.usage(actor, project.id))
  }

  async function viewUser(actor: Actor, username: string): Promise<WireUser> {
    const [user] = await wireUsers([await users.view(actor, username)])
    return user!
  }

  async function wireUsers(accounts: readonly Account[]): Promise<WireUser[]> {
    const ids = accounts.flatMap(({ roles, defaultProjectId: id }) => [
      ...roles.keys(),
      ...(id === null ? [] : [id]),
    ])
    const names = await projectNames(catalogue, ids)
    return accounts.map((account) => toWireUser(account, names))
  }
}

type UserFacts = z.output<typeof userChange>

/** One entry of a bootstrap file, and changes of roles beside it. */
function userEntry(username: string, { grant, revoke, ...facts }: UserFacts) {
  const roles = { ...(grant ? { grant } : {}), ...(revoke ? { revoke } : {}) }
  return [{ ...facts, username }, roles] as const
}

/** Names of projects that somebody belongs to. Read as Imageport itself, because a default project needs no role. */
