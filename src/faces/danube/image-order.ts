import type { WalkOrder } from '../../catalogue/images/walk.ts'
import type { Context } from './route.ts'

const imageFields = ['name', 'created'] as const

/** The order of a list of images; checked with every request, whatever it asks for (danube.md 0.8). */
export function imageOrder(context: Context): readonly WalkOrder[] {
  return context
    .orderBy(imageFields, 'name')
    .map(({ field, descending }) => ({ field: field === 'created' ? 'createdAt' : 'handle', descending }))
}
