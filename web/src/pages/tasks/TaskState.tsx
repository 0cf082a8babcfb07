import { Label } from '@patternfly/react-core'
import { useIntl } from 'react-intl'
import type { WireTaskItem } from '../../../../src/faces/console/wire-tasks.ts'
import { isOver } from './task.ts'

const looks: Readonly<Record<string, 'success' | 'info' | 'warning' | 'danger' | undefined>> = {
  running: 'info',
  succeeded: 'success',
  failed: 'danger',
  cancelled: 'warning',
}

/** The state of a task, in words and colour. */
export function TaskState({ task }: { readonly task: Pick<WireTaskItem, 'state' | 'cancelRequested'> }) {
  const intl = useIntl()
  const isStopping = task.cancelRequested && !isOver(task)
  const look = isStopping ? 'warning' : looks[task.state]
  return (
    <Label isCompact {...(look ? { status: look } : {})}>
      {intl.formatMessage({ id: `tasks.state.${isStopping ? 'stopping' : task.state}` })}
    </Label>
  )
}
