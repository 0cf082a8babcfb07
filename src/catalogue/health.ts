import { sql } from 'kysely'
import type { Instant } from '../database/schema.ts'
import { demandDirectory } from './access.ts'
import type { Actor } from './actor.ts'
import { cached, within } from './cached.ts'
import type { Core } from './core.ts'
import { readinessOf } from './readiness.ts'
import { statistics } from './statistics.ts'
import { leaseSeconds } from './tasks/processes.ts'
import type { TaskState } from './tasks/task.ts'
import { now, second } from './time.ts'

/** How the installation is, for those who look after it. */
export type Health = {
  /** `database`, or `store` and its name. Why one does not work is in the log. */
  readonly parts: readonly { readonly name: string; readonly works: boolean }[]
  readonly stores: readonly StoreHealth[]
  readonly processes: readonly ProcessHealth[]
  readonly tasks: readonly { readonly state: TaskState; readonly count: number }[]
  readonly migrations: readonly { readonly name: string; readonly appliedAt: Instant }[]
}

export type StoreHealth = {
  readonly name: string
  /** New images go there. */
  readonly isDefault: boolean
  readonly readOnly: boolean
  /** Bytes; null where it does not answer or cannot tell. */
  readonly freeBytes: number | null
  readonly totalBytes: number | null
}

export type ProcessHealth = {
  readonly id: string
  readonly startedAt: Instant
  /** When it was last heard of. */
  readonly seenAt: Instant
  /** False: it was silent for so long that others take over what it held. */
  readonly lives: boolean
  /** It is the one that answers. */
  readonly isThis: boolean
}

/** For how long a count counts, and how long a store has for its answer. Milliseconds. */
const fresh = 5_000
const patience = 2_000

export function health(core: Core) {
  const { database, processId } = core
  const numbers = statistics(core)
  // The same trouble is logged for whoever asks `/readyz`.
  const readiness = readinessOf({ statistics: numbers }, () => {})
  const tasks = cached(fresh, numbers.tasks)
  const stores = core.stores.all.map(({ store, readOnly }, index) => ({
    facts: { name: store.name, isDefault: index === 0, readOnly },
    space: cached(fresh, () => store.space()),
  }))

  async function storesNow(): Promise<StoreHealth[]> {
    return Promise.all(
      stores.map(async ({ facts, space }) => {
        const found = await within(patience, space()).catch(() => null)
        return { ...facts, freeBytes: found?.freeBytes ?? null, totalBytes: found?.totalBytes ?? null }
      }),
    )
  }

  async function processesNow(): Promise<ProcessHealth[]> {
    const rows = await database.db.selectFrom('processes').selectAll().orderBy('started_at').execute()
    return rows.map((row) => ({
      id: row.id,
      startedAt: row.started_at,
      seenAt: row.lease_until - leaseSeconds * second,
      lives: row.lease_until > now(),
      isThis: row.id === processId,
    }))
  }

  /** The record that migrate.ts keeps, which is no table of the catalogue's. */
  async function migrationsRun(): Promise<Health['migrations']> {
    const { rows } = await sql<{ name: string; applied_at: number }>`
      select name, applied_at from migrations order by name`.execute(database.db)
    return rows.map(({ name, applied_at }) => ({ name, appliedAt: Number(applied_at) }))
  }

  return {
    /** @throws Failure `forbidden` */
    async of(actor: Actor): Promise<Health> {
      demandDirectory(actor)
      const [parts, space, processes, counts, migrations] = await Promise.all([
        readiness(),
        storesNow(),
        processesNow(),
        tasks(),
        migrationsRun(),
      ])
      return {
        parts: [...parts].map(([name, works]) => ({ name, works })),
        stores: space,
        processes,
        tasks: counts,
        migrations,
      }
    },
  }
}
