import { Button, Form, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type {
  WireInstance,
  WireSnapshotDraft,
  WireSnapshotStarted,
} from '../../../../src/faces/console/wire-instances.ts'
import { post } from '../../api/client.ts'
import { TextField } from '../../parts/form/Field.tsx'
import { noProblems, type Problems, problemsOf } from '../../parts/form/problems.ts'
import { Notice } from '../../parts/Notice.tsx'
import { useToasts } from '../../parts/toasts.tsx'

const formId = 'new-snapshot'

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
  const text = (name: string) => intl.formatMessage({ id: `snapshots.new.${name}` })
  const toasts = useToasts()
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [note, setNote] = useState('')
  const [problems, setProblems] = useState<Problems>(noProblems)
  const create = useMutation({
    mutationFn: (draft: WireSnapshotDraft) =>
      post<WireSnapshotStarted>(`/instances/${uuid}/snapshots`, draft),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['instance', uuid] })
      toasts.inform(intl.formatMessage({ id: 'snapshots.new.begun' }, { name }))
      onClose()
    },
    onError: (error) => setProblems(problemsOf(error, ['name', 'note'])),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setProblems(noProblems)
    create.mutate({ disk, name: name.trim(), note: note.trim() })
  }
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby={`${formId}-title`}>
      <ModalHeader
        title={text('title')}
        description={intl.formatMessage({ id: 'snapshots.new.of' }, { hostname, disk })}
        labelId={`${formId}-title`}
      />
      <ModalBody>
        <Form id={formId} onSubmit={submit}>
          {problems.general === null ? null : (
            <Notice variant="danger" title={problems.general} role="alert" />
          )}
          <TextField
            label={text('name')}
            help={text('name.help')}
            problem={problems.fields.name}
            isRequired
            value={name}
            onChange={setName}
          />
          <TextField label={text('note')} problem={problems.fields.note} value={note} onChange={setNote} />
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button
          type="submit"
          form={formId}
          isLoading={create.isPending}
          isDisabled={create.isPending || name.trim() === ''}
        >
          {text('do')}
        </Button>
        <Button variant="link" onClick={onClose}>
          <FormattedMessage id="parts.cancel" />
        </Button>
      </ModalFooter>
    </Modal>
  )
}
