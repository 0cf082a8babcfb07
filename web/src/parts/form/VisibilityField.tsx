import { useIntl } from 'react-intl'
import { useMe } from '../../app/session.tsx'
import { ChoiceField } from './Field.tsx'

const visibilities = ['private', 'shared', 'community', 'public']

/** Who will see an image. Only administrators show one to everybody. */
export function VisibilityField({
  value,
  onChange,
  problem,
}: {
  readonly value: string
  readonly onChange: (visibility: string) => void
  readonly problem: string | undefined
}) {
  const intl = useIntl()
  const { superAdmin } = useMe()
  return (
    <ChoiceField
      label={intl.formatMessage({ id: 'form.visibility' })}
      help={intl.formatMessage({ id: `form.visibility.${value}` })}
      problem={problem}
      value={value}
      onChange={onChange}
      choices={visibilities
        .filter((name) => superAdmin || name !== 'public')
        .map((name) => ({ value: name, text: intl.formatMessage({ id: `image.visibility.${name}` }) }))}
    />
  )
}
