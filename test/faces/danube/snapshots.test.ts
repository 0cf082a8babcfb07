/** danube.md 4.6: snapshots of the disks of records, with the real qemu-img where a disk has a file. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { haveQemuImg } from '../../support/disk-images.ts'
import { patterns, type Servers, startServers, web01 } from './servers.ts'
import type { Ask, Person } from './world.ts'

const run = promisify(execFile)
const missing = (await haveQemuImg()) ? false : 'qemu-img is missing and cannot be installed here'

const at = (name: string, vm = 'web01') => `/dc/acme/vm/${vm}/snapshot/${name}`
const ok = (result: unknown) => ({ status: 'SUCCESS', result })

describe('snapshots', { skip: missing }, () => {
  let world: Servers
  let file: string
  before(async () => {
    world = await startServers()
    file = join(world.disks, 'web01.qcow2')
  })
  after(() => world?.close())
  beforeEach(() => world.set({ status: 'stopped', node: 'online', snapshot: 'ok' }))

  const inFile = async () => {
    const { stdout } = await run('qemu-img', ['info', '--output=json', file])
    return ((JSON.parse(stdout).snapshots ?? []) as { name: string }[]).map(({ name }) => name)
  }
  const holds = (pattern: string) =>
    run('qemu-io', ['-r', '-f', 'qcow2', '-c', `read -P ${pattern} 0 64k`, file]).then(
      ({ stdout }) => !stdout.includes('verification failed'),
      () => false,
    )

  describe('reading', () => {
    const lists: readonly [query: string, names: readonly string[]][] = [
      ['', ['bare', 'before-upgrade']],
      ['?order_by=name', ['bare', 'before-upgrade']],
      ['?order_by=-name', ['before-upgrade', 'bare']],
      ['?order_by=disk_id', ['before-upgrade', 'bare']],
      ['?order_by=created', ['before-upgrade', 'bare']],
      ['?order_by=size,name', ['before-upgrade', 'bare']],
      ['?disk_id=1', ['before-upgrade']],
      ['?disk_id=2', ['bare']],
      ['?type=1', []],
      ['?type=2', ['bare', 'before-upgrade']],
      ['?define=daily', []],
    ]
    for (const [query, names] of lists)
      test(`the list${query}`, () =>
        world
          .expect('GET', `/dc/acme/vm/web01/snapshot${query}`, { as: 'member' }, 200, ok(names))
          .then(() => {}))

    test('the object, with its keys in order', async () => {
      const { body } = await world.ask('GET', at('bare'), { as: 'member', json: undefined })
      assert.deepEqual(body, { detail: 'Snapshot not found' })
      const { body: found } = await world.ask('GET', `${at('bare')}?disk_id=2`, { as: 'member' })
      const { id, ...facts } = found.result
      assert.ok(Number.isInteger(id))
      const wanted = {
        hostname: 'web01',
        vm_uuid: web01.uuid,
        define: null,
        name: 'bare',
        disk_id: 2,
        note: 'nothing in it',
        type: 2,
        created: '2024-01-02T00:00:00Z',
        status: 1,
        size: 2048 * 2 ** 20,
      }
      assert.deepEqual(facts, wanted)
      assert.deepEqual(Object.keys(found.result), [...Object.keys(wanted), 'id'])
      const { body: full } = await world.ask('GET', '/dc/acme/vm/web01/snapshot?full=true')
      assert.deepEqual(full.result[0], found.result)
    })

    const refused: readonly [as: Person, path: string, status: number, detail: string][] = [
      ['member', '/dc/acme/vm/none/snapshot', 404, 'VM not found'],
      ['lone', '/dc/park/vm/web01/snapshot', 404, 'VM not found'],
      ['member', '/dc/acme/vm/web01/snapshot?disk_id=3', 412, 'Invalid disk_id'],
      ['member', '/dc/acme/vm/web01/snapshot?disk_id=x', 412, 'Invalid disk_id'],
      ['member', `${at('none')}?disk_id=0`, 412, 'Invalid disk_id'],
      ['member', at('none'), 404, 'Snapshot not found'],
      [
        'member',
        '/dc/acme/vm/web01/snapshot?order_by=note',
        412,
        'Invalid order_by; Possible sort fields are: name, disk_id, size, created',
      ],
    ]
    for (const [as, path, status, detail] of refused)
      test(`${as} ${path}`, () => world.expect('GET', path, { as }, status, { detail }).then(() => {}))
  })

  test('one is made, changed, put back and deleted, in the file as well', async () => {
    await patterns(file, ['write -P 0x44 0 64k'])
    // A callback that makes no sense fails nothing, and is told in the log (2.8).
    const odd = { cb_url: 'nonsense' }
    const json = { note: 'by hand', ...odd }
    const { body } = await world.expect('POST', at('made'), { as: 'member', json }, 201, {
      status: 'PENDING',
      result: null,
    })
    assert.match(body.task_id, new RegExp(`^${world.ids.member}e${world.ids.member}d2-`))
    assert.equal((await world.ended(body.task_id)).state, 'succeeded')
    await world.expect('GET', `/dc/acme/task/${body.task_id}/status`, { as: 'member' }, 200, {
      status: 'SUCCESS',
      result: {
        returncode: 0,
        message: 'Successfully created snapshot made',
        detail: "snapname='made', disk_id=1",
      },
    })
    assert.deepEqual(await inFile(), ['before-upgrade', 'made'])
    const shown = (await world.ask('GET', at('made'))).body.result
    assert.deepEqual([shown.status, shown.note, shown.size], [1, 'by hand', 8 * 2 ** 20])
    await world.expect('POST', at('made'), { json: {} }, 406, { detail: 'Snapshot already exists' })

    await world.expect(
      'PUT',
      at('made'),
      { json: { note: 'another' } },
      200,
      ok({ ...shown, note: 'another' }),
    )
    await world.expect('PUT', at('made'), { json: { note: null } }, 200, ok({ ...shown, note: '' }))

    await patterns(file, ['write -P 0x55 0 64k'])
    assert.equal(await holds('0x55'), true)
    assert.equal((await world.work('PUT', at('made'), { as: 'member', json: odd })).state, 'succeeded')
    assert.equal(await holds('0x44'), true)
    await world.expect('PUT', at('before-upgrade'), { json: { force: false } }, 417, {
      detail: 'VM has more recent snapshots',
    })

    assert.equal((await world.work('DELETE', at('made'), { as: 'member', json: odd })).state, 'succeeded')
    await world.expect('GET', at('made'), {}, 404, { detail: 'Snapshot not found' })
    assert.deepEqual(await inFile(), ['before-upgrade'])
    const log = await world.core.database.db
      .selectFrom('task_log')
      .select(['message', 'detail', 'flag'])
      .where('object_id', '=', web01.uuid)
      .where('state', '=', 'pending')
      .orderBy('id')
      .execute()
    const detail = "snapname='made', disk_id=1 callback='cb_url: Invalid value.'"
    assert.deepEqual(log, [
      { message: "Create snapshot of server's disk", detail, flag: 1 },
      { message: "Rollback snapshot of server's disk", detail, flag: 3 },
      { message: "Delete snapshot of server's disk", detail, flag: 2 },
    ])
  })

  test('of a disk without a file: what is written of it is all there is', async () => {
    const json = { disk_id: 2 }
    assert.equal((await world.work('POST', at('record'), { json })).state, 'succeeded')
    assert.equal((await world.ask('GET', `${at('record')}?disk_id=2`)).body.result.status, 1)
    assert.equal((await world.work('PUT', at('record'), { json })).state, 'succeeded')
    assert.equal((await world.work('DELETE', at('record'), { json })).state, 'succeeded')
    await world.expect('GET', `${at('record')}?disk_id=2`, {}, 404, { detail: 'Snapshot not found' })
  })

  test('of a file on which something runs: it fails, and nothing of it remains', async () => {
    await world.set({ status: 'running' })
    const { body } = await world.ask('POST', at('never'), { json: {} })
    assert.equal((await world.ended(body.task_id)).state, 'failed')
    const message = 'ERROR: Snapshots in the disk file of web01 need it to be stopped.'
    await world.expect('GET', `/dc/acme/task/${body.task_id}/status`, {}, 400, {
      status: 'FAILURE',
      result: { returncode: 5, message, detail: "snapname='never', disk_id=1" },
    })
    await world.expect('GET', at('never'), {}, 404, { detail: 'Snapshot not found' })
    assert.equal((await world.work('DELETE', at('before-upgrade'))).state, 'failed')
    assert.equal((await world.ask('GET', at('before-upgrade'))).body.result.status, 1)
  })

  test('what cannot be put back is as it was', async () => {
    const { db } = world.core.database
    const name = (to: string) =>
      db.updateTable('snapshots').set({ name: to }).where('name', 'in', ['before-upgrade', 'other']).execute()
    await name('other')
    try {
      for (const method of ['PUT', 'DELETE']) {
        const task = await world.work(method, at('other'))
        assert.deepEqual([task.state, task.failure], ['failed', 'The disk has no snapshot of this name.'])
        assert.equal((await world.ask('GET', at('other'))).body.result.status, 1)
      }
    } finally {
      await name('before-upgrade')
    }
  })

  test('a lost one goes at once', async () => {
    const { db } = world.core.database
    await db
      .insertInto('snapshots')
      .values({
        instance_uuid: web01.uuid,
        disk: 1,
        name: 'lost',
        note: '',
        type: 2,
        status: 'lost',
        size: 1,
        file: null,
        created_at: 1,
        updated_at: 1,
      })
      .execute()
    assert.equal((await world.ask('GET', at('lost'))).body.result.status, 4)
    await world.expect('PUT', at('lost'), { json: {} }, 417, { detail: 'VM snapshot status is not OK' })
    const result = { message: 'Snapshot successfully deleted from DB' }
    await world.expect('DELETE', at('lost'), {}, 200, ok(result))
    await world.expect('DELETE', at('lost'), {}, 404, { detail: 'Snapshot not found' })
  })

  type Facts = Parameters<Servers['set']>[0]
  const bad: Facts = { status: 'notcreated', node: 'maintenance', snapshot: 'pending' }
  const online: Facts = { ...bad, node: 'online' }
  const installed: Facts = { ...online, status: 'running' }
  /** Each row breaks what its check looks at and everything that is looked at later: the first one counts. */
  const order: readonly [
    method: string,
    path: string,
    ask: Ask,
    facts: Facts,
    status: number,
    detail: string,
  ][] = [
    ['POST', at('x', 'none'), {}, bad, 404, 'VM not found'],
    ['POST', at('before-upgrade'), { json: { disk_id: 9 } }, bad, 423, 'Node is not operational'],
    ['POST', at('before-upgrade'), { json: { disk_id: 9 } }, online, 412, 'Invalid disk_id'],
    ['POST', at('before-upgrade'), { json: { note: '<' } }, online, 406, 'Snapshot already exists'],
    ['POST', at('new'), { as: 'member', json: { note: '<' } }, online, 428, 'VM is not installed'],
    ['POST', at('new'), { as: 'chief', json: { note: '<' } }, online, 423, 'VM is not operational'],
    ['POST', at('new'), { json: {} }, { status: 'frozen' }, 423, 'VM is not operational'],
    ['DELETE', at('none'), { json: { disk_id: 9 } }, bad, 423, 'Node is not operational'],
    ['DELETE', at('none'), { json: { disk_id: '9' } }, online, 412, 'Invalid disk_id'],
    ['DELETE', at('none'), {}, online, 404, 'Snapshot not found'],
    ['DELETE', at('before-upgrade'), { as: 'member' }, online, 428, 'VM is not installed'],
    ['DELETE', at('before-upgrade'), {}, online, 423, 'VM is not operational'],
    ['DELETE', at('before-upgrade'), {}, installed, 417, 'VM snapshot status is not OK'],
    ['PUT', at('none'), { json: { disk_id: 9 } }, bad, 412, 'Invalid disk_id'],
    ['PUT', at('none'), {}, bad, 404, 'Snapshot not found'],
    ['PUT', at('before-upgrade'), {}, bad, 423, 'Node is not operational'],
    ['PUT', at('before-upgrade'), {}, online, 423, 'VM is not operational'],
    ['PUT', at('before-upgrade'), {}, installed, 417, 'VM snapshot status is not OK'],
    ['PUT', at('before-upgrade'), {}, { status: 'running' }, 423, 'VM is not stopped'],
  ]
  describe('what is checked first', () => {
    for (const [method, path, ask, facts, status, detail] of order)
      test(`${method} ${path} ${JSON.stringify(ask)}: ${detail}`, async () => {
        await world.set(facts)
        await world.expect(method, path, { json: {}, ...ask }, status, { detail })
      })

    const wrong: readonly [path: string, json: object, result: object][] = [
      [
        at('a23456789012345678901234x'),
        {},
        { name: ['Ensure this value has at most 24 characters (it has 25).'] },
      ],
      [at('-x'), {}, { name: ['Invalid value.'] }],
      [at('x'), { note: '<b>' }, { note: ['Invalid value.'] }],
      [
        at('x'),
        { note: 'x'.repeat(129) },
        { note: ['Ensure this value has at most 128 characters (it has 129).'] },
      ],
    ]
    for (const [path, json, result] of wrong)
      test(`${path} ${JSON.stringify(json).slice(0, 40)}`, async () => {
        await world.expect('POST', path, { json }, 400, { status: 'FAILURE', result })
        await world.expect('GET', '/dc/acme/vm/web01/snapshot?disk_id=1', {}, 200, ok(['before-upgrade']))
      })
  })

  test('a disk with snapshots stays', async () => {
    await world.expect('DELETE', '/dc/acme/vm/web01/define/disk/2', {}, 428, { detail: 'VM has snapshots' })
  })
})
