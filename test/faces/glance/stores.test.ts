import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { filesStore } from '../../../src/store/files.ts'
import { importer, startImporting, threeStores } from './importing.ts'
import { type Person, startWorld, unknown, type World } from './world.ts'

/** glance.md section 14. */
let several: World
let single: World
before(async () => {
  several = await startWorld({ stores: threeStores })
  single = await startWorld()
})
after(() => Promise.all([several.close(), single.close()]))

test('stores are listed, what is true of them as text', async () => {
  for (const as of ['eva', 'rita', 'root'] as const)
    await several.expect('GET', '/info/stores', { as }, 200, {
      stores: [{ id: 'fast', default: 'true' }, { id: 'bulk' }, { id: 'cold' }],
    })
  await several.expect('GET', '/info/stores', { as: 'lone' }, 403)
})

test('details are for administrators, and tell no paths', async () => {
  const { body, text } = await several.expect('GET', '/info/stores/detail', { as: 'root' }, 200)
  assert.deepEqual(body.stores[1], {
    id: 'bulk',
    type: 'file',
    weight: 1,
    properties: { thin_provisioning: false },
  })
  assert.deepEqual(
    body.stores.map(({ id, weight }: { id: string; weight: number }) => [id, weight]),
    [
      ['fast', 2],
      ['bulk', 1],
      ['cold', 0],
    ],
  )
  assert.doesNotMatch(text, /imageport-core|tmp/)
  for (const as of ['eva', 'rita', 'omar'] as const)
    await several.expect('GET', '/info/stores/detail', { as }, 403, 'stores_info_detail')
})

test('details are for services, too, which need no other role', async () => {
  const { openstack } = several.catalogue
  const { identityOf } = openstack
  openstack.identityOf = async (...given) => ({
    ...(await identityOf(...given)),
    roles: new Set(['service']),
  })
  try {
    await several.expect('GET', '/info/stores/detail', { as: 'lone' }, 200)
    await several.expect('GET', '/info/stores', { as: 'lone' }, 403)
  } finally {
    openstack.identityOf = identityOf
  }
})

test('one store is never named', async () => {
  const { uuid } = await single.image({}, 'there')
  const text = 'Multi backend is not supported at this site.'
  for (const path of ['/info/stores', '/info/stores/detail'])
    for (const as of ['eva', 'root'] as const) await single.expect('GET', path, { as }, 404, text)
  await single.expect('DELETE', `/stores/default/${uuid}`, { as: 'root' }, 404, text)
})

test('a store that can only be read is named, and takes nothing', async () => {
  const world = await startWorld({
    stores: (directory) => [
      ...threeStores(directory).slice(0, 1),
      filesStore({ name: 'fixed', directory, readOnly: true }),
    ],
    readOnly: ['fixed'],
  })
  await world.expect('GET', '/info/stores', { as: 'eva' }, 200, {
    stores: [
      { id: 'fast', default: 'true' },
      { id: 'fixed', 'read-only': 'true' },
    ],
  })
  const { uuid } = await world.image({}, 'there')
  const json = { method: { name: 'copy-image' }, stores: ['fixed'] }
  await world.expect('POST', `/images/${uuid}/import`, { as: 'root', json }, 403, 'read-only')
  // Nothing is left to do in those that take images.
  const all = { ...json, stores: undefined, all_stores: true }
  await world.expect('POST', `/images/${uuid}/import`, { as: 'root', json: all }, 202)
  await world.close()
})

test('an image leaves one of its stores', async () => {
  const runner = await startImporting(several)
  const { begin, ended, show } = importer(several)
  const { uuid } = await several.image({}, 'everywhere')
  await begin(uuid, { method: { name: 'copy-image' }, all_stores: true }, 'root')
  await ended(uuid)
  const path = `/stores/fast/${uuid}`
  const rows: readonly [string, string, Person | undefined, number, string][] = [
    ['without a token', path, undefined, 401, ''],
    ['its owner', path, 'eva', 403, 'delete_image_location'],
    ['a stranger', path, 'omar', 404, 'No image found'],
    ['an unknown store', `/stores/slow/${uuid}`, 'root', 409, 'Store for identifier slow not found'],
    ['an unknown image', `/stores/fast/${unknown}`, 'root', 404, 'No image found'],
    ['no image', '/stores/fast/x', 'root', 404, 'No image found'],
  ]
  for (const [what, place, as, status, text] of rows) {
    const reply = await several.ask('DELETE', place, as ? { as } : {})
    assert.equal(reply.status, status, what)
    assert.ok(reply.text.includes(text), `${what}: ${reply.text}`)
  }
  assert.equal((await several.expect('DELETE', path, { as: 'root' }, 204)).text, '')
  assert.equal((await show(uuid)).stores, 'bulk,cold')
  await several.expect('DELETE', path, { as: 'root' }, 404, 'not in store fast')
  assert.equal((await several.expect('GET', `/images/${uuid}/file`, { as: 'eva' }, 200)).text, 'everywhere')
  await several.expect('DELETE', `/stores/bulk/${uuid}`, { as: 'root' }, 204)
  const last = 'Cannot delete image data from the only store containing it.'
  await several.expect('DELETE', `/stores/cold/${uuid}`, { as: 'root' }, 403, last)
  await several.expect('POST', `/images/${uuid}/actions/deactivate`, { as: 'eva' }, 204)
  await several.expect('DELETE', `/stores/cold/${uuid}`, { as: 'root' }, 409, 'deactivated')
  await several.expect('PUT', `/stores/cold/${uuid}`, { as: 'root' }, 405)
  await runner.stop()
})

test('an image that is being copied stays where it is', async () => {
  const { begin } = importer(several)
  const { uuid } = await several.image({}, 'being copied')
  await begin(uuid, { method: { name: 'copy-image' }, stores: ['cold'] }, 'root')
  await several.catalogue.bytes.receive(
    systemActor,
    (await several.image()).uuid,
    (async function* () {
      yield Buffer.from('being copied')
    })(),
    { fallback: 'queued', store: 'bulk' },
  )
  await several.expect('DELETE', `/stores/fast/${uuid}`, { as: 'root' }, 409, 'active task')
})

test('new images say where and how bytes can be brought in', async () => {
  const create = async (world: World) =>
    (await world.expect('POST', '/images', { as: 'eva', json: {} }, 201)).headers
  const one = await create(single)
  assert.equal(one.get('openstack-image-import-methods'), 'glance-direct,web-download,glance-download')
  assert.equal(one.get('openstack-image-store-ids'), null)
  const many = await create(several)
  assert.equal(
    many.get('openstack-image-import-methods'),
    'glance-direct,web-download,glance-download,copy-image',
  )
  assert.equal(many.get('openstack-image-store-ids'), 'fast,bulk,cold')
})

test('an upload goes into the store that its header names', async () => {
  const { show } = importer(several)
  const { uuid } = await several.image()
  const headers = { 'x-image-meta-store': 'cold' }
  await several.expect('PUT', `/images/${uuid}/file`, { as: 'eva', data: 'to the cold', headers }, 204)
  assert.equal((await show(uuid)).stores, 'cold')
})
