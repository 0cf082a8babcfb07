import type { Actor } from './actor.ts'
import { Failure } from './failure.ts'
import type { Visibility } from './images/image.ts'
import { type Permission, rolePermissions } from './roles.ts'

/** Do the actor's roles in this project carry the permission? */
export function permitted(actor: Actor, permission: Permission, projectId: number | null): boolean {
  if (actor.superAdmin) return true
  if (projectId === null) return false
  for (const role of actor.roles.get(projectId) ?? []) {
    if (rolePermissions[role].has(permission)) return true
  }
  return false
}

/** Do any of the actor's roles carry the permission, wherever? */
export function permittedAnywhere(actor: Actor, permission: Permission): boolean {
  return (
    actor.superAdmin || [...actor.roles.keys()].some((projectId) => permitted(actor, permission, projectId))
  )
}

/** What of an image decides about access. */
export type Guarded = {
  readonly uuid: string
  readonly ownerId: number | null
  readonly visibility: Visibility
  /** False: no project's own any more, only administrators change it (one-catalogue.md section 3, `dc_bound`). */
  readonly bound: boolean
}

/**
 * May the actor do this with this image? `members` are the projects the image is shared with, in any member state.
 * Reading needs the image to be visible; everything else needs the permission in the owner project.
 */
export function allows(
  actor: Actor,
  permission: Permission,
  image: Guarded,
  members: ReadonlySet<number>,
): boolean {
  if (actor.superAdmin) return true
  if (permission === 'image.publicise' || permission === 'manage-directory') return false
  const reading = permission === 'image.view' || permission === 'image.download'
  if ((reading || image.bound) && permitted(actor, permission, image.ownerId)) return true
  if (!reading) return false
  if (actor.reads === 'everything') return true
  if (image.visibility === 'public' || image.visibility === 'community' || image.ownerId === null) {
    // Anonymous callers exist on faces that serve public images; downloading for others needs the role for it.
    if (permission === 'image.view') return image.visibility === 'public' || actor.userId !== null
    return permittedAnywhere(actor, permission) || (image.visibility === 'public' && actor.userId === null)
  }
  if (image.visibility !== 'shared') return false
  return [...members].some((projectId) => permitted(actor, permission, projectId))
}

/**
 * Refuses what `allows` does not allow.
 * @throws Failure `not-found` when the actor may not even see the image, `forbidden` (reason `owner`) when it may.
 */
export function demand(
  actor: Actor,
  permission: Permission,
  image: Guarded,
  members: ReadonlySet<number>,
): void {
  if (allows(actor, permission, image, members)) return
  if (permission === 'image.view' || !allows(actor, 'image.view', image, members))
    throw imageNotFound(image.uuid)
  throw new Failure('forbidden', 'You are not allowed to do this with this image.', {
    subject: 'image',
    id: image.uuid,
    reason: permitted(actor, 'image.view', image.ownerId) ? 'role' : 'owner',
  })
}

/** The same answer for "absent" and "invisible" (one-catalogue.md section 4, rule 5). */
export function imageNotFound(id: string): Failure {
  return new Failure('not-found', `No image found with ID ${id}`, { subject: 'image', id })
}

/** @throws Failure `forbidden` (reason `role`, `id` the permission) unless the actor has the permission in the project. */
export function demandIn(actor: Actor, permission: Permission, projectId: number | null): void {
  if (permitted(actor, permission, projectId)) return
  throw new Failure('forbidden', 'Your role does not allow this.', { reason: 'role', id: permission })
}

/**
 * @throws Failure `forbidden` (reason `permission`, `id` the permission) unless a role of the actor carries it,
 * wherever: the first of foreman.md's checks, before anything is looked up.
 */
export function demandPermission(actor: Actor, permission: Permission): void {
  if (permission === 'manage-directory' ? actor.superAdmin : permittedAnywhere(actor, permission)) return
  throw new Failure('forbidden', 'Your role does not allow this.', { reason: 'permission', id: permission })
}

/** People, projects, places, settings: only those who manage the directory. */
export function demandDirectory(actor: Actor): void {
  if (!actor.superAdmin)
    throw new Failure('forbidden', 'Only an administrator may do this.', { reason: 'role' })
}
