import { demandDirectory } from '../access.ts'
import type { Actor } from '../actor.ts'
import { applyBootstrap } from '../bootstrap/apply.ts'
import type { Entry } from '../bootstrap/document.ts'
import { applyGroup, applyProject, applyUser, preparePasswords } from '../bootstrap/people.ts'
import type { Applied } from '../bootstrap/upsert.ts'
import type { Core, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { fold } from '../fold.ts'
import { isRole, type Role } from '../roles.ts'
import { demandAnotherAdmin } from './accounts/accounts.ts'
import { groupNamed } from './groups/group.ts'

/** Whether an entry has to be new or has to be there already. */
export type Writing = 'create' | 'change'

export type RoleInProject = { readonly project: string; readonly role: Role }

/** Roles to add to, or take from, those that a group has, or a user by itself. */
export type RoleChange = {
  readonly grant?: readonly RoleInProject[]
  readonly revoke?: readonly RoleInProject[]
}

/** Users by name. */
export type GroupChange = RoleChange & {
  readonly addUsers?: readonly string[]
  readonly removeUsers?: readonly string[]
}

/**
 * Writes people and projects, one at a time or a whole bootstrap file; both go the same way, so an entry means the
 * same wherever it comes from. Administrators only.
 * @param changed called after every change, so that remembered accounts are forgotten
 */
export function directory(core: Core, changed: () => void) {
  const { database } = core

  return {
    /** @throws as applyBootstrap */
    async apply(actor: Actor, text: string, file: string): Promise<Applied[]> {
      const applied = await applyBootstrap(core, actor, text, file)
      changed()
      return applied
    },

    /**
     * @throws Failure `forbidden`, `conflict` (reason `exists` or `last-admin`), `not-found`, `invalid` (an unknown
     * project)
     */
    async saveUser(
      actor: Actor,
      writing: Writing,
      entry: Entry<'users'>,
      roles: RoleChange = {},
    ): Promise<void> {
      demandDirectory(actor)
      const passwords = await preparePasswords(core, [entry])
      await database.transaction(async (trx) => {
        const folded = fold(entry.username)
        const row = await trx
          .selectFrom('users')
          .select(['id', 'username', 'super_admin', 'enabled'])
          .where('username_fold', '=', folded)
          .executeTakeFirst()
        demandPresence(writing, row !== undefined, 'user', entry.username)
        if (row && (entry.superAdmin === false || entry.enabled === false))
          await demandAnotherAdmin(trx, {
            id: row.id,
            superAdmin: row.super_admin === 1,
            enabled: row.enabled === 1,
          })
        const wanted =
          roles.grant || roles.revoke
            ? await changedRoles(trx, 'user_id', row?.id ?? null, roles)
            : entry.roles
        // Written as it is stored, because a name that differs in case would rename the user.
        const known = {
          ...entry,
          username: row?.username ?? entry.username,
          ...(wanted ? { roles: wanted } : {}),
        }
        const hash = passwords.get(entry.username)
        await applyUser(
          { trx, core, actor, applied: [] },
          known,
          new Map(hash ? [[known.username, hash]] : []),
        )
      })
      changed()
    },

    /**
     * @throws Failure `forbidden`, `conflict` (exists), `not-found` (also what is to be taken away), `invalid` (an unknown
     * user or project)
     */
    async saveGroup(
      actor: Actor,
      writing: Writing,
      entry: Pick<Entry<'groups'>, 'name' | 'label'>,
      { addUsers, removeUsers, grant, revoke }: GroupChange,
    ): Promise<void> {
      demandDirectory(actor)
      await database.transaction(async (trx) => {
        const id = (await groupNamed(trx, entry.name))?.id ?? null
        demandPresence(writing, id !== null, 'group', entry.name)
        const roles = { ...(grant ? { grant } : {}), ...(revoke ? { revoke } : {}) }
        await applyGroup(
          { trx, core, actor, applied: [] },
          {
            ...entry,
            ...(grant || revoke ? { roles: await changedRoles(trx, 'group_id', id, roles) } : {}),
            ...(addUsers || removeUsers ? { users: await changedUsers(trx, id, addUsers, removeUsers) } : {}),
          },
        )
      })
      changed()
    },

    /** @throws Failure `forbidden`, `conflict` (exists), `not-found`. */
    async saveProject(actor: Actor, writing: Writing, entry: Entry<'projects'>): Promise<void> {
      demandDirectory(actor)
      await database.transaction(async (trx) => {
        const row = await trx
          .selectFrom('projects')
          .select('name')
          .where('name_fold', '=', fold(entry.name))
          .executeTakeFirst()
        demandPresence(writing, row !== undefined, 'project', entry.name)
        if (writing === 'create' && entry.id !== undefined) await demandFreeId(trx, entry.id)
        await applyProject({ trx, core, actor, applied: [] }, { ...entry, name: row?.name ?? entry.name })
      })
      changed()
    },
  }
}

function demandPresence(writing: Writing, present: boolean, subject: string, id: string): void {
  if (writing === 'create' && present)
    throw new Failure('conflict', `The ${subject} "${id}" exists already.`, { subject, id, reason: 'exists' })
  if (writing === 'change' && !present)
    throw new Failure('not-found', `There is no ${subject} "${id}".`, { subject, id })
}

async function demandFreeId(trx: Trx, id: number): Promise<void> {
  const taken = await trx.selectFrom('projects').select('id').where('id', '=', id).executeTakeFirst()
  demandPresence('create', taken !== undefined, 'project', String(id))
}

/** The roles that a group has, or a user by itself (not through groups), changed. @param id null: a new one */
async function changedRoles(
  trx: Trx,
  holder: 'user_id' | 'group_id',
  id: number | null,
  { grant = [], revoke = [] }: RoleChange,
): Promise<RoleInProject[]> {
  const rows = await trx
    .selectFrom('role_assignments')
    .innerJoin('projects', 'projects.id', 'role_assignments.project_id')
    .select(['projects.name', 'role_assignments.role'])
    .where(holder, '=', id)
    .execute()
  const key = ({ project, role }: RoleInProject) => `${role} ${fold(project)}`
  const present = rows.flatMap(({ name, role }) => (isRole(role) ? [{ project: name, role }] : []))
  const all = new Map([...present, ...grant].map((one) => [key(one), one]))
  for (const one of revoke) {
    if (all.delete(key(one))) continue
    const who = holder === 'user_id' ? 'user' : 'group'
    throw new Failure(
      'not-found',
      `The ${who} has no role ${one.role} in the project ${one.project} by itself.`,
      { subject: 'role', id: one.role },
    )
  }
  return [...all.values()]
}

/** Names of the users of a group, changed. */
async function changedUsers(
  trx: Trx,
  groupId: number | null,
  add: readonly string[] = [],
  remove: readonly string[] = [],
): Promise<string[]> {
  const rows = await trx
    .selectFrom('group_users')
    .innerJoin('users', 'users.id', 'group_users.user_id')
    .select('users.username')
    .where('group_users.group_id', '=', groupId)
    .execute()
  const all = new Map([...rows.map(({ username }) => username), ...add].map((name) => [fold(name), name]))
  for (const name of remove) {
    if (all.delete(fold(name))) continue
    throw new Failure('not-found', `The user ${name} is not in the group.`, { subject: 'user', id: name })
  }
  return [...all.values()]
}
