import type { QueryClient } from '@tanstack/react-query'
import type { Key } from './keys.ts'

/** What is under one key is asked for so often at most. Milliseconds. */
const every = 1_000
/** Until an answer that is on its way is looked for again. */
const retry = 250
/** Keys that are remembered. */
const rememberedAtMost = 1_000

export type Refresher = {
  /** What is kept under this key is stale. */
  touch(key: Key): void
  /** Everything is. */
  everything(): void
  stop(): void
}

/** Has the pages ask again for what has changed: at once, but for each key not more often than once in a second. */
export function refresher(queries: QueryClient): Refresher {
  const touched = new Map<string, number>()
  const timers = new Map<string, number>()

  function refresh(name: string, key: Key): void {
    timers.delete(name)
    // What is asked for now may have been answered before the change; to stop it each time would never let it end.
    if (queries.isFetching({ queryKey: key }) > 0) {
      wait(name, key, retry)
      return
    }
    if (touched.size >= rememberedAtMost) touched.clear()
    touched.set(name, performance.now())
    // A window that nobody looks at asks when it is looked at again.
    void queries.invalidateQueries({ queryKey: key, refetchType: document.hidden ? 'none' : 'active' })
  }

  function wait(name: string, key: Key, ms: number): void {
    timers.set(name, window.setTimeout(refresh, ms, name, key))
  }

  function touch(key: Key): void {
    const name = key.join(' ')
    if (timers.has(name)) return
    const last = touched.get(name) ?? Number.NEGATIVE_INFINITY
    wait(name, key, Math.max(0, last + every - performance.now()))
  }

  return {
    touch,
    everything: () => touch([]),
    stop() {
      for (const timer of timers.values()) clearTimeout(timer)
      timers.clear()
    },
  }
}
