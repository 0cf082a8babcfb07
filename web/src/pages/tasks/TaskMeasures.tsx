import { useIntl } from 'react-intl'
import type { WireTaskItem } from '../../../../src/faces/console/wire-tasks.ts'
import { useBytes } from '../../parts/values.tsx'
import { useDuration } from './duration.tsx'
import { useSpeed } from './speed.ts'
import { TaskProgress, useAmount } from './TaskProgress.tsx'
import { isOver, lasted, percentOf } from './task.ts'

/** How far a task is, how fast it goes, and how long it will take. */
export function TaskMeasures({ task }: { readonly task: WireTaskItem }) {
  const intl = useIntl()
  const text = (id: string, values: Record<string, string> = {}) =>
    intl.formatMessage({ id: `tasks.${id}` }, values)
  const amount = useAmount()
  const bytes = useBytes()
  const duration = useDuration()
  const speed = useSpeed(task) ?? average(task)
  const { unit, progress, progressTotal } = task
  if (unit === null) return <p>{text('progress.none')}</p>
  const done = amount(progress, unit)
  return (
    <>
      {percentOf(task) === null || isOver(task) ? null : (
        <TaskProgress task={task} label={text('column.progress')} />
      )}
      <p className="ip-task-measures">
        <span>
          {progressTotal === null
            ? done
            : text('progress.part', { done, total: amount(progressTotal, unit) })}
        </span>
        {speed === null ? null : <span>{text('speed', { speed: bytes(speed) })}</span>}
        {speed === null || progressTotal === null || isOver(task) ? null : (
          <span>{text('left', { time: duration((progressTotal - progress) / speed) })}</span>
        )}
      </p>
    </>
  )
}

/** How fast it went, once it is over. */
function average(task: WireTaskItem): number | null {
  const ms = lasted(task, 0)
  if (task.state !== 'succeeded' || task.unit !== 'bytes' || ms === null || ms === 0) return null
  return (task.progress / ms) * 1000
}
