import {
  Button,
  Toolbar,
  ToolbarContent,
  ToolbarFilter,
  ToolbarGroup,
  ToolbarItem,
  ToolbarToggleGroup,
} from '@patternfly/react-core'
import { ColumnsIcon } from '@patternfly/react-icons/dist/esm/icons/columns-icon'
import { FilterIcon } from '@patternfly/react-icons/dist/esm/icons/filter-icon'
import type { ReactNode } from 'react'
import { useIntl } from 'react-intl'
import { FilterSelect } from '../../parts/FilterSelect.tsx'
import { Pages } from '../../parts/Pages.tsx'
import { SearchBox } from '../../parts/SearchBox.tsx'
import { filterNames, type ImageSearch } from './search.ts'

const statuses = ['queued', 'saving', 'uploading', 'importing', 'active', 'deactivated', 'killed', 'deleted']
const visibilities = ['public', 'private', 'shared', 'community']
const formats = ['qcow2', 'raw', 'iso', 'vmdk', 'vdi', 'vhd', 'vhdx', 'ami', 'ari', 'aki', 'ploop']

/** Those that other pages lead here with: there are too many values to choose from. */
const given = [
  ['tag', 'images.filter.tag'],
  ['project', 'images.column.project'],
  ['os', 'images.column.os'],
] as const

export function ImagesToolbar({
  search,
  onChange,
  onColumns,
  total,
  bulk,
}: {
  readonly search: ImageSearch
  readonly onChange: (change: Partial<ImageSearch>) => void
  readonly onColumns: () => void
  /** Undefined while it is not known. */
  readonly total: number | undefined
  /** What can be done with the chosen images. */
  readonly bulk: ReactNode
}) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id })
  return (
    <Toolbar
      clearAllFilters={() => onChange(Object.fromEntries(filterNames.map((name) => [name, ''])))}
      clearFiltersButtonText={text('images.filter.clear')}
      collapseListedFiltersBreakpoint="xl"
    >
      <ToolbarContent>
        <ToolbarItem>{bulk}</ToolbarItem>
        <ToolbarItem>
          <SearchBox
            label={text('images.search')}
            value={search.search}
            onChange={(typed) => onChange({ search: typed })}
          />
        </ToolbarItem>
        <ToolbarToggleGroup toggleIcon={<FilterIcon />} breakpoint="lg">
          <ToolbarGroup variant="filter-group">
            <FilterSelect
              label={text('images.column.status')}
              choices={statuses.map((value) => ({ value, text: text(`image.status.${value}`) }))}
              value={search.status}
              onChange={(status) => onChange({ status })}
            />
            <FilterSelect
              label={text('images.column.visibility')}
              choices={visibilities.map((value) => ({ value, text: text(`image.visibility.${value}`) }))}
              value={search.visibility}
              onChange={(visibility) => onChange({ visibility })}
            />
            <FilterSelect
              label={text('images.column.diskFormat')}
              choices={formats.map((value) => ({ value, text: value }))}
              value={search.format}
              onChange={(format) => onChange({ format })}
            />
            {given.map(([name, label]) => (
              <ToolbarFilter
                key={name}
                categoryName={text(label)}
                labels={search[name] === '' ? [] : [search[name]]}
                deleteLabel={() => onChange({ [name]: '' })}
              >
                {null}
              </ToolbarFilter>
            ))}
          </ToolbarGroup>
        </ToolbarToggleGroup>
        <ToolbarItem>
          <Button
            variant="plain"
            aria-label={text('images.columns')}
            icon={<ColumnsIcon />}
            onClick={onColumns}
          />
        </ToolbarItem>
        <ToolbarItem variant="pagination" align={{ default: 'alignEnd' }}>
          <Pages
            total={total}
            page={search.page}
            perPage={search.perPage}
            onChange={onChange}
            place="above"
          />
        </ToolbarItem>
      </ToolbarContent>
    </Toolbar>
  )
}
