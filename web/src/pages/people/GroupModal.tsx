import { useState } from 'react'
import { useIntl } from 'react-intl'
import type { WireGroup } from '../../../../src/faces/console/wire-people.ts'
import { patch, post } from '../../api/client.ts'
import { TextField } from '../../parts/form/Field.tsx'
import { FormModal } from '../../parts/form/FormModal.tsx'
import { useToasts } from '../../parts/toasts.tsx'
import { pathOf, usePeopleChanged } from './people.ts'
import { wording } from './refusals.ts'

/** Makes a group, or changes what people call one. */
export function GroupModal({
  group,
  onDone,
  onClose,
}: {
  /** Absent: a new one is made. */
  readonly group?: WireGroup
  readonly onDone?: (group: WireGroup) => void
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const toasts = useToasts()
  const changed = usePeopleChanged()
  const text = (id: string) => intl.formatMessage({ id: `groups.${id}` })
  const [name, setName] = useState('')
  const [label, setLabel] = useState(group?.label ?? '')
  const send = () =>
    wording(
      intl,
      group
        ? patch<WireGroup>(pathOf('groups', group.name), { label })
        : post<WireGroup>('/groups', { name: name.trim(), ...(label === '' ? {} : { label }) }),
    )
  return (
    <FormModal
      title={group ? intl.formatMessage({ id: 'groups.edit' }, { name: group.name }) : text('new')}
      action={intl.formatMessage({ id: group ? 'parts.save' : 'parts.create' })}
      fields={['name', 'label']}
      isComplete={group !== undefined || name.trim() !== ''}
      send={send}
      onDone={(taken) => {
        void changed()
        toasts.succeed(
          intl.formatMessage({ id: group ? 'people.saved' : 'people.created' }, { name: taken.name }),
        )
        onDone?.(taken)
      }}
      onClose={onClose}
    >
      {(problems) => (
        <>
          {group ? null : (
            <TextField
              label={text('column.name')}
              isRequired
              problem={problems.name}
              value={name}
              onChange={setName}
            />
          )}
          <TextField
            label={text('column.label')}
            problem={problems.label}
            value={label}
            onChange={setLabel}
          />
        </>
      )}
    </FormModal>
  )
}
