import { useState } from 'react'
import { useIntl } from 'react-intl'
import type {
  WireArchitectureDetail,
  WireArchitecturePatch,
} from '../../../../src/faces/console/wire-places.ts'
import { patch, post } from '../../api/client.ts'
import { TextField } from '../../parts/form/Field.tsx'
import { PickManyField } from './PickField.tsx'
import { PlaceForm } from './PlaceForm.tsx'
import { type Option, operatingSystems } from './pick.ts'
import { placePath } from './places.ts'
import { idsOf, sameOptions } from './resource-draft.ts'

/** Makes an architecture, or changes one. */
export function ArchitectureModal({
  architecture,
  onClose,
}: {
  /** Absent: a new one is made. */
  readonly architecture?: WireArchitectureDetail
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id: `places.${id}` })
  // As it was when the form was opened: what others change meanwhile is not taken back.
  const [before] = useState<{ readonly name: string; readonly systems: readonly Option[] }>({
    name: architecture?.name ?? '',
    systems: (architecture?.operatingSystems ?? []).map(({ id, title }) => ({ id, text: title })),
  })
  const [name, setName] = useState(before.name)
  const [systems, setSystems] = useState(before.systems)
  const draft: WireArchitecturePatch = {
    ...(name === before.name ? {} : { name }),
    ...(sameOptions(before.systems, systems) ? {} : { operatingSystemIds: idsOf(systems) }),
  }
  const send = () =>
    architecture
      ? patch<WireArchitectureDetail>(placePath('architecture', architecture.id), draft)
      : post<WireArchitectureDetail>('/architectures', draft)

  return (
    <PlaceForm
      title={
        architecture
          ? intl.formatMessage({ id: 'places.edit.title' }, { name: architecture.name })
          : text('architecture.new')
      }
      action={intl.formatMessage({ id: architecture ? 'parts.save' : 'parts.create' })}
      done={intl.formatMessage(
        { id: architecture ? 'places.saved' : 'places.created' },
        { name: name.trim() },
      )}
      fields={['name']}
      send={send}
      onClose={onClose}
    >
      {(problems) => (
        <>
          <TextField
            label={text('column.name')}
            help={text('field.architecture.name.help')}
            isRequired
            problem={problems.name}
            value={name}
            onChange={setName}
          />
          <PickManyField
            label={text('column.operatingSystems')}
            source={operatingSystems}
            value={systems}
            onChange={setSystems}
          />
        </>
      )}
    </PlaceForm>
  )
}
