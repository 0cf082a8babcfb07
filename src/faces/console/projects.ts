import type { FastifyInstance } from 'fastify'
import type { Actor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { idOf, projectChange, projectDraft, read } from './input.ts'
import { projectQuery } from './people-input.ts'
import { toWireProject } from './shapes.ts'
import type { WireProject, WireProjectList } from './wire.ts'

/** Projects and what they use; `:id` is the name. */
export async function projectRoutes(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  const { projects, directory, organizations } = catalogue

  app.get('/projects', async ({ actor, query }): Promise<WireProjectList> => {
    const question = read(projectQuery, query)
    const { projects: found, total } = await projects.list(actor, { ...question, byName: true })
    const usages = await projects.usages(
      actor,
      found.map(({ id }) => id),
    )
    return { projects: found.map((project, index) => toWireProject(project, usages[index]!)), total }
  })

  app.get('/projects/:id', async (request) => shown(request.actor, idOf(request)))

  app.post('/projects', async ({ actor, body }, reply) => {
    const draft = read(projectDraft, body)
    await directory.saveProject(actor, 'create', draft)
    reply.code(201)
    return shown(actor, draft.name)
  })

  app.patch('/projects/:id', async (request) => {
    const name = idOf(request)
    await directory.saveProject(request.actor, 'change', { ...read(projectChange, request.body), name })
    return shown(request.actor, name)
  })

  app.delete('/projects/:id', async (request, reply) => {
    const { id } = await projects.named(request.actor, idOf(request))
    await organizations.remove(request.actor, id)
    return reply.code(204).send()
  })

  async function shown(actor: Actor, name: string): Promise<WireProject> {
    const project = await projects.named(actor, name)
    return toWireProject(project, await projects.usage(actor, project.id))
  }
}
