import type { Image } from '../../catalogue/images/image.ts'
import type { Project } from '../../catalogue/people/projects.ts'
import type { Caller } from './auth.ts'
import { noProject, type Refusal } from './failures.ts'
import type { Context } from './route.ts'

/**
 * The project in whose name the caller acts.
 * @throws Refusal 409 when there is none, or it is disabled (onecloudplanet.md 2.2).
 */
export async function activeProject({ parts, actor, caller }: Context): Promise<Project> {
  const project =
    actor.projectId === null ? null : await parts.catalogue.projects.view(actor, actor.projectId)
  // Staff look after disabled clients, too.
  if (project === null || !(project.enabled || caller.staff)) throw noProject()
  return project
}

/**
 * The image in the path, which the caller may then change.
 * @throws Failure `not-found`; the given Refusal for an image that is visible only.
 */
export async function ownImage(context: Context, forbidden: () => Refusal): Promise<Image> {
  const image = await context.parts.catalogue.images.view(context.actor, context.param('id'))
  if (!mayChange(context.caller, image)) throw forbidden()
  return image
}

/** Public images are modified by staff alone, whoever owns them (2.10). */
function mayChange({ staff, actor }: Caller, image: Image): boolean {
  return (
    staff || (image.ownerId !== null && image.ownerId === actor.projectId && image.visibility !== 'public')
  )
}
