import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { qcow2Header } from '../../support/disk-images.ts'
import { type Ask, startWorld, unknown, type World } from './world.ts'

/** glance.md 13.1. */
let world: World
before(async () => {
  world = await startWorld({ settings: { maxImageBytes: 2_000_000 } })
})
after(() => world.close())

const show = async (id: string) => (await world.expect('GET', `/images/${id}`, { as: 'eva' }, 200)).body
const kept = async () => {
  let blobs = 0
  for (const { store } of world.core.stores.all) for await (const _blob of store.list()) blobs++
  return blobs
}

test('bytes wait: the size is known, digests are not, and nothing can be had yet', async () => {
  const { uuid } = await world.image()
  const reply = await world.expect('PUT', `/images/${uuid}/stage`, { as: 'eva', data: 'waiting' }, 204)
  assert.equal(reply.text, '')
  const { status, size, checksum, os_hash_algo, os_hash_value } = await show(uuid)
  assert.deepEqual(
    { status, size, checksum, os_hash_algo, os_hash_value },
    { status: 'uploading', size: 7, checksum: null, os_hash_algo: null, os_hash_value: null },
  )
  await world.expect('PUT', `/images/${uuid}/stage`, { as: 'eva', data: 'again' }, 409, 'uploading')
  await world.expect('PUT', `/images/${uuid}/file`, { as: 'eva', data: 'again' }, 409, 'uploading')
  await world.expect('GET', `/images/${uuid}/file`, { as: 'eva' }, 204)
  assert.equal((await show(uuid)).size, 7)
})

test('formats need not be declared yet', async () => {
  for (const facts of [{ diskFormat: null, containerFormat: null }, { containerFormat: null }]) {
    const { uuid } = await world.image(facts)
    await world.expect('PUT', `/images/${uuid}/stage`, { as: 'eva', data: 'whatever' }, 204)
    assert.equal((await show(uuid)).status, 'uploading')
  }
})

test('nothing is left of staged bytes when their image goes', async () => {
  const before = await kept()
  const { uuid } = await world.image()
  await world.expect('PUT', `/images/${uuid}/stage`, { as: 'eva', data: 'short-lived' }, 204)
  await world.expect('DELETE', `/images/${uuid}`, { as: 'eva' }, 204)
  assert.equal(await kept(), before)
})

describe('refusals leave the image as it was, and no bytes', () => {
  const hostile = qcow2Header({ backingOffset: 512n })
  const qcow2 = qcow2Header()
  const rows: readonly [what: string, draft: object, ask: Ask, status: number, text: string][] = [
    ['no media type', {}, { as: 'eva', body: new Uint8Array([1]) }, 415, 'application/octet-stream'],
    ['JSON', {}, { as: 'eva', json: {} }, 415, 'application/octet-stream'],
    ['hostile bytes', { diskFormat: 'qcow2' }, { as: 'eva', data: hostile }, 415, 'backing file'],
    ['hostile bytes, undeclared', { diskFormat: null }, { as: 'eva', data: hostile }, 415, 'backing file'],
    [
      'hostile bytes in a container',
      { containerFormat: 'ovf', diskFormat: 'raw' },
      { as: 'eva', data: hostile },
      415,
      'backing file',
    ],
    ['another format', { diskFormat: 'qcow2' }, { as: 'eva', data: 'not one' }, 415, 'declared to be qcow2'],
    ['a reader', {}, { as: 'rita', data: 'x' }, 403, 'modify_image'],
    ['another project', {}, { as: 'omar', data: 'x' }, 404, 'No image found'],
    ['another project, public', { visibility: 'public' }, { as: 'omar', data: 'x' }, 403, 'modify_image'],
    ['too many bytes', {}, { as: 'eva', data: new Uint8Array(2_000_001) }, 413, '2000000'],
    [
      'a size that is no number',
      {},
      { as: 'eva', data: 'x', headers: { 'x-openstack-image-size': 'x' } },
      400,
      'X-OpenStack-Image-Size',
    ],
    [
      'another size than announced',
      {},
      { as: 'eva', data: 'xyz', headers: { 'x-openstack-image-size': '7' } },
      400,
      '7 bytes were announced',
    ],
  ]
  for (const [what, draft, ask, status, text] of rows)
    test(what, async () => {
      const before = await kept()
      const { uuid } = await world.image(draft)
      await world.expect('PUT', `/images/${uuid}/stage`, ask, status, text)
      const image = await show(uuid)
      assert.deepEqual([image.status, image.size, image.virtual_size], ['queued', null, null])
      assert.equal(await kept(), before)
    })

  test('what is declared to be something, in a container that is not looked at', async () => {
    const { uuid } = await world.image({ diskFormat: 'vhd', containerFormat: 'ami' })
    await world.expect('PUT', `/images/${uuid}/stage`, { as: 'eva', data: qcow2 }, 204)
  })

  test('an image that is not there, or active already', async () => {
    await world.expect('PUT', `/images/${unknown}/stage`, { as: 'eva', data: 'x' }, 404)
    const { uuid } = await world.image({}, 'there')
    await world.expect('PUT', `/images/${uuid}/stage`, { as: 'eva', data: 'x' }, 409, 'active to uploading')
  })

  test('without a token', async () => {
    await world.expect('PUT', `/images/${unknown}/stage`, { data: 'x' }, 401)
  })
})

test('where staging is switched off there is nothing to stage into', async () => {
  const other = await startWorld({ settings: { importMethods: ['web-download'] } })
  const { uuid } = await other.image()
  const text = "'glance-direct' method is not available at this site."
  await other.expect('PUT', `/images/${uuid}/stage`, { as: 'eva', data: 'x' }, 404, text)
  await other.close()
})

test('quotas for what waits and for what is on its way', async () => {
  const other = await startWorld({ settings: { quotaStagedBytes: 5, quotaUploads: 3, quotaBytes: 1 } })
  const stage = async (data: string, status: number, text?: string) => {
    const { uuid } = await other.image()
    await other.expect('PUT', `/images/${uuid}/stage`, { as: 'eva', data }, status, text)
  }
  // What waits is not held yet: the quota for that is asked by the import.
  await stage('123', 204)
  await stage('123', 413, '5 bytes')
  await stage('12', 204)
  await stage('', 204)
  await stage('', 413, '3 images')
  const { uuid } = await other.image()
  await other.expect('PUT', `/images/${uuid}/file`, { as: 'eva', data: '' }, 413, '3 images')
  await other.close()
})
