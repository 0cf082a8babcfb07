import { Checkbox, Content } from '@patternfly/react-core'
import { useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type {
  WireInstance,
  WireSnapshot,
  WireSnapshotRevert,
  WireSnapshotStarted,
} from '../../../../src/faces/console/wire-instances.ts'
import { ApiError, post } from '../../api/client.ts'
import { ConfirmModal } from '../../parts/ConfirmModal.tsx'
import { type Begun, snapshotPath, wording } from './snapshot.ts'

/** Asks before a disk becomes what it was; once more where it has newer snapshots. */
export function RevertModal({
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
  const id = useId()
  const [hasNewer, setNewer] = useState(false)
  const [force, setForce] = useState(false)
  const { disk, name } = snapshot
  const values = { name, disk, hostname: instance.hostname }
  const revert = async () => {
    const order: WireSnapshotRevert = { force }
    const asked = post<WireSnapshotStarted>(`${snapshotPath(instance, snapshot)}/revert`, order)
    const { task } = await wording(intl, asked).catch((error: unknown) => {
      if (error instanceof ApiError && error.detail.reason === 'newer') setNewer(true)
      throw error
    })
    onBegun({ name, task })
    await queries.invalidateQueries({ queryKey: ['instance', instance.uuid] })
  }
  return (
    <ConfirmModal
      title={intl.formatMessage({ id: 'snapshots.revert.title' }, values)}
      action={intl.formatMessage({ id: 'snapshots.revert.do' })}
      isComplete={force || !hasNewer}
      onConfirm={revert}
      onClose={onClose}
    >
      <Content component="p">
        <FormattedMessage id="snapshots.revert.ask" values={values} />
      </Content>
      {hasNewer ? (
        <Checkbox
          id={id}
          isChecked={force}
          onChange={(_, isChecked) => setForce(isChecked)}
          label={intl.formatMessage({ id: 'snapshots.revert.force' })}
        />
      ) : null}
    </ConfirmModal>
  )
}
