import { permittedAnywhere } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import type { Query } from '../../core.ts'
import { joinedRegistrations } from './registration.ts'
import { type RegistrationScope, registrationCondition } from './scope.ts'

export type Named = { readonly id: number; readonly name: string }

/** The registrations of a parent that the actor may see, as the parent's own page lists them. */
export async function registrationNames(
  query: Query,
  actor: Actor,
  scope: RegistrationScope,
): Promise<Named[]> {
  if (!permittedAnywhere(actor, 'registration.view')) return []
  return joinedRegistrations(query)
    .select(['registrations.id', 'registrations.name'])
    .where(await registrationCondition(query, actor, scope, true))
    .orderBy('registrations.name')
    .orderBy('registrations.id')
    .execute()
}
