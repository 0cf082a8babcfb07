import { Grid, GridItem } from '@patternfly/react-core'
import { useQuery } from '@tanstack/react-query'
import { useIntl } from 'react-intl'
import type { WireHealth, WireSettings } from '../../../../src/faces/console/wire-settings.ts'
import { get } from '../../api/client.ts'
import { useMe } from '../../app/session.tsx'
import { PageFrame } from '../../parts/PageFrame.tsx'
import { QueryView } from '../../parts/QueryView.tsx'
import { Documents } from './Documents.tsx'
import { Migrations } from './Migrations.tsx'
import { PartsCard } from './PartsCard.tsx'
import { Processes } from './Processes.tsx'
import { SettingsTable } from './SettingsTable.tsx'
import { StoresCard } from './StoresCard.tsx'
import { TaskCounts } from './TaskCounts.tsx'
import { VerifyButton } from './VerifyButton.tsx'

/** Milliseconds between two looks at how the installation is. */
const lookEvery = 10_000

/** How the installation is, and how it is set up. For everybody else there is the documentation. */
export default function SettingsPage() {
  const intl = useIntl()
  const { superAdmin } = useMe()
  return (
    <PageFrame
      title={intl.formatMessage({ id: 'settings.title' })}
      intro={intl.formatMessage({ id: superAdmin ? 'settings.intro' : 'settings.intro.own' })}
      actions={superAdmin ? <VerifyButton /> : undefined}
    >
      <Grid hasGutter>
        {superAdmin ? <Health /> : null}
        <GridItem>
          <Documents />
        </GridItem>
        {superAdmin ? (
          <GridItem>
            <Settings />
          </GridItem>
        ) : null}
      </Grid>
    </PageFrame>
  )
}

function Health() {
  const query = useQuery({
    queryKey: ['health'],
    queryFn: ({ signal }) => get<WireHealth>('/health', {}, signal),
    refetchInterval: lookEvery,
  })
  const cards = (health: WireHealth) => (
    <Grid hasGutter>
      <GridItem md={6} xl={4}>
        <PartsCard health={health} />
      </GridItem>
      <GridItem md={6} xl={4}>
        <StoresCard stores={health.stores} />
      </GridItem>
      <GridItem md={6} xl={4}>
        <TaskCounts tasks={health.tasks} />
      </GridItem>
      <GridItem md={6} xl={8}>
        <Processes processes={health.processes} />
      </GridItem>
      <GridItem md={12} xl={4}>
        <Migrations migrations={health.migrations} />
      </GridItem>
    </Grid>
  )
  return (
    <GridItem>
      <QueryView query={query} lines={12}>
        {cards}
      </QueryView>
    </GridItem>
  )
}

function Settings() {
  const query = useQuery({
    queryKey: ['settings'],
    queryFn: ({ signal }) => get<WireSettings>('/settings', {}, signal),
  })
  return (
    <QueryView query={query} lines={20}>
      {({ settings }) => <SettingsTable settings={settings} />}
    </QueryView>
  )
}
