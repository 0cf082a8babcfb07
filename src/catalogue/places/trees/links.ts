import type { Query, Trx } from '../../core.ts'
import { demandKnown, sameIds } from '../associations.ts'
import type { TreeTable } from './tree.ts'

const columns = { projects: 'project_id', locations: 'location_id' } as const
const others = { projects: 'locations', locations: 'projects' } as const

/** The locations of an organization, or the organizations of a location. */
export async function linkedTo(query: Query, table: TreeTable, id: number): Promise<number[]> {
  const rows = await query
    .selectFrom('project_locations')
    .selectAll()
    .where(columns[table], '=', id)
    .execute()
  return rows.map((row) => row[columns[others[table]]])
}

/** These and no others; true when that changed anything. @throws Failure `invalid` (reason `association`). */
export async function linkPlaces(
  trx: Trx,
  table: TreeTable,
  id: number,
  ids: readonly number[] | undefined,
): Promise<boolean> {
  if (ids === undefined) return false
  const wanted = await demandKnown(trx, others[table], ids)
  if (sameIds(await linkedTo(trx, table, id), wanted)) return false
  await trx.deleteFrom('project_locations').where(columns[table], '=', id).execute()
  for (const place of wanted)
    await trx
      .insertInto('project_locations')
      .values({
        project_id: table === 'projects' ? id : place,
        location_id: table === 'projects' ? place : id,
      })
      .execute()
  return true
}
