import type { Actor } from '../actor.ts'

/** That something has changed, and not how: whoever is told asks for it, with his own rights. */
export type CatalogueEvent = {
  /** `image`, `task`, `project`, …: the audit log's kinds, with hyphens. */
  readonly kind: string
  /** Absent: things of this kind, without saying which. */
  readonly id?: string
  /** What was done, or for a task the state that it is in. */
  readonly action?: string
}

/** A change as somebody may hear of it; null: it is none of his business. */
export type Hearing = (actor: Actor) => CatalogueEvent | null

/** What a listener is told at once. */
export type EventBatch = {
  /** Everything up to here has been told; whoever comes back with it is told what came after. */
  readonly position: number
  /** Too much has happened, or too much about the listener has changed: everything is to be read again. */
  readonly reset: boolean
  /** Empty where nothing has happened for as long as the listener wanted to wait. */
  readonly events: readonly CatalogueEvent[]
}
