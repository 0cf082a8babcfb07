import type { Filter, Order } from '../../catalogue/search.ts'

/** What has the text in one of these fields; undefined: nothing was asked. */
export function containing(text: string | undefined, fields: readonly string[]): Filter | undefined {
  const wanted = text?.trim()
  if (!wanted) return undefined
  return { any: fields.map((field) => ({ field, like: ['', wanted, ''] })) }
}

/** What satisfies all of these that were asked for. */
export function every(...filters: readonly (Filter | undefined)[]): Filter | undefined {
  const asked = filters.filter((filter) => filter !== undefined)
  return asked.length === 0 ? undefined : { all: asked }
}

/** The order of a list, with the id behind it, so that pages are stable. `caseless`: there are few, so all are sorted. */
export function toOrder(sort: string, { caseless }: { readonly caseless: boolean }): readonly Order[] {
  const descending = sort.startsWith('-')
  const field = descending ? sort.slice(1) : sort
  return [
    { field, descending, caseless },
    { field: 'id', descending },
  ]
}
