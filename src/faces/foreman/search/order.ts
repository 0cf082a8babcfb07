import type { Order } from '../../../catalogue/search.ts'
import { refuseSearch } from './refusal.ts'
import { findField, type Resource } from './resource.ts'

const byId: Order = { field: 'id' }

/**
 * What an `order` parameter asks for (foreman.md 6.2): one field, and descending only where everything after the first
 * white space is `desc`. The id is always added, so that pages are stable.
 * @throws Failure `invalid` (reason `search`)
 */
export function compileOrder(text: string | null, resource: Resource): readonly Order[] {
  if (text === null || text.trim() === '') return [...resource.order, byId]
  const [name = ''] = text.split(/\s/, 1)
  const direction = text.slice(name.length).trimStart()
  const field = findField(resource, name)
  if (!field || field.many)
    throw refuseSearch(`the field '${name}' in the order statement is not valid field for search`)
  // What is the same for every record sorts nothing.
  if ('constant' in field) return [byId]
  return [{ field: field.field, descending: direction.toLowerCase() === 'desc' }, byId]
}
