import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type World, worlds } from './world.ts'

const denied = { detail: 'Permission denied' }
const success = (result: unknown) => ({ status: 'SUCCESS', result })
const failure = (result: unknown) => ({ status: 'FAILURE', result })

const zone = 'b5e8cf4f-4b4b-4d0c-8d0f-3f1f6f8f2a01'
const defaults = {
  dc: 'main',
  API_LOG_USER_CALLBACK: true,
  VMS_IMAGE_LIMIT: null,
  VMS_IMAGE_VM: 'imageport',
  VMS_IMAGE_VM_NIC: 1,
  VMS_IMAGE_SOURCES: [],
  VMS_IMAGE_REPOSITORIES: {
    danube: 'https://images.danube.cloud',
    joyent: 'https://images.joyent.com',
  },
}

for (const [engine, start] of worlds)
  describe(`settings on ${engine}`, () => {
    let w: World
    before(async () => {
      w = await start()
      await w.apply({
        nodes: [{ hostname: 'node01' }],
        instances: [
          { uuid: zone, hostname: 'Images', project: 'main', ostype: 5, node: 'node01', ips: ['192.0.2.7'] },
          { hostname: 'linux', project: 'main', ostype: 1 },
          { hostname: 'broken', project: 'main', ostype: 5, status: 'error' },
        ],
      })
    })
    after(() => w.close())

    const put = (json: object, status: number, body?: unknown) =>
      w.expect('PUT', '/dc/main/settings', { json }, status, body)

    test('who reads and who writes', async () => {
      await w.expect('GET', '/dc/main/settings/', {}, 200, success(defaults))
      const own = { dc: 'acme', API_LOG_USER_CALLBACK: true, VMS_IMAGE_LIMIT: null }
      for (const person of ['admin', 'chief', 'importer', 'keeper'] as const)
        await w.expect('GET', '/dc/acme/settings', { as: person }, 200, success(own))
      await w.expect('GET', '/dc/acme/settings', { as: 'member' }, 403, denied)
      await w.expect('GET', '/dc/park/settings', { as: 'lone' }, 403, denied)
      await w.expect('GET', '/dc/acme/settings', { as: 'lone' }, 404, { detail: 'Datacenter not found' })
      for (const person of ['chief', 'lone'] as const)
        await w.expect('PUT', '/dc/acme/settings', { as: person, json: {} }, 403, denied)
      await w.expect('PUT', '/dc/nowhere/settings', { json: {} }, 404, { detail: 'Datacenter not found' })
    })

    test('settings of a datacenter, which has none of the installation', async () => {
      const json = { VMS_IMAGE_LIMIT: '3', API_LOG_USER_CALLBACK: 'False', VMS_IMAGE_VM: null, OTHER: 1 }
      const changed = { dc: 'acme', API_LOG_USER_CALLBACK: false, VMS_IMAGE_LIMIT: 3 }
      await w.expect('PUT', '/dc/acme/settings', { json }, 200, success(changed))
      await w.expect('GET', '/dc/acme/settings', {}, 200, success(changed))
      await w.expect('GET', '/dc/main/settings', {}, 200, success(defaults))
      await w.expect('PUT', '/dc/acme/settings', { json: { VMS_IMAGE_LIMIT: null } }, 200, {
        status: 'SUCCESS',
        result: { ...changed, VMS_IMAGE_LIMIT: null },
      })
    })

    test('the image server: off, a machine by hostname or uuid, Imageport itself', async () => {
      const shown = (name: string | null) => success({ ...defaults, VMS_IMAGE_VM: name })
      await put({ VMS_IMAGE_VM: null }, 200, shown(null))
      assert.equal(await w.catalogue.imageServer.demandUsable(), false)
      await w.expect('GET', '/imagestore', {}, 200, success(['danube', 'joyent']))
      await put({ VMS_IMAGE_VM: 'images' }, 200, shown(zone))
      // Administrators see it as one more repository, by its hostname and its first address.
      const stores = await w.ask('GET', '/imagestore?full=true')
      assert.deepEqual(
        stores.body.result.map(({ name, url }: Record<string, string>) => [name, url]),
        [
          ['danube', 'https://images.danube.cloud'],
          ['joyent', 'https://images.joyent.com'],
          ['_images', 'http://192.0.2.7'],
        ],
      )
      // What is shown can be written back.
      await put({ VMS_IMAGE_VM: zone }, 200, shown(zone))
      await put({ VMS_IMAGE_VM: '' }, 200, shown(null))
      await put({ VMS_IMAGE_VM: 'imageport' }, 200, shown('imageport'))
      await put({}, 200, shown('imageport'))
    })

    test('an image server that cannot work refuses work on images', async () => {
      const { db } = w.core.database
      const work = () =>
        w
          .ask('PUT', '/image/some-image', { json: { desc: 'words' } })
          .then(({ status, body }) => [status, body])
      const { handle } = await w.catalogue.images.create(
        {
          userId: 1,
          username: 'admin',
          superAdmin: true,
          projectId: 1,
          roles: new Map(),
          face: 'system',
          requestId: null,
        },
        { ownerId: 1, name: 'Some image', handle: 'some-image', external: true },
      )
      assert.equal(handle, 'some-image')
      await put({ VMS_IMAGE_VM: zone }, 200)
      // It has one address; there is none at a second interface.
      await put({ VMS_IMAGE_VM_NIC: 2 }, 200)
      assert.deepEqual(await work(), [428, { detail: 'Image server is not available' }])
      await put({ VMS_IMAGE_VM_NIC: '1' }, 200)
      await db.updateTable('nodes').set({ status: 'maintenance' }).where('hostname', '=', 'node01').execute()
      assert.deepEqual(await work(), [423, { detail: 'Node is not operational' }])
      await db.updateTable('instances').set({ status: 'error' }).where('uuid', '=', zone).execute()
      assert.deepEqual(await work(), [428, { detail: 'Image server is not available' }])
      await db.deleteFrom('instances').where('uuid', '=', zone).execute()
      assert.deepEqual(await work(), [428, { detail: 'Image server is not available' }])
      await w.expect('GET', '/dc/main/settings', {}, 200, success({ ...defaults, VMS_IMAGE_VM: zone }))
      await put({ VMS_IMAGE_VM: 'imageport' }, 200)
    })

    test('lists, also as text, as clients send them', async () => {
      const json = {
        VMS_IMAGE_VM_NIC: '2',
        VMS_IMAGE_SOURCES: 'http://a.example.org,http://b/c',
        VMS_IMAGE_REPOSITORIES: '{"own": "http://images.example.org/repo"}',
      }
      const changed = {
        ...defaults,
        VMS_IMAGE_VM_NIC: 2,
        VMS_IMAGE_SOURCES: ['http://a.example.org', 'http://b/c'],
        VMS_IMAGE_REPOSITORIES: { own: 'http://images.example.org/repo' },
      }
      await put(json, 200, success(changed))
      await put({ VMS_IMAGE_SOURCES: [], VMS_IMAGE_REPOSITORIES: {}, VMS_IMAGE_VM_NIC: 1 }, 200, {
        status: 'SUCCESS',
        result: { ...defaults, VMS_IMAGE_REPOSITORIES: {} },
      })
    })

    describe('what is wrong is told field by field', () => {
      const many = (count: number) => Array.from({ length: count }, (_, i) => `http://h${i}.example.org`)
      const named = (count: number) => Object.fromEntries(many(count).map((url, i) => [`r${i}`, url]))
      const cases: [object, object][] = [
        [{ VMS_IMAGE_VM: 'nobody' }, { VMS_IMAGE_VM: ['VM not found'] }],
        [{ VMS_IMAGE_VM: 'broken' }, { VMS_IMAGE_VM: ['Invalid VM status; VM must be running or stopped.'] }],
        [{ VMS_IMAGE_VM: 'linux' }, { VMS_IMAGE_VM: ['Invalid OS type; VM must be a SunOS Zone.'] }],
        [{ VMS_IMAGE_VM: {} }, { VMS_IMAGE_VM: ['Invalid value.'] }],
        [{ VMS_IMAGE_LIMIT: 'x' }, { VMS_IMAGE_LIMIT: ['Enter a whole number.'] }],
        [{ VMS_IMAGE_LIMIT: -1 }, { VMS_IMAGE_LIMIT: ['Ensure this value is greater than or equal to 0.'] }],
        [{ VMS_IMAGE_LIMIT: true }, { VMS_IMAGE_LIMIT: ['Enter a whole number.'] }],
        [{ VMS_IMAGE_VM_NIC: null }, { VMS_IMAGE_VM_NIC: ['This field is required.'] }],
        [{ VMS_IMAGE_VM_NIC: 0 }, { VMS_IMAGE_VM_NIC: ['Ensure this value is greater than or equal to 1.'] }],
        [{ VMS_IMAGE_SOURCES: ['ftp://a.example.org'] }, { VMS_IMAGE_SOURCES: ['Invalid value.'] }],
        [{ VMS_IMAGE_SOURCES: [7] }, { VMS_IMAGE_SOURCES: ['Invalid value.'] }],
        [{ VMS_IMAGE_SOURCES: { a: 1 } }, { VMS_IMAGE_SOURCES: ['Invalid value.'] }],
        [
          { VMS_IMAGE_SOURCES: many(17) },
          { VMS_IMAGE_SOURCES: ['Ensure this value has at most 16 items (it has 17).'] },
        ],
        [{ VMS_IMAGE_REPOSITORIES: [] }, { VMS_IMAGE_REPOSITORIES: ['Invalid value.'] }],
        [{ VMS_IMAGE_REPOSITORIES: 'x' }, { VMS_IMAGE_REPOSITORIES: ['Invalid value.'] }],
        [{ VMS_IMAGE_REPOSITORIES: { A: 'http://h' } }, { VMS_IMAGE_REPOSITORIES: ['Invalid value.'] }],
        [{ VMS_IMAGE_REPOSITORIES: { a: 'nowhere' } }, { VMS_IMAGE_REPOSITORIES: ['Invalid value.'] }],
        [{ VMS_IMAGE_REPOSITORIES: { a: 7 } }, { VMS_IMAGE_REPOSITORIES: ['Invalid value.'] }],
        [
          { VMS_IMAGE_REPOSITORIES: { ['r'.repeat(33)]: 'http://h' } },
          { VMS_IMAGE_REPOSITORIES: ['Ensure this value has at most 32 characters (it has 33).'] },
        ],
        [
          { VMS_IMAGE_REPOSITORIES: named(17) },
          { VMS_IMAGE_REPOSITORIES: ['Ensure this value has at most 16 items (it has 17).'] },
        ],
        [
          { VMS_IMAGE_VM: 'nobody', VMS_IMAGE_LIMIT: 'x' },
          { VMS_IMAGE_LIMIT: ['Enter a whole number.'], VMS_IMAGE_VM: ['VM not found'] },
        ],
      ]
      for (const [json, errors] of cases)
        test(JSON.stringify(json).slice(0, 60), async () => {
          const before = (await w.ask('GET', '/dc/main/settings')).body.result
          await put(json, 400, failure(errors))
          assert.deepEqual((await w.ask('GET', '/dc/main/settings')).body.result, before)
        })
    })

    test('the task log tells what was said', async () => {
      const { body } = await put(
        { VMS_IMAGE_VM: 'imageport', VMS_IMAGE_REPOSITORIES: { own: 'http://h/x' } },
        200,
      )
      const [entry] = (await w.ask('GET', '/task/log')).body.results
      assert.deepEqual(
        [entry.task, entry.msg, entry.detail, entry.flag],
        [
          body.task_id,
          'Update datacenter settings',
          "VMS_IMAGE_VM='imageport' VMS_IMAGE_REPOSITORIES='own'",
          3,
        ],
      )
    })
  })
