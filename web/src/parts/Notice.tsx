import { Alert, type AlertProps } from '@patternfly/react-core'
import { useIntl } from 'react-intl'

/** An alert inside of a page or dialog, no heading of it, whose kind is read out in the language of the console. */
export function Notice({ variant = 'info', ...rest }: AlertProps) {
  const intl = useIntl()
  return (
    <Alert
      variant={variant}
      isInline
      component="p"
      variantLabel={intl.formatMessage({ id: `parts.notice.${variant}` })}
      {...rest}
    />
  )
}
