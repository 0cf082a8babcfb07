import { Button, Form, Stack, StackItem, Title } from '@patternfly/react-core'
import { type FormEvent, useState } from 'react'
import { FormattedMessage } from 'react-intl'
import { useTargetProjects } from '../../parts/form/ProjectField.tsx'
import { problemsOf } from '../../parts/form/problems.ts'
import { createUpload } from '../../uploads/create.ts'
import { useUploads } from '../../uploads/UploadProvider.tsx'
import { ChosenFileCard } from './ChosenFileCard.tsx'
import { type ChosenFile, draftFields, sharedOf, toMetadata, type UploadDraft } from './draft.ts'

/** The files that were chosen, to be described and sent. What the server refuses stays, with the reason. */
export function ChosenFiles() {
  const { chosen, change, send } = useUploads()
  const [usualProject = ''] = useTargetProjects()
  const [isBusy, setBusy] = useState(false)

  const replace = (key: string, changed: Partial<ChosenFile>) =>
    change((all) => all.map((one) => (one.key === key ? { ...one, ...changed } : one)))
  const remove = (key: string) => change((all) => all.filter((one) => one.key !== key))
  const describe = ({ key, draft, problems }: ChosenFile, changed: Partial<UploadDraft>) => {
    // What is being put right is wrong no more.
    const left = Object.entries(problems.fields).filter(([name]) => !(name in changed))
    replace(key, {
      draft: { ...draft, ...changed },
      problems: { fields: Object.fromEntries(left), general: null },
    })
  }
  const copy = (from: ChosenFile) =>
    change((all) => all.map((one) => ({ ...one, draft: { ...one.draft, ...sharedOf(from) } })))

  async function begin(event: FormEvent): Promise<void> {
    event.preventDefault()
    setBusy(true)
    for (const { key, file, draft } of chosen) {
      try {
        send(await createUpload(file, toMetadata(draft, draft.project || usualProject)), file)
        remove(key)
      } catch (error) {
        replace(key, { problems: problemsOf(error, draftFields) })
      }
    }
    setBusy(false)
  }

  const isReady = chosen.every(({ draft }) => draft.name.trim() !== '') && usualProject !== ''
  return (
    <Form onSubmit={(event) => void begin(event)}>
      <Title headingLevel="h2">
        <FormattedMessage id="upload.chosen.title" values={{ count: chosen.length }} />
      </Title>
      <Stack hasGutter>
        {chosen.map((one) => (
          <StackItem key={one.key}>
            <ChosenFileCard
              chosen={one}
              usualProject={usualProject}
              isBusy={isBusy}
              onChange={(changed) => describe(one, changed)}
              onRemove={() => remove(one.key)}
              onCopy={chosen.length > 1 ? () => copy(one) : undefined}
            />
          </StackItem>
        ))}
        <StackItem>
          <Button type="submit" isLoading={isBusy} isDisabled={isBusy || !isReady}>
            <FormattedMessage id="upload.begin" values={{ count: chosen.length }} />
          </Button>
        </StackItem>
      </Stack>
    </Form>
  )
}
