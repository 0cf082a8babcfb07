import {
  Toolbar,
  ToolbarContent,
  ToolbarGroup,
  ToolbarItem,
  ToolbarToggleGroup,
} from '@patternfly/react-core'
import { FilterIcon } from '@patternfly/react-icons/dist/esm/icons/filter-icon'
import { useIntl } from 'react-intl'
import { FilterSelect } from '../../parts/FilterSelect.tsx'
import { Pages } from '../../parts/Pages.tsx'
import { SearchBox } from '../../parts/SearchBox.tsx'
import { isFiltered, noOfferFilter, type OfferSearch } from './offer-search.ts'

/** What manifests may say of the system and the kind of their images. */
const systems = ['linux', 'windows', 'bsd', 'smartos', 'illumos', 'other']
const types = ['zvol', 'zone-dataset', 'lx-dataset', 'lxd', 'docker', 'other']

export function OffersToolbar({
  search,
  onChange,
  total,
}: {
  readonly search: OfferSearch
  readonly onChange: (change: Partial<OfferSearch>) => void
  /** Undefined while it is not known. */
  readonly total: number | undefined
}) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id })
  return (
    <Toolbar
      collapseListedFiltersBreakpoint="md"
      clearFiltersButtonText={text('form.filters.clear')}
      {...(isFiltered(search) ? { clearAllFilters: () => onChange(noOfferFilter) } : {})}
    >
      <ToolbarContent>
        <ToolbarItem>
          <SearchBox
            label={text('import.offers.search')}
            value={search.search}
            onChange={(wanted) => onChange({ search: wanted })}
          />
        </ToolbarItem>
        <ToolbarToggleGroup toggleIcon={<FilterIcon />} breakpoint="md" aria-label={text('form.filters')}>
          <ToolbarGroup variant="filter-group">
            <FilterSelect
              label={text('import.offer.os')}
              choices={systems.map((value) => ({ value, text: value }))}
              value={search.os}
              onChange={(os) => onChange({ os })}
            />
            <FilterSelect
              label={text('import.offer.type')}
              choices={types.map((value) => ({ value, text: value }))}
              value={search.type}
              onChange={(type) => onChange({ type })}
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
