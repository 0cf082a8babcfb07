import { ActionGroup, Button, ExpandableSection, Form } from '@patternfly/react-core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireImport, WireImportStarted } from '../../../../src/faces/console/wire.ts'
import { post } from '../../api/client.ts'
import { ChoiceField, TextField } from '../../parts/form/Field.tsx'
import { diskFormats } from '../../parts/form/image-facts.ts'
import { ProjectField, useTargetProjects } from '../../parts/form/ProjectField.tsx'
import { noProblems, type Problems, problemsOf } from '../../parts/form/problems.ts'
import { VisibilityField } from '../../parts/form/VisibilityField.tsx'
import { Notice } from '../../parts/Notice.tsx'
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
    const left = Object.entries(problems.fields).filter(([name]) => !(name in changed))
    setProblems({ fields: Object.fromEntries(left), general: null })
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
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (draft.digest.trim() !== '' && algorithm === undefined)
      return setProblems({ fields: { digest: text('digest.wrong') }, general: null })
    begin.mutate(toImport(draft, project))
  }
  const field = (name: Exclude<keyof UrlDraft, 'system'>) => ({
    value: draft[name],
    problem: problems.fields[name],
    onChange: (value: string) => change({ [name]: value }),
  })

  return (
    <Form onSubmit={submit} isWidthLimited>
      {problems.general === null ? null : <Notice variant="danger" title={problems.general} role="alert" />}
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
    </Form>
  )
}
