import { Content } from '@patternfly/react-core'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireTemplate } from '../../../../src/faces/console/wire-places.ts'
import { remove } from '../../api/client.ts'
import { ConfirmModal } from '../../parts/ConfirmModal.tsx'
import { useToasts } from '../../parts/toasts.tsx'
import { placePath, usePlacesChanged } from './places.ts'
import { wording } from './problems.ts'

/** Asks before something is taken off a compute resource. */
export function UnregisterModal({
  registration: { id, name, automatic, computeResource },
  onClose,
}: {
  readonly registration: WireTemplate
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const toasts = useToasts()
  const changed = usePlacesChanged()
  const confirm = async () => {
    await wording(intl, remove(`${placePath('compute-resource', computeResource.id)}/registrations/${id}`))
    toasts.succeed(intl.formatMessage({ id: 'places.unregistered' }, { name }))
    await changed()
  }
  return (
    <ConfirmModal
      title={intl.formatMessage({ id: 'places.registration.remove.title' }, { name })}
      action={intl.formatMessage({ id: 'places.registration.remove' })}
      onConfirm={confirm}
      onClose={onClose}
    >
      <Content component="p">
        <FormattedMessage
          id={automatic ? 'places.registration.remove.image' : 'places.registration.remove.ask'}
          values={{ name: computeResource.name }}
        />
      </Content>
    </ConfirmModal>
  )
}
