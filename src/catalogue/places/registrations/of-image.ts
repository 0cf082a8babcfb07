import { type SqlBool, sql } from 'kysely'
import { demandPermission } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import type { Query } from '../../core.ts'
import type { Image } from '../../images/image.ts'
import { visibleResources } from '../visibility.ts'
import { type Registration, selectRegistrations, toRegistration } from './registration.ts'

/** One for each place that has it; more are no list that anybody reads. */
const most = 200

/**
 * Where an image that the actor sees is registered, on the compute resources that the actor sees: the catalogue first.
 * @throws Failure `forbidden` (reason `permission`)
 */
export async function registrationsOf(query: Query, actor: Actor, { seq }: Image): Promise<Registration[]> {
  demandPermission(actor, 'registration.view')
  const visible = await visibleResources(query, actor)
  let found = selectRegistrations(query).where('registrations.image_seq', '=', seq)
  if (visible)
    found = found.where(
      sql<SqlBool>`registrations.compute_resource_id in
        (select compute_resources.id from compute_resources where ${visible})`,
    )
  const rows = await found
    .orderBy('registrations.compute_resource_id')
    .orderBy('registrations.id')
    .limit(most)
    .execute()
  return rows.map(toRegistration)
}
