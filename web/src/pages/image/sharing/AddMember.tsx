import { Button, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireProjectList } from '../../../../../src/faces/console/wire.ts'
import { get } from '../../../api/client.ts'
import { problemOf } from '../image.ts'
import { useShare } from './members.ts'

/** Offers the image to a project, which need not be one's own; those that one knows are proposed. */
export function AddMember({ uuid }: { readonly uuid: string }) {
  const intl = useIntl()
  const id = useId()
  const share = useShare(uuid)
  const [name, setName] = useState('')
  const [problem, setProblem] = useState<string>()
  const { data } = useQuery({
    queryKey: ['projects', 'names'],
    queryFn: ({ signal }) => get<WireProjectList>('/projects', { limit: 200 }, signal),
  })
  const add = async (event: FormEvent) => {
    event.preventDefault()
    setProblem(undefined)
    try {
      await share.add(name.trim())
      setName('')
    } catch (error) {
      setProblem(problemOf(error))
    }
  }
  return (
    <form onSubmit={add} className="ip-new-property">
      <div className="ip-edit-row">
        <div className="ip-edit-input">
          <TextInput
            id={id}
            aria-label={intl.formatMessage({ id: 'image.member.new' })}
            aria-describedby={`${id}-help`}
            placeholder={intl.formatMessage({ id: 'image.member.new' })}
            list={`${id}-projects`}
            autoComplete="off"
            value={name}
            validated={problem === undefined ? 'default' : 'error'}
            onChange={(_, given) => setName(given)}
          />
          <datalist id={`${id}-projects`}>
            {data?.projects.map((project) => (
              <option key={project.id} value={project.name} label={project.label} />
            ))}
          </datalist>
        </div>
        <Button type="submit" variant="secondary" isDisabled={name.trim() === ''}>
          <FormattedMessage id="image.share" />
        </Button>
      </div>
      <HelperText id={`${id}-help`} aria-live="polite">
        <HelperTextItem variant={problem === undefined ? 'default' : 'error'}>
          {problem ?? <FormattedMessage id="image.member.new.hint" />}
        </HelperTextItem>
      </HelperText>
    </form>
  )
}
