import { Failure, isFailure } from '../catalogue/failure.ts'
import type { SnapshotPayload } from '../catalogue/places/instances/snapshot.ts'
import type { AtWork } from '../catalogue/places/instances/snapshots.ts'
import type { Kind, Run, WorkParts } from './kind.ts'

/** What is done to a snapshot, in a qcow2 file of a record or by the hypervisor of a live instance. */
type Deed = {
  readonly outcome: 'usable' | 'deleted'
  /** What tells that an earlier run, which was broken off, had done it already. */
  readonly again: 'conflict' | 'not-found' | null
  inFile(file: string, at: AtWork, run: Run, parts: WorkParts): Promise<void>
  live(at: AtWork, run: Run, parts: WorkParts): Promise<void>
}

export const createSnapshot = kindOf('create-snapshot', {
  outcome: 'usable',
  again: 'conflict',
  inFile: (file, { snapshot }, { signal }, { core }) =>
    core.disks.createSnapshot(file, snapshot.name, signal),
  async live({ instance, snapshot }, { signal }, { catalogue }) {
    const { hypervisor } = await catalogue.liveResources.reach(instance)
    await hypervisor.createSnapshot(instance.uuid, snapshot.name, { note: snapshot.note, signal })
  },
})

export const deleteSnapshot = kindOf('delete-snapshot', {
  outcome: 'deleted',
  again: 'not-found',
  inFile: (file, { snapshot }, { signal }, { core }) =>
    core.disks.deleteSnapshot(file, snapshot.name, signal),
  async live({ instance, snapshot }, { signal }, { catalogue }) {
    const { hypervisor } = await catalogue.liveResources.reach(instance)
    await hypervisor.deleteSnapshot(instance.uuid, snapshot.name, signal)
  },
})

export const revertSnapshot = kindOf('revert-snapshot', {
  outcome: 'usable',
  // To put the same contents back twice harms nobody.
  again: null,
  inFile: (file, { snapshot }, { signal }, { core }) => core.disks.applySnapshot(file, snapshot.name, signal),
  async live({ instance, snapshot }, { signal }, { catalogue }) {
    const { hypervisor } = await catalogue.liveResources.reach(instance)
    await hypervisor.revertSnapshot(instance.uuid, snapshot.name, signal)
  },
})

function kindOf(name: string, deed: Deed): Kind {
  return {
    name,
    async run(run, parts) {
      const { catalogue } = parts
      const payload = run.task.payload as SnapshotPayload
      const at = await catalogue.snapshots.atWork(payload)
      try {
        await carryOut(deed, at, run, parts)
      } catch (error) {
        const done = run.task.attempts > 1 && deed.again !== null && isFailure(error, deed.again)
        if (!done) throw error
      }
      await catalogue.snapshots.settle(run.actor, payload, deed.outcome)
      catalogue.liveResources.forget(at.instance)
      return {}
    },
    retry: (error) => isFailure(error, 'busy'),
  }
}

/** @throws Failure `state`, and what the deed throws */
async function carryOut(deed: Deed, at: AtWork, run: Run, parts: WorkParts): Promise<void> {
  const { instance, disk, snapshot } = at
  if (instance.live) return deed.live(at, run, parts)
  // Of a record without a file there is nothing but what is written of it.
  if (disk.file === null) return
  if (snapshot.file !== null) {
    // The file is its owner's; what is deleted is what the catalogue says of it.
    if (deed.outcome === 'deleted') return
    throw refused('The state of this snapshot is in a file of its own and cannot be put back.')
  }
  if (instance.status !== 'stopped' && instance.status !== 'notcreated')
    throw refused(`Snapshots in the disk file of ${instance.hostname} need it to be stopped.`)
  const { file, format } = await parts.core.disks.find(disk.file, run.signal)
  if (format !== 'qcow2') throw refused('Only qcow2 disks hold snapshots; this one is raw.')
  return deed.inFile(file, at, run, parts)
}

function refused(message: string): Failure {
  return new Failure('state', message, { subject: 'disk' })
}
