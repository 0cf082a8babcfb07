import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { request as open } from 'node:http'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { filesStore } from '../../../src/store/files.ts'
import { type Ask, startWorld, tokenOf, unknown, type World } from './world.ts'

let world: World
before(async () => {
  world = await startWorld()
})
after(() => world.close())

const hash = (algorithm: string, bytes: string) => createHash(algorithm).update(bytes).digest('hex')
const show = async (id: string) => (await world.expect('GET', `/images/${id}`, { as: 'root' }, 200)).body

/** Ids of everything in the store. */
async function stored(): Promise<string[]> {
  const found: string[] = []
  for (const { store } of world.core.stores.all) for await (const blob of store.list()) found.push(blob.id)
  return found
}

async function until(what: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await what()); tries++) {
    assert.ok(tries < 500, 'it never came true')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

describe('upload (section 11)', () => {
  test('makes the image active, with its digests', async () => {
    const { uuid } = await world.image()
    assert.equal(
      (await world.expect('PUT', `/images/${uuid}/file`, { as: 'eva', data: 'hello' }, 204)).text,
      '',
    )
    const image = await show(uuid)
    assert.equal(image.status, 'active')
    assert.equal(image.size, 5)
    assert.equal(image.checksum, hash('md5', 'hello'))
    assert.equal(image.os_hash_algo, 'sha512')
    assert.equal(image.os_hash_value, hash('sha512', 'hello'))
    assert.equal(image.stores, undefined)
  })

  test('of nothing is an image of no bytes', async () => {
    const { uuid } = await world.image()
    await world.expect('PUT', `/images/${uuid}/file`, { as: 'eva', data: '' }, 204)
    const image = await show(uuid)
    assert.deepEqual([image.status, image.size, image.checksum], ['active', 0, hash('md5', '')])
    const reply = await world.expect('GET', `/images/${uuid}/file`, { as: 'eva' }, 200)
    assert.deepEqual([reply.text, reply.headers.get('content-length')], ['', '0'])
  })

  test('may come in pieces of unknown number, and with parameters of its type', async () => {
    const { uuid } = await world.image()
    const headers = {
      'x-auth-token': world.tokens.eva,
      'content-type': 'application/octet-stream; charset=binary',
      'transfer-encoding': 'chunked',
    }
    const asked = open(`${world.url}/v2/images/${uuid}/file`, { method: 'PUT', headers })
    asked.write('he')
    asked.end('llo')
    const [response] = await once(asked, 'response')
    response.resume()
    assert.equal(response.statusCode, 204)
    assert.equal((await show(uuid)).size, 5)
  })

  const octets = { 'content-type': 'application/octet-stream' }
  const rows: readonly (readonly [string, Ask, number, string])[] = [
    ['no media type', { as: 'eva', body: new Uint8Array([1]), headers: {} }, 415, 'application/octet-stream'],
    ['JSON', { as: 'eva', json: {} }, 415, 'application/octet-stream'],
    [
      'a form',
      { as: 'eva', body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      '',
    ],
    [
      'a size that is none',
      { as: 'eva', data: 'hello', headers: { ...octets, 'x-openstack-image-size': 'many' } },
      400,
      'X-OpenStack-Image-Size',
    ],
    [
      'a negative size',
      { as: 'eva', data: 'hello', headers: { ...octets, 'x-openstack-image-size': '-1' } },
      400,
      'X-OpenStack-Image-Size',
    ],
    [
      'another size',
      { as: 'eva', data: 'hello', headers: { ...octets, 'x-openstack-image-size': '6' } },
      400,
      '6 bytes',
    ],
    [
      'a reader',
      { as: 'rita', data: 'hello' },
      403,
      'You are not authorized to complete upload_image action.',
    ],
    ['one who cannot see it', { as: 'omar', data: 'hello' }, 404, 'No image found with ID'],
  ]
  for (const [what, ask, status, text] of rows)
    test(`${what} is ${status}, and the image still waits`, async () => {
      const { uuid } = await world.image({ visibility: 'private' })
      const before = await stored()
      await world.expect('PUT', `/images/${uuid}/file`, ask, status, text)
      const image = await show(uuid)
      assert.deepEqual([image.status, image.size], ['queued', null])
      assert.deepEqual(await stored(), before)
      await world.expect('PUT', `/images/${uuid}/file`, { as: 'eva', data: 'hello' }, 204)
    })

  test('a size in a body of unknown length is counted at its end', async () => {
    const { uuid } = await world.image()
    const headers = {
      'x-auth-token': world.tokens.eva,
      ...octets,
      'transfer-encoding': 'chunked',
      'x-openstack-image-size': '6',
    }
    const asked = open(`${world.url}/v2/images/${uuid}/file`, { method: 'PUT', headers })
    asked.end('hello')
    const [response] = await once(asked, 'response')
    response.resume()
    assert.equal(response.statusCode, 400)
    assert.equal((await show(uuid)).status, 'queued')
  })

  for (const [draft, text] of [
    [
      { diskFormat: null, containerFormat: null },
      'Properties disk_format, container_format must be set prior to saving data.',
    ],
    [{ diskFormat: null }, 'Property disk_format must be set prior to saving data.'],
    [{ containerFormat: null }, 'Property container_format must be set prior to saving data.'],
  ] as const)
    test(text, async () => {
      const { uuid } = await world.image(draft)
      await world.expect('PUT', `/images/${uuid}/file`, { as: 'eva', data: 'hello' }, 400, text)
      assert.equal((await show(uuid)).status, 'queued')
    })

  test('bytes are fixed once they are there', async () => {
    const { uuid } = await world.image({}, 'hello')
    await world.expect(
      'PUT',
      `/images/${uuid}/file`,
      { as: 'eva', data: 'other' },
      409,
      'from active to saving',
    )
    await world.expect('POST', `/images/${uuid}/actions/deactivate`, { as: 'eva' }, 204)
    await world.expect(
      'PUT',
      `/images/${uuid}/file`,
      { as: 'root', data: 'other' },
      409,
      'from deactivated to saving',
    )
    assert.equal((await show(uuid)).checksum, hash('md5', 'hello'))
  })

  test('what is public and somebody else’s is 403', async () => {
    const { uuid } = await world.image({ visibility: 'public' })
    await world.expect('PUT', `/images/${uuid}/file`, { as: 'omar', data: 'x' }, 403, 'upload_image')
  })

  /** An upload that has begun and waits. */
  async function begun(id: string, token = world.tokens.eva) {
    const headers = {
      'x-auth-token': token,
      ...octets,
      'transfer-encoding': 'chunked',
      accept: 'application/json',
    }
    const asked = open(`${world.url}/v2/images/${id}/file`, { method: 'PUT', headers })
    asked.on('error', () => {})
    asked.write('hello')
    await until(async () => (await show(id)).status === 'saving')
    return asked
  }

  test('a second one at once is 409, and the first succeeds', async () => {
    const { uuid } = await world.image()
    const first = await begun(uuid)
    await world.expect('PUT', `/images/${uuid}/file`, { as: 'eva', data: 'x' }, 409, 'from saving to saving')
    await world.expect('GET', `/images/${uuid}/file`, { as: 'eva' }, 204)
    first.end()
    const [response] = await once(first, 'response')
    response.resume()
    assert.equal(response.statusCode, 204)
    assert.equal((await show(uuid)).size, 5)
  })

  test('in a dead heat exactly one wins', async () => {
    const { uuid } = await world.image()
    const replies = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        world.ask('PUT', `/images/${uuid}/file`, { as: 'eva', data: `bytes ${n}` }),
      ),
    )
    assert.deepEqual(replies.map(({ status }) => status).sort(), [204, 409, 409, 409, 409, 409])
  })

  test('a client that goes away leaves the image waiting, and nothing in the store', async () => {
    const { uuid } = await world.image()
    const before = await stored()
    const asked = await begun(uuid)
    asked.destroy()
    await until(async () => (await show(uuid)).status === 'queued')
    await until(async () => (await stored()).length === before.length)
  })

  test('an image that is deleted meanwhile is 410 for the sender', async () => {
    const { uuid } = await world.image()
    const before = await stored()
    const asked = await begun(uuid)
    await world.expect('DELETE', `/images/${uuid}`, { as: 'eva' }, 204)
    asked.end()
    const [response] = await once(asked, 'response')
    response.setEncoding('utf8')
    let text = ''
    for await (const chunk of response) text += chunk
    assert.equal(response.statusCode, 410)
    assert.ok(text.includes(`Image ${uuid} could not be found after upload.`), text)
    await until(async () => (await stored()).length === before.length)
  })

  test('who waits for it hears 100 Continue only where bytes are wanted', async () => {
    const { uuid } = await world.image()
    async function heard(id: string): Promise<string> {
      const { hostname, port } = new URL(world.url)
      const socket = connect(Number(port), hostname)
      let text = ''
      socket.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      socket.write(
        `PUT /v2/images/${id}/file HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ${world.tokens.eva}\r\n` +
          'Content-Type: application/octet-stream\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n',
      )
      await until(async () => text.includes('\r\n\r\n'))
      if (text.startsWith('HTTP/1.1 100')) {
        socket.write('hello')
        await until(async () => text.includes(' 204 '))
      }
      socket.destroy()
      return text
    }
    assert.match(await heard(uuid), /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 204 /)
    assert.match(await heard(uuid), /^HTTP\/1.1 409 /)
    assert.match(await heard(unknown), /^HTTP\/1.1 404 /)
  })

  test('a revoked token does not end an upload that has begun', async () => {
    const { uuid } = await world.image()
    const token = await tokenOf(world.url, 'eva', 'acme')
    const asked = await begun(uuid, token)
    const headers = { 'x-auth-token': token, 'x-subject-token': token }
    const revoked = await fetch(`${world.url}/identity/v3/auth/tokens`, { method: 'DELETE', headers })
    assert.equal(revoked.status, 204)
    asked.end()
    const [response] = await once(asked, 'response')
    response.resume()
    assert.equal(response.statusCode, 204)
    await world.expect('GET', '/images', { headers }, 401)
  })
})

describe('limits of uploads', () => {
  test('the largest image, the space of the project', async () => {
    const small = await startWorld({ settings: { maxImageBytes: 10 } })
    try {
      await small.core.database.db
        .updateTable('projects')
        .set({ settings_json: JSON.stringify({ quotaBytes: 8 }) })
        .where('id', '=', 3)
        .execute()
      const id = async (ownerId: number) => (await small.image({ ownerId })).uuid
      const mine = await id(2)
      await small.expect('PUT', `/images/${mine}/file`, { as: 'eva', data: 'x'.repeat(11) }, 413)
      const { body } = await small.expect('GET', `/images/${mine}`, { as: 'eva' }, 200)
      assert.equal(body.status, 'queued')
      await small.expect('PUT', `/images/${mine}/file`, { as: 'eva', data: 'x'.repeat(10) }, 204)
      await small.expect('PUT', `/images/${await id(3)}/file`, { as: 'omar', data: 'y'.repeat(9) }, 413)
      await small.expect('PUT', `/images/${await id(3)}/file`, { as: 'omar', data: 'y'.repeat(8) }, 204)
      await small.expect('PUT', `/images/${await id(3)}/file`, { as: 'omar', data: 'y' }, 413)
    } finally {
      await small.close()
    }
  })
})

describe('download (section 12)', () => {
  const bytes = '0123456789'
  let id: string
  before(async () => {
    id = (await world.image({ visibility: 'private' }, bytes)).uuid
  })
  const get = (headers: Readonly<Record<string, string>>, status: number) =>
    world.expect('GET', `/images/${id}/file`, { as: 'eva', headers }, status)

  test('the whole', async () => {
    const reply = await get({}, 200)
    assert.equal(reply.text, bytes)
    const headers = Object.fromEntries(reply.headers)
    assert.equal(headers['content-type'], 'application/octet-stream')
    assert.equal(headers['content-length'], '10')
    assert.equal(headers['content-md5'], hash('md5', bytes))
    assert.equal(headers['accept-ranges'], 'bytes')
    assert.equal(headers.etag, `"${hash('sha512', bytes)}"`)
    assert.equal(headers['content-encoding'], undefined)
  })

  test('never compressed', async () => {
    assert.equal(
      (await get({ 'accept-encoding': 'gzip, deflate' }, 200)).headers.get('content-encoding'),
      null,
    )
  })

  test('HEAD tells the same without bytes', async () => {
    const reply = await world.expect('HEAD', `/images/${id}/file`, { as: 'eva' }, 200)
    assert.deepEqual([reply.text, reply.headers.get('content-length')], ['', '10'])
  })

  for (const [range, part, content] of [
    ['bytes=0-4', '01234', 'bytes 0-4/10'],
    ['bytes=5-', '56789', 'bytes 5-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-20', bytes, 'bytes 0-9/10'],
    ['bytes=3-100', '3456789', 'bytes 3-9/10'],
  ] as const)
    test(`Range: ${range}`, async () => {
      const reply = await get({ range }, 206)
      assert.equal(reply.text, part)
      assert.equal(reply.headers.get('content-range'), content)
      assert.equal(reply.headers.get('content-length'), String(part.length))
      assert.equal(reply.headers.get('content-md5'), hash('md5', bytes))
    })

  for (const [range, status] of [
    ['bytes=10-', 416],
    ['bytes=x', 416],
    ['octets=0-1', 416],
    ['bytes=5-2', 416],
    ['bytes=0-1,3-4', 400],
  ] as const)
    test(`Range: ${range} is ${status}`, async () => {
      await get({ range }, status)
    })

  for (const [content, status, part] of [
    ['bytes 0-4/10', 206, '01234'],
    ['bytes 0-4/*', 206, '01234'],
    ['bytes 8-20/10', 206, '89'],
    ['bytes 8-20/*', 416, ''],
    ['bytes 10-11/10', 416, ''],
    ['bytes 5-2/10', 416, ''],
    ['junk', 416, ''],
  ] as const)
    test(`Content-Range: ${content} is ${status}`, async () => {
      const reply = await get({ 'content-range': content }, status)
      if (status === 206) assert.equal(reply.text, part)
    })

  test('Range wins over Content-Range', async () => {
    assert.equal((await get({ range: 'bytes=0-0', 'content-range': 'junk' }, 206)).text, '0')
  })

  test('conditions', async () => {
    const etag = `"${hash('sha512', bytes)}"`
    assert.equal((await get({ 'if-none-match': etag }, 304)).text, '')
    await get({ 'if-none-match': '"other"' }, 200)
    await get({ 'if-range': etag, range: 'bytes=0-4' }, 206)
    await get({ 'if-range': '"other"', range: 'bytes=0-4' }, 200)
  })

  for (const status of ['queued', 'uploading', 'importing'] as const)
    test(`an image that is ${status} has no content`, async () => {
      const { uuid } = await world.image({ visibility: 'private' })
      await world.core.database.db.updateTable('images').set({ status }).where('uuid', '=', uuid).execute()
      assert.equal((await world.expect('GET', `/images/${uuid}/file`, { as: 'eva' }, 204)).text, '')
    })

  test('one that is deactivated is for administrators', async () => {
    const { uuid } = await world.image({ visibility: 'public' }, bytes)
    await world.expect('POST', `/images/${uuid}/actions/deactivate`, { as: 'eva' }, 204)
    const text = 'The requested image has been deactivated. Image data download is forbidden.'
    for (const as of ['eva', 'omar'] as const)
      await world.expect('GET', `/images/${uuid}/file`, { as }, 403, text)
    await world.expect('GET', `/images/${uuid}/file`, { as: 'root' }, 200)
  })

  test('stores cannot be preferred where there is one', async () => {
    await world.expect('GET', `/images/${id}/file?prefer=default`, { as: 'eva' }, 400)
  })

  test('bytes that are lost are no empty success', async () => {
    const { uuid, blobId } = await world.image({}, 'to be lost')
    const { db } = world.core.database
    const place = await db
      .selectFrom('blob_places')
      .select('key')
      .where('blob_id', '=', blobId!)
      .executeTakeFirstOrThrow()
    await world.core.stores.all[0]!.store.delete(place.key)
    await world.expect('GET', `/images/${uuid}/file`, { as: 'eva' }, 503)
  })

  for (const [as, visibility, status] of [
    ['rita', 'private', 403],
    ['omar', 'private', 404],
    ['omar', 'public', 200],
    ['omar', 'community', 200],
    ['nora', 'public', 403],
    ['nora', 'community', 403],
    ['root', 'private', 200],
  ] as const)
    test(`${as} and one that is ${visibility}: ${status}`, async () => {
      const { uuid } = await world.image({ visibility }, bytes)
      await world.expect('GET', `/images/${uuid}/file`, { as }, status)
    })
})

describe('several stores (sections 11, 12, 14)', () => {
  let stores: World
  before(async () => {
    stores = await startWorld({
      stores: (directory) =>
        ['slow', 'fast'].map((name) => filesStore({ name, directory: `${directory}/${name}` })),
    })
  })
  after(() => stores.close())

  async function upload(store: string | undefined, status: number, data = 'hello'): Promise<string> {
    const { uuid } = await stores.image()
    const headers: Record<string, string> = store === undefined ? {} : { 'x-image-meta-store': store }
    await stores.expect('PUT', `/images/${uuid}/file`, { as: 'eva', data, headers }, status)
    return uuid
  }
  const storesOf = async (id: string) =>
    (await stores.expect('GET', `/images/${id}`, { as: 'eva' }, 200)).body.stores

  test('an upload goes where its header says, else into the first', async () => {
    assert.equal(await storesOf(await upload(undefined, 204, 'one')), 'slow')
    assert.equal(await storesOf(await upload('fast', 204, 'two')), 'fast')
  })

  test('equal bytes are in every store that was asked for', async () => {
    await upload('slow', 204, 'same')
    assert.equal(await storesOf(await upload('fast', 204, 'same')), 'fast,slow')
  })

  test('an unknown store is 400, and the image waits', async () => {
    const id = await upload('other', 400)
    assert.equal((await stores.expect('GET', `/images/${id}`, { as: 'eva' }, 200)).body.status, 'queued')
  })

  test('a download may prefer stores that there are', async () => {
    const id = await upload('fast', 204, 'preferred')
    for (const prefer of ['fast', 'slow,fast', 'fast,slow'])
      assert.equal(
        (await stores.expect('GET', `/images/${id}/file?prefer=${prefer}`, { as: 'eva' }, 200)).text,
        'preferred',
      )
    await stores.expect('GET', `/images/${id}/file?prefer=other`, { as: 'eva' }, 400, 'other')
  })

  test('a new image tells its stores', async () => {
    const { headers } = await stores.expect('POST', '/images', { as: 'eva', json: {} }, 201)
    assert.equal(headers.get('openstack-image-store-ids'), 'slow,fast')
    const methods = headers.get('openstack-image-import-methods')!.split(',')
    assert.ok(methods.includes('copy-image') && methods.includes('glance-direct'))
  })
})
