import type { Actor } from './actor.ts'
import { record } from './audit.ts'
import type { Query, Trx } from './core.ts'
import { withoutSecrets } from './images/without-secrets.ts'

/** What holds for the whole installation and is changed while it runs: the table `settings` (danube.md 1.9). */
export type InstallationSettings = {
  /** False: images are records only, and everything about them is done at once. */
  readonly imageServer: boolean
  /** The instance that people call the image server; null: Imageport itself, under the name `imageServerName`. */
  readonly imageServerVm: string | null
  /** Which of its addresses counts, from 1. */
  readonly imageServerNic: number
  readonly imageSources: readonly string[]
  /** Remote IMGAPI repositories: name → URL. */
  readonly repositories: Readonly<Record<string, string>>
}

const defaults: InstallationSettings = {
  imageServer: true,
  imageServerVm: null,
  imageServerNic: 1,
  imageSources: [],
  repositories: { danube: 'https://images.danube.cloud', joyent: 'https://images.joyent.com' },
}

export async function installationSettings(query: Query): Promise<InstallationSettings> {
  const rows = await query
    .selectFrom('settings')
    .selectAll()
    .where('name', 'in', Object.keys(defaults))
    .execute()
  return { ...defaults, ...Object.fromEntries(rows.map((row) => [row.name, JSON.parse(row.value_json)])) }
}

/** The remote repositories that are known by name (danube.md 3). */
export async function repositoriesOf(query: Query): Promise<InstallationSettings['repositories']> {
  return (await installationSettings(query)).repositories
}

/**
 * Writes one setting, and forgets what was fetched from repositories that are gone or elsewhere now (danube.md 3.2).
 * @returns what happened; null: it said the same already
 */
export async function writeSetting<Name extends keyof InstallationSettings>(
  trx: Trx,
  actor: Actor,
  name: Name,
  value: InstallationSettings[Name],
): Promise<'created' | 'changed' | null> {
  const value_json = JSON.stringify(value)
  const before = await trx
    .selectFrom('settings')
    .select('value_json')
    .where('name', '=', name)
    .executeTakeFirst()
  if (before?.value_json === value_json) return null
  await trx
    .insertInto('settings')
    .values({ name, value_json })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value_json }))
    .execute()
  if (name === 'repositories') await forgetMoved(trx, value as InstallationSettings['repositories'])
  await record(trx, actor, {
    action: before ? 'update' : 'create',
    kind: 'setting',
    id: name,
    ...(before ? { before: toldOf(before.value_json) } : {}),
    after: toldOf(value_json),
  })
  return before ? 'changed' : 'created'
}

/** What the audit log tells of a value. */
function toldOf(json: string): unknown {
  return JSON.parse(json, (_key, value) => (typeof value === 'string' ? withoutSecrets(value) : value))
}

async function forgetMoved(trx: Trx, wanted: InstallationSettings['repositories']): Promise<void> {
  const cached = await trx.selectFrom('repositories').select(['name', 'url']).execute()
  for (const { name, url } of cached) {
    if (Object.hasOwn(wanted, name) && wanted[name] === url) continue
    await trx.deleteFrom('repositories').where('name', '=', name).execute()
  }
}
