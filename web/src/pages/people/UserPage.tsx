import { Button, Grid, GridItem } from '@patternfly/react-core'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { useParams } from 'react-router'
import type { WireUserDetails } from '../../../../src/faces/console/wire-people.ts'
import { useMe } from '../../app/session.tsx'
import { PageCard } from '../../parts/PageCard.tsx'
import { ActionsMenu } from './ActionsMenu.tsx'
import { AdminOnly } from './AdminOnly.tsx'
import { ApplicationCredentials } from './ApplicationCredentials.tsx'
import { DeleteModal } from './DeleteModal.tsx'
import { EnableModal } from './EnableModal.tsx'
import { Grants } from './Grants.tsx'
import { OnePage } from './OnePage.tsx'
import { useOne } from './people.ts'
import { ResetPasswordModal } from './ResetPasswordModal.tsx'
import { Tokens } from './Tokens.tsx'
import { Secrets, UserFacts } from './UserFacts.tsx'
import { UserModal } from './UserModal.tsx'

/** One user, for administrators. */
export default function UserPage() {
  return (
    <AdminOnly>
      <User />
    </AdminOnly>
  )
}

function User() {
  const intl = useIntl()
  const { name = '' } = useParams()
  const me = useMe()
  const query = useOne('users', name)
  const [open, setOpen] = useState<'edit' | 'password' | 'enable' | 'delete'>()
  const close = () => setOpen(undefined)
  const shown = query.data?.username ?? name

  const actions = (user: WireUserDetails) => {
    const { username, enabled, external } = user
    const isOther = username !== me.username
    const deeds = [
      // One's own is changed on one's own page, by whoever knows the old one.
      ...(isOther && !external ? ([['password', 'users.password.reset']] as const) : []),
      ...(isOther ? ([['enable', `users.${enabled ? 'disable' : 'enable'}`]] as const) : []),
    ]
    return (
      <>
        <Button variant="secondary" onClick={() => setOpen('edit')}>
          <FormattedMessage id="parts.edit" />
        </Button>{' '}
        {isOther ? (
          <ActionsMenu
            actions={[
              ...deeds.map(([deed, id]) => ({
                text: intl.formatMessage({ id }, { name: username }),
                onChoose: () => setOpen(deed),
              })),
              {
                text: intl.formatMessage({ id: 'parts.delete' }),
                isDanger: true,
                onChoose: () => setOpen('delete'),
              },
            ]}
          />
        ) : null}
      </>
    )
  }
  return (
    <OnePage noun="users" name={shown} query={query} actions={actions}>
      {(user) => (
        <Grid hasGutter>
          <GridItem lg={8}>
            <PageCard title={intl.formatMessage({ id: 'users.facts' })}>
              <UserFacts user={user} />
            </PageCard>
          </GridItem>
          <GridItem lg={4}>
            <PageCard title={intl.formatMessage({ id: 'users.secrets' })}>
              <Secrets user={user} />
            </PageCard>
          </GridItem>
          <GridItem>
            <Grants subject={{ noun: 'users', name: user.username }} isAdmin={user.superAdmin} />
          </GridItem>
          <GridItem>
            <Tokens username={user.username} />
          </GridItem>
          <GridItem>
            <ApplicationCredentials username={user.username} />
          </GridItem>
          {open === 'edit' ? <UserModal user={user} onClose={close} /> : null}
          {open === 'password' ? <ResetPasswordModal username={user.username} onClose={close} /> : null}
          {open === 'enable' ? (
            <EnableModal noun="users" name={user.username} enabled={!user.enabled} onClose={close} />
          ) : null}
          {open === 'delete' ? <DeleteModal noun="users" name={user.username} onClose={close} /> : null}
        </Grid>
      )}
    </OnePage>
  )
}
