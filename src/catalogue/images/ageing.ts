import type { Actor } from '../actor.ts'
import type { Catalogue } from '../catalogue.ts'
import type { Core } from '../core.ts'
import { isFailure } from '../failure.ts'
import { now } from '../time.ts'
import { cleanupDate, rewriteCleanupDates } from './cleanup.ts'
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

/** Writes the clean-up dates anew where the installation's clean-up settings are not those they were made with. */
export async function refreshCleanupDates(core: Core): Promise<void> {
  const value_json = JSON.stringify(core.settings.cleanup)
  const { db } = core.database
  const known = await db
    .selectFrom('settings')
    .select('value_json')
    .where('name', '=', 'cleanup')
    .executeTakeFirst()
  if (known?.value_json === value_json) return
  for (const { id } of await db.selectFrom('projects').select('id').execute())
    await rewriteCleanupDates(db, core, id)
  await db
    .insertInto('settings')
    .values({ name: 'cleanup', value_json })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value_json }))
    .execute()
}
