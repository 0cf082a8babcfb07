import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { denied, images, missing, startWorld, unknown, type World } from './world.ts'

let world: World
before(async () => {
  world = await startWorld()
})
after(() => world.close())

describe('credentials', () => {
  const rows: [authorization: string | null, detail: string][] = [
    [null, 'Authentication credentials were not provided.'],
    ['Basic ZXZhOng=', 'Authentication credentials were not provided.'],
    ['Bearer abc', 'Authentication credentials were not provided.'],
    ['OpenAPIToken', 'Invalid token header. No credentials provided.'],
    ['Token ', 'Invalid token header. No credentials provided.'],
    ['Token a b', 'Invalid token header. Token string should not contain spaces.'],
    ['OpenAPIToken 0000000000000000000000000000000000000000', 'Invalid token.'],
  ]
  for (const [authorization, detail] of rows)
    test(String(authorization), async () => {
      const headers: Record<string, string> = authorization === null ? {} : { authorization }
      const reply = await world.expect('GET', images, { headers }, 401, { detail })
      assert.equal(reply.headers.get('www-authenticate'), 'OpenAPIToken')
      assert.equal(reply.headers.get('content-type'), 'application/json')
    })

  for (const scheme of ['OpenAPIToken', 'openapitoken', 'Token', 'TOKEN'])
    test(`${scheme} is understood`, async () => {
      await world.expect('GET', images, { headers: { authorization: `${scheme} ${world.tokens.eva}` } }, 200)
    })

  test('an expired token and a disabled user', async () => {
    const expired = await world.token(world.ids.eva, 0)
    await world.expect('GET', images, { headers: { authorization: `Token ${expired}` } }, 401, {
      detail: 'Expired token.',
    })
    const gone = await world.token(
      await world.user({ username: 'gone', enabled: false, roles: { 2: 'owner' } }),
    )
    await world.expect('GET', images, { headers: { authorization: `Token ${gone}` } }, 401, {
      detail: 'User inactive or deleted.',
    })
  })

  test('a token for certain addresses', async () => {
    const here = await world.token(world.ids.eva, undefined, ['127.0.0.0/8', '::1'])
    await world.expect('GET', images, { headers: { authorization: `Token ${here}` } }, 200)
    const elsewhere = await world.token(world.ids.eva, undefined, ['192.0.2.0/24'])
    await world.expect('GET', images, { headers: { authorization: `Token ${elsewhere}` } }, 401, {
      detail: 'Unable to authenticate due to IP address restriction',
    })
  })

  test('tokens that are guessed are slowed down, and right ones are not', async () => {
    const own = await startWorld()
    const ask = (token: string) =>
      own.ask('GET', images, { headers: { authorization: `OpenAPIToken ${token}` } })
    try {
      for (let i = 0; i < 60; i++) assert.equal((await ask(`guess-${i}`)).status, 401)
      const { status, headers, body } = await ask('guess')
      const seconds = Number(headers.get('retry-after'))
      assert.equal(status, 429)
      assert.ok(seconds > 0 && seconds <= 60, `${seconds}`)
      assert.deepEqual(body, {
        detail: `Request was throttled. Expected available in ${seconds} seconds.`,
      })
      assert.equal((await ask(own.tokens.eva)).status, 200)
    } finally {
      await own.close()
    }
  })

  test('cookies are ignored', async () => {
    await world.expect('GET', images, { headers: { cookie: 'sessionid=abc' } }, 401)
  })
})

describe('401 before 403 before 404 before validation', () => {
  const path = `${images}/${unknown}`
  const json = { headers: { 'content-type': 'application/json' }, body: '{broken' }
  test('an anonymous request for a missing image is 401', async () =>
    void (await world.expect('GET', path, {}, 401)))
  test('an anonymous request with a wrong method is 401', async () =>
    void (await world.expect('POST', path, {}, 401)))
  test("an observer's DELETE of a missing image is 403", async () =>
    void (await world.expect('DELETE', path, { as: 'rita' }, 403, denied)))
  test("an observer's broken JSON is 403", async () =>
    void (await world.expect('PUT', path, { as: 'rita', ...json }, 403, denied)))
  test('broken JSON for a missing image is 404', async () =>
    void (await world.expect('PUT', path, { as: 'eva', ...json }, 404, missing)))
  test('a missing image', async () => void (await world.expect('GET', path, { as: 'eva' }, 404, missing)))
  test('what is no UUID', async () =>
    void (await world.expect('GET', `${images}/nonsense`, { as: 'eva' }, 404, missing)))
  test('an odd escape', async () =>
    void (await world.expect('GET', `${images}/%00`, { as: 'eva' }, 404, missing)))
  test('a broken escape', async () =>
    void (await world.expect('GET', `${images}/%zz`, { as: 'eva' }, 404, missing)))
  test('an unknown path', async () => void (await world.expect('GET', '/nothing/here', {}, 404, missing)))
  test('the prefix alone', async () => void (await world.expect('GET', '/backend', {}, 404, missing)))
})

describe('methods', () => {
  const rows: [method: string, path: string, allow: string][] = [
    ['DELETE', images, 'GET, HEAD, POST'],
    ['PUT', `${images}/permissions`, 'GET, HEAD'],
    ['OPTIONS', `${images}/create_options`, 'GET, HEAD'],
    ['POST', `${images}/${unknown}`, 'GET, HEAD, DELETE, PUT, PATCH'],
    ['GET', `${images}/${unknown}/deactivate`, 'POST'],
    ['POST', `${images}/${unknown}/download`, 'GET, HEAD'],
    ['PATCH', `${images}/${unknown}/members/1`, 'GET, HEAD, PUT, DELETE'],
    ['POST', '/openstack/regions', 'GET, HEAD'],
    ['POST', '/clients', 'GET, HEAD'],
    ['POST', '/current-user', 'GET, HEAD'],
    ['GET', '/backend/staffapi/openstack/instances/x', 'PUT, DELETE'],
  ]
  for (const [method, path, allow] of rows)
    test(`${method} ${path}`, async () => {
      const reply = await world.expect(method, path, { as: 'staff' }, 405, {
        detail: `Method "${method}" not allowed.`,
      })
      assert.equal(reply.headers.get('allow'), allow)
    })

  test('a body does not come before the method', async () => {
    await world.expect(
      'POST',
      `${images}/permissions`,
      { as: 'eva', body: 'x', headers: { 'content-type': 'text/x' } },
      405,
    )
  })

  test('HEAD is answered without a body', async () => {
    const reply = await world.ask('HEAD', images, { as: 'eva' })
    assert.equal(reply.status, 200)
    assert.equal(reply.text, '')
  })
})

describe('clients', () => {
  const rows: [
    query: string,
    as: 'both' | 'eva' | 'lone' | 'ivan' | 'staff',
    status: number,
    body?: unknown,
  ][] = [
    ['', 'both', 200],
    ['?active_client=2', 'both', 200],
    ['?active_client=', 'both', 200],
    ['?active_client=4', 'both', 403, denied],
    ['?active_client=999', 'eva', 403, denied],
    ['?active_client=x', 'eva', 400, { detail: 'Invalid active_client' }],
    ['?active_client=1.5', 'eva', 400, { detail: 'Invalid active_client' }],
    ['?active_client=9&active_client=2', 'eva', 200],
  ]
  for (const [query, as, status, body] of rows)
    test(`${as} ${query || 'without a name'}`, async () =>
      void (await world.expect('GET', images + query, { as }, status, body)))

  test('the first client is the active one; its role counts, not that of the other', async () => {
    const first = await world.expect('GET', `${images}/permissions`, { as: 'both' }, 200)
    assert.equal(first.body['images.create'], true)
    const second = await world.expect('GET', `${images}/permissions?active_client=3`, { as: 'both' }, 200)
    assert.equal(second.body['images.create'], false)
    const path = `${images}/create_options?active_client=3`
    await world.expect('GET', path, { as: 'both' }, 403, denied)
  })

  const asleep = { detail: 'Your client has no active OpenStack project' }
  test('a disabled client has no project', async () => {
    await world.expect('GET', images, { as: 'ivan' }, 409, asleep)
    await world.expect('POST', images, { as: 'ivan', json: {} }, 409, asleep)
    await world.expect('GET', `${images}/create_options`, { as: 'ivan' }, 409, asleep)
  })

  test('nor has a user without any client, who may do nothing else', async () => {
    await world.expect('GET', images, { as: 'lone' }, 409, asleep)
    await world.expect('POST', images, { as: 'lone', json: {} }, 409, asleep)
    await world.expect('GET', `${images}/create_options`, { as: 'lone' }, 409, asleep)
    await world.expect('GET', `${images}/${unknown}`, { as: 'lone' }, 403, denied)
    const { body } = await world.expect('GET', `${images}/permissions`, { as: 'lone' }, 200)
    assert.ok(Object.values(body).every((value) => value === false))
  })
})

describe('staff', () => {
  const staffImages = '/backend/staffapi/openstack/images'
  test('others are refused', async () =>
    void (await world.expect('GET', staffImages, { as: 'eva' }, 403, denied)))
  test('nobody is 401 there, too', async () => void (await world.expect('GET', staffImages, {}, 401)))

  test('staff see everything there, and are end-users of their own client elsewhere', async () => {
    const mine = await world.image({ name: 'template', ownerId: 1, visibility: 'private' })
    const theirs = await world.image({ name: 'of acme' })
    const all = await world.expect('GET', staffImages, { as: 'staff' }, 200)
    assert.deepEqual(
      new Set(all.body.objects.map((image: { id: string }) => image.id)),
      new Set([mine.uuid, theirs.uuid]),
    )
    const own = await world.expect('GET', images, { as: 'staff' }, 200)
    assert.deepEqual(
      own.body.objects.map((image: { id: string; client: unknown }) => [image.id, image.client]),
      [[mine.uuid, null]],
    )
    await world.expect('GET', `${images}/${theirs.uuid}`, { as: 'staff' }, 404, missing)
    await world.expect('GET', `${staffImages}/${theirs.uuid}`, { as: 'staff' }, 200)
  })

  test('the active client may be one to which staff do not belong', async () =>
    void (await world.expect('GET', `${staffImages}?active_client=3`, { as: 'staff' }, 200)))
})

describe('permissions', () => {
  const keys =
    'images.list,images.retrieve,images.create,images.destroy,images.download,images.update,images.deactivate,images.reactivate'
  const all = '11111111'
  const rows: [
    role: 'owner' | 'image_admin' | 'image_import_admin' | 'member' | 'admin' | 'reader',
    bits: string,
  ][] = [
    ['owner', all],
    ['image_admin', all],
    ['image_import_admin', all],
    ['member', all],
    ['admin', all],
    ['reader', '11000000'],
  ]
  for (const [role, bits] of rows)
    test(role, async () => {
      const token = await world.token(await world.user({ username: `as-${role}`, roles: { 2: role } }))
      const headers = { authorization: `Token ${token}` }
      const { body } = await world.expect('GET', `${images}/permissions`, { headers }, 200)
      assert.equal(Object.keys(body).join(), keys)
      assert.equal(Object.values(body).map(Number).join(''), bits)
      const list = await world.expect('GET', images, { headers }, 200)
      assert.deepEqual(list.body.permissions, body)
    })
})
