import './dashboard.css'
import { Gallery, Grid, GridItem } from '@patternfly/react-core'
import { useQuery } from '@tanstack/react-query'
import { useIntl } from 'react-intl'
import type { WireDashboard } from '../../../../src/faces/console/wire-dashboard.ts'
import { get } from '../../api/client.ts'
import { PageFrame } from '../../parts/PageFrame.tsx'
import { QueryView } from '../../parts/QueryView.tsx'
import { ActivityCard } from './ActivityCard.tsx'
import { NewImagesCard } from './NewImagesCard.tsx'
import { RunningTasksCard } from './RunningTasksCard.tsx'
import { SharesCard } from './SharesCard.tsx'
import { SpaceCard } from './SpaceCard.tsx'
import { StatusesCard } from './StatusesCard.tsx'
import { Totals } from './Totals.tsx'

export default function DashboardPage() {
  const intl = useIntl()
  const query = useQuery({
    // Among the images, because it is they whose changes it shows.
    queryKey: ['images', 'dashboard'],
    queryFn: ({ signal }) => get<WireDashboard>('/dashboard', undefined, signal),
  })
  return (
    <PageFrame
      title={intl.formatMessage({ id: 'dashboard.title' })}
      intro={intl.formatMessage({ id: 'dashboard.intro' })}
    >
      <QueryView query={query} lines={16}>
        {(dashboard) => (
          <Grid hasGutter>
            <GridItem>
              <Totals dashboard={dashboard} />
            </GridItem>
            <GridItem>
              <Gallery hasGutter minWidths={{ default: '100%', md: '16rem' }}>
                <StatusesCard statuses={dashboard.statuses} />
                <SharesCard
                  title={intl.formatMessage({ id: 'dashboard.formats' })}
                  shares={dashboard.formats}
                  filter="format"
                />
                <SharesCard
                  title={intl.formatMessage({ id: 'dashboard.systems' })}
                  shares={dashboard.systems}
                  filter="os"
                />
              </Gallery>
            </GridItem>
            <GridItem lg={8}>
              <NewImagesCard days={dashboard.days} />
            </GridItem>
            <GridItem lg={4}>
              {dashboard.space === null ? null : <SpaceCard space={dashboard.space} />}
            </GridItem>
            <GridItem lg={8}>
              <ActivityCard activity={dashboard.activity} />
            </GridItem>
            <GridItem lg={4}>
              <RunningTasksCard />
            </GridItem>
          </Grid>
        )}
      </QueryView>
    </PageFrame>
  )
}
