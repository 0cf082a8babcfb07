import { Progress, ProgressMeasureLocation } from '@patternfly/react-core'
import { useIntl } from 'react-intl'
import type { WireTaskItem } from '../../../../src/faces/console/wire-tasks.ts'
import { None, useBytes } from '../../parts/values.tsx'
import { isOver, percentOf } from './task.ts'

/** How far a task is: a bar while it is under way, where that is known, else how much has been done. */
export function TaskProgress({ task, label }: { readonly task: WireTaskItem; readonly label: string }) {
  const intl = useIntl()
  const words = useAmount()
  const percent = isOver(task) ? null : percentOf(task)
  if (percent === null)
    return task.progress === 0 || task.unit === null ? <None /> : words(task.progress, task.unit)
  const text = intl.formatNumber(percent / 100, { style: 'percent' })
  return (
    <Progress
      aria-label={label}
      value={percent}
      label={text}
      valueText={text}
      measureLocation={ProgressMeasureLocation.outside}
      size="sm"
    />
  )
}

/** An amount of what the progress counts. */
export function useAmount(): (amount: number, unit: 'bytes' | 'contents') => string {
  const intl = useIntl()
  const bytes = useBytes()
  return (amount, unit) =>
    unit === 'bytes' ? bytes(amount) : intl.formatMessage({ id: 'tasks.contents' }, { count: amount })
}
