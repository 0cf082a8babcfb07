import { useIntl } from 'react-intl'
import { TextField } from './Field.tsx'

/** Tags as one line of text, with commas between them. */
export function TagsField({
  value,
  onChange,
  problem,
}: {
  readonly value: string
  readonly onChange: (tags: string) => void
  readonly problem: string | undefined
}) {
  const intl = useIntl()
  return (
    <TextField
      label={intl.formatMessage({ id: 'form.tags' })}
      help={intl.formatMessage({ id: 'form.tags.help' })}
      problem={problem}
      value={value}
      onChange={onChange}
    />
  )
}
