import type { Order } from '../../catalogue/search.ts'
import { orderFields } from './names.ts'

const newestFirst: Order = { field: 'createdAt', descending: true }

/**
 * Reads the parameter `ordering` (onecloudplanet.md 1.4). Names that cannot be ordered by are dropped silently; when
 * nothing is left, the newest come first. Ties are broken by id, so that pages never overlap.
 */
export function parseOrdering(parameter: string | undefined): Order[] {
  const order = new Map<string, Order>()
  for (const term of (parameter ?? '').split(',')) {
    const name = term.trim()
    const descending = name.startsWith('-')
    const field = orderFields.get(descending ? name.slice(1) : name)
    // A second mention of a field cannot change anything.
    if (field !== undefined && !order.has(field)) order.set(field, { field, descending, caseless: true })
  }
  const terms = order.size > 0 ? [...order.values()] : [newestFirst]
  return order.has('uuid') ? terms : [...terms, { field: 'uuid' }]
}
