import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useIntl } from 'react-intl'
import type {
  WireInstance,
  WireSnapshotDraft,
  WireSnapshotStarted,
} from '../../../../src/faces/console/wire-instances.ts'
import { post } from '../../api/client.ts'
import { TextField } from '../../parts/form/Field.tsx'
import { FormModal } from '../../parts/form/FormModal.tsx'
import { type Begun, wording } from './snapshot.ts'

/** Takes a snapshot of a disk. */
export function SnapshotModal({
  instance: { uuid, hostname },
  disk,
  onBegun,
  onClose,
}: {
  readonly instance: WireInstance
  readonly disk: number
  readonly onBegun: (begun: Begun) => void
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id: `snapshots.new.${id}` })
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [note, setNote] = useState('')
  const take = async () => {
    const draft: WireSnapshotDraft = { disk, name: name.trim(), note: note.trim() }
    const { task } = await wording(intl, post<WireSnapshotStarted>(`/instances/${uuid}/snapshots`, draft))
    onBegun({ name: draft.name, task })
    await queries.invalidateQueries({ queryKey: ['instance', uuid] })
  }
  return (
    <FormModal
      title={text('title')}
      about={intl.formatMessage({ id: 'snapshots.new.of' }, { hostname, disk })}
      action={text('do')}
      fields={['name', 'note']}
      isComplete={name.trim() !== ''}
      send={take}
      onDone={() => {}}
      onClose={onClose}
    >
      {(problems) => (
        <>
          <TextField
            label={text('name')}
            help={text('name.help')}
            problem={problems.name}
            isRequired
            value={name}
            onChange={setName}
          />
          <TextField label={text('note')} problem={problems.note} value={note} onChange={setNote} />
        </>
      )}
    </FormModal>
  )
}
