import { Content, EmptyState, Label, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core'
import { useState } from 'react'
import { FormattedMessage, FormattedNumber, useIntl } from 'react-intl'
import type { WireSetting } from '../../../../src/faces/console/wire-settings.ts'
import { type Column, ListTable } from '../../parts/list/ListTable.tsx'
import { PageCard } from '../../parts/PageCard.tsx'
import { SearchBox } from '../../parts/SearchBox.tsx'
import { useBytes } from '../../parts/values.tsx'

const columns: readonly Column<WireSetting>[] = [
  { name: 'name', show: ({ name }) => <code className="ip-mono">{name}</code> },
  { name: 'value', show: (setting) => <Value setting={setting} /> },
  {
    name: 'from',
    show: ({ from, place }) => (
      <>
        <Label
          isCompact
          {...(from === 'default' ? { variant: 'outline' as const } : { color: 'blue' as const })}
        >
          <FormattedMessage id={`settings.from.${from}`} />
        </Label>
        {place === null ? null : <div className="ip-mono">{place}</div>}
      </>
    ),
  },
]

/** All settings that are in force, and where each comes from. They are a few dozen: all of them are here. */
export function SettingsTable({ settings }: { readonly settings: readonly WireSetting[] }) {
  const intl = useIntl()
  const [search, setSearch] = useState('')
  const wanted = search.trim().toLowerCase()
  const shown = settings.filter(({ name, value }) =>
    [name, String(value ?? '')].some((text) => text.toLowerCase().includes(wanted)),
  )
  return (
    <PageCard title={intl.formatMessage({ id: 'settings.table' })}>
      <Content component="p">
        <FormattedMessage id="settings.table.about" />
      </Content>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem>
            <SearchBox
              label={intl.formatMessage({ id: 'settings.table.search' })}
              value={search}
              onChange={setSearch}
            />
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      {shown.length === 0 ? (
        <EmptyState titleText={<FormattedMessage id="settings.table.none" />} headingLevel="h3" />
      ) : (
        <ListTable texts="settings.table" rows={shown} keyOf={({ name }) => name} columns={columns} />
      )}
    </PageCard>
  )
}

function Value({ setting: { value, secret, unit } }: { readonly setting: WireSetting }) {
  const words = useBytes()
  if (secret) return <FormattedMessage id={`settings.secret.${value}`} />
  if (value === null || value === '' || (Array.isArray(value) && value.length === 0))
    return <FormattedMessage id="settings.value.none" />
  if (typeof value === 'boolean') return <FormattedMessage id={`settings.value.${value}`} />
  if (unit === 'bytes' && Number(value) < 1000) return words(Number(value))
  if (unit === 'bytes')
    return (
      <FormattedMessage
        id="settings.unit.bytes"
        values={{ words: words(Number(value)), count: Number(value) }}
      />
    )
  if (typeof value === 'number')
    return unit === null ? (
      <FormattedNumber value={value} useGrouping={false} />
    ) : (
      <FormattedMessage id={`settings.unit.${unit}`} values={{ count: value }} />
    )
  return <span className="ip-mono">{Array.isArray(value) ? value.join(', ') : value}</span>
}
