import { SearchInput } from '@patternfly/react-core'
import { useEffect, useRef, useState } from 'react'
import { useIntl } from 'react-intl'
import './search-box.css'

/** How long somebody may pause while typing, in milliseconds. */
const typing = 200

/** A text to look for; it is told when nobody has typed for a moment. */
export function SearchBox({
  label,
  value,
  onChange,
}: {
  readonly label: string
  readonly value: string
  readonly onChange: (text: string) => void
}) {
  const intl = useIntl()
  const [typed, setTyped] = useState(value)
  const tell = useRef(onChange)
  tell.current = onChange

  // What this box told itself may come back when somebody types on already.
  const told = useRef(value)
  useEffect(() => {
    if (value !== told.current) setTyped(value)
    told.current = value
  }, [value])
  useEffect(() => {
    if (typed === value) return
    const timer = setTimeout(() => {
      told.current = typed
      tell.current(typed)
    }, typing)
    return () => clearTimeout(timer)
  }, [typed, value])

  return (
    <SearchInput
      className="ip-search"
      aria-label={label}
      placeholder={label}
      value={typed}
      onChange={(_, text) => setTyped(text)}
      onClear={() => setTyped('')}
      resetButtonLabel={intl.formatMessage({ id: 'form.search.clear' })}
    />
  )
}
