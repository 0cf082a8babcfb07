import { Label, LabelGroup } from '@patternfly/react-core'
import { FormattedMessage, useIntl } from 'react-intl'
import type { Option, Options } from './pick.ts'

/** What was chosen, each to be taken away. */
export function Chosen({
  label,
  chosen,
  onDrop,
}: {
  readonly label: string
  readonly chosen: readonly Option[]
  readonly onDrop: (one: Option) => void
}) {
  const intl = useIntl()
  if (chosen.length === 0) return null
  return (
    <LabelGroup
      aria-label={intl.formatMessage({ id: 'places.pick.chosen' }, { label })}
      numLabels={chosen.length}
    >
      {chosen.map((one) => (
        <Label
          key={one.id}
          closeBtnAriaLabel={intl.formatMessage({ id: 'places.pick.drop' }, { name: one.text })}
          onClose={(event) => {
            event.stopPropagation()
            onDrop(one)
          }}
        >
          {one.text}
        </Label>
      ))}
    </LabelGroup>
  )
}

/** What is to be said below what is offered. */
export function Rest({ found }: { readonly found: Options | undefined }) {
  if (found === undefined) return <FormattedMessage id="app.loading" />
  if (found.total === 0) return <FormattedMessage id="places.pick.none" />
  const count = found.total - found.options.length
  return <FormattedMessage id="places.pick.more" values={{ count }} />
}
