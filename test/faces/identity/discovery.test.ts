import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startWorld, type World } from './world.ts'

let world: World
before(async () => {
  world = await startWorld()
})
after(() => world.close())

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${world.url}${path}`, { method, headers, redirect: 'manual' })

const version = (origin: string) => ({
  id: 'v3.14',
  status: 'stable',
  updated: '2020-04-07T00:00:00Z',
  links: [{ rel: 'self', href: `${origin}/identity/v3/` }],
  'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
})

describe('versions (glance.md 25.1)', () => {
  for (const path of ['/identity/v3', '/identity/v3/'])
    test(`${path} is 200`, async () => {
      const reply = await get(path)
      assert.equal(reply.status, 200)
      assert.deepEqual(await reply.json(), { version: version(world.url) })
      assert.equal(reply.headers.get('vary'), 'X-Auth-Token')
    })

  for (const path of ['/identity', '/identity/'])
    test(`${path} is 300, with one more level in its body`, async () => {
      const reply = await get(path)
      assert.equal(reply.status, 300)
      assert.equal(reply.headers.get('location'), `${world.url}/identity/v3/`)
      assert.deepEqual(await reply.json(), { versions: { values: [version(world.url)] } })
    })

  test('who asks for the home document gets normal JSON', async () => {
    const reply = await get('/identity/v3', { accept: 'application/json-home' })
    assert.equal(reply.headers.get('content-type'), 'application/json')
    assert.deepEqual(await reply.json(), { version: version(world.url) })
  })

  test('links lead to where the client came from', async () => {
    const reply = await world.app.inject({ url: '/identity/v3', headers: { host: 'cloud.example.org' } })
    assert.deepEqual(reply.json(), { version: version('http://cloud.example.org') })
  })

  test('HEAD has the headers and no body', async () => {
    const reply = await get('/identity/v3', {}, 'HEAD')
    assert.equal(reply.status, 200)
    assert.equal(await reply.text(), '')
  })
})

describe('paths and methods', () => {
  const unknown = { error: { code: 404, message: 'The resource could not be found.', title: 'Not Found' } }
  for (const path of ['/identity/v2.0', '/identity/v3/nothing', '/identity/v3/auth', '/identity/v3/%zz'])
    test(`${path} is not there`, async () => {
      const reply = await get(path)
      assert.equal(reply.status, 404)
      assert.deepEqual(await reply.json(), unknown)
      assert.equal(reply.headers.get('vary'), 'X-Auth-Token')
      assert.match(reply.headers.get('x-openstack-request-id')!, /^req-[0-9a-f-]{36}$/)
    })

  const rows: [method: string, path: string, allow: string][] = [
    ['PUT', '/identity/v3/auth/tokens', 'POST, GET, HEAD, DELETE'],
    ['PATCH', '/identity/v3/projects', 'GET, HEAD'],
    ['POST', '/identity/v3', 'GET, HEAD'],
    ['PROPFIND', '/identity/v3/auth/tokens', 'POST, GET, HEAD, DELETE'],
    ['PUT', '/identity/v3/users/u/application_credentials', 'POST, GET, HEAD'],
    ['POST', '/identity/v3/users/u/application_credentials/c', 'GET, HEAD, DELETE'],
  ]
  for (const [method, path, allow] of rows)
    test(`${method} ${path} is 405`, async () => {
      const reply = await get(path, {}, method)
      assert.equal(reply.status, 405)
      assert.equal(reply.headers.get('allow'), allow)
      assert.deepEqual(await reply.json(), {
        error: {
          code: 405,
          message: 'The method is not allowed for the requested URL.',
          title: 'Method Not Allowed',
        },
      })
    })

  test('the OpenAPI document knows which routes are open', async () => {
    const listed = world.app.routeTable.filter(({ config }) => config.face === 'identity' && !config.hidden)
    const open = listed.filter(({ config, methods }) => config.open && !methods.includes('HEAD'))
    assert.deepEqual(open.map(({ url, methods }) => `${methods} ${url}`).sort(), [
      'GET /identity',
      'GET /identity/v3',
      'POST /identity/v3/auth/tokens',
    ])
  })
})

describe('everything else takes a token', () => {
  const paths = [
    'GET /auth/tokens',
    'HEAD /auth/tokens',
    'DELETE /auth/tokens',
    'GET /auth/projects',
    'GET /auth/domains',
    'GET /auth/system',
    'GET /auth/catalog',
    'GET /projects',
    'GET /projects/p',
    'GET /users',
    'GET /users/u',
    'GET /users/u/projects',
    'GET /domains',
    'GET /domains/default',
    'POST /users/u/application_credentials',
    'GET /users/u/application_credentials',
    'GET /users/u/application_credentials/c',
    'DELETE /users/u/application_credentials/c',
  ]
  for (const line of paths)
    test(line, async () => {
      const [method = '', path = ''] = line.split(' ')
      for (const token of [undefined, '', 'x', `imageport-${'A'.repeat(43)}`, 'z'.repeat(8000)]) {
        const reply = await world.ask(method, path, {
          ...(token === undefined ? {} : { token }),
          subject: 'x',
        })
        assert.equal(reply.status, 401, `${token}`)
        assert.equal(reply.headers.get('www-authenticate'), `Keystone uri="${world.url}/identity"`)
        assert.equal(reply.headers.get('vary'), 'X-Auth-Token')
        if (method !== 'HEAD')
          assert.deepEqual(reply.body, {
            error: {
              code: 401,
              message: 'The request you have made requires authentication.',
              title: 'Unauthorized',
            },
          })
      }
    })
})
