import type { Trx } from '../../core.ts'
import { now } from '../../time.ts'

/** `pending` and `rollback` while a task works on it; `lost`: its contents are not there any more. */
export const snapshotStatuses = ['ok', 'pending', 'rollback', 'lost'] as const
export type SnapshotStatus = (typeof snapshotStatuses)[number]

/** What a task carries of the snapshot it works on: what that goes back to when the work fails. */
export type HeldSnapshot = { readonly snapshotId: number; readonly before: SnapshotStatus }

/** Gives a snapshot that a task worked on its state back. */
export async function restoreSnapshot(trx: Trx, { snapshotId, before }: HeldSnapshot): Promise<void> {
  await trx
    .updateTable('snapshots')
    .set({ status: before, updated_at: now() })
    .where('id', '=', snapshotId)
    .where('status', 'in', ['pending', 'rollback'])
    .execute()
}
