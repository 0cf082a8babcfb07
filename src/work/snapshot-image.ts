import { rm } from 'node:fs/promises'
import type { Core } from '../catalogue/core.ts'
import { Failure, isFailure } from '../catalogue/failure.ts'
import type { SnapshotImagePayload } from '../catalogue/images/from-snapshot.ts'
import { restoreSnapshot } from '../catalogue/places/instances/snapshot-status.ts'
import type { AtWork } from '../catalogue/places/instances/snapshots.ts'
import type { SnapshotSource } from '../hypervisor/hypervisor.ts'
import { demandExportSpace, exportFile, readExport } from './exports.ts'
import type { Kind, WorkParts } from './kind.ts'

/**
 * Makes an image from the snapshot of a disk: exports its contents to a file, and receives that as any other upload. Run
 * again after a crash it exports anew.
 */
export const snapshotImage: Kind = {
  name: 'snapshot-image',

  async run({ task, actor, signal, progress }, parts) {
    const { core, catalogue } = parts
    const payload = task.payload as SnapshotImagePayload
    const source = await sourceOf(parts, await catalogue.snapshots.atWork(payload), signal)
    const estimate = await core.disks.exportSize(source, signal)
    await demandExportSpace(core, estimate)
    const file = exportFile(core, task.id)
    try {
      // Every byte goes twice: into the file, and from there into the store.
      await core.disks.export(source, file, {
        signal,
        progress: (percent) => progress(Math.floor((estimate * percent) / 100), 2 * estimate),
      })
      const { size, bytes } = await readExport(file)
      const image = await catalogue.bytes.receive(actor, task.imageUuid!, bytes, {
        during: 'importing',
        fallback: 'importing',
        announced: size,
        signal,
        progress: (done) => progress(size + done, 2 * size),
        complete: (trx) => restoreSnapshot(trx, payload),
      })
      return { image_id: image.uuid, size: image.size }
    } finally {
      await rm(file, { force: true })
    }
  },

  // Another upload may end; a hypervisor that fails is told at once.
  retry: (error) =>
    isFailure(error, 'busy') || (isFailure(error, 'unavailable') && error.detail.reason === undefined),
}

/** @throws Failure `state`, `not-found`, `forbidden`, `unavailable` */
async function sourceOf(parts: WorkParts, at: AtWork, signal: AbortSignal): Promise<SnapshotSource> {
  const { instance, disk, snapshot } = at
  if (!instance.live) return recordedSource(parts.core, at, signal)
  const { hypervisor, here } = await parts.catalogue.liveResources.reach(instance)
  if (!here)
    throw new Failure('state', 'The disks of a hypervisor on another machine cannot be read here.', {
      subject: 'instance',
      id: instance.uuid,
      reason: 'remote',
    })
  return hypervisor.snapshotSource(instance.uuid, snapshot.name, disk.number, signal)
}

async function recordedSource(
  { disks }: Core,
  { instance, disk, snapshot }: AtWork,
  signal: AbortSignal,
): Promise<SnapshotSource> {
  if (snapshot.file !== null) return { ...(await disks.find(snapshot.file, signal)), internal: null }
  if (disk.file === null)
    throw new Failure('not-found', `Disk ${disk.number} of ${instance.hostname} has no file to read.`, {
      subject: 'disk',
      id: String(disk.number),
    })
  const found = await disks.find(disk.file, signal)
  if (found.format !== 'qcow2')
    throw new Failure('state', 'A raw disk holds no snapshots.', { subject: 'disk', reason: 'format' })
  return { ...found, internal: snapshot.name }
}
