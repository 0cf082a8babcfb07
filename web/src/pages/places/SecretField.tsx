import { Checkbox, TextInput } from '@patternfly/react-core'
import { useId } from 'react'
import { useIntl } from 'react-intl'
import { Field } from '../../parts/form/Field.tsx'

/** What becomes of a password that is kept: it stays, is replaced, or goes. */
export type Secret = { readonly typed: string; readonly isDropped: boolean }

export const keptSecret: Secret = { typed: '', isDropped: false }

/** What the server is told of it; undefined: nothing, so that it stays. */
export function secretPatch({ typed, isDropped }: Secret): string | null | undefined {
  if (isDropped) return null
  return typed === '' ? undefined : typed
}

/** A password, which can be written and never read. */
export function SecretField({
  label,
  isKept,
  value,
  problem,
  onChange,
}: {
  readonly label: string
  /** The server keeps one. */
  readonly isKept: boolean
  readonly value: Secret
  readonly problem: string | undefined
  readonly onChange: (secret: Secret) => void
}) {
  const intl = useIntl()
  const id = useId()
  return (
    <>
      <Field
        id={id}
        label={label}
        help={intl.formatMessage({ id: isKept ? 'places.secret.kept' : 'places.secret.none' })}
        problem={problem}
      >
        <TextInput
          id={id}
          type="password"
          autoComplete="new-password"
          value={value.typed}
          isDisabled={value.isDropped}
          aria-describedby={`${id}-help`}
          {...(problem === undefined ? {} : { validated: 'error' as const })}
          onChange={(_, typed) => onChange({ ...value, typed })}
        />
      </Field>
      {isKept ? (
        <Checkbox
          id={`${id}-drop`}
          label={intl.formatMessage({ id: 'places.secret.drop' })}
          isChecked={value.isDropped}
          onChange={(_, isDropped) => onChange({ typed: '', isDropped })}
        />
      ) : null}
    </>
  )
}
