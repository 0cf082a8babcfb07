import { prepared } from '../../database/prepared.ts'
import type { CatalogueSettings, Cleanup, Core, Query } from '../core.ts'

/** What may be set per project; what is not said there is the installation's default. */
export type ProjectSettings = {
  readonly quotaBytes: number | null
  readonly quotaImages: number | null
  /** Bytes that wait to be imported. */
  readonly quotaStagedBytes: number | null
  /** Images whose bytes are on their way. */
  readonly quotaUploads: number | null
  readonly cleanup: Cleanup
  /** Images that may be bound to the project (danube.md 1.9, `VMS_IMAGE_LIMIT`); null: as many as you like. */
  readonly imageLimit: number | null
  /** Whether the outcome of task callbacks is told in the task log (danube.md 2.8). */
  readonly logUserCallbacks: boolean
}

const settingsOf = prepared((query: Query, { projectId }: { projectId: number }) =>
  query.selectFrom('projects').select('settings_json').where('id', '=', projectId),
)

export async function projectSettings(
  query: Query,
  core: Core,
  projectId: number | null,
): Promise<ProjectSettings> {
  if (projectId === null) return mergeProjectSettings(core.settings, {})
  const [row] = await settingsOf(query, { projectId })
  return mergeProjectSettings(core.settings, row ? JSON.parse(row.settings_json) : {})
}

/** @param own what a project's row holds */
export function mergeProjectSettings(
  { quotaBytes, quotaImages, quotaStagedBytes, quotaUploads, cleanup }: CatalogueSettings,
  own: Partial<ProjectSettings>,
): ProjectSettings {
  const quotas = { quotaBytes, quotaImages, quotaStagedBytes, quotaUploads }
  const defaults = { ...quotas, imageLimit: null, logUserCallbacks: true }
  return { ...defaults, ...own, cleanup: { ...cleanup, ...own.cleanup } }
}
