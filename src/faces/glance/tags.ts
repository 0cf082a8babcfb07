import { isFailure } from '../../catalogue/failure.ts'
import type { ImagePatch } from '../../catalogue/images/draft.ts'
import type { Image } from '../../catalogue/images/image.ts'
import { Refusal } from './failures.ts'
import { type Answer, type Context, noContent, type Route } from './route.ts'

/** glance.md section 9. */
async function add(context: Context): Promise<Answer> {
  const tag = context.param('tag')
  return change(context, ({ tags }) => (tags.includes(tag) ? {} : { tags: [...tags, tag] }))
}

async function remove(context: Context): Promise<Answer> {
  const tag = context.param('tag')
  return change(context, ({ tags }) => {
    if (!tags.includes(tag)) throw new Refusal(404, `Image has no tag ${tag}.`)
    return { tags: tags.filter((other) => other !== tag) }
  })
}

async function change(
  { parts, actor, param }: Context,
  decide: (image: Image) => ImagePatch,
): Promise<Answer> {
  const id = param('image')
  try {
    await parts.catalogue.images.change(actor, id, decide)
  } catch (error) {
    if (isFailure(error, 'not-found')) throw new Refusal(404, `Image ${id} not found.`)
    throw error
  }
  return noContent
}

export const tagRoutes: readonly Route[] = [
  {
    method: 'PUT',
    path: '/images/:image/tags/:tag',
    summary: 'Adds a tag',
    policy: 'modify_image',
    handle: add,
  },
  {
    method: 'DELETE',
    path: '/images/:image/tags/:tag',
    summary: 'Removes a tag',
    policy: 'modify_image',
    handle: remove,
  },
]
