import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { permitted, permittedAnywhere } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Query } from '../core.ts'
import type { Permission } from '../roles.ts'
import type { Context } from './listing.ts'

/** The compute resource that is this catalogue itself (one-catalogue.md section 2): everybody's, everywhere. */
export const catalogueResource = { id: 1, name: 'catalogue' }

type Ids = RawBuilder<unknown>
type Tree = 'projects' | 'locations'

/** The nodes with these ids and everything below them. `union` ends also where rows form a ring. */
export function below(tree: Tree, ids: readonly number[]): Ids {
  return sql`(with recursive below (id) as (
    select id from ${sql.table(tree)} where id in (${list(ids)})
    union select child.id from ${sql.table(tree)} as child inner join below on child.parent_id = below.id)
    select id from below)`
}

/** The nodes with these ids and everything above them. */
export function above(tree: Tree, ids: readonly number[]): Ids {
  return sql`(with recursive above (id, parent_id) as (
    select id, parent_id from ${sql.table(tree)} where id in (${list(ids)})
    union select parent.id, parent.parent_id from ${sql.table(tree)} as parent
      inner join above on above.parent_id = parent.id)
    select id from above)`
}

/** The projects in which the actor's roles carry the permission. */
export function projectsWith(actor: Actor, permission: Permission): number[] {
  return [...actor.roles.keys()].filter((id) => permitted(actor, permission, id))
}

/**
 * Which compute resources exist for the actor in a context (foreman.md 6.3), as a condition on `compute_resources.id`;
 * null when all of them do. In a context: what is assigned to it, above it or below it. Without: what is assigned to
 * the actor's own projects and locations or below them; administrators see everything.
 */
export async function visibleResources(
  query: Query,
  actor: Actor,
  context: Context = {},
): Promise<RawBuilder<SqlBool> | null> {
  const conditions: RawBuilder<SqlBool>[] = []
  const { projectId, locationId } = context
  if (projectId !== undefined)
    conditions.push(assigned('project_id', [above('projects', [projectId]), below('projects', [projectId])]))
  if (locationId !== undefined)
    conditions.push(
      assigned('location_id', [above('locations', [locationId]), below('locations', [locationId])]),
    )
  if (!actor.superAdmin) {
    // Somebody whose roles end at the door sees nothing behind it, the catalogue included.
    if (!permittedAnywhere(actor, 'compute-resource.view')) return sql<SqlBool>`1 = 0`
    const projects = projectsWith(actor, 'compute-resource.view')
    if (projectId === undefined) conditions.push(assigned('project_id', [below('projects', projects)]))
    else conditions.push(sql`${projectId} in ${below('projects', projects)}`)
    const locations = await locationsOf(query, actor)
    if (locations && locationId === undefined)
      conditions.push(assigned('location_id', [below('locations', locations)]))
    else if (locations) conditions.push(sql`${locationId} in ${below('locations', locations)}`)
  }
  if (conditions.length === 0) return null
  return sql`(compute_resources.id = ${catalogueResource.id} or (${sql.join(conditions, sql` and `)}))`
}

/** Resources on which the actor has the permission: those of the projects where a role carries it. Null: all. */
export function resourcesWith(actor: Actor, permission: Permission): RawBuilder<SqlBool> | null {
  if (actor.superAdmin) return null
  const projects = projectsWith(actor, permission)
  if (projects.length === 0) return sql<SqlBool>`1 = 0`
  // Images may be added where a resource is inherited; changing the resource itself is for the project that has it.
  const ids = [below('projects', projects)]
  if (permission !== 'compute-resource.update') ids.push(above('projects', projects))
  return sql`(compute_resources.id = ${catalogueResource.id} or ${assigned('project_id', ids)})`
}

/**
 * The locations a user belongs to; null where they restrict nothing. As in Foreman, who was given none belongs to the
 * only one there is; among several it has to be said.
 */
export async function locationsOf(query: Query, actor: Actor): Promise<number[] | null> {
  const own = await query
    .selectFrom('user_locations')
    .select('location_id')
    .where('user_id', '=', actor.userId ?? 0)
    .execute()
  if (own.length > 0) return own.map((row) => row.location_id)
  const some = await query.selectFrom('locations').select('id').limit(2).execute()
  return some.length < 2 ? null : []
}

function assigned(column: 'project_id' | 'location_id', ids: readonly Ids[]): RawBuilder<SqlBool> {
  const places = ids.map((some) => sql`${sql.ref(column)} in ${some}`)
  return sql`compute_resources.id in (
    select compute_resource_id from compute_resource_places where ${sql.join(places, sql` or `)})`
}

function list(ids: readonly number[]): RawBuilder<unknown> {
  return ids.length === 0 ? sql`null` : sql.join(ids)
}
