import { List, ListItem } from '@patternfly/react-core'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireVerified } from '../../../../src/faces/console/wire.ts'
import type { WireTaskItem } from '../../../../src/faces/console/wire-tasks.ts'
import { Notice } from '../../parts/Notice.tsx'

/** What came of a task, where there is more to say than that it is done. */
export function TaskResult({ task }: { readonly task: WireTaskItem }) {
  const intl = useIntl()
  if (task.state === 'failed')
    return (
      <Notice variant="danger" title={intl.formatMessage({ id: 'tasks.result.failed' })}>
        {task.failure}
      </Notice>
    )
  if (task.state !== 'succeeded' || task.kind !== 'verify') return null
  const { checked, problems } = task.result as WireVerified
  return (
    <Notice
      variant={problems.length === 0 ? 'success' : 'danger'}
      title={intl.formatMessage({ id: 'tasks.result.verified' }, { checked, problems: problems.length })}
    >
      {problems.length === 0 ? (
        <FormattedMessage id="tasks.result.sound" />
      ) : (
        <List>
          {problems.map((problem) => (
            <ListItem key={problem} className="ip-break">
              {problem}
            </ListItem>
          ))}
        </List>
      )}
    </Notice>
  )
}
