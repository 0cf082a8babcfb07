import { Grid, GridItem } from '@patternfly/react-core'
import { useState } from 'react'
import { useIntl } from 'react-intl'
import type {
  WireOperatingSystem,
  WireOperatingSystemPatch,
} from '../../../../src/faces/console/wire-places.ts'
import { patch, post } from '../../api/client.ts'
import { ChoiceField, TextField } from '../../parts/form/Field.tsx'
import { families, passwordHashes } from './families.ts'
import { PickManyField } from './PickField.tsx'
import { PlaceForm } from './PlaceForm.tsx'
import { architectures, type Option } from './pick.ts'
import { placePath } from './places.ts'
import { idsOf, sameOptions } from './resource-draft.ts'

const texts = ['name', 'major', 'minor', 'description', 'family', 'releaseName', 'passwordHash'] as const
type Draft = Readonly<Record<(typeof texts)[number], string>> & { readonly architectures: readonly Option[] }

const newSystem: Draft = {
  ...{ name: '', major: '', minor: '', description: '', family: '', releaseName: '' },
  passwordHash: 'SHA512',
  architectures: [],
}

function draftOf({ architectures, ...system }: WireOperatingSystem): Draft {
  return {
    ...(Object.fromEntries(texts.map((name) => [name, system[name] ?? ''])) as Omit<Draft, 'architectures'>),
    architectures: architectures.map(({ id, name }) => ({ id, text: name })),
  }
}

/** What differs. What may be missing is taken away by an empty text. */
function changedBy(before: Draft, draft: Draft): WireOperatingSystemPatch {
  const changed = texts.filter((name) => draft[name] !== before[name])
  return {
    ...Object.fromEntries(changed.map((name) => [name, draft[name]])),
    ...(sameOptions(before.architectures, draft.architectures)
      ? {}
      : { architectureIds: idsOf(draft.architectures) }),
  }
}

/** Makes an operating system, or changes one. */
export function SystemModal({
  system,
  onClose,
}: {
  /** Absent: a new one is made. */
  readonly system?: WireOperatingSystem
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id: `places.${id}` })
  // As it was when the form was opened: what others change meanwhile is not taken back.
  const [before] = useState(system ? draftOf(system) : newSystem)
  const [draft, setDraft] = useState(before)
  const change = (changed: Partial<Draft>) => setDraft({ ...draft, ...changed })
  const send = () =>
    system
      ? patch<WireOperatingSystem>(placePath('operating-system', system.id), changedBy(before, draft))
      : post<WireOperatingSystem>('/operating-systems', changedBy(newSystem, draft))

  return (
    <PlaceForm
      title={
        system
          ? intl.formatMessage({ id: 'places.edit.title' }, { name: system.title })
          : text('operating-system.new')
      }
      action={intl.formatMessage({ id: system ? 'parts.save' : 'parts.create' })}
      done={intl.formatMessage(
        { id: system ? 'places.saved' : 'places.created' },
        { name: draft.description.trim() || draft.name.trim() },
      )}
      fields={texts}
      send={send}
      onClose={onClose}
    >
      {(problems) => {
        const field = (name: (typeof texts)[number]) => ({
          problem: problems[name],
          value: draft[name],
          onChange: (value: string) => change({ [name]: value }),
        })
        return (
          <>
            <TextField
              label={text('column.name')}
              help={text('field.system.name.help')}
              isRequired
              {...field('name')}
            />
            <Grid hasGutter md={6}>
              <GridItem>
                <TextField label={text('column.major')} isRequired {...field('major')} />
              </GridItem>
              <GridItem>
                <TextField label={text('column.minor')} {...field('minor')} />
              </GridItem>
              <GridItem>
                <ChoiceField
                  label={text('column.family')}
                  choices={[
                    { value: '', text: text('field.family.guess') },
                    ...families.map((value) => ({ value, text: value })),
                  ]}
                  {...field('family')}
                />
              </GridItem>
              <GridItem>
                <TextField
                  label={text('column.releaseName')}
                  help={text('field.releaseName.help')}
                  {...field('releaseName')}
                />
              </GridItem>
            </Grid>
            <TextField
              label={text('column.description')}
              help={text('field.system.description.help')}
              {...field('description')}
            />
            <ChoiceField
              label={text('column.passwordHash')}
              choices={[...new Set([...passwordHashes, draft.passwordHash])].map((value) => ({
                value,
                text: value,
              }))}
              {...field('passwordHash')}
            />
            <PickManyField
              label={text('column.architectures')}
              source={architectures}
              value={draft.architectures}
              onChange={(chosen) => change({ architectures: chosen })}
            />
          </>
        )
      }}
    </PlaceForm>
  )
}
