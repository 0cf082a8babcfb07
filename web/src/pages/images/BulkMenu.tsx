import {
  Dropdown,
  DropdownItem,
  DropdownList,
  MenuToggle,
  type MenuToggleElement,
} from '@patternfly/react-core'
import { type Ref, useState } from 'react'
import { FormattedMessage } from 'react-intl'
import { useMe } from '../../app/session.tsx'
import { type BulkAction, bulkActions } from './bulk.ts'

export function BulkMenu({
  count,
  onAction,
}: {
  readonly count: number
  readonly onAction: (action: BulkAction) => void
}) {
  const [isOpen, setOpen] = useState(false)
  const { superAdmin } = useMe()
  const offered = bulkActions.filter((action) => action !== 'makePublic' || superAdmin)
  return (
    <Dropdown
      shouldFocusToggleOnSelect
      isOpen={isOpen}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      toggle={(ref: Ref<MenuToggleElement>) => (
        <MenuToggle ref={ref} isDisabled={count === 0} isExpanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <FormattedMessage id="images.bulk" values={{ count }} />
        </MenuToggle>
      )}
    >
      <DropdownList>
        {offered.map((action) => (
          <DropdownItem key={action} isDanger={action === 'delete'} onClick={() => onAction(action)}>
            <FormattedMessage id={`images.bulk.${action}`} />
          </DropdownItem>
        ))}
      </DropdownList>
    </Dropdown>
  )
}
