import { prepared } from '../../database/prepared.ts'
import { permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core, Query } from '../core.ts'
import { Failure } from '../failure.ts'
import { stopTask } from './stop.ts'
import { type Task, toTask } from './task.ts'

/** Whose task it is and where: what Danube's task ids tell also of tasks that nothing is known of any more. */
export type TaskPlace = { readonly userId: number; readonly ownerId: number; readonly projectId: number }

/** Clients ask several times a second. */
const byBeginning = prepared((query: Query, { beginning, end }: { beginning: string; end: string }) =>
  query.selectFrom('tasks').selectAll().where('id', '>=', beginning).where('id', '<', end).limit(1),
)

/** Tasks as they are followed inside a datacenter (danube.md 2.3, 2.4). */
export function datacenterTasks(core: Core) {
  const { database } = core

  return {
    /**
     * May the actor follow such a task? Its creator, the owner of what it works on, and the datacenter's administrators.
     * @throws Failure `forbidden` (reason `permission`).
     */
    demandFollower(actor: Actor, place: TaskPlace): void {
      const mine = actor.userId === place.userId || actor.userId === place.ownerId
      if (!mine && !permitted(actor, 'instance.manage', place.projectId)) throw denied()
    },

    /** The owner may look on, but not interfere. @throws Failure `forbidden` (reason `permission`). */
    demandMaster(actor: Actor, place: TaskPlace): void {
      if (actor.userId !== place.userId && !permitted(actor, 'instance.manage', place.projectId))
        throw denied()
    },

    /** The task whose uuid begins so, or undefined. The caller has checked who asks. */
    async find(beginning: string): Promise<Task | undefined> {
      // No digit of a uuid comes after `g`.
      const [row] = await byBeginning(database.db, { beginning, end: `${beginning}g` })
      return row && toTask(row)
    },

    /** Unfinished tasks in a datacenter: its administrators see all of them, others their own. Oldest first. */
    async unfinished(actor: Actor, projectId: number): Promise<Task[]> {
      let query = database.db
        .selectFrom('tasks')
        .selectAll()
        .where('state', 'in', ['pending', 'running'])
        .where('project_id', '=', projectId)
        .where('kind', '<>', 'callback')
      if (!permitted(actor, 'instance.manage', projectId)) query = query.where('user_id', '=', actor.userId)
      return (await query.orderBy('created_at').orderBy('id').execute()).map(toTask)
    },

    /** Stops a task that waits, asks one that runs to stop. @throws Failure `state` when it has ended. */
    async stop(actor: Actor, id: string): Promise<void> {
      if (!(await stopTask(core, actor, id)))
        throw new Failure('state', 'Task cannot be canceled', { subject: 'task', id })
    },

    /** Does the actor administer the datacenter? */
    isMaster: (actor: Actor, projectId: number): boolean => permitted(actor, 'instance.manage', projectId),
  }
}

function denied(): Failure {
  return new Failure('forbidden', 'This task is not yours.', { subject: 'task', reason: 'permission' })
}
