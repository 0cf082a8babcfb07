import type { Query, Trx } from '../core.ts'
import { isRole, type Role } from '../roles.ts'

/**
 * Where a user belongs, in Foreman's terms (foreman.md 9.6): some roles, held in each of some organizations, and some
 * locations. The catalogue knows more (a role of its own in each project); what Foreman does not change stays.
 */
export type Membership = {
  readonly projectIds: readonly number[]
  readonly roles: readonly Role[]
  readonly locationIds: readonly number[]
}

/** Roles that wait for a project to be held in: kept beside the user's other settings. */
type Settings = { readonly roles?: readonly Role[] }

/** Of the user itself, not through groups. Sorted. */
export async function membershipOf(query: Query, userId: number): Promise<Membership> {
  const assigned = await query
    .selectFrom('role_assignments')
    .select(['project_id', 'role'])
    .where('user_id', '=', userId)
    .where('project_id', 'is not', null)
    .execute()
  const joined = await query
    .selectFrom('user_projects')
    .select('project_id')
    .where('user_id', '=', userId)
    .execute()
  const locations = await query
    .selectFrom('user_locations')
    .select('location_id')
    .where('user_id', '=', userId)
    .orderBy('location_id')
    .execute()
  const projectIds = [...new Set([...assigned, ...joined].map((row) => row.project_id!))]
  const held = assigned.map((row) => row.role).filter(isRole)
  const roles = projectIds.length > 0 ? held : ((await settingsOf(query, userId)).roles ?? [])
  return {
    projectIds: projectIds.sort((a, b) => a - b),
    roles: [...new Set(roles)].sort(),
    locationIds: locations.map((row) => row.location_id),
  }
}

/**
 * Changes what is given: a project that is new gets all the roles, a role that is new is held in all the projects,
 * and what is no longer named goes. True when anything changed.
 */
export async function changeMembership(
  trx: Trx,
  userId: number,
  wanted: Partial<Membership>,
): Promise<boolean> {
  const before = await membershipOf(trx, userId)
  const projectIds = [...new Set(wanted.projectIds ?? before.projectIds)]
  const roles = [...new Set(wanted.roles ?? before.roles)]
  const locationIds = [...new Set(wanted.locationIds ?? before.locationIds)]
  const goneProjects = before.projectIds.filter((id) => !projectIds.includes(id))
  const newProjects = projectIds.filter((id) => !before.projectIds.includes(id))
  const goneRoles = before.roles.filter((role) => !roles.includes(role))
  const newRoles = roles.filter((role) => !before.roles.includes(role))
  const goneLocations = before.locationIds.filter((id) => !locationIds.includes(id))
  const newLocations = locationIds.filter((id) => !before.locationIds.includes(id))

  for (const id of goneProjects) {
    await trx
      .deleteFrom('role_assignments')
      .where('user_id', '=', userId)
      .where('project_id', '=', id)
      .execute()
    await trx.deleteFrom('user_projects').where('user_id', '=', userId).where('project_id', '=', id).execute()
  }
  for (const role of goneRoles)
    await trx.deleteFrom('role_assignments').where('user_id', '=', userId).where('role', '=', role).execute()
  for (const project_id of wanted.projectIds || wanted.roles ? projectIds : []) {
    // Kept also where roles say it, so that taking the last role away does not put the user out.
    await trx
      .insertInto('user_projects')
      .values({ user_id: userId, project_id })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    for (const role of newProjects.includes(project_id) ? roles : newRoles)
      await trx
        .insertInto('role_assignments')
        .values({ user_id: userId, group_id: null, project_id, role })
        .execute()
  }
  for (const id of goneLocations)
    await trx
      .deleteFrom('user_locations')
      .where('user_id', '=', userId)
      .where('location_id', '=', id)
      .execute()
  for (const location_id of newLocations)
    await trx.insertInto('user_locations').values({ user_id: userId, location_id }).execute()

  if (goneProjects.length + newProjects.length + newRoles.length + goneRoles.length > 0) {
    const waiting = projectIds.length === 0 ? roles : []
    const settings = { ...(await settingsOf(trx, userId)), roles: waiting }
    await trx
      .updateTable('users')
      .set({ settings_json: JSON.stringify(settings) })
      .where('id', '=', userId)
      .execute()
  }
  const changes = [goneProjects, newProjects, goneRoles, newRoles, goneLocations, newLocations]
  return changes.some((list) => list.length > 0)
}

/** The users who belong to a project or location by themselves. */
export async function membersIn(
  query: Query,
  table: 'projects' | 'locations',
  id: number,
): Promise<{ id: number; username: string }[]> {
  const users = query.selectFrom('users').select(['users.id', 'users.username']).orderBy('users.username')
  if (table === 'locations')
    return users
      .where('users.id', 'in', (select) =>
        select.selectFrom('user_locations').select('user_id').where('location_id', '=', id),
      )
      .execute()
  return users
    .where((where) =>
      where.or([
        where(
          'users.id',
          'in',
          where.selectFrom('user_projects').select('user_id').where('project_id', '=', id),
        ),
        where(
          'users.id',
          'in',
          where
            .selectFrom('role_assignments')
            .select('user_id')
            .$castTo<{ user_id: number }>()
            .where('project_id', '=', id)
            .where('user_id', 'is not', null),
        ),
      ]),
    )
    .execute()
}

async function settingsOf(query: Query, userId: number): Promise<Settings> {
  const row = await query
    .selectFrom('users')
    .select('settings_json')
    .where('id', '=', userId)
    .executeTakeFirst()
  return row ? (JSON.parse(row.settings_json) as Settings) : {}
}
