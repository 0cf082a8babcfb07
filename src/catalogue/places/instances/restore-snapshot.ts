import type { Trx } from '../../core.ts'
import { now } from '../../time.ts'
import type { SnapshotPayload } from './snapshot.ts'

/** Gives a snapshot that a task worked on its state back. */
export async function restoreSnapshot(
  trx: Trx,
  { snapshotId, before }: Pick<SnapshotPayload, 'snapshotId' | 'before'>,
): Promise<void> {
  await trx
    .updateTable('snapshots')
    .set({ status: before, updated_at: now() })
    .where('id', '=', snapshotId)
    .where('status', 'in', ['pending', 'rollback'])
    .execute()
}
