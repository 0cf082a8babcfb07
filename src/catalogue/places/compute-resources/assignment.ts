import type { Query, Trx } from '../../core.ts'
import { demandKnown, sameIds } from '../associations.ts'
import type { Context } from '../listing.ts'
import { catalogueResource } from '../visibility.ts'

const columns = { projects: 'project_id', locations: 'location_id' } as const
export type PlaceTable = keyof typeof columns

/** The projects or locations that a compute resource is assigned to. */
export async function placesOf(query: Query, table: PlaceTable, resourceId: number): Promise<number[]> {
  const rows = await query
    .selectFrom('compute_resource_places')
    .select(['project_id', 'location_id'])
    .where('compute_resource_id', '=', resourceId)
    .execute()
  return rows.flatMap((row) => row[columns[table]] ?? [])
}

/** The compute resources that are assigned to a project or location. */
export async function resourcesOf(query: Query, table: PlaceTable, placeId: number): Promise<number[]> {
  const rows = await query
    .selectFrom('compute_resource_places')
    .select('compute_resource_id as id')
    .where(columns[table], '=', placeId)
    .execute()
  return rows.map(({ id }) => id)
}

/**
 * Assigns a resource to these places and no others of the kind; true when that changed anything.
 * @throws Failure `invalid` (reason `association`)
 */
export async function assignResource(
  trx: Trx,
  table: PlaceTable,
  resourceId: number,
  ids: readonly number[] | undefined,
): Promise<boolean> {
  if (ids === undefined) return false
  const wanted = await demandKnown(trx, table, ids)
  if (sameIds(await placesOf(trx, table, resourceId), wanted)) return false
  await trx
    .deleteFrom('compute_resource_places')
    .where('compute_resource_id', '=', resourceId)
    .where(columns[table], 'is not', null)
    .execute()
  for (const id of wanted) await insert(trx, table, resourceId, id)
  return true
}

/** The same from the other side: these resources and no others. */
export async function assignPlace(
  trx: Trx,
  table: PlaceTable,
  placeId: number,
  ids: readonly number[] | undefined,
): Promise<boolean> {
  if (ids === undefined) return false
  // The catalogue is everywhere; naming it assigns nothing.
  const wanted = (await demandKnown(trx, 'compute_resources', ids)).filter(
    (id) => id !== catalogueResource.id,
  )
  if (sameIds(await resourcesOf(trx, table, placeId), wanted)) return false
  await trx.deleteFrom('compute_resource_places').where(columns[table], '=', placeId).execute()
  for (const id of wanted) await insert(trx, table, id, placeId)
  return true
}

/**
 * Where something new belongs when nobody said: to the context it is made in, or else to the only project (location)
 * there is (foreman.md 6.3).
 */
export async function usualPlaces(trx: Trx, table: PlaceTable, context: Context = {}): Promise<number[]> {
  const id = table === 'projects' ? context.projectId : context.locationId
  if (id !== undefined) return [id]
  const all = await trx.selectFrom(table).select('id').limit(2).execute()
  return all.length === 1 ? [all[0]!.id] : []
}

async function insert(trx: Trx, table: PlaceTable, resourceId: number, placeId: number): Promise<void> {
  await trx
    .insertInto('compute_resource_places')
    .values({
      compute_resource_id: resourceId,
      project_id: table === 'projects' ? placeId : null,
      location_id: table === 'locations' ? placeId : null,
    })
    .execute()
}
