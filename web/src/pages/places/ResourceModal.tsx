import { Checkbox } from '@patternfly/react-core'
import { useState } from 'react'
import { useIntl } from 'react-intl'
import type { WireComputeResourceDetail } from '../../../../src/faces/console/wire-places.ts'
import { patch, post } from '../../api/client.ts'
import { ChoiceField, TextField } from '../../parts/form/Field.tsx'
import { PickManyField } from './PickField.tsx'
import { PlaceForm } from './PlaceForm.tsx'
import { locations, projects } from './pick.ts'
import { placePath } from './places.ts'
import { creatableProviders, fieldsOf, type ProviderField } from './providers.ts'
import {
  changedBy,
  createdBy,
  draftOf,
  newResource,
  type ResourceDraft,
  withProvider,
} from './resource-draft.ts'
import { SecretField } from './SecretField.tsx'

/** Makes a compute resource, or changes one. Who may not change where it is does not see that here. */
export function ResourceModal({
  resource,
  onDone,
  onClose,
}: {
  /** Absent: a new one is made. */
  readonly resource?: WireComputeResourceDetail
  readonly onDone?: (saved: WireComputeResourceDetail) => void
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id: `places.${id}` })
  // As it was when the form was opened: what others change meanwhile is not taken back.
  const [before] = useState(resource ? draftOf(resource) : newResource)
  const [draft, setDraft] = useState(before)
  const change = (changed: Partial<ResourceDraft>) => setDraft({ ...draft, ...changed })
  const isWhole = resource === undefined || resource.allowed.includes('manage-directory')
  const shown = fieldsOf(draft.provider).filter(({ isHarmless }) => isWhole || isHarmless)
  const send = () =>
    resource
      ? patch<WireComputeResourceDetail>(placePath('compute-resource', resource.id), changedBy(before, draft))
      : post<WireComputeResourceDetail>('/compute-resources', createdBy(draft))

  return (
    <PlaceForm
      title={
        resource
          ? intl.formatMessage({ id: 'places.edit.title' }, { name: resource.name })
          : text('compute-resource.new')
      }
      about={isWhole ? undefined : text('compute-resource.partly')}
      action={intl.formatMessage({ id: resource ? 'parts.save' : 'parts.create' })}
      done={intl.formatMessage(
        { id: resource ? 'places.saved' : 'places.created' },
        { name: draft.name.trim() },
      )}
      fields={['name', 'description', 'provider', ...shown.map(({ name }) => camelCase(name))]}
      send={send}
      onClose={onClose}
      onDone={onDone}
    >
      {(problems) => (
        <>
          {resource ? null : (
            <ChoiceField
              label={text('column.provider')}
              isRequired
              problem={problems.provider}
              choices={creatableProviders.map((value) => ({ value, text: text(`provider.${value}`) }))}
              value={draft.provider}
              onChange={(provider) => setDraft(withProvider(draft, provider))}
            />
          )}
          <TextField
            label={text('column.name')}
            isRequired
            problem={problems.name}
            value={draft.name}
            onChange={(name) => change({ name })}
          />
          <TextField
            label={text('column.description')}
            lines={2}
            problem={problems.description}
            value={draft.description}
            onChange={(description) => change({ description })}
          />
          {shown.map((field) =>
            field.kind === 'secret' ? (
              <SecretField
                key={field.name}
                label={text(`field.${field.text ?? field.name}`)}
                isKept={resource?.hasPassword ?? false}
                problem={problems.password}
                value={draft.secret}
                onChange={(secret) => change({ secret })}
              />
            ) : (
              <ProviderInput
                key={field.name}
                field={field}
                value={draft.values[field.name] ?? ''}
                problem={problems[camelCase(field.name)]}
                onChange={(value) => change({ values: { ...draft.values, [field.name]: value } })}
              />
            ),
          )}
          {isWhole ? (
            <>
              <PickManyField
                label={text('column.projects')}
                help={text('field.projects.help')}
                source={projects}
                value={draft.projects}
                onChange={(chosen) => change({ projects: chosen })}
              />
              <PickManyField
                label={text('column.locations')}
                help={text('field.locations.help')}
                source={locations}
                value={draft.locations}
                onChange={(chosen) => change({ locations: chosen })}
              />
            </>
          ) : null}
        </>
      )}
    </PlaceForm>
  )
}

function ProviderInput({
  field: { name, text = name, kind, choices, isRequired = false, placeholder },
  value,
  problem,
  onChange,
}: {
  readonly field: ProviderField
  readonly value: string | boolean
  readonly problem: string | undefined
  readonly onChange: (value: string | boolean) => void
}) {
  const intl = useIntl()
  const label = intl.formatMessage({ id: `places.field.${text}` })
  if (kind === 'flag')
    return (
      <Checkbox
        id={`provider-${name}`}
        label={label}
        isChecked={value === true}
        onChange={(_, isChecked) => onChange(isChecked)}
      />
    )
  const shared = { label, isRequired, problem, value: String(value), onChange }
  if (choices) {
    const unset = intl.formatMessage({ id: 'places.field.unset' })
    const known = choices.includes(shared.value) ? choices : [...choices, shared.value]
    return <ChoiceField {...shared} choices={known.map((one) => ({ value: one, text: one || unset }))} />
  }
  return <TextField {...shared} {...(placeholder === undefined ? {} : { placeholder })} />
}

/** As problems.ts calls the fields of a form. */
function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}
