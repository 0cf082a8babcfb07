import {
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  HelperText,
  HelperTextItem,
  Switch,
} from '@patternfly/react-core'
import { useState } from 'react'
import { FormattedMessage } from 'react-intl'
import { problemOf } from '../image.ts'

/** A fact that is so or not. */
export function SwitchFact({
  label,
  hint,
  isOn,
  mayEdit,
  onSave,
}: {
  readonly label: string
  readonly hint: string
  readonly isOn: boolean
  readonly mayEdit: boolean
  /** @throws ApiError */
  readonly onSave: (isOn: boolean) => Promise<void>
}) {
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string>()
  const change = async (wanted: boolean) => {
    setBusy(true)
    setProblem(undefined)
    try {
      await onSave(wanted)
    } catch (error) {
      setProblem(problemOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <DescriptionListGroup>
      <DescriptionListTerm>{label}</DescriptionListTerm>
      <DescriptionListDescription>
        {mayEdit ? (
          <Switch
            aria-label={label}
            isChecked={isOn}
            // Not disabled: whoever pressed it with the keyboard would lose their place.
            onChange={(_, wanted) => (isBusy ? undefined : void change(wanted))}
          />
        ) : (
          <FormattedMessage id={isOn ? 'parts.yes' : 'parts.no'} />
        )}
        <HelperText aria-live="polite">
          {problem === undefined ? (
            <HelperTextItem>{hint}</HelperTextItem>
          ) : (
            <HelperTextItem variant="error">{problem}</HelperTextItem>
          )}
        </HelperText>
      </DescriptionListDescription>
    </DescriptionListGroup>
  )
}
