import { useMemo } from 'react'
import { useSearchParams } from 'react-router'

/** What a list is asked for: texts, and its page (from 1). */
export type ListAddress = { readonly page: number; readonly perPage: number }

/** The most that a page may hold. */
const longestPage = 100

/**
 * What a list is asked for, kept in the address of the page, so that a view can be kept and sent to others. What the
 * address says beside that is left alone.
 * @param usual what holds where the address says nothing; always the same object
 */
export function useListAddress<T extends ListAddress>(usual: T): readonly [T, (change: Partial<T>) => void] {
  const [parameters, setParameters] = useSearchParams()
  const shown = useMemo(() => {
    const read = (name: string, otherwise: unknown) => {
      const text = parameters.get(name)
      if (typeof otherwise !== 'number') return text ?? otherwise
      const number = Math.max(1, Math.floor(Number(text)) || otherwise)
      return name === 'perPage' ? Math.min(longestPage, number) : number
    }
    return Object.fromEntries(
      Object.entries(usual).map(([name, otherwise]) => [name, read(name, otherwise)]),
    ) as T
  }, [parameters, usual])

  const change = (changed: Partial<T>) => {
    const next = new URLSearchParams(parameters)
    // Another question begins with its first page.
    for (const [name, value] of Object.entries({ ...shown, page: 1, ...changed }))
      if (value === usual[name as keyof T]) next.delete(name)
      else next.set(name, String(value))
    setParameters(next)
  }
  return [shown, change]
}

/** The parameters by which the server is asked for the page. */
export function pageParameters<T extends ListAddress>({
  page,
  perPage,
  ...rest
}: T): Omit<T, keyof ListAddress> & { readonly offset: number; readonly limit: number } {
  return { ...rest, offset: (page - 1) * perPage, limit: perPage }
}
