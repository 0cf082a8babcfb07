import { sql } from 'kysely'
import type { Core, Query } from '../core.ts'
import { projectSettings } from '../people/project-settings.ts'
import { day } from '../time.ts'
import type { Visibility } from './image.ts'

/** The provider's own project: its images are templates, which no clean-up touches (onecloudplanet.md 1.8, row 3). */
export const mainProjectId = 1

type Ageing = {
  readonly ownerId: number | null
  readonly diskFormat: string | null
  readonly protected: boolean
  readonly visibility: Visibility
  readonly createdAt: number
}

/** When the clean-up will delete an image, or null: never (onecloudplanet.md 1.9). */
export async function cleanupDate(query: Query, core: Core, image: Ageing): Promise<number | null> {
  if (image.ownerId === null || image.ownerId === mainProjectId) return null
  if (image.protected || image.visibility === 'public') return null
  const { cleanup } = await projectSettings(query, core, image.ownerId)
  if (!cleanup.enabled || image.diskFormat === null || !cleanup.formats.includes(image.diskFormat))
    return null
  return image.createdAt + cleanup.days * day
}

/** The same rule for all images of a project at once, after its settings changed. */
export async function rewriteCleanupDates(query: Query, core: Core, projectId: number): Promise<void> {
  const { cleanup } = await projectSettings(query, core, projectId)
  const none = projectId === mainProjectId || !cleanup.enabled || cleanup.formats.length === 0
  const date = sql<number>`case when protected = 0 and visibility <> 'public'
    and disk_format in (${sql.join([...cleanup.formats])})
    then created_at + cast(${cleanup.days * day} as bigint) end`
  await query
    .updateTable('images')
    .set({ cleanup_at: none ? null : date })
    .where('owner_id', '=', projectId)
    .where('deleted', '=', 0)
    .execute()
}
