import { cached, within } from './cached.ts'
import type { Part } from './statistics.ts'

/** Part (`database`, `store NAME`) → whether it can be used. */
export type Readiness = ReadonlyMap<string, boolean>

/** For how long an answer counts, and how long a part has for its own. Milliseconds. */
export const readinessLimits = { fresh: 2_000, patience: 2_000 }

/** Looks at every part. `trouble` hears once when a part stops working, and again when it works. */
export function readinessOf(
  { statistics }: { readonly statistics: { parts(): readonly Part[] } },
  trouble: (part: string, error: unknown) => void,
  limits = readinessLimits,
): () => Promise<Readiness> {
  const working = new Map<string, boolean>()
  const parts = statistics.parts().map(({ name, check }) => ({
    name,
    // The check may hang for minutes on a dead server; the limit is on waiting for it.
    check: cached(limits.fresh, check),
  }))
  return async () => {
    const found = await Promise.all(
      parts.map(async ({ name, check }) => {
        try {
          await within(limits.patience, check())
          note(name, true, null)
          return [name, true] as const
        } catch (error) {
          note(name, false, error)
          return [name, false] as const
        }
      }),
    )
    return new Map(found)
  }

  function note(name: string, works: boolean, error: unknown): void {
    const before = working.get(name) ?? true
    working.set(name, works)
    if (before !== works) trouble(name, error)
  }
}
