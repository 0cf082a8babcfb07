import { type RawBuilder, sql } from 'kysely'
import type { Instant } from '../../../database/schema.ts'
import type { Query } from '../../core.ts'
import type { Searchable } from '../../search.ts'

/**
 * Organizations (projects) and locations are trees: a node has a parent, and a title that is the way to it
 * (foreman.md 9.4). Titles are put together when they are asked for, so no change anywhere can make them wrong.
 */
export type TreeTable = 'projects' | 'locations'

export type TreeName = {
  readonly id: number
  readonly name: string
  /** The names of the nodes above it and its own, with slashes between them. */
  readonly title: string
  readonly description: string
}

export type TreeNode = TreeName & {
  readonly parentId: number | null
  readonly parentName: string | null
  /** The ids of the nodes above it, from the top, with slashes between them. */
  readonly ancestry: string | null
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

/** One row as `treeOf` has it. */
export type TreeRow = {
  id: number
  name: string
  name_fold: string
  description: string
  description_fold: string
  title: string
  title_fold: string
  ancestry: string | null
  parent_id: number | null
  parent_name: string | null
  created_at: Instant
  updated_at: Instant
}

/** The whole tree as a table `tree`. There are some thousand nodes at most, and each is read once. */
export function treeOf(query: Query, table: TreeTable) {
  const own = sql.table(table)
  const tree: RawBuilder<TreeRow> = sql`(
    with recursive ways (id, title, title_fold, ancestry, name) as (
      select id, name, name_fold, cast(null as text), name from ${own} where parent_id is null
      union all
      select child.id, ways.title || '/' || child.name, ways.title_fold || '/' || child.name_fold,
        case when ways.ancestry is null then cast(ways.id as text)
          else ways.ancestry || '/' || cast(ways.id as text) end, child.name
      from ${own} as child inner join ways on child.parent_id = ways.id)
    select node.id, node.name, node.name_fold, node.description, lower(node.description) as description_fold,
      ways.title, ways.title_fold, ways.ancestry, node.parent_id, parent.name as parent_name,
      node.created_at, node.updated_at
    from ways inner join ${own} as node on node.id = ways.id
    left join ${own} as parent on parent.id = node.parent_id)`
  return query.selectFrom(tree.as('tree'))
}

export function toNode(row: TreeRow): TreeNode {
  return {
    id: row.id,
    name: row.name,
    title: row.title,
    description: row.description,
    parentId: row.parent_id,
    parentName: row.parent_name,
    ancestry: row.ancestry,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

/** The nodes with these ids by title, as other things list them. */
export async function treeNames(query: Query, table: TreeTable, ids: readonly number[]): Promise<TreeName[]> {
  if (ids.length === 0) return []
  return treeOf(query, table)
    .select(['tree.id', 'tree.name', 'tree.title', 'tree.description'])
    .where('tree.id', 'in', ids)
    .orderBy('tree.title')
    .execute()
}

const fields = {
  id: { column: 'tree.id', kind: 'number' },
  name: { column: 'tree.name', folded: 'tree.name_fold', kind: 'text' },
  title: { column: 'tree.title', folded: 'tree.title_fold', kind: 'text' },
  description: { column: 'tree.description', folded: 'tree.description_fold', kind: 'text' },
} as const

/** The searchable fields of foreman.md 9.4. */
export const searchableOrganizations: Searchable = { fields: { ...fields, organization_id: fields.id } }
export const searchableLocations: Searchable = { fields: { ...fields, location_id: fields.id } }
