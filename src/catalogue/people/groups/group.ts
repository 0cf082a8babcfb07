import type { Query } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { carriedBy, type GroupPermission, sorted } from './permissions.ts'

/** Users together, as Danube manages them (danube.md 4.4). */
export type Group = {
  readonly id: number
  readonly name: string
  readonly label: string
  readonly permissions: readonly GroupPermission[]
  readonly users: readonly string[]
  /** The datacenter it belongs to; null: none. */
  readonly boundProjectId: number | null
  readonly createdAt: number
}

/** Which groups: one, those attached to a datacenter, or all. */
export type Which = { readonly id?: number; readonly attachedTo?: number }

export function selectGroups(query: Query, { id, attachedTo }: Which) {
  let all = query.selectFrom('groups')
  if (id !== undefined) all = all.where('groups.id', '=', id)
  if (attachedTo !== undefined)
    all = all.where('groups.id', 'in', (select) =>
      select
        .selectFrom('role_assignments')
        .select('group_id')
        .$castTo<{ group_id: number }>()
        .where('project_id', '=', attachedTo)
        .where('group_id', 'is not', null),
    )
  return all
}

/** Describes what `selected` selects; its people and roles are read at once for all of them. */
export async function groupsOf(
  query: Query,
  selected: ReturnType<typeof selectGroups>,
  which: Which,
): Promise<Group[]> {
  const rows = await selected.selectAll('groups').execute()
  const ids = selectGroups(query, which).select('groups.id')
  const users = await query
    .selectFrom('group_users')
    .innerJoin('users', 'users.id', 'group_users.user_id')
    .select(['group_users.group_id', 'users.username'])
    .where('group_users.group_id', 'in', ids)
    .orderBy('users.username')
    .execute()
  const roles = await query
    .selectFrom('role_assignments')
    .select(['group_id', 'role'])
    .distinct()
    .where('group_id', 'in', ids)
    .execute()
  const usersOf = Map.groupBy(users, (row) => row.group_id)
  const rolesOf = Map.groupBy(roles, (row) => row.group_id!)
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    label: row.label,
    permissions: permissionsOf(row.permissions_json, rolesOf.get(row.id) ?? []),
    users: (usersOf.get(row.id) ?? []).map((user) => user.username),
    boundProjectId: row.bound_project_id,
    createdAt: row.created_at,
  }))
}

function permissionsOf(json: string | null, roles: readonly { role: string }[]): GroupPermission[] {
  return json === null ? sorted(roles.flatMap(({ role }) => carriedBy(role))) : JSON.parse(json)
}

/** @throws Failure `not-found` */
export async function findGroup(query: Query, name: string, attachedTo?: number): Promise<Group> {
  const row = await groupNamed(query, name)
  if (!row) throw groupNotFound(name)
  const which = { id: row.id, ...(attachedTo === undefined ? {} : { attachedTo }) }
  const [group] = await groupsOf(query, selectGroups(query, which), { id: row.id })
  if (!group) throw groupNotFound(name)
  return group
}

export function groupNamed(query: Query, name: string): Promise<{ id: number } | undefined> {
  return query.selectFrom('groups').select('id').where('name', '=', name).executeTakeFirst()
}

export function groupNotFound(name: string): Failure {
  return new Failure('not-found', `There is no group "${name}".`, { subject: 'group', id: name })
}

export function groupTaken(name: string): Failure {
  return new Failure('conflict', `The group "${name}" exists already.`, {
    subject: 'group',
    id: name,
    reason: 'exists',
  })
}
