import { Chart, ChartAxis, ChartBar, ChartVoronoiContainer } from '@patternfly/react-charts/victory'
import { Card, CardBody, CardTitle } from '@patternfly/react-core'
import { useIntl } from 'react-intl'
import type { WireDashboard } from '../../../../src/faces/console/wire-dashboard.ts'
import { useWidth } from './width.ts'

const height = 220

/** New images of each of the last days. */
export function NewImagesCard({ days }: { readonly days: WireDashboard['days'] }) {
  const intl = useIntl()
  const [place, width] = useWidth()
  const total = days.reduce((sum, { images }) => sum + images, 0)
  const date = (day: string) => intl.formatDate(day, { day: 'numeric', month: 'short', timeZone: 'UTC' })
  return (
    <Card>
      <CardTitle component="h2">
        {intl.formatMessage({ id: 'dashboard.days' }, { days: days.length, count: total })}
      </CardTitle>
      <CardBody>
        <div ref={place} aria-hidden="true" className="ip-chart">
          {width === 0 ? null : (
            <Chart
              height={height}
              width={width}
              padding={{ bottom: 40, left: 50, right: 20, top: 15 }}
              domainPadding={{ x: 12 }}
              minDomain={{ y: 0 }}
              {...(total === 0 ? { maxDomain: { y: 1 } } : {})}
              containerComponent={
                <ChartVoronoiContainer
                  labels={({ datum }) => `${date(datum.x)}: ${intl.formatNumber(datum.y)}`}
                  constrainToVisibleArea
                />
              }
            >
              <ChartAxis tickCount={width < 500 ? 4 : 8} tickFormat={date} fixLabelOverlap />
              <ChartAxis
                dependentAxis
                showGrid
                tickFormat={(n: number) => (Number.isInteger(n) ? intl.formatNumber(n) : '')}
              />
              <ChartBar data={days.map(({ day, images }) => ({ x: day, y: images }))} />
            </Chart>
          )}
        </div>
      </CardBody>
    </Card>
  )
}
