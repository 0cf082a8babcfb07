import { useIntl } from 'react-intl'
import type { WireArchitectureDetail } from '../../../../src/faces/console/wire-places.ts'
import { useMe } from '../../app/session.tsx'
import type { Fact } from '../../parts/Facts.tsx'
import { When } from '../../parts/values.tsx'
import { ArchitectureModal } from './ArchitectureModal.tsx'
import { Names } from './Names.tsx'
import { PlacePage } from './PlacePage.tsx'
import { placePath } from './places.ts'
import { Registrations } from './Registrations.tsx'

/** One architecture, and the images that are made for it. */
export default function ArchitecturePage() {
  const intl = useIntl()
  const { superAdmin } = useMe()
  const factsOf = (one: WireArchitectureDetail): readonly Fact[] => [
    [
      'column.operatingSystems',
      <Names
        key="systems"
        label={intl.formatMessage({ id: 'places.column.operatingSystems' })}
        names={one.operatingSystems.map(({ id, title }) => ({
          id,
          text: title,
          to: placePath('operating-system', id),
        }))}
      />,
    ],
    ['column.createdAt', <When key="createdAt" at={one.createdAt} />],
    ['column.updatedAt', <When key="updatedAt" at={one.updatedAt} />],
  ]
  return (
    <PlacePage<WireArchitectureDetail>
      kind="architecture"
      nameOf={({ name }) => name}
      factsOf={factsOf}
      mayEdit={() => superAdmin}
      mayDelete={() => superAdmin}
      edit={(architecture, onClose) => <ArchitectureModal architecture={architecture} onClose={onClose} />}
    >
      {(architecture) => <Registrations kind="architecture" id={architecture.id} />}
    </PlacePage>
  )
}
