import { refuse } from './failures.ts'
import { formQuery, type Query } from './query.ts'

const defaultSize = 20
const maximumSize = 500

/** Which page is asked for (onecloudplanet.md 1.5). */
export type Page = {
  readonly number: number
  readonly size: number
  readonly offset: number
  readonly count: number
}

export type Envelope<T> = {
  readonly count: number
  readonly next: string | null
  readonly previous: string | null
  readonly objects: readonly T[]
  readonly totalCount: number
  readonly pageNo: number
}

/** As Python's `int`, of which DRF makes its numbers: blanks around and zeros before do not matter. */
function positiveInteger(text: string | undefined): number | null {
  const digits = /^\s*\+?0*([1-9]\d*)\s*$/.exec(text ?? '')?.[1]
  return digits === undefined ? null : Number(digits)
}

/** @throws Refusal 404 for a page that is no number, or beyond the last one. */
export function pageOf(query: Query, count: number): Page {
  const size = Math.min(positiveInteger(query.get('page_size')) ?? defaultSize, maximumSize)
  const last = Math.max(1, Math.ceil(count / size))
  const asked = query.get('page') || '1'
  const number = asked === 'last' ? last : positiveInteger(asked)
  if (number === null || number > last) throw refuse(404, 'Invalid page.')
  return { number, size, offset: (number - 1) * size, count }
}

/** @param place origin and path of the request, which the links repeat */
export function envelope<T>(place: string, query: Query, page: Page, objects: readonly T[]): Envelope<T> {
  const { number, count } = page
  const last = page.offset + page.size >= count
  return {
    count,
    next: last ? null : link(place, query, number + 1),
    previous: number === 1 ? null : link(place, query, number - 1),
    objects,
    totalCount: count,
    pageNo: number,
  }
}

/** "The link to page 1 carries no `page` parameter." */
function link(place: string, query: Query, number: number): string {
  const others = query.pairs.filter(([name]) => name !== 'page')
  const text = formQuery(number === 1 ? others : [...others, ['page', String(number)]])
  return text === '' ? place : `${place}?${text}`
}
