import type { Selectable } from 'kysely'
import type { SnapshotsTable } from '../../../database/schema.ts'
import type { Query, Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import type { Rollback } from '../../tasks/rollback.ts'
import { now } from '../../time.ts'
import { type Disk, findDisk, noSuchNumber } from './disks.ts'
import type { Instance } from './instance.ts'
import { type HeldSnapshot, restoreSnapshot, type SnapshotStatus } from './snapshot-status.ts'

/** How snapshots may be called, and how long names and notes may be (danube.md 4.6). */
export const snapshotName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
export const longestSnapshot = { name: 24, note: 128 }

/** A moment of one disk, whose contents can be made an image. */
export type Snapshot = {
  readonly id: number
  readonly instanceUuid: string
  readonly hostname: string
  /** Of the instance. */
  readonly ownerUserId: number | null
  readonly disk: number
  readonly name: string
  readonly note: string
  /** 1 automatic, 2 manual. */
  readonly type: number
  readonly status: SnapshotStatus
  /** Bytes that the guest sees. */
  readonly size: number
  /** Name below IMAGEPORT_DISKS_DIR that holds the state; null: it is inside of the disk. */
  readonly file: string | null
  readonly createdAt: number
}

/** What the tasks on snapshots carry. */
export type SnapshotPayload = HeldSnapshot & {
  readonly instanceUuid: string
  readonly disk: number
  readonly name: string
  /** What people read of it. */
  readonly detail: string
}

/** Which snapshot of which disk is meant, as the caller wrote it. */
export type SnapshotTarget = {
  readonly projectId: number
  /** Uuid or hostname. */
  readonly instance: string
  readonly disk: number
  readonly name: string
}

/** What could not be made is not there. */
export const rollBackCreation: Rollback = async (trx, _core, _actor, task) => {
  const { snapshotId } = task.payload as SnapshotPayload
  await trx.deleteFrom('snapshots').where('id', '=', snapshotId).where('status', '=', 'pending').execute()
  return async () => {}
}

/** What could not be deleted or put back is as it was. */
export const rollBackSnapshot: Rollback = async (trx, _core, _actor, task) => {
  await restoreSnapshot(trx, task.payload as SnapshotPayload)
  return async () => {}
}

/** The expected status is repeated, so that of two tasks only one can begin. @throws Failure `state` */
export async function moveSnapshot(trx: Trx, snapshot: Snapshot, status: SnapshotStatus): Promise<Snapshot> {
  demandOk(snapshot)
  const moved = await trx
    .updateTable('snapshots')
    .set({ status, updated_at: now() })
    .where('id', '=', snapshot.id)
    .where('status', '=', snapshot.status)
    .executeTakeFirst()
  if (Number(moved.numUpdatedRows) !== 1) throw notOk(snapshot)
  return { ...snapshot, status }
}

/** @throws Failure `state` (subject `snapshot`) */
export function demandOk(snapshot: Snapshot): void {
  if (snapshot.status !== 'ok') throw notOk(snapshot)
}

/** @throws Failure `not-found` (subject `snapshot`) */
export async function demandSnapshot(
  query: Query,
  instance: Instance,
  target: Pick<SnapshotTarget, 'disk' | 'name'>,
): Promise<Snapshot> {
  const found = await findSnapshot(query, instance, target)
  if (!found) throw snapshotNotFound(target.name)
  return found
}

/** @throws Failure `invalid` (reason `disk`) for a number that the instance has not */
export async function demandDisk(query: Query, { uuid }: Instance, number: number): Promise<Disk> {
  return findDisk(query, uuid, number).catch((error) => {
    throw error instanceof Failure && error.detail.subject === 'disk' ? noSuchNumber(number) : error
  })
}

export async function findSnapshot(
  query: Query,
  instance: Instance,
  { disk, name }: Pick<SnapshotTarget, 'disk' | 'name'>,
): Promise<Snapshot | undefined> {
  const row = await query
    .selectFrom('snapshots')
    .selectAll()
    .where('instance_uuid', '=', instance.uuid)
    .where('disk', '=', disk)
    .where('name', '=', name)
    .executeTakeFirst()
  return row && toSnapshot(row, instance)
}

export function toSnapshot(row: Selectable<SnapshotsTable>, instance: Instance): Snapshot {
  return {
    id: row.id,
    instanceUuid: row.instance_uuid,
    hostname: instance.hostname,
    ownerUserId: instance.owner?.id ?? null,
    disk: row.disk,
    name: row.name,
    note: row.note,
    type: row.type,
    status: row.status as SnapshotStatus,
    size: row.size,
    file: row.file,
    createdAt: row.created_at,
  }
}

export function snapshotNotFound(name: string): Failure {
  return new Failure('not-found', `There is no snapshot ${name}.`, { subject: 'snapshot', id: name })
}

function notOk({ name, status }: Snapshot): Failure {
  return new Failure('state', 'VM snapshot status is not OK', {
    subject: 'snapshot',
    id: name,
    reason: 'pending',
    status,
  })
}
