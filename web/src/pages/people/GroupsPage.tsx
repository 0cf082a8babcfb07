import { Button } from '@patternfly/react-core'
import { useState } from 'react'
import { FormattedMessage, FormattedNumber, useIntl } from 'react-intl'
import { Link, useNavigate } from 'react-router'
import type { WireGroup } from '../../../../src/faces/console/wire-people.ts'
import type { Column } from '../../parts/list/ListTable.tsx'
import { ListView } from '../../parts/list/ListView.tsx'
import { useListAddress } from '../../parts/list-address.ts'
import { PageFrame } from '../../parts/PageFrame.tsx'
import { When } from '../../parts/values.tsx'
import { AdminOnly } from './AdminOnly.tsx'
import { GroupModal } from './GroupModal.tsx'
import { pathOf, usePage } from './people.ts'

const usual = { search: '', page: 1, perPage: 20 }

/** Users together, for administrators. */
export default function GroupsPage() {
  return (
    <AdminOnly>
      <Groups />
    </AdminOnly>
  )
}

function Groups() {
  const intl = useIntl()
  const navigate = useNavigate()
  const [search, change] = useListAddress(usual)
  const [isMaking, setMaking] = useState(false)
  const query = usePage('groups', search)
  return (
    <PageFrame
      title={intl.formatMessage({ id: 'groups.title' })}
      intro={intl.formatMessage({ id: 'groups.intro' })}
      actions={
        <Button onClick={() => setMaking(true)}>
          <FormattedMessage id="groups.new" />
        </Button>
      }
    >
      <ListView
        texts="groups"
        query={query}
        search={search}
        onChange={change}
        keyOf={({ name }) => name}
        columns={columns}
      />
      {isMaking ? (
        <GroupModal
          onDone={({ name }) => navigate(pathOf('groups', name))}
          onClose={() => setMaking(false)}
        />
      ) : null}
    </PageFrame>
  )
}

const columns: readonly Column<WireGroup>[] = [
  {
    name: 'name',
    show: ({ name }) => (
      <Link to={pathOf('groups', name)} className="ip-break">
        {name}
      </Link>
    ),
  },
  { name: 'label', show: ({ label }) => <span className="ip-break">{label}</span> },
  { name: 'users', show: ({ users }) => <FormattedNumber value={users} /> },
  { name: 'roles', show: ({ roles }) => <FormattedNumber value={roles} /> },
  { name: 'createdAt', show: ({ createdAt }) => <When at={createdAt} /> },
]
