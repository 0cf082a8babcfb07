import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { processes } from '../../../src/catalogue/tasks/processes.ts'
import { plain, sha1, signed, startWorld, unknown, type World, zeroUuid } from './world.ts'

describe('what anonymous callers see', () => {
  let world: World
  before(async () => {
    world = await startWorld()
  })
  after(() => world.close())

  test('published public images only, and neither whose they are nor who may use them', async () => {
    const { publish, ask, expect, accounts } = world
    const open = await publish('keeper', {
      public: true,
      acl: [accounts.other],
      billing_tags: ['gold'],
      traits: { ssd: true },
    })
    assert.deepEqual([open.owner, open.acl, open.billing_tags], [accounts.acme, [accounts.other], ['gold']])
    const seen = (await ask('GET', `/images/${open.uuid}`)).body
    const { acl: _acl, billing_tags: _tags, traits: _traits, ...rest } = open
    assert.deepEqual(seen, { ...rest, owner: zeroUuid })
    const closed = await publish('eva')
    for (const path of ['', '/file', '/icon'])
      await expect('GET', `/images/${closed.uuid}${path}`, {}, 404, 'ResourceNotFound')
    for (const path of ['', '/file'])
      await expect('GET', `/images/${closed.uuid}${path}`, { as: 'omar' }, 404, 'ResourceNotFound')
    const unfinished = await expect(
      'POST',
      '/images',
      { as: 'keeper', json: { ...plain, public: true } },
      200,
    )
    for (const as of [undefined, 'omar'] as const)
      await expect('GET', `/images/${unfinished.body.uuid}`, as ? { as } : {}, 404, 'ResourceNotFound')
    await expect('GET', `/images/${unfinished.body.uuid}`, { as: 'rita' }, 200)
    await expect('GET', `/images/${unfinished.body.uuid}`, { as: 'boss' }, 200)
    await expect('POST', '/images', { as: 'eva', json: { ...plain, public: true } }, 403, 'OperatorOnly')
  })

  test('a disabled image stays readable, its bytes only while something needs them', async () => {
    const { publish, expect, apply } = world
    const { uuid } = await publish('keeper', { public: true })
    const disk = await publish('keeper', { public: true }, 'bytes for a machine')
    for (const one of [uuid, disk.uuid])
      await expect('POST', `/images/${one}?action=disable`, { as: 'keeper' }, 200)
    assert.equal((await expect('GET', `/images/${uuid}`, {}, 200)).body.state, 'disabled')
    for (const ask of [{}, { as: 'eva' }, { as: 'omar' }] as const)
      await expect('GET', `/images/${uuid}/file`, ask, 404, 'ResourceNotFound')
    await expect('GET', `/images/${uuid}/file`, { as: 'boss' }, 200)
    const child = { ...plain, origin: uuid }
    await expect('POST', '/images', { as: 'eva', json: child }, 200)
    await expect('GET', `/images/${uuid}/file`, {}, 200)
    await apply({
      instances: [{ project: 'acme', hostname: 'web01', disks: [{ size: 1, image: disk.uuid }] }],
    })
    assert.equal((await expect('GET', `/images/${disk.uuid}/file`, {}, 200)).text, 'bytes for a machine')
  })

  test('acls: who is on one sees the image', async () => {
    const { publish, expect, accounts, catalogue } = world
    const { uuid } = await publish('eva')
    const path = `/images/${uuid}/acl`
    await expect('GET', `/images/${uuid}`, { as: 'omar' }, 404, 'ResourceNotFound')
    await expect('POST', path, { as: 'eva', json: [unknown] }, 422, 'AccountDoesNotExist')
    for (const json of [[], ['x'], {}, 'x', null])
      await expect('POST', path, { as: 'eva', json }, 422, 'ValidationFailed')
    await expect('POST', path, { as: 'eva' }, 422, 'ValidationFailed')
    await expect('POST', `${path}?action=dance`, { as: 'eva', json: [unknown] }, 422, 'InvalidParameter')
    await expect('POST', path, { as: 'rita', json: [accounts.other] }, 403, 'OperatorOnly')
    const list = [accounts.other, accounts.other, accounts.acme]
    for (let twice = 0; twice < 2; twice++) {
      const { body } = await expect('POST', `${path}?action=add`, { as: 'eva', json: list }, 200)
      assert.deepEqual([body.acl, body.public], [[accounts.other], false])
    }
    await expect('GET', `/images/${uuid}`, { as: 'omar' }, 200)
    await expect('GET', `/images/${uuid}/file`, { as: 'omar' }, 200)
    // Sharing with strangers offers, and does not fill their lists elsewhere.
    const [member] = await catalogue.members.list(systemActor, uuid)
    assert.equal(member?.status, 'pending')
    await expect(
      'POST',
      `/images/${uuid}?action=update`,
      { as: 'omar', json: { name: 'x' } },
      422,
      'NotImageOwner',
    )

    const removed = await expect(
      'POST',
      `${path}?action=remove`,
      { as: 'eva', json: [accounts.other, unknown] },
      200,
    )
    assert.equal(removed.body.acl, undefined)
    await expect('GET', `/images/${uuid}`, { as: 'omar' }, 404, 'ResourceNotFound')
    const update = `/images/${uuid}?action=update`
    const replaced = await expect(
      'POST',
      update,
      { as: 'eva', json: { acl: [accounts.other, accounts.main] } },
      200,
    )
    assert.deepEqual(replaced.body.acl, [accounts.other, accounts.main].sort())
    const emptied = await expect('POST', update, { as: 'eva', json: { acl: null } }, 200)
    assert.equal(emptied.body.acl, undefined)
  })

  test('clones are for those with whom an image is shared', async () => {
    const { publish, expect, accounts } = world
    const source = await publish('eva', { tags: { a: 1 } }, 'cloned bytes')
    const clone = `/images/${source.uuid}/clone?account=${accounts.other}`
    await expect('POST', clone, { as: 'omar' }, 404, 'ResourceNotFound')
    await expect('POST', `/images/${source.uuid}/clone`, { as: 'eva' }, 422, 'ImageNotShared')
    // An image that everybody sees is shared with nobody; its ACL means nothing (danube.md 7.6).
    const open = await publish('keeper', { public: true, acl: [accounts.other] })
    await expect('POST', `/images/${open.uuid}/clone`, { as: 'omar' }, 422, 'ImageNotShared')
    await expect('POST', `/images/${source.uuid}/acl`, { as: 'eva', json: [accounts.other] }, 200)
    const { body } = await expect('POST', clone, { as: 'omar' }, 200)
    assert.notEqual(body.uuid, source.uuid)
    assert.deepEqual(
      [body.owner, body.state, body.tags, body.files, body.acl],
      [accounts.other, 'active', { a: 1 }, source.files, undefined],
    )
    await expect('DELETE', `/images/${source.uuid}`, { as: 'eva' }, 204)
    assert.equal((await expect('GET', `/images/${body.uuid}/file`, { as: 'omar' }, 200)).text, 'cloned bytes')
  })

  test('account: a point of view for reading, and the owner for writing', async () => {
    const { publish, expect, accounts } = world
    const { uuid } = await publish('eva')
    const as = 'boss'
    await expect('GET', `/images/${uuid}?account=${accounts.acme}`, { as }, 200)
    await expect('GET', `/images/${uuid}?account=${accounts.other}`, { as }, 404, 'ResourceNotFound')
    await expect(
      'GET',
      `/images/${uuid}?account=${accounts.acme}`,
      { as: 'omar' },
      422,
      'AccountDoesNotExist',
    )
    await expect(
      'POST',
      `/images/${uuid}?action=disable&account=${accounts.other}`,
      { as },
      404,
      'ResourceNotFound',
    )
    const shown = await publish('keeper', { public: true })
    const wrong = `/images/${shown.uuid}?action=disable&account=${accounts.other}`
    await expect('POST', wrong, { as }, 422, 'NotImageOwner')
    const made = await expect('POST', `/images?account=${accounts.other}`, { as, json: plain }, 200)
    assert.equal(made.body.owner, accounts.other)
    const mixed = { ...plain, owner: accounts.acme }
    await expect('POST', `/images?account=${accounts.other}`, { as, json: mixed }, 422, 'NotImageOwner')
    assert.equal((await expect('POST', '/images', { as, json: mixed }, 200)).body.owner, accounts.acme)
  })
})

describe('compute nodes', () => {
  test('read private images without credentials, and change nothing', async () => {
    const world = await startWorld({ imgapi: { privateNetworks: ['127.0.0.0/8'] } })
    try {
      const { publish, expect, ask } = world
      const { uuid } = await publish('eva', {}, 'private bytes')
      const unfinished = await expect('POST', '/images', { as: 'eva', json: plain }, 200)
      const seen = await expect('GET', `/images/${uuid}`, {}, 200)
      assert.deepEqual([seen.body.owner, seen.body.public], [zeroUuid, false])
      assert.equal((await ask('GET', `/images/${uuid}/file`)).text, 'private bytes')
      assert.deepEqual(
        (await ask('GET', '/images')).body.map((manifest: { uuid: string }) => manifest.uuid),
        [uuid],
      )
      assert.deepEqual((await ask('GET', '/images?state=unactivated')).body, [])
      await expect('GET', `/images/${unfinished.body.uuid}`, {}, 404, 'ResourceNotFound')
      for (const path of [`/images/${uuid}?action=disable`, `/images/${uuid}?action=update`, '/images'])
        await expect('POST', path, { json: { name: 'x' } }, 401, 'UnauthorizedError')
      await expect('DELETE', `/images/${uuid}`, {}, 401, 'UnauthorizedError')
      await expect('POST', `/images/${uuid}?action=disable`, { as: 'eva' }, 200)
      await expect('GET', `/images/${uuid}`, {}, 200)
      await expect('GET', `/images/${uuid}/file`, {}, 404, 'ResourceNotFound')
      // What an Imageport fetches, it fetches for somebody else.
      const headers = { via: '1.1 proxy, 1.1 imageport' }
      await expect('GET', `/images/${unfinished.body.uuid}`, { headers }, 404, 'ResourceNotFound')
      await expect('GET', `/images/${uuid}`, { headers }, 404, 'ResourceNotFound')
      assert.deepEqual((await ask('GET', '/images', { headers })).body, [])
      // Who signs is somebody, wherever the request comes from.
      await expect('GET', `/images/${uuid}`, { as: 'omar' }, 404, 'ResourceNotFound')
    } finally {
      await world.close()
    }
  })
})

describe('channels', () => {
  test('that are not there', async () => {
    const world = await startWorld()
    try {
      const { publish, expect } = world
      await expect('GET', '/channels', {}, 404, 'ResourceNotFound')
      const { uuid } = await publish('keeper', { public: true, channels: ['dev'] })
      await expect('GET', `/images/${uuid}?channel=anything`, {}, 200)
      const seen = await expect('GET', `/images/${uuid}`, { headers: { 'accept-version': '~2' } }, 200)
      assert.equal('channels' in seen.body, false)
      const add = { as: 'keeper', json: { channel: 'dev' } } as const
      await expect('POST', `/images/${uuid}?action=channel-add`, add, 404, 'ResourceNotFound')
    } finally {
      await world.close()
    }
  })

  test('divide the repository', async () => {
    const world = await startWorld({ imgapi: { channels: ['release', 'staging', 'dev'] } })
    try {
      const { publish, expect, ask, image } = world
      const as = 'keeper'
      const headers = { 'accept-version': '~2' }
      assert.deepEqual((await ask('GET', '/channels')).body, [
        { name: 'release', description: 'Images of channel release', default: true },
        { name: 'staging', description: 'Images of channel staging' },
        { name: 'dev', description: 'Images of channel dev' },
      ])
      const released = await publish(as, { public: true, name: 'released' })
      const made = await expect(
        'POST',
        '/images?channel=dev',
        { as, json: { ...plain, public: true }, headers },
        200,
      )
      assert.deepEqual(made.body.channels, ['dev'])
      const { uuid } = made.body
      await expect('PUT', `/images/${uuid}/file?compression=none`, { as, body: 'x' }, 404, 'ResourceNotFound')
      await expect('PUT', `/images/${uuid}/file?compression=none&channel=dev`, { as, body: 'x' }, 200)
      await expect('POST', `/images/${uuid}?action=activate&channel=*`, { as }, 200)
      // What came another way, and says nothing of channels, is in the default one; in an unknown one nobody sees it.
      await image({ visibility: 'public', name: 'other-face' }, 'y')
      const lost = await image(
        { visibility: 'public', name: 'lost', manifest: { v: 2, channels: ['gone'] } },
        'z',
      )
      const names = async (query: string) =>
        (await ask('GET', `/images${query}`)).body.map(({ name }: { name: string }) => name)
      assert.deepEqual(await names(''), ['released', 'other-face'])
      assert.deepEqual(await names('?channel=release'), ['released', 'other-face'])
      assert.deepEqual(await names('?channel=dev'), ['base'])
      assert.deepEqual(await names('?channel=staging'), [])
      assert.deepEqual(await names('?channel=*'), ['released', 'base', 'other-face'])
      const shown = async (more: object) =>
        (await ask('GET', '/images?channel=*', more)).body.map(
          ({ channels }: { channels?: string[] }) => channels,
        )
      assert.deepEqual(await shown({ headers }), [['release'], ['dev'], ['release']])
      assert.deepEqual(await shown({}), [undefined, undefined, undefined])
      const bad = await expect('GET', '/images?channel=unknown', {}, 422, 'ValidationFailed')
      assert.equal(bad.body.errors[0].field, 'channel')
      for (const path of ['', '/file']) {
        await expect('GET', `/images/${uuid}${path}`, {}, 404, 'ResourceNotFound')
        await expect('GET', `/images/${uuid}${path}?channel=unknown`, {}, 422, 'ValidationFailed')
        await expect('GET', `/images/${uuid}${path}?channel=dev`, {}, 200)
        await expect('GET', `/images/${uuid}${path}?channel=*`, {}, 200)
        await expect('GET', `/images/${lost.uuid}${path}?channel=*`, {}, 404, 'ResourceNotFound')
      }
      const add = `/images/${uuid}?action=channel-add&channel=dev`
      await expect('POST', add, { as, json: { channel: 'unknown' } }, 422, 'ValidationFailed')
      await expect('POST', add, { as, json: {} }, 422, 'ValidationFailed')
      for (let twice = 0; twice < 2; twice++) {
        const { body } = await expect('POST', add, { as, json: { channel: 'release' }, headers }, 200)
        assert.deepEqual(body.channels, ['dev', 'release'])
      }
      assert.equal('channels' in (await ask('GET', `/images/${uuid}`)).body, false)
      await expect('DELETE', `/images/${uuid}?channel=dev`, { as }, 204)
      await expect('GET', `/images/${uuid}?channel=dev`, {}, 404, 'ResourceNotFound')
      await expect('GET', `/images/${uuid}`, {}, 200)
      await expect('DELETE', `/images/${uuid}`, { as }, 204)
      await expect('GET', `/images/${uuid}?channel=*`, {}, 404, 'ResourceNotFound')

      const path = `/images/${released.uuid}`
      const moved = { as, json: { channels: ['release', 'dev'] }, headers } as const
      assert.deepEqual((await expect('POST', `${path}?action=update`, moved, 200)).body.channels, [
        'release',
        'dev',
      ])
      const nowhere = { as, json: { channels: ['gone'] } } as const
      await expect('POST', `${path}?action=update`, nowhere, 422, 'ValidationFailed')
      await expect('POST', '/images?channel=*', { as, json: plain }, 422, 'InvalidParameter')
      await expect('DELETE', `${path}?force_all_channels=true`, { as }, 204)
      await expect('GET', `${path}?channel=*`, {}, 404, 'ResourceNotFound')
    } finally {
      await world.close()
    }
  })
})

describe('the wire itself (danube.md 7.1, 7.2)', () => {
  let world: World
  before(async () => {
    world = await startWorld()
  })
  after(() => world.close())

  test('ping, in both forms, and its samples of errors', async () => {
    const { ask, expect } = world
    for (const path of ['/ping', '/ping/'])
      assert.deepEqual((await ask('GET', path)).body, { ping: 'pong', version: '4.13.1', imgapi: true })
    const known = (await ask('GET', '/ping', { as: 'eva' })).body
    assert.deepEqual(known, { ping: 'pong', pid: process.pid, user: 'eva', version: '4.13.1', imgapi: true })
    // The table of danube.md 7.2.
    const samples: readonly [status: number, codes: string][] = [
      [400, 'BadRequestError InvalidHeader InvalidVersion Upload Download ImageFileTooBig NotImplemented'],
      [401, 'UnauthorizedError'],
      [403, 'OperatorOnly'],
      [404, 'ResourceNotFound'],
      [405, 'MethodNotAllowedError'],
      [409, 'ImageUuidAlreadyExists'],
      [412, 'PreconditionFailed'],
      [
        422,
        'ValidationFailed InvalidParameter ImageFilesImmutable ImageAlreadyActivated NoActivationNoFile OwnerDoesNotExist AccountDoesNotExist NotImageOwner ImageNotShared NotMantaPathOwner OriginDoesNotExist OriginIsNotActive InsufficientServerVersion ImageHasDependentImages',
      ],
      [500, 'InternalError'],
      [501, 'NotAvailable'],
      [503, 'StorageIsDown StorageUnsupported RemoteSourceError ServiceUnavailableError'],
    ]
    for (const [status, codes] of samples)
      for (const code of codes.split(' ')) await expect('GET', `/ping?error=${code}`, {}, status, code)
    await expect('GET', '/ping?error=', {}, 500, 'InternalError')
    for (const code of ['Unheard', 'constructor']) {
      const { body } = await expect('GET', `/ping?error=${code}`, {}, 422, 'InvalidParameter')
      assert.equal(body.errors[0].field, 'error')
    }
    // The shape of all of them, with fields and without.
    const { text } = await ask('GET', '/ping?error=NotAvailable')
    assert.equal(text, '{\n  "code": "NotAvailable",\n  "message": "a sample of NotAvailable"\n}')
    const { body } = await ask('GET', '/ping?error=ValidationFailed')
    assert.deepEqual(Object.keys(body), ['code', 'message', 'errors'])
    assert.deepEqual(body.errors, [{ field: 'name', code: 'Invalid', message: 'a sample' }])
  })

  test('paths that are none, and methods that are not there', async () => {
    const { expect, ask, image } = world
    const { uuid } = await image({ visibility: 'public' }, 'x')
    for (const path of [
      '/images/nonsense',
      `/images/${uuid.toUpperCase()}`,
      `/images/${uuid}/nothing`,
      `/images/${uuid}/file/nothing?a=1`,
      '/channels/x',
      '/ping/x',
      '/state/x',
      '/authkeys',
      '/images/%zz',
    ]) {
      const { body } = await expect('GET', path, {}, 404, 'ResourceNotFound')
      assert.equal(body.message, `${path} does not exist`)
    }
    // Also for a change, and before anybody asks for credentials.
    for (const [method, path] of [
      ['DELETE', '/images/nonsense'],
      ['POST', `/images/${uuid.toUpperCase()}?action=update`],
      ['PUT', '/images/nonsense/file?compression=none'],
    ] as const) {
      const { text } = await expect(method, path, {}, 404, 'ResourceNotFound')
      assert.equal(text, `{\n  "code": "ResourceNotFound",\n  "message": "${path} does not exist"\n}`)
    }
    for (const [method, path, allow] of [
      ['PUT', '/images', 'GET, HEAD, POST'],
      ['PATCH', `/images/${uuid}`, 'GET, HEAD, POST, DELETE'],
      ['POST', `/images/${uuid}/file`, 'GET, HEAD, PUT'],
      ['DELETE', '/ping', 'GET, HEAD'],
      ['PROPFIND', '/images/', 'GET, HEAD, POST'],
    ] as const) {
      const { headers } = await expect(method, path, {}, 405, 'MethodNotAllowedError')
      assert.equal(headers.get('allow'), allow)
    }
    // The first version of the format is long gone, and belongs to nobody.
    assert.equal((await ask('GET', '/datasets')).status, 404)
    for (const path of ['/images', `/images/${uuid}`, '/ping']) {
      const [head, get] = [await ask('HEAD', path), await ask('GET', `${path}/`)]
      assert.deepEqual([head.status, head.text, get.status], [200, '', 200])
      assert.equal(head.headers.get('content-length'), get.headers.get('content-length'))
      assert.equal(get.headers.get('content-type'), 'application/json')
    }
  })

  test('versions', async () => {
    const { ask, expect } = world
    const cases: readonly [string, boolean][] = [
      ['~1', true],
      ['~2', true],
      ['*', true],
      ['2.x', true],
      ['2', true],
      ['^1.0.0', true],
      ['>=1 <3', true],
      ['~1 || ~2', true],
      ['', true],
      ['~99', false],
      ['~2.5', false],
      ['>2', false],
      ['<1', false],
      ['nonsense', false],
      ['1.2.3.4', false],
      ['~', false],
    ]
    for (const [version, good] of cases) {
      const headers = { 'accept-version': version }
      if (good) assert.equal((await ask('GET', '/images', { headers })).status, 200, version)
      else await expect('GET', '/images', { headers }, 400, 'InvalidVersion')
    }
  })

  test('what an installation like this does not have is told', async () => {
    const { image, expect, ask } = world
    const { uuid } = await image({}, 'x')
    const as = 'eva'
    await expect('POST', '/images?action=create-from-vm&vm_uuid=x', { as, json: plain }, 501, 'NotAvailable')
    await expect('POST', '/images?action=import-docker-image&repo=x', { as }, 501, 'NotAvailable')
    await expect('POST', '/images?action=import-lxd-image&alias=x', { as }, 501, 'NotAvailable')
    await expect('POST', `/images/${uuid}?action=import-from-datacenter`, { as }, 501, 'NotAvailable')
    await expect('POST', `/images/${uuid}?action=export&manta_path=/x`, { as }, 501, 'NotAvailable')
    await expect('POST', `/images/${uuid}?action=change-stor&stor=x`, { as }, 403, 'OperatorOnly')
    await expect('POST', `/images/${uuid}?action=change-stor&stor=x`, { as: 'boss' }, 501, 'NotAvailable')
    await expect('GET', '/state', { as }, 403, 'OperatorOnly')
    await expect('POST', '/authkeys/reload', { as }, 403, 'OperatorOnly')
    assert.deepEqual((await ask('POST', '/authkeys/reload', { as: 'boss' })).body, {})
    const { body } = await expect('GET', '/state', { as: 'boss' }, 200)
    assert.equal(body.pid, process.pid)
    assert.ok(body.images.active > 0)
    assert.deepEqual((await expect('GET', `/images/${uuid}/jobs`, { as }, 200)).body, [])
    await expect('GET', `/images/${unknown}/jobs`, { as }, 404, 'ResourceNotFound')
  })

  test('an upload is told to go on only when it is wanted', async () => {
    const { keys, url, expect } = world
    const made = await expect('POST', '/images', { as: 'eva', json: plain }, 200)
    async function put(query: string, headers: Record<string, string>): Promise<[boolean, number]> {
      const sending = request(`${url}/images/${made.body.uuid}/file${query}`, {
        method: 'PUT',
        headers: { ...headers, expect: '100-continue', 'content-length': '5' },
      })
      let wanted = false
      sending.on('continue', () => {
        wanted = true
        sending.end('bytes')
      })
      sending.flushHeaders()
      const [response] = await once(sending, 'response')
      response.resume()
      await once(response, 'end')
      sending.destroy()
      return [wanted, response.statusCode]
    }
    assert.deepEqual(await put('?compression=none', {}), [false, 401])
    assert.deepEqual(await put('?compression=zip', signed('eva', keys.eva)), [false, 422])
    assert.deepEqual(await put('?compression=none', signed('omar', keys.omar)), [false, 404])
    const tooBig = { ...signed('eva', keys.eva), 'x-unused': '' }
    const sending = request(`${url}/images/${made.body.uuid}/file?compression=none`, {
      method: 'PUT',
      headers: { ...tooBig, expect: '100-continue', 'content-length': String(20 * 1024 ** 3 + 1) },
    })
    sending.flushHeaders()
    const [refused] = await once(sending, 'response')
    assert.equal(refused.statusCode, 400)
    assert.equal(JSON.parse((await refused.toArray()).join('')).code, 'ImageFileTooBig')
    sending.destroy()
    assert.deepEqual(await put('?compression=none', signed('eva', keys.eva)), [true, 200])
    await expect('POST', `/images/${made.body.uuid}?action=activate`, { as: 'eva' }, 200)
  })

  test('a sender that goes away leaves nothing that looks like a file', async () => {
    const { keys, url, expect, core } = world
    // Only a living process can be receiving.
    await processes(core).enter(true)
    const { uuid } = (await expect('POST', '/images', { as: 'eva', json: plain }, 200)).body
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    const headers = Object.entries(signed('eva', keys.eva)).map(([name, value]) => `${name}: ${value}`)
    const lines = [
      `PUT /images/${uuid}/file?compression=none HTTP/1.1`,
      'host: test',
      'content-length: 100',
      ...headers,
    ]
    socket.write(`${lines.join('\r\n')}\r\n\r\nonly a part`)
    const settled = async (status: string) => {
      for (let i = 0; i < 200; i++) {
        const row = await core.database.db
          .selectFrom('images')
          .select('status')
          .where('uuid', '=', uuid)
          .executeTakeFirstOrThrow()
        if (row.status === status) return
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      assert.fail(`never ${status}`)
    }
    await settled('uploading')
    await expect('PUT', `/images/${uuid}/file?compression=none`, { as: 'eva', body: 'other' }, 400, 'Upload')
    await expect('POST', `/images/${uuid}?action=activate`, { as: 'eva' }, 422, 'NoActivationNoFile')
    socket.destroy()
    await settled('queued')
    const { body } = await expect('GET', `/images/${uuid}`, { as: 'eva' }, 200)
    assert.deepEqual([body.state, body.files], ['unactivated', undefined])
    await expect('PUT', `/images/${uuid}/file?compression=none`, { as: 'eva', body: 'whole' }, 200)
  })

  test('an image may be deleted while its file arrives, and leaves nothing', async () => {
    const { keys, url, expect, core } = world
    await processes(core).enter(true)
    const { uuid } = (await expect('POST', '/images', { as: 'eva', json: plain }, 200)).body
    const sending = request(`${url}/images/${uuid}/file?compression=none`, {
      method: 'PUT',
      headers: { ...signed('eva', keys.eva), 'content-length': '10' },
    })
    sending.write('first')
    for (let i = 0; ; i++) {
      const { body } = await world.ask('GET', `/images/${uuid}`, { as: 'eva' })
      if (body.state === 'creating') break
      assert.ok(i < 200, 'it never arrived')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await expect('DELETE', `/images/${uuid}`, { as: 'eva' }, 204)
    sending.end('other')
    const [response] = await once(sending, 'response')
    const answer = JSON.parse((await response.toArray()).join(''))
    assert.deepEqual([response.statusCode, answer.code], [400, 'Upload'])
    await expect('GET', `/images/${uuid}`, { as: 'boss' }, 404, 'ResourceNotFound')
    const blobs = await core.database.db.selectFrom('blobs').select('sha1').execute()
    assert.equal(
      blobs.some((blob) => blob.sha1 === sha1('firstother')),
      false,
    )
  })

  test('every write is kept: who, through which wire, what', async () => {
    const { publish, expect, catalogue, accounts, ids } = world
    const as = 'eva'
    const { uuid } = await publish(as)
    const path = `/images/${uuid}`
    const png = Buffer.from('89504e470d0a1a0a', 'hex')
    await expect('POST', `${path}?action=update`, { as, json: { description: 'told' } }, 200)
    await expect('POST', `${path}/acl`, { as, json: [accounts.other] }, 200)
    await expect('POST', `${path}/acl?action=remove`, { as, json: [accounts.other] }, 200)
    await expect('PUT', `${path}/icon`, { as, body: png, headers: { 'content-type': 'image/png' } }, 200)
    await expect('POST', `${path}?action=disable`, { as }, 200)
    await expect('POST', `${path}?action=enable`, { as }, 200)
    await expect('DELETE', path, { as }, 204)
    const entries = (await catalogue.audit.history('image', uuid, { limit: 100 })).toReversed()
    for (const { userId, username, face } of entries)
      assert.deepEqual([userId, username, face], [ids.eva, 'eva', 'imgapi'])
    const actions = [...new Set(entries.map(({ action }) => action))]
    const expected =
      'create transfer bytes-received update activate share unshare deactivate reactivate delete'
    assert.equal(actions.join(' '), expected)
    const told = entries.find(({ after }) => JSON.stringify(after).includes('told'))
    assert.equal(JSON.stringify(told?.before).includes('told'), false)
  })

  test("Danube's importer looks at 48 bytes, hangs up, and comes again", async () => {
    const { image, ask } = world
    const bytes = 'x'.repeat(3_000_000)
    const { uuid } = await image({ visibility: 'public' }, bytes)
    const looking = request(`${world.url}/images/${uuid}/file`)
    looking.end()
    const [response] = await once(looking, 'response')
    await once(response, 'data')
    looking.destroy()
    const whole = await ask('GET', `/images/${uuid}/file`, { headers: { 'user-agent': 'curl/8' } })
    assert.equal(sha1(whole.bytes), sha1(bytes))
  })
})
