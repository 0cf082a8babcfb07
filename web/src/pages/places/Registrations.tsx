import { Button, Label, Title, ToolbarItem } from '@patternfly/react-core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link } from 'react-router'
import type { WireTemplate, WireTemplateList } from '../../../../src/faces/console/wire-places.ts'
import { get } from '../../api/client.ts'
import type { Column } from '../../parts/list/ListTable.tsx'
import { ListView } from '../../parts/list/ListView.tsx'
import { RowMenu } from '../../parts/list/RowMenu.tsx'
import { pageParameters, useListAddress } from '../../parts/list-address.ts'
import { type PlaceKind, type PlaceSearch, placePath } from './places.ts'
import { RegistrationModal, type Target } from './RegistrationModal.tsx'
import { UnregisterModal } from './UnregisterModal.tsx'

const usual: PlaceSearch = { search: '', sort: 'name', page: 1, perPage: 20 }

/** What is registered on a compute resource, or has an operating system or architecture. */
export function Registrations({
  kind,
  id,
  target,
  mayRegister = false,
}: {
  readonly kind: PlaceKind
  readonly id: number
  /** Where they are changed: below their compute resource only. */
  readonly target?: Target
  readonly mayRegister?: boolean
}) {
  const intl = useIntl()
  const text = (name: string) => intl.formatMessage({ id: `places.${name}` })
  const [search, change] = useListAddress(usual)
  const [isRegistering, setRegistering] = useState(false)
  const [edited, setEdited] = useState<WireTemplate>()
  const [removed, setRemoved] = useState<WireTemplate>()
  const query = useQuery({
    queryKey: ['registrations', kind, String(id), search],
    queryFn: async ({ signal }) => {
      const path = `${placePath(kind, id)}/registrations`
      const { registrations, total } = await get<WireTemplateList>(path, pageParameters(search), signal)
      return { rows: registrations, total }
    },
    placeholderData: keepPreviousData,
  })
  const actionsOf = (one: WireTemplate) => [
    ...(one.allowed.includes('registration.update')
      ? [{ text: intl.formatMessage({ id: 'parts.edit' }), onChoose: () => setEdited(one) }]
      : []),
    ...(one.allowed.includes('registration.delete')
      ? [{ text: text('registration.remove'), isDanger: true as const, onChoose: () => setRemoved(one) }]
      : []),
  ]
  const isWritable = target !== undefined && query.data?.rows.some(({ allowed }) => allowed.length > 0)

  return (
    <>
      <Title headingLevel="h2" className="ip-place-heading">
        <FormattedMessage id="places.registration.list" />
      </Title>
      <ListView
        texts="places.registration"
        columnTexts="places.column"
        keyOf={({ id }) => String(id)}
        query={query}
        search={search}
        onChange={change}
        columns={columnsOf(kind)}
        {...(mayRegister
          ? {
              filters: (
                <ToolbarItem>
                  <Button onClick={() => setRegistering(true)}>{text('registration.register')}</Button>
                </ToolbarItem>
              ),
            }
          : {})}
        {...(isWritable
          ? { actions: (one: WireTemplate) => <RowMenu name={one.name} actions={actionsOf(one)} /> }
          : {})}
      />
      {target && isRegistering ? (
        <RegistrationModal target={target} onClose={() => setRegistering(false)} />
      ) : null}
      {target && edited ? (
        <RegistrationModal target={target} registration={edited} onClose={() => setEdited(undefined)} />
      ) : null}
      {removed ? <UnregisterModal registration={removed} onClose={() => setRemoved(undefined)} /> : null}
    </>
  )
}

const name: Column<WireTemplate> = {
  name: 'name',
  sort: 'name',
  show: ({ name, uuid, hasImage, automatic }) => (
    <>
      {hasImage ? (
        <Link to={`/images/${uuid}`} className="ip-break">
          {name}
        </Link>
      ) : (
        <span className="ip-break">{name}</span>
      )}{' '}
      {automatic ? (
        <Label isCompact variant="outline">
          <FormattedMessage id="places.registration.automatic" />
        </Label>
      ) : null}
    </>
  ),
}

const others: Readonly<Record<PlaceKind, Column<WireTemplate>>> = {
  'compute-resource': {
    name: 'computeResource',
    show: ({ computeResource }) => (
      <Link to={placePath('compute-resource', computeResource.id)}>{computeResource.name}</Link>
    ),
  },
  'operating-system': {
    name: 'operatingSystem',
    show: ({ operatingSystem }) => (
      <Link to={placePath('operating-system', operatingSystem.id)}>{operatingSystem.title}</Link>
    ),
  },
  architecture: {
    name: 'architecture',
    show: ({ architecture }) => (
      <Link to={placePath('architecture', architecture.id)}>{architecture.name}</Link>
    ),
  },
}

/** What the page is about is the same for all of them. */
function columnsOf(kind: PlaceKind): readonly Column<WireTemplate>[] {
  const different = Object.entries(others).filter(([other]) => other !== kind)
  return [
    name,
    ...different.map(([, column]) => column),
    { name: 'username', sort: 'username', show: ({ username }) => username },
    { name: 'uuid', show: ({ uuid }) => <span className="ip-mono">{uuid}</span> },
  ]
}
