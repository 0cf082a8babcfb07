import './places.css'
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table'
import type { ReactNode } from 'react'
import { useIntl } from 'react-intl'

export type Column<Row> = {
  /** Also the id of its text, behind `places.column.`. */
  readonly name: string
  /** What the server sorts by; none: it cannot. */
  readonly sort?: string
  readonly show: (row: Row) => ReactNode
  /** It is short and stays on one line. */
  readonly isShort?: true
}

/** A list of places or of what is registered there. */
export function PlaceTable<Row extends { readonly id: number }>({
  label,
  rows,
  columns,
  sort,
  onSort,
  isStale,
  actions,
}: {
  readonly label: string
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  readonly sort: string
  readonly onSort: (sort: string) => void
  /** Another page is on its way. */
  readonly isStale: boolean
  /** What can be done with a row; absent: nothing with any of them. */
  readonly actions?: (row: Row) => ReactNode
}) {
  const intl = useIntl()
  const text = (name: string) => intl.formatMessage({ id: `places.column.${name}` })
  const sorted = columns.findIndex((column) => column.sort === sort.replace(/^-/, ''))
  return (
    <Table
      aria-label={label}
      variant="compact"
      gridBreakPoint="grid-lg"
      className={isStale ? 'ip-place-table ip-stale' : 'ip-place-table'}
    >
      <Thead>
        <Tr>
          {columns.map((column, index) => (
            <Th
              key={column.name}
              modifier="nowrap"
              {...(column.sort === undefined
                ? {}
                : {
                    sort: {
                      columnIndex: index,
                      sortBy: { index: sorted, direction: sort.startsWith('-') ? 'desc' : 'asc' },
                      onSort: (_event, _index, direction) =>
                        onSort(`${direction === 'desc' ? '-' : ''}${column.sort}`),
                    },
                  })}
            >
              {text(column.name)}
            </Th>
          ))}
          {actions ? <Th screenReaderText={text('actions')} /> : null}
        </Tr>
      </Thead>
      <Tbody>
        {rows.map((row) => (
          <Tr key={row.id}>
            {columns.map(({ name, show, isShort }) => (
              <Td key={name} dataLabel={text(name)} {...(isShort ? { modifier: 'nowrap' as const } : {})}>
                {show(row)}
              </Td>
            ))}
            {actions ? <Td isActionCell>{actions(row)}</Td> : null}
          </Tr>
        ))}
      </Tbody>
    </Table>
  )
}
