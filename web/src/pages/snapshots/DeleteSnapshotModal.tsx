import { Content } from '@patternfly/react-core'
import { useQueryClient } from '@tanstack/react-query'
import { FormattedMessage, useIntl } from 'react-intl'
import type {
  WireInstance,
  WireSnapshot,
  WireSnapshotRemoval,
} from '../../../../src/faces/console/wire-instances.ts'
import { request } from '../../api/client.ts'
import { ConfirmModal } from '../../parts/ConfirmModal.tsx'
import { useToasts } from '../../parts/toasts.tsx'
import { type Begun, snapshotPath, wording } from './snapshot.ts'

/** Asks before a snapshot is deleted. */
export function DeleteSnapshotModal({
  instance,
  snapshot,
  onBegun,
  onClose,
}: {
  readonly instance: WireInstance
  readonly snapshot: WireSnapshot
  readonly onBegun: (begun: Begun) => void
  readonly onClose: () => void
}) {
  const intl = useIntl()
  const queries = useQueryClient()
  const toasts = useToasts()
  const { disk, name } = snapshot
  const values = { name, disk, hostname: instance.hostname }
  const remove = async () => {
    const asked = request<WireSnapshotRemoval>('DELETE', snapshotPath(instance, snapshot))
    const { task } = await wording(intl, asked)
    if (task === null)
      toasts.succeed(intl.formatMessage({ id: 'snapshots.delete-snapshot.succeeded' }, values))
    else onBegun({ name, task })
    await queries.invalidateQueries({ queryKey: ['instance', instance.uuid] })
  }
  return (
    <ConfirmModal
      title={intl.formatMessage({ id: 'snapshots.delete.title' }, values)}
      action={intl.formatMessage({ id: 'parts.delete' })}
      onConfirm={remove}
      onClose={onClose}
    >
      <Content component="p">
        <FormattedMessage id="snapshots.delete.ask" values={values} />
      </Content>
    </ConfirmModal>
  )
}
