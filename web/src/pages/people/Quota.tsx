import { Flex, Progress, ProgressMeasureLocation, ProgressVariant } from '@patternfly/react-core'
import { FormattedMessage, useIntl } from 'react-intl'

/** Shares from which a quota looks tight, and used up. */
const tight = 0.9

/** What there is of something, and how much there may be; null: as much as anybody likes. */
export function Quota({
  label,
  used,
  limit,
  words,
  isCompact = false,
}: {
  readonly label: string
  readonly used: number
  readonly limit: number | null
  /** How such a number is read. */
  readonly words: (value: number) => string
  /** In a table, whose column is the heading. */
  readonly isCompact?: boolean
}) {
  const intl = useIntl()
  if (limit === null) {
    if (isCompact) return words(used)
    return (
      <Flex justifyContent={{ default: 'justifyContentSpaceBetween' }}>
        <span>{label}</span>
        <FormattedMessage id="projects.quota.none" values={{ used: words(used) }} />
      </Flex>
    )
  }
  const share = limit === 0 ? (used > 0 ? 1 : 0) : Math.min(1, used / limit)
  const text = intl.formatMessage({ id: 'projects.quota.of' }, { used: words(used), limit: words(limit) })
  const variant =
    used >= limit ? ProgressVariant.danger : share >= tight ? ProgressVariant.warning : undefined
  const bar = {
    value: share * 100,
    valueText: text,
    size: 'sm',
    ...(variant === undefined || limit === 0 ? {} : { variant }),
  } as const
  if (!isCompact)
    return <Progress {...bar} title={label} label={text} measureLocation={ProgressMeasureLocation.top} />
  return (
    <>
      <div className="ip-quota">{text}</div>
      <Progress {...bar} aria-label={label} measureLocation={ProgressMeasureLocation.none} />
    </>
  )
}
