import type { Filter, Order, Scalar } from '../search.ts'
import type { ImageKey } from './list.ts'

/** An order by which lists without pages are walked: each needs an index that ends in nothing else. */
export type WalkOrder = { readonly field: 'handle' | 'createdAt'; readonly descending: boolean }

type Page = { readonly filter: Filter; readonly order: readonly Order[]; readonly limit: number }

const keyOf: Readonly<Record<WalkOrder['field'], (image: ImageKey) => Scalar>> = {
  handle: (image) => image.handle,
  createdAt: (image) => image.createdAt,
}

export type Walk = {
  readonly filter: Filter
  readonly order: readonly WalkOrder[]
  /** Images that are held in memory at once. */
  readonly pageSize: number
}

/**
 * A whole list, page by page, for wires that know no pages. Each page begins behind the last image of the one before,
 * so that it costs the same wherever it is, and images that come or go meanwhile move nothing.
 */
export async function* walk<Listed extends ImageKey>(
  read: (page: Page) => Promise<readonly Listed[]>,
  { filter, order, pageSize }: Walk,
): AsyncGenerator<readonly Listed[]> {
  // The handle is unique: whatever comes behind it orders nothing, and in front of it makes any order total.
  const [first, second] = [...order, { field: 'handle', descending: false } as const]
  const keys =
    first!.field === 'handle'
      ? [first!]
      : [first!, { field: 'handle' as const, descending: second!.descending }]
  for (let last: Listed | undefined; ; ) {
    const behind: Filter[] = last === undefined ? [] : [beyond(keys, last)]
    const images = await read({ filter: { all: [filter, ...behind] }, order: keys, limit: pageSize })
    if (images.length > 0) yield images
    if (images.length < pageSize) return
    last = images.at(-1)
  }
}

/** What comes after this image in the order. The first condition is there for the index. */
function beyond([first, second]: readonly WalkOrder[], last: ImageKey): Filter {
  const value = keyOf[first!.field](last)
  const after: Filter = { field: first!.field, is: first!.descending ? 'lt' : 'gt', value }
  if (second === undefined) return after
  return {
    all: [
      { field: first!.field, is: first!.descending ? 'lte' : 'gte', value },
      { any: [after, { all: [{ field: first!.field, is: 'eq', value }, beyond([second], last)] }] },
    ],
  }
}
