import { sql } from 'kysely'
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

/** From the counters. */
export async function usageOf(query: Query, ownerId: number | null): Promise<Usage> {
  const row = await query
    .selectFrom('image_counts')
    .select([
      sql<number>`coalesce(sum(images), 0)`.as('images'),
      sql<number>`coalesce(sum(case when status <> 'uploading' then bytes else 0 end), 0)`.as('bytes'),
      sql<number>`coalesce(sum(case when status = 'uploading' then bytes else 0 end), 0)`.as('waiting'),
      sql<number>`coalesce(sum(case when status in (${sql.join(transferring)}) then images else 0 end), 0)`.as(
        'transfers',
      ),
    ])
    .where('owner_id', '=', ownerId ?? 0)
    .where('status', 'not in', ['deleted', 'killed', 'pending_delete'])
    .executeTakeFirstOrThrow()
  return {
    images: Number(row.images),
    bytes: Number(row.bytes),
    stagedBytes: Number(row.waiting) + (await importing(query, ownerId)),
    transfers: Number(row.transfers),
  }
}

/** Of the images that tasks import now: there are few, and the counters know them with all their copies. */
async function importing(query: Query, ownerId: number | null): Promise<number> {
  const { total } = await query
    .selectFrom('tasks')
    .innerJoin('images', 'images.uuid', 'tasks.image_uuid')
    .select(sql<number>`coalesce(sum(images.size), 0)`.as('total'))
    .where('tasks.state', 'in', ['pending', 'running'])
    .where('tasks.kind', '=', 'import-image')
    .where('images.status', '=', 'importing')
    .where('images.owner_id', ownerId === null ? 'is' : '=', ownerId)
    .executeTakeFirstOrThrow()
  return Number(total)
}
