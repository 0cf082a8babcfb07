import type { FastifyInstance } from 'fastify'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { TaskFilter } from '../../catalogue/tasks/tasks.ts'
import { findImage } from './find-image.ts'
import { applyQuery, idOf, read, taskQuery } from './input.ts'
import { toWireApplied, toWireTask } from './shapes.ts'
import type { WireTaskList } from './wire.ts'

/** Tasks, and the two big works of administrators: verifying all bytes and applying a bootstrap file. */
export async function workRoutes(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  const { tasks } = catalogue

  app.get('/tasks', async ({ actor, query }): Promise<WireTaskList> => {
    const { state, kind, image, offset, limit } = read(taskQuery, query)
    const filter: TaskFilter = {
      offset,
      limit,
      ...(state ? { states: [state] } : {}),
      ...(kind ? { kind } : {}),
      ...(image ? { imageUuid: (await findImage(catalogue, actor, image)).uuid } : {}),
    }
    return { tasks: (await tasks.list(actor, filter)).map(toWireTask) }
  })

  app.get('/tasks/:id', async (request) => toWireTask(await tasks.view(request.actor, idOf(request))))

  app.post('/tasks/:id/cancel', async (request) =>
    toWireTask(await tasks.cancel(request.actor, idOf(request))),
  )

  app.post('/verify', async ({ actor }, reply) => {
    const id = await catalogue.verification.begin(actor)
    reply.code(202)
    return toWireTask(await tasks.view(actor, id))
  })

  await app.register(async (scope) => {
    // YAML or JSON, whatever the type says: the file is read as it is, so that complaints can name its lines.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))

    scope.post('/apply', async ({ actor, query, body }) => {
      const { file } = read(applyQuery, query)
      const text = typeof body === 'string' ? body : ''
      return toWireApplied(await catalogue.directory.apply(actor, text, file))
    })
  })
}
