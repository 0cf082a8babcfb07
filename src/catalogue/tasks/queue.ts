import type { Selectable } from 'kysely'
import { sql } from 'kysely'
import type { TasksTable } from '../../database/schema.ts'
import type { Core } from '../core.ts'
import { day, now, second } from '../time.ts'
import { endTask } from './end.ts'
import { type Ending, type Task, toTask } from './task.ts'

/** How long what became of a task is known. */
const keptFor = 30 * day

const stoppedTooOften = 'The server stopped too often during this task.'

/** The worker's side of the queue. A task belongs to a process as long as that process keeps its lease. */
export function taskQueue(core: Core) {
  const { database, processId } = core
  return {
    /** Takes the next task of these kinds, or undefined. Only one process gets it. */
    async claim(kinds: readonly string[]): Promise<Task | undefined> {
      const at = now()
      const lock = database.engine === 'postgres' ? sql`for update skip locked` : sql``
      const { rows } = await sql<Selectable<TasksTable>>`
        update tasks set state = 'running', process_id = ${processId}, attempts = attempts + 1,
          started_at = coalesce(started_at, ${at})
        where id = (select id from tasks where state = 'pending' and run_after <= ${at}
          and kind in (${sql.join(kinds)}) order by run_after limit 1 ${lock})
        returning *`.execute(database.db)
      return rows[0] && toTask(rows[0])
    },

    /**
     * Records progress; the total may be what another server announces, which can be more than anybody counts. False when
     * the task is not this process's any more, or was asked to stop: then let go.
     */
    async progress(id: string, done: number, total: number | null): Promise<boolean> {
      const row = await database.db
        .updateTable('tasks')
        .set({ progress: done, progress_total: total && Math.min(total, Number.MAX_SAFE_INTEGER) })
        .where('id', '=', id)
        .where('process_id', '=', processId)
        .where('state', '=', 'running')
        .returning('cancel_requested')
        .executeTakeFirst()
      return row !== undefined && row.cancel_requested === 0
    },

    /** Ends a task, unless it was taken away. What it leaves behind when it did not succeed is put right with it. */
    async end(id: string, ending: Ending): Promise<void> {
      await endTask(core, id, { state: 'running', processId }, ending)
    },

    /** Hands a task back, to be run again after some seconds. One that is handed back unharmed was no attempt. */
    async release(id: string, afterSeconds: number, attempted: boolean): Promise<void> {
      await database.db
        .updateTable('tasks')
        .set({
          state: 'pending',
          process_id: null,
          run_after: now() + afterSeconds * second,
          attempts: sql`attempts - ${attempted ? 0 : 1}`,
        })
        .where('id', '=', id)
        .where('process_id', '=', processId)
        .where('state', '=', 'running')
        .execute()
    },

    /**
     * Frees the running tasks of dead processes; those that were tried too often fail. One that cannot be failed is freed
     * as well, and somebody told of the trouble. Returns how many were freed.
     */
    async reap(troubled: (error: unknown) => void = () => {}): Promise<number> {
      const dead = sql<boolean>`state = 'running' and not exists
        (select 1 from processes where processes.id = tasks.process_id and processes.lease_until >= ${now()})`
      const tired = await database.db
        .selectFrom('tasks')
        .select(['id', 'process_id'])
        .where(dead)
        .whereRef('attempts', '>=', 'max_attempts')
        .execute()
      for (const { id, process_id } of tired) {
        const from = { state: 'running', processId: process_id! } as const
        await endTask(core, id, from, { state: 'failed', failure: stoppedTooOften }).catch(troubled)
      }
      const { numUpdatedRows } = await database.db
        .updateTable('tasks')
        .set({ state: 'pending', process_id: null, run_after: now() })
        .where(dead)
        .executeTakeFirst()
      return Number(numUpdatedRows)
    },

    /** Seconds until the next waiting task is due, or null when none waits. */
    async nextDue(): Promise<number | null> {
      const row = await database.db
        .selectFrom('tasks')
        .select('run_after')
        .where('state', '=', 'pending')
        .orderBy('run_after')
        .limit(1)
        .executeTakeFirst()
      return row ? Math.max(0, (row.run_after - now()) / second) : null
    },

    /** Forgets tasks that ended long ago, and what the log says of them. */
    async forgetOld(): Promise<void> {
      const before = now() - keptFor
      await database.db.deleteFrom('tasks').where('finished_at', '<', before).execute()
      await database.db.deleteFrom('task_log').where('at', '<', before).execute()
    },

    /** Counts by state, for metrics. */
    async counts(): Promise<{ state: string; count: number }[]> {
      const rows = await database.db
        .selectFrom('tasks')
        .select(['state', sql<number>`count(*)`.as('count')])
        .groupBy('state')
        .execute()
      return rows.map((row) => ({ state: row.state, count: Number(row.count) }))
    },
  }
}
