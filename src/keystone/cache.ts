type Entry<T> = { readonly value: T; readonly until: number; readonly size: number }

export type CacheLimits = {
  readonly entries: number
  /** Of what is kept, in the unit in which `keep` is told sizes. */
  readonly size: number
}

/** Things that hold for a while; when there are too many, the oldest go first. */
export type Cache<T> = {
  /** What is kept under this key and holds at that time. */
  find(key: string, at: number): T | undefined
  /** @param until when it ceases to hold; a time that has come already keeps nothing */
  keep(key: string, value: T, until: number, at: number, size?: number): void
}

export function cache<T>(limits: CacheLimits): Cache<T> {
  // Iterates in the order of insertion.
  const kept = new Map<string, Entry<T>>()
  let size = 0

  function drop(key: string): void {
    const entry = kept.get(key)
    if (!entry) return
    kept.delete(key)
    size -= entry.size
  }

  return {
    find(key, at) {
      const entry = kept.get(key)
      if (!entry) return undefined
      if (entry.until > at) return entry.value
      drop(key)
      return undefined
    },

    keep(key, value, until, at, own = 0) {
      drop(key)
      if (until <= at || own > limits.size) return
      kept.set(key, { value, until, size: own })
      size += own
      for (const oldest of kept.keys()) {
        if (kept.size <= limits.entries && size <= limits.size) break
        drop(oldest)
      }
    },
  }
}
