import { severalStores } from './info.ts'
import { type Answer, type Context, noContent, type Route } from './route.ts'

/** glance.md section 14. */
async function remove(context: Context): Promise<Answer> {
  const { parts, actor, param } = context
  severalStores(context)
  await parts.catalogue.storeRemoval.remove(actor, param('store'), param('image'))
  return noContent
}

export const storeRoutes: readonly Route[] = [
  {
    method: 'DELETE',
    path: '/stores/:store/:image',
    summary: 'Takes an image out of one of its stores',
    policy: 'delete_image_location',
    handle: remove,
  },
]
