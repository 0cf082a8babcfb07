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
  /** What is being saved, which is shown at once. */
  const [wanted, setWanted] = useState<boolean>()
  const [problem, setProblem] = useState<string>()
  const change = async (given: boolean) => {
    setWanted(given)
    setProblem(undefined)
    try {
      await onSave(given)
    } catch (error) {
      setProblem(problemOf(error))
    } finally {
      setWanted(undefined)
    }
  }
  return (
    <DescriptionListGroup>
      <DescriptionListTerm>{label}</DescriptionListTerm>
      <DescriptionListDescription>
        {mayEdit ? (
          <Switch
            aria-label={label}
            isChecked={wanted ?? isOn}
            // Not disabled: whoever pressed it with the keyboard would lose their place.
            onChange={(_, given) => (wanted === undefined ? void change(given) : undefined)}
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
