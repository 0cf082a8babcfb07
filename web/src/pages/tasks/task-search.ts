import { type ListAddress, useListAddress } from '../../parts/list-address.ts'

/** What the list of tasks is asked for; `mine` is `true` or empty, `image` a uuid. */
export type TaskSearch = ListAddress & {
  readonly state: string
  readonly kind: string
  readonly mine: string
  readonly image: string
}

const usual: TaskSearch = { state: '', kind: '', mine: '', image: '', page: 1, perPage: 20 }
export const unfiltered = { state: '', kind: '', mine: '', image: '' } as const

export const useTaskSearch = () => useListAddress(usual)

export function isFiltered(search: TaskSearch): boolean {
  return Object.keys(unfiltered).some((name) => search[name as keyof typeof unfiltered] !== '')
}
