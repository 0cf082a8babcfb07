import { Label } from '@patternfly/react-core'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireProcess } from '../../../../src/faces/console/wire-settings.ts'
import { type Column, ListTable } from '../../parts/list/ListTable.tsx'
import { PageCard } from '../../parts/PageCard.tsx'
import { When } from '../../parts/values.tsx'

const columns: readonly Column<WireProcess>[] = [
  {
    name: 'id',
    show: ({ id, isThis }) => (
      <>
        {/* The beginning tells them apart; the whole is in the log. */}
        <span className="ip-mono" title={id}>
          {id.slice(0, 8)}
        </span>{' '}
        {isThis ? (
          <Label isCompact>
            <FormattedMessage id="settings.process.this" />
          </Label>
        ) : null}
      </>
    ),
  },
  {
    name: 'state',
    show: ({ lives }) => (
      <Label isCompact status={lives ? 'success' : 'danger'}>
        <FormattedMessage id={lives ? 'settings.process.lives' : 'settings.process.silent'} />
      </Label>
    ),
  },
  { name: 'startedAt', show: ({ startedAt }) => <When at={startedAt} /> },
  { name: 'seenAt', show: ({ seenAt }) => <When at={seenAt} /> },
]

/** The processes that serve and work. */
export function Processes({ processes }: { readonly processes: readonly WireProcess[] }) {
  const intl = useIntl()
  return (
    <PageCard title={intl.formatMessage({ id: 'settings.processes.list' })}>
      <ListTable texts="settings.processes" rows={processes} keyOf={({ id }) => id} columns={columns} />
    </PageCard>
  )
}
