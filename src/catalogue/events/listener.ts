import type { Actor } from '../actor.ts'
import type { CatalogueEvent, EventBatch } from './event.ts'

/** The end of a listener that takes what it is told; what threw it out is thrown to it. */
export type Listener = {
  /**
   * What has happened since; the first batch comes at once.
   * @param waitMs after so long without anything an empty batch comes
   * @returns null when the listener was ended
   * @throws Failure `unauthenticated` when its rights have ended; whatever kept the catalogue from telling it more
   */
  next(waitMs: number): Promise<EventBatch | null>
  /** Nothing more is wanted. */
  end(): void
}

/** The other end, for whoever tells. */
export type Hearer = Listener & {
  readonly actor: () => Actor
  /** New rights. Where they differ, what may be seen differs in ways that no event tells. */
  become(actor: Actor): void
  tell(event: CatalogueEvent): void
  reset(): void
  /** All of what was told belongs before this position. */
  advance(position: number): void
  fail(problem: unknown): void
}

/**
 * Keeps what a listener has not taken yet: of events about the same thing only the last, and not more than `atMost`;
 * above that it is told to read everything again.
 */
export function createListener(first: Actor, position: number, atMost: number, ended: () => void): Hearer {
  let actor = first
  let reached = position
  let reset = false
  let fresh = true
  let end: { readonly problem: unknown } | undefined
  let wake = () => {}
  const waiting = new Map<string, CatalogueEvent>()

  function close(problem: unknown): void {
    if (end) return
    end = { problem }
    ended()
    wake()
  }

  function tell(event: CatalogueEvent): void {
    if (reset) return
    waiting.set(`${event.kind}:${event.id ?? ''}`, event)
    if (waiting.size > atMost) startAnew()
    wake()
  }

  function startAnew(): void {
    waiting.clear()
    reset = true
    wake()
  }

  function take(): EventBatch {
    const batch = { position: reached, reset, events: [...waiting.values()] }
    waiting.clear()
    reset = false
    fresh = false
    return batch
  }

  return {
    actor: () => actor,
    become(next) {
      if (!hasSameRights(actor, next)) startAnew()
      actor = next
    },
    tell,
    reset: startAnew,
    advance(position) {
      reached = Math.max(reached, position)
    },
    fail: close,
    end: () => close(undefined),

    async next(waitMs) {
      if (!fresh && !reset && waiting.size === 0 && !end) {
        let timer: NodeJS.Timeout | undefined
        await new Promise<void>((resolve) => {
          wake = resolve
          timer = setTimeout(resolve, waitMs)
        })
        clearTimeout(timer)
      }
      if (!end) return take()
      if (end.problem === undefined) return null
      throw end.problem
    },
  }
}

function hasSameRights(before: Actor, after: Actor): boolean {
  const rights = ({ superAdmin, roles }: Actor) =>
    JSON.stringify([superAdmin, [...roles].map(([id, held]) => [id, ...[...held].sort()]).sort()])
  return rights(before) === rights(after)
}
