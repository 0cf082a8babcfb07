import { Button, Content, Label } from '@patternfly/react-core'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireNewToken, WireToken, WireTokenList } from '../../../../src/faces/console/wire.ts'
import { get, remove } from '../../api/client.ts'
import { ConfirmModal } from '../../parts/ConfirmModal.tsx'
import { type Column, ListTable } from '../../parts/list/ListTable.tsx'
import { RowMenu } from '../../parts/list/RowMenu.tsx'
import { PageCard } from '../../parts/PageCard.tsx'
import { Pages } from '../../parts/Pages.tsx'
import { QueryView } from '../../parts/QueryView.tsx'
import { When } from '../../parts/values.tsx'
import { NewToken } from './NewToken.tsx'
import { pathOf } from './people.ts'
import { TokenModal } from './TokenModal.tsx'

/** The tokens of a user. Their text is shown once, when they are made. */
export function Tokens({ username }: { readonly username: string }) {
  const intl = useIntl()
  const queries = useQueryClient()
  const [page, setPage] = useState({ page: 1, perPage: 20 })
  const [isMaking, setMaking] = useState(false)
  const [made, setMade] = useState<WireNewToken>()
  const [revoked, setRevoked] = useState<WireToken>()
  const path = `${pathOf('users', username)}/tokens`
  const query = useQuery({
    queryKey: ['tokens', username, page],
    queryFn: ({ signal }) => {
      const { perPage: limit } = page
      return get<WireTokenList>(path, { limit, offset: (page.page - 1) * limit }, signal)
    },
    placeholderData: keepPreviousData,
  })
  const changed = () => queries.invalidateQueries({ queryKey: ['tokens', username] })
  return (
    <PageCard
      title={intl.formatMessage({ id: 'tokens.title' })}
      actions={
        <Button variant="secondary" onClick={() => setMaking(true)}>
          <FormattedMessage id="tokens.new" />
        </Button>
      }
    >
      <QueryView query={query} lines={3}>
        {({ tokens, total }) =>
          total === 0 ? (
            <Content component="p">
              <FormattedMessage id="tokens.none" />
            </Content>
          ) : (
            <>
              <ListTable
                texts="tokens"
                rows={tokens}
                keyOf={({ id }) => String(id)}
                columns={columns}
                actions={(token) => (
                  <RowMenu
                    name={nameOf(token)}
                    actions={[
                      {
                        text: intl.formatMessage({ id: 'tokens.revoke' }),
                        isDanger: true,
                        onChoose: () => setRevoked(token),
                      },
                    ]}
                  />
                )}
                isStale={query.isPlaceholderData}
              />
              {total > 20 ? (
                <Pages
                  place="below"
                  total={total}
                  {...page}
                  onChange={(change) => setPage({ ...page, page: 1, ...change })}
                />
              ) : null}
            </>
          )
        }
      </QueryView>
      {isMaking ? (
        <TokenModal
          path={path}
          onDone={(token) => {
            setMade(token)
            void changed()
          }}
          onClose={() => setMaking(false)}
        />
      ) : null}
      {made ? <NewToken token={made} onClose={() => setMade(undefined)} /> : null}
      {revoked ? (
        <ConfirmModal
          title={intl.formatMessage({ id: 'tokens.revoke' })}
          action={intl.formatMessage({ id: 'tokens.revoke' })}
          onConfirm={async () => {
            await remove(`${path}/${revoked.id}`)
            await changed()
          }}
          onClose={() => setRevoked(undefined)}
        >
          <FormattedMessage id="tokens.revoke.ask" values={{ label: <strong>{nameOf(revoked)}</strong> }} />
        </ConfirmModal>
      ) : null}
    </PageCard>
  )
}

const nameOf = ({ id, label }: WireToken) => label || String(id)

const columns: readonly Column<WireToken>[] = [
  { name: 'label', show: (token) => <span className="ip-break">{nameOf(token)}</span> },
  { name: 'createdAt', show: ({ createdAt }) => <When at={createdAt} /> },
  { name: 'expiresAt', show: ({ expiresAt }) => <Expiry at={expiresAt} /> },
  {
    name: 'networks',
    show: ({ networks }) =>
      networks.length === 0 ? (
        <FormattedMessage id="tokens.anywhere" />
      ) : (
        <span className="ip-mono">{networks.join(', ')}</span>
      ),
  },
]

/** When something ends, or that it has ended. */
export function Expiry({ at }: { readonly at: string | null }) {
  if (at === null) return <FormattedMessage id="tokens.never" />
  if (Date.parse(at) > Date.now()) return <When at={at} />
  return (
    <Label isCompact status="warning">
      <FormattedMessage id="tokens.expired" />
    </Label>
  )
}
