import { sql } from 'kysely'
import type { Query } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { fold } from '../../fold.ts'
import { mainProjectId } from '../../images/cleanup.ts'

/** A user as Danube manages them (danube.md 4.4). No secret is ever part of it. */
export type DanubeUser = {
  readonly id: number
  readonly username: string
  readonly email: string
  readonly firstName: string
  readonly lastName: string
  readonly superAdmin: boolean
  readonly enabled: boolean
  readonly apiAccess: boolean
  readonly hasApiKey: boolean
  readonly hasCallbackKey: boolean
  /** The datacenter it belongs to; null: none. */
  readonly boundProjectId: number | null
  /** The name of its stored current datacenter. */
  readonly currentDatacenter: string
  readonly groups: readonly string[]
  readonly createdAt: number
}

/** What of a user only Danube knows; kept as JSON beside the rest. */
export type DanubeUserSettings = { readonly boundProjectId?: number | null }

/** Which users: one, or all. */
export type Which = { readonly id?: number }

export function selectDanubeUsers(query: Query, { id }: Which) {
  const all = query.selectFrom('users')
  return id === undefined ? all : all.where('users.id', '=', id)
}

/** Describes what `selected` selects; groups and projects are read at once for all of them. */
export async function danubeUsersOf(
  query: Query,
  selected: ReturnType<typeof selectDanubeUsers>,
  which: Which,
): Promise<DanubeUser[]> {
  const rows = await selected
    .selectAll('users')
    .select(
      sql<number>`exists (select 1 from credentials
        where credentials.user_id = users.id and credentials.kind = 'api-key')`.as('has_api_key'),
    )
    .execute()
  const memberships = await query
    .selectFrom('group_users')
    .innerJoin('groups', 'groups.id', 'group_users.group_id')
    .select(['group_users.user_id', 'groups.name'])
    .where('group_users.user_id', 'in', selectDanubeUsers(query, which).select('users.id'))
    .orderBy('groups.name')
    .execute()
  const groups = Map.groupBy(memberships, (row) => row.user_id)
  const projects = await query.selectFrom('projects').select(['id', 'name']).execute()
  const names = new Map(projects.map((project) => [project.id, project.name]))
  return rows.map((row) => {
    const { boundProjectId } = JSON.parse(row.settings_json) as DanubeUserSettings
    return {
      id: row.id,
      username: row.username,
      email: row.email,
      firstName: row.first_name,
      lastName: row.last_name,
      superAdmin: row.super_admin === 1,
      enabled: row.enabled === 1,
      apiAccess: row.api_access === 1,
      // PostgreSQL says true, SQLite 1.
      hasApiKey: Boolean(row.has_api_key),
      hasCallbackKey: row.callback_key !== null,
      // A datacenter that is gone binds nobody.
      boundProjectId: boundProjectId && names.has(boundProjectId) ? boundProjectId : null,
      currentDatacenter: names.get(row.default_project_id ?? mainProjectId) ?? '',
      groups: (groups.get(row.id) ?? []).map((group) => group.name),
      createdAt: row.created_at,
    }
  })
}

/** @throws Failure `not-found` */
export async function findDanubeUser(query: Query, username: string): Promise<DanubeUser> {
  const row = await userNamed(query, username)
  const which = { id: row?.id ?? 0 }
  const [user] = await danubeUsersOf(query, selectDanubeUsers(query, which), which)
  if (!user) throw userNotFound(username)
  return user
}

export function userNamed(query: Query, username: string) {
  return query.selectFrom('users').select('id').where('username_fold', '=', fold(username)).executeTakeFirst()
}

export function userNotFound(username: string): Failure {
  return new Failure('not-found', `There is no user "${username}".`, { subject: 'user', id: username })
}
