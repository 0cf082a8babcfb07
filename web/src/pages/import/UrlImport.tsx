import { ActionGroup, Button, ExpandableSection } from '@patternfly/react-core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireImport, WireImportStarted } from '../../../../src/faces/console/wire.ts'
import { post } from '../../api/client.ts'
import { CheckedForm } from '../../parts/form/CheckedForm.tsx'
import { ChoiceField, TextField } from '../../parts/form/Field.tsx'
import { diskFormats } from '../../parts/form/image-facts.ts'
import { ProjectField, useTargetProjects } from '../../parts/form/ProjectField.tsx'
import {
  noProblems,
  type Problems,
  problemsIn,
  problemsOf,
  problemsWithout,
} from '../../parts/form/problems.ts'
import { VisibilityField } from '../../parts/form/VisibilityField.tsx'
import { MoreFacts } from './MoreFacts.tsx'
import { algorithmOf, emptyDraft, suggested, toImport, type UrlDraft, urlFields } from './url-draft.ts'

/** An image from an address that the server fetches. */
export function UrlImport({ onBegun }: { readonly onBegun: (started: WireImportStarted) => void }) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id: `import.url.${id}` })
  const [draft, setDraft] = useState<UrlDraft>(emptyDraft)
  const [problems, setProblems] = useState<Problems>(noProblems)
  const [isMore, setMore] = useState(false)
  const [firstProject = ''] = useTargetProjects()
  const project = draft.project || firstProject
  const usual = suggested(draft.url)
  const algorithm = algorithmOf(draft.digest)

  const change = (changed: Partial<UrlDraft>) => {
    setDraft({ ...draft, ...changed })
    // What is being put right is wrong no more.
    setProblems(problemsWithout(problems, Object.keys(changed)))
  }
  const begin = useMutation({
    mutationFn: (wanted: WireImport) => post<WireImportStarted>('/imports', wanted),
    onSuccess: (started) => {
      onBegun(started)
      const { project, visibility, system } = draft
      setDraft({ ...emptyDraft, project, visibility, system })
    },
    onError: (error) => {
      const found = problemsOf(error, urlFields)
      setProblems(found)
      if (['tags', 'minDisk', 'minRam'].some((name) => name in found.fields)) setMore(true)
    },
  })
  const submit = () => {
    if (draft.digest.trim() !== '' && algorithm === undefined)
      return setProblems(problemsIn({ digest: text('digest.wrong') }))
    begin.mutate(toImport(draft, project))
  }
  const field = (name: Exclude<keyof UrlDraft, 'system'>) => ({
    value: draft[name],
    problem: problems.fields[name],
    onChange: (value: string) => change({ [name]: value }),
  })

  return (
    <CheckedForm problems={problems} onSubmit={submit} isWidthLimited>
      <TextField
        {...field('url')}
        type="url"
        label={text('address')}
        help={text('address.help')}
        placeholder="https://example.org/debian-13.qcow2"
        isRequired
      />
      <TextField {...field('name')} label={text('name')} help={text('name.help')} placeholder={usual.name} />
      <ChoiceField
        {...field('diskFormat')}
        value={draft.diskFormat || usual.diskFormat}
        label={text('format')}
        help={text('format.help')}
        choices={diskFormats.map((format) => ({ value: format, text: format }))}
      />
      <ProjectField {...field('project')} value={project} />
      <VisibilityField {...field('visibility')} />
      <TextField
        {...field('digest')}
        label={text('digest')}
        help={
          algorithm ? (
            <FormattedMessage id="import.url.digest.is" values={{ algorithm }} />
          ) : (
            text('digest.help')
          )
        }
        isMono
      />
      <ExpandableSection
        toggleText={text('more')}
        isExpanded={isMore}
        onToggle={(_, wanted) => setMore(wanted)}
        isIndented
      >
        <MoreFacts draft={draft} problems={problems.fields} onChange={change} />
      </ExpandableSection>
      <ActionGroup>
        <Button
          type="submit"
          isLoading={begin.isPending}
          isDisabled={begin.isPending || draft.url.trim() === '' || project === ''}
        >
          <FormattedMessage id="import.begin" />
        </Button>
      </ActionGroup>
    </CheckedForm>
  )
}
