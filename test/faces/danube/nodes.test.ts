/** danube.md 4.5: compute nodes, the lever for everything that a node can refuse. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Person, startWorld, type World } from './world.ts'

describe('nodes', () => {
  let world: World
  before(async () => {
    world = await startWorld()
    await world.apply({
      nodes: [
        { hostname: 'node02', status: 'unreachable' },
        { hostname: 'node01', createdAt: '2024-01-01T00:00:00Z' },
      ],
      instances: [{ hostname: 'web01', project: 'main', node: 'node01', status: 'stopped' }],
    })
  })
  after(() => world?.close())
  const ok = (result: unknown) => ({ status: 'SUCCESS', result })

  test('are listed and shown', async () => {
    await world.expect('GET', '/node', {}, 200, ok(['node01', 'node02']))
    const node01 = { hostname: 'node01', status: 'online', created: '2024-01-01T00:00:00Z' }
    await world.expect('GET', '/node/node01', {}, 200, ok(node01))
    const { body } = await world.ask('GET', '/node?full=1')
    assert.deepEqual(
      body.result.map(({ hostname, status }: Record<string, string>) => [hostname, status]),
      [
        ['node01', 'online'],
        ['node02', 'unreachable'],
      ],
    )
    await world.expect('GET', '/node/none', {}, 404, { detail: 'Node not found' })
  })

  test('are taken out of service and put back', async () => {
    const path = '/node/node01/define'
    const nodeStatus = async () => (await world.ask('GET', '/vm/web01')).body.result.node_status
    await world.expect('GET', path, {}, 200, ok({ hostname: 'node01', status: 2 }))
    const json = { status: '1' }
    const { body } = await world.expect('PUT', path, { json }, 200, ok({ hostname: 'node01', status: 1 }))
    const log = await world.ask('GET', '/task/log?page=1&object_type=node')
    assert.deepEqual(
      log.body.results.map((entry: Record<string, unknown>) => [
        ...[entry.task, entry.status, entry.object_name, entry.msg, entry.detail, entry.flag],
      ]),
      [[body.task_id, 'SUCCESS', 'node01', 'Update node definition', 'status=1', 3]],
    )
    assert.equal(await nodeStatus(), 'maintenance')
    await world.expect('PUT', '/vm/web01/status/start', {}, 423, { detail: 'Node is not operational' })
    await world.expect('PUT', path, { json: { status: 2 } }, 200, ok({ hostname: 'node01', status: 2 }))
    assert.equal(await nodeStatus(), 'online')
    await world.expect('PUT', '/node/node02/define', { json: { status: 2 } }, 200)
  })

  const wrong: readonly [json: object, message: string][] = [
    [{}, 'This field is required.'],
    [{ status: 'online' }, 'Enter a whole number.'],
    [{ status: 3 }, 'Select a valid choice. 3 is not one of the available choices.'],
    [{ status: true }, 'Enter a whole number.'],
  ]
  for (const [json, message] of wrong)
    test(`refuses ${JSON.stringify(json)}`, () =>
      world
        .expect('PUT', '/node/node01/define', { json }, 400, {
          status: 'FAILURE',
          result: { status: [message] },
        })
        .then(() => {}))

  const requests: readonly [method: string, path: string][] = [
    ['GET', '/node'],
    ['GET', '/node/node01'],
    ['GET', '/node/none/define'],
    ['PUT', '/node/node01/define'],
  ]
  for (const as of ['chief', 'keeper', 'lone'] satisfies Person[])
    for (const [method, path] of requests)
      test(`${as} may not ${method} ${path}`, () =>
        world.expect(method, path, { as }, 403, { detail: 'Permission denied' }).then(() => {}))
})
