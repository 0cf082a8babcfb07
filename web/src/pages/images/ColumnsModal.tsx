import {
  Button,
  Checkbox,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Stack,
  StackItem,
} from '@patternfly/react-core'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { Dialog } from '../../parts/Dialog.tsx'
import { columns, usualColumns } from './columns.tsx'

export function ColumnsModal({
  chosen,
  onChoose,
  onClose,
}: {
  readonly chosen: readonly string[]
  readonly onChoose: (names: readonly string[]) => void
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const [names, setNames] = useState(chosen)
  const toggle = (name: string, wanted: boolean) =>
    setNames(
      columns
        .map((column) => column.name)
        .filter((other) => (other === name ? wanted : names.includes(other))),
    )
  return (
    <Dialog variant="small" onClose={onClose} aria-labelledby="columns-title">
      <ModalHeader title={intl.formatMessage({ id: 'images.columns' })} labelId="columns-title" />
      <ModalBody>
        <Stack hasGutter>
          {columns.map(({ name }) => (
            <StackItem key={name}>
              <Checkbox
                id={`column-${name}`}
                label={intl.formatMessage({ id: `images.column.${name}` })}
                isChecked={names.includes(name)}
                isDisabled={name === 'name'}
                onChange={(_, wanted) => toggle(name, wanted)}
              />
            </StackItem>
          ))}
        </Stack>
      </ModalBody>
      <ModalFooter>
        <Button
          onClick={() => {
            onChoose(names)
            onClose()
          }}
        >
          <FormattedMessage id="parts.save" />
        </Button>
        <Button variant="secondary" onClick={() => setNames(usualColumns)}>
          <FormattedMessage id="images.columns.usual" />
        </Button>
        <Button variant="link" onClick={onClose}>
          <FormattedMessage id="parts.cancel" />
        </Button>
      </ModalFooter>
    </Dialog>
  )
}
