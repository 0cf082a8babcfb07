import {
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  TextArea,
  TextInput,
} from '@patternfly/react-core'
import { type ReactNode, useId } from 'react'

type Common = {
  readonly label: string
  readonly help?: ReactNode
  /** What is wrong with it, as the server or the page says. */
  readonly problem?: string | undefined
  readonly isRequired?: boolean
  readonly value: string
  readonly onChange: (value: string) => void
}

/** A line of text, or several, with what is to be known of it and what is wrong with it below. */
export function TextField({
  lines = 1,
  type = 'text',
  choices,
  placeholder,
  isMono = false,
  ...field
}: Common & {
  readonly lines?: number
  readonly type?: 'text' | 'url' | 'number'
  /** What is often written there; anything else is fine, too. */
  readonly choices?: readonly string[]
  readonly placeholder?: string
  readonly isMono?: boolean
}) {
  const id = useId()
  const shared = {
    ...inputProps(id, field),
    ...(placeholder === undefined ? {} : { placeholder }),
    ...(isMono ? { className: 'ip-mono' } : {}),
    onChange: (_: unknown, value: string) => field.onChange(value),
  }
  return (
    <Field id={id} {...field}>
      {lines > 1 ? (
        <TextArea {...shared} rows={lines} resizeOrientation="vertical" />
      ) : (
        <TextInput
          {...shared}
          type={type}
          autoComplete="off"
          spellCheck={false}
          {...(choices ? { list: `${id}-choices` } : {})}
        />
      )}
      {choices ? (
        <datalist id={`${id}-choices`}>
          {choices.map((choice) => (
            <option key={choice} value={choice} />
          ))}
        </datalist>
      ) : null}
    </Field>
  )
}

/** One of a few values. */
export function ChoiceField({
  choices,
  isDisabled = false,
  ...field
}: Common & {
  readonly choices: readonly { readonly value: string; readonly text: string }[]
  readonly isDisabled?: boolean
}) {
  const id = useId()
  return (
    <Field id={id} {...field}>
      <FormSelect
        {...inputProps(id, field)}
        isDisabled={isDisabled}
        onChange={(_, value) => field.onChange(value)}
      >
        {choices.map(({ value, text }) => (
          <FormSelectOption key={value} value={value} label={text} />
        ))}
      </FormSelect>
    </Field>
  )
}

function inputProps(id: string, { value, help, problem, isRequired = false }: Common) {
  return {
    id,
    value,
    isRequired,
    ...(problem === undefined ? {} : { validated: 'error' as const }),
    ...(problem === undefined && help === undefined ? {} : { 'aria-describedby': `${id}-help` }),
  }
}

export function Field({
  id,
  label,
  help,
  problem,
  isRequired = false,
  children,
}: Omit<Common, 'value' | 'onChange'> & { readonly id: string; readonly children: ReactNode }) {
  return (
    <FormGroup label={label} fieldId={id} isRequired={isRequired}>
      {children}
      {problem === undefined && help === undefined ? null : (
        <FormHelperText>
          <HelperText id={`${id}-help`} isLiveRegion>
            <HelperTextItem {...(problem === undefined ? {} : { variant: 'error' as const })}>
              {problem ?? help}
            </HelperTextItem>
          </HelperText>
        </FormHelperText>
      )}
    </FormGroup>
  )
}
