/** danube.md 1.8: images from the snapshots of servers, with the real qemu-img on the files of records. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { demandSame, type Servers, startServers, web01 } from '../../faces/danube/servers.ts'
import type { Ask, Person } from '../../faces/danube/world.ts'
import { haveQemuImg } from '../../support/disk-images.ts'

const run = promisify(execFile)
const missing = (await haveQemuImg()) ? false : 'qemu-img is missing and cannot be installed here'

const path = (image: string, { snapshot = 'before-upgrade', vm = 'web01' } = {}) =>
  `/dc/acme/vm/${vm}/snapshot/${snapshot}/image/${image}`

describe('an image from a snapshot', { skip: missing }, () => {
  let world: Servers
  before(async () => {
    world = await startServers()
    await world.apply({
      images: [
        { uuid: '5b2c1f4e-6a56-4b0e-9d41-3f1a7c0a9d10', handle: 'taken', name: 'taken', project: 'acme' },
      ],
    })
  })
  after(() => world?.close())
  beforeEach(() => world.set({ status: 'stopped', node: 'online', snapshot: 'ok', server: true }))

  const snapshotStatus = async (name = 'before-upgrade', disk = 1) =>
    (await world.ask('GET', `/dc/acme/vm/web01/snapshot/${name}?disk_id=${disk}`)).body.result.status

  test('is there at once, pending, and then holds what the snapshot held', async () => {
    const { body, headers } = await world.expect(
      'POST',
      path('from-web01'),
      { as: 'keeper', json: { desc: 'Before the upgrade', tags: 'web,db', dc_bound: false } },
      201,
      { status: 'PENDING', result: null },
    )
    assert.equal(headers.get('es_task_response'), 'true')
    assert.match(body.task_id, new RegExp(`^${world.ids.keeper}e${world.ids.keeper}u2-`))
    const task = await world.ended(body.task_id)
    assert.deepEqual([task.state, task.failure], ['succeeded', null])
    const status = await world.ask('GET', `/task/${body.task_id}/status`, { as: 'keeper' })
    assert.equal(status.status, 200)
    assert.match(
      status.body.result.message,
      /^Successfully created image from-web01 \(transferred \d+ bytes in \d+ seconds\)$/,
    )
    assert.equal(await snapshotStatus(), 1)

    const shown = (await world.ask('GET', '/image/from-web01?extended=1', { as: 'keeper' })).body.result
    const { uuid, created, ...facts } = shown
    assert.match(uuid, /^[0-9a-f-]{36}$/)
    assert.match(created, /Z$/)
    assert.deepEqual(facts, {
      dc_bound: true,
      name: 'from-web01',
      alias: 'from-web01',
      version: '1.0',
      owner: 'keeper',
      access: 3,
      desc: 'Before the upgrade',
      ostype: 1,
      size: 8,
      resize: false,
      deploy: false,
      tags: ['db', 'web'],
      status: 1,
      dcs: ['acme'],
    })
    const image = await world.catalogue.images.view(systemActor, uuid)
    assert.deepEqual(
      [image.diskFormat, image.containerFormat, image.virtualSize, image.instance?.hostname],
      ['qcow2', 'bare', 8 * 2 ** 20, 'web01'],
    )
    assert.deepEqual(image.manifest, { v: 2, type: 'zvol', os: 'linux', image_size: 8 })

    const file = join(world.scratch, 'downloaded.qcow2')
    const { read } = await world.catalogue.bytes.serve(systemActor, image)
    await writeFile(file, read())
    await demandSame(file, world.reference)
    assert.deepEqual(await world.leftOvers(), [])
  })

  test('the log tells of it', async () => {
    const task = await world.work('POST', path('logged'), { json: { alias: 'Logged', version: '2' } })
    const entries = await world.core.database.db
      .selectFrom('task_log')
      .selectAll()
      .where('task_id', '=', task.id)
      .orderBy('id')
      .execute()
    assert.deepEqual(
      entries.map(({ state, message, detail, object_name, object_alias, project_id, flag }) => ({
        state,
        message,
        detail: detail.replace(/\(.*\)/, '(…)'),
        object: [object_name, object_alias],
        project_id,
        flag,
      })),
      [
        {
          state: 'pending',
          message: 'Create image',
          detail: "hostname='web01' snapname='before-upgrade' disk_id=1 alias='Logged' version='2'",
          object: ['logged', 'Logged'],
          project_id: 2,
          flag: 1,
        },
        {
          state: 'succeeded',
          message: 'Create image',
          detail: 'Successfully created image logged (…)',
          object: ['logged', 'Logged'],
          project_id: 2,
          flag: 1,
        },
      ],
    )
  })

  test('access 4: out of use as soon as it is there', async () => {
    await world.work('POST', path('withdrawn'), { json: { access: '4' } })
    const { body } = await world.ask('GET', '/image/withdrawn')
    assert.deepEqual([body.result.access, body.result.status], [4, 1])
  })

  type Facts = Parameters<Servers['set']>[0]
  const bad: Facts = { status: 'notcreated', node: 'maintenance', snapshot: 'pending', server: false }
  /** Each row breaks what its check looks at and everything that is looked at later: the first one counts. */
  type Check = readonly [what: string, ask: Ask, path: string, facts: Facts, status: number, body: unknown]
  const order: readonly Check[] = [
    [
      'nobody',
      { as: 'nobody' },
      '/dc/none/vm/x/snapshot/x/image/taken',
      bad,
      403,
      'Authentication credentials were not provided.',
    ],
    [
      'the datacenter',
      { as: 'keeper' },
      '/dc/none/vm/x/snapshot/x/image/taken',
      bad,
      404,
      'Datacenter not found',
    ],
    [
      'an owner, who is no ImageAdmin',
      { as: 'chief' },
      path('taken', { vm: 'none' }),
      bad,
      403,
      'Permission denied',
    ],
    ['a member', { as: 'member' }, path('taken', { vm: 'none' }), bad, 403, 'Permission denied'],
    [
      'ImageAdmin elsewhere',
      { as: 'keeper' },
      '/dc/park/vm/web01/snapshot/x/image/taken',
      bad,
      403,
      'Permission denied',
    ],
    ['the server', { as: 'keeper' }, path('taken', { vm: 'none' }), bad, 404, 'VM not found'],
    [
      'the node',
      { as: 'keeper', json: { disk_id: 9 } },
      path('taken', { snapshot: 'none' }),
      bad,
      423,
      'Node is not operational',
    ],
    ...[0, -1, 3, '3', 'x', true, null, 1.5, [1]].map(
      (disk_id): Check => [
        `disk_id ${JSON.stringify(disk_id)}`,
        { as: 'keeper', json: { disk_id } },
        path('taken', { snapshot: 'none' }),
        { ...bad, node: 'online' },
        412,
        'Invalid disk_id',
      ],
    ),
    [
      'the snapshot',
      { as: 'keeper' },
      path('taken', { snapshot: 'none' }),
      { ...bad, node: 'online' },
      404,
      'Snapshot not found',
    ],
    [
      'a snapshot of another disk',
      { as: 'keeper', json: { disk_id: '2' } },
      path('taken'),
      { ...bad, node: 'online' },
      404,
      'Snapshot not found',
    ],
    [
      'the name',
      { as: 'keeper', json: { access: 5 } },
      path('taken'),
      { ...bad, node: 'online' },
      406,
      'Image already exists',
    ],
    [
      'the image server',
      { as: 'keeper' },
      path('free'),
      { ...bad, node: 'online' },
      428,
      'Image server is not available',
    ],
    [
      'the status of the server',
      { as: 'keeper' },
      path('free'),
      { ...bad, node: 'online', server: true },
      423,
      'VM is not operational',
    ],
    [
      'the snapshot at work',
      { as: 'keeper' },
      path('free'),
      { snapshot: 'pending' },
      417,
      'VM snapshot status is not OK',
    ],
    [
      'the snapshot going back',
      { as: 'keeper' },
      path('free'),
      { snapshot: 'rollback' },
      417,
      'VM snapshot status is not OK',
    ],
    [
      'the snapshot that is lost',
      { as: 'keeper' },
      path('free'),
      { snapshot: 'lost' },
      417,
      'VM snapshot status is not OK',
    ],
  ]
  describe('what is checked first', () => {
    for (const [what, ask, where, facts, status, detail] of order)
      test(what, async () => {
        await world.set(facts)
        await world.expect('POST', where, { json: {}, ...ask }, status, { detail })
      })

    test('the fields, before the image server', async () => {
      await world.set({ ...bad, node: 'online' })
      const json = { access: 2, owner: 'nobody', tags: [1], version: '', alias: 'a&b', desc: 'x'.repeat(129) }
      await world.expect('POST', path('free'), { as: 'keeper', json }, 400, {
        status: 'FAILURE',
        result: {
          alias: ['Invalid value.'],
          version: ['This field is required.'],
          owner: ['Object with username=nobody does not exist.'],
          access: ['Select a valid choice. 2 is not one of the available choices.'],
          desc: ['Ensure this value has at most 128 characters (it has 129).'],
          tags: ['Invalid value.'],
        },
      })
      await world.expect('POST', path('-free'), { as: 'keeper', json: {} }, 400, {
        status: 'FAILURE',
        result: { name: ['Invalid value.'] },
      })
    })

    test('alias and version of another image', async () => {
      await world.set({ ...bad, node: 'online' })
      const taken = 'This alias is already in use. Please supply a different alias or version.'
      await world.expect('POST', path('free'), { as: 'keeper', json: { alias: 'TAKEN' } }, 400, {
        status: 'FAILURE',
        result: { alias: [taken] },
      })
    })

    test('as many images as the datacenter may have', async () => {
      const { db } = world.core.database
      await db
        .updateTable('projects')
        .set({ settings_json: '{"imageLimit":1}' })
        .where('id', '=', 2)
        .execute()
      try {
        await world.expect('POST', path('free'), { as: 'keeper', json: {} }, 400, {
          status: 'FAILURE',
          result: { non_field_errors: ['Maximum number of server disk images reached'] },
        })
      } finally {
        await db.updateTable('projects').set({ settings_json: '{}' }).where('id', '=', 2).execute()
      }
    })

    for (const status of ['notcreated', 'notready', 'deploying', 'error', 'stopped-', 'running-'])
      test(`a server that is ${status}`, async () => {
        await world.set({ status })
        await world.expect('POST', path('free'), { as: 'keeper', json: {} }, 423, {
          detail: 'VM is not operational',
        })
      })
  })

  test('an image server that cannot work, or whose node is away, comes before the server', async () => {
    const server = (node: string, status: string, ips: string[]) =>
      world.apply({
        nodes: [{ hostname: 'node09', status: node }],
        instances: [{ hostname: 'images09', project: 'main', node: 'node09', ostype: 5, status, ips }],
      })
    await server('online', 'running', ['192.0.2.9'])
    await world.expect('PUT', '/dc/main/settings', { json: { VMS_IMAGE_VM: 'images09' } }, 200)
    await world.set({ ...bad, node: 'online', server: true })
    const post = (status: number, detail: string) =>
      world.expect('POST', path('free'), { as: 'keeper', json: {} }, status, { detail })
    await post(423, 'VM is not operational')
    await server('maintenance', 'running', ['192.0.2.9'])
    await post(423, 'Node is not operational')
    await server('maintenance', 'running', [])
    await post(428, 'Image server is not available')
    await server('online', 'error', ['192.0.2.9'])
    await post(428, 'Image server is not available')
    await server('online', 'running', ['192.0.2.9'])
    await world.expect('PUT', '/dc/main/settings', { json: { VMS_IMAGE_VM: 'imageport' } }, 200)
  })

  test('what is said of it is taken, as es sends it; the datacenter is not for the caller to say', async () => {
    const json = {
      ...{ alias: 'Said', version: 2.5, owner: 'importer', access: '1', desc: null, name: 'unused' },
      ...{ resize: 'True', deploy: '1', tags: '"two words" a', dc_bound: 'false', size: 5, ostype: 4 },
    }
    const { body } = await world.ask('POST', path('said'), { as: 'keeper', json })
    assert.match(body.task_id, new RegExp(`^${world.ids.keeper}e${world.ids.importer}u2-`))
    await world.ended(body.task_id)
    const {
      uuid: _uuid,
      created: _created,
      ...facts
    } = (await world.ask('GET', '/image/said?extended=1')).body.result
    assert.deepEqual(facts, {
      ...{ dc_bound: true, name: 'said', alias: 'Said', version: '2.5', owner: 'importer', access: 1 },
      ...{ desc: '', ostype: 1, size: 8, resize: true, deploy: true, tags: ['a', 'two words'], status: 1 },
      dcs: ['acme'],
    })
    await world.expect('POST', path('other'), { as: 'keeper', json: { name: '-x' } }, 400, {
      status: 'FAILURE',
      result: { name: ['Invalid value.'] },
    })
  })

  for (const status of ['running', 'stopping', 'frozen'])
    test(`a server that is ${status}: its old snapshots can be exported`, async () => {
      await world.set({ status })
      assert.equal((await world.work('POST', path(`of-${status}`), { as: 'keeper' })).state, 'succeeded')
    })

  test('of two that want the same snapshot at once, one is refused', async () => {
    const replies = await Promise.all(
      ['one', 'two'].map((name) => world.ask('POST', path(`twin-${name}`), { as: 'keeper', json: {} })),
    )
    const [first, second] = replies.toSorted((a, b) => a.status - b.status)
    assert.equal(first!.status, 201)
    // The export of a few bytes may have ended before the second one was looked at.
    if (second!.status !== 201) assert.deepEqual(second!.body, { detail: 'VM snapshot status is not OK' })
    for (const { status, body } of replies) if (status === 201) await world.ended(body.task_id)
    assert.equal(await snapshotStatus(), 1)
  })

  describe('a failed export restores the states and leaves no bytes', () => {
    type Spoil = () => Promise<() => Promise<void>>
    const file = () => join(world.disks, 'web01.qcow2')
    const away = () => join(world.scratch, 'web01.away')
    const replaced =
      (replace: () => Promise<unknown>): Spoil =>
      async () => {
        await run('mv', [file(), away()])
        await replace()
        return async () => {
          await rm(file(), { force: true })
          await run('mv', [away(), file()])
        }
      }
    const renamed =
      (name: string | null): Spoil =>
      async () => {
        const set = (to: string | null) =>
          world.core.database.db
            .updateTable('disks')
            .set({ file: to })
            .where('instance_uuid', '=', web01.uuid)
            .where('number', '=', 1)
            .execute()
        await set(name)
        return async () => {
          await set('web01.qcow2')
        }
      }
    const spoils: readonly (readonly [what: string, spoil: Spoil, message: RegExp, code: number])[] = [
      ['the file is gone', replaced(async () => {}), /^ERROR: There is no such disk file\.$/, 5],
      ['the file is a link that leads out', replaced(() => symlink(away(), file())), /^ERROR: .*outside/, 1],
      [
        'the file is no disk with snapshots',
        replaced(() => writeFile(file(), Buffer.alloc(4096))),
        /^ERROR: A raw disk holds no snapshots\.$/,
        5,
      ],
      [
        'the snapshot is not in the file',
        replaced(() => run('qemu-img', ['create', '-q', '-f', 'qcow2', file(), '8M'])),
        /^ERROR: The disk has no snapshot of this name\.$/,
        5,
      ],
      [
        'the file is broken',
        replaced(() => writeFile(file(), Buffer.from('QFI\xfb broken', 'latin1'))),
        /^ERROR: /,
        8,
      ],
      [
        'its backing file is outside',
        replaced(async () => {
          await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', world.reference, '-F', 'raw', file()])
          await run('qemu-img', ['snapshot', '-c', 'before-upgrade', file()])
        }),
        /^ERROR: .*outside/,
        1,
      ],
      ['the record has no file', renamed(null), /^ERROR: Disk 1 of web01 has no file to read\.$/, 5],
      ['the name leads up', renamed('../web01.away'), /^ERROR: .*outside/, 1],
      ['the name is absolute', renamed('/etc/passwd'), /^ERROR: .*outside/, 1],
      ['the name is that of a directory', renamed('folder'), /^ERROR: There is no such disk file\.$/, 5],
    ]
    before(() => mkdir(join(world.disks, 'folder')))

    for (const [what, spoil, message, code] of spoils)
      test(what, async () => {
        const repair = await spoil()
        try {
          const { body } = await world.ask('POST', path('never'), { as: 'keeper', json: {} })
          const task = await world.ended(body.task_id)
          assert.equal(task.state, 'failed')
          const { status, body: told } = await world.ask('GET', `/task/${body.task_id}/status`)
          assert.deepEqual([status, told.status, told.result.returncode], [400, 'FAILURE', code])
          assert.match(told.result.message, message)
          assert.equal(told.result.detail, `Got bad return code (${code}). Error: ${told.result.message}`)
          assert.equal(await snapshotStatus(), 1)
          await world.expect('GET', '/image/never', {}, 404, { detail: 'Image not found' })
          assert.deepEqual(await world.leftOvers(), [])
        } finally {
          await repair()
        }
      })

    test('the snapshot of a disk without any file', async () => {
      const task = await world.work('POST', path('never', { snapshot: 'bare' }), { json: { disk_id: 2 } })
      assert.equal(task.state, 'failed')
      assert.equal(await snapshotStatus('bare', 2), 1)
      assert.deepEqual(await world.leftOvers(), [])
    })

    test('too little space', async () => {
      const { core } = world
      const settings = core.settings as { freeSpaceFloorBytes: number }
      const { freeSpaceFloorBytes } = settings
      settings.freeSpaceFloorBytes = Number.MAX_SAFE_INTEGER
      try {
        const { body } = await world.ask('POST', path('never'), { as: 'keeper', json: {} })
        await world.ended(body.task_id)
        const { body: told } = await world.ask('GET', `/task/${body.task_id}/status`)
        assert.deepEqual(
          [told.result.returncode, told.result.message],
          [10, 'ERROR: Not enough free space on image server'],
        )
        assert.equal(await snapshotStatus(), 1)
      } finally {
        settings.freeSpaceFloorBytes = freeSpaceFloorBytes
      }
    })

    test('the name can be used again', async () => {
      assert.equal((await world.work('POST', path('never'), { as: 'keeper' })).state, 'succeeded')
    })
  })

  test('cancelled while it is exported: the export stops, and nothing remains', async () => {
    const { disks } = world.core
    const real = disks.export
    const exporting = Promise.withResolvers<void>()
    // A disk that would take for ever; everything else is as it is.
    disks.export = (_source, target, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        void writeFile(target, 'half').then(() => exporting.resolve())
      })
    try {
      const { body } = await world.ask('POST', path('cancelled'), { as: 'keeper', json: {} })
      await exporting.promise
      assert.equal(await snapshotStatus(), 2)
      assert.equal((await world.ask('GET', '/image/cancelled')).body.result.status, 2)
      assert.equal((await world.leftOvers()).length, 1)
      await world.ask('PUT', `/dc/acme/task/${body.task_id}/cancel`, { as: 'keeper', json: {} })
      assert.equal((await world.ended(body.task_id)).state, 'cancelled')
      assert.equal(await snapshotStatus(), 1)
      await world.expect('GET', '/image/cancelled', {}, 404, { detail: 'Image not found' })
      assert.deepEqual(await world.leftOvers(), [])
    } finally {
      disks.export = real
    }
  })

  test('the state in a file of its own (an external snapshot)', async () => {
    await copyFile(world.reference, join(world.disks, 'state.raw'))
    await world.apply({
      instances: [
        {
          hostname: 'ext01',
          project: 'acme',
          status: 'stopped',
          disks: [{ size: 8 }],
          snapshots: [{ name: 'outer', file: 'state.raw' }],
        },
      ],
    })
    const task = await world.work('POST', path('external', { vm: 'ext01', snapshot: 'outer' }))
    assert.equal(task.state, 'succeeded')
    const { body } = await world.ask('GET', '/image/external')
    const image = await world.catalogue.images.view(systemActor, body.result.uuid)
    const file = join(world.scratch, 'external.qcow2')
    const { read } = await world.catalogue.bytes.serve(systemActor, image)
    await writeFile(file, read())
    await demandSame(file, world.reference)
  })

  const ostypes: readonly [ostype: number, type: string, os: string][] = [
    [1, 'zvol', 'linux'],
    [2, 'zvol', 'illumos'],
    [3, 'zvol', 'bsd'],
    [4, 'zvol', 'windows'],
    [5, 'zone-dataset', 'smartos'],
    [6, 'lx-dataset', 'linux'],
  ]
  for (const [ostype, type, os] of ostypes)
    test(`ostype ${ostype} is ${type} and ${os} in the manifest`, async () => {
      const { db } = world.core.database
      await db.updateTable('instances').set({ ostype }).where('uuid', '=', web01.uuid).execute()
      try {
        await world.work('POST', path(`ostype-${ostype}`), { as: 'keeper' })
        const { body } = await world.ask('GET', `/image/ostype-${ostype}`)
        assert.deepEqual([body.result.ostype, body.result.size], [ostype, 8])
        const { manifest } = await world.catalogue.images.view(systemActor, body.result.uuid)
        assert.deepEqual(manifest, { v: 2, type, os, image_size: 8 })
      } finally {
        await db.updateTable('instances').set({ ostype: 1 }).where('uuid', '=', web01.uuid).execute()
      }
    })

  const who: readonly [as: Person, status: number][] = [
    ['admin', 201],
    ['importer', 201],
    ['lone', 404],
  ]
  for (const [as, status] of who)
    test(`asked by ${as}`, async () => {
      const reply = await world.ask('POST', path(`by-${as}`), { as, json: {} })
      assert.equal(reply.status, status)
      if (status === 201) await world.ended(reply.body.task_id)
    })
})
