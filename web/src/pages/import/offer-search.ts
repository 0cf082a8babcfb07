/** What is shown of the repositories. */
export type OfferSearch = {
  /** Empty: the first one. */
  readonly repository: string
  readonly search: string
  readonly os: string
  readonly type: string
  /** With `-` before it when it descends. */
  readonly sort: string
  readonly page: number
  readonly perPage: number
}

export const usualOffers: OfferSearch = {
  repository: '',
  search: '',
  os: '',
  type: '',
  sort: '-published',
  page: 1,
  perPage: 20,
}

export const noOfferFilter = { search: '', os: '', type: '' } as const

export function isFiltered({ search, os, type }: OfferSearch): boolean {
  return search !== '' || os !== '' || type !== ''
}
