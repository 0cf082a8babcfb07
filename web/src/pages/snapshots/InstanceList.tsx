import {
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
} from '@patternfly/react-core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireInstanceList } from '../../../../src/faces/console/wire-instances.ts'
import { get } from '../../api/client.ts'
import { pageParameters, useListAddress } from '../../parts/list-address.ts'
import { PageFrame } from '../../parts/PageFrame.tsx'
import { Pages } from '../../parts/Pages.tsx'
import { QueryView } from '../../parts/QueryView.tsx'
import { InstancesTable } from './InstancesTable.tsx'
import { InstancesToolbar } from './InstancesToolbar.tsx'
import { isFiltered, noInstanceFilter, usualInstances } from './instance-search.ts'
import { NoInstances } from './NoInstances.tsx'

/** The virtual machines that the caller may see. */
export function InstanceList() {
  const intl = useIntl()
  const [search, change] = useListAddress(usualInstances)
  const query = useQuery({
    queryKey: ['instances', 'list', search],
    queryFn: ({ signal }) => get<WireInstanceList>('/instances', pageParameters(search), signal),
    // The old page stays where it is until the new one comes.
    placeholderData: keepPreviousData,
  })
  const isEmpty = query.data?.total === 0 && !isFiltered(search)
  return (
    <PageFrame
      title={intl.formatMessage({ id: 'snapshots.title' })}
      intro={intl.formatMessage({ id: 'snapshots.intro' })}
    >
      {isEmpty ? null : <InstancesToolbar search={search} onChange={change} total={query.data?.total} />}
      <QueryView query={query} lines={search.perPage}>
        {({ instances, total }) =>
          isEmpty ? (
            <NoInstances />
          ) : total === 0 ? (
            <NothingFound onClear={() => change(noInstanceFilter)} />
          ) : (
            <>
              <InstancesTable
                instances={instances}
                sort={search.sort}
                onSort={(sort) => change({ sort })}
                isStale={query.isPlaceholderData}
              />
              <Pages
                place="below"
                total={total}
                page={search.page}
                perPage={search.perPage}
                onChange={change}
              />
            </>
          )
        }
      </QueryView>
    </PageFrame>
  )
}

function NothingFound({ onClear }: { readonly onClear: () => void }) {
  return (
    <EmptyState titleText={<FormattedMessage id="snapshots.unfound" />} headingLevel="h2">
      <EmptyStateBody>
        <FormattedMessage id="snapshots.unfound.body" />
      </EmptyStateBody>
      <EmptyStateFooter>
        <EmptyStateActions>
          <Button variant="link" onClick={onClear}>
            <FormattedMessage id="form.filters.clear" />
          </Button>
        </EmptyStateActions>
      </EmptyStateFooter>
    </EmptyState>
  )
}
