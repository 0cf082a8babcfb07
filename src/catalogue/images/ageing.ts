import type { Actor } from '../actor.ts'
import type { Catalogue } from '../catalogue.ts'
import type { Core } from '../core.ts'
import { isFailure } from '../failure.ts'
import { now } from '../time.ts'
import { cleanupDate } from './cleanup.ts'
import { findImage } from './find.ts'

/**
 * Deletes the images whose clean-up date has passed (onecloudplanet.md 1.9); returns how many.
 * The date is worked out again for each: settings may have changed since it was written.
 */
export async function deleteAged(core: Core, catalogue: Catalogue, actor: Actor): Promise<number> {
  let deleted = 0
  for (;;) {
    const due = await core.database.db
      .selectFrom('images')
      .select(['uuid', 'seq'])
      .where('deleted', '=', 0)
      .where('cleanup_at', '<=', now())
      .orderBy('cleanup_at')
      .limit(100)
      .execute()
    if (due.length === 0) return deleted
    for (const { uuid, seq } of due) {
      const image = await findImage(core.database.db, uuid)
      if (!image) continue
      const cleanupAt = await cleanupDate(core.database.db, core, image)
      if (cleanupAt !== null && cleanupAt <= now()) {
        try {
          await catalogue.images.remove(actor, uuid)
          deleted++
        } catch (error) {
          if (!isFailure(error, 'not-found')) throw error // somebody else was quicker
        }
      } else
        await core.database.db
          .updateTable('images')
          .set({ cleanup_at: cleanupAt })
          .where('seq', '=', seq)
          .execute()
    }
  }
}

/** Writes the clean-up dates anew after the installation's or a project's clean-up settings changed. */
export async function refreshCleanupDates(core: Core): Promise<void> {
  const wanted = JSON.stringify(core.settings.cleanup)
  const { database } = core
  const known = await database.db
    .selectFrom('settings')
    .select('value_json')
    .where('name', '=', 'cleanup')
    .executeTakeFirst()
  if (known?.value_json === wanted) return
  let last = 0
  for (;;) {
    const batch = await database.db
      .selectFrom('images')
      .select(['seq', 'uuid'])
      .where('seq', '>', last)
      .where('deleted', '=', 0)
      .orderBy('seq')
      .limit(500)
      .execute()
    if (batch.length === 0) break
    await database.transaction(async (trx) => {
      for (const { uuid, seq } of batch) {
        const image = await findImage(trx, uuid)
        if (!image) continue
        const cleanupAt = await cleanupDate(trx, core, image)
        if (cleanupAt !== image.cleanupAt)
          await trx.updateTable('images').set({ cleanup_at: cleanupAt }).where('seq', '=', seq).execute()
      }
    })
    last = batch.at(-1)!.seq
  }
  await database.db
    .insertInto('settings')
    .values({ name: 'cleanup', value_json: wanted })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value_json: wanted }))
    .execute()
}
