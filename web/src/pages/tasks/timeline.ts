import type { WireTaskItem, WireTaskLog } from '../../../../src/faces/console/wire-tasks.ts'
import { isOver } from './task.ts'

/** Something that happened to a task. */
export type Step = {
  /** Null: it is happening now. */
  readonly at: string | null
  readonly look: 'success' | 'info' | 'warning' | 'danger' | 'default'
  /** Id of the text, or the text itself where it is the server's. */
  readonly id?: string
  readonly text?: string
  readonly who?: string
  readonly face?: string
  /** What the log says beside it. */
  readonly detail?: string | null
}

const ends: Readonly<Record<string, Step['look']>> = {
  succeeded: 'success',
  failed: 'danger',
  cancelled: 'warning',
}

/** What is known of a task, in the order in which it happened. */
export function timelineOf(task: WireTaskItem, { entries, deeds }: WireTaskLog): readonly Step[] {
  const [begun, ...later] = entries
  // The log tells of the end with the words of the beginning; what has other words happened besides.
  const outcome = later.find(({ message }) => message === begun?.message)
  const told = later.filter((entry) => entry !== outcome)
  const steps: Step[] = [
    {
      at: task.createdAt,
      look: 'default',
      id: 'created',
      who: task.username ?? '',
      face: task.face,
      detail: begun?.detail ?? null,
    },
    ...(task.startedAt === null ? [] : [{ at: task.startedAt, look: 'default', id: 'started' } as const]),
    ...deeds.map(({ at, action, username, face }) => ({
      at,
      look: 'warning' as const,
      ...(action === 'cancel' ? { id: 'cancel' } : { text: action }),
      who: username,
      face,
    })),
    ...told.map(({ at, state, message, detail }) => ({
      at,
      look: ends[state] ?? 'default',
      text: message,
      detail,
    })),
    ...(isOver(task)
      ? [
          {
            at: task.finishedAt,
            look: ends[task.state] ?? 'default',
            id: task.state,
            detail: task.failure ?? outcome?.detail ?? null,
          },
        ]
      : []),
  ]
  // What is of the same moment stays in the order in which it is told here.
  steps.sort((a, b) => (a.at ?? '').localeCompare(b.at ?? ''))
  return isOver(task) ? steps : [...steps, { at: null, look: 'info', id: task.state }]
}
