import { lockData } from '../assembly/data-lock.ts'
import { migrate } from '../database/migrate.ts'
import { migrations } from '../database/migrations/index.ts'
import { openDatabase } from '../database/open.ts'
import type { Settings } from '../settings.ts'

/**
 * Brings the database up to date without starting a server; servers do the same when they start.
 * @returns the migrations that were run now
 * @throws Failure `conflict` (reason `data-directory`) while a server uses the embedded database, and as `migrate`
 */
export async function migrateOffline({ databaseUrl, dataDir }: Settings): Promise<readonly string[]> {
  // PostgreSQL has a lock of its own for this, and other machines' servers are none of this directory's business.
  const lock = databaseUrl.startsWith('sqlite:') ? await lockData(dataDir) : undefined
  try {
    const database = await openDatabase(databaseUrl)
    try {
      return await migrate(database, migrations)
    } finally {
      await database.close()
    }
  } finally {
    await lock?.release()
  }
}
