import { Card, CardBody, CardTitle, Content, Progress, ProgressMeasureLocation } from '@patternfly/react-core'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireSpace } from '../../../../src/faces/console/wire-dashboard.ts'
import { useBytes } from '../../parts/values.tsx'

/** Above so much of a store it is time to do something. */
const fullFrom = 0.9

/** What the stores hold, how full they are, and what is saved because equal bytes are kept once. */
export function SpaceCard({ space: { used, saved, stores } }: { readonly space: WireSpace }) {
  const intl = useIntl()
  const bytes = useBytes()
  return (
    <Card isFullHeight>
      <CardTitle component="h2">
        <FormattedMessage id="dashboard.space" />
      </CardTitle>
      <CardBody>
        <Content component="p">
          <FormattedMessage id="dashboard.space.used" values={{ used: bytes(used), saved: bytes(saved) }} />
        </Content>
        {stores.map(({ name, free, total }) =>
          free === null || total === null ? (
            <Content key={name} component="p">
              <FormattedMessage id="dashboard.space.unknown" values={{ name }} />
            </Content>
          ) : (
            <Progress
              key={name}
              title={name}
              value={total - free}
              max={total}
              measureLocation={ProgressMeasureLocation.outside}
              label={intl.formatNumber((total - free) / total, { style: 'percent' })}
              valueText={intl.formatMessage(
                { id: 'dashboard.space.free' },
                { free: bytes(free), total: bytes(total) },
              )}
              helperText={intl.formatMessage(
                { id: 'dashboard.space.free' },
                { free: bytes(free), total: bytes(total) },
              )}
              {...((total - free) / total > fullFrom ? { variant: 'warning' as const } : {})}
            />
          ),
        )}
      </CardBody>
    </Card>
  )
}
