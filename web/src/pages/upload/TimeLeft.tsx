import { useIntl } from 'react-intl'
import { useBytes } from '../../parts/values.tsx'
import type { UploadItem } from '../../uploads/item.ts'

/** How fast the bytes go, and how long that will take. */
export function TimeLeft({ item: { speed, upload, done } }: { readonly item: UploadItem }) {
  const intl = useIntl()
  const words = useBytes()
  // Nothing certain yet, or nothing moves.
  if (speed === null || speed < 1) return null
  const seconds = Math.max(1, Math.ceil((upload.size - done) / speed))
  const [unit, count] =
    seconds < 60
      ? ['seconds', seconds]
      : seconds < 3600
        ? ['minutes', Math.ceil(seconds / 60)]
        : ['hours', Math.ceil(seconds / 3600)]
  return (
    <>
      <span>{intl.formatMessage({ id: 'upload.speed' }, { speed: words(speed) })}</span>
      <span>{intl.formatMessage({ id: `upload.left.${unit}` }, { count })}</span>
    </>
  )
}
