import { Button } from '@patternfly/react-core'
import { useState } from 'react'
import { FormattedMessage, FormattedNumber, useIntl } from 'react-intl'
import { Link } from 'react-router'
import type {
  WireArchitecture,
  WireArchitectureDetail,
  WireArchitectureList,
} from '../../../../src/faces/console/wire-places.ts'
import { useMe } from '../../app/session.tsx'
import type { Column } from '../../parts/list/ListTable.tsx'
import { ListView } from '../../parts/list/ListView.tsx'
import { RowMenu } from '../../parts/list/RowMenu.tsx'
import { useListAddress } from '../../parts/list-address.ts'
import { PageFrame } from '../../parts/PageFrame.tsx'
import { When } from '../../parts/values.tsx'
import { ArchitectureModal } from './ArchitectureModal.tsx'
import { DeleteModal } from './DeleteModal.tsx'
import { type PlaceSearch, placePath, useFreshPlace, usePlaces } from './places.ts'

const usual: PlaceSearch = { search: '', sort: 'name', page: 1, perPage: 20 }

const columns: readonly Column<WireArchitecture>[] = [
  {
    name: 'name',
    sort: 'name',
    show: ({ id, name }) => (
      <Link to={placePath('architecture', id)} className="ip-break">
        {name}
      </Link>
    ),
  },
  {
    name: 'operatingSystems',
    show: ({ operatingSystems }) => <FormattedNumber value={operatingSystems} />,
  },
  { name: 'createdAt', isShort: true, show: ({ createdAt }) => <When at={createdAt} /> },
  { name: 'updatedAt', isShort: true, show: ({ updatedAt }) => <When at={updatedAt} /> },
]

/** Processors that images are made for. */
export default function ArchitecturesPage() {
  const intl = useIntl()
  const { superAdmin } = useMe()
  const [search, change] = useListAddress(usual)
  const [isCreating, setCreating] = useState(false)
  const [edited, setEdited] = useState<number>()
  const [deleted, setDeleted] = useState<WireArchitecture>()
  const query = usePlaces<WireArchitectureList, WireArchitecture>(
    'architecture',
    search,
    ({ architectures }) => architectures,
  )
  return (
    <PageFrame
      title={intl.formatMessage({ id: 'places.architecture.title' })}
      intro={intl.formatMessage({ id: 'places.architecture.intro' })}
      actions={
        superAdmin ? (
          <Button onClick={() => setCreating(true)}>
            <FormattedMessage id="places.architecture.new" />
          </Button>
        ) : undefined
      }
    >
      <ListView
        texts="places.architecture"
        columnTexts="places.column"
        keyOf={({ id }) => String(id)}
        query={query}
        search={search}
        onChange={change}
        columns={columns}
        {...(superAdmin
          ? {
              actions: (one: WireArchitecture) => (
                <RowMenu
                  name={one.name}
                  actions={[
                    { text: intl.formatMessage({ id: 'parts.edit' }), onChoose: () => setEdited(one.id) },
                    {
                      text: intl.formatMessage({ id: 'parts.delete' }),
                      isDanger: true,
                      onChoose: () => setDeleted(one),
                    },
                  ]}
                />
              ),
            }
          : {})}
      />
      {isCreating ? <ArchitectureModal onClose={() => setCreating(false)} /> : null}
      {edited === undefined ? null : <Editing id={edited} onClose={() => setEdited(undefined)} />}
      {deleted ? (
        <DeleteModal
          kind="architecture"
          id={deleted.id}
          name={deleted.name}
          onClose={() => setDeleted(undefined)}
        />
      ) : null}
    </PageFrame>
  )
}

/** The list only counts operating systems. */
function Editing({ id, onClose }: { readonly id: number; readonly onClose: () => void }) {
  const data = useFreshPlace<WireArchitectureDetail>('architecture', id)
  return data ? <ArchitectureModal architecture={data} onClose={onClose} /> : null
}
