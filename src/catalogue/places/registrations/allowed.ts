import { allows } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import type { Query } from '../../core.ts'
import { guardedImages } from '../../images/guarded.ts'
import type { Permission } from '../../roles.ts'
import { catalogueResource } from '../visibility.ts'
import type { Registration } from './registration.ts'
import { allowsDeed, deeds, type RegistrationScope } from './scope.ts'

/**
 * What the actor may do with each of these registrations of the scope, by their ids: the deeds, and `image.view` where
 * there is an image of the catalogue that the actor sees. The catalogue's own registrations are written by those who
 * may change the image.
 */
export async function allowedOnRegistrations(
  query: Query,
  actor: Actor,
  scope: RegistrationScope,
  found: readonly Registration[],
): Promise<ReadonlyMap<number, ReadonlySet<Permission>>> {
  const own: Permission[] = []
  for (const deed of deeds) if (await allowsDeed(query, actor, scope, deed)) own.push(deed)
  const linked = found.filter(({ imageSeq }) => imageSeq !== null)
  const images = await guardedImages(
    query,
    linked.map(({ uuid }) => uuid),
  )
  const mayWith = ({ uuid, computeResource, imageSeq }: Registration): ReadonlySet<Permission> => {
    if (imageSeq === null) return new Set(own)
    const guarded = images.get(uuid)
    const may = (permission: Permission) =>
      guarded !== undefined && allows(actor, permission, guarded.image, guarded.members)
    const bound = computeResource.id === catalogueResource.id && !may('image.update')
    return new Set([
      ...(bound ? own.filter((deed) => deed === 'registration.view') : own),
      ...(may('image.view') && !guarded!.image.isDeleted ? (['image.view'] as const) : []),
    ])
  }
  return new Map(found.map((one) => [one.id, mayWith(one)] as const))
}
