import { isFailure } from '../../catalogue/failure.ts'
import { bad, Refusal } from './failures.ts'
import { type Answer, type Context, noContent, ok, type Route } from './route.ts'
import { show } from './show.ts'

/** glance.md section 7. */
async function view(context: Context): Promise<Answer> {
  const { parts, actor, param } = context
  return ok(await show(context, await parts.catalogue.images.view(actor, param('image'))))
}

async function remove({ parts, actor, param }: Context): Promise<Answer> {
  const id = param('image')
  try {
    await parts.catalogue.images.remove(actor, id)
  } catch (error) {
    if (isFailure(error, 'not-found')) throw new Refusal(404, `Failed to find image ${id} to delete`)
    if (isFailure(error, 'state') && error.detail.reason !== 'in-use') throw bad(error.message, error)
    throw error
  }
  return noContent
}

export const imageRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/images/:image',
    summary: 'One image',
    policy: 'get_image',
    repeatable: true,
    handle: view,
  },
  {
    method: 'DELETE',
    path: '/images/:image',
    summary: 'Deletes an image',
    policy: 'delete_image',
    handle: remove,
  },
]
