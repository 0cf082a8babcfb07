import { useState } from 'react'
import { useIntl } from 'react-intl'
import type { WireRepository } from '../../../../src/faces/console/wire-repositories.ts'
import { post } from '../../api/client.ts'
import { TextField } from '../../parts/form/Field.tsx'
import { FormModal } from '../../parts/form/FormModal.tsx'
import { useRepositoriesChanged } from './refresh.ts'

/** Names another repository and reads it for the first time. */
export function AddRepositoryModal({
  onClose,
  onAdded,
}: {
  readonly onClose: () => void
  readonly onAdded: (name: string) => void
}) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id: `import.repository.${id}` })
  const [name, setName] = useState('')
  const [url, setUrl] = useState('')
  const changed = useRepositoriesChanged()
  const add = async () => {
    const made = await post<WireRepository>('/repositories', { name: name.trim(), url: url.trim() })
    await post<WireRepository>(`/repositories/${encodeURIComponent(made.name)}/refresh`)
    await changed()
    return made.name
  }
  return (
    <FormModal
      title={text('add')}
      about={text('add.about')}
      action={text('add.do')}
      fields={['name', 'url']}
      isComplete={name.trim() !== '' && url.trim() !== ''}
      send={add}
      onDone={onAdded}
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
          <TextField
            label={text('address')}
            problem={problems.url}
            placeholder="https://images.example.org"
            type="url"
            isRequired
            value={url}
            onChange={setUrl}
          />
        </>
      )}
    </FormModal>
  )
}
