import { Label, LabelGroup } from '@patternfly/react-core'
import { useIntl } from 'react-intl'
import { Link } from 'react-router'
import { None } from '../../parts/values.tsx'

export type Name = {
  readonly id: number
  readonly text: string
  /** Where it leads; absent: nowhere. */
  readonly to?: string
}

/** Names of what something belongs to or has, the first of them at once. */
export function Names({
  label,
  names,
  shown = 10,
}: {
  readonly label: string
  readonly names: readonly Name[]
  readonly shown?: number
}) {
  const intl = useIntl()
  if (names.length === 0) return <None />
  return (
    <LabelGroup
      aria-label={label}
      numLabels={shown}
      collapsedText={intl.formatMessage({ id: 'places.more' }, { count: names.length - shown })}
      expandedText={intl.formatMessage({ id: 'places.less' })}
    >
      {names.map(({ id, text, to }) =>
        to === undefined ? (
          <Label key={id} isCompact>
            {text}
          </Label>
        ) : (
          <Label
            key={id}
            isClickable
            render={({ className, content }) => (
              <Link to={to} className={className}>
                {content}
              </Link>
            )}
          >
            {text}
          </Label>
        ),
      )}
    </LabelGroup>
  )
}
