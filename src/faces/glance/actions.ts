import { isFailure } from '../../catalogue/failure.ts'
import { Refusal } from './failures.ts'
import { type Answer, type Context, noContent, type Route } from './route.ts'

/** glance.md section 15. */
async function act(context: Context, action: 'deactivate' | 'reactivate'): Promise<Answer> {
  const { parts, actor, param } = context
  try {
    await parts.catalogue.images[action](actor, param('image'))
  } catch (error) {
    throw isFailure(error, 'state') ? new Refusal(403, error.message) : error
  }
  return noContent
}

export const actionRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/images/:image/actions/deactivate',
    summary: 'Takes an image out of use',
    policy: 'deactivate',
    handle: (context) => act(context, 'deactivate'),
  },
  {
    method: 'POST',
    path: '/images/:image/actions/reactivate',
    summary: 'Puts an image into use again',
    policy: 'reactivate',
    handle: (context) => act(context, 'reactivate'),
  },
]
