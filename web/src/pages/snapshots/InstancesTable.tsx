import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table'
import type { ReactNode } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link } from 'react-router'
import type { WireInstance } from '../../../../src/faces/console/wire-instances.ts'
import { Bytes, None } from '../../parts/values.tsx'
import { InstanceStatus } from './InstanceStatus.tsx'

type Column = { readonly name: string; readonly show: (instance: WireInstance) => ReactNode }

const columns: readonly Column[] = [
  {
    name: 'hostname',
    show: ({ uuid, hostname }) => (
      <Link to={`/snapshots?instance=${uuid}`} className="ip-break">
        {hostname}
      </Link>
    ),
  },
  { name: 'status', show: ({ status }) => <InstanceStatus status={status} /> },
  { name: 'node', show: ({ node }) => node ?? <None /> },
  { name: 'project', show: ({ project }) => project || <None /> },
  { name: 'os', show: ({ os }) => os },
  { name: 'diskSize', show: ({ diskSize }) => <Bytes value={diskSize || null} /> },
  { name: 'ips', show: ({ ips }) => (ips.length === 0 ? <None /> : ips.join(', ')) },
  {
    name: 'source',
    show: ({ live }) => <FormattedMessage id={`snapshots.source.${live ? 'live' : 'record'}`} />,
  },
]

export function InstancesTable({
  instances,
  sort,
  onSort,
  isStale,
}: {
  readonly instances: readonly WireInstance[]
  readonly sort: string
  readonly onSort: (sort: string) => void
  /** Another page is on its way. */
  readonly isStale: boolean
}) {
  const intl = useIntl()
  const text = (name: string) => intl.formatMessage({ id: `snapshots.${name}` })
  return (
    <Table
      aria-label={text('instances')}
      variant="compact"
      gridBreakPoint="grid-lg"
      className={isStale ? 'ip-stale' : ''}
    >
      <Thead>
        <Tr>
          {columns.map(({ name }) => (
            <Th
              key={name}
              modifier="nowrap"
              {...(name === 'hostname'
                ? {
                    sort: {
                      columnIndex: 0,
                      sortBy: { index: 0, direction: sort.startsWith('-') ? 'desc' : 'asc' } as const,
                      onSort: (_event: unknown, _index: number, wanted: 'asc' | 'desc') =>
                        onSort(wanted === 'desc' ? '-hostname' : 'hostname'),
                    },
                  }
                : {})}
            >
              {text(name)}
            </Th>
          ))}
        </Tr>
      </Thead>
      <Tbody>
        {instances.map((instance) => (
          <Tr key={instance.uuid}>
            {columns.map(({ name, show }) => (
              <Td key={name} dataLabel={text(name)}>
                {show(instance)}
              </Td>
            ))}
          </Tr>
        ))}
      </Tbody>
    </Table>
  )
}
