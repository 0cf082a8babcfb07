import { badParameter } from './failures.ts'

/** The parameters of a request; of several with one name the last counts. */
export type Query = {
  get(name: string): string | undefined
  all(name: string): readonly string[]
  /** Parameters whose name begins so, without that beginning. */
  below(prefix: string): readonly (readonly [name: string, value: string])[]
  /** `true` or `false`; undefined when absent. @throws Refusal 422 */
  flag(name: string): boolean | undefined
}

/** @param url path with query, as in the request line */
export function parseQuery(url: string): Query {
  const start = url.indexOf('?')
  const pairs = start < 0 ? [] : [...new URLSearchParams(url.slice(start + 1))]
  const all = (name: string) => pairs.filter(([key]) => key === name).map(([, value]) => value)
  return {
    get: (name) => all(name).at(-1),
    all,
    below: (prefix) =>
      pairs
        .filter(([key]) => key.startsWith(prefix) && key.length > prefix.length)
        .map(([key, value]) => [key.slice(prefix.length), value]),
    flag(name) {
      const value = all(name).at(-1)
      if (value === undefined) return undefined
      if (/^true$/i.test(value)) return true
      if (/^false$/i.test(value)) return false
      throw badParameter(name, 'must be "true" or "false"')
    },
  }
}
