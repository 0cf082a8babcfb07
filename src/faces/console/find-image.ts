import { imageNotFound, permitted } from '../../catalogue/access.ts'
import type { Actor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { Failure } from '../../catalogue/failure.ts'
import { normaliseUuid } from '../../catalogue/images/find.ts'
import type { Image } from '../../catalogue/images/image.ts'
import type { Scope } from '../../catalogue/images/list.ts'

/** What this actor's lists show: its projects' images, public ones, and what others share with its projects. */
export function scopesOf(actor: Actor): Scope[] {
  if (actor.superAdmin) return [{ everything: true }]
  const projects = [...actor.roles.keys()].filter((id) => permitted(actor, 'image.list', id))
  return [
    ...projects.map((own) => ({ own })),
    { visibility: 'public' },
    ...projects.map((sharedWith) => ({ sharedWith, status: 'accepted' as const })),
  ]
}

/** How many of several images with one name a refusal names. */
const namedAtMost = 5

/**
 * The image that people mean by its uuid, handle or name.
 * @throws Failure `not-found`; `conflict` (reason `ambiguous`), naming the uuids, when there are several
 */
export async function findImage(catalogue: Catalogue, actor: Actor, reference: string): Promise<Image> {
  if (normaliseUuid(reference) !== null) return catalogue.images.view(actor, reference)
  const found = await catalogue.images.list(actor, {
    scopes: scopesOf(actor),
    filter: {
      any: [
        { field: 'handle', is: 'eq', value: reference },
        { field: 'name', is: 'eq', value: reference },
      ],
    },
    order: [{ field: 'createdAt', descending: true }],
    limit: namedAtMost + 1,
    hidden: 'with',
  })
  const [image, ...others] = found
  if (!image) throw imageNotFound(reference)
  if (others.length === 0) return image
  const uuids = found.slice(0, namedAtMost).map(({ uuid }) => uuid)
  const more = found.length > namedAtMost ? ' and more' : ''
  throw new Failure('conflict', `Several images are named "${reference}": ${uuids.join(', ')}${more}.`, {
    subject: 'image',
    id: reference,
    reason: 'ambiguous',
  })
}
