/** Content inspection as clients of OpenStack Images see it. Contract: glance 11, 23.2, 23.3 and 24.1. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { bytesWith, isoVolume, vmdkWithFooter } from '../../support/disk-images.ts'
import { accepted, descriptor, good, hostile, kept, lies, nothing, qcow2 } from './contents.ts'
import { startWorld, type World } from './world.ts'

let world: World
before(async () => {
  world = await startWorld()
})
after(() => world.close())

async function create(w: World, disk_format: string, container_format: string): Promise<string> {
  const { body } = await w.expect(
    'POST',
    '/images',
    { as: 'eva', json: { disk_format, container_format } },
    201,
  )
  return body.id
}

async function show(w: World, id: string) {
  return (await w.expect('GET', `/images/${id}`, { as: 'eva' }, 200)).body
}

/** The upload is refused with this message, and the image is as it was before. */
async function refused(w: World, id: string, data: Buffer, message: string) {
  const { body } = await w.expect('PUT', `/images/${id}/file`, { as: 'eva', data }, 415)
  assert.deepEqual(body, { message, code: '415 Unsupported Media Type', title: 'Unsupported Media Type' })
  const image = await show(w, id)
  assert.deepEqual(image, { ...image, ...nothing, status: 'queued' })
}

/** An image into which nothing came yet takes a good upload. */
async function fill(w: World, id: string) {
  await w.expect('GET', `/images/${id}/file`, { as: 'eva' }, 204)
  const { disk_format, container_format } = await show(w, id)
  const [data, virtualSize] = good[disk_format]!
  await w.expect('PUT', `/images/${id}/file`, { as: 'eva', data }, 204)
  const image = await show(w, id)
  const virtual_size = container_format === 'bare' ? virtualSize : null
  assert.deepEqual(image, { ...image, status: 'active', size: data.length, virtual_size })
  await w.expect('DELETE', `/images/${id}`, { as: 'eva' }, 204)
  assert.deepEqual(await kept(w), [])
}

describe('hostile content is refused', () => {
  let raw: string
  const others: string[] = []
  before(async () => {
    raw = await create(world, 'raw', 'bare')
    others.push(await create(world, 'qcow2', 'bare'))
    others.push(await create(world, 'vhd', 'ami'))
    others.push(await create(world, 'vmdk', 'compressed'))
  })

  // As raw, which may hold anything else, and under one of the other labels in turn.
  for (const [index, [name, bytes, message]] of hostile.entries())
    test(name, async () => {
      await refused(world, raw, bytes, message)
      await refused(world, others[index % others.length]!, bytes, message)
      assert.deepEqual(await kept(world), [])
    })

  test('and good content is taken afterwards', async () => {
    for (const id of [raw, ...others]) await fill(world, id)
  })
})

describe('content that is not what it is declared to be is refused', () => {
  for (const [name, declared, bytes, found] of lies)
    test(name, async () => {
      const id = await create(world, declared, 'bare')
      const message = `The image is declared to be ${declared}, but its content is ${found}.`
      await refused(world, id, bytes, message)
      assert.deepEqual(await kept(world), [])
      await fill(world, id)
    })

  test('content with two signatures', async () => {
    const id = await create(world, 'raw', 'bare')
    const message = 'The content can be read as iso and as qcow2; such images are not accepted.'
    await refused(world, id, bytesWith(36_864, { 0: qcow2(), 32768: isoVolume }), message)
    await fill(world, id)
  })
})

describe('content is accepted', () => {
  for (const [name, disk_format, container_format, data, virtual_size] of accepted)
    test(name, async () => {
      const id = await create(world, disk_format, container_format)
      await world.expect('PUT', `/images/${id}/file`, { as: 'eva', data }, 204)
      const image = await show(world, id)
      assert.deepEqual(image, { ...image, status: 'active', size: data.length, virtual_size })
      await world.expect('DELETE', `/images/${id}`, { as: 'eva' }, 204)
    })
})

test('content is judged as it arrives, in any pieces, and to its very end', async () => {
  const id = await create(world, 'raw', 'bare')
  // Sound up to its footer, which is in the last piece.
  const bytes = vmdkWithFooter({ descriptorStart: 90n })
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000)
  }
  const response = await fetch(`${world.url}/v2/images/${id}/file`, {
    method: 'PUT',
    headers: { 'x-auth-token': world.tokens.eva, 'content-type': 'application/octet-stream' },
    body: ReadableStream.from(pieces()),
    duplex: 'half',
  })
  assert.equal(response.status, 415)
  assert.match(await response.text(), /The footer of the VMDK/)
  assert.deepEqual(await kept(world), [])
})

test('what an image says of itself is no markup of the answer', async () => {
  const id = await create(world, 'vmdk', 'bare')
  const data = descriptor('monolithicSparse', '<script>alert(1)</script>')
  const ask = { as: 'eva', data, headers: { accept: 'text/html' } } as const
  const { text } = await world.expect('PUT', `/images/${id}/file`, ask, 415)
  assert.ok(text.includes('of type "&lt;script&gt;alert(1)&lt;/script&gt;" are not accepted'), text)
})

test('what is compressed is stored and given out as it came, whatever would become of it', async () => {
  const bomb = gzipSync(Buffer.alloc(16 * 1024 * 1024))
  const encodings: readonly Readonly<Record<string, string>>[] = [{}, { 'content-encoding': 'gzip' }]
  for (const headers of encodings) {
    const id = await create(world, 'qcow2', 'compressed')
    await world.expect('PUT', `/images/${id}/file`, { as: 'eva', data: bomb, headers }, 204)
    const image = await show(world, id)
    assert.deepEqual(image, { ...image, status: 'active', size: bomb.length, virtual_size: null })
    const response = await fetch(`${world.url}/v2/images/${id}/file`, {
      headers: { 'x-auth-token': world.tokens.eva },
    })
    assert.equal(response.headers.get('content-encoding'), null)
    assert.ok(Buffer.from(await response.arrayBuffer()).equals(bomb))
    await world.expect('DELETE', `/images/${id}`, { as: 'eva' }, 204)
  }
})

describe('IMAGEPORT_FORMAT_CHECK=warn', () => {
  let lenient: World
  before(async () => {
    lenient = await startWorld({ settings: { formatCheck: 'warn' } })
  })
  after(() => lenient.close())

  test('lets lies through, without a virtual size', async () => {
    for (const [, declared, data] of lies) {
      const id = await create(lenient, declared, 'bare')
      await lenient.expect('PUT', `/images/${id}/file`, { as: 'eva', data }, 204)
      const image = await show(lenient, id)
      assert.deepEqual(image, { ...image, status: 'active', size: data.length, virtual_size: null })
      await lenient.expect('DELETE', `/images/${id}`, { as: 'eva' }, 204)
    }
  })

  test('lets nothing hostile through', async () => {
    const id = await create(lenient, 'raw', 'bare')
    for (const [, data, message] of hostile)
      await lenient.expect('PUT', `/images/${id}/file`, { as: 'eva', data }, 415, message)
    assert.deepEqual(await kept(lenient), [])
  })
})
