import type { Actor } from '../../catalogue/actor.ts'
import { systemActor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { isFailure } from '../../catalogue/failure.ts'
import { toWireRoles } from './shapes.ts'
import type { WireWhoami } from './wire.ts'

/** What a caller is told of itself. */
export async function whoami(catalogue: Catalogue, actor: Actor, version: string): Promise<WireWhoami> {
  const ids = [...actor.roles.keys(), ...(actor.projectId === null ? [] : [actor.projectId])]
  const names = await projectNames(catalogue, ids)
  const project = actor.projectId === null ? null : (names.get(actor.projectId) ?? null)
  const { username, superAdmin } = actor
  return { username, superAdmin, project, roles: toWireRoles(actor.roles, names), version }
}

/** Projects by id; those that are gone are missing. */
export async function projectNames(
  catalogue: Catalogue,
  ids: readonly number[],
): Promise<Map<number, string>> {
  const names = new Map<number, string>()
  for (const id of new Set(ids)) {
    try {
      names.set(id, (await catalogue.projects.view(systemActor, id)).name)
    } catch (error) {
      if (!isFailure(error, 'not-found')) throw error
    }
  }
  return names
}
