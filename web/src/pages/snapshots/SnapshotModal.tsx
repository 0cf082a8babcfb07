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
import { useToasts } from '../../parts/toasts.tsx'

/** Takes a snapshot of a disk. */
export function SnapshotModal({
  instance: { uuid, hostname },
  disk,
  onClose,
}: {
  readonly instance: WireInstance
  readonly disk: number
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id: `snapshots.new.${id}` })
  const toasts = useToasts()
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [note, setNote] = useState('')
  const take = async () => {
    const draft: WireSnapshotDraft = { disk, name: name.trim(), note: note.trim() }
    await post<WireSnapshotStarted>(`/instances/${uuid}/snapshots`, draft)
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
      onDone={() => toasts.inform(intl.formatMessage({ id: 'snapshots.new.begun' }, { name: name.trim() }))}
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
