import type { OrderKey, Paging } from '../../../catalogue/metadefs/paging.ts'
import { bad } from '../failures.ts'
import { readLimit } from '../list/page.ts'
import type { Query } from '../query.ts'

/** Limit, marker and order of a list; the newest come first unless something else is asked for. @throws Refusal 400 */
export function readPaging(query: Query, sortable: Readonly<Record<string, OrderKey>>): Paging {
  const [key, direction] = [query.get('sort_key') ?? 'created_at', query.get('sort_dir') ?? 'desc']
  if (!Object.hasOwn(sortable, key))
    throw bad(
      `Invalid sort key: ${key}. It must be one of the following: ${Object.keys(sortable).join(', ')}.`,
    )
  if (direction !== 'asc' && direction !== 'desc') throw bad(`Invalid sort direction: ${direction}`)
  const marker = query.get('marker')
  return {
    order: sortable[key]!,
    descending: direction === 'desc',
    limit: readLimit(query),
    ...(marker === undefined ? {} : { marker }),
  }
}
