import { Card, CardBody, CardTitle, Progress, ProgressSize } from '@patternfly/react-core'
import { useQuery } from '@tanstack/react-query'
import { FormattedMessage } from 'react-intl'
import { Link } from 'react-router'
import type { WireTaskList } from '../../../../src/faces/console/wire.ts'
import { get } from '../../api/client.ts'
import { QueryView } from '../../parts/QueryView.tsx'
import { useKindText } from '../tasks/kind-text.ts'

const shown = 8

/** What is being worked on now. */
export function RunningTasksCard() {
  const kindText = useKindText()
  const query = useQuery({
    queryKey: ['tasks', 'running'],
    queryFn: ({ signal }) => get<WireTaskList>('/tasks', { state: 'running', limit: shown }, signal),
  })
  return (
    <Card isFullHeight>
      <CardTitle component="h2">
        <FormattedMessage id="dashboard.tasks" />
      </CardTitle>
      <CardBody>
        <QueryView query={query} lines={3}>
          {({ tasks }) =>
            tasks.length === 0 ? (
              <FormattedMessage id="dashboard.tasks.none" />
            ) : (
              <ul className="ip-list">
                {tasks.map(({ id, kind, progress, progressTotal }) => (
                  <li key={id}>
                    <Link to={`/tasks/${id}`} className="ip-target">
                      {kindText(kind)}
                    </Link>
                    <Progress
                      aria-label={kindText(kind)}
                      size={ProgressSize.sm}
                      value={progressTotal ? Math.round((progress / progressTotal) * 100) : 0}
                    />
                  </li>
                ))}
              </ul>
            )
          }
        </QueryView>
      </CardBody>
    </Card>
  )
}
