import { sql } from 'kysely'
import { permitted } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import { record } from '../../audit.ts'
import type { Core, Query, Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { enqueue } from '../../tasks/enqueue.ts'
import { logDone, withProblem } from '../../tasks/log.ts'
import { type Telling, taskChannel } from '../../tasks/task.ts'
import { now } from '../../time.ts'
import { type Disk, findDisk } from './disks.ts'
import {
  demandNode,
  demandStatus,
  findInstance,
  type Instance,
  instanceNamed,
  workOnInstance,
} from './instance.ts'
import type { LiveResources } from './live.ts'
import {
  demandDisk,
  demandOk,
  demandSnapshot,
  findSnapshot,
  moveSnapshot,
  type Snapshot,
  type SnapshotPayload,
  type SnapshotTarget,
  snapshotNotFound,
  toSnapshot,
} from './snapshot.ts'
import { restoreSnapshot, type SnapshotStatus } from './snapshot-status.ts'

export type SnapshotOrder = {
  readonly field: 'name' | 'disk' | 'size' | 'created'
  readonly descending: boolean
}
const orderColumns = { name: 'name', disk: 'disk', size: 'size', created: 'created_at' } as const

/** The states in which a disk can be looked at (danube.md 4.6). */
const installed = ['running', 'stopped', 'stopping']

export function snapshots(core: Core, live: LiveResources) {
  const { database } = core

  async function begin(
    trx: Trx,
    actor: Actor,
    instance: Instance,
    snapshot: Snapshot,
    { kind, message, ...task }: { kind: string; message: string; before: SnapshotStatus; told: Telling },
  ): Promise<string> {
    const detail = detailOf(snapshot)
    const payload: SnapshotPayload = {
      instanceUuid: instance.uuid,
      disk: snapshot.disk,
      name: snapshot.name,
      snapshotId: snapshot.id,
      before: task.before,
      detail,
    }
    const after = { snapshot: snapshot.name, disk: snapshot.disk }
    await record(trx, actor, { action: kind, kind: 'instance', id: instance.uuid, after })
    return enqueue(trx, actor, {
      kind,
      subject: snapshot.name,
      payload,
      work: workOnInstance(instance, message, withProblem(detail, task.told.problem)),
      callback: task.told.callback,
    })
  }

  /** The instance with its disk, as every request begins. @throws Failure `not-found`, `invalid` (reason `disk`) */
  async function open(query: Query, actor: Actor, target: Omit<SnapshotTarget, 'name'>) {
    const instance = await instanceNamed(query, actor, target.projectId, target.instance)
    return { instance, disk: await demandDisk(query, instance, target.disk) }
  }

  return {
    /**
     * By default newest first. @throws Failure `not-found`, `invalid` (reason `disk`).
     */
    async list(
      actor: Actor,
      target: { projectId: number; instance: string; disk?: number; type?: number },
      order: readonly SnapshotOrder[] = [{ field: 'created', descending: true }],
    ): Promise<Snapshot[]> {
      await live.observe()
      const { db } = database
      const instance = await instanceNamed(db, actor, target.projectId, target.instance)
      if (target.disk !== undefined) await demandDisk(db, instance, target.disk)
      let query = db.selectFrom('snapshots').selectAll().where('instance_uuid', '=', instance.uuid)
      if (target.disk !== undefined) query = query.where('disk', '=', target.disk)
      if (target.type !== undefined) query = query.where('type', '=', target.type)
      for (const { field, descending } of order)
        query = query.orderBy(orderColumns[field], descending ? 'desc' : 'asc')
      const last = order.at(-1)?.descending ? 'desc' : 'asc'
      return (await query.orderBy('id', last).execute()).map((row) => toSnapshot(row, instance))
    },

    /** @throws Failure `not-found` (subject `instance` or `snapshot`), `invalid` (reason `disk`). */
    async view(actor: Actor, target: SnapshotTarget): Promise<Snapshot> {
      await live.observe()
      const { instance } = await open(database.db, actor, target)
      return demandSnapshot(database.db, instance, target)
    },

    /**
     * Asks for a snapshot. It is there and pending at once, and gone again when it cannot be made.
     * @param check of what else the caller said, after it is known that the snapshot does not exist
     * @throws Failure `not-found`, `state` (subject `node` or `instance`), `invalid` (reason `disk`), `conflict`
     * (reason `exists`)
     */
    async create(
      actor: Actor,
      target: SnapshotTarget,
      check: () => { readonly note: string },
      told: Telling = {},
    ): Promise<{ snapshot: Snapshot; taskId: string }> {
      await live.observe()
      const begun = await database.transaction(async (trx) => {
        const instance = await instanceNamed(trx, actor, target.projectId, target.instance)
        demandNode(instance)
        const disk = await demandDisk(trx, instance, target.disk)
        if (await findSnapshot(trx, instance, target)) throw exists(target.name)
        demandInstalled(actor, instance)
        const at = now()
        const row = await trx
          .insertInto('snapshots')
          .values({
            instance_uuid: instance.uuid,
            disk: target.disk,
            name: target.name,
            note: check().note,
            type: 2,
            status: 'pending',
            size: disk.size * 2 ** 20,
            file: null,
            created_at: at,
            updated_at: at,
          })
          .onConflict((conflict) => conflict.doNothing())
          .returningAll()
          .executeTakeFirst()
        if (!row) throw exists(target.name)
        const snapshot = toSnapshot(row, instance)
        const message = "Create snapshot of server's disk"
        const work = {
          kind: 'create-snapshot',
          message,
          before: 'ok',
          told,
        } as const
        return { snapshot, taskId: await begin(trx, actor, instance, snapshot, work) }
      })
      await database.notify(taskChannel)
      return begun
    },

    /**
     * Asks that a snapshot be deleted. A lost one goes at once, and there is no task.
     * @throws Failure `not-found`, `state` (subject `node`, `instance` or `snapshot`), `invalid` (reason `disk`)
     */
    async remove(
      actor: Actor,
      target: SnapshotTarget,
      told: Telling = {},
    ): Promise<{ snapshot: Snapshot; taskId: string | null }> {
      await live.observe()
      const begun = await database.transaction(async (trx) => {
        const instance = await instanceNamed(trx, actor, target.projectId, target.instance)
        demandNode(instance)
        await demandDisk(trx, instance, target.disk)
        const snapshot = await demandSnapshot(trx, instance, target)
        demandInstalled(actor, instance)
        const message = "Delete snapshot of server's disk"
        if (snapshot.status === 'lost') {
          await trx.deleteFrom('snapshots').where('id', '=', snapshot.id).execute()
          const before = { snapshot: snapshot.name, disk: snapshot.disk }
          await record(trx, actor, { action: 'delete-snapshot', kind: 'instance', id: instance.uuid, before })
          await logDone(trx, actor, workOnInstance(instance, message, detailOf(snapshot)))
          return { snapshot, taskId: null }
        }
        const moved = await moveSnapshot(trx, snapshot, 'pending')
        const work = {
          kind: 'delete-snapshot',
          message,
          before: snapshot.status,
          told,
        }
        return { snapshot: moved, taskId: await begin(trx, actor, instance, moved, work) }
      })
      if (begun.taskId !== null) await database.notify(taskChannel)
      return begun
    },

    /**
     * Asks that a disk become what it was. What it held since is lost.
     * @param force also when there are newer snapshots
     * @throws Failure as `remove`; `state` (subject `instance`, reason `not-stopped`), `conflict` (reason `newer`)
     */
    async revert(
      actor: Actor,
      target: SnapshotTarget,
      { force, ...told }: { readonly force: boolean } & Telling,
    ): Promise<{ snapshot: Snapshot; taskId: string }> {
      await live.observe()
      const begun = await database.transaction(async (trx) => {
        const { instance } = await open(trx, actor, target)
        const snapshot = await demandSnapshot(trx, instance, target)
        demandNode(instance)
        demandInstalled(actor, instance)
        demandOk(snapshot)
        if (!force && (await hasNewer(trx, snapshot)))
          throw new Failure('conflict', 'VM has more recent snapshots', {
            subject: 'snapshot',
            reason: 'newer',
          })
        if (instance.status !== 'stopped')
          throw new Failure('state', 'VM is not stopped', {
            subject: 'instance',
            id: instance.uuid,
            reason: 'not-stopped',
            status: instance.status,
          })
        const moved = await moveSnapshot(trx, snapshot, 'rollback')
        const message = "Rollback snapshot of server's disk"
        const work = {
          kind: 'revert-snapshot',
          message,
          before: 'ok',
          told,
        } as const
        return { snapshot: moved, taskId: await begin(trx, actor, instance, moved, work) }
      })
      await database.notify(taskChannel)
      return begun
    },

    /** @throws Failure `not-found`, `invalid` (reason `disk`). */
    async annotate(actor: Actor, target: SnapshotTarget, check: () => string): Promise<Snapshot> {
      await live.observe()
      return database.transaction(async (trx) => {
        const { instance } = await open(trx, actor, target)
        const before = await demandSnapshot(trx, instance, target)
        const note = check()
        if (note === before.note) return before
        await trx
          .updateTable('snapshots')
          .set({ note, updated_at: now() })
          .where('id', '=', before.id)
          .execute()
        const sides = { before: { note: before.note }, after: { note } }
        await record(trx, actor, {
          action: 'annotate-snapshot',
          kind: 'instance',
          id: instance.uuid,
          ...sides,
        })
        return { ...before, note }
      })
    },

    /**
     * What the work on a snapshot needs to know.
     * @throws Failure `not-found` (subject `instance`, `disk` or `snapshot`) when it went meanwhile
     */
    async atWork({ instanceUuid, snapshotId, name, disk }: Omit<SnapshotPayload, 'detail'>): Promise<AtWork> {
      const instance = await findInstance(database.db, instanceUuid)
      if (!instance)
        throw new Failure('not-found', 'The instance is not there any more.', {
          subject: 'instance',
          id: instanceUuid,
        })
      const row = await database.db
        .selectFrom('snapshots')
        .selectAll()
        .where('id', '=', snapshotId)
        .executeTakeFirst()
      if (!row) throw snapshotNotFound(name)
      return {
        instance,
        disk: await findDisk(database.db, instanceUuid, disk),
        snapshot: toSnapshot(row, instance),
      }
    },

    /** The work is done: what was made or put back is usable, what was deleted is gone. */
    async settle(actor: Actor, payload: SnapshotPayload, outcome: 'usable' | 'deleted'): Promise<void> {
      await database.transaction(async (trx) => {
        const { snapshotId, instanceUuid, name, disk } = payload
        if (outcome === 'usable') return restoreSnapshot(trx, { ...payload, before: 'ok' })
        await trx.deleteFrom('snapshots').where('id', '=', snapshotId).execute()
        const before = { snapshot: name, disk }
        await record(trx, actor, { action: 'snapshot-deleted', kind: 'instance', id: instanceUuid, before })
      })
    },
  }
}

export type AtWork = { readonly instance: Instance; readonly disk: Disk; readonly snapshot: Snapshot }

async function hasNewer(query: Query, { id, instanceUuid, disk, createdAt }: Snapshot): Promise<boolean> {
  const newer = await query
    .selectFrom('snapshots')
    .select('id')
    .where('instance_uuid', '=', instanceUuid)
    .where('disk', '=', disk)
    .where(sql<boolean>`(created_at, id) > (${createdAt}, ${id})`)
    .limit(1)
    .executeTakeFirst()
  return newer !== undefined
}

/** Those who only own an instance need one that was installed; its managers may look into any that is there. */
function demandInstalled(actor: Actor, instance: Instance): void {
  const { uuid, status, projectId } = instance
  if (status === 'notcreated' && !permitted(actor, 'instance.manage', projectId))
    throw new Failure('state', 'VM is not installed', {
      subject: 'instance',
      id: uuid,
      reason: 'not-installed',
      status,
    })
  demandStatus(instance, installed)
}

function detailOf({ name, disk }: Pick<Snapshot, 'name' | 'disk'>): string {
  // With commas, as danube.md 4.6 has it.
  return `snapname='${name}', disk_id=${disk}`
}

function exists(name: string): Failure {
  return new Failure('conflict', `There is a snapshot ${name} already.`, {
    subject: 'snapshot',
    id: name,
    reason: 'exists',
  })
}
