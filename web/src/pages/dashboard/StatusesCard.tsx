import { ChartDonut, ChartThemeColor } from '@patternfly/react-charts/victory'
import { Card, CardBody, CardTitle } from '@patternfly/react-core'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireDashboard } from '../../../../src/faces/console/wire-dashboard.ts'
import { Legend } from './Legend.tsx'

/** Images by status; the numbers stand beside the picture for those who do not see it. */
export function StatusesCard({ statuses }: { readonly statuses: WireDashboard['statuses'] }) {
  const intl = useIntl()
  const title = intl.formatMessage({ id: 'dashboard.statuses' })
  const total = statuses.reduce((sum, { images }) => sum + images, 0)
  const named = statuses.map(({ status, images }) => ({
    name: intl.formatMessage({ id: `image.status.${status}` }),
    images,
    to: `/images?status=${status}`,
  }))
  return (
    <Card>
      <CardTitle component="h2">{title}</CardTitle>
      <CardBody>
        {total === 0 ? (
          <FormattedMessage id="dashboard.nothing" />
        ) : (
          <>
            <div aria-hidden="true" className="ip-donut">
              <ChartDonut
                name="statuses"
                data={named.map(({ name, images }) => ({ x: name, y: images }))}
                labels={({ datum }) => `${datum.x}: ${intl.formatNumber(datum.y)}`}
                title={intl.formatNumber(total)}
                themeColor={ChartThemeColor.multiUnordered}
                height={180}
                width={180}
                padding={10}
              />
            </div>
            <Legend label={title} entries={named} colour={ChartThemeColor.multiUnordered} />
          </>
        )}
      </CardBody>
    </Card>
  )
}
