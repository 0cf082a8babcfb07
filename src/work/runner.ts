import { setTimeout as pause } from 'node:timers/promises'
import type { Actor } from '../catalogue/actor.ts'
import { isFailure } from '../catalogue/failure.ts'
import { taskQueue } from '../catalogue/tasks/queue.ts'
import { type FailedResult, type Task, taskChannel, workerFor } from '../catalogue/tasks/task.ts'
import type { Kind, WorkParts } from './kind.ts'

export type RunnerOptions = {
  /** How many tasks this process works on at once. */
  readonly parallel: number
  /** Seconds between looks at the queue when nothing wakes the runner. */
  readonly pollSeconds: number
  readonly log: (level: 'info' | 'warn' | 'error', facts: object, message: string) => void
}

export type Runner = {
  /** Stops taking tasks, hands back those under way, and waits until they have let go. */
  stop(): Promise<void>
  readonly running: () => number
}

/** How often progress is written and a request to cancel is noticed. */
const reportMs = 500
/** Pauses before what could not be settled is tried again; after the last one the task is run again. Milliseconds. */
const settlePauses = [1_000, 5_000, 30_000]

/** Works on tasks until it is stopped: woken by `notify`, with a slow poll as a safety net. */
export async function startRunner(
  kinds: readonly Kind[],
  parts: WorkParts,
  options: RunnerOptions,
): Promise<Runner> {
  const { database } = parts.core
  const queue = taskQueue(parts.core)
  const byName = new Map(kinds.map((kind) => [kind.name, kind]))
  const stopping = new AbortController()
  const underWay = new Set<Promise<void>>()
  let looking = false
  let again = false
  let timer: NodeJS.Timeout | undefined

  async function look(): Promise<void> {
    if (looking) {
      again = true
      return
    }
    looking = true
    try {
      do {
        again = false
        while (!stopping.signal.aborted && underWay.size < options.parallel) {
          const task = await queue.claim([...byName.keys()])
          if (!task) break
          const work = carryOut(task).finally(() => {
            underWay.delete(work)
            void look()
          })
          underWay.add(work)
        }
      } while (again)
      await schedule()
    } catch (error) {
      options.log('error', { err: error }, 'the task queue cannot be read')
      arm(options.pollSeconds)
    } finally {
      looking = false
    }
  }

  async function schedule(): Promise<void> {
    const due = await queue.nextDue()
    arm(Math.min(options.pollSeconds, due === null || due === 0 ? options.pollSeconds : due))
  }

  function arm(seconds: number): void {
    clearTimeout(timer)
    if (!stopping.signal.aborted) timer = setTimeout(look, Math.max(seconds * 1000, 50)).unref()
  }

  async function carryOut(task: Task): Promise<void> {
    const kind = byName.get(task.kind)!
    const lost = new AbortController()
    const signal = AbortSignal.any([stopping.signal, lost.signal])
    let latest: { done: number; total: number | null } = { done: task.progress, total: task.progressTotal }
    const report = setInterval(async () => {
      try {
        if (!(await queue.progress(task.id, latest.done, latest.total))) lost.abort()
      } catch (error) {
        options.log('warn', { err: error, task: task.id }, 'progress could not be written')
      }
    }, reportMs)
    const run = { task, actor: await actorOf(parts, task) }
    const log = { task: task.id, kind: task.kind, image: task.imageUuid, reqId: task.requestId ?? undefined }
    try {
      const result = await kind.run(
        {
          ...run,
          signal,
          progress: (done, total) => {
            latest = { done, total }
          },
        },
        parts,
      )
      await queue.progress(task.id, latest.done, latest.total)
      await queue.end(task.id, { state: 'succeeded', result })
      options.log('info', log, 'task succeeded')
    } catch (error) {
      clearInterval(report)
      await settleAtLast(error)
    } finally {
      clearInterval(report)
    }

    /** The lease is the process's: as long as that lives, nobody else would put right what could not be settled. */
    async function settleAtLast(error: unknown): Promise<void> {
      for (const wait of [...settlePauses, null]) {
        try {
          return await settle(error)
        } catch (inner) {
          options.log('error', { ...log, err: inner }, 'a failed task could not be settled')
        }
        if (wait === null || stopping.signal.aborted) break
        await pause(wait, undefined, { signal: stopping.signal }).catch(() => {})
      }
      const released = queue.release(task.id, settlePauses.at(-1)! / 1000, true)
      await released.catch((inner) =>
        options.log('error', { ...log, err: inner }, 'a task cannot be handed back'),
      )
    }

    /** What a run that ended badly means: cancelled, handed back, tried again, or failed. */
    async function settle(error: unknown): Promise<void> {
      if (stopping.signal.aborted) return await queue.release(task.id, 0, false)
      if (!lost.signal.aborted && kind.retry?.(error) && task.attempts < 5)
        return await queue.release(task.id, 2 ** task.attempts, true)
      const cancelled = lost.signal.aborted
      const reason = cancelled ? 'The task was cancelled.' : reasonOf(error)
      const result: FailedResult | undefined = isFailure(error)
        ? { code: error.code, detail: error.detail }
        : undefined
      await queue.end(task.id, { state: cancelled ? 'cancelled' : 'failed', failure: reason, result })
      if (isFailure(error) || cancelled) options.log('info', { ...log, reason }, 'task failed')
      else options.log('error', { ...log, err: error }, 'task failed')
    }
  }

  const unlisten = await database.listen(taskChannel, () => void look())
  await look()

  return {
    running: () => underWay.size,
    async stop() {
      stopping.abort()
      clearTimeout(timer)
      await unlisten()
      await Promise.all(underWay)
    },
  }
}

function reasonOf(error: unknown): string {
  return isFailure(error) ? error.message : 'The task failed because of an internal error.'
}

async function actorOf({ catalogue }: WorkParts, task: Task): Promise<Actor> {
  return workerFor(task, task.userId === null ? undefined : await catalogue.users.byId(task.userId))
}
