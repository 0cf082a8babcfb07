import { demandPermission, permitted } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import { difference, record } from '../../audit.ts'
import type { Core, Query, Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { mainProjectId } from '../../images/cleanup.ts'
import { type InstallationSettings, installationSettings, writeSetting } from '../../installation-settings.ts'
import { logDetail, logDone } from '../../tasks/log.ts'
import { now } from '../../time.ts'
import { datacenterNamed } from './datacenter.ts'

/** What Danube sets per datacenter. */
export type DatacenterChoices = {
  /** How many images may be bound to it; null: any number. */
  readonly imageLimit: number | null
  /** Is the outcome of task callbacks written to the task log? */
  readonly logUserCallbacks: boolean
}

export type DatacenterSettings = DatacenterChoices & {
  readonly name: string
  /** Of the whole installation; told, and set, in `main` only. */
  readonly installation: InstallationSettings | null
}

export type DatacenterSettingsPatch = Partial<DatacenterChoices> & {
  readonly installation?: Partial<InstallationSettings>
}

/** `settingsJson` is what a project's row holds. */
export function choicesOf(settingsJson: string): DatacenterChoices {
  const { imageLimit = null, logUserCallbacks = true } = JSON.parse(
    settingsJson,
  ) as Partial<DatacenterChoices>
  return { imageLimit, logUserCallbacks }
}

/** Settings as Danube shows them: some of each datacenter, some of the installation (danube.md 1.9, 4.3). */
export function datacenterSettings({ database }: Core) {
  async function read(query: Query, name: string, id: number): Promise<DatacenterSettings> {
    const installation = id === mainProjectId ? await installationSettings(query) : null
    return { name, ...choicesOf(await ownOf(query, id)), installation }
  }

  return {
    /**
     * The owner and admins of a datacenter read its settings.
     * @throws Failure `not-found`; `forbidden` (reason `permission`).
     */
    async view(actor: Actor, name: string): Promise<DatacenterSettings> {
      const found = await datacenterNamed(database.db, actor, name)
      await demandAdmin(database.db, actor, found.id)
      return read(database.db, found.name, found.id)
    },

    /** The datacenter whose settings are to be changed. @throws Failure `forbidden`, `not-found`. */
    async forChange(actor: Actor, name: string): Promise<{ id: number; name: string; main: boolean }> {
      demandPermission(actor, 'manage-directory')
      const found = await datacenterNamed(database.db, actor, name)
      return { ...found, main: found.id === mainProjectId }
    },

    /**
     * Changes what is given; what is of the installation counts in `main` only.
     * @param told what was said, as the task log is to show it
     * @throws Failure `forbidden`, `not-found`.
     */
    async change(
      actor: Actor,
      name: string,
      patch: DatacenterSettingsPatch,
      told: Readonly<Record<string, unknown>>,
    ): Promise<DatacenterSettings> {
      demandPermission(actor, 'manage-directory')
      return database.transaction(async (trx) => {
        const found = await datacenterNamed(trx, actor, name)
        const { installation = {}, ...choices } = patch
        await writeChoices(trx, actor, found, choices)
        if (found.id === mainProjectId) await writeInstallation(trx, actor, installation)
        const { label, owner_user_id } = await trx
          .selectFrom('projects')
          .select(['label', 'owner_user_id'])
          .where('id', '=', found.id)
          .executeTakeFirstOrThrow()
        await logDone(trx, actor, {
          message: 'Update datacenter settings',
          detail: logDetail(told),
          object: { type: 'dc', id: found.id, name: found.name, alias: label, ownerUserId: owner_user_id },
          projectId: mainProjectId,
          bound: false,
        })
        return read(trx, found.name, found.id)
      })
    },
  }
}

/**
 * Asks for what Danube calls an Admin of the datacenter.
 * @throws Failure `forbidden` (reason `permission`)
 */
export async function demandAdmin(query: Query, actor: Actor, projectId: number): Promise<void> {
  if (permitted(actor, 'instance.manage', projectId)) return
  const owned = await query
    .selectFrom('projects')
    .select('id')
    .where('id', '=', projectId)
    .where('owner_user_id', '=', actor.userId ?? 0)
    .executeTakeFirst()
  if (owned) return
  throw new Failure('forbidden', 'Only an admin of the datacenter may do this.', { reason: 'permission' })
}

async function ownOf(query: Query, id: number): Promise<string> {
  const row = await query
    .selectFrom('projects')
    .select('settings_json')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return row.settings_json
}

async function writeChoices(
  trx: Trx,
  actor: Actor,
  { id, name }: { id: number; name: string },
  choices: Partial<DatacenterChoices>,
): Promise<void> {
  const own = await ownOf(trx, id)
  const before = choicesOf(own)
  const sides = difference<DatacenterChoices>(before, { ...before, ...choices })
  if (Object.keys(sides.after).length === 0) return
  await trx
    .updateTable('projects')
    .set({ settings_json: JSON.stringify({ ...JSON.parse(own), ...sides.after }), updated_at: now() })
    .where('id', '=', id)
    .execute()
  await record(trx, actor, { action: 'update', kind: 'project', id: name, ...sides })
}

async function writeInstallation(
  trx: Trx,
  actor: Actor,
  patch: Partial<InstallationSettings>,
): Promise<void> {
  for (const name of Object.keys(patch) as (keyof InstallationSettings)[]) {
    const value = patch[name]
    if (value !== undefined) await writeSetting(trx, actor, name, value)
  }
}
