import {
  Dropdown,
  DropdownItem,
  DropdownList,
  MenuToggle,
  type MenuToggleElement,
} from '@patternfly/react-core'
import { type Ref, useState } from 'react'
import { FormattedMessage } from 'react-intl'
import type { RowAction } from '../../parts/list/RowMenu.tsx'

/** What else can be done with what a page shows. */
export function ActionsMenu({ actions }: { readonly actions: readonly RowAction[] }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <Dropdown
      shouldFocusToggleOnSelect
      isOpen={isOpen}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: 'right' }}
      toggle={(ref: Ref<MenuToggleElement>) => (
        <MenuToggle ref={ref} isExpanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <FormattedMessage id="list.actions" />
        </MenuToggle>
      )}
    >
      <DropdownList>
        {actions.map(({ text, isDanger = false, onChoose }) => (
          <DropdownItem key={text} isDanger={isDanger} onClick={onChoose}>
            {text}
          </DropdownItem>
        ))}
      </DropdownList>
    </Dropdown>
  )
}
