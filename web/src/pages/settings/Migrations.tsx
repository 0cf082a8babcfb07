import { ExpandableSection, List, ListItem } from '@patternfly/react-core'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireHealth } from '../../../../src/faces/console/wire-settings.ts'
import { PageCard } from '../../parts/PageCard.tsx'
import { When } from '../../parts/values.tsx'

/** Which form the database has, and since when. */
export function Migrations({ migrations }: { readonly migrations: WireHealth['migrations'] }) {
  const intl = useIntl()
  const [isOpen, setOpen] = useState(false)
  const last = migrations.at(-1)
  return (
    <PageCard title={intl.formatMessage({ id: 'settings.migrations' })}>
      {last === undefined ? null : (
        <p>
          <FormattedMessage
            id="settings.migrations.last"
            values={{
              name: <span className="ip-mono">{last.name}</span>,
              at: <When at={last.appliedAt} />,
            }}
          />
        </p>
      )}
      <ExpandableSection
        toggleText={intl.formatMessage({ id: 'settings.migrations.all' }, { count: migrations.length })}
        isExpanded={isOpen}
        onToggle={(_, wanted) => setOpen(wanted)}
      >
        <List isPlain>
          {migrations.map(({ name, appliedAt }) => (
            <ListItem key={name}>
              <span className="ip-mono">{name}</span> <When at={appliedAt} />
            </ListItem>
          ))}
        </List>
      </ExpandableSection>
    </PageCard>
  )
}
