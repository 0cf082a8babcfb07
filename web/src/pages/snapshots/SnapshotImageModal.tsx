import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useIntl } from 'react-intl'
import type { WireImportStarted } from '../../../../src/faces/console/wire.ts'
import type {
  WireInstance,
  WireSnapshot,
  WireSnapshotImage,
} from '../../../../src/faces/console/wire-instances.ts'
import { post } from '../../api/client.ts'
import { TextField } from '../../parts/form/Field.tsx'
import { FormModal } from '../../parts/form/FormModal.tsx'
import { tagsOf } from '../../parts/form/image-facts.ts'
import { TagsField } from '../../parts/form/TagsField.tsx'
import { VisibilityField } from '../../parts/form/VisibilityField.tsx'

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
  const begin = async () => {
    const { tags, name, version, ...said } = draft
    const wanted: WireSnapshotImage = {
      disk: snapshot.disk,
      snapshot: snapshot.name,
      ...said,
      tags: tagsOf(tags),
      ...(name.trim() === '' ? {} : { name: name.trim() }),
      ...(version.trim() === '' ? {} : { version: version.trim() }),
    }
    const started = await post<WireImportStarted>(`/instances/${uuid}/images`, wanted)
    await queries.invalidateQueries({ queryKey: ['instance', uuid] })
    return started
  }
  return (
    <FormModal
      title={intl.formatMessage({ id: 'snapshots.image.title' }, { snapshot: snapshot.name })}
      about={intl.formatMessage({ id: 'snapshots.image.of' }, { hostname, disk: snapshot.disk, project })}
      action={text('do')}
      fields={fields}
      send={begin}
      onDone={onBegun}
      onClose={onClose}
    >
      {(problems) => {
        const field = (name: (typeof fields)[number]) => ({
          value: draft[name],
          problem: problems[name],
          onChange: (value: string) => setDraft({ ...draft, [name]: value }),
        })
        return (
          <>
            <TextField label={text('name')} {...field('name')} />
            <TextField label={text('version')} help={text('version.help')} {...field('version')} />
            <VisibilityField {...field('visibility')} />
            <TextField label={text('description')} lines={2} {...field('description')} />
            <TagsField {...field('tags')} />
          </>
        )
      }}
    </FormModal>
  )
}
