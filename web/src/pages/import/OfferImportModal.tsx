import { Button, Form, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireImportStarted } from '../../../../src/faces/console/wire.ts'
import type { WireOffer, WireOfferImport } from '../../../../src/faces/console/wire-repositories.ts'
import { post } from '../../api/client.ts'
import { TextField } from '../../parts/form/Field.tsx'
import { tagsOf } from '../../parts/form/image-facts.ts'
import { ProjectField, useTargetProjects } from '../../parts/form/ProjectField.tsx'
import { noProblems, type Problems, problemsOf } from '../../parts/form/problems.ts'
import { TagsField } from '../../parts/form/TagsField.tsx'
import { VisibilityField } from '../../parts/form/VisibilityField.tsx'
import { Notice } from '../../parts/Notice.tsx'

const formId = 'import-offer'

/** Under which name, and for whom, an image of a repository is imported. */
export function OfferImportModal({
  repository,
  offer,
  onClose,
  onBegun,
}: {
  readonly repository: string
  readonly offer: WireOffer
  readonly onClose: () => void
  readonly onBegun: (started: WireImportStarted) => void
}) {
  const intl = useIntl()
  const [firstProject = ''] = useTargetProjects()
  const [name, setName] = useState(offer.name)
  const [chosenProject, setProject] = useState('')
  const [visibility, setVisibility] = useState('private')
  const [tags, setTags] = useState('')
  const [problems, setProblems] = useState<Problems>(noProblems)
  const project = chosenProject || firstProject
  const begin = useMutation({
    mutationFn: (wanted: WireOfferImport) =>
      post<WireImportStarted>(
        `/repositories/${encodeURIComponent(repository)}/images/${offer.uuid}/import`,
        wanted,
      ),
    onSuccess: (started) => {
      onBegun(started)
      onClose()
    },
    onError: (error) => setProblems(problemsOf(error, ['name', 'project', 'visibility', 'tags'])),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setProblems(noProblems)
    begin.mutate({
      project,
      visibility,
      ...(name.trim() === '' ? {} : { name: name.trim() }),
      // Those of the manifest, unless others are said.
      ...(tags.trim() === '' ? {} : { tags: tagsOf(tags) }),
    })
  }
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby={`${formId}-title`}>
      <ModalHeader
        title={intl.formatMessage({ id: 'import.offer.import.what' }, { name: offer.name || offer.uuid })}
        description={intl.formatMessage({ id: 'import.offer.import.from' }, { repository })}
        labelId={`${formId}-title`}
      />
      <ModalBody>
        <Form id={formId} onSubmit={submit}>
          {problems.general === null ? null : (
            <Notice variant="danger" title={problems.general} role="alert" />
          )}
          <TextField
            label={intl.formatMessage({ id: 'import.offer.name' })}
            problem={problems.fields.name}
            value={name}
            onChange={setName}
          />
          <ProjectField value={project} onChange={setProject} problem={problems.fields.project} />
          <VisibilityField value={visibility} onChange={setVisibility} problem={problems.fields.visibility} />
          <TagsField value={tags} onChange={setTags} problem={problems.fields.tags} />
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button
          type="submit"
          form={formId}
          isLoading={begin.isPending}
          isDisabled={begin.isPending || project === ''}
        >
          <FormattedMessage id="import.begin" />
        </Button>
        <Button variant="link" onClick={onClose}>
          <FormattedMessage id="parts.cancel" />
        </Button>
      </ModalFooter>
    </Modal>
  )
}
