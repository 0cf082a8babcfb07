import { Button, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core'
import { type ReactNode, useState } from 'react'
import { FormattedMessage } from 'react-intl'
import { Dialog } from './Dialog.tsx'
import { Notice } from './Notice.tsx'
import { messageOf } from './QueryView.tsx'

/** Asks before something that cannot be undone, and stays open with the reason when it fails. */
export function ConfirmModal({
  title,
  action,
  isComplete = true,
  children,
  onConfirm,
  onClose,
}: {
  readonly title: string
  /** What the button says. */
  readonly action: string
  /** Can it be confirmed as it is? */
  readonly isComplete?: boolean
  readonly children: ReactNode
  readonly onConfirm: () => Promise<unknown>
  readonly onClose: () => void
}) {
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string>()
  const confirm = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      await onConfirm()
      onClose()
    } catch (error) {
      setProblem(messageOf(error))
      setBusy(false)
    }
  }
  return (
    <Dialog variant="small" onClose={onClose} aria-labelledby="confirm-title">
      <ModalHeader title={title} titleIconVariant="warning" labelId="confirm-title" />
      <ModalBody>
        {problem === undefined ? null : <Notice variant="danger" title={problem} />}
        {children}
      </ModalBody>
      <ModalFooter>
        <Button
          variant="danger"
          isLoading={isBusy}
          isDisabled={isBusy || !isComplete}
          onClick={() => void confirm()}
        >
          {action}
        </Button>
        <Button variant="link" onClick={onClose}>
          <FormattedMessage id="parts.cancel" />
        </Button>
      </ModalFooter>
    </Dialog>
  )
}
