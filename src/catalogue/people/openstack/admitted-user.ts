import { prepared } from '../../../database/prepared.ts'
import type { KeystoneOwned } from '../../../keystone/token.ts'
import { systemActor } from '../../actor.ts'
import { record } from '../../audit.ts'
import type { Query, Trx } from '../../core.ts'
import { fold } from '../../fold.ts'
import { now } from '../../time.ts'
import { freeName, freeUuid } from './free-name.ts'

/** The user of the catalogue that an external Keystone's is. */
export const admittedUser = prepared((query: Query, { id }: { id: string }) =>
  query
    .selectFrom('users')
    .select(['id', 'username as name', 'enabled', 'keystone_name'])
    .where('keystone_id', '=', id),
)

/**
 * Makes the user's record, or renames it after Keystone. It is always one of its own, whatever names there are here: only
 * the token says what it may do, and no other face lets it in.
 */
export async function admitUser(trx: Trx, user: KeystoneOwned): Promise<void> {
  const [known] = await admittedUser(trx, user)
  if (known?.keystone_name === user.name) return
  const username = await freeUsername(trx, user, known?.id ?? 0)
  const at = now()
  const named = { username, username_fold: fold(username), keystone_name: user.name, updated_at: at }
  if (known) {
    await trx.updateTable('users').set(named).where('id', '=', known.id).execute()
    const [before, after] = [{ username: known.name }, { username }]
    return record(trx, systemActor, { action: 'update', kind: 'user', id: known.id, before, after })
  }
  const { id } = await trx
    .insertInto('users')
    .values({
      ...named,
      uuid: await freeUuid(trx, 'users', user.id),
      first_name: '',
      last_name: '',
      email: '',
      description: '',
      super_admin: 0,
      enabled: 1,
      api_access: 0,
      default_project_id: null,
      callback_key: null,
      settings_json: '{}',
      keystone_id: user.id,
      last_login_at: null,
      created_at: at,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const after = { username, keystoneId: user.id }
  await record(trx, systemActor, { action: 'create', kind: 'user', id, after })
}

function freeUsername(trx: Trx, { id, name, domain }: KeystoneOwned, ownId: number): Promise<string> {
  const qualified = `${name}@${domain.name}`
  return freeName([qualified, `${qualified}-${id}`], (folded) =>
    trx
      .selectFrom('users')
      .select('id')
      .where('username_fold', '=', folded)
      .where('id', '<>', ownId)
      .executeTakeFirst(),
  )
}
