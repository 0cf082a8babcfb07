import type { Actor } from '../actor.ts'
import { record } from '../audit.ts'
import type { Core } from '../core.ts'
import { endTask } from './end.ts'
import { taskChannel } from './task.ts'

const cancelled = { state: 'cancelled', failure: 'The task was cancelled.' } as const

/** Stops a task that waits at once, and asks one that runs to stop. False when it has ended already. */
export async function stopTask(core: Core, actor: Actor, id: string): Promise<boolean> {
  const { database } = core
  if (await endTask(core, id, { state: 'pending' }, cancelled, actor)) return true
  const asked = await database.transaction(async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable('tasks')
      .set({ cancel_requested: 1 })
      .where('id', '=', id)
      .where('state', '=', 'running')
      .executeTakeFirst()
    if (Number(numUpdatedRows) === 0) return false
    await record(trx, actor, { action: 'cancel', kind: 'task', id })
    return true
  })
  if (asked) await database.notify(taskChannel)
  return asked
}
