import { Stack, StackItem } from '@patternfly/react-core'
import { useIntl } from 'react-intl'
import { PageFrame } from '../../parts/PageFrame.tsx'
import { useToasts } from '../../parts/toasts.tsx'
import { isFileOf } from '../../uploads/fingerprint.ts'
import { useUploads } from '../../uploads/UploadProvider.tsx'
import { ChosenFiles } from './ChosenFiles.tsx'
import { DropZone } from './DropZone.tsx'
import { choose, withChosen } from './draft.ts'
import { UploadList } from './UploadList.tsx'
import './upload.css'

/** Disk images from this computer into the catalogue. */
export default function UploadPage() {
  const intl = useIntl()
  const toasts = useToasts()
  const { items, chosen, change, send } = useUploads()

  /** A file that an interrupted upload waits for goes on with it; every other becomes a new image. */
  async function take(files: readonly File[]): Promise<void> {
    const unfinished = items.filter(({ state }) => state === 'unfinished')
    for (const file of files) {
      const waiting = unfinished.find(({ upload }) => isFileOf(upload, file))
      if (waiting) {
        send(waiting.upload, file)
        toasts.inform(intl.formatMessage({ id: 'upload.resumed' }, { name: waiting.name }))
        continue
      }
      const made = await choose(file)
      change((all) => withChosen(all, made))
    }
  }

  return (
    <PageFrame
      title={intl.formatMessage({ id: 'upload.title' })}
      intro={intl.formatMessage({ id: 'upload.intro' })}
    >
      <Stack hasGutter>
        <StackItem>
          <DropZone onFiles={(files) => void take(files)} />
        </StackItem>
        {chosen.length === 0 ? null : (
          <StackItem>
            <ChosenFiles />
          </StackItem>
        )}
        {items.length === 0 ? null : (
          <StackItem>
            <UploadList items={items} />
          </StackItem>
        )}
      </Stack>
    </PageFrame>
  )
}
