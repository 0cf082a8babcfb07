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
import type { ListAddress } from '../list-address.ts'
import { Pages } from '../Pages.tsx'
import { QueryView } from '../QueryView.tsx'
import { SearchBox } from '../SearchBox.tsx'
import { type Column, ListTable } from './ListTable.tsx'

export type Found<Row> = { readonly rows: readonly Row[]; readonly total: number }

/** What such a list is asked for; further texts are filters, which are empty where nothing is asked. */
export type ListSearch = ListAddress & { readonly search: string; readonly sort?: string }

/** A list of its own page: search, filters, pages, and what it says when it is empty. */
export function ListView<Row, Search extends ListSearch>({
  texts,
  query,
  search,
  onChange,
  keyOf,
  columns,
  columnTexts,
  filters,
  actions,
}: {
  /** Begins the ids of its texts: `TEXTS.search`, `.list`, `.column.NAME`, `.none`, `.none.body`. */
  readonly texts: string
  /** Where the names of columns are, if several lists share them. */
  readonly columnTexts?: string
  readonly query: UseQueryResult<Found<Row>>
  readonly search: Search
  readonly onChange: (change: Partial<Search>) => void
  readonly keyOf: (row: Row) => string
  readonly columns: readonly Column<Row>[]
  readonly filters?: ReactNode
  readonly actions?: (row: Row) => ReactNode
}) {
  const intl = useIntl()
  const { page, perPage, sort, ...asked } = search
  const isFiltered = Object.values(asked).some((value) => value !== '')
  const clear = () =>
    onChange(Object.fromEntries(Object.keys(asked).map((name) => [name, ''])) as Partial<Search>)
  const change = onChange as (change: Partial<ListSearch>) => void
  const pages = { page, perPage, onChange: change }
  return (
    <>
      <Toolbar
        collapseListedFiltersBreakpoint="md"
        clearFiltersButtonText={intl.formatMessage({ id: 'form.filters.clear' })}
        {...(isFiltered ? { clearAllFilters: clear } : {})}
      >
        <ToolbarContent>
          <ToolbarItem>
            <SearchBox
              label={intl.formatMessage({ id: `${texts}.search` })}
              value={search.search}
              onChange={(wanted) => change({ search: wanted })}
            />
          </ToolbarItem>
          {filters}
          <ToolbarItem variant="pagination" align={{ default: 'alignEnd' }}>
            <Pages place="above" total={query.data?.total} {...pages} />
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      <QueryView query={query} lines={perPage}>
        {({ rows, total }) =>
          total === 0 ? (
            <Empty texts={isFiltered ? 'list.none' : `${texts}.none`} onClear={isFiltered ? clear : null} />
          ) : (
            <>
              <ListTable
                texts={texts}
                rows={rows}
                keyOf={keyOf}
                columns={columns}
                {...(columnTexts === undefined ? {} : { columnTexts })}
                {...(sort === undefined
                  ? {}
                  : { sort, onSort: (wanted: string) => change({ sort: wanted }) })}
                actions={actions}
                isStale={query.isPlaceholderData}
              />
              <Pages place="below" total={total} {...pages} />
            </>
          )
        }
      </QueryView>
    </>
  )
}

function Empty({ texts, onClear }: { readonly texts: string; readonly onClear: (() => void) | null }) {
  return (
    <EmptyState titleText={<FormattedMessage id={texts} />} headingLevel="h2">
      <EmptyStateBody>
        <FormattedMessage id={`${texts}.body`} />
      </EmptyStateBody>
      {onClear === null ? null : (
        <EmptyStateFooter>
          <EmptyStateActions>
            <Button variant="link" onClick={onClear}>
              <FormattedMessage id="form.filters.clear" />
            </Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  )
}
