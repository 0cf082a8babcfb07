import { Label, Spinner } from '@patternfly/react-core'
import { FormattedMessage, useIntl } from 'react-intl'

export const instanceStatuses = [
  'running',
  'stopped',
  'stopping',
  'frozen',
  'notready',
  'deploying',
  'notcreated',
  'error',
] as const

const looks: Readonly<Record<string, 'success' | 'info' | 'warning' | 'danger' | undefined>> = {
  running: 'success',
  stopping: 'info',
  deploying: 'info',
  frozen: 'warning',
  notready: 'warning',
  error: 'danger',
}

/** What an instance does, in words and colour; a hyphen at the end means that a task is changing it. */
export function InstanceStatus({ status }: { readonly status: string }) {
  const intl = useIntl()
  const isChanging = status.endsWith('-')
  const known = status.replace(/-$/, '')
  const look = looks[known]
  return (
    <Label
      isCompact
      {...(look ? { status: look } : {})}
      {...(isChanging
        ? { icon: <Spinner size="sm" aria-label={intl.formatMessage({ id: 'snapshots.status.changing' })} /> }
        : {})}
    >
      <FormattedMessage id={`snapshots.status.${known}`} />
    </Label>
  )
}
