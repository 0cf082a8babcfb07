import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table'
import { useIntl } from 'react-intl'
import { Link } from 'react-router'
import type { WireTaskItem } from '../../../../src/faces/console/wire-tasks.ts'
import { When } from '../../parts/values.tsx'
import { CancelTask } from './CancelTask.tsx'
import { Duration } from './duration.tsx'
import { useKindText } from './kind-text.ts'
import { TaskProgress } from './TaskProgress.tsx'
import { TaskState } from './TaskState.tsx'
import { TaskSubject } from './TaskSubject.tsx'

export function TasksTable({
  tasks,
  isStale,
}: {
  readonly tasks: readonly WireTaskItem[]
  /** Another page is on its way. */
  readonly isStale: boolean
}) {
  const intl = useIntl()
  const column = (name: string) => intl.formatMessage({ id: `tasks.column.${name}` })
  const kindText = useKindText()
  return (
    <Table
      aria-label={intl.formatMessage({ id: 'tasks.title' })}
      variant="compact"
      gridBreakPoint="grid-lg"
      className={isStale ? 'ip-stale' : ''}
    >
      <Thead>
        <Tr>
          {['kind', 'state', 'progress', 'who', 'created', 'duration'].map((name) => (
            <Th key={name} modifier="nowrap" {...(name === 'kind' ? { width: 35 as const } : {})}>
              {column(name)}
            </Th>
          ))}
          <Th screenReaderText={column('actions')} />
        </Tr>
      </Thead>
      <Tbody>
        {tasks.map((task) => (
          <Tr key={task.id}>
            <Td dataLabel={column('kind')}>
              <div>
                <Link to={`/tasks/${task.id}`}>{kindText(task.kind)}</Link>
              </div>
              {task.subject === null && task.image === null ? null : (
                <small className="ip-task-about">
                  <TaskSubject task={task} />
                </small>
              )}
            </Td>
            <Td dataLabel={column('state')} modifier="nowrap">
              <div>
                <TaskState task={task} />
              </div>
            </Td>
            <Td dataLabel={column('progress')}>
              <div className="ip-task-progress">
                <TaskProgress
                  task={task}
                  label={intl.formatMessage(
                    { id: 'tasks.progress.of' },
                    { kind: kindText(task.kind), subject: task.imageName ?? task.subject ?? '' },
                  )}
                />
              </div>
            </Td>
            <Td dataLabel={column('who')}>{task.username ?? intl.formatMessage({ id: 'tasks.nobody' })}</Td>
            <Td dataLabel={column('created')} modifier="nowrap">
              <When at={task.createdAt} />
            </Td>
            <Td dataLabel={column('duration')} modifier="nowrap">
              <Duration task={task} />
            </Td>
            <Td isActionCell className="ip-task-actions">
              <CancelTask task={task} variant="link" />
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  )
}
