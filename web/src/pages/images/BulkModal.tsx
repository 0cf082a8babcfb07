import {
  Button,
  Content,
  FormGroup,
  List,
  ListItem,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Progress,
  TextInput,
} from '@patternfly/react-core'
import { useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireImage } from '../../../../src/faces/console/wire.ts'
import { Dialog } from '../../parts/Dialog.tsx'
import { Notice } from '../../parts/Notice.tsx'
import { messageOf } from '../../parts/QueryView.tsx'
import { type BulkAction, type BulkOutcome, carryOut, needsTag } from './bulk.ts'

/** Asks, does, and tells of each image that was refused. */
export function BulkModal({
  action,
  images,
  onDone,
  onClose,
}: {
  readonly action: BulkAction
  readonly images: readonly WireImage[]
  /** Something was changed. */
  readonly onDone: (outcome: BulkOutcome) => void
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const [tag, setTag] = useState('')
  const [progress, setProgress] = useState<number>()
  const [outcome, setOutcome] = useState<BulkOutcome>()
  const title = intl.formatMessage({ id: `images.bulk.${action}` })
  const isAnswered = !needsTag(action) || tag.trim() !== ''

  const start = async () => {
    setProgress(0)
    const ended = await carryOut(action, images, tag.trim(), setProgress)
    onDone(ended)
    if (ended.failed.length === 0) onClose()
    else setOutcome(ended)
  }

  return (
    <Dialog variant="small" onClose={onClose} aria-labelledby="bulk-title">
      <ModalHeader
        title={title}
        labelId="bulk-title"
        {...(action === 'delete' ? { titleIconVariant: 'warning' as const } : {})}
      />
      <ModalBody>
        {outcome === undefined ? (
          <Content component="p">
            <FormattedMessage id={`images.bulk.${action}.ask`} values={{ count: images.length }} />
          </Content>
        ) : (
          <Notice
            variant="danger"
            title={intl.formatMessage(
              { id: 'images.bulk.failed' },
              { failed: outcome.failed.length, done: outcome.done },
            )}
          >
            <List>
              {outcome.failed.slice(0, 10).map(({ image, error }) => (
                <ListItem key={image.uuid}>
                  <strong>{image.name || image.uuid}</strong> {messageOf(error)}
                </ListItem>
              ))}
            </List>
          </Notice>
        )}
        {needsTag(action) && outcome === undefined ? (
          <FormGroup label={intl.formatMessage({ id: 'images.filter.tag' })} fieldId="bulk-tag" isRequired>
            <TextInput id="bulk-tag" value={tag} maxLength={255} onChange={(_, value) => setTag(value)} />
          </FormGroup>
        ) : null}
        {progress === undefined || outcome ? null : (
          <Progress value={progress} max={images.length} title={title} measureLocation="outside" />
        )}
      </ModalBody>
      <ModalFooter>
        {outcome === undefined ? (
          <>
            <Button
              variant={action === 'delete' ? 'danger' : 'primary'}
              isDisabled={!isAnswered || progress !== undefined}
              isLoading={progress !== undefined}
              onClick={() => void start()}
            >
              {title}
            </Button>
            <Button variant="link" onClick={onClose}>
              <FormattedMessage id="parts.cancel" />
            </Button>
          </>
        ) : (
          <Button onClick={onClose}>
            <FormattedMessage id="parts.close" />
          </Button>
        )}
      </ModalFooter>
    </Dialog>
  )
}
