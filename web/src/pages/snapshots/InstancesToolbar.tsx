import {
  Toolbar,
  ToolbarContent,
  ToolbarGroup,
  ToolbarItem,
  ToolbarToggleGroup,
} from '@patternfly/react-core'
import { FilterIcon } from '@patternfly/react-icons/dist/esm/icons/filter-icon'
import { useQuery } from '@tanstack/react-query'
import { useIntl } from 'react-intl'
import type { WireNodeList } from '../../../../src/faces/console/wire-instances.ts'
import { get } from '../../api/client.ts'
import { FilterSelect } from '../../parts/FilterSelect.tsx'
import { Pages } from '../../parts/Pages.tsx'
import { SearchBox } from '../../parts/SearchBox.tsx'
import { instanceStatuses } from './InstanceStatus.tsx'
import { type InstanceSearch, isFiltered, noInstanceFilter } from './instance-search.ts'

export function InstancesToolbar({
  search,
  onChange,
  total,
}: {
  readonly search: InstanceSearch
  readonly onChange: (change: Partial<InstanceSearch>) => void
  /** Undefined while it is not known. */
  readonly total: number | undefined
}) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id })
  const nodes = useQuery({
    queryKey: ['instances', 'nodes'],
    queryFn: ({ signal }) => get<WireNodeList>('/instances/nodes', {}, signal),
  })
  return (
    <Toolbar
      collapseListedFiltersBreakpoint="md"
      clearFiltersButtonText={text('form.filters.clear')}
      {...(isFiltered(search) ? { clearAllFilters: () => onChange(noInstanceFilter) } : {})}
    >
      <ToolbarContent>
        <ToolbarItem>
          <SearchBox
            label={text('snapshots.search')}
            value={search.search}
            onChange={(wanted) => onChange({ search: wanted })}
          />
        </ToolbarItem>
        <ToolbarToggleGroup toggleIcon={<FilterIcon />} breakpoint="md" aria-label={text('form.filters')}>
          <ToolbarGroup variant="filter-group">
            <FilterSelect
              label={text('snapshots.status')}
              choices={instanceStatuses.map((value) => ({ value, text: text(`snapshots.status.${value}`) }))}
              value={search.status}
              onChange={(status) => onChange({ status })}
            />
            <FilterSelect
              label={text('snapshots.node')}
              choices={(nodes.data?.nodes ?? []).map((value) => ({ value, text: value }))}
              value={search.node}
              onChange={(node) => onChange({ node })}
            />
          </ToolbarGroup>
        </ToolbarToggleGroup>
        <ToolbarItem variant="pagination" align={{ default: 'alignEnd' }}>
          <Pages
            place="above"
            total={total}
            page={search.page}
            perPage={search.perPage}
            onChange={onChange}
          />
        </ToolbarItem>
      </ToolbarContent>
    </Toolbar>
  )
}
