import { demandDirectory } from '../access.ts'
import type { Actor } from '../actor.ts'
import { applyBootstrap } from '../bootstrap/apply.ts'
import type { Entry } from '../bootstrap/document.ts'
import { applyProject, applyUser, preparePasswords } from '../bootstrap/people.ts'
import type { Applied } from '../bootstrap/upsert.ts'
import type { Core, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { fold } from '../fold.ts'
import { isRole, type Role } from '../roles.ts'

/** Whether an entry has to be new or has to be there already. */
export type Writing = 'create' | 'change'

export type RoleInProject = { readonly project: string; readonly role: Role }

/** Roles to add to, or take from, those that a user has by itself. */
export type RoleChange = {
  readonly grant?: readonly RoleInProject[]
  readonly revoke?: readonly RoleInProject[]
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

    /** @throws Failure `forbidden`, `conflict` (exists), `not-found`, `invalid` (an unknown project). */
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
          .select(['id', 'username'])
          .where('username_fold', '=', folded)
          .executeTakeFirst()
        demandPresence(writing, row !== undefined, 'user', entry.username)
        const wanted =
          roles.grant || roles.revoke ? await changedRoles(trx, row?.id ?? null, roles) : entry.roles
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

/** The roles a user has by itself (not through groups), changed. */
async function changedRoles(
  trx: Trx,
  userId: number | null,
  { grant = [], revoke = [] }: RoleChange,
): Promise<RoleInProject[]> {
  const rows = await trx
    .selectFrom('role_assignments')
    .innerJoin('projects', 'projects.id', 'role_assignments.project_id')
    .select(['projects.name', 'role_assignments.role'])
    .where('user_id', '=', userId)
    .execute()
  const key = ({ project, role }: RoleInProject) => `${role} ${fold(project)}`
  const present = rows.flatMap(({ name, role }) => (isRole(role) ? [{ project: name, role }] : []))
  const all = new Map([...present, ...grant].map((one) => [key(one), one]))
  for (const one of revoke) {
    if (all.delete(key(one))) continue
    throw new Failure(
      'not-found',
      `The user has no role ${one.role} in the project ${one.project} by itself.`,
      {
        subject: 'role',
        id: one.role,
      },
    )
  }
  return [...all.values()]
}
