import type { Instant } from '../../database/schema.ts'
import type { Actor } from '../actor.ts'
import type { Core, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { now } from '../time.ts'
import { demandReader } from './namespace.ts'

/** What metadata can be hung on, such as `OS::Glance::Image`. */
export type ResourceType = { readonly name: string; readonly createdAt: Instant; readonly updatedAt: Instant }

/** In the whole installation, so that a list of them needs no pages. */
const most = 1000

export function resourceTypes({ database: { db } }: Core) {
  return {
    /** All of them, in the order in which they were made. @throws Failure `forbidden` */
    async list(actor: Actor): Promise<ResourceType[]> {
      demandReader(actor)
      const rows = await db.selectFrom('metadef_resource_types').selectAll().orderBy('id').execute()
      return rows.map((row) => ({ name: row.name, createdAt: row.created_at, updatedAt: row.updated_at }))
    },
  }
}

/** Whatever is associated becomes a resource type. @throws Failure `quota` (reason `metadefs`) */
export async function demandResourceTypes(trx: Trx, names: readonly string[]): Promise<void> {
  const at = now()
  await trx
    .insertInto('metadef_resource_types')
    .values(names.map((name) => ({ name, created_at: at, updated_at: at })))
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
  const { total } = await trx
    .selectFrom('metadef_resource_types')
    .select((select) => select.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  if (Number(total) > most)
    throw new Failure('quota', `There are at most ${most} resource types.`, { reason: 'metadefs' })
}
