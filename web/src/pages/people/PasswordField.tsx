import { TextInput } from '@patternfly/react-core'
import { useId } from 'react'
import { Field } from '../../parts/form/Field.tsx'

/** A password that is typed. */
export function PasswordField({
  label,
  help,
  problem,
  isNew = false,
  value,
  onChange,
}: {
  readonly label: string
  readonly help?: string
  readonly problem: string | undefined
  /** It is chosen now, and is not one that the browser may know. */
  readonly isNew?: boolean
  readonly value: string
  readonly onChange: (password: string) => void
}) {
  const id = useId()
  return (
    <Field id={id} label={label} help={help} problem={problem} isRequired>
      <TextInput
        id={id}
        type="password"
        isRequired
        autoComplete={isNew ? 'new-password' : 'current-password'}
        maxLength={1024}
        value={value}
        {...(problem === undefined && help === undefined ? {} : { 'aria-describedby': `${id}-help` })}
        {...(problem === undefined ? {} : { validated: 'error' as const })}
        onChange={(_, password) => onChange(password)}
      />
    </Field>
  )
}
