import {
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
} from '@patternfly/react-core'
import type { ReactNode } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireTaskItem } from '../../../../src/faces/console/wire-tasks.ts'
import { CopyText } from '../../parts/CopyText.tsx'
import { None, When } from '../../parts/values.tsx'
import { Duration } from './duration.tsx'
import { TaskSubject } from './TaskSubject.tsx'

export function TaskFacts({ task }: { readonly task: WireTaskItem }) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id })
  const facts: readonly (readonly [string, ReactNode])[] = [
    ['subject', <TaskSubject key="subject" task={task} />],
    ['project', task.project?.name ?? <None key="none" />],
    ['who', task.username ?? text('tasks.nobody')],
    ['face', text(`image.face.${task.face}`)],
    ['created', <When key="created" at={task.createdAt} />],
    ['started', <When key="started" at={task.startedAt} />],
    ['finished', <When key="finished" at={task.finishedAt} />],
    ['duration', <Duration key="duration" task={task} />],
    ['attempts', intl.formatNumber(task.attempts)],
    ['id', <CopyText key="id" text={task.id} label={text('tasks.column.id')} />],
    [
      'request',
      task.requestId === null ? (
        <None key="none" />
      ) : (
        <CopyText key="request" text={task.requestId} label={text('tasks.column.request')} />
      ),
    ],
  ]
  return (
    <DescriptionList isCompact isHorizontal horizontalTermWidthModifier={{ default: '12ch', md: '16ch' }}>
      {facts.map(([name, value]) => (
        <DescriptionListGroup key={name}>
          <DescriptionListTerm>
            <FormattedMessage id={`tasks.column.${name}`} />
          </DescriptionListTerm>
          <DescriptionListDescription>{value}</DescriptionListDescription>
        </DescriptionListGroup>
      ))}
    </DescriptionList>
  )
}
