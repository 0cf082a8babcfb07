import { useMemo } from 'react'
import { useSearchParams } from 'react-router'

/** What the list is asked for; all of it is in the address, so that a view can be kept and sent to others. */
export type ImageSearch = {
  readonly search: string
  readonly status: string
  readonly visibility: string
  readonly format: string
  readonly tag: string
  readonly project: string
  readonly os: string
  /** A column, with `-` before it when it descends. */
  readonly sort: string
  /** From 1. */
  readonly page: number
  readonly perPage: number
}

export const filterNames = ['status', 'visibility', 'format', 'tag', 'project', 'os'] as const
export type FilterName = (typeof filterNames)[number]

const usual = { sort: '-createdAt', page: 1, perPage: 20 }

export function useImageSearch(): readonly [ImageSearch, (change: Partial<ImageSearch>) => void] {
  const [parameters, setParameters] = useSearchParams()
  const search = useMemo((): ImageSearch => {
    const text = (name: string) => parameters.get(name) ?? ''
    const number = (name: string, otherwise: number) => Math.max(1, Number(parameters.get(name)) || otherwise)
    return {
      search: text('search'),
      status: text('status'),
      visibility: text('visibility'),
      format: text('format'),
      tag: text('tag'),
      project: text('project'),
      os: text('os'),
      sort: text('sort') || usual.sort,
      page: number('page', usual.page),
      perPage: Math.min(100, number('perPage', usual.perPage)),
    }
  }, [parameters])

  const change = (changed: Partial<ImageSearch>) => {
    // Another question begins with its first page.
    const next = { ...search, page: 1, ...changed }
    const kept = Object.entries(next).filter(
      ([name, value]) => value !== '' && value !== usual[name as keyof typeof usual],
    )
    setParameters(Object.fromEntries(kept.map(([name, value]) => [name, String(value)])))
  }
  return [search, change]
}

/** The parameters of `GET images`. */
export function toParameters({ page, perPage, ...rest }: ImageSearch): Record<string, string | number> {
  return { ...rest, offset: (page - 1) * perPage, limit: perPage }
}

export function isFiltered(search: ImageSearch): boolean {
  return search.search !== '' || filterNames.some((name) => search[name] !== '')
}
