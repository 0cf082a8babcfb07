import {
  Button,
  MenuToggle,
  type MenuToggleElement,
  Select,
  SelectList,
  SelectOption,
  TextInputGroup,
  TextInputGroupMain,
  TextInputGroupUtilities,
} from '@patternfly/react-core'
import { TimesIcon } from '@patternfly/react-icons/dist/esm/icons/times-icon'
import { type KeyboardEvent, type ReactNode, type Ref, useEffect, useId, useRef, useState } from 'react'
import { useIntl } from 'react-intl'
import { Field } from '../../parts/form/Field.tsx'
import { Chosen, Rest } from './PickParts.tsx'
import { type Option, type Source, useOptions } from './pick.ts'

type Common = {
  readonly label: string
  readonly help?: ReactNode
  readonly problem?: string | undefined
  readonly isRequired?: boolean
  readonly source: Source
}

/** One thing of a long list, found by typing a part of its name. */
export function PickField({
  value,
  onChange,
  ...field
}: Common & { readonly value: Option | null; readonly onChange: (chosen: Option | null) => void }) {
  return (
    <Picker {...field} chosen={value === null ? [] : [value]} onChange={([one]) => onChange(one ?? null)} />
  )
}

/** Any number of things of a long list. */
export function PickManyField({
  value,
  ...field
}: Common & { readonly value: readonly Option[]; readonly onChange: (chosen: readonly Option[]) => void }) {
  return <Picker {...field} chosen={value} isMany />
}

function Picker({
  label,
  help,
  problem,
  isRequired = false,
  source,
  chosen,
  isMany = false,
  onChange,
}: Common & {
  readonly chosen: readonly Option[]
  readonly isMany?: boolean
  readonly onChange: (chosen: readonly Option[]) => void
}) {
  const intl = useIntl()
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [isOpen, setOpen] = useState(false)
  const [typed, setTyped] = useState('')
  const [active, setActive] = useState(-1)
  const { data } = useOptions(source, typed, isOpen)
  const options = data?.options ?? []
  const single = isMany ? undefined : chosen[0]

  const open = () => {
    setOpen(true)
    setActive(-1)
  }
  const close = () => {
    setOpen(false)
    setTyped('')
    setActive(-1)
  }
  const choose = (option: Option) => {
    const others = chosen.filter((one) => one.id !== option.id)
    const isTakenAway = isMany && others.length < chosen.length
    onChange(isMany ? (isTakenAway ? others : [...chosen, option]) : [option])
    if (isMany) setTyped('')
    else close()
    input.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const { key } = event
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      event.preventDefault()
      if (!isOpen) open()
      else if (options.length > 0)
        setActive(
          (active + (key === 'ArrowDown' ? 1 : options.length - (active < 0 ? 0 : 1))) % options.length,
        )
    } else if (key === 'Enter') {
      // It sends no form.
      event.preventDefault()
      const option = options[active]
      if (isOpen && option) choose(option)
      else if (!isOpen) open()
    } else if (key === 'Tab') close()
  }
  // Escape closes the list, and not the window around it, which listens before React does.
  useEffect(() => {
    const element = input.current
    if (!isOpen || !element) return
    const onEscape = (event: globalThis.KeyboardEvent) => {
      if (event.key !== 'Escape') return
      event.stopPropagation()
      setOpen(false)
      setTyped('')
    }
    element.addEventListener('keydown', onEscape)
    return () => element.removeEventListener('keydown', onEscape)
  }, [isOpen])
  const optionId = (index: number) => `${id}-option-${index}`

  return (
    <Field id={id} label={label} help={help} problem={problem} isRequired={isRequired}>
      <Select
        variant="typeahead"
        isOpen={isOpen}
        selected={isMany ? chosen.map((one) => one.id) : (single?.id ?? '')}
        onSelect={(_, wanted) => {
          const option = options.find((one) => one.id === wanted)
          if (option) choose(option)
        }}
        onOpenChange={(wanted) => (wanted ? open() : close())}
        shouldFocusFirstItemOnOpen={false}
        // Inside of the window that the form is in, if it is in one: outside of it nothing can be read out.
        popperProps={{
          appendTo: () => input.current?.closest<HTMLElement>('[role=dialog]') ?? document.body,
        }}
        isScrollable
        maxMenuHeight="15rem"
        toggle={(ref: Ref<MenuToggleElement>) => (
          <MenuToggle
            ref={ref}
            variant="typeahead"
            aria-label={intl.formatMessage({ id: 'places.pick.open' }, { label })}
            isExpanded={isOpen}
            isFullWidth
            {...(problem === undefined ? {} : { status: 'danger' as const })}
            onClick={() => {
              if (isOpen) close()
              else open()
              input.current?.focus()
            }}
          >
            <TextInputGroup isPlain>
              <TextInputGroupMain
                ref={input}
                inputId={id}
                aria-label={label}
                value={isOpen ? typed : (single?.text ?? '')}
                placeholder={single?.text ?? intl.formatMessage({ id: 'places.pick.placeholder' })}
                autoComplete="off"
                role="combobox"
                isExpanded={isOpen}
                aria-controls={`${id}-list`}
                inputProps={{
                  'aria-required': isRequired,
                  ...(problem === undefined ? {} : { 'aria-invalid': true }),
                  ...(problem === undefined && help === undefined
                    ? {}
                    : { 'aria-describedby': `${id}-help` }),
                }}
                {...(isOpen && active >= 0 ? { 'aria-activedescendant': optionId(active) } : {})}
                onChange={(_, text) => {
                  setTyped(text)
                  if (!isOpen) open()
                  setActive(-1)
                }}
                // What is typed then takes the place of what was chosen.
                onFocus={() => input.current?.select()}
                onClick={() => (isOpen ? undefined : open())}
                onKeyDown={onKeyDown}
              >
                {isMany ? (
                  <Chosen
                    label={label}
                    chosen={chosen}
                    onDrop={(one) => onChange(chosen.filter(({ id }) => id !== one.id))}
                  />
                ) : null}
              </TextInputGroupMain>
              {chosen.length === 0 || isRequired ? null : (
                <TextInputGroupUtilities>
                  <Button
                    variant="plain"
                    icon={<TimesIcon />}
                    aria-label={intl.formatMessage({ id: 'places.pick.clear' }, { label })}
                    onClick={() => {
                      onChange([])
                      setTyped('')
                      input.current?.focus()
                    }}
                  />
                </TextInputGroupUtilities>
              )}
            </TextInputGroup>
          </MenuToggle>
        )}
      >
        <SelectList id={`${id}-list`} aria-label={label} isAriaMultiselectable={isMany}>
          {options.map((option, index) => (
            <SelectOption
              key={option.id}
              id={optionId(index)}
              value={option.id}
              isFocused={index === active}
              {...(option.about === undefined ? {} : { description: option.about })}
            >
              {option.text}
            </SelectOption>
          ))}
          {data !== undefined && data.total > 0 && options.length === data.total ? null : (
            <SelectOption key="rest" id={`${id}-rest`} value="" isAriaDisabled>
              <Rest found={data} />
            </SelectOption>
          )}
        </SelectList>
      </Select>
    </Field>
  )
}
