import { bad } from './failures.ts'

/** The parameters of a request in their order, repeated ones included. */
export type Query = {
  readonly pairs: readonly (readonly [name: string, value: string])[]
  /** Of several with one name the last counts. */
  get(name: string): string | undefined
  all(name: string): readonly string[]
}

/** @param url path with query, as in the request line. @throws Refusal 400 for what is no UTF-8 */
export function parseQuery(url: string): Query {
  const start = url.indexOf('?')
  const parts = start < 0 ? [] : url.slice(start + 1).split('&')
  const pairs = parts
    .filter((part) => part !== '')
    .map((part) => {
      const middle = part.indexOf('=')
      return middle < 0
        ? ([decode(part), ''] as const)
        : ([decode(part.slice(0, middle)), decode(part.slice(middle + 1))] as const)
    })
  const all = (name: string) => pairs.filter(([key]) => key === name).map(([, value]) => value)
  return { pairs, all, get: (name) => all(name).at(-1) }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (error) {
    throw bad(
      'Error decoding your request. Either the URL or the request body contains invalid UTF-8.',
      error,
    )
  }
}

/** A relative link with these parameters. */
export function linkTo(path: string, pairs: Query['pairs']): string {
  if (pairs.length === 0) return path
  return `${path}?${pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&')}`
}
