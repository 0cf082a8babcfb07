import { randomUUID } from 'node:crypto'
import type { Trx } from '../../core.ts'
import { fold } from '../../fold.ts'
import { uuidOfId } from './identity.ts'

/**
 * The first of these names that nobody has.
 * @param holder finds who has a folded name
 */
export async function freeName(
  wanted: readonly string[],
  holder: (folded: string) => Promise<object | undefined>,
): Promise<string> {
  for (const name of wanted) if ((await holder(fold(name))) === undefined) return name
  return `${wanted.at(-1)}-${randomUUID()}`
}

/** The uuid that belongs to an id of the wire, so that the two are the same everywhere; another where that is impossible. */
export async function freeUuid(trx: Trx, table: 'users' | 'projects', id: string): Promise<string> {
  const uuid = uuidOfId(id)
  if (uuid === null) return randomUUID()
  const holder = await trx.selectFrom(table).select('id').where('uuid', '=', uuid).executeTakeFirst()
  return holder ? randomUUID() : uuid
}
