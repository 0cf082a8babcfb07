import { Button, Form, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { noProblems, type Problems } from '../../parts/form/problems.ts'
import { Notice } from '../../parts/Notice.tsx'
import { useToasts } from '../../parts/toasts.tsx'
import { usePlacesChanged } from './places.ts'
import { placeProblems } from './problems.ts'

const formId = 'place-form'

/** A form in a window: sends it, shows at its fields what the server refuses, and closes when it was taken. */
export function FormModal<T>({
  title,
  about,
  action,
  done,
  fields,
  send,
  onDone,
  onClose,
  children,
}: {
  readonly title: string
  readonly about?: ReactNode
  /** What the button says. */
  readonly action: string
  /** What is told when it was taken. */
  readonly done: string
  /** Names of the fields that can show what is wrong with them. */
  readonly fields: readonly string[]
  readonly send: () => Promise<T>
  readonly onDone?: (taken: T) => void
  readonly onClose: () => void
  readonly children: (problems: Problems['fields']) => ReactNode
}) {
  const intl = useIntl()
  const toasts = useToasts()
  const changed = usePlacesChanged()
  const [problems, setProblems] = useState<Problems>(noProblems)
  const form = useRef<HTMLFormElement>(null)
  const { mutate, isPending } = useMutation({
    mutationFn: send,
    onSuccess: async (taken) => {
      await changed()
      toasts.succeed(done)
      onDone?.(taken)
      onClose()
    },
    onError: (error) => setProblems(placeProblems(error, fields, intl)),
  })
  // The first field that is wrong may be out of sight.
  useEffect(() => {
    if (problems !== noProblems) form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
  }, [problems])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setProblems(noProblems)
    mutate()
  }
  return (
    <Modal isOpen variant="medium" onClose={onClose} aria-labelledby={`${formId}-title`}>
      <ModalHeader title={title} description={about} labelId={`${formId}-title`} />
      <ModalBody>
        <Form id={formId} ref={form} onSubmit={submit} noValidate>
          {problems.general === null ? null : (
            <Notice variant="danger" title={problems.general} role="alert" />
          )}
          {children(problems.fields)}
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form={formId} isLoading={isPending} isDisabled={isPending}>
          {action}
        </Button>
        <Button variant="link" onClick={onClose}>
          <FormattedMessage id="parts.cancel" />
        </Button>
      </ModalFooter>
    </Modal>
  )
}
