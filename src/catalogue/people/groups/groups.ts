import { demandPermission } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import { difference, record } from '../../audit.ts'
import type { Core, Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { fold } from '../../fold.ts'
import { mainProjectId } from '../../images/cleanup.ts'
import { logDetail, logDone } from '../../tasks/log.ts'
import { now } from '../../time.ts'
import type { OrderTerm } from '../datacenters/datacenter.ts'
import { isTaken } from '../name-taken.ts'
import { attachments } from './attachments.ts'
import { findGroup, type Group, groupNamed, groupsOf, groupTaken, selectGroups } from './group.ts'
import { type GroupPermission, nearestRole, sorted } from './permissions.ts'
import { groupSummaries } from './summaries.ts'

export type GroupFacts = {
  readonly label: string
  readonly permissions: readonly GroupPermission[]
  /** By name. */
  readonly users: readonly string[]
  readonly boundProjectId: number | null
}

const columns = { name: 'groups.name', created: 'groups.created_at' } as const

/** Groups as Danube manages them (danube.md 4.4). Administrators alone see and write them. */
export function groups(core: Core, changed: () => void) {
  const { database } = core

  function ordered(actor: Actor, order: readonly OrderTerm[]) {
    demandPermission(actor, 'manage-directory')
    let all = selectGroups(database.db, {})
    for (const { field, descending } of order) {
      if (field === 'name' || field === 'created')
        all = all.orderBy(columns[field], descending ? 'desc' : 'asc')
    }
    return all.orderBy('groups.id')
  }

  return {
    ...attachments(core, changed),
    ...groupSummaries(core),

    async exists(name: string): Promise<boolean> {
      return (await groupNamed(database.db, name)) !== undefined
    },

    /** @param order terms of `name` and `created` @throws Failure `forbidden` (reason `permission`). */
    async names(actor: Actor, order: readonly OrderTerm[]): Promise<string[]> {
      const rows = await ordered(actor, order).select('groups.name').execute()
      return rows.map((row) => row.name)
    },

    /** @throws Failure `forbidden` (reason `permission`). */
    async list(actor: Actor, order: readonly OrderTerm[]): Promise<Group[]> {
      return groupsOf(database.db, ordered(actor, order), {})
    },

    /** @throws Failure `forbidden` (reason `permission`), `not-found`. */
    async view(actor: Actor, name: string): Promise<Group> {
      demandPermission(actor, 'manage-directory')
      return findGroup(database.db, name)
    },

    /**
     * Whether it may be made, before anything is said of it.
     * @throws Failure `forbidden` (reason `permission`), `conflict` (reason `exists`).
     */
    async demandFree(actor: Actor, name: string): Promise<void> {
      demandPermission(actor, 'manage-directory')
      if (await groupNamed(database.db, name)) throw groupTaken(name)
    },

    /** @throws Failure `forbidden`, `conflict` (reason `exists`), `invalid` (field `users`). */
    async create(actor: Actor, name: string, facts: GroupFacts): Promise<Group> {
      demandPermission(actor, 'manage-directory')
      const made = await database
        .transaction(async (trx) => {
          if (await groupNamed(trx, name)) throw groupTaken(name)
          const at = now()
          const { id } = await trx
            .insertInto('groups')
            .values({
              name,
              name_fold: fold(name),
              label: facts.label,
              bound_project_id: facts.boundProjectId,
              permissions_json: JSON.stringify(sorted(facts.permissions)),
              created_at: at,
              updated_at: at,
            })
            .returning('id')
            .executeTakeFirstOrThrow()
          await replaceUsers(trx, id, facts.users)
          await record(trx, actor, { action: 'create', kind: 'group', id: name, after: { id, ...facts } })
          const group = await findGroup(trx, name)
          await log(trx, actor, 'Create user group', group, shown(facts))
          return group
        })
        .catch((error) => {
          throw isTaken(error) ? groupTaken(name) : error
        })
      changed()
      return made
    },

    /**
     * Changes what is given; other permissions are other roles in every datacenter the group is attached to.
     * @throws Failure `forbidden`, `not-found`, `invalid` (field `users`).
     */
    async change(actor: Actor, name: string, patch: Partial<GroupFacts>): Promise<Group> {
      demandPermission(actor, 'manage-directory')
      const group = await database.transaction(async (trx) => {
        const before = await findGroup(trx, name)
        const old: GroupFacts = factsOf(before)
        const facts: GroupFacts = {
          ...old,
          ...patch,
          ...(patch.permissions ? { permissions: sorted(patch.permissions) } : {}),
          ...(patch.users ? { users: [...new Set(patch.users)].sort() } : {}),
        }
        const sides = difference<GroupFacts>(old, facts)
        if (patch.permissions) await replacePermissions(trx, before.id, facts.permissions)
        if (sides.after.users) await replaceUsers(trx, before.id, facts.users)
        if (Object.keys(sides.after).length > 0) {
          await trx
            .updateTable('groups')
            .set({ label: facts.label, bound_project_id: facts.boundProjectId, updated_at: now() })
            .where('id', '=', before.id)
            .execute()
          await record(trx, actor, { action: 'update', kind: 'group', id: before.name, ...sides })
        }
        const after = await findGroup(trx, name)
        await log(trx, actor, 'Update user group', after, shown(sides.after))
        return after
      })
      changed()
      return group
    },

    /** What its users could do through it they can no more. @throws Failure `forbidden`, `not-found`. */
    async remove(actor: Actor, name: string): Promise<Group> {
      demandPermission(actor, 'manage-directory')
      const group = await database.transaction(async (trx) => {
        const before = await findGroup(trx, name)
        await trx.deleteFrom('groups').where('id', '=', before.id).execute()
        await record(trx, actor, { action: 'delete', kind: 'group', id: before.name, before })
        await log(trx, actor, 'Delete user group', before, {})
        return before
      })
      changed()
      return group
    },
  }
}

function factsOf({ label, permissions, users, boundProjectId }: Group): GroupFacts {
  return { label, permissions, users, boundProjectId }
}

/** From now on the group says itself what it carries; its roles follow. */
async function replacePermissions(
  trx: Trx,
  id: number,
  permissions: readonly GroupPermission[],
): Promise<void> {
  await trx
    .updateTable('groups')
    .set({ permissions_json: JSON.stringify(permissions) })
    .where('id', '=', id)
    .execute()
  const attached = await trx
    .selectFrom('role_assignments')
    .select('project_id')
    .distinct()
    .where('group_id', '=', id)
    .where('project_id', 'is not', null)
    .execute()
  await trx
    .deleteFrom('role_assignments')
    .where('group_id', '=', id)
    .where('project_id', 'is not', null)
    .execute()
  const role = nearestRole(permissions)
  for (const { project_id } of attached)
    await trx
      .insertInto('role_assignments')
      .values({ user_id: null, group_id: id, project_id, role })
      .execute()
}

/** @throws Failure `invalid` (field `users`) */
async function replaceUsers(trx: Trx, groupId: number, usernames: readonly string[]): Promise<void> {
  await trx.deleteFrom('group_users').where('group_id', '=', groupId).execute()
  const ids = new Set<number>()
  for (const username of usernames) {
    const user = await trx
      .selectFrom('users')
      .select('id')
      .where('username_fold', '=', fold(username))
      .executeTakeFirst()
    if (!user)
      throw new Failure('invalid', `There is no user "${username}".`, {
        subject: 'group',
        fields: { users: [`Object with username=${username} does not exist.`] },
      })
    ids.add(user.id)
  }
  for (const user_id of ids)
    await trx.insertInto('group_users').values({ group_id: groupId, user_id }).execute()
}

/** Facts in the words of the task log. */
function shown(facts: Partial<GroupFacts>): Record<string, unknown> {
  return {
    alias: facts.label,
    permissions: facts.permissions,
    users: facts.users,
    dc_bound: facts.boundProjectId === undefined ? undefined : facts.boundProjectId !== null,
  }
}

async function log(
  trx: Trx,
  actor: Actor,
  message: string,
  { id, name, label }: Group,
  facts: Record<string, unknown>,
): Promise<void> {
  await logDone(trx, actor, {
    message,
    detail: logDetail(facts),
    object: { type: 'role', id, name, alias: label, ownerUserId: null },
    projectId: mainProjectId,
    bound: false,
  })
}
