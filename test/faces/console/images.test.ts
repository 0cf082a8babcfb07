import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { after, before, describe, test } from 'node:test'
import type { WireHistory, WireImage, WireImageList } from '../../../src/faces/console/wire.ts'
import { type Api, type Call, noise, refused, startApi } from './api.ts'

const sha512 = (bytes: Uint8Array) => createHash('sha512').update(bytes).digest('hex')

describe('console: images', () => {
  let api: Api
  let eva: Call
  let otto: Call
  before(async () => {
    api = await startApi()
    await api.server.project(2, 'acme')
    await api.server.project(3, 'other')
    eva = await api.user({ username: 'eva', roles: { 2: 'member' }, defaultProjectId: 2 })
    otto = await api.user({ username: 'otto', roles: { 3: 'reader' } })
  })
  after(() => api.close())

  const create = async (call: Call, draft: object) => {
    const { status, body } = await call('POST', '/images', {
      diskFormat: 'raw',
      containerFormat: 'bare',
      ...draft,
    })
    assert.equal(status, 201)
    return body as WireImage
  }

  test('an image is described, filled, found by any of its names, read, changed and deleted', async () => {
    const made = await create(eva, { name: 'My Disk', tags: ['b', 'a'], properties: { os_distro: 'debian' } })
    assert.deepEqual(
      [made.status, made.project?.name, made.handle, made.tags, made.properties],
      ['queued', 'acme', 'My-Disk', ['a', 'b'], { os_distro: 'debian' }],
    )
    const bytes = noise(300_000)
    const sent = await eva('PUT', `/images/${made.uuid}/file?sha512=${sha512(bytes)}`, bytes)
    assert.equal(sent.status, 200)
    const active = sent.body as WireImage
    assert.deepEqual([active.status, active.size, active.sha512], ['active', 300_000, sha512(bytes)])

    for (const name of [made.uuid, made.uuid.toUpperCase(), 'My-Disk', encodeURIComponent('My Disk')])
      assert.equal(((await eva('GET', `/images/${name}`)).body as WireImage).uuid, made.uuid)

    const read = await fetch(`${api.server.url}/ui/api/v1/images/My-Disk/file`, {
      headers: { authorization: await tokenOf('eva') },
    })
    assert.ok(Buffer.from(await read.arrayBuffer()).equals(bytes))
    assert.equal(read.headers.get('content-disposition'), 'attachment; filename="My Disk.raw"')
    const part = await fetch(`${api.server.url}/ui/api/v1/images/My-Disk/file`, {
      headers: {
        authorization: await tokenOf('eva'),
        range: 'bytes=299990-',
        'if-range': read.headers.get('etag')!,
      },
    })
    assert.equal(part.status, 206)
    assert.ok(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(299_990)))

    const changed = await eva('PATCH', '/images/My-Disk', {
      name: 'Renamed',
      addTags: ['c'],
      removeTags: ['a'],
      properties: { os_distro: null, os_version: '13' },
      minDisk: 5,
    })
    const after = changed.body as WireImage
    assert.deepEqual(
      [after.name, after.tags, after.properties, after.minDisk],
      ['Renamed', ['b', 'c'], { os_version: '13' }, 5],
    )

    const { entries } = (await eva('GET', `/images/${made.uuid}/history`)).body as WireHistory
    assert.deepEqual(
      entries.map(({ action, username, face }) => [action, username, face]),
      [
        ['update', 'eva', 'console'],
        ['bytes-received', 'eva', 'console'],
        ['transfer', 'eva', 'console'],
        ['create', 'eva', 'console'],
      ],
    )
    const off = (await eva('POST', `/images/${made.uuid}/deactivate`)).body as WireImage
    assert.equal(off.status, 'deactivated')
    refused(await eva('GET', `/images/${made.uuid}/file`), 409, 'state')
    assert.equal(((await eva('POST', `/images/${made.uuid}/reactivate`)).body as WireImage).status, 'active')

    assert.equal((await eva('DELETE', `/images/${made.uuid}`)).status, 204)
    refused(await eva('GET', `/images/${made.uuid}`), 404, 'not-found')
  })

  test('lists are filtered, sorted, cut into pages, and show nobody what is not theirs', async () => {
    for (const [name, tag] of [
      ['alpha', 'x'],
      ['Beta', 'y'],
      ['gamma', 'x'],
    ] as const)
      await create(eva, { name, tags: [tag, 'listed'] })
    const names = async (call: Call, query: string) => {
      const { images, total } = (await call('GET', `/images?${query}`)).body as WireImageList
      return [images.map(({ name }) => name), total]
    }
    assert.deepEqual(await names(eva, 'tag=listed&sort=name'), [['alpha', 'Beta', 'gamma'], 3])
    assert.deepEqual(await names(eva, 'tag=listed&sort=-name&limit=1&offset=1'), [['Beta'], 3])
    assert.deepEqual(await names(eva, 'tag=x&sort=createdAt'), [['alpha', 'gamma'], 2])
    assert.deepEqual(await names(eva, 'search=amm'), [['gamma'], 1])
    assert.deepEqual(await names(eva, 'tag=listed&status=active'), [[], 0])
    assert.deepEqual(await names(api.admin, 'tag=listed&project=acme&limit=1'), [['gamma'], 3])
    assert.deepEqual(await names(otto, ''), [[], 0])
    refused(await otto('GET', '/images/gamma'), 404, 'not-found')
    refused(await otto('GET', '/images?project=acme'), 404, 'not-found')
    refused(await eva('GET', '/images?sort=secret'), 400, 'invalid', 'field')
    assert.match(refused(await eva('GET', '/images?limit=0&colour=red'), 400, 'invalid'), /limit.*colour/)
    // What every object has by itself is no key either.
    for (const key of ['toString', 'constructor', '__proto__'])
      assert.match(refused(await eva('GET', `/images?${key}=1`), 400, 'invalid'), new RegExp(key))
  })

  test('a name that several images have is refused, naming them', async () => {
    const [one, two] = [await create(eva, { name: 'twin' }), await create(eva, { name: 'twin' })]
    const message = refused(await eva('DELETE', '/images/twin'), 409, 'conflict', 'ambiguous')
    assert.ok(message.includes(one.uuid) && message.includes(two.uuid))
  })

  test('what a role does not allow is refused', async () => {
    const shown = await create(api.admin, { name: 'shown', visibility: 'public' })
    assert.equal((await otto('GET', '/images/shown')).status, 200)
    refused(await otto('PATCH', `/images/${shown.uuid}`, { name: 'mine' }), 403, 'forbidden', 'owner')
    refused(await otto('POST', '/images', { name: 'x' }), 403, 'forbidden', 'role')
    refused(await eva('POST', '/images', { name: 'x', visibility: 'public' }), 403, 'forbidden', 'role')
    await api.admin('PUT', `/images/${shown.uuid}/file`, noise(1024))
    refused(await otto('GET', '/images/shown/file'), 403, 'forbidden', 'owner')
    assert.equal((await eva('GET', '/images/shown/file')).status, 200)
  })

  test('bodies that cannot be understood are refused, saying what is wrong', async () => {
    assert.match(
      refused(await eva('POST', '/images', { name: 5, colour: 'red' }), 400, 'invalid'),
      /name: .*colour: is not a known key/,
    )
    refused(await eva('POST', '/images', '{"name"', { 'content-type': 'application/json' }), 400, 'invalid')
    refused(await eva('POST', '/images', 'name: x', { 'content-type': 'text/yaml' }), 415, 'invalid')
    refused(await eva('POST', '/images', { name: 'x'.repeat(1024 * 1024) }), 413, 'too-large')
    refused(await eva('POST', '/images', { name: 'x', diskFormat: 'floppy' }), 400, 'invalid')
    refused(await eva('GET', '/nothing/here'), 404, 'not-found', 'route')
  })

  test('bytes that are not what was said are refused and the image may be filled again', async () => {
    const { uuid } = await create(eva, { name: 'checked' })
    const bytes = noise(5000)
    const wrong = `/images/${uuid}/file?md5=${'0'.repeat(32)}`
    refused(await eva('PUT', wrong, bytes), 400, 'invalid', 'digest')
    refused(await eva('PUT', `/images/${uuid}/file?md5=xyz`, bytes), 400, 'invalid')
    const image = (await eva('GET', `/images/${uuid}`)).body as WireImage
    assert.deepEqual([image.status, image.size], ['queued', null])
    assert.match(image.failure!, /md5/)
    const both = `md5=${'0'.repeat(32)}&sha1=${'0'.repeat(40)}`
    refused(await eva('PUT', `/images/${uuid}/file?${both}`, bytes), 400, 'invalid', 'digests')
    refused(await eva('PUT', `/images/${uuid}/file`), 400, 'invalid', 'content-type')
    const declared = await create(eva, { name: 'declared', diskFormat: 'qcow2' })
    refused(await eva('PUT', `/images/${declared.uuid}/file`, bytes), 422, 'content', 'format-mismatch')
    assert.equal((await eva('PUT', `/images/${uuid}/file`, bytes)).status, 200)
    refused(await eva('PUT', `/images/${uuid}/file`, bytes), 409, 'state')
  })

  test('no answer is taken for anything but what it is said to be, an image’s bytes least of all', async () => {
    const { uuid } = await create(eva, { name: 'script', diskFormat: 'raw', containerFormat: 'bare' })
    assert.equal((await eva('PUT', `/images/${uuid}/file`, noise(10))).status, 200)
    for (const [call, path, status] of [
      [eva, `/images/${uuid}/file`, 200],
      [eva, '/images', 200],
      [eva, '/images/nowhere', 404],
      [eva, '/nowhere', 404],
      [api.as(null), '/images', 401],
    ] as const) {
      const answer = await call('GET', path)
      assert.deepEqual(
        [answer.status, answer.headers.get('x-content-type-options')],
        [status, 'nosniff'],
        path,
      )
    }
  })

  test('a refused upload is refused before its bytes are sent', async () => {
    const { uuid } = await create(eva, { name: 'expecting' })
    const upload = async (path: string, authorization: string) => {
      const events: string[] = []
      const status = await new Promise<number>((resolve, reject) => {
        const request = httpRequest(`${api.server.url}/ui/api/v1/images/${path}/file`, {
          method: 'PUT',
          headers: {
            authorization,
            expect: '100-continue',
            'content-type': 'application/octet-stream',
            'content-length': 4,
          },
        })
        request.on('continue', () => {
          events.push('continue')
          request.end('data')
        })
        request.on('response', (response) => {
          response.resume()
          resolve(response.statusCode!)
          request.destroy()
        })
        request.on('error', reject)
      })
      return [status, ...events]
    }
    assert.deepEqual(await upload(uuid, 'Bearer wrong'), [401])
    assert.deepEqual(await upload('absent', await tokenOf('eva')), [404])
    assert.deepEqual(await upload(uuid, await tokenOf('otto')), [404])
    assert.deepEqual(await upload(uuid, await tokenOf('eva')), [200, 'continue'])
    assert.deepEqual(await upload(uuid, await tokenOf('eva')), [409])
  })

  async function tokenOf(username: string): Promise<string> {
    const { db } = api.server.core.database
    const { id } = await db
      .selectFrom('users')
      .select('id')
      .where('username', '=', username)
      .executeTakeFirstOrThrow()
    return `Bearer ${await api.server.token(id)}`
  }
})
