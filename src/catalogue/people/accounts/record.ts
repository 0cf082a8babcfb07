import type { Selectable } from 'kysely'
import { sql } from 'kysely'
import type { Instant, UsersTable } from '../../../database/schema.ts'
import type { Query } from '../../core.ts'
import type { Named } from '../../places/registrations/names.ts'
import { type TreeName, treeNames } from '../../places/trees/tree.ts'
import type { Role } from '../../roles.ts'
import type { Field, Searchable } from '../../search.ts'
import { membershipOf } from '../membership.ts'

/** A user as those who manage users see it (foreman.md 9.6). No secret is ever part of it. */
export type UserRecord = {
  readonly id: number
  readonly login: string
  readonly firstName: string
  readonly lastName: string
  readonly email: string
  readonly description: string
  readonly superAdmin: boolean
  readonly enabled: boolean
  readonly locale: string | null
  readonly timezone: string | null
  readonly mailEnabled: boolean
  readonly lastLoginAt: Instant | null
  readonly defaultProjectId: number | null
  readonly defaultLocationId: number | null
  readonly createdAt: Instant
  readonly updatedAt: Instant
  /** Held by the user itself, in any of its organizations. */
  readonly roles: readonly Role[]
  readonly organizations: readonly TreeName[]
  readonly locations: readonly TreeName[]
  readonly groups: readonly Named[]
}

/** What of a user only Foreman knows; kept as JSON beside the rest. */
export type UserSettings = {
  readonly locale?: string | null
  readonly timezone?: string | null
  readonly mailEnabled?: boolean
  readonly defaultLocationId?: number | null
}

/** With the forms in which users are searched; names other than the login are folded as ASCII. */
export function selectUsers(query: Query) {
  return query.selectFrom(
    query
      .selectFrom('users')
      .selectAll()
      .select([
        sql<number>`1 - enabled`.as('disabled'),
        sql<string>`lower(first_name)`.as('first_name_fold'),
        sql<string>`lower(last_name)`.as('last_name_fold'),
        sql<string>`lower(email)`.as('email_fold'),
        sql<string>`lower(description)`.as('description_fold'),
        sql<string>`'Internal'`.as('auth_source'),
        sql<string>`'internal'`.as('auth_source_fold'),
        sql<string>`'AuthSourceInternal'`.as('auth_source_type'),
        sql<string>`'authsourceinternal'`.as('auth_source_type_fold'),
      ])
      .as('users'),
  )
}

/** The user with what it belongs to. */
export async function toRecord(query: Query, row: Selectable<UsersTable>): Promise<UserRecord> {
  const settings = JSON.parse(row.settings_json) as UserSettings
  const membership = await membershipOf(query, row.id)
  const groups = await query
    .selectFrom('group_users')
    .innerJoin('groups', 'groups.id', 'group_users.group_id')
    .select(['groups.id', 'groups.name'])
    .where('group_users.user_id', '=', row.id)
    .orderBy('groups.name')
    .execute()
  return {
    id: row.id,
    login: row.username,
    firstName: row.first_name,
    lastName: row.last_name,
    email: row.email,
    description: row.description,
    superAdmin: row.super_admin === 1,
    enabled: row.enabled === 1,
    locale: settings.locale ?? null,
    timezone: settings.timezone ?? null,
    mailEnabled: settings.mailEnabled ?? true,
    lastLoginAt: row.last_login_at,
    defaultProjectId: row.default_project_id,
    defaultLocationId: settings.defaultLocationId ?? null,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    roles: membership.roles,
    organizations: await treeNames(query, 'projects', membership.projectIds),
    locations: await treeNames(query, 'locations', membership.locationIds),
    groups,
  }
}

const text = (name: string, folded = `${name}_fold`): Field => ({
  column: `users.${name}`,
  folded: `users.${folded}`,
  kind: 'text',
})
const number = (name: string): Field => ({ column: `users.${name}`, kind: 'number' })

const place = (table: 'projects' | 'locations', column: 'id' | 'name'): Field => {
  const key = table === 'projects' ? 'project_id' : 'location_id'
  // Who has a role in a project belongs to it, whether Foreman put him there or not.
  const belonging =
    table === 'locations'
      ? sql`select user_id, location_id from user_locations`
      : sql`select user_id, project_id from user_projects union
          select user_id, project_id from role_assignments where user_id is not null and project_id is not null`
  return {
    column: `${table}.${column}`,
    ...(column === 'name' ? { folded: `${table}.name_fold`, kind: 'text' } : { kind: 'number' }),
    many: (condition) => sql`exists (select 1 from (${belonging}) as belonging
      inner join ${sql.table(table)} on ${sql.ref(`${table}.id`)} = ${sql.ref(`belonging.${key}`)}
      where belonging.user_id = users.id and ${condition})`,
  }
}

/**
 * The searchable fields of foreman.md 9.6: `admin` and `disabled` hold 1 and 0, `last_login_on` microseconds. `role`
 * holds the names of this catalogue's roles.
 */
export const searchableAccounts: Searchable = {
  fields: {
    id: number('id'),
    login: text('username'),
    firstname: text('first_name'),
    lastname: text('last_name'),
    mail: text('email'),
    description: text('description'),
    admin: number('super_admin'),
    disabled: number('disabled'),
    last_login_on: { ...number('last_login_at'), nullable: true },
    auth_source: text('auth_source'),
    auth_source_type: text('auth_source_type'),
    role: {
      column: 'role_assignments.role',
      kind: 'text',
      many: (condition) => sql`exists (select 1 from role_assignments
        where role_assignments.user_id = users.id and ${condition})`,
    },
    usergroup: {
      column: 'groups.name',
      folded: 'groups.name_fold',
      kind: 'text',
      many: (condition) => sql`exists (select 1 from group_users
        inner join groups on groups.id = group_users.group_id
        where group_users.user_id = users.id and ${condition})`,
    },
    organization: place('projects', 'name'),
    organization_id: place('projects', 'id'),
    location: place('locations', 'name'),
    location_id: place('locations', 'id'),
  },
}
