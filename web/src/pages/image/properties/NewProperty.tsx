import { Button, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core'
import { type FormEvent, useId, useRef, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireImage } from '../../../../../src/faces/console/wire.ts'
import { problemOf, useChange } from '../image.ts'

/** Says something new of the image. */
export function NewProperty({ image }: { readonly image: WireImage }) {
  const intl = useIntl()
  const id = useId()
  const change = useChange(image.uuid)
  const [name, setName] = useState('')
  const [value, setValue] = useState('')
  const [problem, setProblem] = useState<string>()
  const first = useRef<HTMLInputElement>(null)

  const add = async (event: FormEvent) => {
    event.preventDefault()
    const given = name.trim()
    if (given === '') return
    if (Object.hasOwn(image.properties, given))
      return setProblem(intl.formatMessage({ id: 'image.property.exists' }, { name: given }))
    setProblem(undefined)
    try {
      await change({ properties: { [given]: value } })
      setName('')
      setValue('')
      first.current?.focus()
    } catch (error) {
      setProblem(problemOf(error))
    }
  }
  const input = (what: 'name' | 'value', text: string, onChange: (text: string) => void) => (
    <div className="ip-edit-input">
      <TextInput
        id={`${id}-${what}`}
        {...(what === 'name' ? { ref: first } : {})}
        aria-label={intl.formatMessage({ id: `image.property.new.${what}` })}
        placeholder={intl.formatMessage({ id: `image.property.new.${what}` })}
        aria-describedby={`${id}-help`}
        validated={what === 'name' && problem !== undefined ? 'error' : 'default'}
        value={text}
        onChange={(_, given) => onChange(given)}
      />
    </div>
  )
  return (
    <form onSubmit={add} className="ip-new-property">
      <div className="ip-edit-row">
        {input('name', name, setName)}
        {input('value', value, setValue)}
        <Button type="submit" variant="secondary" isDisabled={name.trim() === ''}>
          <FormattedMessage id="image.add" />
        </Button>
      </div>
      <HelperText id={`${id}-help`} aria-live="polite">
        {problem === undefined ? null : <HelperTextItem variant="error">{problem}</HelperTextItem>}
      </HelperText>
    </form>
  )
}
