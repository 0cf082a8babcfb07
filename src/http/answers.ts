/**
 * Answers that are given again, byte for byte, until anybody writes to the database. Nothing is ever stale: an answer
 * is kept only if nothing was written while it was made, and found only while nothing was written since. Where the
 * database cannot tell (PostgreSQL, whose other processes write too), nothing is kept.
 */
export type Answers = {
  /**
   * The answer for this asker and key, kept or made. Two askers never share one; an asker that is gone takes its
   * answers along.
   */
  again(asker: object, key: string, make: () => Promise<Buffer>): Promise<Buffer>
}

/** Bytes of all kept answers and their keys together; beyond that they are all dropped, which costs one making each. */
const mostBytes = 32 * 1024 * 1024
/** What keeping an answer takes besides, about. */
const entryBytes = 1024

export function answers(version: () => number | null): Answers {
  let kept = new WeakMap<object, Map<string, Buffer>>()
  let keptVersion: number | null = null
  let bytes = 0

  function forget(present: number | null): void {
    kept = new WeakMap()
    keptVersion = present
    bytes = 0
  }

  return {
    async again(asker, key, make) {
      const before = version()
      if (before === null) return make()
      if (before !== keptVersion) forget(before)
      const found = kept.get(asker)?.get(key)
      if (found) return found
      const made = await make()
      if (version() !== before || keptVersion !== before) return made
      // Keys are the callers' to choose, and may be longer than what they find.
      const size = key.length + made.length + entryBytes
      if (bytes + size > mostBytes) forget(before)
      const own = kept.get(asker) ?? new Map<string, Buffer>()
      kept.set(asker, own.set(key, made))
      bytes += size
      return made
    },
  }
}
