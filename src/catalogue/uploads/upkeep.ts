import { systemActor } from '../actor.ts'
import { record } from '../audit.ts'
import type { Core } from '../core.ts'
import { now } from '../time.ts'
import { forgetUpload } from './parts.ts'

/** How many are looked for at once. */
const batch = 100

/**
 * Ends uploads that made no progress for too long, and forgets those that ended long ago. Returns how many there were.
 */
export async function expireUploads(core: Core): Promise<number> {
  let ended = 0
  for (;;) {
    const found = await core.database.db
      .selectFrom('uploads')
      .leftJoin('tasks', 'tasks.id', 'uploads.task_id')
      .select('uploads.id')
      .where('uploads.expires_at', '<', now())
      .where((where) =>
        // One whose task still waits is not over, however long that takes.
        where.or([where('tasks.state', 'is', null), where('tasks.finished_at', 'is not', null)]),
      )
      .limit(batch)
      .execute()
    for (const { id } of found) if (await expire(core, id)) ended++
    if (found.length < batch) return ended
  }
}

/** False when somebody has taken it up again meanwhile. */
async function expire(core: Core, id: string): Promise<boolean> {
  const freed = await core.database.transaction(async (trx) => {
    const row = await trx
      .updateTable('uploads')
      .set({ expires_at: 0 })
      .where('id', '=', id)
      .where('expires_at', '<', now())
      .returning('task_id')
      .executeTakeFirst()
    if (!row) return null
    if (row.task_id === null) await record(trx, systemActor, { action: 'expire', kind: 'upload', id })
    return forgetUpload(trx, core, id)
  })
  await freed?.()
  return freed !== null
}
