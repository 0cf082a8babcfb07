import { Content } from '@patternfly/react-core'
import { useQuery } from '@tanstack/react-query'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireTemplateList } from '../../../../src/faces/console/wire-places.ts'
import { get, remove } from '../../api/client.ts'
import { ConfirmModal } from '../../parts/ConfirmModal.tsx'
import { useToasts } from '../../parts/toasts.tsx'
import { type PlaceKind, placePath, usePlacesChanged } from './places.ts'
import { wording } from './problems.ts'

/** Asks before a place is deleted, and tells what goes with it, or why it stays. */
export function DeleteModal({
  kind,
  id,
  name,
  onDeleted,
  onClose,
}: {
  readonly kind: PlaceKind
  readonly id: number
  readonly name: string
  readonly onDeleted?: () => void
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const toasts = useToasts()
  const changed = usePlacesChanged()
  const registered = useQuery({
    queryKey: ['registrations', kind, String(id), 'count'],
    queryFn: ({ signal }) =>
      get<WireTemplateList>(`${placePath(kind, id)}/registrations`, { limit: 1 }, signal),
  })
  const confirm = async () => {
    await wording(intl, remove(placePath(kind, id)))
    toasts.succeed(intl.formatMessage({ id: 'places.deleted' }, { name }))
    onDeleted?.()
    await changed({ kind, id })
  }
  return (
    <ConfirmModal
      title={intl.formatMessage({ id: 'places.delete.title' }, { name })}
      action={intl.formatMessage({ id: 'parts.delete' })}
      onConfirm={confirm}
      onClose={onClose}
    >
      <Content component="p">
        <FormattedMessage id={`places.${kind}.delete`} />{' '}
        <FormattedMessage id="places.delete.registrations" values={{ count: registered.data?.total ?? 0 }} />
      </Content>
    </ConfirmModal>
  )
}
