import { randomUUID } from 'node:crypto'
import type { Actor } from '../actor.ts'
import type { Trx } from '../core.ts'
import { now } from '../time.ts'
import { logBegun, type Work } from './log.ts'
import type { Callback } from './task.ts'

export type NewTask = {
  readonly kind: string
  readonly imageUuid?: string
  /** What it works on, as people call it. */
  readonly subject?: string
  readonly payload: unknown
  readonly maxAttempts?: number
  /** What the task log tells of it; nothing: the log is silent. */
  readonly work?: Work
  readonly callback?: Callback | undefined
}

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
      project_id: task.work?.projectId ?? actor.projectId,
      owner_user_id: task.work?.object.ownerUserId ?? null,
      callback_json: task.callback === undefined ? null : JSON.stringify(task.callback),
      face: actor.face,
      request_id: actor.requestId,
      created_at: at,
      started_at: null,
      finished_at: null,
    })
    .execute()
  if (task.work) await logBegun(trx, actor, task.work, id)
  return id
}
