import './tasks.css'
import { Breadcrumb, BreadcrumbItem, Card, CardBody, CardTitle, Grid, GridItem } from '@patternfly/react-core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link, useParams } from 'react-router'
import type { WireTaskItem } from '../../../../src/faces/console/wire-tasks.ts'
import { get } from '../../api/client.ts'
import { PageFrame } from '../../parts/PageFrame.tsx'
import { QueryView } from '../../parts/QueryView.tsx'
import { CancelTask } from './CancelTask.tsx'
import { useKindText } from './kind-text.ts'
import { TaskFacts } from './TaskFacts.tsx'
import { TaskMeasures } from './TaskMeasures.tsx'
import { TaskResult } from './TaskResult.tsx'
import { TaskState } from './TaskState.tsx'
import { TaskTimeline } from './TaskTimeline.tsx'

/** One task: how far it is, what happened to it, and what came of it. */
export default function TaskPage() {
  const intl = useIntl()
  const kindText = useKindText()
  const { id = '' } = useParams()
  const query = useQuery({
    queryKey: ['task', id, 'detail'],
    queryFn: ({ signal }) => get<WireTaskItem>(`/tasks/${encodeURIComponent(id)}`, {}, signal),
  })
  const task = query.data
  return (
    <PageFrame
      title={task ? kindText(task.kind) : intl.formatMessage({ id: 'tasks.one' })}
      above={
        <Breadcrumb aria-label={intl.formatMessage({ id: 'tasks.breadcrumb' })}>
          <BreadcrumbItem>
            <Link to="/tasks">
              <FormattedMessage id="tasks.title" />
            </Link>
          </BreadcrumbItem>
          <BreadcrumbItem isActive>{task?.subject ?? id}</BreadcrumbItem>
        </Breadcrumb>
      }
      intro={task ? <TaskState task={task} /> : <>&nbsp;</>}
      actions={task ? <CancelTask task={task} variant="secondary" /> : undefined}
    >
      <QueryView query={query} lines={12}>
        {(shown) => (
          <Grid hasGutter>
            {shown.state === 'failed' || shown.kind === 'verify' ? (
              <GridItem>
                <TaskResult task={shown} />
              </GridItem>
            ) : null}
            <GridItem lg={7}>
              <Grid hasGutter>
                <Part title="tasks.column.progress">
                  <TaskMeasures task={shown} />
                </Part>
                <Part title="tasks.log">
                  <TaskTimeline task={shown} />
                </Part>
              </Grid>
            </GridItem>
            <GridItem lg={5}>
              <Part title="tasks.facts">
                <TaskFacts task={shown} />
              </Part>
            </GridItem>
          </Grid>
        )}
      </QueryView>
    </PageFrame>
  )
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Card>
      <CardTitle component="h2">
        <FormattedMessage id={title} />
      </CardTitle>
      <CardBody>{children}</CardBody>
    </Card>
  )
}
