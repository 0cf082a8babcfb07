import type { FastifyInstance } from 'fastify'
import type { z } from 'zod'
import type { Actor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { GrantQuestion } from '../../catalogue/people/grants.ts'
import { idOf, read } from './input.ts'
import { grantQuery, groupChange, groupDraft, groupQuery } from './people-input.ts'
import { toWireGrant, toWireGroup } from './people-shapes.ts'
import type { WireGrantList, WireGroup, WireGroupList } from './wire-people.ts'

/** Groups (`:id` is the name), and the roles of users, groups and projects. */
export async function groupRoutes(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  const { groups, grants, directory, projects, users } = catalogue
  const shown = async (actor: Actor, name: string): Promise<WireGroup> =>
    toWireGroup(await groups.summary(actor, name))

  app.get('/groups', async ({ actor, query }): Promise<WireGroupList> => {
    const { groups: found, total } = await groups.page(actor, read(groupQuery, query))
    return { groups: found.map(toWireGroup), total }
  })

  app.get('/groups/:id', async (request) => shown(request.actor, idOf(request)))

  app.post('/groups', async ({ actor, body }, reply) => {
    const { name, label, ...change } = read(groupDraft, body)
    await directory.saveGroup(actor, 'create', { name, label }, change)
    reply.code(201)
    return shown(actor, name)
  })

  app.patch('/groups/:id', async (request) => {
    const name = idOf(request)
    const { label, ...change } = read(groupChange, request.body)
    await directory.saveGroup(request.actor, 'change', { name, label }, change)
    return shown(request.actor, name)
  })

  app.delete('/groups/:id', async (request, reply) => {
    await groups.remove(request.actor, idOf(request))
    return reply.code(204).send()
  })

  app.get('/grants', async ({ actor, query }): Promise<WireGrantList> => {
    const question = await questionOf(actor, read(grantQuery, query))
    const { grants: found, total } = await grants.list(actor, question)
    return { grants: found.map(toWireGrant), total }
  })

  /** @throws Failure `not-found`, `forbidden` */
  async function questionOf(
    actor: Actor,
    { user, group, project, ...page }: z.output<typeof grantQuery>,
  ): Promise<GrantQuestion> {
    if (user !== undefined) return { ...page, user: (await users.view(actor, user)).id }
    if (group !== undefined) return { ...page, group: (await groups.summary(actor, group)).id }
    return { ...page, project: (await projects.named(actor, project!)).id }
  }
}
