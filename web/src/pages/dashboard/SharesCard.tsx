import { Card, CardBody, CardTitle } from '@patternfly/react-core'
import { FormattedMessage, FormattedNumber, useIntl } from 'react-intl'
import { Link } from 'react-router'
import type { WireShare } from '../../../../src/faces/console/wire-dashboard.ts'

/** How images divide by one of their facts, as bars beside each other. */
export function SharesCard({
  title,
  shares,
  filter,
}: {
  readonly title: string
  readonly shares: readonly WireShare[]
  /** The filter of the list of images that finds those of one bar. */
  readonly filter: string
}) {
  const intl = useIntl()
  const most = Math.max(1, ...shares.map(({ images }) => images))
  return (
    <Card>
      <CardTitle component="h2">{title}</CardTitle>
      <CardBody>
        {shares.length === 0 ? <FormattedMessage id="dashboard.nothing" /> : null}
        <ul className="ip-list" aria-label={title}>
          {shares.map(({ name, images }) => (
            <li key={name} className="ip-row">
              {name === '' ? (
                <span>{intl.formatMessage({ id: 'dashboard.unsaid' })}</span>
              ) : (
                <Link to={`/images?${filter}=${encodeURIComponent(name)}`}>{name}</Link>
              )}
              <FormattedNumber value={images} />
              <svg className="ip-bar" height="8" width="100%" aria-hidden="true">
                <rect className="ip-bar-ground" height="8" width="100%" rx="4" />
                <rect className="ip-bar-value" height="8" width={`${(images / most) * 100}%`} rx="4" />
              </svg>
            </li>
          ))}
        </ul>
      </CardBody>
    </Card>
  )
}
