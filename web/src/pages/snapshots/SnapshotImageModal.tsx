import { Button, Form, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireImportStarted } from '../../../../src/faces/console/wire.ts'
import type {
  WireInstance,
  WireSnapshot,
  WireSnapshotImage,
} from '../../../../src/faces/console/wire-instances.ts'
import { post } from '../../api/client.ts'
import { TextField } from '../../parts/form/Field.tsx'
import { tagsOf } from '../../parts/form/image-facts.ts'
import { noProblems, type Problems, problemsOf } from '../../parts/form/problems.ts'
import { TagsField } from '../../parts/form/TagsField.tsx'
import { VisibilityField } from '../../parts/form/VisibilityField.tsx'
import { Notice } from '../../parts/Notice.tsx'

const formId = 'snapshot-image'
const fields = ['name', 'version', 'visibility', 'description', 'tags'] as const

/** Makes an image of a snapshot, in the project of its instance. */
export function SnapshotImageModal({
  instance: { uuid, hostname, project },
  snapshot,
  onClose,
  onBegun,
}: {
  readonly instance: WireInstance
  readonly snapshot: WireSnapshot
  readonly onClose: () => void
  readonly onBegun: (started: WireImportStarted) => void
}) {
  const intl = useIntl()
  const text = (name: string) => intl.formatMessage({ id: `snapshots.image.${name}` })
  const queries = useQueryClient()
  const [draft, setDraft] = useState({
    name: `${hostname} ${snapshot.name}`,
    version: '1.0',
    visibility: 'private',
    description: snapshot.note,
    tags: '',
  })
  const [problems, setProblems] = useState<Problems>(noProblems)
  const begin = useMutation({
    mutationFn: (wanted: WireSnapshotImage) => post<WireImportStarted>(`/instances/${uuid}/images`, wanted),
    onSuccess: async (started) => {
      onBegun(started)
      onClose()
      await queries.invalidateQueries({ queryKey: ['instance', uuid] })
    },
    onError: (error) => setProblems(problemsOf(error, fields)),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setProblems(noProblems)
    const { tags, name, version, ...said } = draft
    begin.mutate({
      disk: snapshot.disk,
      snapshot: snapshot.name,
      ...said,
      tags: tagsOf(tags),
      ...(name.trim() === '' ? {} : { name: name.trim() }),
      ...(version.trim() === '' ? {} : { version: version.trim() }),
    })
  }
  const field = (name: (typeof fields)[number]) => ({
    value: draft[name],
    problem: problems.fields[name],
    onChange: (value: string) => setDraft({ ...draft, [name]: value }),
  })
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby={`${formId}-title`}>
      <ModalHeader
        title={intl.formatMessage({ id: 'snapshots.image.title' }, { snapshot: snapshot.name })}
        description={intl.formatMessage(
          { id: 'snapshots.image.of' },
          { hostname, disk: snapshot.disk, project },
        )}
        labelId={`${formId}-title`}
      />
      <ModalBody>
        <Form id={formId} onSubmit={submit}>
          {problems.general === null ? null : (
            <Notice variant="danger" title={problems.general} role="alert" />
          )}
          <TextField label={text('name')} {...field('name')} />
          <TextField label={text('version')} help={text('version.help')} {...field('version')} />
          <VisibilityField {...field('visibility')} />
          <TextField label={text('description')} lines={2} {...field('description')} />
          <TagsField {...field('tags')} />
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form={formId} isLoading={begin.isPending} isDisabled={begin.isPending}>
          {text('do')}
        </Button>
        <Button variant="link" onClick={onClose}>
          <FormattedMessage id="parts.cancel" />
        </Button>
      </ModalFooter>
    </Modal>
  )
}
