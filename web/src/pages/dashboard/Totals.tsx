import { Card, CardBody, CardTitle, Gallery } from '@patternfly/react-core'
import type { ReactNode } from 'react'
import { FormattedNumber, useIntl } from 'react-intl'
import type { WireDashboard } from '../../../../src/faces/console/wire-dashboard.ts'
import { useBytes } from '../../parts/values.tsx'

/** The few numbers that everybody wants first. */
export function Totals({ dashboard: { statuses, space } }: { readonly dashboard: WireDashboard }) {
  const intl = useIntl()
  const bytes = useBytes()
  const sum = (of: 'images' | 'bytes') => statuses.reduce((total, status) => total + status[of], 0)
  const active = statuses.find(({ status }) => status === 'active')?.images ?? 0
  const text = (id: string) => intl.formatMessage({ id })
  return (
    <Gallery hasGutter minWidths={{ default: '100%', sm: '9rem' }}>
      <Total title={text('dashboard.total.images')}>
        <FormattedNumber value={sum('images')} />
      </Total>
      <Total title={text('dashboard.total.active')}>
        <FormattedNumber value={active} />
      </Total>
      <Total title={text('dashboard.total.bytes')}>{bytes(sum('bytes'))}</Total>
      {space === null ? null : (
        <>
          <Total title={text('dashboard.total.used')}>{bytes(space.used)}</Total>
          <Total title={text('dashboard.total.saved')}>{bytes(space.saved)}</Total>
        </>
      )}
    </Gallery>
  )
}

function Total({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Card isCompact>
      <CardTitle component="h2">{title}</CardTitle>
      <CardBody className="ip-total">{children}</CardBody>
    </Card>
  )
}
