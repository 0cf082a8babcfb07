/** The work on live instances: what the hypervisor is asked to do, and what becomes of it when it cannot. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { catalogueOf } from '../../../src/catalogue/catalogue.ts'
import { Failure } from '../../../src/catalogue/failure.ts'
import { processes } from '../../../src/catalogue/tasks/processes.ts'
import type { Task } from '../../../src/catalogue/tasks/task.ts'
import type { Domain, Hypervisor } from '../../../src/hypervisor/hypervisor.ts'
import { outbound } from '../../../src/outbound/outbound.ts'
import { createSnapshot, deleteSnapshot, revertSnapshot } from '../../../src/work/instance-snapshots.ts'
import { instanceState } from '../../../src/work/instance-state.ts'
import { type Runner, startRunner } from '../../../src/work/runner.ts'
import { snapshotImage } from '../../../src/work/snapshot-image.ts'
import { type TestCore, testCore } from '../../support/core.ts'
import { fails } from './support.ts'

const uuid = '81ddeb48-937b-4e54-8b37-091bfcabf18e'
const silent = new Failure('unavailable', 'The hypervisor cannot be reached.', { reason: 'hypervisor' })
const target = (name: string) => ({ projectId: 1, instance: uuid, disk: 1, name })

const kinds = [createSnapshot, deleteSnapshot, revertSnapshot, instanceState, snapshotImage]
const start = () =>
  startRunner(
    kinds,
    { core: t.core, catalogue, outbound: fetcher },
    { parallel: 2, pollSeconds: 0.2, log: () => {} },
  )

let t: TestCore
let catalogue: TestCore['catalogue']
let runner: Runner
const fetcher = outbound({ allow: [] })
/** What was done to the domain, in order. */
const deeds: unknown[][] = []
/** What the next deed throws, once. */
let trouble: Failure | null = null
let here = true
let domain: Domain

const deed = async (...what: unknown[]) => {
  deeds.push(what)
  const thrown = trouble
  trouble = null
  if (thrown) throw thrown
}
const hypervisor: Hypervisor = {
  look: async () => ({ hostname: 'kvm01', domains: [domain] }),
  createSnapshot: (id, name, options) => deed('create', id, name, options?.note),
  deleteSnapshot: (id, name) => deed('delete', id, name),
  revertSnapshot: (id, name) => deed('revert', id, name),
  setState: (id, change, options) => deed(change, id, options?.force),
  async snapshotSource(id, name, number) {
    await deed('source', id, name, number)
    return { file: '/nonexistent/disk.qcow2', format: 'qcow2', internal: name }
  },
}

before(async () => {
  t = await testCore({ hypervisors: { at: () => hypervisor, isHere: () => here } })
  catalogue = catalogueOf(t.core)
  await processes(t.core).enter(true)
  await t.apply({ computeResources: [{ name: 'kvm', provider: 'Libvirt', url: 'qemu:///system' }] })
  runner = await start()
})
after(async () => {
  await runner?.stop()
  await fetcher.close()
  await t?.close()
})
beforeEach(async () => {
  await t.core.database.db.deleteFrom('instances').execute()
  deeds.length = 0
  trouble = null
  here = true
  domain = {
    uuid,
    name: 'web01',
    state: 'stopped',
    vcpus: 1,
    ramMb: 64,
    disks: [
      { number: 1, target: 'vda', sizeBytes: 2 ** 20, format: 'qcow2', source: '/nonexistent/disk.qcow2' },
    ],
    snapshots: [{ name: 'old', note: '', createdAt: 1_700_000_000_000_000, kind: 'internal', disks: [1] }],
    ostype: null,
  }
  // Whatever was seen before this test counts no more.
  const [resource] = await catalogue.computeResources.list(systemActor, {
    filter: { field: 'name', is: 'eq', value: 'kvm' },
  })
  catalogue.liveResources.forget({ computeResourceId: resource!.id })
})

async function ended(id: string): Promise<Task> {
  for (let tries = 0; tries < 400; tries++) {
    const task = await catalogue.tasks.view(systemActor, id)
    if (task.finishedAt !== null) return task
    await pause(10)
  }
  assert.fail('the task does not end')
}

const create = async (name: string) =>
  ended((await catalogue.snapshots.create(systemActor, target(name), () => ({ note: 'why' }))).taskId)
const status = async (name: string) => (await catalogue.snapshots.view(systemActor, target(name))).status

test('snapshots are made, put back and deleted by the hypervisor', async () => {
  assert.equal((await create('made')).state, 'succeeded')
  const reverted = await catalogue.snapshots.revert(systemActor, target('old'), { force: true })
  assert.equal((await ended(reverted.taskId)).state, 'succeeded')
  assert.equal(await status('old'), 'ok')
  const removed = await catalogue.snapshots.remove(systemActor, target('old'))
  assert.equal((await ended(removed.taskId!)).state, 'succeeded')
  assert.deepEqual(deeds, [
    ['create', uuid, 'made', 'why'],
    ['revert', uuid, 'old'],
    ['delete', uuid, 'old'],
  ])
})

test('states are changed by the hypervisor, and are what it says they are', async () => {
  const begun = await catalogue.instanceStates.begin(systemActor, 1, 'web01', 'start', { force: false })
  domain = { ...domain, state: 'running' }
  assert.equal((await ended(begun.taskId)).state, 'succeeded')
  assert.equal((await catalogue.instances.named(systemActor, 1, 'web01')).status, 'running')
  const stopped = await catalogue.instanceStates.begin(systemActor, 1, 'web01', 'stop', { force: true })
  assert.equal((await ended(stopped.taskId)).state, 'succeeded')
  // It was asked to, and has not obeyed yet.
  assert.equal((await catalogue.instances.named(systemActor, 1, 'web01')).status, 'running')
  assert.deepEqual(deeds, [
    ['start', uuid, false],
    ['stop', uuid, true],
  ])
})

test('what the hypervisor refuses is as it was', async () => {
  trouble = new Failure('state', 'The hypervisor refuses this.', { subject: 'instance' })
  assert.deepEqual([(await create('made')).failure], ['The hypervisor refuses this.'])
  await assert.rejects(status('made'), fails('not-found'))
  trouble = silent
  const removed = await catalogue.snapshots.remove(systemActor, target('old'))
  assert.equal((await ended(removed.taskId!)).state, 'failed')
  assert.equal(await status('old'), 'ok')
  trouble = silent
  const begun = await catalogue.instanceStates.begin(systemActor, 1, 'web01', 'start', { force: false })
  assert.equal((await ended(begun.taskId)).state, 'failed')
  assert.equal((await catalogue.instances.named(systemActor, 1, 'web01')).status, 'stopped')
})

test('work that a killed process had done already is done', async () => {
  // A run that found the snapshot there at its first attempt failed; at a later one it is its own.
  for (const [attempts, state] of [
    [0, 'failed'],
    [1, 'succeeded'],
  ] as const) {
    trouble = new Failure('conflict', 'The instance has a snapshot of this name.', { subject: 'snapshot' })
    await runner.stop()
    const name = `again-${attempts}`
    const { taskId } = await catalogue.snapshots.create(systemActor, target(name), () => ({ note: '' }))
    await t.core.database.db.updateTable('tasks').set({ attempts }).where('id', '=', taskId).execute()
    runner = await start()
    assert.equal((await ended(taskId)).state, state)
  }
})

const image = async (handle: string) => {
  const { taskId } = await catalogue.snapshotImages.begin(
    systemActor,
    { projectId: 1, instance: uuid, disk: 1, snapshot: 'old', handle },
    {},
    {
      work: (made) => ({
        message: 'Create image',
        detail: '',
        object: { type: 'image', id: made.uuid, name: handle, alias: handle, ownerUserId: null },
        projectId: 1,
        bound: false,
      }),
    },
  )
  return ended(taskId)
}
const troubles: readonly [what: string, arrange: () => void, message: string][] = [
  [
    'on another machine',
    () => {
      here = false
    },
    'The disks of a hypervisor on another machine cannot be read here.',
  ],
  [
    'that does not answer',
    () => {
      trouble = silent
    },
    'The hypervisor cannot be reached.',
  ],
  ['whose disk is not there', () => {}, 'The file of the disk is not there.'],
]
for (const [what, arrange, message] of troubles)
  test(`an image of a hypervisor ${what}: nothing remains`, async () => {
    await catalogue.instances.list(systemActor, 1)
    arrange()
    const task = await image('never')
    assert.deepEqual([task.state, task.failure], ['failed', message])
    assert.equal(await status('old'), 'ok')
    await assert.rejects(catalogue.managedImages.named(systemActor, 'never'), fails('not-found'))
    assert.deepEqual(await readdir(t.core.disks.exportsDirectory).catch(() => []), [])
    // Nothing of another machine was even looked for here.
    assert.equal(deeds.length, here ? 1 : 0)
  })
