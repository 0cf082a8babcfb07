import { Label } from '@patternfly/react-core'
import { useIntl } from 'react-intl'

const looks: Readonly<Record<string, 'success' | 'info' | 'warning' | 'danger' | undefined>> = {
  active: 'success',
  deactivated: 'warning',
  killed: 'danger',
  saving: 'info',
  importing: 'info',
  uploading: 'info',
}

/** The status of an image, in words and colour. */
export function ImageStatus({ status }: { readonly status: string }) {
  const intl = useIntl()
  const look = looks[status]
  return (
    <Label isCompact {...(look ? { status: look } : {})}>
      {intl.formatMessage({ id: `image.status.${status}` })}
    </Label>
  )
}
