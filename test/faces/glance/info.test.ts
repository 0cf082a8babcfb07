import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { importer, startImporting, threeStores } from './importing.ts'
import { startWorld, type World } from './world.ts'

const mib = 1024 ** 2

describe('how bytes can be imported (13.4)', () => {
  const rows: readonly [string, Parameters<typeof startWorld>[0], readonly string[]][] = [
    ['one store', {}, ['glance-direct', 'web-download', 'glance-download']],
    [
      'several stores',
      { stores: threeStores },
      ['glance-direct', 'web-download', 'glance-download', 'copy-image'],
    ],
    ['some methods', { settings: { importMethods: ['web-download', 'copy-image'] } }, ['web-download']],
    ['none', { settings: { importMethods: [] } }, []],
  ]
  for (const [what, options, methods] of rows)
    test(`with ${what}`, async () => {
      const world = await startWorld(options)
      // Whoever has a token, also one without a project.
      for (const as of ['eva', 'rita', 'lone', 'root'] as const) {
        const { body } = await world.expect('GET', '/info/import', { as }, 200)
        const { description, ...rest } = body['import-methods']
        assert.equal(typeof description, 'string')
        assert.deepEqual(rest, { type: 'array', value: methods })
      }
      await world.expect('GET', '/info/import', {}, 401)
      await world.expect('POST', '/info/import', { as: 'eva' }, 405)
      const { headers } = await world.expect('POST', '/images', { as: 'eva', json: {} }, 201)
      const told = headers.get('openstack-image-import-methods')
      assert.equal(told, methods.length > 0 ? methods.join(',') : null)
      const { uuid } = await world.image()
      for (const name of ['glance-direct', 'web-download', 'glance-download', 'copy-image']) {
        const json = { method: { name } }
        const { text } = await world.ask('POST', `/images/${uuid}/import`, { as: 'root', json })
        assert.equal(text.includes(`Unknown import method name '${name}'.`), !methods.includes(name), name)
      }
      await world.close()
    })
})

describe('usage (section 18)', () => {
  let world: World
  before(async () => {
    world = await startWorld({
      stores: threeStores,
      settings: {
        quotaBytes: 20 * mib + 5,
        quotaStagedBytes: 4 * mib,
        quotaImages: null,
        quotaUploads: 3,
      },
    })
  })
  after(() => world.close())

  const usage = async (as: 'eva' | 'rita' | 'omar' | 'root' = 'eva') =>
    (await world.expect('GET', '/info/usage', { as }, 200)).body.usage

  test('nothing is reported where nothing is limited', async () => {
    const free = await startWorld()
    await free.expect('GET', '/info/usage', { as: 'eva' }, 200, { usage: {} })
    await free.close()
  })

  test('what there is, what waits, how many there are and how many come: of the caller’s project', async () => {
    assert.deepEqual(await usage('omar'), {
      image_size_total: { usage: 0, limit: 20 },
      image_stage_total: { usage: 0, limit: 4 },
      image_count_total: { usage: 0, limit: -1 },
      image_count_uploading: { usage: 0, limit: 3 },
    })
    const { staged, begin, ended } = importer(world)
    await world.image({}, Buffer.alloc(2 * mib + mib / 2))
    const { uuid } = await staged(Buffer.alloc(3 * mib, 'x'))
    assert.deepEqual(await usage('rita'), {
      image_size_total: { usage: 2, limit: 20 },
      image_stage_total: { usage: 3, limit: 4 },
      image_count_total: { usage: 2, limit: -1 },
      image_count_uploading: { usage: 1, limit: 3 },
    })
    // Being imported it counts where it will be, and waits still.
    await begin(uuid, { method: { name: 'glance-direct' }, all_stores: true })
    const importing = await usage()
    assert.deepEqual([importing.image_size_total.usage, importing.image_stage_total.usage], [11, 3])
    const more = await world.image()
    const data = Buffer.alloc(9 * mib)
    await world.expect('PUT', `/images/${more.uuid}/file`, { as: 'eva', data }, 413, 'in all')
    const runner = await startImporting(world)
    await ended(uuid)
    await runner.stop()
    const done = await usage()
    assert.deepEqual(
      [done.image_size_total.usage, done.image_stage_total.usage, done.image_count_uploading.usage],
      [11, 0, 0],
    )
    await world.expect('DELETE', `/stores/cold/${uuid}`, { as: 'root' }, 204)
    assert.equal((await usage()).image_size_total.usage, 8)
    await world.expect('DELETE', `/images/${uuid}`, { as: 'eva' }, 204)
    assert.equal((await usage()).image_size_total.usage, 2)
    assert.equal((await usage('omar')).image_size_total.usage, 0)
  })

  test('needs a project and a token, and reads no body', async () => {
    await world.expect('GET', '/info/usage', { as: 'lone' }, 403)
    await world.expect('GET', '/info/usage', {}, 401)
    const response = await world.app.inject({
      method: 'GET',
      url: '/v2/info/usage',
      headers: { 'x-auth-token': world.tokens.eva },
      payload: 'what nobody reads',
    })
    assert.equal(response.statusCode, 200)
  })
})
