import { sql } from 'kysely'
import { permittedAnywhere } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import type { Query } from '../../core.ts'
import { resourcesOf } from '../compute-resources/assignment.ts'
import { above, visibleResources } from '../visibility.ts'
import type { TreeTable } from './tree.ts'

export type PlacedResource = {
  readonly id: number
  readonly name: string
  readonly provider: string
  /** Assigned to something above, not to the place itself. */
  readonly inherited: boolean
}

/** The compute resources of an organization or location, those of the places above it included, that exist for the actor. */
export async function resourcesAt(
  query: Query,
  actor: Actor,
  table: TreeTable,
  id: number,
): Promise<PlacedResource[]> {
  if (!permittedAnywhere(actor, 'compute-resource.view')) return []
  const column = table === 'projects' ? 'project_id' : 'location_id'
  const visible = await visibleResources(query, actor)
  let all = query
    .selectFrom('compute_resources')
    .select(['id', 'name', 'provider'])
    .where('id', 'in', (select) =>
      select
        .selectFrom('compute_resource_places')
        .select('compute_resource_id')
        .where(column, 'in', sql<number>`${above(table, [id])}`),
    )
  if (visible) all = all.where(visible)
  const own = new Set(await resourcesOf(query, table, id))
  const rows = await all.orderBy('name').execute()
  return rows.map((row) => ({ ...row, inherited: !own.has(row.id) }))
}
