import { type SqlBool, sql } from 'kysely'
import type { Actor } from '../../actor.ts'
import type { Query } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { mainProjectId } from '../../images/cleanup.ts'
import { type Counters, countersOf, noCounters } from './counters.ts'

/** A project as Danube manages it (danube.md 4.3). */
export type Datacenter = {
  readonly id: number
  readonly name: string
  readonly label: string
  readonly site: string
  /** Where nobody was made the owner: the first user with that role, else the first administrator. */
  readonly owner: { readonly id: number; readonly username: string } | null
  readonly access: 'public' | 'private'
  readonly description: string
  readonly createdAt: number
  /** Names of the groups that are attached to it; null: not told. */
  readonly groups: readonly string[] | null
  /** Null: not asked for, or not told. */
  readonly counters: Counters | null
}

/** One term of an order, as a face read it from the request. */
export type OrderTerm = { readonly field: string; readonly descending: boolean }

const shownOwner = sql<number | null>`coalesce(projects.owner_user_id,
  (select min(user_id) from role_assignments where project_id = projects.id and role = 'owner'),
  (select min(id) from users where super_admin = 1))`

/**
 * The datacenters that exist for the actor: public ones, its own, those in which it or a group of it has a role, and its
 * stored current one (danube.md 1.5, 4.1); administrators see all.
 */
export function visibleDatacenters(query: Query, actor: Actor) {
  const all = query.selectFrom('projects')
  if (actor.superAdmin) return all
  const me = actor.userId ?? 0
  return all.where((where) =>
    where.or([
      where('projects.access', '=', 'public'),
      where('projects.owner_user_id', '=', me),
      where(
        'projects.id',
        'in',
        where
          .selectFrom('role_assignments')
          .select('project_id')
          .$castTo<{ project_id: number }>()
          .where('user_id', '=', me),
      ),
      where(
        'projects.id',
        'in',
        where
          .selectFrom('role_assignments')
          .innerJoin('group_users', 'group_users.group_id', 'role_assignments.group_id')
          .select('role_assignments.project_id')
          .$castTo<{ project_id: number }>()
          .where('group_users.user_id', '=', me),
      ),
      where(
        'projects.id',
        '=',
        where
          .selectFrom('users')
          .select((select) =>
            select.fn.coalesce('default_project_id', select.val(mainProjectId)).as('current'),
          )
          .where('id', '=', me),
      ),
    ]),
  )
}

/** Describes what `visible` selects. */
export async function datacentersOf(
  query: Query,
  actor: Actor,
  visible: ReturnType<typeof visibleDatacenters>,
  told: { readonly extended: boolean; readonly id?: number },
): Promise<Datacenter[]> {
  const rows = await visible
    .leftJoin('users as owners', (join) => join.on(sql<SqlBool>`owners.id = ${shownOwner}`))
    .select(['projects.id', 'projects.name', 'projects.label', 'projects.site', 'projects.access'])
    .select(['projects.description', 'projects.created_at', 'owners.id as owner_id', 'owners.username'])
    .execute()
  const groups = actor.superAdmin ? await attachedGroups(query, told.id) : null
  const counters = actor.superAdmin && told.extended ? await countersOf(query, told.id) : null
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    label: row.label,
    site: row.site,
    owner: row.owner_id === null ? null : { id: row.owner_id, username: row.username! },
    access: row.access,
    description: row.description,
    createdAt: row.created_at,
    groups: groups === null ? null : (groups.get(row.id) ?? []),
    counters: counters === null ? null : (counters.get(row.id) ?? noCounters),
  }))
}

/** @throws Failure `not-found` when absent, or nothing to the actor */
export async function findDatacenter(
  query: Query,
  actor: Actor,
  name: string,
  extended = false,
): Promise<Datacenter> {
  const { id } = await datacenterNamed(query, actor, name)
  const one = visibleDatacenters(query, actor).where('projects.id', '=', id)
  const [found] = await datacentersOf(query, actor, one, { extended, id })
  if (!found) throw datacenterNotFound(name)
  return found
}

/** No more than what it is called. @throws Failure `not-found` */
export async function datacenterNamed(
  query: Query,
  actor: Actor,
  name: string,
): Promise<{ id: number; name: string }> {
  const row = await visibleDatacenters(query, actor)
    .select(['projects.id', 'projects.name'])
    .where('projects.name', '=', name)
    .executeTakeFirst()
  if (!row) throw datacenterNotFound(name)
  return row
}

export function datacenterNotFound(name: string): Failure {
  return new Failure('not-found', `There is no datacenter "${name}".`, { subject: 'project', id: name })
}

async function attachedGroups(query: Query, projectId?: number): Promise<Map<number, string[]>> {
  let attached = query
    .selectFrom('role_assignments')
    .innerJoin('groups', 'groups.id', 'role_assignments.group_id')
    .select(['role_assignments.project_id', 'groups.name'])
    .distinct()
    .where('role_assignments.project_id', 'is not', null)
  if (projectId !== undefined) attached = attached.where('role_assignments.project_id', '=', projectId)
  const groups = new Map<number, string[]>()
  for (const row of await attached.orderBy('groups.name').execute())
    groups.set(row.project_id!, [...(groups.get(row.project_id!) ?? []), row.name])
  return groups
}
