import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { applyBootstrap } from '../../../src/catalogue/bootstrap/apply.ts'
import type { WireSnapshotRemoval, WireSnapshotStarted } from '../../../src/faces/console/wire-instances.ts'
import { type Api, type Call, refused, startApi } from './api.ts'

const [stopped, running, adrift, absent] = [1, 2, 3, 9]
const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

/** Nothing runs tasks here: what was asked for stays under way. */
describe('console: snapshots that are there', () => {
  let api: Api
  let manager: Call
  let member: Call
  let owner: Call
  before(async () => {
    api = await startApi()
    const { server } = api
    await server.project(2, 'acme')
    manager = await api.user({ username: 'manager', roles: { 2: 'image_admin' } })
    member = await api.user({ username: 'member', roles: { 2: 'member' } })
    owner = await api.user({ username: 'owner', roles: { 2: 'member' } })
    const of = (n: number, status: string, node: string) => ({
      ...{ uuid: uuid(n), project: 'acme', owner: 'owner', status, node },
      disks: [{ size: 8 }, { size: 8 }],
      snapshots: [
        { name: 'first', createdAt: '2024-01-01T00:00:00Z' },
        { name: 'second', createdAt: '2024-01-02T00:00:00Z' },
        { name: 'third', createdAt: '2024-01-03T00:00:00Z' },
        { name: 'lost', disk: 2, status: 'lost' },
      ],
    })
    const document = {
      nodes: [{ hostname: 'node01' }, { hostname: 'node02', status: 'unreachable' }],
      instances: [
        of(stopped, 'stopped', 'node01'),
        of(running, 'running', 'node01'),
        of(adrift, 'stopped', 'node02'),
      ],
    }
    await applyBootstrap(server.core, systemActor, JSON.stringify(document), 'test')
  })
  after(() => api.close())

  test('a snapshot is deleted, also by whoever only owns the instance', async () => {
    const path = (name: string, disk = 1, instance = stopped) =>
      `/instances/${uuid(instance)}/disks/${disk}/snapshots/${name}`
    const ask = (call: Call, name: string, disk?: number, instance?: number) =>
      call('DELETE', path(name, disk, instance))
    for (const [[name, disk, instance], status, code, reason] of [
      [['none'], 404, 'not-found', undefined],
      [['first', 2], 404, 'not-found', undefined],
      [['first', 9], 400, 'invalid', 'disk'],
      [['first', 0], 400, 'invalid', undefined],
      [['first', 1, absent], 404, 'not-found', undefined],
      [['first', 1, adrift], 409, 'state', undefined],
    ] as const)
      refused(await ask(owner, name, disk, instance), status, code, reason)
    refused(await ask(member, 'first'), 404, 'not-found')

    const begun = await ask(owner, 'first')
    assert.equal(begun.status, 202)
    const { snapshot, task } = begun.body as WireSnapshotRemoval
    assert.deepEqual(
      [snapshot.name, snapshot.status, task?.kind, task?.state],
      ['first', 'pending', 'delete-snapshot', 'pending'],
    )
    refused(await ask(owner, 'first'), 409, 'state', 'pending')
    refused(await owner('POST', `${path('first')}/revert`, {}), 409, 'state', 'pending')

    const gone = await ask(manager, 'lost', 2)
    assert.equal(gone.status, 200)
    assert.equal((gone.body as WireSnapshotRemoval).task, null)
    refused(await ask(manager, 'lost', 2), 404, 'not-found')
  })

  test('a disk is put back to a snapshot; where there are newer ones, only when that is wanted', async () => {
    const revert = (call: Call, name: string, body: object = {}, instance = stopped) =>
      call('POST', `/instances/${uuid(instance)}/disks/1/snapshots/${name}/revert`, body)
    refused(await revert(member, 'second'), 404, 'not-found')
    refused(await revert(owner, 'none'), 404, 'not-found')
    refused(await revert(owner, 'first', {}, running), 409, 'conflict', 'newer')
    refused(await revert(owner, 'first', { force: true }, running), 409, 'state', 'not-stopped')
    refused(await revert(owner, 'first', {}, adrift), 409, 'state')
    refused(await revert(owner, 'second'), 409, 'conflict', 'newer')
    refused(await revert(owner, 'second', { force: 'yes' }), 400, 'invalid')
    const begun = await revert(owner, 'second', { force: true })
    assert.equal(begun.status, 202)
    const { snapshot, task } = begun.body as WireSnapshotStarted
    assert.deepEqual(
      [snapshot.name, snapshot.status, task.kind, task.state],
      ['second', 'rollback', 'revert-snapshot', 'pending'],
    )
    refused(await revert(owner, 'second', { force: true }), 409, 'state', 'pending')
    assert.equal((await revert(manager, 'third')).status, 202)
  })
})
