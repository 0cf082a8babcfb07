import { inOrder, matches } from '../../catalogue/matching.ts'
import type { Listing } from '../../catalogue/places/listing.ts'
import type { Filter, Scalar } from '../../catalogue/search.ts'
import { now } from '../../catalogue/time.ts'
import { scopeOf } from './context.ts'
import { type Page, pageOf, sortOf, textParameter } from './params.ts'
import { holds } from './permissions.ts'
import { type Answer, type Context, ok } from './route.ts'
import { compileSearch } from './search/compile.ts'
import { compileOrder } from './search/order.ts'
import type { Resource } from './search/resource.ts'
import { listWire } from './wire.ts'

/** How a resource is listed. */
export type Listable<Row> = {
  /** How many there are; without a filter: before the search. Fails where the caller may not look at all. */
  readonly count: (listing: Listing) => Promise<number>
  readonly list: (listing: Listing) => Promise<readonly Row[]>
  readonly wire: (row: Row) => object
  /** What one can search for, and the order that was not asked for. */
  readonly search: Resource
  /** What the list says of its order when it was not asked for one (roles do). */
  readonly defaultSort?: { readonly by: string; readonly order: string }
  /** Conditions besides the search, which count for the total, too. */
  readonly within?: Filter
}

/** One page in the envelope of 2.1. What is wrong with search, order or page is told after a missing parent (5.3). */
export async function listAnswer<Row>(
  context: Context,
  resource: string,
  { count, list, wire, search, defaultSort, within }: Listable<Row>,
): Promise<Answer> {
  const { params, actor } = context
  const scope = scopeOf(context.place)
  const base = { context: scope, ...(within ? { filter: within } : {}) }
  const total = await count(base)
  const searched = textParameter(params, 'search')
  const ordered = textParameter(params, 'order')
  const page = pageOf(params)
  const condition = isBlank(searched) ? null : compileSearch(searched, search, { now: now() })
  const order = compileOrder(ordered, search)
  const filter = condition && within ? { all: [within, condition] } : (condition ?? within)
  const filtered: Listing = { context: scope, ...(filter ? { filter } : {}) }
  const subtotal = condition === null ? total : await count(filtered)
  const rows = await list({ ...filtered, ...cut(page), order })
  return ok(
    listWire(
      {
        total,
        subtotal,
        page,
        search: searched,
        sort: isBlank(ordered) && defaultSort ? defaultSort : sortOf(ordered),
        results: rows.map(wire),
        ...(params.include_permissions === undefined
          ? {}
          : { can: { create: holds(actor, `create_${resource}`), edit: holds(actor, `edit_${resource}`) } }),
      },
      typeof params.root_name === 'string' && params.root_name !== '' ? params.root_name : undefined,
    ),
  )
}

const isBlank = (text: string | null): boolean => text === null || text.trim() === ''

/** A page beyond what numbers can count is beyond the end; `all` ignores the page (6.1). */
function cut({ page, perPage }: Page): { offset: number; limit: number } | Record<string, never> {
  if (perPage === null) return {}
  const offset = (page - 1) * perPage
  const limit = Math.min(perPage, 0x7fffffff)
  return Number.isSafeInteger(offset) ? { offset, limit } : { offset: 0, limit: 0 }
}

/** A show answer; `root_name` wraps it, as the web pages of Foreman ask. */
export function showAnswer({ params }: Context, body: object): Answer {
  const root = params.root_name
  return ok(typeof root === 'string' && root !== '' ? { [root]: body } : body)
}

/** A list that is no table: its rows, and what of a row is searched for. */
export function inMemory<Row extends { readonly id: number }>(
  rows: readonly Row[],
  read: (row: Row, field: string) => Scalar | null,
): Pick<Listable<Row>, 'count' | 'list'> {
  const readerOf = (row: Row) => (field: string) => read(row, field)
  const found = (filter: Filter | undefined) =>
    filter ? rows.filter((row) => matches(filter, readerOf(row))) : rows
  return {
    count: async ({ filter }) => found(filter).length,
    async list({ filter, order = [], offset = 0, limit }) {
      const compare = inOrder(order)
      const ordered = found(filter).toSorted((a, b) => compare(readerOf(a), readerOf(b)))
      return limit === undefined ? ordered : ordered.slice(offset, offset + limit)
    },
  }
}
