import { Button, Grid, GridItem } from '@patternfly/react-core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireMe } from '../../../../src/faces/console/wire-people.ts'
import { get } from '../../api/client.ts'
import { PageCard } from '../../parts/PageCard.tsx'
import { PageFrame } from '../../parts/PageFrame.tsx'
import { QueryView } from '../../parts/QueryView.tsx'
import { ApplicationCredentials } from './ApplicationCredentials.tsx'
import { Grants } from './Grants.tsx'
import { OwnPasswordModal } from './OwnPasswordModal.tsx'
import { Tokens } from './Tokens.tsx'
import { Secrets, UserFacts } from './UserFacts.tsx'
import { Ways } from './Ways.tsx'

/** Oneself: who one is, what one may do, and how one's programs come in. */
export default function MePage() {
  const intl = useIntl()
  const [isChanging, setChanging] = useState(false)
  const query = useQuery({
    queryKey: ['me'],
    queryFn: ({ signal }) => get<WireMe>('/me', {}, signal),
  })
  return (
    <PageFrame
      title={intl.formatMessage({ id: 'me.title' })}
      intro={intl.formatMessage({ id: 'me.intro' })}
      actions={
        query.data?.password ? (
          <Button variant="secondary" onClick={() => setChanging(true)}>
            <FormattedMessage id="users.password.change" />
          </Button>
        ) : undefined
      }
    >
      <QueryView query={query} lines={12}>
        {(me) => (
          <Grid hasGutter>
            <GridItem lg={8}>
              <PageCard title={me.username}>
                <UserFacts user={me} />
              </PageCard>
            </GridItem>
            <GridItem lg={4}>
              <PageCard title={intl.formatMessage({ id: 'users.secrets' })}>
                <Secrets user={me} />
              </PageCard>
            </GridItem>
            <GridItem>
              <Tokens username={me.username} />
            </GridItem>
            <GridItem>
              <Ways ways={me.ways} />
            </GridItem>
            <GridItem>
              <Grants subject={{ noun: 'users', name: me.username }} isAdmin={me.superAdmin} />
            </GridItem>
            <GridItem>
              <ApplicationCredentials username={me.username} />
            </GridItem>
          </Grid>
        )}
      </QueryView>
      {isChanging ? <OwnPasswordModal onClose={() => setChanging(false)} /> : null}
    </PageFrame>
  )
}
