import { Icon, Tooltip } from '@patternfly/react-core'
import { BoltIcon } from '@patternfly/react-icons/dist/esm/icons/bolt-icon'
import { DisconnectedIcon } from '@patternfly/react-icons/dist/esm/icons/disconnected-icon'
import { useIntl } from 'react-intl'
import { useLiveState } from './LiveProvider.tsx'

const looks = { connecting: {}, live: { status: 'success' }, waiting: { status: 'warning' } } as const

/** Whether changes arrive by themselves; screen readers are told when that ends and when it comes back. */
export function LiveStatus() {
  const intl = useIntl()
  const state = useLiveState()
  const text = intl.formatMessage({ id: `live.${state}` })
  return (
    <Tooltip content={text} aria="none">
      <span role="status" className="ip-live" data-state={state}>
        <Icon {...looks[state]}>{state === 'waiting' ? <DisconnectedIcon /> : <BoltIcon />}</Icon>
        <span className="pf-v6-screen-reader">{text}</span>
      </span>
    </Tooltip>
  )
}
