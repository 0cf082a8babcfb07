import {
  Button,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  HelperText,
  HelperTextItem,
  Label,
  LabelGroup,
  TextInput,
} from '@patternfly/react-core'
import { type FormEvent, useId, useRef, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { None } from '../../../parts/values.tsx'
import { problemOf, useChange } from '../image.ts'
import type { TabProps } from '../tabs.ts'

/** Tags: each is taken away by its button, changed by a click, and new ones are typed. */
export function TagsFact({ detail: { image, allowed } }: TabProps) {
  const intl = useIntl()
  const id = useId()
  const change = useChange(image.uuid)
  const [added, setAdded] = useState('')
  const [problem, setProblem] = useState<string>()
  const input = useRef<HTMLInputElement>(null)
  const mayEdit = allowed.includes('image.update')
  const label = intl.formatMessage({ id: 'image.fact.tags' })

  const attempt = async (wanted: Parameters<typeof change>[0]) => {
    setProblem(undefined)
    try {
      await change(wanted)
    } catch (error) {
      setProblem(problemOf(error))
      throw error
    }
  }
  const remove = (tag: string) => {
    input.current?.focus()
    void attempt({ removeTags: [tag] }).catch(() => {})
  }
  const rename = (tag: string, given: string) => {
    const name = given.trim()
    if (name !== '' && name !== tag) void attempt({ removeTags: [tag], addTags: [name] }).catch(() => {})
  }
  const add = async (event: FormEvent) => {
    event.preventDefault()
    const tag = added.trim()
    if (tag === '') return
    await attempt({ addTags: [tag] }).then(
      () => setAdded(''),
      () => {},
    )
  }

  return (
    <DescriptionListGroup>
      <DescriptionListTerm>{label}</DescriptionListTerm>
      <DescriptionListDescription>
        {image.tags.length === 0 ? (
          <None />
        ) : (
          <LabelGroup
            className="ip-tags"
            numLabels={20}
            aria-label={label}
            expandedText={intl.formatMessage({ id: 'image.tags.less' })}
            collapsedText={intl.formatMessage(
              { id: 'image.tags.more' },
              { count: Math.max(0, image.tags.length - 20) },
            )}
          >
            {image.tags.map((tag) => (
              <Label
                key={tag}
                textMaxWidth="16rem"
                {...(mayEdit
                  ? {
                      isEditable: true,
                      editableProps: {
                        'aria-label': intl.formatMessage({ id: 'image.tags.change' }, { tag }),
                      },
                      onEditComplete: (_: unknown, name: string) => rename(tag, name),
                      onClose: () => remove(tag),
                      closeBtnAriaLabel: intl.formatMessage({ id: 'image.tags.remove' }, { tag }),
                    }
                  : {})}
              >
                {tag}
              </Label>
            ))}
          </LabelGroup>
        )}
        {mayEdit ? (
          <form onSubmit={add} className="ip-edit-row ip-add">
            <div className="ip-edit-input">
              <TextInput
                ref={input}
                id={id}
                aria-label={intl.formatMessage({ id: 'image.tags.new' })}
                aria-describedby={`${id}-help`}
                placeholder={intl.formatMessage({ id: 'image.tags.new' })}
                value={added}
                validated={problem === undefined ? 'default' : 'error'}
                onChange={(_, value) => setAdded(value)}
              />
            </div>
            <Button type="submit" variant="secondary" isDisabled={added.trim() === ''}>
              <FormattedMessage id="image.add" />
            </Button>
          </form>
        ) : null}
        <HelperText id={`${id}-help`} aria-live="polite">
          {problem === undefined ? null : <HelperTextItem variant="error">{problem}</HelperTextItem>}
        </HelperText>
      </DescriptionListDescription>
    </DescriptionListGroup>
  )
}
