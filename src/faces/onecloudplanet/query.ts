/** Decodes a query as Python does, with which URLSearchParams agrees in this direction; the order is kept. */
export type Query = {
  /** The value of a parameter that occurs once, or the last one of several. */
  get(name: string): string | undefined
  readonly pairs: readonly (readonly [name: string, value: string])[]
}

/** @param url path with query, as in the request line */
export function parseQuery(url: string): Query {
  const start = url.indexOf('?')
  const pairs = start < 0 ? [] : [...new URLSearchParams(url.slice(start + 1))]
  return { pairs, get: (name) => pairs.findLast(([key]) => key === name)?.[1] }
}

/**
 * Python's form-encoding, in which page links are written: letters, digits and `_.-~` stay, a blank becomes `+`,
 * every other byte is percent-encoded in upper case (onecloudplanet.md 1.5).
 */
export function formEncode(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}

/** The query of these parameters, sorted by name; several values of one name stay in their order. */
export function formQuery(pairs: readonly (readonly [name: string, value: string])[]): string {
  return pairs
    .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([name, value]) => `${formEncode(name)}=${formEncode(value)}`)
    .join('&')
}
