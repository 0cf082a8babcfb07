import { sql } from 'kysely'
import type { Space } from '../store/store.ts'
import type { Core } from './core.ts'
import { type Status, statuses } from './images/image.ts'
import { taskQueue } from './tasks/queue.ts'
import { type TaskState, taskStates } from './tasks/task.ts'

/** A part of Imageport without which it cannot work. */
export type Part = {
  /** `database`, or `store` and its name. */
  readonly name: string
  /** Cheap enough to be asked every few seconds. Sets itself no time limit. @throws what is wrong */
  check(): Promise<void>
}

/** Bytes. */
export type BlobTotals = { readonly count: number; readonly bytes: number; readonly deduplicated: number }

/** A name that no blob has: to ask a store for it costs it one look. */
const noBlob = '0'.repeat(32)

/** Numbers for operators. They name nobody and no image, so there is no actor whose permission would count. */
export function statistics(core: Core) {
  const { database, stores } = core

  async function images(): Promise<{ status: Status; count: number; bytes: number }[]> {
    const rows = await database.db
      .selectFrom('image_counts')
      .select(['status', sql<number>`sum(images)`.as('count'), sql<number>`sum(bytes)`.as('bytes')])
      .groupBy('status')
      .execute()
    return statuses.map((status) => {
      const row = rows.find((one) => one.status === status)
      return { status, count: row?.count ?? 0, bytes: row?.bytes ?? 0 }
    })
  }

  return {
    /** Every status, from the counters. */
    images,

    /** Every state. Grows with the table of tasks. */
    async tasks(): Promise<{ state: TaskState; count: number }[]> {
      const rows = await taskQueue(core).counts()
      return taskStates.map((state) => ({
        state,
        count: rows.find((row) => row.state === state)?.count ?? 0,
      }))
    },

    /**
     * Reads every row of the blobs: not to be asked often. Bytes are counted in each store that holds them;
     * `deduplicated`: those that images share.
     */
    async blobs(): Promise<BlobTotals> {
      const kept = await database.db
        .selectFrom('blob_places')
        .innerJoin('blobs', 'blobs.id', 'blob_places.blob_id')
        .select([
          sql<number>`count(distinct blobs.id)`.as('count'),
          sql<number>`coalesce(sum(blobs.size), 0)`.as('bytes'),
        ])
        .executeTakeFirstOrThrow()
      const held = (await images()).filter(({ status }) => holdsBytes.includes(status))
      const claimed = held.reduce((sum, { bytes }) => sum + bytes, 0)
      return { ...kept, deduplicated: Math.max(0, claimed - kept.bytes) }
    },

    /** The space of every store; null where the store cannot tell. @throws Failure `unavailable` */
    stores: (): readonly { readonly name: string; space(): Promise<Space | null> }[] =>
      stores.all.map(({ store }) => ({ name: store.name, space: () => store.space() })),

    parts: (): readonly Part[] => [
      { name: 'database', check: () => database.ping() },
      ...stores.all.map(({ store }) => ({
        name: `store ${store.name}`,
        async check() {
          // Whether it answers, and (where there are any) whether its directories are there.
          await Promise.all([store.size(noBlob), store.space()])
        },
      })),
    ],
  }
}

const holdsBytes: readonly Status[] = ['active', 'deactivated', 'pending_delete']
