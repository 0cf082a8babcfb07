import type { Selectable } from 'kysely'
import type { TasksTable } from '../../database/schema.ts'
import type { Actor, Face } from '../actor.ts'
import { systemActor } from '../actor.ts'
import type { FailureCode, FailureDetail } from '../failure.ts'

export const taskStates = ['pending', 'running', 'succeeded', 'failed', 'cancelled'] as const
export type TaskState = (typeof taskStates)[number]

/** Who is told when a task ends (danube.md 2.8). */
export type Callback = { readonly url: string; readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' }

/** What a request says of that. `problem`: what of it could not be understood, for the log; then nobody is told. */
export type Telling = { readonly callback?: Callback | undefined; readonly problem?: string }

/** One piece of long work. `progress` is bytes (or steps) of `progressTotal`, which may be unknown. */
export type Task = {
  readonly id: string
  readonly kind: string
  readonly imageUuid: string | null
  /** What it works on, as people call it: the handle of an image, the name of a snapshot. */
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
  /** Who owned the thing it works on when it was begun. */
  readonly ownerUserId: number | null
  readonly callback: Callback | null
  readonly face: Face
  readonly requestId: string | null
  readonly createdAt: number
  readonly startedAt: number | null
  readonly finishedAt: number | null
}

/** What is kept of the Failure that a task ended with, as its result. */
export type FailedResult = { readonly code: FailureCode; readonly detail: FailureDetail }

/** How a task ended. */
export type Ending = {
  readonly state: 'succeeded' | 'failed' | 'cancelled'
  readonly result?: unknown
  readonly failure?: string
}

/** The channel on which workers are woken. */
export const taskChannel = 'imageport_tasks'

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
    ownerUserId: row.owner_user_id,
    callback: row.callback_json === null ? null : JSON.parse(row.callback_json),
    face: row.face as Face,
    requestId: row.request_id,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  }
}

/**
 * Work is done with the rights of Imageport itself (they were checked when it was asked for, and a user's token may end
 * meanwhile), in the name of the user.
 */
export function workerFor(task: Task, user: { id: number; username: string } | undefined): Actor {
  return {
    ...systemActor,
    userId: user?.id ?? null,
    username: user?.username ?? systemActor.username,
    projectId: task.projectId,
    face: task.face,
    requestId: task.requestId,
  }
}
