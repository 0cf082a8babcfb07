import type { Cleanup, Core, Query } from '../core.ts'

/** What may be set per project; what is not said there is the installation's default. */
export type ProjectSettings = {
  readonly quotaBytes: number | null
  readonly quotaImages: number | null
  readonly cleanup: Cleanup
}

export async function projectSettings(
  query: Query,
  core: Core,
  projectId: number | null,
): Promise<ProjectSettings> {
  const { quotaBytes, quotaImages, cleanup } = core.settings
  const defaults = { quotaBytes, quotaImages, cleanup }
  if (projectId === null) return defaults
  const row = await query
    .selectFrom('projects')
    .select('settings_json')
    .where('id', '=', projectId)
    .executeTakeFirst()
  return row ? mergeProjectSettings(defaults, JSON.parse(row.settings_json)) : defaults
}

/** `own` is what a project's row holds. */
export function mergeProjectSettings(
  defaults: ProjectSettings,
  own: Partial<ProjectSettings>,
): ProjectSettings {
  return { ...defaults, ...own, cleanup: { ...defaults.cleanup, ...own.cleanup } }
}
