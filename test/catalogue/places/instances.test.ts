/** What live compute resources report, and what becomes of it in the catalogue. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type Actor, systemActor } from '../../../src/catalogue/actor.ts'
import { catalogueOf } from '../../../src/catalogue/catalogue.ts'
import { Failure } from '../../../src/catalogue/failure.ts'
import { liveResources } from '../../../src/catalogue/places/instances/live.ts'
import { processes } from '../../../src/catalogue/tasks/processes.ts'
import { taskQueue } from '../../../src/catalogue/tasks/queue.ts'
import type { Domain, Host, Hypervisor } from '../../../src/hypervisor/hypervisor.ts'
import { type TestCore, testCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { fails } from './support.ts'

const mib = 2 ** 20
const seconds = 1_000_000
const web01: Domain = {
  uuid: '81ddeb48-937b-4e54-8b37-091bfcabf18e',
  name: 'web 01',
  state: 'running',
  vcpus: 2,
  ramMb: 512,
  disks: [
    { number: 1, target: 'vda', sizeBytes: 10 * mib, format: 'qcow2', source: '/disks/web01.qcow2' },
    { number: 2, target: 'vdb', sizeBytes: mib + 1, format: 'qcow2', source: '/disks/data.qcow2' },
  ],
  snapshots: [
    { name: 'old', note: 'first', createdAt: 1_700_000_000 * seconds, kind: 'internal', disks: [1, 2] },
    { name: 'new one', note: '', createdAt: 1_700_000_100 * seconds, kind: 'external', disks: [1] },
  ],
  ostype: 'windows',
}
const db01: Domain = {
  ...web01,
  uuid: '91ddeb48-937b-4e54-8b37-091bfcabf18e',
  name: 'db01',
  state: 'stopped',
  disks: [],
  snapshots: [],
  ostype: null,
}

forEachDatabase((_engine, _open, freshUrl) => {
  /** What the hypervisor says next; an error: it does not answer. */
  let host: Host | Failure
  let looks = 0
  /** What the next look waits for, instead of a moment. */
  let waiting: Promise<void> | null = null
  const hypervisor: Hypervisor = {
    async look() {
      looks++
      await (waiting ?? pause(5))
      if (host instanceof Failure) throw host
      return host
    },
    createSnapshot: () => assert.fail('nothing is done here'),
    deleteSnapshot: () => assert.fail('nothing is done here'),
    revertSnapshot: () => assert.fail('nothing is done here'),
    setState: () => assert.fail('nothing is done here'),
    snapshotSource: () => assert.fail('nobody asks for contents here'),
  }
  let t: TestCore
  before(async () => {
    t = await testCore({
      url: await freshUrl(),
      hypervisors: {
        at: (url) => (url.startsWith('qemu:///') ? hypervisor : null),
        isHere: () => true,
      },
    })
    await processes(t.core).enter(true)
    await t.apply({
      projects: [
        { id: 2, name: 'acme' },
        { id: 3, name: 'other' },
      ],
      users: [{ username: 'eva' }],
      computeResources: [
        { id: 7, name: 'kvm', provider: 'Libvirt', url: 'qemu:///system' },
        { id: 8, name: 'records', provider: 'Libvirt', url: 'qemu+ext:///system' },
        { id: 9, name: 'cloud', provider: 'Openstack', url: 'qemu:///system' },
      ],
    })
    await t.core.database.db
      .insertInto('compute_resource_places')
      .values({ compute_resource_id: 7, project_id: 2, location_id: null })
      .execute()
  })
  after(() => t?.close())
  beforeEach(async () => {
    const { db } = t.core.database
    await db.deleteFrom('instances').execute()
    await db.deleteFrom('nodes').execute()
    await db.deleteFrom('tasks').execute()
    host = { hostname: 'kvm01', domains: [web01, db01] }
    looks = 0
    // A process that has seen nothing yet.
    catalogue = catalogueOf(t.core)
  })
  let catalogue: TestCore['catalogue']
  /** As if the time had come to look again. */
  const forgetLooks = () => {
    catalogue = catalogueOf(t.core)
  }

  const nodeStatus = async () => (await catalogue.nodes.view(systemActor, 'kvm01')).status
  const list = (projectId = 2, actor: Actor = systemActor) => catalogue.instances.list(actor, projectId)
  const target = (name: string, disk = 1) => ({ projectId: 2, instance: web01.uuid, disk, name })

  describe('a look', () => {
    test('enters what is there, in the project of the compute resource', async () => {
      const [second, first] = await list()
      const { createdAt: _at, ...facts } = first!
      assert.deepEqual(facts, {
        uuid: web01.uuid,
        hostname: 'web 01',
        alias: 'web 01',
        projectId: 2,
        owner: null,
        region: 'RegionOne',
        node: 'kvm01',
        nodeStatus: 'online',
        status: 'running',
        ostype: 4,
        vcpus: 2,
        ram: 512,
        disk: 12,
        ips: [],
        computeResourceId: 7,
        live: true,
        discovered: true,
      })
      assert.deepEqual([second!.hostname, second!.ostype, second!.status], ['db01', 1, 'stopped'])
      const disks = await catalogue.disks.list(systemActor, 2, web01.uuid)
      assert.deepEqual(
        disks.map(({ number, size, boot }) => [number, size, boot]),
        [
          [1, 10, true],
          [2, 2, false],
        ],
      )
      const found = await catalogue.snapshots.list(systemActor, { projectId: 2, instance: 'web 01' })
      assert.deepEqual(
        found.map(({ name, disk, note, size, status, createdAt }) => [
          name,
          disk,
          note,
          size,
          status,
          createdAt / seconds,
        ]),
        [
          ['new one', 1, '', 10 * mib, 'ok', 1_700_000_100],
          ['old', 2, 'first', mib + 1, 'ok', 1_700_000_000],
          ['old', 1, 'first', 10 * mib, 'ok', 1_700_000_000],
        ],
      )
      assert.equal(looks, 1)
    })

    test('is shared by all who read at once, and by those who read soon after', async () => {
      await Promise.all([list(), list(), catalogue.instances.named(systemActor, 2, 'db01'), list(3)])
      await list()
      assert.equal(looks, 1)
      await pause(1_050)
      await list()
      assert.equal(looks, 2)
    })

    test('writes nothing where nothing changed', async () => {
      await list()
      const { db } = t.core.database
      const rows = async () =>
        Promise.all([
          db.selectFrom('instances').selectAll().orderBy('uuid').execute(),
          db.selectFrom('disks').selectAll().orderBy('instance_uuid').orderBy('number').execute(),
          db.selectFrom('snapshots').selectAll().orderBy('id').execute(),
          db.selectFrom('nodes').selectAll().execute(),
        ])
      const before = await rows()
      forgetLooks()
      await list()
      assert.equal(looks, 2)
      assert.deepEqual(await rows(), before)
    })

    test('follows what changes', async () => {
      await list()
      const changed: Domain = {
        ...web01,
        name: 'web02',
        state: 'stopped',
        vcpus: 4,
        disks: [{ ...web01.disks[0]!, sizeBytes: 20 * mib }],
        snapshots: [{ ...web01.snapshots[0]!, disks: [1] }],
      }
      host = { hostname: 'kvm02', domains: [changed] }
      forgetLooks()
      const [only, another] = await list()
      assert.equal(another, undefined)
      assert.deepEqual(
        [only!.hostname, only!.status, only!.vcpus, only!.disk, only!.node, only!.nodeStatus],
        ['web02', 'stopped', 4, 20, 'kvm02', 'online'],
      )
      const names = await catalogue.snapshots.list(systemActor, { projectId: 2, instance: 'web02' })
      assert.deepEqual(
        names.map(({ name, disk }) => [name, disk]),
        [['old', 1]],
      )
    })

    test('a size that is unknown for a moment stays what it was', async () => {
      await list()
      host = {
        hostname: 'kvm01',
        domains: [{ ...web01, disks: web01.disks.map((disk) => ({ ...disk, sizeBytes: 0 })) }],
      }
      forgetLooks()
      assert.equal((await catalogue.instances.named(systemActor, 2, 'web 01')).disk, 12)
    })

    test('a snapshot of the same name that was taken later is another one', async () => {
      await list()
      await catalogue.snapshots.annotate(systemActor, target('old'), () => 'mine')
      forgetLooks()
      assert.equal((await catalogue.snapshots.view(systemActor, target('old'))).note, 'mine')
      const later = { ...web01.snapshots[0]!, createdAt: 1_800_000_000 * seconds, note: 'theirs' }
      host = { hostname: 'kvm01', domains: [{ ...web01, snapshots: [later] }] }
      forgetLooks()
      const found = await catalogue.snapshots.view(systemActor, target('old'))
      assert.deepEqual([found.note, found.createdAt], ['theirs', 1_800_000_000 * seconds])
    })
  })

  describe('records', () => {
    const entered = {
      uuid: web01.uuid,
      hostname: 'web01',
      project: 'other',
      owner: 'eva',
      computeResource: 'kvm',
      ostype: 3,
      ips: ['192.0.2.7'],
      disks: [{ size: 99 }],
    }

    test('keep what their file says, and are live while they are reported', async () => {
      await t.apply({ instances: [entered] })
      const [first] = await list(3)
      assert.deepEqual(
        [first!.hostname, first!.owner?.username, first!.ips, first!.ostype, first!.live, first!.discovered],
        ['web01', 'eva', ['192.0.2.7'], 3, true, false],
      )
      assert.deepEqual([first!.status, first!.node, first!.disk], ['running', 'kvm01', 12])
      host = { hostname: 'kvm01', domains: [] }
      forgetLooks()
      const [again] = await list(3)
      assert.deepEqual([again!.live, again!.status], [false, 'running'])
    })

    test('a file that names what was discovered keeps it', async () => {
      await list()
      await t.apply({ instances: [entered] })
      host = { hostname: 'kvm01', domains: [] }
      forgetLooks()
      assert.deepEqual(
        (await list(3)).map(({ hostname, live }) => [hostname, live]),
        [['web01', false]],
      )
    })

    test('a uuid that was entered without the compute resource gives nobody a disk', async () => {
      await t.apply({
        instances: [{ uuid: web01.uuid, hostname: 'mine', project: 'other', status: 'stopped' }],
      })
      const [mine] = await list(3)
      assert.deepEqual([mine!.live, mine!.status, mine!.node, mine!.disk], [false, 'stopped', null, 0])
      assert.deepEqual(
        (await list(2)).map(({ hostname }) => hostname),
        ['db01'],
      )
    })

    for (const computeResource of ['records', 'cloud'])
      test(`of ${computeResource} are records only`, async () => {
        host = { hostname: 'kvm01', domains: [web01] }
        await t.apply({ instances: [{ ...entered, computeResource }] })
        const [first] = await list(3)
        assert.deepEqual([first!.live, first!.disk], [false, 99])
      })
  })

  describe('a hypervisor that does not answer', () => {
    const silent = new Failure('unavailable', 'The hypervisor cannot be reached.', { reason: 'hypervisor' })

    test('its node is unreachable until it does; what was seen stays', async () => {
      await list()
      host = silent
      forgetLooks()
      const [, first] = await list()
      assert.deepEqual([first!.nodeStatus, first!.status, first!.live], ['unreachable', 'running', true])
      await assert.rejects(
        catalogue.snapshots.create(systemActor, target('x'), () => ({ note: '' })),
        fails('state'),
      )
      const looked = looks
      await pause(1_050)
      await list()
      // It is left alone for a while, so that lists stay fast.
      assert.equal(looks, looked)
      host = { hostname: 'kvm01', domains: [web01] }
      forgetLooks()
      assert.equal((await list())[0]!.nodeStatus, 'online')
    })

    test('readers do not wait for it a second time', async () => {
      await list()
      host = silent
      const live = liveResources(t.core, { fresh: 0, afterFailure: 20 })
      await live.observe()
      assert.equal(looks, 2)
      const hanging = Promise.withResolvers<void>()
      waiting = hanging.promise
      await pause(30)
      // The third look hangs, and nobody minds.
      await live.observe()
      await live.observe()
      assert.equal(looks, 3)
      host = { hostname: 'kvm01', domains: [web01] }
      hanging.resolve()
      waiting = null
      for (let tries = 0; tries < 100 && (await nodeStatus()) !== 'online'; tries++) await pause(10)
      assert.equal(await nodeStatus(), 'online')
    })

    test('a node that is out of service stays so', async () => {
      await list()
      await catalogue.nodes.change(systemActor, 'kvm01', 'maintenance', 'status=1')
      for (const said of [silent, { hostname: 'kvm01', domains: [web01, db01] }]) {
        host = said
        forgetLooks()
        assert.equal((await list())[0]!.nodeStatus, 'maintenance')
      }
    })
  })

  test('a compute resource whose URL may not be used any more reports nothing', async () => {
    await list()
    const { db } = t.core.database
    const move = (url: string) =>
      db.updateTable('compute_resources').set({ url }).where('id', '=', 7).execute()
    await move('test:///default')
    try {
      assert.deepEqual(await list(), [])
    } finally {
      await move('qemu:///system')
    }
  })

  test('a compute resource can go with what only it reported', async () => {
    await t.apply({
      computeResources: [{ id: 10, name: 'going', provider: 'Libvirt', url: 'qemu:///session' }],
    })
    await t.core.database.db.updateTable('compute_resources').set({ url: null }).where('id', '=', 7).execute()
    try {
      forgetLooks()
      assert.equal((await list(1)).length, 2)
      await catalogue.computeResources.remove(systemActor, 10)
      assert.deepEqual(await list(1), [])
    } finally {
      await t.core.database.db
        .updateTable('compute_resources')
        .set({ url: 'qemu:///system' })
        .where('id', '=', 7)
        .execute()
    }
  })

  describe('work', () => {
    test('a snapshot that is being made or deleted is the affair of its task', async () => {
      await list()
      const { snapshot, taskId } = await catalogue.snapshots.create(systemActor, target('made'), () => ({
        note: 'n',
      }))
      assert.equal(snapshot.status, 'pending')
      forgetLooks()
      assert.equal((await catalogue.snapshots.view(systemActor, target('made'))).status, 'pending')
      await catalogue.tasks.cancel(systemActor, taskId)
      await assert.rejects(catalogue.snapshots.view(systemActor, target('made')), fails('not-found'))

      const deleting = await catalogue.snapshots.remove(systemActor, target('old'))
      forgetLooks()
      assert.equal((await catalogue.snapshots.view(systemActor, target('old'))).status, 'pending')
      await assert.rejects(catalogue.snapshots.remove(systemActor, target('old')), fails('state', 'pending'))
      await catalogue.tasks.cancel(systemActor, deleting.taskId!)
      assert.equal((await catalogue.snapshots.view(systemActor, target('old'))).status, 'ok')
    })

    test('the status of an instance that is being changed carries a hyphen', async () => {
      await list()
      const stop = () => catalogue.instanceStates.begin(systemActor, 2, 'web 01', 'stop', { force: false })
      const { taskId } = await stop()
      forgetLooks()
      const status = async () => (await catalogue.instances.named(systemActor, 2, 'web 01')).status
      assert.equal(await status(), 'running-')
      await assert.rejects(stop(), fails('state', 'not-operational'))
      await catalogue.tasks.cancel(systemActor, taskId)
      assert.equal(await status(), 'running')
    })

    test('an image whose task is cancelled goes without a trace, and the snapshot is as it was', async () => {
      await list()
      const begin = (handle: string) =>
        catalogue.snapshotImages.begin(
          systemActor,
          { projectId: 2, instance: web01.uuid, disk: 1, snapshot: 'old', handle },
          {},
          {
            work: ({ uuid }) => ({
              message: 'Create image',
              detail: '',
              object: { type: 'image', id: uuid, name: handle, alias: handle, ownerUserId: null },
              projectId: 2,
              bound: false,
            }),
          },
        )
      const { image, taskId } = await begin('waiting')
      assert.equal((await catalogue.snapshots.view(systemActor, target('old'))).status, 'pending')
      await catalogue.tasks.cancel(systemActor, taskId)
      assert.equal((await catalogue.snapshots.view(systemActor, target('old'))).status, 'ok')
      await assert.rejects(catalogue.images.view(systemActor, image.uuid), fails('not-found'))

      // The same for one whose process was killed too often.
      const again = await begin('waiting')
      const queue = taskQueue(t.core)
      const claimed = await queue.claim(['snapshot-image'])
      assert.equal(claimed?.id, again.taskId)
      const { db } = t.core.database
      await db
        .updateTable('tasks')
        .set({ attempts: 5, process_id: 'dead' })
        .where('id', '=', again.taskId)
        .execute()
      await queue.reap()
      assert.equal((await catalogue.tasks.view(systemActor, again.taskId)).state, 'failed')
      assert.equal((await catalogue.snapshots.view(systemActor, target('old'))).status, 'ok')
      await assert.rejects(catalogue.images.view(systemActor, again.image.uuid), fails('not-found'))
    })

    test("a live definition is its hypervisor's; whose it is and what it is called can be said", async () => {
      await list()
      const id = (await catalogue.users.idOfActive('eva'))!
      const after = await catalogue.instances.redefine(systemActor, 2, 'db01', { alias: 'base', ownerId: id })
      forgetLooks()
      const [seen] = await list()
      assert.deepEqual([after.alias, seen!.alias, seen!.owner?.username], ['base', 'base', 'eva'])
      for (const patch of [{ ram: 1 }, { vcpus: 1 }, { hostname: 'x' }, { node: null }])
        await assert.rejects(
          catalogue.instances.redefine(systemActor, 2, 'db01', patch),
          fails('state', 'not-operational'),
        )
      await assert.rejects(
        catalogue.instances.undefine(systemActor, 2, 'db01'),
        fails('state', 'not-operational'),
      )
      await assert.rejects(
        catalogue.disks.add(systemActor, 2, 'db01', 1, () => ({ size: 1 })),
        fails('state', 'not-operational'),
      )
    })
  })
})
