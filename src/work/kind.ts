import type { Actor } from '../catalogue/actor.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Core } from '../catalogue/core.ts'
import type { Task } from '../catalogue/tasks/task.ts'
import type { Outbound } from '../outbound/outbound.ts'

export type WorkParts = { readonly core: Core; readonly catalogue: Catalogue; readonly outbound: Outbound }

export type Run = {
  readonly task: Task
  /** Who asked for the work, with the rights to carry it out. */
  readonly actor: Actor
  /** Aborted when the task is cancelled, was taken away, or the process stops. */
  readonly signal: AbortSignal
  readonly progress: (done: number, total: number | null) => void
}

/**
 * One kind of long work. It is safe to run again from the start, whatever an earlier, broken run left behind.
 * What it throws fails the task for good, unless `retry` says that trying again later may help; what that leaves in the
 * catalogue is put right as the task ends (catalogue/tasks/rollbacks.ts).
 */
export type Kind = {
  readonly name: string
  run(run: Run, parts: WorkParts): Promise<unknown>
  readonly retry?: (error: unknown) => boolean
}
