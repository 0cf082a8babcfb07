import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { WireImageList } from '../../../../src/faces/console/wire.ts'
import type {
  WireArchitectureList,
  WireOperatingSystemList,
  WirePlaceList,
} from '../../../../src/faces/console/wire-places.ts'
import { get } from '../../api/client.ts'

/** Something to be chosen. */
export type Option = { readonly id: number | string; readonly text: string; readonly about?: string }

export type Options = { readonly options: readonly Option[]; readonly total: number }

/** Where options come from: the server finds them by what was typed. */
export type Source = {
  /** Key of the query, the noun first. */
  readonly key: readonly string[]
  readonly find: (search: string, signal: AbortSignal) => Promise<Options>
}

/** So many are offered; whoever looks for another types more of its name. */
const limit = 20

const placesIn = (tree: 'projects' | 'locations'): Source => ({
  key: [tree, 'choices'],
  find: async (search, signal) => {
    const { places, total } = await get<WirePlaceList>(`/places/${tree}`, { search, limit }, signal)
    return { options: places.map(({ id, title }) => ({ id, text: title })), total }
  },
})
export const projects = placesIn('projects')
export const locations = placesIn('locations')

export const operatingSystems: Source = {
  key: ['operating-systems', 'choices'],
  find: async (search, signal) => {
    const list = await get<WireOperatingSystemList>('/operating-systems', { search, limit }, signal)
    return { options: list.operatingSystems.map(({ id, title }) => ({ id, text: title })), total: list.total }
  },
}

export const architectures: Source = {
  key: ['architectures', 'choices'],
  find: async (search, signal) => {
    const list = await get<WireArchitectureList>('/architectures', { search, limit }, signal)
    return { options: list.architectures.map(({ id, name }) => ({ id, text: name })), total: list.total }
  },
}

/** Images that can be used, as far as the lists of images show them. */
export const images: Source = {
  key: ['images', 'choices'],
  find: async (search, signal) => {
    const list = await get<WireImageList>(
      '/images',
      { search, limit, status: 'active', sort: 'name' },
      signal,
    )
    return {
      options: list.images.map(({ uuid, name }) => ({ id: uuid, text: name || uuid, about: uuid })),
      total: list.total,
    }
  },
}

/** How long somebody may pause while typing, in milliseconds. */
const typing = 250

/** What the source has for the text, once nobody has typed for a moment. Asked only while it `isWanted`. */
export function useOptions(source: Source, typed: string, isWanted: boolean) {
  const [search, setSearch] = useState(typed)
  useEffect(() => {
    const timer = setTimeout(() => setSearch(typed), typing)
    return () => clearTimeout(timer)
  }, [typed])
  return useQuery({
    queryKey: [...source.key, search],
    queryFn: ({ signal }) => source.find(search.trim(), signal),
    enabled: isWanted,
    placeholderData: keepPreviousData,
  })
}
