import { FormattedMessage, type IntlShape, useIntl } from 'react-intl'
import type { WireComputeResourceDetail } from '../../../../src/faces/console/wire-places.ts'
import type { Fact } from '../../parts/Facts.tsx'
import { None, When } from '../../parts/values.tsx'
import { Names } from './Names.tsx'
import { PlacePage } from './PlacePage.tsx'
import { fieldsOf, type ProviderField } from './providers.ts'
import { Registrations } from './Registrations.tsx'
import { ResourceModal } from './ResourceModal.tsx'

/** One compute resource, and the images that are registered on it. */
export default function ComputeResourcePage() {
  const intl = useIntl()
  return (
    <PlacePage<WireComputeResourceDetail>
      kind="compute-resource"
      nameOf={({ name }) => name}
      introOf={({ provider }) =>
        provider === 'Catalogue' ? <FormattedMessage id="places.catalogue.intro" /> : undefined
      }
      factsOf={(resource) => factsOf(resource, intl)}
      mayEdit={({ allowed }) => allowed.includes('compute-resource.update')}
      mayDelete={({ allowed }) => allowed.includes('manage-directory')}
      edit={(resource, onClose) => <ResourceModal resource={resource} onClose={onClose} />}
    >
      {(resource) => (
        <Registrations
          kind="compute-resource"
          id={resource.id}
          target={resource}
          mayRegister={resource.allowed.includes('registration.create')}
        />
      )}
    </PlacePage>
  )
}

function factsOf(one: WireComputeResourceDetail, intl: IntlShape): readonly Fact[] {
  const names = (what: 'projects' | 'locations'): Fact => [
    `column.${what}`,
    <Names
      key={what}
      label={intl.formatMessage({ id: `places.column.${what}` })}
      names={one[what].map(({ id, title }) => ({ id, text: title }))}
    />,
  ]
  const own = fieldsOf(one.provider).map(
    (field): Fact => [
      `field.${field.text ?? field.name}`,
      <Value key={field.name} one={one} field={field} />,
    ],
  )
  const provider: Fact = [
    'column.provider',
    <FormattedMessage key="provider" id={`places.provider.${one.provider}`} />,
  ]
  // The catalogue is everywhere, and nobody changes it.
  if (one.provider === 'Catalogue') return [provider]
  return [
    provider,
    ['column.description', one.description || <None key="description" />],
    ...own,
    names('projects'),
    names('locations'),
    ['column.createdAt', <When key="createdAt" at={one.createdAt} />],
    ['column.updatedAt', <When key="updatedAt" at={one.updatedAt} />],
  ]
}

function Value({
  one,
  field: { name, kind },
}: {
  readonly one: WireComputeResourceDetail
  readonly field: ProviderField
}) {
  const value = name === 'url' ? one.url : name === 'username' ? one.username : one.attributes[name]
  if (kind === 'secret') return <FormattedMessage id={`places.secret.${one.hasPassword ? 'is' : 'isNot'}`} />
  if (kind === 'flag') return <FormattedMessage id={value === true ? 'parts.yes' : 'parts.no'} />
  return value ? String(value) : <None />
}
