import { Card, CardBody, CardTitle } from '@patternfly/react-core'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link } from 'react-router'
import type { WireActivity } from '../../../../src/faces/console/wire-dashboard.ts'
import { When } from '../../parts/values.tsx'

/** What was done last, by whom and through which door. */
export function ActivityCard({ activity }: { readonly activity: readonly WireActivity[] }) {
  const intl = useIntl()
  return (
    <Card isFullHeight>
      <CardTitle component="h2">
        <FormattedMessage id="dashboard.activity" />
      </CardTitle>
      <CardBody>
        {activity.length === 0 ? <FormattedMessage id="dashboard.activity.none" /> : null}
        <ol className="ip-list" aria-label={intl.formatMessage({ id: 'dashboard.activity' })}>
          {activity.map(({ id, at, username, face, action, image }) => (
            <li key={id} className="ip-deed">
              <span>
                <FormattedMessage
                  id={
                    intl.messages[`dashboard.did.${action}`]
                      ? `dashboard.did.${action}`
                      : 'dashboard.did.other'
                  }
                  values={{
                    who: username || intl.formatMessage({ id: 'dashboard.nobody' }),
                    image: (
                      <Link to={`/images/${image.uuid}`} className="ip-break">
                        {image.name || image.uuid}
                      </Link>
                    ),
                  }}
                />
              </span>
              <small>
                <When at={at} /> · <FormattedMessage id={`dashboard.face.${face}`} />
              </small>
            </li>
          ))}
        </ol>
      </CardBody>
    </Card>
  )
}
