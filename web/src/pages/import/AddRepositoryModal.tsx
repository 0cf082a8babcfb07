import { Button, Form, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireRepository, WireRepositoryDraft } from '../../../../src/faces/console/wire-repositories.ts'
import { post } from '../../api/client.ts'
import { TextField } from '../../parts/form/Field.tsx'
import { noProblems, type Problems, problemsOf } from '../../parts/form/problems.ts'
import { Notice } from '../../parts/Notice.tsx'
import { useRepositoriesChanged } from './refresh.ts'

const formId = 'add-repository'

/** Names another repository and reads it for the first time. */
export function AddRepositoryModal({
  onClose,
  onAdded,
}: {
  readonly onClose: () => void
  readonly onAdded: (name: string) => void
}) {
  const intl = useIntl()
  const [draft, setDraft] = useState<WireRepositoryDraft>({ name: '', url: '' })
  const [problems, setProblems] = useState<Problems>(noProblems)
  const changed = useRepositoriesChanged()
  const add = useMutation({
    async mutationFn(wanted: WireRepositoryDraft) {
      const { name } = await post<WireRepository>('/repositories', wanted)
      await post<WireRepository>(`/repositories/${encodeURIComponent(name)}/refresh`)
      return name
    },
    onSuccess: async (name) => {
      await changed()
      onAdded(name)
      onClose()
    },
    onError: (error) => setProblems(problemsOf(error, ['name', 'url'])),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setProblems(noProblems)
    add.mutate({ name: draft.name.trim(), url: draft.url.trim() })
  }
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby={`${formId}-title`}>
      <ModalHeader
        title={intl.formatMessage({ id: 'import.repository.add' })}
        description={intl.formatMessage({ id: 'import.repository.add.about' })}
        labelId={`${formId}-title`}
      />
      <ModalBody>
        <Form id={formId} onSubmit={submit}>
          {problems.general === null ? null : (
            <Notice variant="danger" title={problems.general} role="alert" />
          )}
          <TextField
            label={intl.formatMessage({ id: 'import.repository.name' })}
            help={intl.formatMessage({ id: 'import.repository.name.help' })}
            problem={problems.fields.name}
            isRequired
            value={draft.name}
            onChange={(name) => setDraft({ ...draft, name })}
          />
          <TextField
            label={intl.formatMessage({ id: 'import.repository.address' })}
            problem={problems.fields.url}
            placeholder="https://images.example.org"
            type="url"
            isRequired
            value={draft.url}
            onChange={(url) => setDraft({ ...draft, url })}
          />
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button
          type="submit"
          form={formId}
          isLoading={add.isPending}
          isDisabled={add.isPending || draft.name.trim() === '' || draft.url.trim() === ''}
        >
          <FormattedMessage id="import.repository.add.do" />
        </Button>
        <Button variant="link" onClick={onClose}>
          <FormattedMessage id="parts.cancel" />
        </Button>
      </ModalFooter>
    </Modal>
  )
}
