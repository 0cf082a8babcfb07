import type { Trx } from '../core.ts'
import { type HeldSnapshot, restoreSnapshot } from '../places/instances/snapshot-status.ts'
import { now } from '../time.ts'
import { enqueue } from './enqueue.ts'
import { logEnded } from './log.ts'
import { outcomeText } from './outcome.ts'
import { type Ending, type Task, type TaskState, toTask, workerFor } from './task.ts'

/** What the task `callback` carries. */
export type CallbackPayload = { readonly taskId: string }

/**
 * Ends a task: its state, the log's last entry and the task that tells whoever asked to be told are one transaction.
 * What the work itself leaves behind is not looked at here (see end.ts).
 * @returns the task as it ended, or undefined when it had ended already or belongs to another process by now
 */
export async function closeTask(
  trx: Trx,
  id: string,
  from: { readonly state: TaskState; readonly processId?: string },
  ending: Ending,
): Promise<Task | undefined> {
  let update = trx
    .updateTable('tasks')
    .set({
      state: ending.state,
      result_json: ending.result === undefined ? null : JSON.stringify(ending.result),
      failure: ending.failure ?? null,
      finished_at: now(),
    })
    .where('id', '=', id)
    .where('state', '=', from.state)
  if (from.processId !== undefined) update = update.where('process_id', '=', from.processId)
  const row = await update.returningAll().executeTakeFirst()
  if (!row) return undefined
  const task = toTask(row)
  await forgetSealed(trx, task)
  await logEnded(trx, id, task.state, outcomeText(task))
  if (task.callback) {
    const payload: CallbackPayload = { taskId: id }
    await enqueue(trx, workerFor(task, await userOf(trx, task.userId)), { kind: 'callback', payload })
  }
  return task
}

/** What only the work itself may know, such as a token, goes with its end. */
async function forgetSealed(trx: Trx, { id, payload }: Task): Promise<void> {
  if (typeof payload !== 'object' || payload === null || !('sealed' in payload)) return
  const { sealed: _sealed, ...kept } = payload
  await trx
    .updateTable('tasks')
    .set({ payload_json: JSON.stringify(kept) })
    .where('id', '=', id)
    .execute()
}

export async function userOf(
  trx: Trx,
  userId: number | null,
): Promise<{ id: number; username: string } | undefined> {
  if (userId === null) return undefined
  return trx.selectFrom('users').select(['id', 'username']).where('id', '=', userId).executeTakeFirst()
}

/**
 * Asks the unfinished tasks of an image to stop, because it goes. Pending ones end at once: of what they would have to put
 * right only the snapshot is left that the image was to be made from.
 */
export async function cancelTasksOf(trx: Trx, imageUuid: string, except = ''): Promise<void> {
  const pending = await trx
    .selectFrom('tasks')
    .select('id')
    .where('image_uuid', '=', imageUuid)
    .where('state', '=', 'pending')
    .where('id', '<>', except)
    .execute()
  for (const { id } of pending) {
    const ending = { state: 'cancelled', failure: 'The image was deleted.' } as const
    const task = await closeTask(trx, id, { state: 'pending' }, ending)
    if (task?.kind === 'snapshot-image') await restoreSnapshot(trx, task.payload as HeldSnapshot)
  }
  await trx
    .updateTable('tasks')
    .set({ cancel_requested: 1 })
    .where('image_uuid', '=', imageUuid)
    .where('state', '=', 'running')
    .where('id', '<>', except)
    .execute()
}
