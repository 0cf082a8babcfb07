import { Button } from '@patternfly/react-core'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link, useNavigate } from 'react-router'
import type {
  WireComputeResource,
  WireComputeResourceDetail,
  WireComputeResourceList,
} from '../../../../src/faces/console/wire-places.ts'
import { useMe } from '../../app/session.tsx'
import { FilterSelect } from '../../parts/FilterSelect.tsx'
import type { Column } from '../../parts/list/ListTable.tsx'
import { ListView } from '../../parts/list/ListView.tsx'
import { RowMenu } from '../../parts/list/RowMenu.tsx'
import { useListAddress } from '../../parts/list-address.ts'
import { PageFrame } from '../../parts/PageFrame.tsx'
import { None, When } from '../../parts/values.tsx'
import { DeleteModal } from './DeleteModal.tsx'
import { type PlaceSearch, placePath, useFreshPlace, usePlaces } from './places.ts'
import { providers } from './providers.ts'
import { ResourceModal } from './ResourceModal.tsx'

type Search = PlaceSearch & { readonly provider: string }
const usual: Search = { search: '', provider: '', sort: 'name', page: 1, perPage: 20 }

const columns: readonly Column<WireComputeResource>[] = [
  {
    name: 'name',
    sort: 'name',
    show: ({ id, name }) => (
      <Link to={placePath('compute-resource', id)} className="ip-break">
        {name}
      </Link>
    ),
  },
  {
    name: 'provider',
    sort: 'provider',
    show: ({ provider }) => <FormattedMessage id={`places.provider.${provider}`} />,
  },
  { name: 'url', show: ({ url }) => (url ? <span className="ip-break">{url}</span> : <None />) },
  {
    name: 'description',
    show: ({ description }) => (description ? <span className="ip-break">{description}</span> : <None />),
  },
  { name: 'updatedAt', isShort: true, show: ({ updatedAt }) => <When at={updatedAt} /> },
]

/** Where images are used. */
export default function ComputeResourcesPage() {
  const intl = useIntl()
  const navigate = useNavigate()
  const { superAdmin } = useMe()
  const [search, change] = useListAddress(usual)
  const [isCreating, setCreating] = useState(false)
  const [edited, setEdited] = useState<number>()
  const [deleted, setDeleted] = useState<WireComputeResource>()
  const query = usePlaces<WireComputeResourceList, WireComputeResource>(
    'compute-resource',
    search,
    ({ computeResources }) => computeResources,
  )
  const actionsOf = (one: WireComputeResource) =>
    one.provider === 'Catalogue'
      ? []
      : [
          { text: intl.formatMessage({ id: 'parts.edit' }), onChoose: () => setEdited(one.id) },
          {
            text: intl.formatMessage({ id: 'parts.delete' }),
            isDanger: true as const,
            onChoose: () => setDeleted(one),
          },
        ]
  return (
    <PageFrame
      title={intl.formatMessage({ id: 'places.compute-resource.title' })}
      intro={intl.formatMessage({ id: 'places.compute-resource.intro' })}
      actions={
        superAdmin ? (
          <Button onClick={() => setCreating(true)}>
            <FormattedMessage id="places.compute-resource.new" />
          </Button>
        ) : undefined
      }
    >
      <ListView
        texts="places.compute-resource"
        columnTexts="places.column"
        keyOf={({ id }) => String(id)}
        query={query}
        search={search}
        onChange={change}
        columns={columns}
        filters={
          <FilterSelect
            label={intl.formatMessage({ id: 'places.column.provider' })}
            choices={providers.map((value) => ({
              value,
              text: intl.formatMessage({ id: `places.provider.${value}` }),
            }))}
            value={search.provider}
            onChange={(provider) => change({ provider })}
          />
        }
        {...(superAdmin
          ? {
              actions: (one: WireComputeResource) => <RowMenu name={one.name} actions={actionsOf(one)} />,
            }
          : {})}
      />
      {isCreating ? (
        <ResourceModal
          onClose={() => setCreating(false)}
          onDone={({ id }) => navigate(placePath('compute-resource', id))}
        />
      ) : null}
      {edited === undefined ? null : <Editing id={edited} onClose={() => setEdited(undefined)} />}
      {deleted ? (
        <DeleteModal
          kind="compute-resource"
          id={deleted.id}
          name={deleted.name}
          onClose={() => setDeleted(undefined)}
        />
      ) : null}
    </PageFrame>
  )
}

/** The list does not know everything that is changed. */
function Editing({ id, onClose }: { readonly id: number; readonly onClose: () => void }) {
  const data = useFreshPlace<WireComputeResourceDetail>('compute-resource', id)
  return data ? <ResourceModal resource={data} onClose={onClose} /> : null
}
