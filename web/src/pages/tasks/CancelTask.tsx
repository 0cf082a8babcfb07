import { Button, type ButtonProps } from '@patternfly/react-core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireTaskItem } from '../../../../src/faces/console/wire-tasks.ts'
import { post } from '../../api/client.ts'
import { ConfirmModal } from '../../parts/ConfirmModal.tsx'
import { useToasts } from '../../parts/toasts.tsx'
import { useKindText } from './kind-text.ts'
import { isOver } from './task.ts'

/** Stops a task that has not ended, after asking. */
export function CancelTask({
  task,
  variant,
}: {
  readonly task: WireTaskItem
  readonly variant: NonNullable<ButtonProps['variant']>
}) {
  const intl = useIntl()
  const queries = useQueryClient()
  const toasts = useToasts()
  const kind = useKindText()(task.kind)
  const [isAsking, setAsking] = useState(false)
  const values = { kind, subject: task.imageName ?? task.subject ?? task.id }
  const cancel = async () => {
    const { state } = await post<WireTaskItem>(`/tasks/${task.id}/cancel`)
    await Promise.all(
      [['tasks'], ['task', task.id]].map((queryKey) => queries.invalidateQueries({ queryKey })),
    )
    toasts.succeed(
      intl.formatMessage({ id: state === 'cancelled' ? 'tasks.cancel.done' : 'tasks.cancel.asked' }, values),
    )
  }
  return (
    <>
      {isOver(task) ? null : (
        <Button
          variant={variant}
          isDanger
          isDisabled={task.cancelRequested}
          aria-label={intl.formatMessage({ id: 'tasks.cancel.what' }, values)}
          onClick={() => setAsking(true)}
        >
          <FormattedMessage id="tasks.cancel" />
        </Button>
      )}
      {isAsking ? (
        <ConfirmModal
          title={intl.formatMessage({ id: 'tasks.cancel.title' })}
          action={intl.formatMessage({ id: 'tasks.cancel.confirm' })}
          onConfirm={cancel}
          onClose={() => setAsking(false)}
        >
          <FormattedMessage id="tasks.cancel.body" values={values} />
        </ConfirmModal>
      ) : null}
    </>
  )
}
