import './people.css'
import { Button, Label, LabelGroup } from '@patternfly/react-core'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link, useNavigate } from 'react-router'
import type { WireUser } from '../../../../src/faces/console/wire.ts'
import { FilterSelect } from '../../parts/FilterSelect.tsx'
import type { Column } from '../../parts/list/ListTable.tsx'
import { ListView } from '../../parts/list/ListView.tsx'
import { useListAddress } from '../../parts/list-address.ts'
import { PageFrame } from '../../parts/PageFrame.tsx'
import { None, When } from '../../parts/values.tsx'
import { AdminOnly } from './AdminOnly.tsx'
import { pathOf, usePage } from './people.ts'
import { UserModal } from './UserModal.tsx'
import { UserStates } from './UserStates.tsx'

const usual = { search: '', enabled: '', superAdmin: '', page: 1, perPage: 20 }

/** Everybody who may come in, for administrators. */
export default function UsersPage() {
  return (
    <AdminOnly>
      <Users />
    </AdminOnly>
  )
}

function Users() {
  const intl = useIntl()
  const navigate = useNavigate()
  const [search, change] = useListAddress(usual)
  const [isMaking, setMaking] = useState(false)
  const query = usePage('users', search)
  const choices = (name: 'enabled' | 'superAdmin') =>
    ['true', 'false'].map((value) => ({
      value,
      text: intl.formatMessage({ id: `users.${name}.${value}` }),
    }))
  return (
    <PageFrame
      title={intl.formatMessage({ id: 'users.title' })}
      intro={intl.formatMessage({ id: 'users.intro' })}
      actions={
        <Button onClick={() => setMaking(true)}>
          <FormattedMessage id="users.new" />
        </Button>
      }
    >
      <ListView
        texts="users"
        query={query}
        search={search}
        onChange={change}
        keyOf={({ username }) => username}
        columns={columns}
        filters={
          <>
            <FilterSelect
              label={intl.formatMessage({ id: 'users.column.state' })}
              value={search.enabled}
              onChange={(enabled) => change({ enabled })}
              choices={choices('enabled')}
            />
            <FilterSelect
              label={intl.formatMessage({ id: 'users.filter.superAdmin' })}
              value={search.superAdmin}
              onChange={(superAdmin) => change({ superAdmin })}
              choices={choices('superAdmin')}
            />
          </>
        }
      />
      {isMaking ? (
        <UserModal
          onDone={({ username }) => navigate(pathOf('users', username))}
          onClose={() => setMaking(false)}
        />
      ) : null}
    </PageFrame>
  )
}

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
    show: ({ firstName, lastName, email }) => (
      <>
        <div className="ip-person">{`${firstName} ${lastName}`.trim() || (email ? null : <None />)}</div>
        <div className="ip-person">{email}</div>
      </>
    ),
  },
  { name: 'state', show: (user) => <UserStates user={user} /> },
  { name: 'roles', show: ({ roles }) => <Roles roles={roles} /> },
  { name: 'createdAt', show: ({ createdAt }) => <When at={createdAt} /> },
]

function Roles({ roles }: { readonly roles: WireUser['roles'] }) {
  const intl = useIntl()
  if (roles.length === 0) return <None />
  return (
    <LabelGroup
      numLabels={2}
      collapsedText={intl.formatMessage({ id: 'people.roles.more' }, { count: roles.length - 2 })}
      expandedText={intl.formatMessage({ id: 'people.roles.fewer' })}
      aria-label={intl.formatMessage({ id: 'users.column.roles' })}
    >
      {roles.map(({ project, role }) => (
        <Label key={`${project} ${role}`} isCompact>
          <FormattedMessage
            id="people.role.in"
            values={{ project, role: intl.formatMessage({ id: `people.role.${role}` }) }}
          />
        </Label>
      ))}
    </LabelGroup>
  )
}
