/** danube.md 4.5: servers, their definitions, disks and states. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type Ask, type Person, startWorld, type World } from './world.ts'

const own = '11111111-2222-4333-8444-555555555555'
const others = '99999999-2222-4333-8444-555555555555'

describe('servers', () => {
  let world: World
  before(async () => {
    world = await startWorld()
    await world.location('home')
    await world.apply({
      nodes: [{ hostname: 'node01' }, { hostname: 'node02', status: 'maintenance' }],
      images: [
        { uuid: '5b2c1f4e-6a56-4b0e-9d41-3f1a7c0a9d10', handle: 'centos', name: 'centos', project: 'acme' },
        {
          uuid: '5b2c1f4e-6a56-4b0e-9d41-3f1a7c0a9d11',
          handle: 'elsewhere',
          name: 'elsewhere',
          project: 'vault',
        },
        { uuid: '5b2c1f4e-6a56-4b0e-9d41-3f1a7c0a9d12', handle: 'gone', name: 'gone', project: 'acme' },
      ],
      instances: [
        {
          uuid: own,
          hostname: 'web01.example.org',
          project: 'acme',
          owner: 'member',
          node: 'node01',
          status: 'stopped',
          ips: ['192.0.2.7', '2001:db8::7'],
          disks: [{ size: 10240, image: 'centos' }, { size: 2048 }],
        },
        {
          uuid: others,
          hostname: 'db01',
          project: 'acme',
          owner: 'chief',
          node: 'node02',
          status: 'running',
        },
        { hostname: 'apart', project: 'vault', status: 'running' },
      ],
    })
    await world.core.database.db
      .updateTable('images')
      .set({ withdrawn: 1 })
      .where('handle', '=', 'gone')
      .execute()
  })
  after(() => world?.close())

  const shown = {
    hostname: 'web01.example.org',
    uuid: own,
    alias: 'web01.example.org',
    node: 'node01',
    owner: 'member',
    status: 'stopped',
    node_status: 'online',
    vcpus: 0,
    ram: 0,
    disk: 12288,
    ips: ['192.0.2.7', '2001:db8::7'],
    uptime: 0,
    locked: false,
    changed: false,
  }
  const ok = (result: unknown) => ({ status: 'SUCCESS', result })

  describe('reading', () => {
    const lists: readonly [as: Person, path: string, names: readonly string[]][] = [
      ['admin', '/dc/acme/vm', ['db01', 'web01.example.org']],
      ['chief', '/dc/acme/vm/', ['db01', 'web01.example.org']],
      ['keeper', '/vm?dc=acme', ['db01', 'web01.example.org']],
      ['keeper', '/vm?dc=acme&order_by=%2Bhostname', ['web01.example.org', 'db01']],
      ['member', '/dc/acme/vm', ['web01.example.org']],
      ['lone', '/dc/park/vm', []],
      ['admin', '/vm', []],
      ['admin', '/dc/vault/vm', ['apart']],
    ]
    for (const [as, path, names] of lists)
      test(`${as} ${path}`, () => world.expect('GET', path, { as }, 200, ok(names)).then(() => {}))

    test('full objects, with their keys in order', async () => {
      const { body } = await world.expect('GET', '/dc/acme/vm?full=1', { as: 'member' }, 200, ok([shown]))
      assert.deepEqual(Object.keys(body.result[0]), Object.keys(shown))
    })

    for (const name of [own, own.toUpperCase(), 'web01.example.org', 'WEB01.example.org'])
      test(`by ${name}`, async () => {
        const { body } = await world.expect('GET', `/dc/acme/vm/${name}`, { as: 'keeper' }, 200, ok(shown))
        // Of the owner, in the datacenter.
        assert.match(body.task_id, new RegExp(`^${world.ids.keeper}d${world.ids.member}d2-`))
      })

    const hidden: readonly [as: Person, path: string, detail: string][] = [
      ['admin', '/vm/web01.example.org', 'VM not found'],
      ['member', '/dc/acme/vm/db01', 'VM not found'],
      ['member', `/dc/acme/vm/${others}`, 'VM not found'],
      ['keeper', '/dc/acme/vm/apart', 'VM not found'],
      ['lone', '/dc/acme/vm/web01.example.org', 'Datacenter not found'],
    ]
    for (const [as, path, detail] of hidden)
      test(`${as} does not see ${path}`, () =>
        world.expect('GET', path, { as }, 404, { detail }).then(() => {}))

    test('an order that there is not', async () => {
      await world.expect('GET', '/dc/acme/vm?order_by=uuid', {}, 412, {
        detail: 'Invalid order_by; Possible sort fields are: hostname',
      })
    })
  })

  describe('definitions', () => {
    const path = '/dc/acme/vm/app01/define'

    test('a server is defined, changed, seen and deleted', async () => {
      const json = {
        vcpus: '2',
        ram: 512,
        alias: 'app',
        ostype: '4',
        node: 'node01',
        ips: '192.0.2.8,192.0.2.9',
      }
      const { body } = await world.expect('POST', path, { as: 'chief', json }, 201)
      const { uuid, created, ...facts } = body.result
      assert.match(uuid, /^[0-9a-f-]{36}$/)
      assert.match(created, /^\d{4}-.*Z$/)
      assert.deepEqual(facts, {
        hostname: 'app01',
        alias: 'app',
        node: 'node01',
        owner: 'chief',
        ostype: 4,
        vcpus: 2,
        ram: 512,
        ips: ['192.0.2.8', '192.0.2.9'],
      })
      await world.expect('GET', path, { as: 'chief' }, 200, ok(body.result))
      const seen = await world.ask('GET', '/dc/acme/vm/app01', { as: 'chief' })
      assert.deepEqual([seen.body.result.status, seen.body.result.disk], ['notcreated', 0])
      await world.expect('POST', path, { as: 'chief', json: {} }, 406, { detail: 'VM already exists' })
      await world.expect('POST', '/dc/acme/vm/APP01/define', { json: {} }, 406, {
        detail: 'VM already exists',
      })

      const changed = await world.expect(
        'PUT',
        path,
        { as: 'chief', json: { ram: 1024, owner: 'member' } },
        200,
      )
      assert.deepEqual(
        [changed.body.result.ram, changed.body.result.vcpus, changed.body.result.owner],
        [1024, 2, 'member'],
      )
      await world.expect('GET', '/dc/acme/vm/app01', { as: 'member' }, 200)
      await world.expect('DELETE', path, { as: 'chief' }, 200, ok(null))
      await world.expect('GET', path, { as: 'chief' }, 404, { detail: 'VM not found' })
      const log = await world.core.database.db
        .selectFrom('task_log')
        .select(['message', 'object_type', 'object_name', 'project_id', 'bound', 'state'])
        .where('object_id', '=', uuid)
        .orderBy('id')
        .execute()
      assert.deepEqual(
        log.map((entry) => Object.values(entry)),
        ['Create', 'Update', 'Delete'].map((verb) => [
          `${verb} server definition`,
          'vm',
          'app01',
          2,
          1,
          'succeeded',
        ]),
      )
    })

    test('only administrators choose the uuid', async () => {
      const uuid = '77777777-2222-4333-8444-555555555555'
      const json = { vcpus: 1, ram: 64, uuid }
      const other = await world.expect('POST', '/dc/acme/vm/own-uuid/define', { as: 'chief', json }, 201)
      assert.notEqual(other.body.result.uuid, uuid)
      const chosen = await world.expect('POST', '/dc/acme/vm/chosen/define', { json }, 201)
      assert.equal(chosen.body.result.uuid, uuid)
      await world.expect('POST', '/dc/acme/vm/again/define', { json }, 406, { detail: 'VM already exists' })
      for (const name of ['own-uuid', 'chosen'])
        await world.expect('DELETE', `/dc/acme/vm/${name}/define`, {}, 200)
    })

    const wrong: readonly [json: object, result: object][] = [
      [{}, { vcpus: ['This field is required.'], ram: ['This field is required.'] }],
      [
        { vcpus: 'x', ram: true },
        { vcpus: ['Enter a whole number.'], ram: ['Enter a whole number.'] },
      ],
      [
        { vcpus: 0, ram: 9_999_999 },
        {
          vcpus: ['Ensure this value is greater than or equal to 1.'],
          ram: ['Ensure this value is less than or equal to 524288.'],
        },
      ],
      [
        { vcpus: 1, ram: 1, ostype: 7, alias: 'a<b', owner: 'none', ips: ['x'], node: 'none' },
        {
          ostype: ['Select a valid choice. 7 is not one of the available choices.'],
          alias: ['Invalid value.'],
          owner: ['Object with username=none does not exist.'],
          ips: ['Invalid value.'],
        },
      ],
      [{ vcpus: 1, ram: 1, node: 'none' }, { node: ['Object with hostname=none does not exist.'] }],
    ]
    for (const [json, result] of wrong)
      test(`refuses ${JSON.stringify(json)}`, () =>
        world
          .expect('POST', '/dc/acme/vm/bad/define', { json }, 400, { status: 'FAILURE', result })
          .then(() => {}))

    const denied: readonly [as: Person, method: string, path: string][] = [
      ['member', 'POST', '/dc/acme/vm/mine/define'],
      ['member', 'PUT', '/dc/acme/vm/web01.example.org/define'],
      ['member', 'DELETE', '/dc/acme/vm/web01.example.org/define'],
      ['member', 'POST', '/dc/acme/vm/web01.example.org/define/disk/3'],
      ['lone', 'POST', '/dc/park/vm/mine/define'],
    ]
    for (const [as, method, where] of denied)
      test(`${as} may not ${method} ${where}`, () =>
        world
          .expect(method, where, { as, json: { vcpus: 1, ram: 1, size: 1 } }, 403, {
            detail: 'Permission denied',
          })
          .then(() => {}))

    test('a server that runs keeps its definition', async () => {
      await world.expect('DELETE', '/dc/acme/vm/db01/define', {}, 423, { detail: 'VM is not operational' })
    })
  })

  describe('disks', () => {
    const disk = (number: number | string, vm = 'web01.example.org') =>
      `/dc/acme/vm/${vm}/define/disk/${number}`
    const first = {
      disk_id: 1,
      size: 10240,
      image: 'centos',
      image_uuid: '5b2c1f4e-6a56-4b0e-9d41-3f1a7c0a9d10',
      boot: true,
    }
    const second = { disk_id: 2, size: 2048, image: null, image_uuid: null, boot: false }

    test('are listed and shown', async () => {
      await world.expect(
        'GET',
        '/dc/acme/vm/web01.example.org/define/disk',
        { as: 'member' },
        200,
        ok([first, second]),
      )
      await world.expect('GET', disk(1), { as: 'member' }, 200, ok(first))
      await world.expect('GET', disk(3), { as: 'member' }, 404, { detail: 'VM disk not found' })
      assert.equal((await world.ask('GET', disk('x'))).text, 'Resource not found')
    })

    test('are added, changed and removed', async () => {
      const made = { disk_id: 3, size: 512, image: 'centos', image_uuid: first.image_uuid, boot: false }
      await world.expect('POST', disk(3), { json: { size: '512', image: 'centos' } }, 201, ok(made))
      await world.expect('POST', disk(3), { json: {} }, 406, { detail: 'VM disk already exists' })
      await world.expect('POST', disk(5), { json: { size: 1 } }, 412, { detail: 'Invalid disk_id' })
      await world.expect('POST', disk(0), { json: { size: 1 } }, 412, { detail: 'Invalid disk_id' })
      const changed = { ...made, size: 1024, image: null, image_uuid: null, boot: true }
      await world.expect('PUT', disk(3), { json: { size: 1024, image: null, boot: 1 } }, 200, ok(changed))
      await world.expect('DELETE', disk(3), {}, 200, ok(null))
      await world.expect('PUT', disk(3), { json: {} }, 404, { detail: 'VM disk not found' })
    })

    const wrong: readonly [json: object, result: object][] = [
      [{}, { size: ['This field is required.'] }],
      [{ size: 0 }, { size: ['Ensure this value is greater than or equal to 1.'] }],
      [{ size: 'big' }, { size: ['Enter a whole number.'] }],
      [{ size: 1, image: 'none' }, { image: ['Object with name=none does not exist.'] }],
      [{ size: 1, image: 'elsewhere' }, { image: ['Object with name=elsewhere does not exist.'] }],
      [{ size: 1, image: 'gone' }, { image: ['Object with name=gone does not exist.'] }],
    ]
    for (const [json, result] of wrong)
      test(`refuses ${JSON.stringify(json)}`, () =>
        world.expect('POST', disk(3), { json }, 400, { status: 'FAILURE', result }).then(() => {}))
  })

  describe('states', () => {
    const at = (action: string, vm = 'web01.example.org') => `/dc/acme/vm/${vm}/status/${action}`
    const status = async () => (await world.ask('GET', '/dc/acme/vm/web01.example.org')).body.result.status
    beforeEach(async () => {
      await world.core.database.db
        .updateTable('instances')
        .set({ status: 'stopped' })
        .where('uuid', '=', own)
        .execute()
    })

    async function change(action: string, ask: Ask = {}) {
      const { body } = await world.expect('PUT', at(action), ask, 201, { status: 'PENDING', result: null })
      const task = await world.ended(body.task_id)
      assert.deepEqual([task.kind, task.state], ['instance-state', 'succeeded'])
      return { taskId: body.task_id as string, status: await status() }
    }

    test('its owner starts, reboots and stops it', async () => {
      const { taskId, status: started } = await change('start', { as: 'member' })
      assert.equal(started, 'running')
      assert.match(taskId, new RegExp(`^${world.ids.member}e${world.ids.member}d2-`))
      await world.expect('GET', `/dc/acme/task/${taskId}/status`, { as: 'member' }, 200)
      assert.equal((await change('reboot', { json: { force: true } })).status, 'running')
      assert.equal(
        (await change('stop', { json: { cb_url: 'http://192.0.2.1/', cb_method: 'PATCH' } })).status,
        'stopped',
      )
      const log = await world.core.database.db
        .selectFrom('task_log')
        .select(['message', 'detail'])
        .where('object_id', '=', own)
        .where('state', '=', 'pending')
        .orderBy('id')
        .execute()
      assert.deepEqual(
        log.slice(-3).map(({ message, detail }) => [message, detail]),
        [
          ['Start server', 'force=false'],
          ['Force server reboot', 'force=true'],
          // A callback that makes no sense fails nothing, and is told in the log (2.8).
          ['Stop server', "force=false callback='cb_method: Invalid value.'"],
        ],
      )
    })

    test('what is not created yet is started', async () => {
      await world.core.database.db
        .updateTable('instances')
        .set({ status: 'notcreated' })
        .where('uuid', '=', own)
        .execute()
      assert.equal((await change('start')).status, 'running')
    })

    const refused: readonly [was: string, action: string][] = [
      ['stopped', 'stop'],
      ['stopped', 'reboot'],
      ['running', 'start'],
      ['running-', 'stop'],
      ['notcreated', 'stop'],
      ['error', 'start'],
    ]
    for (const [was, action] of refused)
      test(`${action} of one that is ${was}`, async () => {
        await world.core.database.db
          .updateTable('instances')
          .set({ status: was })
          .where('uuid', '=', own)
          .execute()
        await world.expect('PUT', at(action), {}, 423, { detail: 'VM is not operational' })
        assert.equal(await status(), was)
      })

    test('on a node that is out of service', async () => {
      await world.expect('PUT', at('stop', 'db01'), {}, 423, { detail: 'Node is not operational' })
    })

    test("somebody else's, and no state at all", async () => {
      await world.expect('PUT', at('stop', 'db01'), { as: 'member' }, 404, { detail: 'VM not found' })
      assert.equal((await world.ask('PUT', at('explode'))).text, 'Resource not found')
    })
  })
})
