import { randomUUID } from 'node:crypto'
import { record } from '../audit.ts'
import type { Core } from '../core.ts'
import { Failure } from '../failure.ts'
import { fold } from '../fold.ts'
import { mainProjectId, rewriteCleanupDates } from '../images/cleanup.ts'
import { insertCredential, type NewCredential } from '../people/credentials.ts'
import { endSessions } from '../people/sessions.ts'
import type { Entry } from './document.ts'
import { replaceSshKeys } from './ssh-keys.ts'
import { type Application, upsert } from './upsert.ts'

export const bit = (value: boolean | undefined): 0 | 1 | undefined =>
  value === undefined ? undefined : value ? 1 : 0

export async function applyProject(application: Application, entry: Entry<'projects'>): Promise<void> {
  const { trx, core } = application
  const before = await trx
    .selectFrom('projects')
    .select('settings_json')
    .where('name', '=', entry.name)
    .executeTakeFirst()
  const own = before ? JSON.parse(before.settings_json) : {}
  const { quotaBytes, quotaImages, quotaStagedBytes, quotaUploads, cleanup } = entry
  const settings = { quotaBytes, quotaImages, quotaStagedBytes, quotaUploads, cleanup }
  const said = Object.entries(settings).filter(([, value]) => value !== undefined)
  await upsert(
    application,
    { table: 'projects', kind: 'project', key: 'name' },
    entry.name,
    entry.name,
    {
      id: entry.id,
      label: entry.label,
      description: entry.description,
      access: entry.access,
      enabled: bit(entry.enabled),
      settings_json: said.length === 0 ? undefined : JSON.stringify({ ...own, ...Object.fromEntries(said) }),
      created_at: entry.createdAt,
      updated_at: entry.updatedAt,
    },
    {
      uuid: randomUUID(),
      name_fold: fold(entry.name),
      label: entry.name,
      access: 'private',
      enabled: 1,
      settings_json: '{}',
    },
  )
  if (cleanup !== undefined) await rewriteCleanupDates(trx, core, await projectId(application, entry.name))
}

export async function applyLocation(application: Application, entry: Entry<'locations'>): Promise<void> {
  const { trx } = application
  // Exactly one is the default: naming another takes it from the first.
  if (entry.default)
    await trx
      .updateTable('locations')
      .set({ is_default: 0 })
      .where('is_default', '=', 1)
      .where('name', '<>', entry.name)
      .execute()
  const first = (await trx.selectFrom('locations').select('id').limit(1).executeTakeFirst()) === undefined
  await upsert(
    application,
    { table: 'locations', kind: 'location', key: 'name' },
    entry.name,
    entry.name,
    {
      id: entry.id,
      description: entry.description,
      is_default: bit(entry.default),
      enabled: bit(entry.enabled),
      created_at: entry.createdAt,
      updated_at: entry.updatedAt,
    },
    { name_fold: fold(entry.name), description: entry.name, is_default: first ? 1 : 0, enabled: 1 },
  )
}

/** Passwords are compared and hashed before the transaction begins: a slow hash has no place inside one. */
export async function preparePasswords(
  core: Core,
  entries: readonly Entry<'users'>[],
): Promise<Map<string, string>> {
  const changed = new Map<string, string>()
  for (const { username, password } of entries) {
    if (password === undefined) continue
    const stored = await core.database.db
      .selectFrom('credentials')
      .innerJoin('users', 'users.id', 'credentials.user_id')
      .select('credentials.hash')
      .where('users.username_fold', '=', fold(username))
      .where('credentials.kind', '=', 'password')
      .executeTakeFirst()
    if (!stored?.hash || !(await core.secrets.matches(password, stored.hash)))
      changed.set(username, await core.secrets.hash(password))
  }
  return changed
}

export async function applyUser(
  application: Application,
  entry: Entry<'users'>,
  passwords: ReadonlyMap<string, string>,
): Promise<void> {
  const { trx, core } = application
  const folded = fold(entry.username)
  const before = await trx
    .selectFrom('users')
    .select(['id', 'callback_key'])
    .where('username_fold', '=', folded)
    .executeTakeFirst()
  const callbackKey =
    entry.callbackKey === undefined ||
    (before?.callback_key && core.secrets.decrypt(before.callback_key) === entry.callbackKey)
      ? undefined
      : core.secrets.encrypt(entry.callbackKey)
  await upsert(
    application,
    { table: 'users', kind: 'user', key: 'username_fold' },
    folded,
    entry.username,
    {
      id: entry.id,
      username: entry.username,
      first_name: entry.firstName,
      last_name: entry.lastName,
      email: entry.email,
      super_admin: bit(entry.superAdmin),
      enabled: bit(entry.enabled),
      api_access: bit(entry.apiAccess),
      default_project_id:
        entry.defaultProject === undefined ? undefined : await projectId(application, entry.defaultProject),
      callback_key: callbackKey,
      created_at: entry.createdAt,
      updated_at: entry.updatedAt,
    },
    {
      uuid: randomUUID(),
      first_name: '',
      last_name: '',
      email: '',
      super_admin: 0,
      enabled: 1,
      api_access: 1,
      default_project_id: mainProjectId,
      settings_json: '{}',
    },
    ['callback_key'],
  )
  const { id } = await trx
    .selectFrom('users')
    .select('id')
    .where('username_fold', '=', folded)
    .executeTakeFirstOrThrow()
  const hash = passwords.get(entry.username)
  if (hash) {
    await trx.deleteFrom('credentials').where('user_id', '=', id).where('kind', '=', 'password').execute()
    await endSessions(trx, id)
    await applyCredential(application, id, entry.username, { kind: 'password', hash })
  }
  if (entry.apiKey !== undefined)
    await replaceTokens(application, id, entry.username, 'api-key', [entry.apiKey])
  if (entry.tokens !== undefined) await replaceTokens(application, id, entry.username, 'token', entry.tokens)
  if (entry.sshKeys !== undefined) await replaceSshKeys(application, id, entry.username, entry.sshKeys)
  if (entry.roles !== undefined) await replaceRoles(application, 'user', id, entry.username, entry.roles)
}

async function applyCredential(
  { trx, actor, applied }: Application,
  userId: number,
  username: string,
  credential: NewCredential,
): Promise<void> {
  await insertCredential(trx, userId, { ...credential, label: 'bootstrap' })
  await record(trx, actor, {
    action: 'credential',
    kind: 'user',
    id: userId,
    after: { kind: credential.kind },
  })
  applied.push({ what: `${credential.kind} of user ${username}`, did: 'created' })
}

/** The tokens of a file are one list; those made elsewhere (console, login) are not the file's to remove. */
async function replaceTokens(
  application: Application,
  userId: number,
  username: string,
  kind: 'api-key' | 'token',
  tokens: readonly string[],
): Promise<void> {
  const { trx, core } = application
  const wanted = new Set(tokens.map((token) => core.secrets.lookup(token)))
  const present = await trx
    .selectFrom('credentials')
    .select(['id', 'lookup', 'label'])
    .where('user_id', '=', userId)
    .where('kind', '=', kind)
    .execute()
  for (const { id, lookup, label } of present) {
    if (label === 'bootstrap' && !wanted.has(lookup!)) {
      await trx.deleteFrom('credentials').where('id', '=', id).execute()
      await endSessions(trx, userId)
      await record(trx, application.actor, {
        action: 'credential',
        kind: 'user',
        id: userId,
        before: { kind },
      })
      application.applied.push({ what: `${kind} of user ${username}`, did: 'changed' })
    }
    wanted.delete(lookup!)
  }
  for (const lookup of wanted) {
    const other = await trx
      .selectFrom('credentials')
      .select('user_id')
      .where('kind', '=', kind)
      .where('lookup', '=', lookup)
      .executeTakeFirst()
    if (other)
      throw new Failure('conflict', `This ${kind} of user ${username} belongs to another user already.`, {
        subject: 'user',
        id: username,
      })
    await applyCredential(application, userId, username, { kind, lookup })
  }
}

async function replaceRoles(
  application: Application,
  holder: 'user' | 'group',
  id: number,
  shown: string,
  roles: readonly { project: string; role: string }[],
): Promise<void> {
  const { trx, actor, applied } = application
  const column = holder === 'user' ? 'user_id' : 'group_id'
  const wanted = await Promise.all(
    roles.map(async ({ project, role }) => ({ project_id: await projectId(application, project), role })),
  )
  const present = await trx
    .selectFrom('role_assignments')
    .select(['project_id', 'role'])
    .where(column, '=', id)
    .execute()
  const key = (one: { project_id: number | null; role: string }) => `${one.project_id} ${one.role}`
  const same = (list: readonly { project_id: number | null; role: string }[]) =>
    [...new Set(list.map(key))].sort().join()
  if (same(wanted) === same(present)) return
  await trx.deleteFrom('role_assignments').where(column, '=', id).execute()
  // A group whose roles are said carries what they say, whatever Danube was told before.
  if (holder === 'group')
    await trx.updateTable('groups').set({ permissions_json: null }).where('id', '=', id).execute()
  for (const one of new Map(wanted.map((each) => [key(each), each])).values())
    await trx
      .insertInto('role_assignments')
      .values({ user_id: holder === 'user' ? id : null, group_id: holder === 'group' ? id : null, ...one })
      .execute()
  await record(trx, actor, { action: 'roles', kind: holder, id, before: present, after: wanted })
  applied.push({ what: `roles of ${holder} ${shown}`, did: 'changed' })
}

export async function applyGroup(application: Application, entry: Entry<'groups'>): Promise<void> {
  const { trx, actor, applied } = application
  await upsert(
    application,
    { table: 'groups', kind: 'group', key: 'name' },
    entry.name,
    entry.name,
    { id: entry.id, label: entry.label, created_at: entry.createdAt, updated_at: entry.updatedAt },
    { name_fold: fold(entry.name), label: entry.name, bound_project_id: null },
  )
  const { id } = await trx
    .selectFrom('groups')
    .select('id')
    .where('name', '=', entry.name)
    .executeTakeFirstOrThrow()
  if (entry.roles !== undefined) await replaceRoles(application, 'group', id, entry.name, entry.roles)
  if (entry.users === undefined) return
  const wanted = (await Promise.all(entry.users.map((username) => userId(application, username)))).sort(
    (a, b) => a - b,
  )
  const rows = await trx
    .selectFrom('group_users')
    .select('user_id')
    .where('group_id', '=', id)
    .orderBy('user_id')
    .execute()
  const present = rows.map((row) => row.user_id)
  if (present.join() === wanted.join()) return
  await trx.deleteFrom('group_users').where('group_id', '=', id).execute()
  for (const user of new Set(wanted))
    await trx.insertInto('group_users').values({ group_id: id, user_id: user }).execute()
  await record(trx, actor, { action: 'members', kind: 'group', id, before: present, after: wanted })
  applied.push({ what: `users of group ${entry.name}`, did: 'changed' })
}

export async function projectId({ trx }: Application, name: string): Promise<number> {
  const row = await trx
    .selectFrom('projects')
    .select('id')
    .where('name_fold', '=', fold(name))
    .executeTakeFirst()
  if (!row) throw unknown('project', name)
  return row.id
}

export async function userId({ trx }: Application, username: string): Promise<number> {
  const row = await trx
    .selectFrom('users')
    .select('id')
    .where('username_fold', '=', fold(username))
    .executeTakeFirst()
  if (!row) throw unknown('user', username)
  return row.id
}

export function unknown(kind: string, name: string): Failure {
  return new Failure('invalid', `There is no ${kind} "${name}".`, { subject: kind, id: name })
}
