/** Which instances are shown. */
export type InstanceSearch = {
  readonly search: string
  readonly status: string
  readonly node: string
  /** `hostname`, with `-` before it when it descends. */
  readonly sort: string
  readonly page: number
  readonly perPage: number
}

export const usualInstances: InstanceSearch = {
  search: '',
  status: '',
  node: '',
  sort: 'hostname',
  page: 1,
  perPage: 20,
}

export const noInstanceFilter = { search: '', status: '', node: '' } as const

export function isFiltered({ search, status, node }: InstanceSearch): boolean {
  return search !== '' || status !== '' || node !== ''
}
