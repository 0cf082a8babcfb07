/**
 * The stream at `GET events`, `text/event-stream`. It begins with a message `ready`. Each message without a name holds one
 * event; `reset` says that too much has changed to be told one by one, and `end` that the caller's rights have ended, which
 * is the last message. An id says that everything up to it has been told: whoever sends it as `Last-Event-ID`, or as
 * `?after=`, is told what came later.
 */
export type WireEvent = {
  /** `image`, `task`, `project`, `user`, … */
  readonly kind: string
  /** Absent: things of this kind, without saying which. */
  readonly id?: string
  /** What was done, or the state that a task is in. */
  readonly action?: string
}
