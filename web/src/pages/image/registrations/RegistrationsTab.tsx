import { Content, EmptyState, EmptyStateBody, Label } from '@patternfly/react-core'
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table'
import { useQuery } from '@tanstack/react-query'
import { FormattedMessage, useIntl } from 'react-intl'
import { Link } from 'react-router'
import type { WireRegistration, WireRegistrationList } from '../../../../../src/faces/console/wire-image.ts'
import { get } from '../../../api/client.ts'
import { Notice } from '../../../parts/Notice.tsx'
import { QueryView } from '../../../parts/QueryView.tsx'
import { When } from '../../../parts/values.tsx'
import type { TabProps } from '../tabs.ts'

/** The compute resources that know the image: what Foreman calls its images. */
export function RegistrationsTab({ detail: { image, sees } }: TabProps) {
  const query = useQuery({
    queryKey: ['image', image.uuid, 'registrations'],
    queryFn: ({ signal }) => get<WireRegistrationList>(`/images/${image.uuid}/registrations`, {}, signal),
    enabled: sees.registrations,
  })
  if (!sees.registrations) return <Notice title={<FormattedMessage id="image.registrations.forbidden" />} />
  return (
    <>
      <Content component="p">
        <FormattedMessage id="image.registrations.intro" />
      </Content>
      <QueryView query={query} lines={3}>
        {({ registrations, unregistered }) => (
          <>
            {unregistered ? (
              <Notice title={<FormattedMessage id="image.registrations.unregistered" />} />
            ) : null}
            {registrations.length === 0 ? <None /> : <Registrations registrations={registrations} />}
          </>
        )}
      </QueryView>
    </>
  )
}

function None() {
  return (
    <EmptyState titleText={<FormattedMessage id="image.registrations.none" />} headingLevel="h2" variant="sm">
      <EmptyStateBody>
        <FormattedMessage id="image.registrations.none.body" />
      </EmptyStateBody>
    </EmptyState>
  )
}

const columns = ['resource', 'name', 'system', 'architecture', 'username', 'updatedAt'] as const

function Registrations({ registrations }: { readonly registrations: readonly WireRegistration[] }) {
  const intl = useIntl()
  const label = (name: string) => intl.formatMessage({ id: `image.registration.${name}` })
  return (
    <Table aria-label={intl.formatMessage({ id: 'image.tab.registrations' })} variant="compact">
      <Thead>
        <Tr>
          {columns.map((name) => (
            <Th key={name}>{label(name)}</Th>
          ))}
        </Tr>
      </Thead>
      <Tbody>
        {registrations.map((one) => (
          <Tr key={one.id}>
            <Td dataLabel={label('resource')}>
              <Link to="/compute-resources">{one.computeResource.name}</Link>{' '}
              {one.automatic ? (
                <Label isCompact variant="outline">
                  <FormattedMessage id="image.registration.automatic" />
                </Label>
              ) : null}
            </Td>
            <Td dataLabel={label('name')} className="ip-break">
              {one.name}
            </Td>
            <Td dataLabel={label('system')}>{one.operatingSystem.title}</Td>
            <Td dataLabel={label('architecture')}>{one.architecture.name}</Td>
            <Td dataLabel={label('username')}>{one.username}</Td>
            <Td dataLabel={label('updatedAt')}>
              <When at={one.updatedAt} />
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  )
}
