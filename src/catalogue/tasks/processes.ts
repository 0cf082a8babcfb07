import type { Core } from '../core.ts'
import { now, second } from '../time.ts'

/** How long a silent process keeps what it holds, and how often it speaks. Seconds. */
export const leaseSeconds = 30
export const heartbeatSeconds = 5

/** The living processes of this installation. What a process holds (transfers, tasks) is free once its lease ends. */
export function processes({ database, processId }: Core) {
  return {
    /** Enters this process; with `alone`, whoever was there before is known to be dead. */
    async enter(alone: boolean): Promise<void> {
      const at = now()
      if (alone) await database.db.deleteFrom('processes').execute()
      await database.db
        .insertInto('processes')
        .values({ id: processId, started_at: at, lease_until: at + leaseSeconds * second })
        .execute()
    },

    /** Renews the lease; false when it had been lost, after which this process must let go of everything. */
    async renew(): Promise<boolean> {
      const at = now()
      const { numUpdatedRows } = await database.db
        .updateTable('processes')
        .set({ lease_until: at + leaseSeconds * second })
        .where('id', '=', processId)
        .executeTakeFirst()
      return Number(numUpdatedRows) === 1
    },

    async leave(): Promise<void> {
      await database.db.deleteFrom('processes').where('id', '=', processId).execute()
    },

    /** Forgets processes whose lease ended long ago. */
    async forgetDead(): Promise<void> {
      await database.db
        .deleteFrom('processes')
        .where('lease_until', '<', now() - 10 * leaseSeconds * second)
        .execute()
    },
  }
}
