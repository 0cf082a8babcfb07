import { Switch, Toolbar, ToolbarContent, ToolbarFilter, ToolbarItem } from '@patternfly/react-core'
import { useIntl } from 'react-intl'
import { FilterSelect } from '../../parts/FilterSelect.tsx'
import { Pages } from '../../parts/Pages.tsx'
import { useKindText } from './kind-text.ts'
import { kinds, states } from './task.ts'
import { isFiltered, type TaskSearch, unfiltered } from './task-search.ts'

export function TasksToolbar({
  search,
  onChange,
  total,
  imageName,
}: {
  readonly search: TaskSearch
  readonly onChange: (change: Partial<TaskSearch>) => void
  /** Undefined while it is not known. */
  readonly total: number | undefined
  /** Of the image whose tasks are shown. */
  readonly imageName: string
}) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id: `tasks.${id}` })
  const kindText = useKindText()
  const { page, perPage } = search
  return (
    <Toolbar
      collapseListedFiltersBreakpoint="md"
      clearFiltersButtonText={text('filter.clear')}
      {...(isFiltered(search) ? { clearAllFilters: () => onChange(unfiltered) } : {})}
    >
      <ToolbarContent>
        <FilterSelect
          label={text('column.state')}
          choices={states.map((value) => ({ value, text: text(`state.${value}`) }))}
          value={search.state}
          onChange={(state) => onChange({ state })}
        />
        <FilterSelect
          label={text('column.kind')}
          choices={kinds.map((value) => ({ value, text: kindText(value) }))}
          value={search.kind}
          onChange={(kind) => onChange({ kind })}
        />
        <ToolbarFilter
          labels={search.image === '' ? [] : [imageName]}
          deleteLabel={() => onChange({ image: '' })}
          categoryName={text('filter.image')}
          alignSelf="center"
        >
          <Switch
            id="tasks-mine"
            label={text('filter.mine')}
            isChecked={search.mine === 'true'}
            onChange={(_, isChecked) => onChange({ mine: isChecked ? 'true' : '' })}
          />
        </ToolbarFilter>
        <ToolbarItem variant="pagination" align={{ default: 'alignEnd' }}>
          <Pages total={total} page={page} perPage={perPage} onChange={onChange} place="above" />
        </ToolbarItem>
      </ToolbarContent>
    </Toolbar>
  )
}
