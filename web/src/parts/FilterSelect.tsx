import {
  MenuToggle,
  type MenuToggleElement,
  Select,
  SelectList,
  SelectOption,
  ToolbarFilter,
} from '@patternfly/react-core'
import { type Ref, useState } from 'react'
import { useIntl } from 'react-intl'

export type Choice = { readonly value: string; readonly text: string }

/** A filter with a few possible values; what is chosen shows as a label that can be taken away. */
export function FilterSelect({
  label,
  choices,
  value,
  onChange,
}: {
  readonly label: string
  readonly choices: readonly Choice[]
  readonly value: string
  readonly onChange: (value: string) => void
}) {
  const intl = useIntl()
  const [isOpen, setOpen] = useState(false)
  const chosen = choices.find((choice) => choice.value === value)?.text ?? value
  return (
    <ToolbarFilter
      labels={value === '' ? [] : [chosen]}
      deleteLabel={() => onChange('')}
      categoryName={label}
    >
      <Select
        isOpen={isOpen}
        selected={value}
        onOpenChange={setOpen}
        onSelect={(_, given) => {
          onChange(given === value ? '' : String(given))
          setOpen(false)
        }}
        toggle={(ref: Ref<MenuToggleElement>) => (
          <MenuToggle
            ref={ref}
            isExpanded={isOpen}
            onClick={() => setOpen(!isOpen)}
            aria-label={
              value === ''
                ? label
                : intl.formatMessage({ id: 'parts.filter.chosen' }, { label, value: chosen })
            }
          >
            {label}
          </MenuToggle>
        )}
      >
        <SelectList>
          {choices.map((choice) => (
            <SelectOption key={choice.value} value={choice.value}>
              {choice.text}
            </SelectOption>
          ))}
        </SelectList>
      </Select>
    </ToolbarFilter>
  )
}
