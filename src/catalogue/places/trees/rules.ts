import { sql } from 'kysely'
import type { Trx } from '../../core.ts'
import { fold } from '../../fold.ts'
import { absent, blank, isBlank, isTooLong, taken, tooLong, violations } from '../violations.ts'
import { below } from '../visibility.ts'
import type { TreeNode, TreeTable } from './tree.ts'

/** What a caller may say of an organization or location. */
export type NodeFacts = {
  readonly name: string | null
  readonly description: string | null
  readonly parentId: number | null
}

/**
 * The rules of foreman.md 9.4, all violations at once. A name is unique in the whole tree, not only among siblings:
 * in the other faces it stands alone (one-catalogue.md section 2).
 * @throws Failure `invalid` with `fields`
 */
export async function demandNode(
  trx: Trx,
  table: TreeTable,
  { name, description, parentId }: NodeFacts,
  before: TreeNode | null,
): Promise<{ name: string; description: string; parentId: number | null }> {
  const subject = table === 'projects' ? 'organization' : 'location'
  const { complain, demandNone } = violations()
  if (isBlank(name)) complain('name', blank)
  if (isTooLong(name)) complain('name', tooLong)
  const twin = await trx
    .selectFrom(table)
    .select('id')
    .where('name_fold', '=', fold(name ?? ''))
    .where('id', '<>', before?.id ?? 0)
    .executeTakeFirst()
  if (twin) complain('name', taken)
  if (parentId !== null && parentId !== before?.parentId) {
    const parent = Number.isSafeInteger(parentId)
      ? await trx.selectFrom(table).select('id').where('id', '=', parentId).executeTakeFirst()
      : undefined
    if (!parent) complain('parent_id', absent)
    else if (before) {
      const inside = await trx
        .selectFrom(table)
        .select('id')
        .where('id', '=', parentId)
        .where('id', 'in', sql<number>`${below(table, [before.id])}`)
        .executeTakeFirst()
      if (inside) complain('parent_id', `cannot be the ${subject} itself or one below it`)
    }
  }
  demandNone(subject, before?.id)
  return { name: name!, description: description ?? '', parentId }
}
