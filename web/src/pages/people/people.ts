import { keepPreviousData, type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query'
import type {
  WireProject,
  WireProjectList,
  WireUser,
  WireUserList,
} from '../../../../src/faces/console/wire.ts'
import type { WireGroup, WireGroupList, WireUserDetails } from '../../../../src/faces/console/wire-people.ts'
import { get } from '../../api/client.ts'
import type { Found, ListSearch } from '../../parts/list/ListView.tsx'
import { pageParameters } from '../../parts/list-address.ts'

/** What is called by its name, here and by the server. */
export type Noun = 'users' | 'groups' | 'projects'

export type Things = { users: WireUser; groups: WireGroup; projects: WireProject }
type Lists = { users: WireUserList; groups: WireGroupList; projects: WireProjectList }
type Details = { users: WireUserDetails; groups: WireGroup; projects: WireProject }

export const pathOf = (noun: Noun, name: string) => `/${noun}/${encodeURIComponent(name)}`

/** One page of a list. Users, groups and projects are kept under their nouns, whole or in parts. */
export function usePage<N extends Noun>(
  noun: N,
  search: ListSearch & Readonly<Record<string, string | number>>,
): UseQueryResult<Found<Things[N]>> {
  return useQuery({
    queryKey: [noun, 'list', search],
    queryFn: async ({ signal }) => {
      const list = await get<Lists[N]>(`/${noun}`, pageParameters(search), signal)
      return { rows: rowsOf(noun, list), total: list.total }
    },
    // The old page stays where it is until the new one comes.
    placeholderData: keepPreviousData,
  })
}

function rowsOf<N extends Noun>(noun: N, list: Lists[N]): readonly Things[N][] {
  return (list as unknown as Record<N, readonly Things[N][]>)[noun]
}

/** One of them by its name. */
export function useOne<N extends Noun>(noun: N, name: string): UseQueryResult<Details[N]> {
  return useQuery({
    queryKey: [noun, 'one', name],
    queryFn: ({ signal }) => get<Details[N]>(pathOf(noun, name), {}, signal),
  })
}

const nouns: ReadonlySet<unknown> = new Set(['users', 'groups', 'projects', 'grants', 'me', 'tokens'])

/**
 * Users, groups, projects and roles are shown in each other's words: after a change all of them are asked for anew, but
 * for what is gone and was kept as `[noun, 'one', name]` and `['grants', noun, name]`.
 */
export function usePeopleChanged(): (gone?: { readonly noun: Noun; readonly name: string }) => Promise<void> {
  const queries = useQueryClient()
  return (gone) =>
    queries.invalidateQueries({
      predicate: ({ queryKey: [noun, part, name] }) => {
        const isGone = gone?.name === name && (gone?.noun === noun || gone?.noun === part)
        return nouns.has(noun) && !isGone
      },
    })
}
