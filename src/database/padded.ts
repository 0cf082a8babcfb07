/**
 * A list for `in (…)`, with its last entry repeated up to a power of two. Statements are kept by their text, and lists of
 * every length would each be a statement of their own.
 */
export function padded<T>(list: readonly T[]): readonly T[] {
  if (list.length === 0) return list
  const length = 2 ** Math.ceil(Math.log2(list.length))
  return [...list, ...Array<T>(length - list.length).fill(list.at(-1)!)]
}
