import { Button, Modal, ModalBody, ModalFooter, ModalHeader, Stack, StackItem } from '@patternfly/react-core'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireNewToken } from '../../../../src/faces/console/wire.ts'
import { CopyBlock } from '../../parts/CopyBlock.tsx'
import { Notice } from '../../parts/Notice.tsx'

/** The text of a token that was just made: the only time that it is shown, so that only the button closes the window. */
export function NewToken({ token, onClose }: { readonly token: WireNewToken; readonly onClose: () => void }) {
  const intl = useIntl()
  return (
    <Modal isOpen variant="small" aria-labelledby="new-token-title">
      <ModalHeader
        title={intl.formatMessage({ id: 'tokens.made' }, { label: token.label })}
        labelId="new-token-title"
      />
      <ModalBody>
        <Stack hasGutter>
          <StackItem>
            <Notice variant="warning" title={intl.formatMessage({ id: 'tokens.made.once' })} />
          </StackItem>
          <StackItem>
            <CopyBlock text={token.token} label={intl.formatMessage({ id: 'tokens.token' })} />
          </StackItem>
        </Stack>
      </ModalBody>
      <ModalFooter>
        <Button onClick={onClose}>
          <FormattedMessage id="tokens.made.kept" />
        </Button>
      </ModalFooter>
    </Modal>
  )
}
