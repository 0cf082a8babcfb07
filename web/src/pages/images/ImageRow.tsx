import { Checkbox } from '@patternfly/react-core'
import { Td, Tr } from '@patternfly/react-table'
import { memo } from 'react'
import { useIntl } from 'react-intl'
import type { WireImage } from '../../../../src/faces/console/wire.ts'
import type { Column } from './columns.tsx'

/** Columns whose content may take several lines. */
const wide: ReadonlySet<string> = new Set(['name', 'tags', 'uuid', 'createdAt', 'updatedAt'])

/** One image of the list. A hundred of them take long to draw: each is drawn anew only when it has changed. */
export const ImageRow = memo(function ImageRow({
  image,
  columns,
  isChosen,
  onChoose,
}: {
  readonly image: WireImage
  readonly columns: readonly Column[]
  readonly isChosen: boolean
  readonly onChoose: (images: readonly WireImage[], wanted: boolean) => void
}) {
  const intl = useIntl()
  return (
    <Tr isRowSelected={isChosen}>
      <Td>
        <Checkbox
          id={`choose-${image.uuid}`}
          aria-label={intl.formatMessage({ id: 'images.choose.one' }, { name: image.name || image.uuid })}
          isChecked={isChosen}
          onChange={(_, wanted) => onChoose([image], wanted)}
        />
      </Td>
      {columns.map((column) => (
        <Td
          key={column.name}
          dataLabel={intl.formatMessage({ id: `images.column.${column.name}` })}
          {...(wide.has(column.name) ? {} : { modifier: 'nowrap' as const })}
        >
          {/* In a card the content would be as wide as the card, labels included. */}
          <div>{column.show(image)}</div>
        </Td>
      ))}
    </Tr>
  )
})
