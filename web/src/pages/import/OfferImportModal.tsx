import { useState } from 'react'
import { useIntl } from 'react-intl'
import type { WireImportStarted } from '../../../../src/faces/console/wire.ts'
import type { WireOffer, WireOfferImport } from '../../../../src/faces/console/wire-repositories.ts'
import { post } from '../../api/client.ts'
import { TextField } from '../../parts/form/Field.tsx'
import { FormModal } from '../../parts/form/FormModal.tsx'
import { tagsOf } from '../../parts/form/image-facts.ts'
import { ProjectField, useTargetProjects } from '../../parts/form/ProjectField.tsx'
import { TagsField } from '../../parts/form/TagsField.tsx'
import { VisibilityField } from '../../parts/form/VisibilityField.tsx'

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
  const project = chosenProject || firstProject
  const begin = () => {
    const path = `/repositories/${encodeURIComponent(repository)}/images/${offer.uuid}/import`
    const wanted: WireOfferImport = {
      project,
      visibility,
      ...(name.trim() === '' ? {} : { name: name.trim() }),
      // Those of the manifest, unless others are said.
      ...(tags.trim() === '' ? {} : { tags: tagsOf(tags) }),
    }
    return post<WireImportStarted>(path, wanted)
  }
  return (
    <FormModal
      title={intl.formatMessage({ id: 'import.offer.import.what' }, { name: offer.name || offer.uuid })}
      about={intl.formatMessage({ id: 'import.offer.import.from' }, { repository })}
      action={intl.formatMessage({ id: 'import.begin' })}
      fields={['name', 'project', 'visibility', 'tags']}
      isComplete={project !== ''}
      send={begin}
      onDone={onBegun}
      onClose={onClose}
    >
      {(problems) => (
        <>
          <TextField
            label={intl.formatMessage({ id: 'import.offer.name' })}
            problem={problems.name}
            value={name}
            onChange={setName}
          />
          <ProjectField value={project} onChange={setProject} problem={problems.project} />
          <VisibilityField value={visibility} onChange={setVisibility} problem={problems.visibility} />
          <TagsField value={tags} onChange={setTags} problem={problems.tags} />
        </>
      )}
    </FormModal>
  )
}
