import { permitted } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core, Query } from '../core.ts'
import { Failure } from '../failure.ts'
import { imageServer, imageServerUnavailable } from '../image-server.ts'
import { osOf, typeOf } from '../manifests/ostype.ts'
import { demandNode, demandStatus, type Instance, instanceNamed } from '../places/instances/instance.ts'
import type { LiveResources } from '../places/instances/live.ts'
import {
  demandDisk,
  demandOk,
  demandSnapshot,
  moveSnapshot,
  type Snapshot,
  type SnapshotPayload,
} from '../places/instances/snapshot.ts'
import { restoreSnapshot } from '../places/instances/snapshot-status.ts'
import type { Rollback } from '../tasks/rollback.ts'
import { taskChannel } from '../tasks/task.ts'
import type { ImageDraft } from './draft.ts'
import { findByHandle, findImage } from './find.ts'
import type { Image } from './image.ts'
import type { Announced } from './imports.ts'
import { insertImage } from './insert.ts'
import { removeLocked } from './save.ts'
import { demandBoundQuota, demandFreeAlias } from './uniqueness.ts'
import { enqueueOn } from './work.ts'

/** Which snapshot becomes an image, and under which handle. */
export type SnapshotImageTarget = {
  readonly projectId: number
  /** Uuid or hostname. */
  readonly instance: string
  /** Of the disk; as the caller wrote it, for it is looked at after the instance. Null: not a number at all. */
  readonly disk: number | null
  readonly snapshot: string
  /** Null: one that is free will be found. */
  readonly handle: string | null
}

/** What a caller may say of such an image; everything else follows from the snapshot. */
export type SnapshotImageDraft = Pick<
  ImageDraft,
  'name' | 'version' | 'creatorId' | 'visibility' | 'withdrawn' | 'resize' | 'deploy' | 'tags' | 'properties'
>

/** What the task `snapshot-image` carries; without `detail`, for the outcome speaks of the image. */
export type SnapshotImagePayload = Omit<SnapshotPayload, 'detail'>

/** The states in which a disk's snapshots can be exported (danube.md 1.8). */
const exportable = ['running', 'stopped', 'stopping', 'frozen']

/** Images made from the snapshots of instances (danube.md 1.8). */
export function snapshotImages(core: Core, live: LiveResources) {
  const { database } = core

  /** The first five checks of 1.8, in their order. */
  async function find(
    query: Query,
    actor: Actor,
    target: SnapshotImageTarget,
  ): Promise<{ instance: Instance; snapshot: Snapshot }> {
    const { projectId } = target
    if (!mayImage(actor, projectId))
      throw new Failure('forbidden', 'Your role does not allow this.', {
        reason: 'permission',
        id: 'image.create',
      })
    const instance = await instanceNamed(query, actor, projectId, target.instance)
    demandNode(instance)
    const disk = await demandDisk(query, instance, target.disk ?? 0)
    const snapshot = await demandSnapshot(query, instance, { disk: disk.number, name: target.snapshot })
    if (target.handle !== null && (await findByHandle(query, target.handle)))
      throw new Failure('conflict', `Image ${target.handle} already exists.`, {
        subject: 'image',
        id: target.handle,
        reason: 'exists',
      })
    return { instance, snapshot }
  }

  return {
    /** May the actor make images of the instances of this project? */
    mayImage,

    /**
     * Everything that is checked before what the caller says of the image.
     * @throws Failure `forbidden` (reason `permission`); `not-found` (subject `instance` or `snapshot`); `state` (subject
     * `node`); `invalid` (reason `disk`); `conflict` (reason `exists`)
     */
    async look(actor: Actor, target: SnapshotImageTarget): Promise<void> {
      await live.observe()
      await find(database.db, actor, target)
    },

    /**
     * The image is there at once and pending, and so is the snapshot, until its contents have been exported. When they
     * cannot be, nothing remains of the image.
     * @throws Failure as `look`, then `invalid` with `fields`, `quota`; then `unavailable` (subject `image-server`),
     * `state` (subject `node`, `instance` or `snapshot`)
     */
    async begin(
      actor: Actor,
      target: SnapshotImageTarget,
      draft: SnapshotImageDraft,
      announced: Announced,
    ): Promise<{ image: Image; taskId: string }> {
      await live.observe()
      const begun = await database.transaction(async (trx) => {
        const { instance, snapshot } = await find(trx, actor, target)
        const whole = wholeDraft(instance, snapshot, draft, target.handle)
        await demandFreeAlias(trx, core, whole.name ?? '', whole.version ?? null)
        await demandBoundQuota(trx, core, whole)
        if (!(await imageServer(core).demandUsable(trx))) throw imageServerUnavailable()
        demandStatus(instance, exportable)
        demandOk(snapshot)
        const image = await insertImage(trx, core, actor, whole)
        await moveSnapshot(trx, snapshot, 'pending')
        const payload: SnapshotImagePayload = {
          instanceUuid: instance.uuid,
          disk: snapshot.disk,
          name: snapshot.name,
          snapshotId: snapshot.id,
          before: 'ok',
        }
        const taskId = await enqueueOn(trx, actor, image, {
          kind: 'snapshot-image',
          payload,
          work: announced.work(image),
          callback: announced.callback,
        })
        return { image, taskId }
      })
      await database.notify(taskChannel)
      return begun
    },
  }
}

function mayImage(actor: Actor, projectId: number): boolean {
  return permitted(actor, 'instance.manage', projectId) && permitted(actor, 'image.create', projectId)
}

function wholeDraft(
  { uuid, projectId, ostype }: Instance,
  { name, size }: Snapshot,
  draft: SnapshotImageDraft,
  handle: string | null,
): ImageDraft {
  const megabytes = Math.ceil(size / 2 ** 20)
  const os = osOf(ostype)
  return {
    ...draft,
    name: draft.name ?? handle ?? name,
    ...(handle === null ? {} : { handle }),
    ownerId: projectId,
    bound: true,
    attached: true,
    // As `qemu-img` writes it.
    diskFormat: 'qcow2',
    containerFormat: 'bare',
    minDisk: Math.ceil(megabytes / 1024),
    properties: { ...draft.properties, image_type: 'snapshot', instance_uuid: uuid, os_type: os },
    // Type and size are the tables' and the disk's, not what the bytes would tell (danube.md 1.8, 1.13).
    manifest: { v: 2, type: typeOf(ostype), os, ...(megabytes > 0 ? { image_size: megabytes } : {}) },
  }
}

/** Nothing remains of an image that could not be made; the snapshot can be used again. */
export const rollBackSnapshotImage: Rollback = async (trx, core, actor, task) => {
  await restoreSnapshot(trx, task.payload as SnapshotImagePayload)
  const image = await findImage(trx, task.imageUuid!)
  if (!image || (image.status !== 'queued' && image.status !== 'importing')) return async () => {}
  await trx.deleteFrom('transfers').where('image_seq', '=', image.seq).execute()
  return removeLocked(trx, core, actor, image, task.id)
}
