import {
  Button,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  FormHelperText,
  HelperText,
  HelperTextItem,
} from '@patternfly/react-core'
import { CheckIcon } from '@patternfly/react-icons/dist/esm/icons/check-icon'
import { PencilAltIcon } from '@patternfly/react-icons/dist/esm/icons/pencil-alt-icon'
import { TimesIcon } from '@patternfly/react-icons/dist/esm/icons/times-icon'
import { type FormEvent, type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { useIntl } from 'react-intl'
import { problemOf } from '../image.ts'

export type Editor = {
  readonly id: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly isBusy: boolean
  readonly describedBy: string
  readonly hasProblem: boolean
}

/**
 * A fact that is changed where it stands: Enter saves (with Ctrl where lines can be broken), Escape leaves it as it is, and
 * what the server says against it is said here.
 */
export function EditableFact({
  label,
  value,
  shown,
  mayEdit,
  editor,
  hint,
  onSave,
}: {
  readonly label: string
  /** As it is edited. */
  readonly value: string
  readonly shown: ReactNode
  readonly mayEdit: boolean
  readonly editor: (editor: Editor) => ReactNode
  readonly hint?: string
  /** @throws ApiError */
  readonly onSave: (value: string) => Promise<void>
}) {
  const intl = useIntl()
  const id = useId()
  const [draft, setDraft] = useState<string>()
  const [isBusy, setBusy] = useState(false)
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
  const save = async (event: FormEvent) => {
    event.preventDefault()
    if (draft === undefined || isBusy) return
    if (draft === value) return close()
    setBusy(true)
    try {
      await onSave(draft)
      close()
    } catch (error) {
      setProblem(problemOf(error))
    } finally {
      setBusy(false)
    }
  }
  const onKeyDown = (event: KeyboardEvent<HTMLFormElement>) => {
    if (event.key === 'Escape') close()
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void save(event)
    else return
    event.stopPropagation()
  }

  return (
    <DescriptionListGroup>
      <DescriptionListTerm>{label}</DescriptionListTerm>
      <DescriptionListDescription>
        {isEditing ? (
          <form onSubmit={save} onKeyDown={onKeyDown} className="ip-edit">
            <div className="ip-edit-row">
              <div className="ip-edit-input">
                {editor({
                  id,
                  value: draft,
                  onChange: setDraft,
                  isBusy,
                  describedBy: `${id}-help`,
                  hasProblem: problem !== undefined,
                })}
              </div>
              <Button
                type="submit"
                variant="plain"
                aria-label={intl.formatMessage({ id: 'image.edit.save' }, { what: label })}
                icon={<CheckIcon />}
                isDisabled={isBusy}
              />
              <Button
                variant="plain"
                aria-label={intl.formatMessage({ id: 'image.edit.cancel' }, { what: label })}
                icon={<TimesIcon />}
                onClick={close}
              />
            </div>
            <FormHelperText id={`${id}-help`} aria-live="polite">
              {problem !== undefined ? (
                <HelperText>
                  <HelperTextItem variant="error">{problem}</HelperTextItem>
                </HelperText>
              ) : hint !== undefined ? (
                <HelperText>
                  <HelperTextItem>{hint}</HelperTextItem>
                </HelperText>
              ) : null}
            </FormHelperText>
          </form>
        ) : (
          <span className="ip-fact">
            <span className="ip-break">{shown}</span>
            {mayEdit ? (
              <Button
                ref={opener}
                variant="plain"
                hasNoPadding
                aria-label={intl.formatMessage({ id: 'image.edit' }, { what: label })}
                icon={<PencilAltIcon />}
                onClick={() => setDraft(value)}
              />
            ) : null}
          </span>
        )}
      </DescriptionListDescription>
    </DescriptionListGroup>
  )
}
