import './tasks.css'
import {
  Button,
  Content,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
} from '@patternfly/react-core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireTaskPage } from '../../../../src/faces/console/wire-tasks.ts'
import { get } from '../../api/client.ts'
import { pageParameters } from '../../parts/list-address.ts'
import { PageFrame } from '../../parts/PageFrame.tsx'
import { Pages } from '../../parts/Pages.tsx'
import { QueryView } from '../../parts/QueryView.tsx'
import { TasksTable } from './TasksTable.tsx'
import { TasksToolbar } from './TasksToolbar.tsx'
import { isFiltered, unfiltered, useTaskSearch } from './task-search.ts'

/** Long work: what is under way, and what came of what was. */
export default function TasksPage() {
  const intl = useIntl()
  const [search, change] = useTaskSearch()
  const query = useQuery({
    queryKey: ['tasks', 'list', search],
    queryFn: ({ signal }) => get<WireTaskPage>('/tasks', pageParameters(search), signal),
    // The old page stays where it is until the new one comes.
    placeholderData: keepPreviousData,
  })
  const ofImage = query.data?.tasks.find(({ image }) => image === search.image)
  const { page, perPage } = search
  return (
    <PageFrame
      title={intl.formatMessage({ id: 'tasks.title' })}
      intro={intl.formatMessage({ id: 'tasks.intro' })}
    >
      <TasksToolbar
        search={search}
        onChange={change}
        total={query.data?.total}
        imageName={ofImage?.imageName ?? ofImage?.subject ?? search.image}
      />
      <QueryView query={query} lines={perPage}>
        {({ tasks, total, more }) =>
          total === 0 ? (
            <NoTasks isFiltered={isFiltered(search)} onClear={() => change(unfiltered)} />
          ) : (
            <>
              <TasksTable tasks={tasks} isStale={query.isPlaceholderData} />
              {more ? (
                <Content component="small">
                  <FormattedMessage id="tasks.more" values={{ total }} />
                </Content>
              ) : null}
              <Pages total={total} page={page} perPage={perPage} onChange={change} place="below" />
            </>
          )
        }
      </QueryView>
    </PageFrame>
  )
}

function NoTasks({ isFiltered, onClear }: { readonly isFiltered: boolean; readonly onClear: () => void }) {
  const text = isFiltered ? 'tasks.none.found' : 'tasks.none'
  return (
    <EmptyState titleText={<FormattedMessage id={text} />} headingLevel="h2">
      <EmptyStateBody>
        <FormattedMessage id={`${text}.body`} />
      </EmptyStateBody>
      {isFiltered ? (
        <EmptyStateFooter>
          <EmptyStateActions>
            <Button variant="link" onClick={onClear}>
              <FormattedMessage id="tasks.filter.clear" />
            </Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      ) : null}
    </EmptyState>
  )
}
