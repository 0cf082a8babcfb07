import type { Task } from '../../catalogue/tasks/task.ts'
import { json } from './json.ts'
import { pendingBody, type StatusBody, statusOf } from './task-status.ts'

/** Milliseconds. */
export type Clock = {
  now(): number
  /** Also ends, without an error, when the signal is given. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export type Watch = {
  /** The id of 2.1. */
  readonly taskId: string
  /** The task as it is now; undefined when it is known no more. */
  readonly look: () => Promise<Task | undefined>
  /** Does the caller want the line with the HTTP code? */
  readonly codeLine: boolean
  readonly indent: number
  /** The client went away. */
  readonly gone: AbortSignal
  /** The server stops: the client is told that the task goes on. */
  readonly stopping: AbortSignal
}

/** How long we wait for a task at most, in milliseconds. */
const limit = 3600_000

/** The keep-alive bytes: so many milliseconds after the one at this time (danube.md 2.6). */
function pauseAt(elapsed: number): number {
  if (elapsed < 5_000) return 1_000
  if (elapsed < 30_000) return 3_000
  if (elapsed < 60_000) return 6_000
  return elapsed < 1200_000 ? 12_000 : 30_000
}

/** When to look again: most work is short, and whoever waits for long work minds no second. */
function nextLook(elapsed: number): number {
  if (elapsed < 5_000) return 150
  return elapsed < 60_000 ? 500 : 2_000
}

/** What is sent while and after a task runs (2.6): spaces, then the code and the status. Nothing more once the client is gone. */
export async function* waitingStream(watch: Watch, clock: Clock = systemClock): AsyncGenerator<string> {
  const { gone, stopping } = watch
  const wake = AbortSignal.any([gone, stopping])
  const begun = clock.now()
  let spaceAt = pauseAt(0)
  for (;;) {
    const ended = await endOf(watch)
    if (gone.aborted) return
    if (ended) return yield closing(watch, ended.http, ended.body)
    const elapsed = clock.now() - begun
    // The original sends no code then, at which its own client breaks.
    if (elapsed >= limit || stopping.aborted) return yield closing(watch, 201, pendingBody(watch.taskId))
    if (elapsed >= spaceAt) {
      yield ' '
      spaceAt += pauseAt(spaceAt)
    }
    const now = clock.now() - begun
    await clock.sleep(Math.max(0, Math.min(nextLook(now), spaceAt - now, limit - now)), wake)
    if (gone.aborted) return
  }
}

/** A database that cannot be reached for a moment is no reason to break off: the next look may succeed. */
async function endOf({ look, taskId }: Watch): Promise<{ http: number; body: StatusBody } | null> {
  let task: Task | undefined
  try {
    task = await look()
  } catch {
    return null
  }
  if (!task) return { http: 410, body: { task_id: taskId, status: 'REVOKED', result: 'expired' } }
  const status = statusOf(task)
  return status.http === 201 ? null : status
}

function closing({ codeLine, indent }: Watch, http: number, body: StatusBody): string {
  return `${codeLine ? `${http}\n` : ''}${json(body, indent)}`
}

const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const end = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, ms)
      signal.addEventListener('abort', end)
    }),
}
