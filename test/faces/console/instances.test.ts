import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { applyBootstrap } from '../../../src/catalogue/bootstrap/apply.ts'
import type { WireError, WireImportStarted } from '../../../src/faces/console/wire.ts'
import type {
  WireInstanceDetail,
  WireInstanceList,
  WireNodeList,
  WireSnapshotList,
  WireSnapshotStarted,
} from '../../../src/faces/console/wire-instances.ts'
import { type Api, type Call, refused, startApi } from './api.ts'

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

describe('console: instances', () => {
  let api: Api
  let manager: Call
  let member: Call
  let owner: Call
  before(async () => {
    api = await startApi()
    const { server } = api
    await server.location('home')
    await server.project(2, 'acme')
    await server.project(3, 'other')
    manager = await api.user({ username: 'manager', roles: { 2: 'image_admin' } })
    member = await api.user({ username: 'member', roles: { 2: 'member' } })
    owner = await api.user({ username: 'owner', roles: { 2: 'member', 3: 'image_admin' } })
    const instances = [
      {
        uuid: uuid(1),
        hostname: 'web01',
        project: 'acme',
        owner: 'owner',
        node: 'node01',
        status: 'running',
        ostype: 4,
        ips: ['192.0.2.7'],
        disks: [{ size: 8 }, { size: 2048 }],
        snapshots: [
          { name: 'old', disk: 1, note: 'a note', createdAt: '2024-01-01T00:00:00Z' },
          { name: 'new', disk: 1, createdAt: '2024-01-02T00:00:00Z' },
          { name: 'data', disk: 2, status: 'lost', createdAt: '2024-01-03T00:00:00Z' },
        ],
      },
      { uuid: uuid(2), hostname: 'DB-02', project: 'acme', node: 'node02', status: 'stopped' },
      { uuid: uuid(3), hostname: 'web03', project: 'other', status: 'notcreated' },
    ]
    const document = { nodes: [{ hostname: 'node01' }, { hostname: 'node02' }], instances }
    await applyBootstrap(server.core, systemActor, JSON.stringify(document), 'test')
  })
  after(() => api.close())

  const names = async (call: Call, query = '') => {
    const { instances, total } = (await call('GET', `/instances${query}`)).body as WireInstanceList
    assert.equal(total, instances.length)
    return instances.map(({ hostname }) => hostname)
  }

  test('are those that one manages and those that are one’s own, in the order of their names', async () => {
    assert.deepEqual(await names(api.admin), ['DB-02', 'web01', 'web03'])
    assert.deepEqual(await names(manager), ['DB-02', 'web01'])
    assert.deepEqual(await names(owner), ['web01', 'web03'])
    assert.deepEqual(await names(member), [])
    assert.deepEqual(await names(api.admin, '?sort=-hostname'), ['web03', 'web01', 'DB-02'])
    const page = (await api.admin('GET', '/instances?limit=1&offset=1')).body as WireInstanceList
    assert.deepEqual([page.total, page.instances.map(({ hostname }) => hostname)], [3, ['web01']])
  })

  test('are found by name, address, uuid, status, node and project', async () => {
    assert.deepEqual(await names(api.admin, '?search=WEB0'), ['web01', 'web03'])
    assert.deepEqual(await names(api.admin, '?search=b_0'), [])
    assert.deepEqual(await names(api.admin, '?search=192.0.2.7'), ['web01'])
    assert.deepEqual(await names(api.admin, `?search=${uuid(2)}`), ['DB-02'])
    assert.deepEqual(await names(api.admin, '?status=stopped'), ['DB-02'])
    assert.deepEqual(await names(api.admin, '?node=node01'), ['web01'])
    assert.deepEqual(await names(api.admin, '?project=other'), ['web03'])
    assert.deepEqual(await names(owner, '?project=acme&search=web'), ['web01'])
    refused(await manager('GET', '/instances?project=other'), 404, 'not-found')
    for (const query of ['?status=gone', '?sort=node', '?limit=101', '?what=1'])
      refused(await api.admin('GET', `/instances${query}`), 400, 'invalid')
    const nodes = async (call: Call) => ((await call('GET', '/instances/nodes')).body as WireNodeList).nodes
    assert.deepEqual(await nodes(api.admin), ['node01', 'node02'])
    assert.deepEqual(await nodes(owner), ['node01'])
  })

  test('one of them is shown with its disks and snapshots', async () => {
    const { createdAt, ...shown } = (await owner('GET', `/instances/${uuid(1)}`)).body as WireInstanceDetail
    assert.ok(Date.parse(createdAt) > 0)
    assert.deepEqual(shown, {
      ...{ uuid: uuid(1), hostname: 'web01', alias: 'web01', project: 'acme', owner: 'owner' },
      ...{ region: 'home', node: 'node01', nodeStatus: 'online', status: 'running', os: 'windows' },
      ...{ vcpus: 0, ram: 0, diskSize: 2056 * 2 ** 20, ips: ['192.0.2.7'], live: false, mayImage: false },
      disks: [
        { number: 1, size: 2 ** 23, image: null, boot: true },
        { number: 2, size: 2 ** 31, image: null, boot: false },
      ],
    })
    const managed = (await manager('GET', `/instances/${uuid(1)}`)).body as WireInstanceDetail
    assert.equal(managed.mayImage, true)
    const list = async (query = '') =>
      (await owner('GET', `/instances/${uuid(1)}/snapshots${query}`)).body as WireSnapshotList
    const { snapshots, total } = await list()
    assert.deepEqual([total, snapshots.map(({ name }) => name)], [3, ['data', 'new', 'old']])
    const { id: _id, ...oldest } = snapshots[2]!
    assert.deepEqual(oldest, {
      ...{ disk: 1, name: 'old', note: 'a note', status: 'ok', size: 2 ** 23 },
      createdAt: '2024-01-01T00:00:00.000Z',
    })
    assert.deepEqual(
      (await list('?disk=1&limit=1&offset=1')).snapshots.map(({ name }) => name),
      ['old'],
    )
    refused(await owner('GET', `/instances/${uuid(1)}/snapshots?disk=9`), 400, 'invalid', 'disk')
    for (const path of [uuid(1), uuid(9), 'web01', `${uuid(1)}/snapshots`])
      refused(await member('GET', `/instances/${path}`), 404, 'not-found')
  })

  test('a snapshot is asked for, also by whoever only owns the instance', async () => {
    const path = `/instances/${uuid(1)}/snapshots`
    const begun = await owner('POST', path, { disk: 2, name: 'before', note: 'the upgrade' })
    assert.equal(begun.status, 202)
    const { snapshot, task } = begun.body as WireSnapshotStarted
    assert.deepEqual(
      [snapshot.name, snapshot.note, snapshot.disk, snapshot.status, task.kind, task.state],
      ['before', 'the upgrade', 2, 'pending', 'create-snapshot', 'pending'],
    )
    refused(await owner('POST', path, { disk: 2, name: 'before' }), 409, 'conflict', 'exists')
    refused(await owner('POST', path, { disk: 9, name: 'x' }), 400, 'invalid', 'disk')
    refused(await member('POST', path, { disk: 2, name: 'x' }), 404, 'not-found')
    const fresh = `/instances/${uuid(3)}/snapshots`
    refused(await owner('POST', fresh, { disk: 1, name: 'x' }), 400, 'invalid', 'disk')
    for (const [draft, field] of [
      [{ disk: 1, name: '-x' }, 'name'],
      [{ disk: 1, name: 'x'.repeat(25) }, 'name'],
      [{ disk: 1, name: 'x', note: 'x'.repeat(129) }, 'note'],
      [{ disk: 0, name: 'x' }, 'disk'],
    ] as const) {
      const answer = await owner('POST', path, draft)
      refused(answer, 400, 'invalid')
      assert.deepEqual(Object.keys((answer.body as WireError).error.detail.fields!), [field])
    }
  })

  test('an image is made of a snapshot, by those who manage the instance', async () => {
    const path = `/instances/${uuid(1)}/images`
    const wanted = { disk: 1, snapshot: 'old', name: 'From web01', description: 'As it was', tags: ['x'] }
    refused(await owner('POST', path, wanted), 403, 'forbidden', 'permission')
    refused(await member('POST', path, wanted), 404, 'not-found')
    refused(await manager('POST', path, { ...wanted, visibility: 'public' }), 403, 'forbidden', 'role')
    refused(await manager('POST', path, { ...wanted, snapshot: 'none' }), 404, 'not-found')
    refused(await manager('POST', path, { ...wanted, disk: 7 }), 400, 'invalid', 'disk')
    refused(await manager('POST', path, { ...wanted, disk: 2, snapshot: 'data' }), 409, 'state', 'pending')
    const begun = await manager('POST', path, { ...wanted, visibility: 'shared' })
    assert.equal(begun.status, 202)
    const { image, task } = begun.body as WireImportStarted
    assert.deepEqual(
      [image.name, image.handle, image.visibility, image.project?.name, image.type, image.tags],
      ['From web01', 'From-web01', 'shared', 'acme', 'snapshot', ['x']],
    )
    assert.deepEqual(image.properties, {
      ...{ description: 'As it was', image_type: 'snapshot' },
      ...{ instance_uuid: uuid(1), os_type: 'windows' },
    })
    assert.deepEqual([task.kind, task.state, task.image], ['snapshot-image', 'pending', image.uuid])
    refused(await manager('POST', path, { ...wanted, name: 'again' }), 409, 'state', 'pending')
    const taken = await manager('POST', path, { ...wanted, snapshot: 'new', name: 'FROM web01' })
    assert.match(refused(taken, 400, 'invalid'), /^An image of this name and version/)
    assert.deepEqual(Object.keys((taken.body as WireError).error.detail.fields!), ['name'])
    // Without a name it has that of the snapshot.
    const unnamed = await manager('POST', path, { disk: 1, snapshot: 'new' })
    assert.equal((unnamed.body as WireImportStarted).image.name, 'new')
  })
})
