import type { Actor } from '../actor.ts'
import { record } from '../audit.ts'
import type { Core, Trx } from '../core.ts'
import { closeTask, userOf } from './close.ts'
import { rollbacks } from './rollbacks.ts'
import { type Ending, type TaskState, toTask, workerFor } from './task.ts'

/**
 * Ends a task in the given state (and of the given process), with everything that follows from it.
 * @param by who ends it, where somebody does: that is told in the audit log
 * @returns false when the task had ended already or belongs to another process by now
 */
export async function endTask(
  core: Core,
  id: string,
  from: { readonly state: TaskState; readonly processId?: string },
  ending: Ending,
  by?: Actor,
): Promise<boolean> {
  const after = await unlessLost(core, async (trx) => {
    const row = await trx.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirst()
    if (!row) return null
    const task = toTask(row)
    // Before the state is final, because what the work left behind is told by the task that is still there.
    const mine =
      task.state === from.state && (from.processId === undefined || row.process_id === from.processId)
    if (!mine) return null
    const rollback = ending.state === 'succeeded' ? undefined : rollbacks[task.kind]
    const actor = workerFor(task, await userOf(trx, task.userId))
    const freed = rollback && (await rollback(trx, core, actor, task, ending.failure ?? ''))
    if (!(await closeTask(trx, id, from, ending))) throw lost
    if (by) await record(trx, by, { action: 'cancel', kind: 'task', id })
    return freed ?? (async () => {})
  })
  if (after === null) return false
  await after()
  return true
}

const lost = new Error('The task was taken away while it was being ended.')

/** Null when the task turns out to be somebody else's only after what it left was put right: then it was not. */
async function unlessLost<T>(core: Core, work: (trx: Trx) => Promise<T>): Promise<T | null> {
  return core.database.transaction(work).catch((error) => {
    if (error === lost) return null
    throw error
  })
}
