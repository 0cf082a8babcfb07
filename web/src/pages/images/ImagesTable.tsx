import { Checkbox } from '@patternfly/react-core'
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table'
import { useIntl } from 'react-intl'
import type { WireImage } from '../../../../src/faces/console/wire.ts'
import { columns } from './columns.tsx'

/** Columns whose content may take several lines. */
const wide: ReadonlySet<string> = new Set(['name', 'tags', 'uuid', 'createdAt', 'updatedAt'])

export function ImagesTable({
  images,
  shown,
  sort,
  onSort,
  chosen,
  onChoose,
  isStale,
}: {
  readonly images: readonly WireImage[]
  /** Names of the columns. */
  readonly shown: readonly string[]
  readonly sort: string
  readonly onSort: (sort: string) => void
  /** Uuids. */
  readonly chosen: ReadonlySet<string>
  readonly onChoose: (uuids: readonly string[], wanted: boolean) => void
  /** Another page is on its way. */
  readonly isStale: boolean
}) {
  const intl = useIntl()
  const visible = columns.filter(({ name }) => shown.includes(name))
  const descending = sort.startsWith('-')
  const sorted = visible.findIndex((column) => column.sort === sort.replace(/^-/, ''))
  const uuids = images.map(({ uuid }) => uuid)
  return (
    <Table
      aria-label={intl.formatMessage({ id: 'images.title' })}
      variant="compact"
      gridBreakPoint="grid-lg"
      className={isStale ? 'ip-stale' : ''}
    >
      <Thead>
        <Tr>
          <Th aria-label={intl.formatMessage({ id: 'images.choose' })}>
            <Checkbox
              id="choose-all"
              aria-label={intl.formatMessage({ id: 'images.choose.all' })}
              isChecked={images.length > 0 && uuids.every((uuid) => chosen.has(uuid))}
              onChange={(_, wanted) => onChoose(uuids, wanted)}
            />
          </Th>
          {visible.map((column, index) => (
            <Th
              key={column.name}
              modifier="nowrap"
              {...(column.sort === undefined
                ? {}
                : {
                    sort: {
                      columnIndex: index,
                      sortBy: { index: sorted, direction: descending ? 'desc' : 'asc' },
                      onSort: (_event, _index, direction) =>
                        onSort(`${direction === 'desc' ? '-' : ''}${column.sort}`),
                    },
                  })}
            >
              {intl.formatMessage({ id: `images.column.${column.name}` })}
            </Th>
          ))}
        </Tr>
      </Thead>
      <Tbody>
        {images.map((image) => (
          <Tr key={image.uuid} isRowSelected={chosen.has(image.uuid)}>
            <Td>
              <Checkbox
                id={`choose-${image.uuid}`}
                aria-label={intl.formatMessage(
                  { id: 'images.choose.one' },
                  { name: image.name || image.uuid },
                )}
                isChecked={chosen.has(image.uuid)}
                onChange={(_, wanted) => onChoose([image.uuid], wanted)}
              />
            </Td>
            {visible.map((column) => (
              <Td
                key={column.name}
                dataLabel={intl.formatMessage({ id: `images.column.${column.name}` })}
                {...(wide.has(column.name) ? {} : { modifier: 'nowrap' as const })}
              >
                {column.show(image)}
              </Td>
            ))}
          </Tr>
        ))}
      </Tbody>
    </Table>
  )
}
