import { Button } from '@patternfly/react-core'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link } from 'react-router'
import type {
  WireOperatingSystem,
  WireOperatingSystemList,
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
import { families } from './families.ts'
import { Names } from './Names.tsx'
import { type PlaceSearch, placePath, usePlaces } from './places.ts'
import { SystemModal } from './SystemModal.tsx'

type Search = PlaceSearch & { readonly family: string }
const usual: Search = { search: '', family: '', sort: 'title', page: 1, perPage: 20 }

/** What runs in images. */
export default function OperatingSystemsPage() {
  const intl = useIntl()
  const { superAdmin } = useMe()
  const [search, change] = useListAddress(usual)
  const [isCreating, setCreating] = useState(false)
  const [edited, setEdited] = useState<WireOperatingSystem>()
  const [deleted, setDeleted] = useState<WireOperatingSystem>()
  const query = usePlaces<WireOperatingSystemList, WireOperatingSystem>(
    'operating-system',
    search,
    ({ operatingSystems }) => operatingSystems,
  )
  const columns: readonly Column<WireOperatingSystem>[] = [
    {
      name: 'title',
      sort: 'title',
      show: ({ id, title }) => (
        <Link to={placePath('operating-system', id)} className="ip-break">
          {title}
        </Link>
      ),
    },
    { name: 'family', sort: 'family', show: ({ family }) => family ?? <None /> },
    { name: 'releaseName', show: ({ releaseName }) => releaseName ?? <None /> },
    {
      name: 'architectures',
      show: ({ architectures }) => (
        <Names
          label={intl.formatMessage({ id: 'places.column.architectures' })}
          names={architectures.map(({ id, name }) => ({ id, text: name }))}
          shown={3}
        />
      ),
    },
    { name: 'updatedAt', isShort: true, show: ({ updatedAt }) => <When at={updatedAt} /> },
  ]
  return (
    <PageFrame
      title={intl.formatMessage({ id: 'places.operating-system.title' })}
      intro={intl.formatMessage({ id: 'places.operating-system.intro' })}
      actions={
        superAdmin ? (
          <Button onClick={() => setCreating(true)}>
            <FormattedMessage id="places.operating-system.new" />
          </Button>
        ) : undefined
      }
    >
      <ListView
        texts="places.operating-system"
        columnTexts="places.column"
        keyOf={({ id }) => String(id)}
        query={query}
        search={search}
        onChange={change}
        columns={columns}
        filters={
          <FilterSelect
            label={intl.formatMessage({ id: 'places.column.family' })}
            choices={families.map((value) => ({ value, text: value }))}
            value={search.family}
            onChange={(family) => change({ family })}
          />
        }
        {...(superAdmin
          ? {
              actions: (one: WireOperatingSystem) => (
                <RowMenu
                  name={one.title}
                  actions={[
                    { text: intl.formatMessage({ id: 'parts.edit' }), onChoose: () => setEdited(one) },
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
      {isCreating ? <SystemModal onClose={() => setCreating(false)} /> : null}
      {edited ? <SystemModal system={edited} onClose={() => setEdited(undefined)} /> : null}
      {deleted ? (
        <DeleteModal
          kind="operating-system"
          id={deleted.id}
          name={deleted.title}
          onClose={() => setDeleted(undefined)}
        />
      ) : null}
    </PageFrame>
  )
}
