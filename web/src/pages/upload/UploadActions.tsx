import { Button, Flex } from '@patternfly/react-core'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { ConfirmModal } from '../../parts/ConfirmModal.tsx'
import { useToasts } from '../../parts/toasts.tsx'
import { isFileOf } from '../../uploads/fingerprint.ts'
import type { UploadItem } from '../../uploads/item.ts'
import { useUploads } from '../../uploads/UploadProvider.tsx'
import { FileButton } from './FileButton.tsx'

/** What can be done about an upload in its present state. */
export function UploadActions({ item: { upload, state, name } }: { readonly item: UploadItem }) {
  const intl = useIntl()
  const toasts = useToasts()
  const { send, pause, resume, retry, remove } = useUploads()
  const [isAsking, setAsking] = useState(false)
  const { id } = upload
  const isOver = state === 'done' || state === 'failed'

  const goOnWith = (file: File) => {
    if (isFileOf(upload, file)) return send(upload, file)
    const values = { name, file: upload.metadata.filename ?? '' }
    toasts.fail(new Error(intl.formatMessage({ id: 'upload.otherFile' }, values)))
  }
  /** Which upload it is about, for those who do not see where the button stands. */
  const described = (action: string) =>
    intl.formatMessage(
      { id: 'upload.action' },
      { action: intl.formatMessage({ id: `upload.${action}` }), name },
    )
  const button = (action: string, onClick: () => void, variant: 'secondary' | 'link' = 'secondary') => (
    <Button key={action} variant={variant} size="sm" aria-label={described(action)} onClick={onClick}>
      <FormattedMessage id={`upload.${action}`} />
    </Button>
  )

  return (
    <Flex spaceItems={{ default: 'spaceItemsSm' }} flexWrap={{ default: 'wrap', md: 'nowrap' }}>
      {state === 'sending' || state === 'waiting' ? button('pause', () => pause(id)) : null}
      {state === 'paused' ? button('resume', () => resume(id)) : null}
      {state === 'broken' ? button('retry', () => resume(id)) : null}
      {state === 'unfinished' ? (
        <FileButton
          label={intl.formatMessage({ id: 'upload.again' })}
          description={described('again')}
          onFile={goOnWith}
        />
      ) : null}
      {upload.canRetry ? button('retry', () => void retry(id).catch(toasts.fail)) : null}
      {isOver
        ? button('dismiss', () => void remove(id).catch(toasts.fail), 'link')
        : button('cancel', () => setAsking(true), 'link')}
      {isAsking ? (
        <ConfirmModal
          title={intl.formatMessage({ id: 'upload.cancel.title' }, { name })}
          action={intl.formatMessage({ id: 'upload.cancel' })}
          onConfirm={() => remove(id)}
          onClose={() => setAsking(false)}
        >
          <FormattedMessage id="upload.cancel.body" />
        </ConfirmModal>
      ) : null}
    </Flex>
  )
}
