import { FormattedMessage, useIntl } from 'react-intl'
import { patch } from '../../api/client.ts'
import { ConfirmModal } from '../../parts/ConfirmModal.tsx'
import { FormModal } from '../../parts/form/FormModal.tsx'
import { pathOf, usePeopleChanged } from './people.ts'
import { wording } from './refusals.ts'

/** Shuts a user or a project out, or lets them in again. */
export function EnableModal({
  noun,
  name,
  enabled,
  onClose,
}: {
  readonly noun: 'users' | 'projects'
  readonly name: string
  /** What it will be. */
  readonly enabled: boolean
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const changed = usePeopleChanged()
  const deed = `${noun}.${enabled ? 'enable' : 'disable'}`
  const title = intl.formatMessage({ id: deed })
  const ask = <FormattedMessage id={`${deed}.ask`} values={{ name: <strong>{name}</strong> }} />
  const send = async () => {
    await wording(intl, patch(pathOf(noun, name), { enabled }))
    await changed()
  }
  return enabled ? (
    <FormModal title={title} action={title} fields={[]} send={send} onDone={() => {}} onClose={onClose}>
      {() => ask}
    </FormModal>
  ) : (
    <ConfirmModal title={title} action={title} onConfirm={send} onClose={onClose}>
      {ask}
    </ConfirmModal>
  )
}
