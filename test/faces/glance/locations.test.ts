import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, beforeEach, describe, test } from 'node:test'
import { actorOf } from '../../../src/catalogue/people/openstack/identity.ts'
import { locationImport } from '../../../src/work/location-import.ts'
import { startRunner } from '../../../src/work/runner.ts'
import { type FileServer, fileServer } from '../../support/file-server.ts'
import { type Person, startWorld, unknown, v20, v21, type World } from './world.ts'

const content = randomBytes(100_000)
const checksum = createHash('md5').update(content).digest('hex')
const value = createHash('sha512').update(content).digest('hex')
const validation_data = { os_hash_algo: 'sha512', os_hash_value: value }

let world: World
let server: FileServer
let url: string
before(async () => {
  server = await fileServer()
  url = `${server.url}/disk`
  world = await startWorld({ glance: { locations: true }, importAllow: server.url.replace('http://', '') })
})
after(async () => {
  await world.close()
  await server.close()
})
beforeEach(() => {
  server.requests.length = 0
  server.files.clear()
  server.files.set('/disk', content)
  server.files.set('/redirect', (_request, response) => {
    response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end()
  })
})

type Operation = { readonly op: string; readonly path: string; readonly value?: unknown }

function patch(operations: readonly (Operation | object)[], as: Person = 'eva', type = v21) {
  return { as, body: JSON.stringify(operations), headers: { 'content-type': type } }
}
const add = (place: string, metadata: object = {}, more: object = {}, path = '/locations/-') => ({
  op: 'add',
  path,
  value: { url: place, metadata, ...more },
})
const expectPatch = (id: string, operations: readonly object[], status: number, text?: string) =>
  world.expect('PATCH', `/images/${id}`, patch(operations), status, text)
const show = async (id: string, as: Person = 'eva') =>
  (await world.expect('GET', `/images/${id}`, { as }, 200)).body
const located = async (...more: object[]) => {
  const { uuid } = await world.image()
  await expectPatch(uuid, [add(url), ...more], 200)
  return uuid
}

describe('switched on (section 16)', () => {
  test('every image shows its locations: new, listed, changed, with stored bytes', async () => {
    const made = await world.expect(
      'POST',
      '/images',
      { as: 'eva', json: { name: 'new', disk_format: 'raw', container_format: 'bare' } },
      201,
    )
    assert.deepEqual(made.body.locations, [])
    const held = await world.image({}, 'stored')
    const own = [{ url: `imageport:///${held.uuid}`, metadata: {} }]
    assert.deepEqual((await show(held.uuid)).locations, own)
    const elsewhere = await located()
    const { images } = (await world.expect('GET', '/images', { as: 'eva' }, 200)).body
    const shown = new Map(
      images.map((image: { id: string; locations: unknown }) => [image.id, image.locations]),
    )
    assert.deepEqual(shown.get(made.body.id), [])
    assert.deepEqual(shown.get(held.uuid), own)
    assert.deepEqual(shown.get(elsewhere), [{ url, metadata: {} }])
    assert.equal((await show(elsewhere)).direct_url, undefined)
  })

  for (const [type, operation] of [
    [v20, { add: '/locations/-', value: { url: '', metadata: { foo: 'bar' } } }],
    [v21, { op: 'add', path: '/locations/0', value: { url: '', metadata: { foo: 'bar' } } }],
  ] as const)
    test(`the first location makes an image active: ${type}`, async () => {
      const { uuid } = await world.image()
      const body = { ...operation, value: { ...operation.value, url } }
      const { body: image } = await world.expect('PATCH', `/images/${uuid}`, patch([body], 'eva', type), 200)
      assert.deepEqual(
        [
          image.status,
          image.size,
          image.checksum,
          image.os_hash_algo,
          image.os_hash_value,
          image.virtual_size,
        ],
        ['active', content.length, null, null, null, null],
      )
      assert.deepEqual(image.locations, [{ url, metadata: { foo: 'bar' } }])
      assert.deepEqual(await show(uuid), image)
    })

  test('its bytes are downloaded from there, in parts, too', async () => {
    const id = await located()
    const file = `${world.url}/v2/images/${id}/file`
    const ask = (headers: Record<string, string>) =>
      fetch(file, { headers: { 'x-auth-token': world.tokens.eva, ...headers } })
    const whole = await ask({})
    assert.deepEqual([whole.status, whole.headers.get('content-length')], [200, String(content.length)])
    assert.deepEqual([whole.headers.get('content-md5'), whole.headers.get('etag')], [null, null])
    assert.ok(Buffer.from(await whole.arrayBuffer()).equals(content))
    const part = await ask({ range: 'bytes=50000-50009' })
    assert.deepEqual(
      [part.status, part.headers.get('content-range')],
      [206, `bytes 50000-50009/${content.length}`],
    )
    assert.ok(Buffer.from(await part.arrayBuffer()).equals(content.subarray(50_000, 50_010)))
    server.files.clear()
    for (const headers of [{}, { range: 'bytes=0-1' }] as Record<string, string>[]) {
      const gone = await ask(headers)
      assert.equal(gone.status, 503)
      assert.ok(!(await gone.text()).includes('127.0.0.1'))
    }
  })

  test('validation data are the digests of the image, and must be those of further locations', async () => {
    const { uuid } = await world.image()
    const first = add(url, {}, { validation_data: { checksum, ...validation_data } })
    const { body } = await expectPatch(uuid, [first], 200)
    assert.deepEqual(
      [body.checksum, body.os_hash_algo, body.os_hash_value, body.locations],
      [checksum, 'sha512', value, [{ url, metadata: {} }]],
    )
    await expectPatch(uuid, [add(`${url}#new`, {}, { validation_data })], 200)
    const other = { ...validation_data, os_hash_value: 'deadbeef'.repeat(16) }
    await expectPatch(uuid, [add(`${url}#newer`, {}, { validation_data: other })], 409)
    assert.equal((await show(uuid)).locations.length, 2)
    const file = await world.ask('GET', `/images/${uuid}/file`, { as: 'eva' })
    assert.deepEqual([file.status, file.headers.get('content-md5')], [200, checksum])
  })

  const wrong: readonly (readonly [string, object, number])[] = [
    ['another algorithm', { ...validation_data, os_hash_algo: 'sha256' }, 409],
    ['a digest of another length', { ...validation_data, os_hash_value: 'abc' }, 409],
    ['a digest that is none', { ...validation_data, os_hash_value: 'x'.repeat(128) }, 409],
    ['a checksum that is none', { ...validation_data, checksum: 'x'.repeat(32) }, 409],
    ['a checksum of another length', { ...validation_data, checksum: 'abc' }, 400],
    ['no digest', { os_hash_algo: 'sha512' }, 400],
    ['more', { ...validation_data, more: 1 }, 400],
  ]
  for (const [what, data, status] of wrong)
    test(`validation data with ${what}: ${status}`, async () => {
      const { uuid } = await world.image()
      await expectPatch(uuid, [add(url, {}, { validation_data: data })], status)
      assert.equal((await show(uuid)).status, 'queued')
      assert.deepEqual(server.requests, [])
    })

  const places: readonly (readonly [string, () => string])[] = [
    ['a file', () => 'file:///etc/passwd'],
    ['a file by another name', () => 'filesystem:///etc/passwd'],
    ['the configuration of Swift', () => 'swift+config:///etc/passwd'],
    ['a store of this catalogue', () => `imageport:///${unknown}`],
    ['a name and password', () => server.url.replace('://', '://eva:secret@')],
    ['a private address', () => 'http://127.0.0.2/disk'],
    ['a private address in other words', () => 'http://0x7f000002/disk'],
    ['cloud metadata', () => 'http://169.254.169.254/latest/meta-data/'],
    ['a redirect to cloud metadata', () => `${server.url}/redirect`],
    ['what is not there', () => `${server.url}/absent`],
  ]
  for (const [what, place] of places)
    test(`no location: ${what}`, async () => {
      const { uuid } = await world.image()
      const { body } = await expectPatch(uuid, [add(place())], 400)
      // The same words for all of them.
      assert.equal(body.message, 'Invalid location')
      const image = await show(uuid)
      assert.deepEqual([image.status, image.size, image.locations], ['queued', null, []])
    })

  const malformed: readonly (readonly [string, object])[] = [
    ['no metadata', { op: 'add', path: '/locations/-', value: { url: 'http://x/' } }],
    ['no URL', { op: 'add', path: '/locations/-', value: { metadata: {} } }],
    [
      'metadata that are a list',
      { op: 'add', path: '/locations/-', value: { url: 'http://x/', metadata: [] } },
    ],
    ['a long URL', add(`http://x/${'a'.repeat(255)}`)],
    ['a text', { op: 'add', path: '/locations/-', value: 'http://x/' }],
    ['a place that is none', add('http://x/', {}, {}, '/locations/first')],
    ['a negative place', add('http://x/', {}, {}, '/locations/-1')],
    ['a place behind the end', add('http://x/', {}, {}, '/locations/1')],
    ['the end to be removed', { op: 'remove', path: '/locations/-' }],
    ['an object in place of the list', { op: 'replace', path: '/locations', value: {} }],
    ['null in place of the list', { op: 'replace', path: '/locations', value: null }],
  ]
  for (const [what, operation] of malformed)
    test(`400: ${what}`, async () => {
      const { uuid } = await world.image()
      await expectPatch(uuid, [operation], 400)
    })

  test('a place is a number in its usual form', async () => {
    const { uuid } = await world.image()
    for (const path of ['/locations/__proto__', '/locations/length', '/locations/00', '/locations/1e1'])
      await expectPatch(uuid, [add(url, {}, {}, path)], 400, 'Invalid position for adding a location.')
  })

  test('hostile bytes are 415', async () => {
    const hostile = Buffer.alloc(1024)
    hostile.write('QFI\xfb', 'latin1')
    hostile.writeUInt32BE(3, 4)
    hostile.writeBigUInt64BE(512n, 8)
    server.files.set('/hostile', hostile)
    const { uuid } = await world.image()
    await expectPatch(uuid, [add(`${server.url}/hostile`)], 415)
    assert.equal((await show(uuid)).status, 'queued')
  })

  test('formats must be set, in the same request at the latest', async () => {
    const { uuid } = await world.image({ diskFormat: null, containerFormat: null })
    await expectPatch(
      uuid,
      [add(url)],
      400,
      'Properties disk_format, container_format must be set prior to saving data.',
    )
    const formats = [
      { op: 'replace', path: '/disk_format', value: 'raw' },
      { op: 'replace', path: '/container_format', value: 'bare' },
    ]
    const { body } = await expectPatch(uuid, [...formats, add(url)], 200)
    assert.deepEqual([body.status, body.disk_format], ['active', 'raw'])
  })

  test('all operations of a request happen, or none', async () => {
    const { uuid } = await world.image({ name: 'before' })
    const rename = { op: 'replace', path: '/name', value: 'after' }
    await expectPatch(uuid, [rename, add(`${server.url}/absent`)], 400)
    await expectPatch(uuid, [add(url), { op: 'remove', path: '/absent' }], 409)
    await expectPatch(uuid, [add(url), { op: 'replace', path: '/status', value: 'active' }], 403)
    const image = await show(uuid)
    assert.deepEqual([image.name, image.status, image.locations], ['before', 'queued', []])
    assert.equal((await expectPatch(uuid, [rename, add(url)], 200)).body.name, 'after')
  })

  test('a second one is a copy, a known one is 400, the eleventh 413', async () => {
    const id = await located(add(`${url}#new`, { speed: '88mph' }))
    assert.deepEqual((await show(id)).locations, [
      { url, metadata: {} },
      { url: `${url}#new`, metadata: { speed: '88mph' } },
    ])
    await expectPatch(id, [add(url)], 400)
    await expectPatch(
      id,
      Array.from({ length: 8 }, (_, i) => add(`${url}#${i}`)),
      200,
    )
    await expectPatch(id, [add(`${url}#10`)], 413, 'Attempted: 11, Maximum: 10')
  })

  test('replacing changes metadata only', async () => {
    const id = await located(add(`${url}#new`))
    const { locations } = await show(id)
    const replace = (value: unknown) => [{ op: 'replace', path: '/locations', value }]
    const text = 'Original locations is not empty'
    await expectPatch(id, replace([{ url, metadata: {} }]), 400, text)
    await expectPatch(id, replace([...locations, { url: `${url}#2`, metadata: {} }]), 400, text)
    const changed = [{ ...locations[0], metadata: { date: '2026-11-26' } }, locations[1]]
    assert.deepEqual((await expectPatch(id, replace(changed), 200)).body.locations, changed)
    await expectPatch(id, replace([]), 403, 'Cannot set locations to empty list.')
  })

  test('replacing gives a queued image its first ones', async () => {
    const { uuid } = await world.image()
    const value = [{ url, metadata: {}, validation_data }]
    const { body } = await expectPatch(uuid, [{ op: 'replace', path: '/locations', value }], 200)
    assert.deepEqual(
      [body.status, body.os_hash_value, body.locations],
      ['active', validation_data.os_hash_value, [{ url, metadata: {} }]],
    )
    const fresh = await world.image()
    await expectPatch(fresh.uuid, [{ op: 'replace', path: '/locations', value: [] }], 403)
  })

  test('removing goes by the index, and not for the last one', async () => {
    const id = await located(add(`${url}#1`), add(`${url}#2`))
    const remove = (place: number) => ({ op: 'remove', path: `/locations/${place}` })
    await expectPatch(id, [remove(3)], 400, 'Invalid position for removing a location.')
    await expectPatch(id, [remove(2), remove(0)], 200)
    assert.deepEqual((await show(id)).locations, [{ url: `${url}#1`, metadata: {} }])
    await expectPatch(id, [remove(0)], 403, 'Cannot remove last location in the image.')
  })

  test('what a store holds can be neither given, changed nor taken', async () => {
    const held = await world.image({}, content)
    const [own] = (await show(held.uuid)).locations
    await expectPatch(held.uuid, [{ op: 'remove', path: '/locations/0' }], 403)
    await expectPatch(held.uuid, [add(url)], 200)
    await expectPatch(held.uuid, [{ op: 'remove', path: '/locations/0' }], 403)
    const value = [
      { ...own, metadata: { store: 'mine' } },
      { url, metadata: {} },
    ]
    await expectPatch(held.uuid, [{ op: 'replace', path: '/locations', value }], 400)
    const { uuid } = await world.image()
    await expectPatch(uuid, [add(own.url)], 400, 'Invalid location')
    server.files.clear()
    assert.equal((await world.ask('GET', `/images/${held.uuid}/file`, { as: 'eva' })).status, 200)
  })

  test('other statuses are 409', async () => {
    const id = await located()
    await world.expect('POST', `/images/${id}/actions/deactivate`, { as: 'eva' }, 204)
    for (const operation of [
      add(`${url}#new`),
      { op: 'remove', path: '/locations/0' },
      { op: 'replace', path: '/locations', value: [{ url, metadata: {} }] },
    ])
      await expectPatch(id, [operation], 409, 'if image status is deactivated.')
    const { uuid } = await world.image()
    await expectPatch(uuid, [{ op: 'remove', path: '/locations/0' }], 409, 'if image status is queued.')
  })

  test('a deactivated image shows them to administrators only', async () => {
    const id = await located()
    await world.expect('POST', `/images/${id}/actions/deactivate`, { as: 'eva' }, 204)
    assert.deepEqual((await show(id)).locations, [])
    assert.deepEqual((await show(id, 'root')).locations, [{ url, metadata: {} }])
    const { images } = (await world.expect('GET', '/images?status=deactivated', { as: 'eva' }, 200)).body
    assert.deepEqual(
      images.map((image: { locations: unknown }) => image.locations),
      images.map(() => []),
    )
    assert.equal((await world.ask('GET', `/images/${id}/file`, { as: 'eva' })).status, 403)
    assert.equal((await world.ask('GET', `/images/${id}/file`, { as: 'root' })).status, 200)
  })

  test('only those who may change an image give it locations', async () => {
    const shared = await world.image({ visibility: 'community' })
    for (const [as, status] of [
      ['rita', 403],
      ['omar', 403],
    ] as const)
      await world.expect('PATCH', `/images/${shared.uuid}`, patch([add(url)], as), status)
    const { uuid } = await world.image()
    await world.expect('PATCH', `/images/${uuid}`, patch([add(url)], 'omar'), 404)
    assert.deepEqual(server.requests, [])
  })
})

describe('the API of 2.17', () => {
  const post = (id: string, json: unknown, status: number, as: Person = 'eva', text?: string) =>
    world.expect('POST', `/images/${id}/locations`, { as, json }, status, text)

  async function settled(id: string, status: string) {
    for (let tries = 0; tries < 500; tries++) {
      const image = await show(id, 'root')
      const tasks = await world.catalogue.tasks.list(actor('root'), { imageUuid: id, limit: 9 })
      if (image.status === status && tasks.every(({ finishedAt }) => finishedAt !== null))
        return { image, tasks }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    return assert.fail(`the image did not become ${status}`)
  }

  function actor(username: string) {
    return {
      ...{ userId: null, username, superAdmin: true, projectId: null, roles: new Map() },
      ...{ face: 'system' as const, requestId: null },
    }
  }

  let runner: Awaited<ReturnType<typeof startRunner>>
  before(async () => {
    const { core, catalogue, outbound } = world
    const options = { parallel: 2, pollSeconds: 1, log: () => {} }
    runner = await startRunner([locationImport], { core, catalogue, outbound }, options)
  })
  after(() => runner.stop())

  test('is listed, and the bytes are fetched, hashed and kept', async () => {
    const { versions } = (await world.ask('GET', '//versions')).body
    assert.deepEqual([versions[0].id, versions[0].status], ['v2.17', 'CURRENT'])
    const { uuid } = await world.image()
    const reply = await post(uuid, { url, validation_data }, 202)
    assert.equal(reply.text, '')
    const { image, tasks } = await settled(uuid, 'active')
    assert.deepEqual(
      [image.size, image.checksum, image.os_hash_value],
      [content.length, checksum, validation_data.os_hash_value],
    )
    assert.deepEqual(image.locations, [
      { url: `imageport:///${uuid}`, metadata: {} },
      { url, metadata: {} },
    ])
    assert.deepEqual(
      tasks.map(({ kind, state, requestId }) => [kind, state, requestId]),
      [['location-import', 'succeeded', reply.headers.get('x-openstack-request-id')]],
    )
    // Whatever becomes of that server, the image stays what it is.
    server.files.set('/disk', randomBytes(content.length))
    const file = await fetch(`${world.url}/v2/images/${uuid}/file`, {
      headers: { 'x-auth-token': world.tokens.eva },
    })
    assert.ok(Buffer.from(await file.arrayBuffer()).equals(content))
  })

  test('the digests may be left to the server', async () => {
    const { uuid } = await world.image()
    await post(uuid, { url }, 202)
    assert.equal((await settled(uuid, 'active')).image.checksum, checksum)
  })

  test('other bytes than promised leave a queued image and a task that says why', async () => {
    const { uuid } = await world.image()
    const other = { ...validation_data, os_hash_value: 'deadbeef'.repeat(16) }
    await post(uuid, { url, validation_data: other }, 202)
    const { image, tasks } = await settled(uuid, 'queued')
    assert.deepEqual([image.size, image.os_hash_value, image.locations], [null, null, []])
    assert.deepEqual(
      tasks.map(({ state }) => state),
      ['failed'],
    )
    await post(uuid, { url }, 202)
    await settled(uuid, 'active')
  })

  test('bytes that are not of the declared format are refused', async () => {
    const { uuid } = await world.image({ diskFormat: 'qcow2' })
    await post(uuid, { url }, 202)
    assert.equal((await settled(uuid, 'queued')).tasks[0]!.state, 'failed')
  })

  const refused: readonly (readonly [string, unknown, number, string?])[] = [
    ['no URL', {}, 400],
    ['a URL that is no text', { url: 1 }, 400],
    ['something else', { url: 'http://x/', metadata: {} }, 400],
    ['a checksum', { url: 'http://x/', validation_data: { ...validation_data, checksum } }, 400],
    ['half of the digest', { url: 'http://x/', validation_data: { os_hash_algo: 'sha512' } }, 400],
    ['a list', [], 400],
    [
      'another algorithm',
      { url: 'http://x/', validation_data: { ...validation_data, os_hash_algo: 'md5' } },
      409,
    ],
    ['a file', { url: 'file:///etc/passwd' }, 400, 'Invalid location'],
    ['a private address', { url: 'http://169.254.169.254/' }, 400, 'Invalid location'],
    ['a password', { url: 'http://eva:secret@127.0.0.1/' }, 400, 'Invalid location'],
  ]
  for (const [what, json, status, text] of refused)
    test(`${status}: ${what}`, async () => {
      const { uuid } = await world.image()
      await post(uuid, json, status, 'eva', text)
    })

  test('400: without its formats', async () => {
    const { uuid } = await world.image({ diskFormat: null })
    await post(uuid, { url }, 400, 'eva', 'Property disk_format must be set prior to saving data.')
  })

  test('only queued images, and only their owners', async () => {
    const id = await located()
    await post(id, { url }, 409)
    const { uuid } = await world.image({ visibility: 'community' })
    await post(uuid, { url }, 403, 'rita')
    await post(uuid, { url }, 403, 'omar')
    await post(uuid, { url }, 404, 'lone')
    await post(unknown, { url }, 404)
    await post((await world.image()).uuid, { url }, 404, 'omar')
    await world.expect('DELETE', `/images/${uuid}/locations`, { as: 'eva' }, 405)
  })

  test('services read them, and give them to whatever they see', async () => {
    const id = await located()
    for (const as of ['eva', 'root'] as const)
      await world.expect('GET', `/images/${id}/locations`, { as }, 403, 'fetch_image_location')
    await world.expect('GET', `/images/${id}/locations`, { as: 'omar' }, 404)
    // The role comes from a Keystone, in the token of the service or beside that of its user.
    const { openstack } = world.catalogue
    const { identityOf } = openstack
    openstack.identityOf = async (...given) => {
      const identity = await identityOf(...given)
      return { ...identity, roles: new Set([...identity.roles, 'service']) }
    }
    try {
      await world.expect('GET', `/images/${id}/locations`, { as: 'eva' }, 200, [{ url, metadata: {} }])
      await world.expect('GET', `/images/${id}/locations`, { as: 'omar' }, 404)
      const { uuid } = await world.image({ visibility: 'community' })
      await post(uuid, { url }, 202, 'omar')
      assert.equal((await settled(uuid, 'active')).image.owner, world.projects.acme)
      // A service that has no role besides.
      const { body } = await world.expect('GET', `/images/${uuid}/locations`, { as: 'lone' }, 200)
      assert.deepEqual(body.at(-1), { url, metadata: {} })
      const next = await world.image({ visibility: 'community' })
      await post(next.uuid, { url }, 202, 'lone')
      await world.expect('GET', `/images/${id}/locations`, { as: 'lone' }, 404)
    } finally {
      openstack.identityOf = identityOf
    }
  })
})

describe('switched off', () => {
  let plain: World
  before(async () => {
    plain = await startWorld({ importAllow: server.url.replace('http://', '') })
  })
  after(() => plain.close())

  test('nothing is shown, changed or offered', async () => {
    const { uuid } = await plain.image()
    const { body } = await plain.expect('GET', `/images/${uuid}`, { as: 'eva' }, 200)
    assert.equal(Object.hasOwn(body, 'locations'), false)
    await plain.expect('PATCH', `/images/${uuid}`, patch([add(url)]), 403, 'if locations are invisible.')
    for (const [method, json] of [
      ['GET', undefined],
      ['POST', { url }],
    ] as const)
      await plain.expect(method, `/images/${uuid}/locations`, { as: 'eva', json }, 404)
    const { versions } = (await plain.ask('GET', '//versions')).body
    assert.ok(!versions.some(({ id }: { id: string }) => id === 'v2.17'))
    assert.deepEqual(server.requests, [])
  })

  test('an image that has its bytes elsewhere is still served', async () => {
    const { uuid } = await plain.image()
    const location = { url, metadata: {} }
    const root = await plain.catalogue.openstack.identityOf(plain.tokens.root, {
      address: '127.0.0.1',
      method: 'GET',
      path: '/',
    })
    await plain.catalogue.imageLocations.change(actorOf(root, 'glance', 'req-1'), uuid, [
      { verb: 'add', location },
    ])
    const { body } = await plain.expect('GET', `/images/${uuid}`, { as: 'eva' }, 200)
    assert.deepEqual([body.status, Object.hasOwn(body, 'locations')], ['active', false])
    assert.equal((await plain.ask('GET', `/images/${uuid}/file`, { as: 'eva' })).status, 200)
  })
})
