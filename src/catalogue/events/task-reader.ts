import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { padded } from '../../database/padded.ts'
import type { Core } from '../core.ts'
import { seesTask } from '../tasks/tasks.ts'
import { now, second } from '../time.ts'
import type { Hearing } from './event.ts'

/** How far back tasks that began or ended are looked at: other processes' clocks, and commits that took long. Seconds. */
const window = 60
/** More tasks than this at once are told as "tasks", without saying which. */
const tasksAtMost = 2000

const columns = [
  'id',
  'state',
  'progress',
  'progress_total',
  'attempts',
  'cancel_requested',
  'user_id',
  'project_id',
] as const

type Row = {
  readonly id: string
  readonly state: string
  readonly progress: number
  readonly progress_total: number | null
  readonly attempts: number
  readonly cancel_requested: number
  readonly user_id: number | null
  readonly project_id: number | null
}

/**
 * Finds out which tasks have changed. Their progress leaves no trace but their rows, so those that run are read each time,
 * with those that began or ended not long ago, and compared with what they were.
 */
export function taskReader({ database }: Core) {
  const { db } = database
  let known: ReadonlyMap<string, Row> = new Map()
  let looked = 0

  function select(condition: RawBuilder<SqlBool>) {
    return db
      .selectFrom('tasks')
      .select(columns)
      .where(condition)
      .limit(tasksAtMost + 1)
      .execute()
  }

  async function recent(): Promise<readonly Row[]> {
    const at = now()
    const since = Math.min(looked, at) - window * second
    looked = at
    return select(sql`(state = 'running' or created_at >= ${since} or finished_at >= ${since})`)
  }

  /** Those that ran and are not among the running any more, nor among those that ended: handed back. */
  async function handedBack(rows: readonly Row[]): Promise<readonly Row[]> {
    const present = new Set(rows.map(({ id }) => id))
    const gone = [...known.values()].filter(({ id, state }) => state === 'running' && !present.has(id))
    return gone.length === 0 ? [] : select(sql`id in (${sql.join(padded(gone.map(({ id }) => id)))})`)
  }

  async function look(): Promise<{ readonly changed: readonly Row[]; readonly tooMany: boolean }> {
    const rows = await recent()
    const tooMany = rows.length > tasksAtMost
    const all = tooMany ? rows : [...rows, ...(await handedBack(rows))]
    const changed = all.filter((row) => !isSame(known.get(row.id), row))
    known = new Map(rows.map((row) => [row.id, row]))
    return { changed, tooMany }
  }

  return {
    async start(): Promise<void> {
      looked = now()
      await look()
    },

    /** Who hears of what has changed since. */
    async read(): Promise<readonly Hearing[]> {
      const { changed, tooMany } = await look()
      if (tooMany) return [() => ({ kind: 'task' })]
      return changed.map(({ id, state, user_id, project_id }) => {
        const event = { kind: 'task', id, action: state }
        return (actor) => (seesTask(actor, { userId: user_id, projectId: project_id }) ? event : null)
      })
    },
  }
}

function isSame(before: Row | undefined, row: Row): boolean {
  return before !== undefined && columns.every((column) => before[column] === row[column])
}
