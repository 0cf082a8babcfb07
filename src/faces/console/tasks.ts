import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Actor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { normaliseUuid } from '../../catalogue/images/find.ts'
import type { TaskFilter } from '../../catalogue/tasks/list.ts'
import { type Task, type TaskState, taskStates } from '../../catalogue/tasks/task.ts'
import { findImage } from './find-image.ts'
import { idOf, pageQuery, read } from './input.ts'
import { toWireLog, toWireTaskItem } from './task-shapes.ts'
import type { WireTaskItem, WireTaskLog, WireTaskPage } from './wire-tasks.ts'

/** Tasks are not counted further than this. */
const countedAtMost = 10_000

const taskQuery = pageQuery.extend({
  /** One, or several separated by commas. */
  state: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(taskStates)))
    .optional(),
  kind: z.string().max(64).optional(),
  image: z.string().max(255).optional(),
  mine: z.stringbool().optional(),
})

/** Long work: what there is, how far it is, what came of it, and stopping it. */
export async function taskRoutes(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  const { tasks, taskNames, taskHistory, audit } = catalogue

  app.get('/tasks', async ({ actor, query }): Promise<WireTaskPage> => {
    const { state, kind, image, mine, offset, limit } = read(taskQuery, query)
    const filter: TaskFilter = {
      ...(state ? { states: [...new Set<TaskState>(state)] } : {}),
      ...(kind === undefined ? {} : { kind }),
      ...(image === undefined ? {} : { imageUuid: await uuidOf(actor, image) }),
      ...(mine ? { mine } : {}),
    }
    const found = await tasks.list(actor, { ...filter, offset, limit })
    return { tasks: await shown(actor, found), ...(await tasks.count(actor, filter, countedAtMost)) }
  })

  app.get('/tasks/:id', async (request) => one(request.actor, await tasks.view(request.actor, idOf(request))))

  app.get('/tasks/:id/log', async (request): Promise<WireTaskLog> => {
    const { id } = await tasks.view(request.actor, idOf(request))
    const entries = await taskHistory.ofTask(request.actor, id)
    return toWireLog(entries, await audit.history('task', id, { limit: 100 }))
  })

  app.post('/tasks/:id/cancel', async (request) =>
    one(request.actor, await tasks.cancel(request.actor, idOf(request))),
  )

  async function shown(actor: Actor, found: readonly Task[]): Promise<WireTaskItem[]> {
    const names = await taskNames.of(actor, found)
    return found.map((task) => toWireTaskItem(task, names(task)))
  }

  async function one(actor: Actor, task: Task): Promise<WireTaskItem> {
    const [item] = await shown(actor, [task])
    return item!
  }

  /** By its uuid an image is known that has been deleted, too: its tasks are still there. */
  async function uuidOf(actor: Actor, reference: string): Promise<string> {
    return normaliseUuid(reference) ?? (await findImage(catalogue, actor, reference)).uuid
  }
}
