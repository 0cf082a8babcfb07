import { sql } from 'kysely'
import type { Core, Query, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { projectSettings } from '../people/project-settings.ts'

export type Usage = { readonly images: number; readonly bytes: number; readonly transfers: number }

/** What a project holds, from the counters. Killed and deleted images do not count. */
export async function usageOf(query: Query, ownerId: number | null): Promise<Usage> {
  const row = await query
    .selectFrom('image_counts')
    .select([
      sql<number>`coalesce(sum(images), 0)`.as('images'),
      sql<number>`coalesce(sum(bytes), 0)`.as('bytes'),
      sql<number>`coalesce(sum(case when status in ('saving', 'uploading', 'importing') then images else 0 end), 0)`.as(
        'transfers',
      ),
    ])
    .where('owner_id', '=', ownerId ?? 0)
    .where('status', 'not in', ['deleted', 'killed', 'pending_delete'])
    .executeTakeFirstOrThrow()
  return { images: Number(row.images), bytes: Number(row.bytes), transfers: Number(row.transfers) }
}

/**
 * Two that add at once must not both find room: on PostgreSQL they take turns at the project's row (SQLite has one
 * writer anyway).
 */
async function takeTurns(trx: Trx, core: Core, ownerId: number | null): Promise<void> {
  if (core.database.engine === 'postgres' && ownerId !== null)
    await trx.selectFrom('projects').select('id').where('id', '=', ownerId).forUpdate().execute()
}

/** @throws Failure `quota` (reason `images`) when one more image would be too many. */
export async function demandImageQuota(trx: Trx, core: Core, ownerId: number | null): Promise<void> {
  const { quotaImages } = await projectSettings(trx, core, ownerId)
  if (quotaImages === null) return
  await takeTurns(trx, core, ownerId)
  const { images } = await usageOf(trx, ownerId)
  if (images >= quotaImages)
    throw new Failure('quota', `The project may have ${quotaImages} images and has them already.`, {
      reason: 'images',
    })
}

/** @throws Failure `quota` (reason `bytes`) when so many more bytes would be too many. */
export async function demandByteQuota(
  trx: Trx,
  core: Core,
  ownerId: number | null,
  more: number,
): Promise<void> {
  const { quotaBytes } = await projectSettings(trx, core, ownerId)
  if (quotaBytes === null) return
  await takeTurns(trx, core, ownerId)
  const { bytes } = await usageOf(trx, ownerId)
  if (bytes + more > quotaBytes)
    throw new Failure('quota', `The images of the project may take ${quotaBytes} bytes in all.`, {
      reason: 'bytes',
    })
}

/** How many bytes the project may still add, or null without a limit. */
export async function bytesLeft(query: Query, core: Core, ownerId: number | null): Promise<number | null> {
  const { quotaBytes } = await projectSettings(query, core, ownerId)
  return quotaBytes === null ? null : Math.max(0, quotaBytes - (await usageOf(query, ownerId)).bytes)
}
