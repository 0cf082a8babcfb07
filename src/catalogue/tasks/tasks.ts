import { permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core } from '../core.ts'
import { Failure } from '../failure.ts'
import { taskLists } from './list.ts'
import { stopTask } from './stop.ts'
import { type Task, toTask } from './task.ts'
import { imagesBeingWorkedOn } from './working.ts'

/** What people see and do with tasks: their own, their project's when they may update images there, admins all. */
export function tasks(core: Core) {
  const { database } = core

  return {
    ...taskLists(core),

    /** @throws Failure `not-found` (also for a task of somebody else). */
    async view(actor: Actor, id: string): Promise<Task> {
      const row = await database.db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirst()
      const task = row && toTask(row)
      if (!task || !seesTask(actor, task)) throw taskNotFound(id)
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

/** Its own, those of a project where it may update images, or all. */
export function seesTask(actor: Actor, { userId, projectId }: Pick<Task, 'userId' | 'projectId'>): boolean {
  if (actor.superAdmin || (userId !== null && userId === actor.userId)) return true
  return permitted(actor, 'image.update', projectId)
}

function taskNotFound(id: string): Failure {
  return new Failure('not-found', `No task found with ID ${id}`, { subject: 'task', id })
}
