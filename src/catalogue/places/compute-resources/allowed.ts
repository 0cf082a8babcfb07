import type { Actor } from '../../actor.ts'
import type { Query } from '../../core.ts'
import type { Permission } from '../../roles.ts'
import { allowsDeed, deeds } from '../registrations/scope.ts'
import { catalogueResource, resourcesWith } from '../visibility.ts'

/** Does a role of the actor carry the change of this resource? */
export async function mayUpdate(query: Query, actor: Actor, id: number): Promise<boolean> {
  const condition = resourcesWith(actor, 'compute-resource.update')
  if (!condition) return true
  const own = query.selectFrom('compute_resources').select('id').where('id', '=', id).where(condition)
  return (await own.executeTakeFirst()) !== undefined
}

/**
 * What the actor may do with a resource that it sees: `compute-resource.update`, `manage-directory` (what only
 * administrators change of it, and deleting it), and each deed with the registrations on it.
 */
export async function allowedOnResource(
  query: Query,
  actor: Actor,
  id: number,
): Promise<ReadonlySet<Permission>> {
  const allowed = new Set<Permission>()
  // The catalogue itself stays as it is, whoever asks.
  if (id !== catalogueResource.id) {
    if (actor.superAdmin) allowed.add('manage-directory')
    if (await mayUpdate(query, actor, id)) allowed.add('compute-resource.update')
  }
  const scope = { parent: { kind: 'compute-resource', id } } as const
  for (const deed of deeds) if (await allowsDeed(query, actor, scope, deed)) allowed.add(deed)
  return allowed
}
