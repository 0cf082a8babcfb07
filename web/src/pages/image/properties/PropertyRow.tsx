import { Button, HelperText, HelperTextItem, TextArea } from '@patternfly/react-core'
import { CheckIcon } from '@patternfly/react-icons/dist/esm/icons/check-icon'
import { PencilAltIcon } from '@patternfly/react-icons/dist/esm/icons/pencil-alt-icon'
import { TimesIcon } from '@patternfly/react-icons/dist/esm/icons/times-icon'
import { TrashIcon } from '@patternfly/react-icons/dist/esm/icons/trash-icon'
import { Td, Tr } from '@patternfly/react-table'
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { useToasts } from '../../../parts/toasts.tsx'
import { problemOf, useChange } from '../image.ts'

/** A property, whose value is changed where it stands: Enter saves, Escape leaves it as it is. */
export function PropertyRow({
  uuid,
  name,
  value,
  mayEdit,
}: {
  readonly uuid: string
  readonly name: string
  readonly value: string
  readonly mayEdit: boolean
}) {
  const intl = useIntl()
  const id = useId()
  const toasts = useToasts()
  const change = useChange(uuid)
  const [draft, setDraft] = useState<string>()
  const [problem, setProblem] = useState<string>()
  const opener = useRef<HTMLButtonElement>(null)
  const wasEditing = useRef(false)
  const isEditing = draft !== undefined

  useEffect(() => {
    if (isEditing) document.getElementById(id)?.focus()
    // Whoever is somewhere else by now stays there.
    else if (wasEditing.current && document.activeElement === document.body) opener.current?.focus()
    wasEditing.current = isEditing
  }, [isEditing, id])

  const close = () => {
    setDraft(undefined)
    setProblem(undefined)
  }
  const save = async () => {
    try {
      if (draft !== value) await change({ properties: { [name]: draft! } })
      close()
    } catch (error) {
      setProblem(problemOf(error))
    }
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // With Shift it breaks the line.
    if (event.key === 'Enter' && !event.shiftKey) void save()
    else if (event.key === 'Escape') close()
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const button = (what: string, icon: ReactNode, onClick: () => void) => (
    <Button
      variant="plain"
      {...(what === 'image.edit' ? { ref: opener } : {})}
      aria-label={intl.formatMessage({ id: what }, { what: name })}
      icon={icon}
      onClick={onClick}
    />
  )

  return (
    <Tr>
      <Td dataLabel={intl.formatMessage({ id: 'image.property.name' })} className="ip-mono">
        {name}
      </Td>
      <Td dataLabel={intl.formatMessage({ id: 'image.property.value' })} className="ip-break">
        {isEditing ? (
          <>
            <TextArea
              id={id}
              aria-label={name}
              aria-describedby={`${id}-help`}
              value={draft}
              rows={1}
              autoResize
              resizeOrientation="vertical"
              validated={problem === undefined ? 'default' : 'error'}
              onChange={(_, given) => setDraft(given)}
              onKeyDown={onKeyDown}
            />
            <HelperText id={`${id}-help`} aria-live="polite">
              <HelperTextItem variant={problem === undefined ? 'default' : 'error'}>
                {problem ?? <FormattedMessage id="image.property.keys" />}
              </HelperTextItem>
            </HelperText>
          </>
        ) : (
          <Value text={value} />
        )}
      </Td>
      {mayEdit ? (
        <Td className="ip-row-actions">
          {isEditing ? (
            <>
              {button('image.edit.save', <CheckIcon />, () => void save())}
              {button('image.edit.cancel', <TimesIcon />, close)}
            </>
          ) : (
            <>
              {button('image.edit', <PencilAltIcon />, () => setDraft(value))}
              {button(
                'image.property.remove',
                <TrashIcon />,
                () => void change({ properties: { [name]: null } }).catch(toasts.fail),
              )}
            </>
          )}
        </Td>
      ) : null}
    </Tr>
  )
}

/** Characters of a value that are shown before somebody asks for the rest. */
const shownAtFirst = 400

function Value({ text }: { readonly text: string }) {
  const [isWhole, setWhole] = useState(false)
  const isLong = text.length > shownAtFirst
  return (
    <>
      <span className="ip-lines">{isLong && !isWhole ? `${text.slice(0, shownAtFirst)}…` : text}</span>
      {isLong ? (
        <Button variant="link" isInline onClick={() => setWhole(!isWhole)} aria-expanded={isWhole}>
          <FormattedMessage id={isWhole ? 'image.property.less' : 'image.property.more'} />
        </Button>
      ) : null}
    </>
  )
}
