import { Button, Content } from '@patternfly/react-core'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link } from 'react-router'
import type { WireUser } from '../../../../src/faces/console/wire.ts'
import { patch } from '../../api/client.ts'
import { ConfirmModal } from '../../parts/ConfirmModal.tsx'
import { FormModal } from '../../parts/form/FormModal.tsx'
import { type Column, ListTable } from '../../parts/list/ListTable.tsx'
import { RowMenu } from '../../parts/list/RowMenu.tsx'
import { PageCard } from '../../parts/PageCard.tsx'
import { Pages } from '../../parts/Pages.tsx'
import { QueryView } from '../../parts/QueryView.tsx'
import { None } from '../../parts/values.tsx'
import { NameField } from './NameField.tsx'
import { pathOf, usePage, usePeopleChanged } from './people.ts'
import { isUnknown, wrongField } from './refusals.ts'

const columns: readonly Column<WireUser>[] = [
  {
    name: 'username',
    show: ({ username }) => (
      <Link to={pathOf('users', username)} className="ip-break">
        {username}
      </Link>
    ),
  },
  {
    name: 'person',
    show: ({ firstName, lastName }) => (
      <span className="ip-break">{`${firstName} ${lastName}`.trim() || <None />}</span>
    ),
  },
]

/** Who is in a group. */
export function Members({ group }: { readonly group: string }) {
  const intl = useIntl()
  const changed = usePeopleChanged()
  const [page, setPage] = useState({ page: 1, perPage: 20 })
  const [isAdding, setAdding] = useState(false)
  const [removed, setRemoved] = useState<string>()
  const query = usePage('users', { ...page, search: '', group })
  const remove = intl.formatMessage({ id: 'groups.members.remove' })
  return (
    <PageCard
      title={intl.formatMessage({ id: 'groups.members' })}
      actions={
        <Button variant="secondary" onClick={() => setAdding(true)}>
          <FormattedMessage id="groups.members.add" />
        </Button>
      }
    >
      <QueryView query={query} lines={3}>
        {({ rows, total }) =>
          total === 0 ? (
            <Content component="p">
              <FormattedMessage id="groups.members.none" />
            </Content>
          ) : (
            <>
              <ListTable
                texts="users"
                rows={rows}
                keyOf={({ username }) => username}
                columns={columns}
                actions={({ username }) => (
                  <RowMenu
                    name={username}
                    actions={[{ text: remove, isDanger: true, onChoose: () => setRemoved(username) }]}
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
      {isAdding ? <AddModal group={group} onClose={() => setAdding(false)} /> : null}
      {removed === undefined ? null : (
        <ConfirmModal
          title={remove}
          action={remove}
          onConfirm={async () => {
            await patch(pathOf('groups', group), { removeUsers: [removed] })
            await changed()
          }}
          onClose={() => setRemoved(undefined)}
        >
          <FormattedMessage
            id="groups.members.remove.ask"
            values={{ name: <strong>{removed}</strong>, group: <strong>{group}</strong> }}
          />
        </ConfirmModal>
      )}
    </PageCard>
  )
}

function AddModal({ group, onClose }: { readonly group: string; readonly onClose: () => void }) {
  const intl = useIntl()
  const changed = usePeopleChanged()
  const [name, setName] = useState('')
  const send = async () => {
    try {
      await patch(pathOf('groups', group), { addUsers: [name.trim()] })
    } catch (error) {
      throw isUnknown(error) ? wrongField('name', intl.formatMessage({ id: 'people.unknown.users' })) : error
    }
  }
  return (
    <FormModal
      title={intl.formatMessage({ id: 'groups.members.add' })}
      action={intl.formatMessage({ id: 'groups.members.add' })}
      fields={['name']}
      isComplete={name.trim() !== ''}
      send={send}
      onDone={() => void changed()}
      onClose={onClose}
    >
      {(problems) => (
        <NameField
          noun="users"
          label={intl.formatMessage({ id: 'people.name.users' })}
          problem={problems.name}
          isRequired
          value={name}
          onChange={setName}
        />
      )}
    </FormModal>
  )
}
