import { Button, Flex, FlexItem, Title } from '@patternfly/react-core'
import { FormattedMessage, useIntl } from 'react-intl'
import { useToasts } from '../../parts/toasts.tsx'
import { hasEnded, type UploadItem } from '../../uploads/item.ts'
import { useUploads } from '../../uploads/UploadProvider.tsx'
import { UploadCard } from './UploadCard.tsx'

/** The uploads that are under way, that were interrupted, and those that have ended. */
export function UploadList({ items }: { readonly items: readonly UploadItem[] }) {
  const intl = useIntl()
  const toasts = useToasts()
  const { remove } = useUploads()
  const done = items.filter(({ state }) => state === 'done')
  const tidy = () => void Promise.all(done.map(({ upload }) => remove(upload.id))).catch(toasts.fail)
  return (
    <>
      <Flex justifyContent={{ default: 'justifyContentSpaceBetween' }}>
        <FlexItem>
          <Title headingLevel="h2">
            <FormattedMessage id="upload.list.title" />
          </Title>
        </FlexItem>
        {done.length === 0 || items.every((item) => !hasEnded(item)) ? null : (
          <FlexItem>
            <Button variant="link" isInline onClick={tidy}>
              <FormattedMessage id="upload.list.tidy" />
            </Button>
          </FlexItem>
        )}
      </Flex>
      <ul className="ip-uploads" aria-label={intl.formatMessage({ id: 'upload.list.title' })}>
        {items.map((item) => (
          <li key={item.upload.id}>
            <UploadCard item={item} />
          </li>
        ))}
      </ul>
    </>
  )
}
