import type { Database } from '../../database/schema.ts'
import type { Trx } from '../core.ts'
import { Failure } from '../failure.ts'

type Known = keyof Pick<
  Database,
  'architectures' | 'operating_systems' | 'compute_resources' | 'projects' | 'locations' | 'users'
>

/** What Foreman calls the things of a table where it does not find one. */
const nouns: Readonly<Record<Known, string>> = {
  architectures: 'Architecture',
  operating_systems: 'Operatingsystem',
  compute_resources: 'ComputeResource',
  projects: 'Organization',
  locations: 'Location',
  users: 'User',
}

/**
 * The ids of an association, each once.
 * @throws Failure `invalid` (reason `association`) for one that is nobody's (foreman.md 9.3).
 */
export async function demandKnown(trx: Trx, table: Known, ids: readonly number[]): Promise<number[]> {
  const wanted = [...new Set(ids)]
  if (wanted.length === 0) return []
  const sound = wanted.filter((id) => Number.isSafeInteger(id))
  const rows = await trx
    .selectFrom(table)
    .select('id')
    .where('id', 'in', [0, ...sound])
    .execute()
  const known = new Set(rows.map((row) => row.id))
  const missing = wanted.find((id) => !known.has(id))
  if (missing !== undefined)
    throw new Failure('invalid', `Couldn't find ${nouns[table]} with 'id'=${missing}`, {
      reason: 'association',
      subject: nouns[table],
      id: String(missing),
    })
  return wanted
}

/** Do two lists hold the same ids? */
export function sameIds(one: readonly number[], other: readonly number[]): boolean {
  const set = new Set(one)
  return set.size === new Set(other).size && other.every((id) => set.has(id))
}
