import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { filesStore } from '../../../src/store/files.ts'
import { md5, plain, sha1, signed, startWorld, unknown, type World, zeroUuid } from './world.ts'

describe('the life of an image on the IMGAPI wire (danube.md 7.7)', () => {
  let world: World
  before(async () => {
    world = await startWorld()
  })
  after(() => world.close())

  test('described, filled, activated, changed, disabled, enabled, deleted', async () => {
    const { ask, expect, accounts } = world
    const as = 'eva'
    const made = await expect('POST', '/images', { as, json: { ...plain, description: 'a base' } }, 200)
    const { uuid } = made.body
    assert.deepEqual(made.body, {
      v: 2,
      uuid,
      owner: accounts.acme,
      name: 'base',
      version: '1.0.0',
      state: 'unactivated',
      disabled: false,
      public: false,
      type: 'other',
      os: 'linux',
      description: 'a base',
    })
    assert.equal(made.headers.get('etag'), sha1(JSON.stringify(made.body)))
    assert.equal(made.text, JSON.stringify(made.body, null, 2))
    const path = `/images/${uuid}`

    await expect('GET', `${path}/file`, { as }, 404, 'ResourceNotFound')
    await expect('POST', `${path}?action=activate`, { as }, 422, 'NoActivationNoFile')

    const bytes = 'some bytes of an image'
    const filled = await expect(
      'PUT',
      `${path}/file?compression=gzip&sha1=${sha1(bytes)}&dataset_guid=123456&storage=local`,
      { as, body: bytes, headers: { 'content-type': 'application/octet-stream' } },
      200,
    )
    const file = { sha1: sha1(bytes), size: bytes.length, compression: 'gzip', dataset_guid: '123456' }
    assert.deepEqual(filled.body.files, [file])
    assert.equal(filled.body.state, 'unactivated')
    const again = await expect('PUT', `${path}/file/?compression=none`, { as, body: 'others' }, 200)
    assert.deepEqual(again.body.files, [{ sha1: sha1('others'), size: 6, compression: 'none' }])
    await expect('GET', path, {}, 404, 'ResourceNotFound')

    const active = await expect('POST', `${path}?action=activate`, { as }, 200)
    assert.equal(active.body.state, 'active')
    assert.match(active.body.published_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    await expect('POST', `${path}?action=activate`, { as }, 422, 'ImageAlreadyActivated')
    await expect('PUT', `${path}/file?compression=none`, { as, body: 'x' }, 422, 'ImageFilesImmutable')

    const changed = await expect(
      'POST',
      `${path}?action=update`,
      { as, json: { name: 'better', description: null, tags: { role: 'db' } } },
      200,
    )
    assert.equal(changed.body.name, 'better')
    assert.equal(changed.body.description, undefined)
    assert.deepEqual(changed.body.tags, { role: 'db' })
    assert.deepEqual((await ask('GET', path, { as })).body, changed.body)

    const sent = await expect('GET', `${path}/file`, { as }, 200)
    assert.equal(sent.text, 'others')
    for (let twice = 0; twice < 2; twice++) {
      const disabled = await expect('POST', `${path}?action=disable`, { as }, 200)
      assert.deepEqual([disabled.body.state, disabled.body.disabled], ['disabled', true])
    }
    for (let twice = 0; twice < 2; twice++)
      assert.equal((await expect('POST', `${path}?action=enable`, { as }, 200)).body.state, 'active')

    const gone = await expect('DELETE', path, { as }, 204)
    assert.equal(gone.text, '')
    await expect('GET', path, { as }, 404, 'ResourceNotFound')
    await expect('DELETE', path, { as }, 404, 'ResourceNotFound')
  })

  test('a file says what an importing client checks (7.5)', async () => {
    const { image, ask, expect } = world
    const { uuid, publishedAt } = await image({ visibility: 'public' }, 'twelve bytes')
    for (const method of ['GET', 'HEAD']) {
      const { status, headers, text } = await ask(method, `/images/${uuid}/file?index=0`)
      assert.equal(status, 200)
      assert.equal(text, method === 'GET' ? 'twelve bytes' : '')
      assert.deepEqual(
        ['content-type', 'content-length', 'content-md5', 'etag', 'accept-ranges', 'content-encoding'].map(
          (name) => headers.get(name),
        ),
        ['application/octet-stream', '12', md5('twelve bytes'), sha1('twelve bytes'), 'bytes', null],
      )
      assert.equal(headers.get('last-modified'), new Date(publishedAt! / 1000).toUTCString())
    }
    const part = await ask('GET', `/images/${uuid}/file`, { headers: { range: 'bytes=7-' } })
    assert.deepEqual([part.status, part.text], [206, 'bytes'])
    assert.equal(part.headers.get('content-range'), 'bytes 7-11/12')
    assert.equal(part.headers.get('content-md5'), null)
    const known = await ask('GET', `/images/${uuid}/file`, {
      headers: { 'if-none-match': sha1('twelve bytes') },
    })
    assert.deepEqual([known.status, known.text], [304, ''])
    const outside = await ask('GET', `/images/${uuid}/file`, { headers: { range: 'bytes=99-' } })
    assert.equal(outside.status, 416)
    for (const index of ['1', 'x', '-1'])
      await expect('GET', `/images/${uuid}/file?index=${index}`, {}, 404, 'ResourceNotFound')
    const slashed = await expect('GET', `/images/${uuid}/file/`, {}, 200)
    assert.equal(slashed.text, 'twelve bytes')
  })

  test('what an upload may not be', async () => {
    const { expect, ask, keys, url } = world
    const as = 'eva'
    const { uuid } = (await expect('POST', '/images', { as, json: plain }, 200)).body
    const path = `/images/${uuid}/file`
    const cases: readonly [query: string, body: string | Uint8Array, status: number, code: string][] = [
      ['', 'x', 422, 'ValidationFailed'],
      ['?compression=zip', 'x', 422, 'InvalidParameter'],
      ['?compression=none&sha1=zz', 'x', 422, 'InvalidParameter'],
      ['?compression=none&dataset_guid=a%20b', 'x', 422, 'InvalidParameter'],
      [`?compression=none&sha1=${sha1('other')}`, 'x', 400, 'Upload'],
      ['?compression=none', '', 400, 'Upload'],
      ['?compression=none&storage=manta', 'x', 503, 'StorageUnsupported'],
      // A qcow2 whose backing file is /etc/passwd.
      ['?compression=none', qcow2('/etc/passwd'), 400, 'Upload'],
      // No backing file, but no gzip either.
      ['?compression=gzip', qcow2(''), 400, 'Upload'],
    ]
    for (const [query, body, status, code] of cases)
      await expect('PUT', path + query, { as, body }, status, code)
    // Of unknown length: nothing that comes is no file either.
    const chunked = async (text: string) => {
      const body = new Blob([text]).stream()
      const headers = signed(as, keys[as])
      return fetch(`${url}${path}?compression=none`, { method: 'PUT', headers, body, duplex: 'half' })
    }
    const empty = await chunked('')
    assert.deepEqual([empty.status, ((await empty.json()) as { code: string }).code], [400, 'Upload'])
    const { body } = await ask('GET', `/images/${uuid}`, { as })
    assert.deepEqual([body.state, body.files], ['unactivated', undefined])
    const filled = (await (await chunked('some')).json()) as { files: object }
    assert.deepEqual(filled.files, [{ sha1: sha1('some'), size: 4, compression: 'none' }])
    await expect('PUT', `${path}?compression=none`, { as, body: qcow2('') }, 200)
  })

  test('what a manifest may not be', async () => {
    const { expect } = world
    const as = 'eva'
    const none = await expect('POST', '/images', { as, json: {} }, 422, 'ValidationFailed')
    assert.deepEqual(
      none.body.errors.map(({ field, code }: { field: string; code: string }) => [field, code]),
      [
        ['name', 'MissingParameter'],
        ['version', 'MissingParameter'],
        ['type', 'MissingParameter'],
        ['os', 'MissingParameter'],
      ],
    )
    await expect('POST', '/images', { as, body: '{' }, 400, 'BadRequestError')
    await expect('POST', '/images', { as, json: [] }, 422, 'ValidationFailed')
    await expect('POST', '/images', { as }, 422, 'ValidationFailed')
    const zvol = await expect(
      'POST',
      '/images',
      { as, json: { ...plain, type: 'zvol' } },
      422,
      'ValidationFailed',
    )
    assert.equal(zvol.body.errors.length, 4)
    await expect('POST', '/images', { as, json: { ...plain, surprise: 1 } }, 422, 'ValidationFailed')
    await expect('POST', '/images', { as, json: { ...plain, owner: unknown } }, 422, 'OwnerDoesNotExist')
    await expect('POST', '/images', { as, json: { ...plain, acl: [unknown] } }, 422, 'AccountDoesNotExist')
    await expect('POST', `/images?account=${unknown}`, { as, json: plain }, 422, 'AccountDoesNotExist')
    await expect('POST', '/images?account=x', { as, json: plain }, 422, 'InvalidParameter')
    await expect('POST', '/images?action=dance', { as, json: plain }, 422, 'InvalidParameter')
    const long = { ...plain, name: 'n'.repeat(300) }
    const refused = await expect('POST', '/images', { as, json: long }, 422, 'ValidationFailed')
    assert.equal(refused.body.errors[0].field, 'name')
    const zero = await expect('POST', '/images', { as, json: { ...plain, owner: zeroUuid } }, 200)
    assert.equal(zero.body.owner, world.accounts.acme)
  })

  test('bytes that are replaced before the activation, and those of an image that goes, are freed', async () => {
    const { expect, core } = world
    const as = 'eva'
    const kept = async () =>
      (await core.database.db.selectFrom('blobs').select('sha1').execute()).map((row) => row.sha1)
    const { uuid } = (await expect('POST', '/images', { as, json: plain }, 200)).body
    for (const body of ['first of two', 'second of two'])
      await expect('PUT', `/images/${uuid}/file?compression=none`, { as, body }, 200)
    assert.equal((await kept()).includes(sha1('first of two')), false)
    assert.equal((await kept()).includes(sha1('second of two')), true)
    await expect('DELETE', `/images/${uuid}`, { as }, 204)
    assert.equal((await kept()).includes(sha1('second of two')), false)
  })

  test('what is disabled before it is activated is disabled when it is', async () => {
    const { expect } = world
    const as = 'eva'
    const { uuid } = (await expect('POST', '/images', { as, json: plain }, 200)).body
    const disabled = await expect('POST', `/images/${uuid}?action=disable`, { as }, 200)
    assert.deepEqual([disabled.body.state, disabled.body.disabled], ['unactivated', true])
    await expect('PUT', `/images/${uuid}/file?compression=none`, { as, body: 'x' }, 200)
    const active = await expect('POST', `/images/${uuid}?action=activate`, { as }, 200)
    assert.deepEqual([active.body.state, active.body.disabled], ['disabled', true])
  })

  test('of requests that want the same at once, one has it', async () => {
    const { ask, expect } = world
    const as = 'eva'
    const { uuid } = (await expect('POST', '/images', { as, json: plain }, 200)).body
    await expect('PUT', `/images/${uuid}/file?compression=none`, { as, body: 'x' }, 200)
    const activate = () => ask('POST', `/images/${uuid}?action=activate`, { as })
    const activated = await Promise.all([activate(), activate(), activate()])
    assert.deepEqual(activated.map(({ status }) => status).sort(), [200, 422, 422])
    const other = '01b2c898-945f-11e1-a523-af1afbe22823'
    const json = { v: 2, uuid: other, ...plain }
    const bring = () => ask('POST', `/images/${other}?action=import`, { as, json })
    const brought = await Promise.all([bring(), bring(), bring()])
    assert.deepEqual(brought.map(({ status }) => status).sort(), [200, 409, 409])
  })

  test('an update reaches the catalogue, and what is deleted is gone there, too', async () => {
    const { publish, expect, catalogue } = world
    const as = 'eva'
    const { uuid } = await publish(as)
    const facts = {
      description: 'told',
      os: 'bsd',
      requirements: { min_ram: 512, ssh_key: true },
      users: [{ name: 'root' }, { name: 'guest' }],
      tags: { erigones: ['b', 'a'], resize: true, deploy: false, own: 7 },
      homepage: 'https://images.example.org/',
      billing_tags: ['gold'],
      traits: { ssd: true },
    }
    const path = `/images/${uuid}?action=update`
    const updated = await expect('POST', path, { as, json: facts }, 200)
    const image = await catalogue.images.view({ ...systemEyes }, uuid)
    assert.deepEqual(
      {
        properties: image.properties,
        minRam: image.minRam,
        tags: image.tags,
        resize: image.resize,
        deploy: image.deploy,
      },
      {
        properties: { description: 'told', os_admin_user: 'root', os_type: 'bsd' },
        minRam: 512,
        tags: ['a', 'b'],
        resize: true,
        deploy: false,
      },
    )
    assert.deepEqual(updated.body.tags, {
      erigones: ['a', 'b'],
      resize: true,
      deploy: false,
      internal: false,
      own: 7,
    })
    assert.deepEqual(updated.body.users, facts.users)
    assert.deepEqual(updated.body.requirements, facts.requirements)
    const nothing = Object.fromEntries(
      Object.keys(facts)
        .filter((key) => key !== 'os')
        .map((key) => [key, null]),
    )
    const emptied = await expect('POST', path, { as, json: nothing }, 200)
    for (const key of Object.keys(nothing)) assert.equal(emptied.body[key], undefined, key)
    const bare = await catalogue.images.view({ ...systemEyes }, uuid)
    assert.deepEqual([bare.properties, bare.minRam, bare.tags], [{ os_type: 'bsd' }, 0, []])

    await expect('POST', path, { as, json: {} }, 422, 'ValidationFailed')
    await expect('POST', path, { as, json: { type: 'zvol' } }, 422, 'ValidationFailed')
    await expect('POST', path, { as, json: { name: null } }, 422, 'ValidationFailed')
    await expect('POST', path, { as, json: { state: 'disabled' } }, 422, 'ValidationFailed')
    await expect('POST', path, { as, json: { owner: world.accounts.other } }, 403, 'OperatorOnly')
    await expect('POST', `/images/${uuid}`, { as, json: {} }, 422, 'InvalidParameter')
  })

  test('operators give images away and repair them, within what can be true', async () => {
    const { publish, expect, accounts } = world
    const { uuid, files } = await publish('eva')
    const path = `/images/${uuid}?action=update`
    const as = 'boss'
    const given = await expect('POST', path, { as, json: { owner: accounts.other } }, 200)
    assert.equal(given.body.owner, accounts.other)
    await expect('POST', path, { as, json: { owner: unknown } }, 422, 'OwnerDoesNotExist')
    const repaired = await expect(
      'POST',
      path,
      { as, json: { files: [{ ...files[0], compression: 'xz' }] } },
      200,
    )
    assert.equal(repaired.body.files[0].compression, 'xz')
    const wrong = [{ ...files[0], sha1: '0'.repeat(40) }]
    await expect('POST', path, { as, json: { files: wrong } }, 422, 'ValidationFailed')
    await expect('POST', path, { as, json: { uuid: unknown } }, 422, 'ValidationFailed')
    await expect('POST', path, { as, json: { state: 'unactivated' } }, 422, 'ValidationFailed')
    assert.equal(
      (await expect('POST', path, { as, json: { state: 'disabled' } }, 200)).body.state,
      'disabled',
    )
    assert.equal((await expect('POST', path, { as, json: { state: 'active' } }, 200)).body.state, 'active')
  })

  test('an origin has to be there and active, and stays as long as something builds on it', async () => {
    const { publish, expect } = world
    const as = 'eva'
    const origin = await publish(as)
    const create = async (uuid: string) => {
      const made = await expect('POST', '/images', { as, json: { ...plain, origin: uuid } }, 200)
      await expect('PUT', `/images/${made.body.uuid}/file?compression=none`, { as, body: 'child' }, 200)
      return `/images/${made.body.uuid}`
    }
    await expect('POST', `${await create(unknown)}?action=activate`, { as }, 422, 'OriginDoesNotExist')
    await expect('POST', `/images/${origin.uuid}?action=disable`, { as }, 200)
    const child = await create(origin.uuid)
    await expect('POST', `${child}?action=activate`, { as }, 422, 'OriginIsNotActive')
    await expect('POST', `/images/${origin.uuid}?action=enable`, { as }, 200)
    assert.equal((await expect('POST', `${child}?action=activate`, { as }, 200)).body.origin, origin.uuid)
    await expect('DELETE', `/images/${origin.uuid}`, { as }, 422, 'ImageHasDependentImages')
    await expect('DELETE', child, { as }, 204)
    await expect('DELETE', `/images/${origin.uuid}`, { as }, 204)
  })

  test('what protects an image, and machines that run from it, keep it', async () => {
    const { image, expect, apply } = world
    const safe = await image({ protected: true }, 'safe')
    await expect('DELETE', `/images/${safe.uuid}`, { as: 'eva' }, 422, 'ValidationFailed')
    const used = await image({}, 'used')
    await apply({
      instances: [{ project: 'acme', hostname: 'web01', disks: [{ size: 1024, image: used.uuid }] }],
    })
    await expect('DELETE', `/images/${used.uuid}`, { as: 'eva' }, 422, 'ImageHasDependentImages')
  })

  test('an imported image keeps uuid and date, can come again after it is gone, and not before', async () => {
    const { expect } = world
    const as = 'eva'
    const uuid = '01b2c898-945f-11e1-a523-af1afbe22822'
    const manifest = {
      v: 2,
      uuid,
      owner: '352971aa-31ba-496c-9ade-a379feaecd52',
      ...plain,
      state: 'active',
      published_at: '2012-05-02T15:15:24Z',
      files: [{ sha1: sha1('dataset'), size: 7, compression: 'bzip2' }],
      channels: ['elsewhere'],
    }
    const path = `/images/${uuid}?action=import`
    await expect('POST', path, { as, json: manifest }, 422, 'OwnerDoesNotExist')
    const other = { ...manifest, uuid: unknown }
    await expect('POST', path, { as, json: other }, 422, 'InvalidParameter')
    const { uuid: _uuid, ...without } = manifest
    await expect('POST', path, { as, json: without }, 422, 'ValidationFailed')
    await expect('POST', path, { as: 'rita', json: { ...manifest, owner: zeroUuid } }, 403, 'OperatorOnly')
    const lenient = `${path}&skip_owner_check=true`
    for (let twice = 0; twice < 2; twice++) {
      const made = await expect('POST', lenient, { as, json: manifest }, 200)
      assert.deepEqual(
        [made.body.state, made.body.published_at, made.body.files, made.body.channels],
        ['unactivated', '2012-05-02T15:15:24.000Z', undefined, undefined],
      )
      await expect('POST', lenient, { as, json: manifest }, 409, 'ImageUuidAlreadyExists')
      await expect('PUT', `/images/${uuid}/file?compression=bzip2`, { as, body: 'dataset' }, 200)
      const active = await expect('POST', `/images/${uuid}?action=activate`, { as }, 200)
      assert.equal(active.body.published_at, '2012-05-02T15:15:24.000Z')
      assert.equal(active.body.files[0].compression, 'bzip2')
      await expect('DELETE', `/images/${uuid}`, { as }, 204)
    }
  })

  test('icons', async () => {
    const { publish, expect, ask } = world
    const as = 'keeper'
    const { uuid } = await publish(as, { public: true })
    const path = `/images/${uuid}/icon`
    const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from('picture')])
    const type = (name: string) => ({ 'content-type': name })
    await expect('GET', path, {}, 404, 'ResourceNotFound')
    await expect('PUT', path, { as, body: png, headers: type('image/svg+xml') }, 400, 'InvalidHeader')
    await expect('PUT', path, { as, body: '<svg/>', headers: type('image/png') }, 400, 'Upload')
    const large = Buffer.concat([png, Buffer.alloc(128 * 1024)])
    await expect('PUT', path, { as, body: large, headers: type('image/png') }, 400, 'ImageFileTooBig')
    const put = await expect('PUT', path, { as, body: png, headers: type('image/png') }, 200)
    assert.equal(put.body.icon, true)
    const sent = await expect('GET', path, {}, 200)
    assert.deepEqual(sent.bytes, png)
    assert.equal(sent.headers.get('content-type'), 'image/png')
    assert.equal(sent.headers.get('content-md5'), md5(png))
    assert.equal((await ask('HEAD', path)).headers.get('content-length'), String(png.length))
    const etag = sent.headers.get('etag')!
    assert.equal(etag, sha1(png))
    const known = await ask('GET', path, { headers: { 'if-none-match': etag } })
    assert.deepEqual([known.status, known.text, known.headers.get('etag')], [304, '', etag])
    // As large as they may be, and every kind of them.
    for (const [name, begin] of [
      ['image/jpeg', 'ffd8ffe0'],
      ['image/gif', '474946383961'],
      ['image/gif', '474946383761'],
      ['image/png', '89504e470d0a1a0a'],
    ] as const) {
      const body = Buffer.alloc(128 * 1024)
      body.write(begin, 'hex')
      await expect('PUT', path, { as, body, headers: type(name) }, 200)
      const got = await expect('GET', `${path}/`, {}, 200)
      assert.deepEqual([got.headers.get('content-type'), sha1(got.bytes)], [name, sha1(body)])
    }
    await expect('PUT', path, { body: png, headers: type('image/png') }, 401, 'UnauthorizedError')
    assert.equal((await expect('DELETE', path, { as }, 200)).body.icon, undefined)
    await expect('GET', path, {}, 404, 'ResourceNotFound')
  })

  test('etags: known answers are not sent again, and a change meets what it was made for', async () => {
    const { publish, ask, expect } = world
    const as = 'eva' as const
    const { uuid } = await publish(as)
    const path = `/images/${uuid}`
    const etag = (await ask('GET', path, { as })).headers.get('etag')!
    for (const known of [etag, `"${etag}"`, `x, ${etag}`, '*']) {
      const reply = await ask('GET', path, { as, headers: { 'if-none-match': known } })
      assert.deepEqual([reply.status, reply.text, reply.headers.get('etag')], [304, '', etag])
    }
    assert.equal((await ask('GET', path, { as, headers: { 'if-none-match': 'other' } })).status, 200)
    await expect('GET', path, { as, headers: { 'if-match': 'other' } }, 412, 'PreconditionFailed')
    const update = { as, json: { name: 'newer' } }
    const stale = { ...update, headers: { 'if-match': 'other' } }
    await expect('POST', `${path}?action=update`, stale, 412, 'PreconditionFailed')
    await expect('DELETE', path, { as, headers: { 'if-match': 'other' } }, 412, 'PreconditionFailed')
    const fresh = await expect(
      'POST',
      `${path}?action=update`,
      { ...update, headers: { 'if-match': etag } },
      200,
    )
    assert.equal((await ask('GET', path, { as })).headers.get('etag'), fresh.headers.get('etag'))
    const lost = { ...update, headers: { 'if-match': etag } }
    await expect('POST', `${path}?action=update`, lost, 412, 'PreconditionFailed')
  })

  test('what is left of a making that failed is told to those whose it is', async () => {
    const { image, expect, ask, core } = world
    const { uuid } = await image({ name: 'broken', visibility: 'public' })
    const failed = { status: 'killed' as const, failure: 'The disk was unreadable.' }
    await core.database.db.updateTable('images').set(failed).where('uuid', '=', uuid).execute()
    const { body } = await expect('GET', `/images/${uuid}`, { as: 'eva' }, 200)
    assert.deepEqual([body.state, body.disabled, body.error], ['failed', false, { message: failed.failure }])
    const names = async (query: string, as?: 'eva') =>
      (await ask('GET', `/images?state=${query}`, as ? { as } : {})).body.map(
        ({ name }: { name: string }) => name,
      )
    assert.deepEqual(await names('failed', 'eva'), ['broken'])
    assert.deepEqual([await names('failed'), (await names('all')).includes('broken')], [[], false])
    for (const ask of [{}, { as: 'omar' }] as const)
      await expect('GET', `/images/${uuid}`, ask, 404, 'ResourceNotFound')
    await expect('GET', `/images/${uuid}/file`, { as: 'eva' }, 404, 'ResourceNotFound')
  })

  test('the answer to every write is the manifest as it is read then, under the same etag', async () => {
    const { expect, ask, accounts } = world
    const as = 'eva' as const
    const { body: made } = await expect('POST', '/images', { as, json: plain }, 200)
    const path = `/images/${made.uuid}`
    const png = Buffer.from('89504e470d0a1a0a', 'hex')
    const writes: readonly [method: string, path: string, ask: object][] = [
      ['PUT', '/file?compression=none', { body: 'bytes' }],
      ['POST', '?action=activate', {}],
      ['POST', '?action=update', { json: { description: 'täst' } }],
      ['POST', '?action=disable', {}],
      ['POST', '?action=enable', {}],
      ['POST', '/acl', { json: [accounts.other] }],
      ['POST', '/acl?action=remove', { json: [accounts.other] }],
      ['PUT', '/icon', { body: png, headers: { 'content-type': 'image/png' } }],
      ['DELETE', '/icon', {}],
    ]
    for (const [method, rest, what] of writes) {
      const written = await expect(method, path + rest, { as, ...what }, 200)
      const read = await ask('GET', path, { as })
      assert.equal(written.text, read.text, rest)
      assert.equal(written.headers.get('content-type'), 'application/json')
      assert.equal(written.headers.get('content-length'), String(written.bytes.length))
      const etag = sha1(JSON.stringify(written.body))
      assert.deepEqual([written.headers.get('etag'), read.headers.get('etag')], [etag, etag], rest)
    }
  })

  test('keys have one order, however they were sent', async () => {
    const { expect, accounts } = world
    const as = 'boss'
    const facts = {
      v: 2,
      owner: accounts.acme,
      name: 'every key',
      version: '1.0.0',
      public: false,
      type: 'zvol',
      os: 'linux',
      acl: [accounts.other],
      description: 'all there is',
      homepage: 'https://images.example.org/',
      eula: 'https://images.example.org/eula',
      requirements: {
        networks: [{ name: 'net0', description: 'public' }],
        brand: 'bhyve',
        ssh_key: true,
        min_ram: 256,
        max_ram: 512,
        min_platform: { '7.0': '20200101T000000Z' },
        bootrom: 'uefi',
      },
      users: [{ name: 'root' }],
      generate_passwords: false,
      origin: unknown,
      nic_driver: 'virtio',
      disk_driver: 'ide',
      cpu_type: 'host',
      image_size: 10_240,
      tags: { role: 'os', number: 1, flag: false },
      billing_tags: ['gold'],
      traits: { ssd: true, disks: ['a', 'b'] },
    }
    const json = Object.fromEntries(Object.entries(facts).toReversed())
    const { body, text } = await expect('POST', '/images', { as, json }, 200)
    const { uuid } = body
    assert.deepEqual(body, { ...facts, uuid, state: 'unactivated', disabled: false })
    const order =
      'v,uuid,owner,name,version,state,disabled,public,type,os,acl,description,homepage,eula,requirements,users,' +
      'generate_passwords,origin,nic_driver,disk_driver,cpu_type,image_size,tags,billing_tags,traits'
    assert.equal(Object.keys(body).join(), order)
    assert.equal((await expect('GET', `/images/${uuid}`, { as }, 200)).text, text)
    await expect('DELETE', `/images/${uuid}`, { as }, 204)
  })

  test('a manifest that Danube would not read for its indentation has none', async () => {
    const { expect } = world
    const tags = Object.fromEntries(Array.from({ length: 460 }, (_, i) => [`tag-${i}`, 'v']))
    const { text, body } = await expect('POST', '/images', { as: 'eva', json: { ...plain, tags } }, 200)
    assert.ok(JSON.stringify(body, null, 2).length > 8184)
    assert.equal(text, JSON.stringify(body))
    assert.ok(text.length <= 8184)
  })

  test('what an update may change, field by field', async () => {
    const { publish, expect, accounts } = world
    const facts = { type: 'zvol', nic_driver: 'virtio', disk_driver: 'virtio', cpu_type: 'host' }
    const { uuid } = await publish('keeper', { ...facts, image_size: 1024 })
    const path = `/images/${uuid}?action=update`
    const changes: readonly object[] = [
      { name: 'other' },
      { version: '2.0.0' },
      { description: 'described' },
      { homepage: 'https://images.example.org/' },
      { eula: 'http://images.example.org/eula' },
      { public: true },
      { os: 'windows' },
      { acl: [accounts.other] },
      { requirements: { ssh_key: true } },
      { users: [{ name: 'root' }] },
      { billing_tags: ['gold'] },
      { traits: { ssd: true } },
      { tags: { role: 'db' } },
      { generate_passwords: false },
      { nic_driver: 'e1000' },
      { disk_driver: 'ide' },
      { cpu_type: 'qemu64' },
      { image_size: 2048 },
    ]
    for (const json of changes) {
      const { body } = await expect('POST', path, { as: 'keeper', json }, 200)
      for (const [key, value] of Object.entries(json)) assert.deepEqual(body[key], value, key)
    }
    const refused: readonly [json: object, field: string, code: string][] = [
      [{}, 'manifest', 'MissingParameter'],
      [{ type: 'other' }, 'type', 'NotAllowed'],
      [{ published_at: '2020-01-01T00:00:00Z' }, 'published_at', 'NotAllowed'],
      [{ state: 'disabled' }, 'state', 'NotAllowed'],
      [{ files: [] }, 'files', 'NotAllowed'],
      [{ origin: unknown }, 'origin', 'NotAllowed'],
      [{ uuid: unknown }, 'uuid', 'NotAllowed'],
      [{ error: { message: 'x' } }, 'error', 'NotAllowed'],
      [{ inherited_directories: ['/opt'] }, 'inherited_directories', 'NotAllowed'],
      [{ name: null }, 'name', 'MissingParameter'],
      [{ os: null }, 'os', 'MissingParameter'],
      [{ image_size: null }, 'image_size', 'MissingParameter'],
      [{ name: 'ä' }, 'name', 'Invalid'],
      [{ homepage: 'ftp://images.example.org/' }, 'homepage', 'Invalid'],
      [{ requirements: { surprise: 1 } }, 'requirements', 'Invalid'],
      [{ surprise: 1 }, 'surprise', 'Invalid'],
    ]
    for (const [json, field, code] of refused) {
      const { body } = await expect('POST', path, { as: 'keeper', json }, 422, 'ValidationFailed')
      assert.deepEqual([body.errors[0].field, body.errors[0].code], [field, code], JSON.stringify(json))
    }
    const { uuid: closed } = await publish('eva')
    const open = { as: 'eva', json: { public: true } } as const
    await expect('POST', `/images/${closed}?action=update`, open, 403, 'OperatorOnly')
  })

  test('a manifest of the first version is imported as one of the second', async () => {
    const { expect } = world
    const uuid = '01b2c898-945f-11e1-a523-af1afbe22824'
    const first = {
      ...{ uuid, name: 'old', version: '1.0.0', type: 'zone-dataset', os: 'smartos' },
      creator_uuid: '352971aa-31ba-496c-9ade-a379feaecd52',
      cloud_name: 'sdc',
      created_at: '2012-05-02T15:15:24Z',
      files: [{ sha1: sha1('old'), size: 3, path: 'old.zfs.bz2', url: 'https://images.example.org/old' }],
    }
    const path = `/images/${uuid}?action=import&skip_owner_check=true`
    const { body } = await expect('POST', path, { as: 'eva', json: first }, 200)
    assert.deepEqual(body, {
      v: 2,
      uuid,
      owner: world.accounts.acme,
      name: 'old',
      version: '1.0.0',
      state: 'unactivated',
      disabled: false,
      public: false,
      published_at: '2012-05-02T15:15:24.000Z',
      type: 'zone-dataset',
      os: 'smartos',
    })
  })
})

describe('limits and stores of the installation', () => {
  test('what is larger than it may be is refused in the words of this wire', async () => {
    const world = await startWorld({ settings: { maxImageBytes: 10 } })
    try {
      const { expect } = world
      const as = 'eva'
      const { uuid } = (await expect('POST', '/images', { as, json: plain }, 200)).body
      const path = `/images/${uuid}/file?compression=none`
      await expect('PUT', path, { as, body: 'eleven byte' }, 400, 'ImageFileTooBig')
      await expect('PUT', path, { as, body: 'ten bytes.' }, 200)
    } finally {
      await world.close()
    }
  })

  test('of several stores, one is named to those who ask for it, and is part of what an etag is about', async () => {
    const world = await startWorld({
      stores: (directory) =>
        ['fast', 'bulk'].map((name) => filesStore({ name, directory: join(directory, name) })),
    })
    try {
      const { publish, expect, ask } = world
      const as = 'eva' as const
      const { uuid, files } = await publish(as)
      assert.deepEqual(Object.keys(files[0]), ['sha1', 'size', 'compression'])
      const asked = 'inclAdminFields=true'
      await expect('GET', `/images/${uuid}?${asked}`, {}, 404, 'ResourceNotFound')
      const seen = await expect('GET', `/images/${uuid}?${asked}`, { as }, 200)
      assert.deepEqual(seen.body.files, [{ ...files[0], stor: 'fast' }])
      assert.deepEqual((await ask('GET', `/images?${asked}`, { as })).body[0].files, seen.body.files)
      const headers = { 'if-match': seen.headers.get('etag')! }
      const json = { description: 'matched' }
      const path = `/images/${uuid}?action=update&${asked}`
      await expect('POST', path, { as, json, headers }, 200)
      await expect('POST', path, { as, json, headers }, 412, 'PreconditionFailed')
    } finally {
      await world.close()
    }
  })
})

const systemEyes = {
  userId: null,
  username: 'system',
  superAdmin: true,
  projectId: null,
  roles: new Map(),
  face: 'system',
  requestId: null,
} as const

function qcow2(backing: string): Buffer {
  const bytes = Buffer.alloc(64 * 1024)
  bytes.write('QFI\xfb', 'latin1')
  bytes.writeUInt32BE(2, 4)
  bytes.writeBigUInt64BE(backing === '' ? 0n : 72n, 8)
  bytes.writeUInt32BE(backing.length, 16)
  bytes.writeUInt32BE(16, 20)
  bytes.writeBigUInt64BE(1_048_576n, 24)
  bytes.write(backing, 72)
  return bytes
}
