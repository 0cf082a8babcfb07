import { useIntl } from 'react-intl'
import type { WireOperatingSystem } from '../../../../src/faces/console/wire-places.ts'
import { useMe } from '../../app/session.tsx'
import type { Fact } from '../../parts/Facts.tsx'
import { None, When } from '../../parts/values.tsx'
import { Names } from './Names.tsx'
import { PlacePage } from './PlacePage.tsx'
import { placePath } from './places.ts'
import { Registrations } from './Registrations.tsx'
import { SystemModal } from './SystemModal.tsx'

/** One operating system, and the images that have it. */
export default function OperatingSystemPage() {
  const intl = useIntl()
  const { superAdmin } = useMe()
  const factsOf = (one: WireOperatingSystem): readonly Fact[] => [
    ['column.name', one.name],
    ['column.version', [one.major, one.minor].filter(Boolean).join('.') || <None key="version" />],
    ['column.description', one.description || <None key="description" />],
    ['column.family', one.family ?? <None key="family" />],
    ['column.releaseName', one.releaseName ?? <None key="release" />],
    ['column.passwordHash', one.passwordHash],
    [
      'column.architectures',
      <Names
        key="architectures"
        label={intl.formatMessage({ id: 'places.column.architectures' })}
        names={one.architectures.map(({ id, name }) => ({
          id,
          text: name,
          to: placePath('architecture', id),
        }))}
      />,
    ],
    ['column.updatedAt', <When key="updatedAt" at={one.updatedAt} />],
  ]
  return (
    <PlacePage<WireOperatingSystem>
      kind="operating-system"
      nameOf={({ title }) => title}
      factsOf={factsOf}
      mayEdit={() => superAdmin}
      mayDelete={() => superAdmin}
      edit={(system, onClose) => <SystemModal system={system} onClose={onClose} />}
    >
      {(system) => <Registrations kind="operating-system" id={system.id} />}
    </PlacePage>
  )
}
