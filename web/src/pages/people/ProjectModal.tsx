import { useState } from 'react'
import { useIntl } from 'react-intl'
import type { WireProject } from '../../../../src/faces/console/wire.ts'
import { patch, post } from '../../api/client.ts'
import { ChoiceField, TextField } from '../../parts/form/Field.tsx'
import { FormModal } from '../../parts/form/FormModal.tsx'
import { useToasts } from '../../parts/toasts.tsx'
import { pathOf, usePeopleChanged } from './people.ts'
import { QuotaFields } from './QuotaFields.tsx'
import { quotaChange, quotaDraft } from './quotas.ts'
import { wording } from './refusals.ts'

const facts = ['label', 'description', 'access'] as const
const fields = ['name', ...facts, 'quotaBytes', 'quotaImages', 'quotaStagedBytes', 'quotaUploads']

/** Makes a project, or changes one: what was written anew. */
export function ProjectModal({
  project,
  onDone,
  onClose,
}: {
  /** Absent: a new one is made. */
  readonly project?: WireProject
  readonly onDone?: (project: WireProject) => void
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const toasts = useToasts()
  const changed = usePeopleChanged()
  const text = (id: string) => intl.formatMessage({ id: `projects.${id}` })
  // As it was when the form was opened: what others change meanwhile is not taken back.
  const [before] = useState({
    name: project?.name ?? '',
    label: project?.label ?? '',
    description: project?.description ?? '',
    access: project?.access ?? 'private',
    quotas: quotaDraft(project),
  })
  const [draft, setDraft] = useState(before)
  const put = (name: 'name' | (typeof facts)[number]) => (value: string) =>
    setDraft({ ...draft, [name]: value })

  const send = async () => {
    const change = {
      ...Object.fromEntries(
        facts.filter((name) => draft[name] !== before[name]).map((name) => [name, draft[name]]),
      ),
      ...quotaChange(before.quotas, draft.quotas, intl),
    }
    const work = project
      ? patch<WireProject>(pathOf('projects', project.name), change)
      : post<WireProject>('/projects', { ...change, name: draft.name.trim() })
    return wording(intl, work)
  }
  return (
    <FormModal
      title={project ? intl.formatMessage({ id: 'projects.edit' }, { name: project.name }) : text('new')}
      action={intl.formatMessage({ id: project ? 'parts.save' : 'parts.create' })}
      fields={fields}
      isComplete={draft.name.trim() !== ''}
      send={send}
      onDone={(taken) => {
        void changed()
        toasts.succeed(
          intl.formatMessage({ id: project ? 'people.saved' : 'people.created' }, { name: taken.name }),
        )
        onDone?.(taken)
      }}
      onClose={onClose}
    >
      {(problems) => (
        <>
          {project ? null : (
            <TextField
              label={text('column.name')}
              help={text('name.help')}
              isRequired
              problem={problems.name}
              value={draft.name}
              onChange={put('name')}
            />
          )}
          <TextField
            label={text('label')}
            problem={problems.label}
            value={draft.label}
            onChange={put('label')}
          />
          <TextField
            label={text('description')}
            lines={3}
            problem={problems.description}
            value={draft.description}
            onChange={put('description')}
          />
          <ChoiceField
            label={text('access')}
            help={text(`access.${draft.access}.help`)}
            problem={problems.access}
            value={draft.access}
            onChange={put('access')}
            choices={['private', 'public'].map((value) => ({ value, text: text(`access.${value}`) }))}
          />
          <QuotaFields
            value={draft.quotas}
            onChange={(quotas) => setDraft({ ...draft, quotas })}
            problems={problems}
          />
        </>
      )}
    </FormModal>
  )
}
