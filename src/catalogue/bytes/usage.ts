import { sql } from 'kysely'
import { padded } from '../../database/padded.ts'
import type { Query } from '../core.ts'
import type { Status } from '../images/image.ts'

/** What a project holds. Killed and deleted images do not count. */
export type Usage = {
  readonly images: number
  /** Each image as often as there are stores that it was put into, or is being imported into (glance.md section 18). */
  readonly bytes: number
  /** Bytes that wait to be imported, or are being imported. The former are no part of `bytes`. */
  readonly stagedBytes: number
  /** Images whose bytes are on their way. */
  readonly transfers: number
}

const transferring: readonly Status[] = ['saving', 'uploading', 'importing']

/** From the counters. @param ownerId null: of images without an owner */
export async function usageOf(query: Query, ownerId: number | null): Promise<Usage> {
  const [usage] = await usagesOf(query, [ownerId ?? nobody])
  return usage!
}

/** As `usageOf`, for each of the projects in their order. */
export async function usagesOf(query: Query, ids: readonly number[]): Promise<Usage[]> {
  if (ids.length === 0) return []
  const owners = padded(ids)
  const counted = await query
    .selectFrom('image_counts')
    .select([
      'owner_id',
      sql<number>`coalesce(sum(images), 0)`.as('images'),
      sql<number>`coalesce(sum(case when status <> 'uploading' then bytes else 0 end), 0)`.as('bytes'),
      sql<number>`coalesce(sum(case when status = 'uploading' then bytes else 0 end), 0)`.as('waiting'),
      sql<number>`coalesce(sum(case when status in (${sql.join(transferring)}) then images else 0 end), 0)`.as(
        'transfers',
      ),
    ])
    .where('owner_id', 'in', owners)
    .where('status', 'not in', ['deleted', 'killed', 'pending_delete'])
    .groupBy('owner_id')
    .execute()
  const imported = await importing(query, owners)
  return ids.map((id) => {
    const row = counted.find(({ owner_id }) => owner_id === id)
    return {
      images: Number(row?.images ?? 0),
      bytes: Number(row?.bytes ?? 0),
      stagedBytes: Number(row?.waiting ?? 0) + (imported.get(id) ?? 0),
      transfers: Number(row?.transfers ?? 0),
    }
  })
}

/** As the counters call the owner of images without one. */
const nobody = 0

/** Bytes of the images that tasks import now: there are few, and the counters know them with all their copies. */
async function importing(query: Query, owners: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const owner = sql<number>`coalesce(images.owner_id, ${sql.lit(nobody)})`
  const rows = await query
    .selectFrom('tasks')
    .innerJoin('images', 'images.uuid', 'tasks.image_uuid')
    .select([owner.as('owner'), sql<number>`coalesce(sum(images.size), 0)`.as('total')])
    .where('tasks.state', 'in', ['pending', 'running'])
    .where('tasks.kind', '=', 'import-image')
    .where('images.status', '=', 'importing')
    .where(owner, 'in', owners)
    .groupBy(owner)
    .execute()
  return new Map(rows.map((row) => [Number(row.owner), Number(row.total)]))
}
