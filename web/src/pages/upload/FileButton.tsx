import { Button } from '@patternfly/react-core'
import { type ChangeEvent, useRef } from 'react'

/** A button that opens the browser's dialog for one file. */
export function FileButton({
  label,
  description,
  onFile,
}: {
  readonly label: string
  /** For those who do not see where it stands. */
  readonly description: string
  readonly onFile: (file: File) => void
}) {
  const input = useRef<HTMLInputElement>(null)
  const take = ({ target }: ChangeEvent<HTMLInputElement>) => {
    const [file] = target.files ?? []
    // So that the same file can be chosen again.
    target.value = ''
    if (file) onFile(file)
  }
  return (
    <>
      <input ref={input} type="file" hidden onChange={take} />
      <Button variant="secondary" size="sm" aria-label={description} onClick={() => input.current?.click()}>
        {label}
      </Button>
    </>
  )
}
