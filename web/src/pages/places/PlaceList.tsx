import {
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  Toolbar,
  ToolbarContent,
  ToolbarItem,
} from '@patternfly/react-core'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type { ListAddress } from '../../parts/list-address.ts'
import { Pages } from '../../parts/Pages.tsx'
import { QueryView } from '../../parts/QueryView.tsx'
import { SearchBox } from '../../parts/SearchBox.tsx'
import { type Column, PlaceTable } from './PlaceTable.tsx'

/** What such a list is asked for. */
export type PlaceSearch = ListAddress & {
  readonly search: string
  /** A column, with `-` before it when it descends. */
  readonly sort: string
}

export type Found<Row> = { readonly rows: readonly Row[]; readonly total: number }

/** A list with its search, its pages, and what it says when it is empty. */
export function PlaceList<Row extends { readonly id: number }, Search extends PlaceSearch>({
  noun,
  query,
  search,
  onChange,
  columns,
  actions,
  filter,
  unfiltered,
  button,
}: {
  /** Begins the ids of its texts: `places.NOUN.search`, `.none`, `.none.body`, `.list`. */
  readonly noun: string
  readonly query: UseQueryResult<Found<Row>>
  readonly search: Search
  readonly onChange: (change: Partial<Search>) => void
  readonly columns: readonly Column<Row>[]
  readonly actions?: (row: Row) => ReactNode
  /** Filters beside the search. */
  readonly filter?: ReactNode
  /** The search with nothing to look for. */
  readonly unfiltered: Partial<Search>
  /** What makes another one. */
  readonly button?: ReactNode
}) {
  const intl = useIntl()
  const text = (name: string) => intl.formatMessage({ id: `places.${noun}.${name}` })
  const change = onChange as (change: Partial<PlaceSearch>) => void
  const isFiltered = Object.entries(unfiltered).some(
    ([name, value]) => search[name as keyof Search] !== value,
  )
  const clear = () => onChange(unfiltered)
  const pages = { page: search.page, perPage: search.perPage, onChange: change }
  return (
    <>
      <Toolbar
        collapseListedFiltersBreakpoint="md"
        clearFiltersButtonText={intl.formatMessage({ id: 'places.filter.clear' })}
        {...(isFiltered ? { clearAllFilters: clear } : {})}
      >
        <ToolbarContent>
          <ToolbarItem>
            <SearchBox
              label={text('search')}
              value={search.search}
              onChange={(wanted) => change({ search: wanted })}
            />
          </ToolbarItem>
          {filter === undefined ? null : <ToolbarItem>{filter}</ToolbarItem>}
          {button === undefined ? null : <ToolbarItem>{button}</ToolbarItem>}
          <ToolbarItem variant="pagination" align={{ default: 'alignEnd' }}>
            <Pages place="above" total={query.data?.total} {...pages} />
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      <QueryView query={query} lines={search.perPage}>
        {({ rows, total }) =>
          total === 0 ? (
            <Empty noun={noun} isFiltered={isFiltered} onClear={clear} />
          ) : (
            <>
              <PlaceTable
                label={text('list')}
                rows={rows}
                columns={columns}
                sort={search.sort}
                onSort={(sort) => change({ sort })}
                isStale={query.isPlaceholderData}
                {...(actions ? { actions } : {})}
              />
              <Pages place="below" total={total} {...pages} />
            </>
          )
        }
      </QueryView>
    </>
  )
}

function Empty({
  noun,
  isFiltered,
  onClear,
}: {
  readonly noun: string
  readonly isFiltered: boolean
  readonly onClear: () => void
}) {
  const text = isFiltered ? 'places.none.found' : `places.${noun}.none`
  return (
    <EmptyState titleText={<FormattedMessage id={text} />} headingLevel="h2">
      <EmptyStateBody>
        <FormattedMessage id={`${text}.body`} />
      </EmptyStateBody>
      {isFiltered ? (
        <EmptyStateFooter>
          <EmptyStateActions>
            <Button variant="link" onClick={onClear}>
              <FormattedMessage id="places.filter.clear" />
            </Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      ) : null}
    </EmptyState>
  )
}
