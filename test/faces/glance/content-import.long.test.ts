/** Content inspection of staged and of fetched bytes. Contract: glance 13.1, 13.3, 23.2 and 24.1. */
import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Runner } from '../../../src/work/runner.ts'
import { type FileServer, fileServer } from '../../support/file-server.ts'
import { good, hostile, kept, lies, nothing } from './contents.ts'
import { importer, startImporting } from './importing.ts'
import { startWorld, type World } from './world.ts'

let source: FileServer
let world: World
let lenient: World
const runners: Runner[] = []
before(async () => {
  source = await fileServer()
  const importAllow = source.url.replace('http://', '')
  world = await startWorld({ importAllow })
  lenient = await startWorld({ importAllow, settings: { formatCheck: 'warn' } })
  for (const each of [world, lenient]) runners.push(await startImporting(each))
})
after(async () => {
  await Promise.all(runners.map((runner) => runner.stop()))
  await Promise.all([world.close(), lenient.close(), source.close()])
})

const bare = (diskFormat: string | null) => ({ diskFormat, containerFormat: 'bare' })

/** One of each kind; all of them come as uploads, which are judged in the same way. */
const sample = [
  'qcow2 with a backing file',
  'qcow2 with the name of an external data file',
  'qcow2 with an unknown feature',
  'vmdk descriptor that names a file of the host',
  'vmdk extent with an absolute path',
  'vmdk whose footer has the descriptor elsewhere',
  'qed',
  'luks of version 2',
  'qcow2 that is raw',
  'qcow2 of no bytes',
  'qcow2 cut off in its header',
  'iso that is a disk with GPT',
]

/** Name, what the image is declared to be, bytes, message. Hostile ones in turn as raw, which may hold anything else. */
const refusals: readonly (readonly [string, object, Buffer, string])[] = [
  ...hostile.map(([name, bytes, message], index) => {
    const labels = [bare('raw'), bare('qcow2'), { diskFormat: 'vhd', containerFormat: 'ami' }]
    return [name, labels[index % labels.length]!, bytes, message] as const
  }),
  ...lies.map(([name, declared, bytes, found]) => {
    const message = `The image is declared to be ${declared}, but its content is ${found}.`
    return [name, bare(declared), bytes, message] as const
  }),
].filter(([name]) => sample.includes(name))

/** Has the bytes fetched into an image, and waits for the end. */
async function fetchInto(w: World, id: string, path: string, file: Uint8Array | RequestListener) {
  source.files.set(path, file)
  const { begin, ended } = importer(w)
  await begin(id, { method: { name: 'web-download', uri: `${source.url}${path}` } })
  return ended(id)
}

/** The image is active with these bytes and goes away again. */
async function isGood(w: World, id: string, bytes: Uint8Array, virtual_size: number | null) {
  const image = await importer(w).show(id)
  assert.deepEqual(image, { ...image, status: 'active', size: bytes.length, virtual_size })
  await w.expect('DELETE', `/images/${id}`, { as: 'eva' }, 204)
}

describe('staged bytes are refused as uploaded ones are', () => {
  for (const [name, draft, data, message] of refusals)
    test(name, async () => {
      const { uuid } = await world.image(draft)
      const { body } = await world.expect('PUT', `/images/${uuid}/stage`, { as: 'eva', data }, 415)
      assert.equal(body.message, message)
      const image = await importer(world).show(uuid)
      assert.deepEqual(image, { ...image, ...nothing, status: 'queued' })
    })

  test('and nothing of them is kept; good bytes are taken afterwards', async () => {
    assert.deepEqual(await kept(world), [])
    const [bytes, virtualSize] = good.qcow2!
    const { uuid } = await world.image(bare('qcow2'))
    await world.expect('PUT', `/images/${uuid}/stage`, { as: 'eva', data: hostile[0]![1] }, 415)
    await world.expect('PUT', `/images/${uuid}/stage`, { as: 'eva', data: bytes }, 204)
    await importer(world).begin(uuid, { method: { name: 'glance-direct' } })
    assert.equal((await importer(world).ended(uuid)).status, 'success')
    await isGood(world, uuid, bytes, virtualSize)
    assert.deepEqual(await kept(world), [])
  })

  test('hostile ones also where nothing is declared yet', async () => {
    const { uuid } = await world.image({ diskFormat: null, containerFormat: null })
    for (const [, data, message] of hostile.filter(([name]) => sample.includes(name)))
      await world.expect('PUT', `/images/${uuid}/stage`, { as: 'eva', data }, 415, message)
  })
})

test('fetched bytes are refused by their task, and nothing of them is kept', async () => {
  const outcomes = refusals.map(async ([name, draft, bytes, message], index) => {
    const { uuid } = await world.image(draft)
    const task = await fetchInto(world, uuid, `/refused-${index}`, bytes)
    assert.deepEqual([task.status, task.message], ['failure', message], name)
    const image = await importer(world).show(uuid)
    assert.deepEqual(
      image,
      { ...image, ...nothing, status: 'queued', os_glance_importing_to_stores: '' },
      name,
    )
    return uuid
  })
  const [first] = await Promise.all(outcomes)
  assert.deepEqual(await kept(world), [])
  assert.equal(outcomes.length, sample.length)
  // The first of them was declared to be raw.
  const [bytes, virtualSize] = good.raw!
  assert.equal((await fetchInto(world, first!, '/good', bytes)).status, 'success')
  await isGood(world, first!, bytes, virtualSize)
})

test('fetched bytes of every format are accepted as what they are', async () => {
  const imports = Object.entries(good).map(async ([format, [bytes, virtualSize]]) => {
    const { uuid } = await world.image(bare(format))
    assert.equal((await fetchInto(world, uuid, `/good-${format}`, bytes)).status, 'success')
    await isGood(world, uuid, bytes, virtualSize)
  })
  await Promise.all(imports)
  assert.deepEqual(await kept(world), [])
})

test('what is compressed is kept as it came, and nothing is unpacked on the way', async () => {
  const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024))
  const draft = { diskFormat: 'qcow2', containerFormat: 'compressed' }
  const { uuid } = await world.image(draft)
  assert.equal((await fetchInto(world, uuid, '/bomb', bomb)).status, 'success')
  await isGood(world, uuid, bomb, null)
  const encoded = await world.image(draft)
  const task = await fetchInto(world, encoded.uuid, '/encoded', (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': bomb.length }).end(bomb)
  })
  const message = 'The server sends the data gzip-encoded, which was not asked for.'
  assert.deepEqual([task.status, task.message], ['failure', message])
})

describe('IMAGEPORT_FORMAT_CHECK=warn', () => {
  test('lets lies through imports, without a virtual size', async () => {
    const [, declared, bytes] = lies[0]!
    const staged = await lenient.image(bare(declared))
    await lenient.expect('PUT', `/images/${staged.uuid}/stage`, { as: 'eva', data: bytes }, 204)
    await importer(lenient).begin(staged.uuid, { method: { name: 'glance-direct' } })
    assert.equal((await importer(lenient).ended(staged.uuid)).status, 'success')
    await isGood(lenient, staged.uuid, bytes, null)
    const fetched = await lenient.image(bare(declared))
    assert.equal((await fetchInto(lenient, fetched.uuid, '/lie', bytes)).status, 'success')
    await isGood(lenient, fetched.uuid, bytes, null)
  })

  test('lets nothing hostile through imports', async () => {
    const { uuid } = await lenient.image(bare('raw'))
    const [, bytes, message] = hostile[0]!
    await lenient.expect('PUT', `/images/${uuid}/stage`, { as: 'eva', data: bytes }, 415, message)
    const task = await fetchInto(lenient, uuid, '/hostile', bytes)
    assert.deepEqual([task.status, task.message], ['failure', message])
    assert.deepEqual(await kept(lenient), [])
  })
})
