import { keepPreviousData, type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query'
import { get } from '../../api/client.ts'
import type { Found, ListSearch } from '../../parts/list/ListView.tsx'
import { pageParameters } from '../../parts/list-address.ts'

/** What a list of places is asked for; it is sorted by a column, with `-` before it when it descends. */
export type PlaceSearch = ListSearch & { readonly sort: string }

/** What the pages of places are about: where the server has it. Lists are kept under its name, one thing in the singular. */
export const folders = {
  'compute-resource': 'compute-resources',
  'operating-system': 'operating-systems',
  architecture: 'architectures',
} as const
export type PlaceKind = keyof typeof folders

export const placePath = (kind: PlaceKind, id: number | string) => `/${folders[kind]}/${id}`

/** One page of a list of places. @param rowsOf the rows of what the server answers */
export function usePlaces<List extends { readonly total: number }, Row>(
  kind: PlaceKind,
  search: PlaceSearch,
  rowsOf: (list: List) => readonly Row[],
): UseQueryResult<Found<Row>> {
  return useQuery({
    queryKey: [folders[kind], 'list', search],
    queryFn: async ({ signal }) => {
      const list = await get<List>(`/${folders[kind]}`, pageParameters(search), signal)
      return { rows: rowsOf(list), total: list.total }
    },
    // The old page stays where it is until the new one comes.
    placeholderData: keepPreviousData,
  })
}

/** One place by its id; asked for while it `isWanted`. */
export function usePlace<Detail>(kind: PlaceKind, id: string, isWanted: boolean): UseQueryResult<Detail> {
  return useQuery({
    queryKey: [kind, id],
    queryFn: ({ signal }) => get<Detail>(placePath(kind, id), {}, signal),
    enabled: isWanted,
  })
}

/** One place as it is now, to be changed; undefined until it has come. */
export function useFreshPlace<Detail>(kind: PlaceKind, id: number): Detail | undefined {
  const { data, isFetchedAfterMount } = useQuery({
    queryKey: [kind, String(id)],
    queryFn: ({ signal }) => get<Detail>(placePath(kind, id), {}, signal),
    refetchOnMount: 'always',
  })
  return isFetchedAfterMount ? data : undefined
}

const nouns: ReadonlySet<unknown> = new Set([
  ...Object.keys(folders),
  ...Object.values(folders),
  ...['registrations', 'images', 'image'],
])

/**
 * Places are shown in each other's words, and a registration may be an image: after a change all of them are asked for
 * anew, but for one that is gone.
 */
export function usePlacesChanged(): (gone?: { kind: PlaceKind; id: number }) => Promise<void> {
  const queries = useQueryClient()
  return (gone) =>
    queries.invalidateQueries({
      predicate: ({ queryKey: [noun, ...rest] }) => {
        const [kind, id] = noun === 'registrations' ? rest : [noun, ...rest]
        return nouns.has(noun) && !(gone && kind === gone.kind && id === String(gone.id))
      },
    })
}
