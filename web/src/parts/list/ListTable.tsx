import './list.css'
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table'
import type { ReactNode } from 'react'
import { useIntl } from 'react-intl'

export type Column<Row> = {
  /** Also the end of its text's id. */
  readonly name: string
  readonly show: (row: Row) => ReactNode
  /** What the server sorts by; absent: it cannot. */
  readonly sort?: string
  /** It is short and stays on one line. */
  readonly isShort?: true
}

/** Rows of whatever there are several of; on a narrow screen each becomes a card. */
export function ListTable<Row>({
  texts,
  rows,
  keyOf,
  columns,
  sort = '',
  onSort,
  actions,
  isStale = false,
  columnTexts = `${texts}.column`,
}: {
  /** Begins the ids of its texts: `TEXTS.list`, `TEXTS.column.NAME`. */
  readonly texts: string
  /** Where the names of columns are, if several lists share them. */
  readonly columnTexts?: string
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  readonly columns: readonly Column<Row>[]
  /** A column's `sort`, with `-` before it when it descends. */
  readonly sort?: string
  readonly onSort?: (sort: string) => void
  /** What can be done with a row; absent: nothing with any of them. */
  readonly actions?: ((row: Row) => ReactNode) | undefined
  /** Other rows are on their way. */
  readonly isStale?: boolean
}) {
  const intl = useIntl()
  const text = (name: string) => intl.formatMessage({ id: `${columnTexts}.${name}` })
  const sorted = columns.findIndex(
    (column) => column.sort !== undefined && column.sort === sort.replace(/^-/, ''),
  )
  return (
    <Table
      aria-label={intl.formatMessage({ id: `${texts}.list` })}
      variant="compact"
      gridBreakPoint="grid-lg"
      className={isStale ? 'ip-list ip-stale' : 'ip-list'}
    >
      <Thead>
        <Tr>
          {columns.map((column, index) => (
            <Th
              key={column.name}
              modifier="nowrap"
              {...(column.sort === undefined || onSort === undefined
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
          {actions ? <Th screenReaderText={intl.formatMessage({ id: 'list.actions' })} /> : null}
        </Tr>
      </Thead>
      <Tbody>
        {rows.map((row) => (
          <Tr key={keyOf(row)}>
            {columns.map(({ name, show, isShort }) => (
              <Td key={name} dataLabel={text(name)} {...(isShort ? { modifier: 'nowrap' as const } : {})}>
                {/* In a card the content would be as wide as the card, labels included. */}
                <div>{show(row)}</div>
              </Td>
            ))}
            {actions ? <Td isActionCell>{actions(row)}</Td> : null}
          </Tr>
        ))}
      </Tbody>
    </Table>
  )
}
