import { Button, ToolbarItem } from '@patternfly/react-core'
import { UploadIcon } from '@patternfly/react-icons/dist/esm/icons/upload-icon'
import { useIntl } from 'react-intl'
import { Link } from 'react-router'
import { hasEnded } from './item.ts'
import { useUploads } from './UploadProvider.tsx'

const ToUploads = (props: object) => <Link {...props} to="/upload" />

/** How far the uploads are, on every page, while there are some under way. */
export function UploadIndicator() {
  const intl = useIntl()
  const { items } = useUploads()
  const active = items.filter((item) => !hasEnded(item) && item.state !== 'unfinished')
  if (active.length === 0) return null
  // Each byte goes two ways: to the server, and there into the image.
  const total = active.reduce((sum, { upload }) => sum + 2 * upload.size, 0)
  const done = active.reduce(
    (sum, item) => sum + item.done + (item.state === 'assembling' ? item.upload.size : 0),
    0,
  )
  const percent = intl.formatNumber(total === 0 ? 0 : Math.floor((done / total) * 100) / 100, {
    style: 'percent',
  })
  const label = intl.formatMessage({ id: 'upload.indicator' }, { count: active.length, percent })
  return (
    <ToolbarItem>
      <Button variant="plain" icon={<UploadIcon />} component={ToUploads} aria-label={label}>
        {percent}
      </Button>
    </ToolbarItem>
  )
}
