import { FormattedMessage, useIntl } from 'react-intl'
import { useNavigate } from 'react-router'
import { remove } from '../../api/client.ts'
import { ConfirmModal } from '../../parts/ConfirmModal.tsx'
import { useToasts } from '../../parts/toasts.tsx'
import { type Noun, pathOf, usePeopleChanged } from './people.ts'
import { wording } from './refusals.ts'

/** Deletes the user, group or project whose page is shown, and goes back to the list. */
export function DeleteModal({
  noun,
  name,
  onClose,
}: {
  readonly noun: Noun
  readonly name: string
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const navigate = useNavigate()
  const toasts = useToasts()
  const changed = usePeopleChanged()
  const confirm = async () => {
    await wording(intl, remove(pathOf(noun, name)))
    navigate(`/${noun}`)
    toasts.succeed(intl.formatMessage({ id: 'people.deleted' }, { name }))
    await changed({ noun, name })
  }
  return (
    <ConfirmModal
      title={intl.formatMessage({ id: `${noun}.delete` })}
      action={intl.formatMessage({ id: 'parts.delete' })}
      onConfirm={confirm}
      onClose={onClose}
    >
      <FormattedMessage id={`${noun}.delete.ask`} values={{ name: <strong>{name}</strong> }} />
    </ConfirmModal>
  )
}
