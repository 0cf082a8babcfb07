import { sql } from 'kysely'
import { prepared } from '../../database/prepared.ts'
import type { Core, Query } from '../core.ts'
import type { DatacenterRole } from '../roles.ts'
import type { Account } from './users.ts'

/** Project id → what one may do there as in a datacenter; without a role: it can be entered, and no more. */
export type DatacenterRoles = ReadonlyMap<number, ReadonlySet<DatacenterRole>>

/** Danube's permissions that matter here; each is worth something only together with those before it. */
const ladder = ['admin', 'image_admin', 'image_import_admin'] as const

/** What a built-in role carries of them (one-catalogue.md section 4, rule 4). */
const carried: Readonly<Record<string, readonly string[]>> = {
  admin: ladder,
  owner: ['admin'],
  image_admin: ['admin', 'image_admin'],
  image_import_admin: ladder,
}

/** Every reason for which a user may enter a project: it owns it, has a role there, or a group of it has one. */
const reasons = prepared((query: Query, { userId }: { userId: number }) =>
  query
    .selectFrom('projects')
    .select(['id as projectId', sql<string>`'owner'`.as('role'), sql<string | null>`null`.as('permissions')])
    .where('owner_user_id', '=', userId)
    .unionAll(
      query
        .selectFrom('role_assignments')
        .select(['project_id as projectId', 'role', sql<string | null>`null`.as('permissions')])
        .where('user_id', '=', userId)
        .where('project_id', 'is not', null)
        .$narrowType<{ projectId: number }>(),
    )
    .unionAll(
      query
        .selectFrom('role_assignments')
        .innerJoin('group_users', 'group_users.group_id', 'role_assignments.group_id')
        .innerJoin('groups', 'groups.id', 'role_assignments.group_id')
        .select([
          'role_assignments.project_id as projectId',
          'role_assignments.role as role',
          'groups.permissions_json as permissions',
        ])
        .where('group_users.user_id', '=', userId)
        .where('role_assignments.project_id', 'is not', null)
        .$narrowType<{ projectId: number }>(),
    ),
)

/** What a user is in each datacenter (danube.md 1.1). */
export function datacenterRoles({ database }: Core) {
  // An account is the same object until something changes or a second has passed (see users.byToken).
  const known = new WeakMap<Account, Promise<DatacenterRoles>>()

  async function read({ id }: Account): Promise<DatacenterRoles> {
    const permissions = new Map<number, Set<string>>()
    for (const row of await reasons(database.db, { userId: id })) {
      const held = permissions.get(row.projectId) ?? new Set()
      permissions.set(row.projectId, held)
      const own: readonly string[] =
        row.permissions === null ? (carried[row.role] ?? []) : JSON.parse(row.permissions)
      for (const permission of own) held.add(permission)
    }
    return new Map([...permissions].map(([projectId, held]) => [projectId, rolesFrom(held)]))
  }

  return {
    of(account: Account): Promise<DatacenterRoles> {
      const found = known.get(account) ?? read(account)
      known.set(account, found)
      found.catch(() => known.delete(account))
      return found
    },
  }
}

function rolesFrom(permissions: ReadonlySet<string>): Set<DatacenterRole> {
  const missing = ladder.findIndex((permission) => !permissions.has(permission))
  const worth = missing < 0 ? ladder : ladder.slice(0, missing)
  return new Set(worth.map((permission) => `datacenter ${permission}` as const))
}
