import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { TasksTable } from '../../database/schema.ts'
import { permitted } from '../access.ts'
import type { Actor, Face } from '../actor.ts'
import { record } from '../audit.ts'
import type { Core, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { now } from '../time.ts'

export const taskStates = ['pending', 'running', 'succeeded', 'failed', 'cancelled'] as const
export type TaskState = (typeof taskStates)[number]

/** One piece of long work. `progress` is bytes (or steps) of `progressTotal`, which may be unknown. */
export type Task = {
  readonly id: string
  readonly kind: string
  readonly imageUuid: string | null
  /** Another thing it works on, such as a snapshot. */
  readonly subject: string | null
  readonly payload: unknown
  readonly state: TaskState
  readonly progress: number
  readonly progressTotal: number | null
  readonly result: unknown
  readonly failure: string | null
  readonly attempts: number
  readonly cancelRequested: boolean
  readonly userId: number | null
  readonly projectId: number | null
  readonly face: Face
  readonly requestId: string | null
  readonly createdAt: number
  readonly startedAt: number | null
  readonly finishedAt: number | null
}

export type NewTask = {
  readonly kind: string
  readonly imageUuid?: string
  readonly subject?: string
  readonly payload: unknown
  readonly maxAttempts?: number
}

/** The channel on which workers are woken. */
export const taskChannel = 'imageport_tasks'

/** Enqueues work in the transaction that makes it necessary; the caller wakes the workers after the commit. */
export async function enqueue(trx: Trx, actor: Actor, task: NewTask): Promise<string> {
  const id = randomUUID()
  const at = now()
  await trx
    .insertInto('tasks')
    .values({
      id,
      kind: task.kind,
      image_uuid: task.imageUuid ?? null,
      subject: task.subject ?? null,
      payload_json: JSON.stringify(task.payload),
      state: 'pending',
      progress: 0,
      progress_total: null,
      result_json: null,
      failure: null,
      attempts: 0,
      max_attempts: task.maxAttempts ?? 5,
      run_after: at,
      process_id: null,
      cancel_requested: 0,
      user_id: actor.userId,
      project_id: actor.projectId,
      face: actor.face,
      request_id: actor.requestId,
      created_at: at,
      started_at: null,
      finished_at: null,
    })
    .execute()
  return id
}

/** Asks the unfinished tasks of an image to stop; pending ones end at once. */
export async function cancelTasksOf(trx: Trx, imageUuid: string): Promise<void> {
  const of = (state: TaskState) =>
    trx.updateTable('tasks').where('image_uuid', '=', imageUuid).where('state', '=', state)
  await of('pending')
    .set({ state: 'cancelled', finished_at: now(), failure: 'The image was deleted.' })
    .execute()
  await of('running').set({ cancel_requested: 1 }).execute()
}

export function toTask(row: Selectable<TasksTable>): Task {
  return {
    id: row.id,
    kind: row.kind,
    imageUuid: row.image_uuid,
    subject: row.subject,
    payload: JSON.parse(row.payload_json),
    state: row.state as TaskState,
    progress: row.progress,
    progressTotal: row.progress_total,
    result: row.result_json === null ? null : JSON.parse(row.result_json),
    failure: row.failure,
    attempts: row.attempts,
    cancelRequested: row.cancel_requested === 1,
    userId: row.user_id,
    projectId: row.project_id,
    face: row.face as Face,
    requestId: row.request_id,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  }
}

export type TaskFilter = {
  readonly states?: readonly TaskState[]
  readonly imageUuid?: string
  readonly kind?: string
  readonly offset?: number
  readonly limit: number
}

/** What people see and do with tasks: their own, their project's when they may update images there, admins all. */
export function tasks({ database }: Core) {
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
      await database.transaction(async (trx) => {
        const of = (state: TaskState) =>
          trx.updateTable('tasks').where('id', '=', id).where('state', '=', state)
        const stopped = await of('pending')
          .set({ state: 'cancelled', finished_at: now(), failure: 'The task was cancelled.' })
          .executeTakeFirst()
        const asked = await of('running').set({ cancel_requested: 1 }).executeTakeFirst()
        if (Number(stopped.numUpdatedRows) + Number(asked.numUpdatedRows) === 0)
          throw new Failure('state', 'The task has ended already.', {
            subject: 'task',
            id,
            status: task.state,
          })
        await record(trx, actor, { action: 'cancel', kind: 'task', id })
      })
      await database.notify(taskChannel)
      return this.view(actor, id)
    },
  }
}

function taskNotFound(id: string): Failure {
  return new Failure('not-found', `No task found with ID ${id}`, { subject: 'task', id })
}
