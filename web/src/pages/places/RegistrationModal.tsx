import { Checkbox } from '@patternfly/react-core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useIntl } from 'react-intl'
import type { WireRegistrationList } from '../../../../src/faces/console/wire-image.ts'
import type { WireTemplate, WireTemplatePatch } from '../../../../src/faces/console/wire-places.ts'
import { get, patch, post } from '../../api/client.ts'
import { TextField } from '../../parts/form/Field.tsx'
import { Notice } from '../../parts/Notice.tsx'
import { PickField } from './PickField.tsx'
import { PlaceForm } from './PlaceForm.tsx'
import { architectures, images, type Option, operatingSystems } from './pick.ts'
import { placePath } from './places.ts'
import { knowsRoles, takesUserData } from './providers.ts'
import {
  changedBy,
  draftOf,
  newRegistration,
  type RegistrationDraft,
  withImage,
} from './registration-draft.ts'
import { SecretField } from './SecretField.tsx'

/** The compute resource that something is registered on. */
export type Target = { readonly id: number; readonly name: string; readonly provider: string }

/** Registers a template on a compute resource, or changes what is registered. */
export function RegistrationModal({
  target,
  registration,
  onClose,
}: {
  readonly target: Target
  /** Absent: a new one is made. */
  readonly registration?: WireTemplate
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id: `places.${id}` })
  const isCatalogue = target.provider === 'Catalogue'
  // As it was when the form was opened: what others change meanwhile is not taken back.
  const [before] = useState(registration ? draftOf(registration, isCatalogue) : newRegistration)
  const [draft, setDraft] = useState(before)
  const queries = useQueryClient()
  const change = (changed: Partial<RegistrationDraft>) => setDraft({ ...draft, ...changed })
  const path = `${placePath('compute-resource', target.id)}/registrations`
  const send = () => {
    const facts: WireTemplatePatch = changedBy(before, draft)
    return registration
      ? patch<WireTemplate>(`${path}/${registration.id}`, facts)
      : post<WireTemplate>(path, facts)
  }
  const takeImage = async (image: Option | null) => {
    if (image === null) return change({ image })
    setDraft((now) => withImage(now, image, undefined))
    const { registrations } = await queries.fetchQuery({
      queryKey: ['image', String(image.id), 'registrations'],
      queryFn: ({ signal }) => get<WireRegistrationList>(`/images/${image.id}/registrations`, {}, signal),
    })
    setDraft((now) => withImage(now, image, registrations[0]))
  }

  return (
    <PlaceForm
      title={
        registration
          ? intl.formatMessage({ id: 'places.edit.title' }, { name: registration.name })
          : intl.formatMessage({ id: 'places.registration.new' }, { name: target.name })
      }
      action={registration ? intl.formatMessage({ id: 'parts.save' }) : text('registration.register')}
      done={intl.formatMessage(
        { id: registration ? 'places.saved' : 'places.registered' },
        { name: draft.name.trim() },
      )}
      fields={['name', 'uuid', 'username', 'password', 'operatingSystemId', 'architectureId', 'iamRole']}
      send={send}
      onClose={onClose}
    >
      {(problems) => (
        <>
          {registration?.automatic ? (
            <Notice variant="info" title={text('registration.isImage')} />
          ) : (
            <PickField
              label={text(isCatalogue ? 'field.image' : 'field.fromImage')}
              help={text(isCatalogue ? 'field.image.help' : 'field.fromImage.help')}
              source={images}
              isRequired={isCatalogue}
              problem={isCatalogue ? problems.uuid : undefined}
              value={draft.image}
              onChange={(image) => void takeImage(image)}
            />
          )}
          {isCatalogue ? null : (
            <TextField
              label={text('field.uuid')}
              help={text('field.uuid.help')}
              isRequired
              isMono
              problem={problems.uuid}
              value={draft.uuid}
              onChange={(uuid) => change({ uuid })}
            />
          )}
          <TextField
            label={text('column.name')}
            isRequired
            problem={problems.name}
            value={draft.name}
            onChange={(name) => change({ name })}
          />
          <PickField
            label={text('column.operatingSystem')}
            source={operatingSystems}
            isRequired
            problem={problems.operatingSystemId}
            value={draft.operatingSystem}
            onChange={(operatingSystem) => change({ operatingSystem })}
          />
          <PickField
            label={text('column.architecture')}
            source={architectures}
            isRequired
            problem={problems.architectureId}
            value={draft.architecture}
            onChange={(architecture) => change({ architecture })}
          />
          <TextField
            label={text('column.username')}
            help={text('field.registration.username.help')}
            isRequired
            problem={problems.username}
            value={draft.username}
            onChange={(username) => change({ username })}
          />
          <SecretField
            label={text('field.password')}
            isKept={registration?.hasPassword ?? false}
            problem={problems.password}
            value={draft.secret}
            onChange={(secret) => change({ secret })}
          />
          {takesUserData(target.provider) ? (
            <Checkbox
              id="registration-user-data"
              label={text('field.userData')}
              isChecked={draft.userData}
              onChange={(_, userData) => change({ userData })}
            />
          ) : null}
          {knowsRoles(target.provider) ? (
            <TextField
              label={text('field.iamRole')}
              problem={problems.iamRole}
              value={draft.iamRole}
              onChange={(iamRole) => change({ iamRole })}
            />
          ) : null}
        </>
      )}
    </PlaceForm>
  )
}
