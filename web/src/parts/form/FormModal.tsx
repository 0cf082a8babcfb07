import { Button, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useId, useState } from 'react'
import { FormattedMessage } from 'react-intl'
import { Dialog } from '../Dialog.tsx'
import { CheckedForm } from './CheckedForm.tsx'
import { noProblems, type Problems, problemsOf } from './problems.ts'

/** A form in a window: sends it, shows at its fields what the server refuses, and closes when it was taken. */
export function FormModal<T>({
  title,
  about,
  action,
  fields,
  isComplete = true,
  send,
  onDone,
  onClose,
  children,
}: {
  readonly title: string
  readonly about?: ReactNode
  /** What the button says. */
  readonly action: string
  /** Names of the fields that can show what is wrong with them. */
  readonly fields: readonly string[]
  /** Can it be sent as it is? */
  readonly isComplete?: boolean
  readonly send: () => Promise<T>
  readonly onDone: (taken: T) => void
  readonly onClose: () => void
  readonly children: (problems: Problems['fields']) => ReactNode
}) {
  const id = useId()
  const [problems, setProblems] = useState<Problems>(noProblems)
  const { mutate, isPending } = useMutation({
    mutationFn: send,
    onSuccess: (taken) => {
      onDone(taken)
      onClose()
    },
    onError: (error) => setProblems(problemsOf(error, fields)),
  })
  const submit = () => {
    setProblems(noProblems)
    mutate()
  }
  return (
    <Dialog variant="small" onClose={onClose} aria-labelledby={`${id}-title`}>
      <ModalHeader title={title} description={about} labelId={`${id}-title`} />
      <ModalBody>
        <CheckedForm id={id} problems={problems} onSubmit={submit}>
          {children(problems.fields)}
        </CheckedForm>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form={id} isLoading={isPending} isDisabled={isPending || !isComplete}>
          {action}
        </Button>
        <Button variant="link" onClick={onClose}>
          <FormattedMessage id="parts.cancel" />
        </Button>
      </ModalFooter>
    </Dialog>
  )
}
