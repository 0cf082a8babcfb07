import './images.css'
import { Checkbox } from '@patternfly/react-core'
import { Table, Tbody, Th, Thead, Tr } from '@patternfly/react-table'
import { useMemo } from 'react'
import { useIntl } from 'react-intl'
import type { WireImage } from '../../../../src/faces/console/wire.ts'
import { columns } from './columns.tsx'
import { ImageRow } from './ImageRow.tsx'

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
  /** By uuid. */
  readonly chosen: ReadonlyMap<string, WireImage>
  /** Always the same, so that rows stay as they are. */
  readonly onChoose: (images: readonly WireImage[], wanted: boolean) => void
  /** Another page is on its way. */
  readonly isStale: boolean
}) {
  const intl = useIntl()
  const visible = useMemo(() => columns.filter(({ name }) => shown.includes(name)), [shown])
  const descending = sort.startsWith('-')
  const sorted = visible.findIndex((column) => column.sort === sort.replace(/^-/, ''))
  return (
    <Table
      aria-label={intl.formatMessage({ id: 'images.title' })}
      variant="compact"
      gridBreakPoint="grid-lg"
      className={isStale ? 'ip-images ip-stale' : 'ip-images'}
    >
      <Thead>
        <Tr>
          <Th aria-label={intl.formatMessage({ id: 'images.choose' })}>
            <Checkbox
              id="choose-all"
              aria-label={intl.formatMessage({ id: 'images.choose.all' })}
              isChecked={images.length > 0 && images.every(({ uuid }) => chosen.has(uuid))}
              onChange={(_, wanted) => onChoose(images, wanted)}
            />
          </Th>
          {visible.map((column, index) => (
            <Th
              key={column.name}
              modifier={column.sort === undefined ? 'wrap' : 'nowrap'}
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
          <ImageRow
            key={image.uuid}
            image={image}
            columns={visible}
            isChosen={chosen.has(image.uuid)}
            onChoose={onChoose}
          />
        ))}
      </Tbody>
    </Table>
  )
}
