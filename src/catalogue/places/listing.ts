import type { SelectQueryBuilder } from 'kysely'
import type { Engine } from '../../database/dialect.ts'
import { compile, compileOrder, type Filter, type Order, type Searchable } from '../search.ts'

/** The organization and location in which a request is made (foreman.md 6.3); absent means any. */
export type Context = { readonly projectId?: number; readonly locationId?: number }

/** What one asks of a list. `filter` and `order` speak of the fields of the noun's Searchable. */
export type Listing = {
  readonly context?: Context
  readonly filter?: Filter
  readonly order?: readonly Order[]
  readonly offset?: number
  /** Absent: all of them, from the first. */
  readonly limit?: number
}

/** Filters, sorts and cuts a query as it was asked for. @throws Failure `invalid` (reason `field`). */
export function page<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  { filter, order = [], offset = 0, limit }: Listing,
  searchable: Searchable,
  engine: Engine,
): SelectQueryBuilder<DB, TB, O> {
  let paged = query
  if (filter) paged = paged.where(compile(filter, searchable))
  if (order.length > 0) paged = paged.orderBy(compileOrder(order, searchable.fields, engine))
  return limit === undefined ? paged : paged.limit(limit).offset(offset)
}
