import { allows, permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Query } from '../core.ts'
import { type Permission, permissions } from '../roles.ts'
import { membersOf } from './find.ts'
import type { Image } from './image.ts'

/** What the actor may do with this image, whatever state it is in. */
export async function allowedOn(query: Query, actor: Actor, image: Image): Promise<ReadonlySet<Permission>> {
  const members = await membersOf(query, image)
  return new Set(
    permissions.filter(
      (permission) =>
        allows(actor, permission, image, members) ||
        // A role in the project of the image gives it, which is asked before the image is looked at.
        (permission === 'image.publicise' && permitted(actor, permission, image.ownerId)),
    ),
  )
}
