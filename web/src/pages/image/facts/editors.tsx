import { FormSelect, FormSelectOption, TextArea, TextInput } from '@patternfly/react-core'
import type { ReactNode } from 'react'
import type { Editor } from './EditableFact.tsx'

/** Inputs for facts; each is named after the fact that it changes. */

export function textEditor(label: string): (editor: Editor) => ReactNode {
  return ({ id, value, onChange, isBusy, describedBy, hasProblem }) => (
    <TextInput
      id={id}
      aria-label={label}
      aria-describedby={describedBy}
      value={value}
      validated={hasProblem ? 'error' : 'default'}
      readOnly={isBusy}
      onChange={(_, given) => onChange(given)}
    />
  )
}

export function numberEditor(label: string): (editor: Editor) => ReactNode {
  return ({ id, value, onChange, isBusy, describedBy, hasProblem }) => (
    <TextInput
      id={id}
      type="number"
      min={0}
      step={1}
      required
      aria-label={label}
      aria-describedby={describedBy}
      value={value}
      validated={hasProblem ? 'error' : 'default'}
      readOnly={isBusy}
      onChange={(_, given) => onChange(given)}
    />
  )
}

export function linesEditor(label: string): (editor: Editor) => ReactNode {
  return ({ id, value, onChange, isBusy, describedBy, hasProblem }) => (
    <TextArea
      id={id}
      aria-label={label}
      aria-describedby={describedBy}
      value={value}
      rows={4}
      resizeOrientation="vertical"
      validated={hasProblem ? 'error' : 'default'}
      readOnly={isBusy}
      onChange={(_, given) => onChange(given)}
    />
  )
}

export function choiceEditor(
  label: string,
  choices: readonly { readonly value: string; readonly text: string }[],
): (editor: Editor) => ReactNode {
  return ({ id, value, onChange, isBusy, describedBy, hasProblem }) => (
    <FormSelect
      id={id}
      aria-label={label}
      aria-describedby={describedBy}
      value={value}
      validated={hasProblem ? 'error' : 'default'}
      isDisabled={isBusy}
      onChange={(_, given) => onChange(given)}
    >
      {choices.map((choice) => (
        <FormSelectOption key={choice.value} value={choice.value} label={choice.text} />
      ))}
    </FormSelect>
  )
}
