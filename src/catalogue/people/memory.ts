import type { Core } from '../core.ts'
import { now, second } from '../time.ts'

/**
 * How long somebody found by a token may be remembered: until anybody writes, where the database can tell, else the
 * one second that one-catalogue.md section 4, rule 1, allows. Who is remembered is the same object as long.
 */
const rememberedFor = 1 * second
const rememberedAtMost = 10_000

type Kept<T> = { readonly value: T; readonly until: number; readonly version: number | null }

/** What is remembered under this key, or is loaded now; what `load` throws is not remembered. */
export type Recall<T> = (key: string, load: () => Promise<T>) => Promise<T>

export type Memory = {
  /** A memory of its own for one kind of things. */
  recall<T>(): Recall<T>
  /** After any change to people, groups, roles or tokens made by this process. */
  forget(): void
  /** Changes with each `forget`. */
  changes(): number
}

/** Who is who, for those who ask again and again. */
export function memory({ database }: Core): Memory {
  const all: Map<string, unknown>[] = []
  let forgotten = 0

  return {
    recall<T>(): Recall<T> {
      const kept = new Map<string, Kept<T>>()
      all.push(kept)
      return async (key, load) => {
        const at = now()
        const version = database.version()
        const known = kept.get(key)
        if (known && (version === null ? known.until >= at : known.version === version)) return known.value
        const before = forgotten
        const value = await load()
        // What was read before a change that has been forgotten since must not come back with it.
        if (before !== forgotten) return value
        if (kept.size >= rememberedAtMost) kept.clear()
        kept.set(key, { value, until: at + rememberedFor, version })
        return value
      }
    },

    forget() {
      forgotten++
      for (const kept of all) kept.clear()
    },

    changes: () => forgotten,
  }
}
