import {
  Dropdown,
  DropdownItem,
  DropdownList,
  MenuToggle,
  type MenuToggleElement,
} from '@patternfly/react-core'
import { EllipsisVIcon } from '@patternfly/react-icons/dist/esm/icons/ellipsis-v-icon'
import { type Ref, useState } from 'react'
import { useIntl } from 'react-intl'

export type RowAction = {
  readonly text: string
  readonly isDanger?: true
  /** Why it cannot be chosen now; it is shown with that. */
  readonly whyNot?: string | undefined
  readonly onChoose: () => void
}

/** What can be done with one row of a table; nothing where nothing can. */
export function RowMenu({
  name,
  actions,
}: {
  /** Of what the row shows. */
  readonly name: string
  readonly actions: readonly RowAction[]
}) {
  const intl = useIntl()
  const [isOpen, setOpen] = useState(false)
  if (actions.length === 0) return null
  return (
    <Dropdown
      shouldFocusToggleOnSelect
      isOpen={isOpen}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: 'right' }}
      toggle={(ref: Ref<MenuToggleElement>) => (
        <MenuToggle
          ref={ref}
          variant="plain"
          icon={<EllipsisVIcon />}
          isExpanded={isOpen}
          aria-label={intl.formatMessage({ id: 'list.actions.of' }, { name })}
          onClick={() => setOpen(!isOpen)}
        />
      )}
    >
      <DropdownList>
        {actions.map(({ text, isDanger = false, whyNot, onChoose }) => (
          <DropdownItem
            key={text}
            isDanger={isDanger}
            {...(whyNot === undefined
              ? { onClick: onChoose }
              : { isAriaDisabled: true, description: whyNot })}
          >
            {text}
          </DropdownItem>
        ))}
      </DropdownList>
    </Dropdown>
  )
}
