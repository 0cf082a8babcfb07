import { setTimeout as pause } from 'node:timers/promises'
import type { WireTask } from '../faces/console/wire.ts'
import type { Context } from './context.ts'
import { CliError } from './errors.ts'
import { progressOn } from './progress.ts'

export const ended: readonly string[] = ['succeeded', 'failed', 'cancelled']

/** Milliseconds between looks at a task: quick at first, because many are short. */
const firstLook = 100
const slowestLook = 1_000

/**
 * Waits for the end of a task, showing its progress. Ctrl-C ends the waiting, not the task.
 * @throws CliError when the task does not succeed
 */
export async function waitFor(
  context: Context,
  id: string,
  label: string,
  unit: 'bytes' | 'count',
): Promise<WireTask> {
  const progress = progressOn(process.stderr, label, unit)
  try {
    for (let look = firstLook; ; look = Math.min(look * 1.5, slowestLook)) {
      const task = await context.client().get<WireTask>(`/tasks/${encodeURIComponent(id)}`)
      progress.at(task.progress, task.progressTotal)
      if (ended.includes(task.state)) {
        progress.stop()
        if (task.state !== 'succeeded')
          throw new CliError(`${task.kind} ${task.state}: ${task.failure ?? 'no reason is known'}`)
        return task
      }
      await pause(look, undefined, { signal: context.signal }).catch(() => {
        throw new CliError('Interrupted. The task goes on.', {
          code: 'interrupted',
          hint: `watch it with: imageport task wait ${id}; stop it with: imageport task cancel ${id}`,
        })
      })
    }
  } finally {
    progress.stop()
  }
}
