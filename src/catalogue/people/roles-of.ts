import { prepared } from '../../database/prepared.ts'
import type { Query } from '../core.ts'
import { isRole, type Role } from '../roles.ts'

const assigned = prepared((query: Query, { userId }: { userId: number }) =>
  query
    .selectFrom('role_assignments')
    .select(['project_id', 'role'])
    .where('user_id', '=', userId)
    .union(
      query
        .selectFrom('role_assignments')
        .innerJoin('group_users', 'group_users.group_id', 'role_assignments.group_id')
        .select(['role_assignments.project_id', 'role_assignments.role'])
        .where('group_users.user_id', '=', userId),
    ),
)

/** Project id → the roles that a user has there by itself and through its groups. */
export async function rolesOf(query: Query, userId: number): Promise<Map<number, Set<Role>>> {
  const roles = new Map<number, Set<Role>>()
  for (const { project_id, role } of await assigned(query, { userId })) {
    if (project_id === null || !isRole(role)) continue
    roles.set(project_id, (roles.get(project_id) ?? new Set()).add(role))
  }
  return roles
}
