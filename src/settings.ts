import { join, relative, resolve } from 'node:path'
import type { z } from 'zod'
import { variableName } from './settings/names.ts'
import { type Settings, settingsSchema } from './settings/schema.ts'
import { type Found, fromEnvironment, fromFile, type Source } from './settings/sources.ts'

export { describeSettings } from './settings/describe.ts'
export { listSettings } from './settings/list.ts'
export type { Settings } from './settings/schema.ts'

/** Names every setting that is wrong, one line each; `main` prints the message and ends with exit code 2. */
export class SettingsError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'SettingsError'
    this.problems = problems
  }
}

/** The variable of every setting, in the order of the schema. */
export function settingVariables(): readonly string[] {
  return keysOf(settingsSchema({ cwd: '/', dataDir: '/' })).map(variableName)
}

/**
 * Settings of one-catalogue.md section 5: the environment over the settings file over the defaults. The file is the
 * one that IMAGEPORT_SETTINGS names, else `settings.yaml` in the data directory if there is one. Paths count from `cwd`.
 * @throws SettingsError
 */
export function loadSettings(env: NodeJS.ProcessEnv, { cwd }: { readonly cwd: string }): Settings {
  const keys = keysOf(settingsSchema({ cwd, dataDir: cwd }))
  const environment = fromEnvironment(env, keys)
  const file = settingsFile(env, cwd, environment.values.get('dataDir')?.text ?? 'data', keys)
  const found = new Map([...file.values, ...environment.values])
  const dataDir = resolve(cwd, found.get('dataDir')?.text ?? 'data')

  const texts = Object.fromEntries([...found].map(([key, { text }]) => [key, text]))
  const result = settingsSchema({ cwd, dataDir }).safeParse(texts)
  const problems = [
    ...environment.problems,
    ...file.problems,
    ...complaints(result.error?.issues ?? [], found),
  ]
  if (!result.success || problems.length > 0) throw new SettingsError(problems)
  const places = Object.fromEntries([...found].map(([key, { where }]) => [key, where]))
  return Object.freeze({ ...result.data, settingsFile: file.path, found: places })
}

function settingsFile(
  env: NodeJS.ProcessEnv,
  cwd: string,
  dataDir: string,
  keys: readonly string[],
): Source & { readonly path: string | null } {
  const named = env.IMAGEPORT_SETTINGS?.trim()
  const path = resolve(cwd, named || join(dataDir, 'settings.yaml'))
  const nearby = relative(cwd, path)
  const source = fromFile(path, nearby.startsWith('..') ? path : nearby, keys)
  if (source === null) {
    const problems = named ? [`IMAGEPORT_SETTINGS: there is no file ${named}`] : []
    return { path: null, values: new Map(), problems }
  }
  const moved = source.values.get('dataDir')
  if (!named && moved && resolve(cwd, moved.text) !== resolve(cwd, dataDir)) {
    // Otherwise the next start would look for this very file elsewhere.
    const problem = `${moved.where}: cannot be changed by the file that lies in it; use IMAGEPORT_DATA_DIR or IMAGEPORT_SETTINGS`
    return { path, values: source.values, problems: [...source.problems, problem] }
  }
  return { path, ...source }
}

function complaints(issues: readonly z.core.$ZodIssue[], found: ReadonlyMap<string, Found>): string[] {
  return issues.map(({ path, message }) => {
    const key = String(path[0])
    return `${found.get(key)?.where ?? variableName(key)}: ${message}`
  })
}

function keysOf(schema: ReturnType<typeof settingsSchema>): string[] {
  return Object.keys(schema.in.shape)
}
