import { prepared } from '../../../database/prepared.ts'
import type { KeystoneOwned } from '../../../keystone/token.ts'
import { systemActor } from '../../actor.ts'
import { record } from '../../audit.ts'
import type { Query, Trx } from '../../core.ts'
import { fold } from '../../fold.ts'
import { adoptStrangers } from '../../images/strangers.ts'
import { now } from '../../time.ts'
import { freeName, freeUuid } from './free-name.ts'
import { uuidOfId } from './identity.ts'
import { domain } from './lookups.ts'

/** The project of the catalogue that an external Keystone's is. */
export const admittedProject = prepared((query: Query, { id }: { id: string }) =>
  query
    .selectFrom('projects')
    .select(['id', 'name', 'enabled', 'keystone_name'])
    .where('keystone_id', '=', id),
)

/**
 * Finds the project among those that were here before, or makes its record; one that was made so is renamed after Keystone.
 * Images that were shared with it while it was not known are its from then on.
 */
export async function admitProject(trx: Trx, project: KeystoneOwned): Promise<void> {
  const [known] = await admittedProject(trx, project)
  if (known) return rename(trx, known, project)
  const own = await linkable(trx, project)
  await (own ? link(trx, own, project) : make(trx, project))
}

type Named = { readonly id: number; readonly name: string }

async function rename(
  trx: Trx,
  known: Named & { readonly keystone_name: string | null },
  project: KeystoneOwned,
): Promise<void> {
  if (known.keystone_name === null || known.keystone_name === project.name) return
  const name = await freeProjectName(trx, project, known.id)
  await trx
    .updateTable('projects')
    .set({ ...namesOf(project, name), updated_at: now() })
    .where('id', '=', known.id)
    .execute()
  const [before, after] = [{ name: known.name }, { name }]
  await record(trx, systemActor, { action: 'update', kind: 'project', id: name, before, after })
}

/** A project of this catalogue that is Keystone's as well: by its id, or in the one domain that there is here by its name. */
async function linkable(trx: Trx, project: KeystoneOwned): Promise<Named | undefined> {
  const unlinked = trx.selectFrom('projects').select(['id', 'name']).where('keystone_id', 'is', null)
  const uuid = uuidOfId(project.id)
  const same = uuid === null ? undefined : await unlinked.where('uuid', '=', uuid).executeTakeFirst()
  if (same || project.domain.id !== domain.id) return same
  return unlinked.where('name_fold', '=', fold(project.name)).executeTakeFirst()
}

async function link(trx: Trx, own: Named, project: KeystoneOwned): Promise<void> {
  await trx
    .updateTable('projects')
    .set({ keystone_id: project.id, updated_at: now() })
    .where('id', '=', own.id)
    .execute()
  const images = await adoptStrangers(trx, project.id, own.id)
  const after = { keystoneId: project.id, images }
  await record(trx, systemActor, { action: 'link', kind: 'project', id: own.name, after })
}

async function make(trx: Trx, project: KeystoneOwned): Promise<void> {
  const name = await freeProjectName(trx, project, 0)
  const at = now()
  const { id } = await trx
    .insertInto('projects')
    .values({
      ...namesOf(project, name),
      uuid: await freeUuid(trx, 'projects', project.id),
      description: '',
      access: 'private',
      enabled: 1,
      parent_id: null,
      owner_user_id: null,
      site: '',
      settings_json: '{}',
      keystone_id: project.id,
      created_at: at,
      updated_at: at,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const images = await adoptStrangers(trx, project.id, id)
  const after = { id, name, keystoneId: project.id, images }
  await record(trx, systemActor, { action: 'create', kind: 'project', id: name, after })
}

function namesOf(project: KeystoneOwned, name: string) {
  return { name, name_fold: fold(name), label: project.name, keystone_name: project.name }
}

function freeProjectName(trx: Trx, { id, name, domain }: KeystoneOwned, ownId: number): Promise<string> {
  const qualified = `${name}@${domain.name}`
  return freeName([name, qualified, `${qualified}-${id}`], (folded) =>
    trx
      .selectFrom('projects')
      .select('id')
      .where('name_fold', '=', folded)
      .where('id', '<>', ownId)
      .executeTakeFirst(),
  )
}
