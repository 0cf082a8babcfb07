import { Form } from '@patternfly/react-core'
import { type ReactNode, useEffect, useRef } from 'react'
import { Notice } from '../Notice.tsx'
import type { Problems } from './problems.ts'

/** A form that tells what was wrong with it when it was sent, and leads to the first field that has to be put right. */
export function CheckedForm({
  id,
  problems,
  onSubmit,
  isWidthLimited = false,
  children,
}: {
  /** For a button that is not inside of it. */
  readonly id?: string
  readonly problems: Problems
  readonly onSubmit: () => void
  readonly isWidthLimited?: boolean
  readonly children: ReactNode
}) {
  const form = useRef<HTMLFormElement>(null)
  const { general, toldAt = 0 } = problems
  useEffect(() => {
    if (toldAt === 0) return
    const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')
    if (wrong) wrong.focus()
    else form.current?.scrollIntoView({ block: 'nearest' })
  }, [toldAt])
  return (
    <Form
      ref={form}
      isWidthLimited={isWidthLimited}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
      {...(id === undefined ? {} : { id })}
    >
      {general === null ? null : <Notice variant="danger" title={general} role="alert" />}
      {children}
    </Form>
  )
}
