import { Content } from '@patternfly/react-core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type {
  WireApplicationCredential,
  WireApplicationCredentialList,
} from '../../../../src/faces/console/wire-people.ts'
import { get, remove } from '../../api/client.ts'
import { ConfirmModal } from '../../parts/ConfirmModal.tsx'
import { type Column, ListTable } from '../../parts/list/ListTable.tsx'
import { RowMenu } from '../../parts/list/RowMenu.tsx'
import { PageCard } from '../../parts/PageCard.tsx'
import { QueryView } from '../../parts/QueryView.tsx'
import { pathOf } from './people.ts'
import { Expiry } from './Tokens.tsx'

/** What a user has made with OpenStack's clients; they make them, too, because the secret is theirs alone. */
export function ApplicationCredentials({ username }: { readonly username: string }) {
  const intl = useIntl()
  const queries = useQueryClient()
  const [revoked, setRevoked] = useState<WireApplicationCredential>()
  const path = `${pathOf('users', username)}/application-credentials`
  const key = ['application-credentials', username]
  const query = useQuery({
    queryKey: key,
    queryFn: async ({ signal }) =>
      (await get<WireApplicationCredentialList>(path, {}, signal)).applicationCredentials,
  })
  return (
    <PageCard title={intl.formatMessage({ id: 'applications.title' })}>
      <Content component="p">
        <FormattedMessage
          id="applications.about"
          values={{ command: <code className="ip-mono">openstack application credential create</code> }}
        />
      </Content>
      <QueryView query={query} lines={2}>
        {(credentials) =>
          credentials.length === 0 ? (
            <Content component="p">
              <FormattedMessage id="applications.none" />
            </Content>
          ) : (
            <ListTable
              texts="applications"
              rows={credentials}
              keyOf={({ id }) => id}
              columns={columns}
              actions={(credential) => (
                <RowMenu
                  name={credential.name}
                  actions={[
                    {
                      text: intl.formatMessage({ id: 'tokens.revoke' }),
                      isDanger: true,
                      onChoose: () => setRevoked(credential),
                    },
                  ]}
                />
              )}
            />
          )
        }
      </QueryView>
      {revoked ? (
        <ConfirmModal
          title={intl.formatMessage({ id: 'tokens.revoke' })}
          action={intl.formatMessage({ id: 'tokens.revoke' })}
          onConfirm={async () => {
            await remove(`${path}/${revoked.id}`)
            await queries.invalidateQueries({ queryKey: key })
          }}
          onClose={() => setRevoked(undefined)}
        >
          <FormattedMessage id="applications.revoke.ask" values={{ name: <strong>{revoked.name}</strong> }} />
        </ConfirmModal>
      ) : null}
    </PageCard>
  )
}

const columns: readonly Column<WireApplicationCredential>[] = [
  {
    name: 'name',
    show: ({ name, description }) => (
      <>
        <div className="ip-break">{name}</div>
        <div className="ip-break">{description}</div>
      </>
    ),
  },
  { name: 'project', show: ({ project }) => project },
  {
    name: 'roles',
    show: ({ roles }) => roles.join(', '),
  },
  { name: 'expiresAt', show: ({ expiresAt }) => <Expiry at={expiresAt} /> },
]
