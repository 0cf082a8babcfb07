import { permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core } from '../core.ts'
import { Failure } from '../failure.ts'
import { stopTask } from './stop.ts'
import { type Task, type TaskState, toTask } from './task.ts'
import { imagesBeingWorkedOn } from './working.ts'

export type TaskFilter = {
  readonly states?: readonly TaskState[]
  readonly imageUuid?: string
  readonly kind?: string
  readonly offset?: number
  readonly limit: number
}

/** What people see and do with tasks: their own, their project's when they may update images there, admins all. */
export function tasks(core: Core) {
  const { database } = core
  const sees = (actor: Actor, task: Task) =>
    actor.superAdmin ||
    (task.userId !== null && task.userId === actor.userId) ||
    permitted(actor, 'image.update', task.projectId)

  return {
    async list(actor: Actor, filter: TaskFilter): Promise<Task[]> {
      let query = database.db.selectFrom('tasks').selectAll()
      if (!actor.superAdmin) {
        const projects = [...actor.roles.keys()].filter((id) => permitted(actor, 'image.update', id))
        query = query.where((where) =>
          where.or([
            where('user_id', '=', actor.userId),
            ...(projects.length > 0 ? [where('project_id', 'in', projects)] : []),
          ]),
        )
      }
      if (filter.states) query = query.where('state', 'in', filter.states)
      if (filter.imageUuid) query = query.where('image_uuid', '=', filter.imageUuid)
      if (filter.kind) query = query.where('kind', '=', filter.kind)
      const rows = await query
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .limit(filter.limit)
        .offset(filter.offset ?? 0)
        .execute()
      return rows.map(toTask)
    },

    /** @throws Failure `not-found` (also for a task of somebody else). */
    async view(actor: Actor, id: string): Promise<Task> {
      const row = await database.db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirst()
      const task = row && toTask(row)
      if (!task || !sees(actor, task)) throw taskNotFound(id)
      return task
    },

    /** Stops a pending task at once, and asks a running one to stop. @throws Failure `not-found`, `state` (ended). */
    async cancel(actor: Actor, id: string): Promise<Task> {
      const task = await this.view(actor, id)
      if (!(await stopTask(core, actor, id)))
        throw new Failure('state', 'The task has ended already.', { subject: 'task', id, status: task.state })
      return this.view(actor, id)
    },

    /** Which of these images somebody works on now: they are pending (danube.md 1.2). */
    async working(uuids: readonly string[]): Promise<ReadonlySet<string>> {
      return imagesBeingWorkedOn(database.db, uuids)
    },
  }
}

function taskNotFound(id: string): Failure {
  return new Failure('not-found', `No task found with ID ${id}`, { subject: 'task', id })
}
