import assert from 'node:assert/strict'
import { request as send } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { type Ask, startWorld, unknown, type World } from './world.ts'

let world: World
before(async () => {
  world = await startWorld()
})
after(() => world.close())

/** One request with the bytes of its target as they are, which `fetch` would tidy up. */
function raw(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; headers: Readonly<Record<string, unknown>>; text: string }> {
  const { hostname, port } = new URL(world.url)
  return new Promise((resolve, reject) => {
    const asked = send({ hostname, port, method, path, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }))
    })
    asked.on('error', reject).end()
  })
}

describe('discovery (section 2)', () => {
  const versions = ['v2.15', 'v2.9', 'v2.7', 'v2.6', 'v2.5', 'v2.4', 'v2.3', 'v2.2', 'v2.1', 'v2.0']
  const document = () => ({
    versions: versions.map((id, place) => ({
      id,
      status: place === 0 ? 'CURRENT' : 'SUPPORTED',
      links: [{ rel: 'self', href: `${world.url}/v2/` }],
    })),
  })

  for (const [method, path, status] of [
    ['GET', '//', 300],
    ['POST', '//', 300],
    ['DELETE', '//', 300],
    ['GET', '//versions', 200],
    ['GET', '//v1', 300],
    ['GET', '//v1/images', 300],
    ['GET', '//v3', 300],
    ['GET', '//foo/bar', 300],
    ['GET', '//v99', 300],
    ['GET', '//v2.99/images', 300],
    ['GET', '//v2.14/images', 300],
    ['POST', '//v2.x/images', 300],
  ] as const)
    test(`${method} ${path.slice(1)} is ${status} with the versions, for everybody`, async () => {
      await world.expect(method, path, {}, status, document())
    })

  test('below a version they are found as well, by those who are known', async () => {
    await world.expect('GET', '', { as: 'eva' }, 200, document())
    await world.expect('GET', '/', { as: 'eva' }, 200, document())
  })

  test('every version that is listed means v2', async () => {
    for (const version of versions)
      await world.expect('GET', `//${version}/images?limit=0`, { as: 'eva' }, 200, {
        images: [],
        first: '/v2/images?limit=0',
        schema: '/v2/schemas/images',
      })
  })

  test('the links say what the client asked', async () => {
    const { text } = await raw('GET', '/', { host: 'images.example.org:9292' })
    assert.equal(JSON.parse(text).versions[0].links[0].href, 'http://images.example.org:9292/v2/')
  })

  test('several stores are told by the version', async () => {
    const { filesStore } = await import('../../../src/store/files.ts')
    const other = await startWorld({
      stores: (directory) =>
        ['fast', 'slow'].map((name) => filesStore({ name, directory: `${directory}/${name}` })),
      glance: { locations: true },
    })
    try {
      const { body } = await other.ask('GET', '//versions')
      const minors = [17, 15, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
      assert.deepEqual(
        body.versions.map(({ id }: { id: string }) => id),
        minors.map((minor) => `v2.${minor}`),
      )
    } finally {
      await other.close()
    }
  })

  test('the health check is open', async () => {
    const reply = await world.expect('GET', '//healthcheck', {}, 200)
    assert.equal(reply.text, 'OK')
    assert.match(reply.headers.get('content-type')!, /^text\/plain/)
  })
})

describe('authentication comes before everything (1.1)', () => {
  for (const [method, path] of [
    ['GET', '/images'],
    ['POST', '/images'],
    ['GET', '/nowhere'],
    ['GET', '/images/x/y/z'],
    ['PUT', `/images/${unknown}/file`],
    ['PROPFIND', '/nowhere'],
    ['HEAD', '/images'],
    ['GET', ''],
  ] as const)
    test(`${method} /v2${path} without a token is 401`, async () => {
      const reply = await world.expect(method, path, {}, 401)
      assert.equal(reply.headers.get('www-authenticate'), `Keystone uri="${world.url}/identity"`)
    })

  for (const [what, token] of [
    ['an unknown token', 'gAAAAABunknown'],
    ['a long one', 'x'.repeat(8000)],
    ['an empty one', ''],
    ['blanks', '   '],
  ] as const)
    test(`${what} is 401`, async () => {
      await world.expect('GET', '/images', { headers: { 'x-auth-token': token } }, 401)
    })

  test('a revoked token is 401 at once', async () => {
    const answer = await fetch(`${world.url}/identity/v3/auth/tokens`, {
      method: 'POST',
      body: JSON.stringify({
        auth: {
          identity: { methods: ['token'], token: { id: world.tokens.eva } },
          scope: { project: { id: world.projects.acme } },
        },
      }),
    })
    const token = answer.headers.get('x-subject-token')!
    await answer.text()
    const headers = { 'x-auth-token': token }
    await world.expect('GET', '/images', { headers }, 200)
    const revoked = await fetch(`${world.url}/identity/v3/auth/tokens`, {
      method: 'DELETE',
      headers: { ...headers, 'x-subject-token': token },
    })
    assert.equal(revoked.status, 204)
    await world.expect('GET', '/images', { headers }, 401)
  })

  test('identity headers of the request are nothing', async () => {
    const headers = {
      'x-user-id': 'root',
      'x-project-id': world.projects.main,
      'x-roles': 'admin',
      'x-identity-status': 'Confirmed',
      'x-service-roles': 'service',
    }
    await world.expect('GET', '/images', { headers }, 401)
    await world.expect('GET', '/tasks', { as: 'eva', headers }, 403)
  })
})

describe('request ids (1.1)', () => {
  for (const [given, found] of [
    ['foo', /^req-foo$/],
    ['req-5aa5aeb0-0000-4000-8000-000000000000', /^req-5aa5aeb0-0000-4000-8000-000000000000$/],
    ['x'.repeat(65), /^req-[0-9a-f-]{36}$/],
    [undefined, /^req-[0-9a-f-]{36}$/],
  ] as const)
    test(`${given ?? 'none'} is answered with ${found}`, async () => {
      const headers: Record<string, string> = given === undefined ? {} : { 'x-openstack-request-id': given }
      const fine = await world.expect('GET', '/images', { as: 'eva', headers }, 200)
      assert.match(fine.headers.get('x-openstack-request-id')!, found)
      const wrong = await world.expect('GET', `/images/${unknown}`, { as: 'eva', headers }, 404)
      assert.match(wrong.headers.get('x-openstack-request-id')!, found)
    })
})

describe('what a body must be (1.1, 1.2)', () => {
  const id = unknown
  for (const [method, path] of [
    ['GET', `/images/${id}`],
    ['DELETE', `/images/${id}`],
    ['PUT', `/images/${id}/tags/x`],
    ['DELETE', `/images/${id}/tags/x`],
    ['POST', `/images/${id}/actions/deactivate`],
    ['GET', `/images/${id}/members`],
  ] as const)
    test(`${method} /v2${path} takes none`, async () => {
      const { hostname, port } = new URL(world.url)
      // `fetch` sends no body with a GET.
      const status = await new Promise((resolve, reject) => {
        const headers = { 'x-auth-token': world.tokens.eva, 'content-length': '2' }
        const asked = send({ hostname, port, method, path: `/v2${path}`, headers }, (response) => {
          let text = ''
          response.on('data', (chunk) => {
            text += chunk
          })
          response.on('end', () => resolve(`${response.statusCode} ${text.trim()}`))
        })
        asked.on('error', reject).end('{}')
      })
      assert.match(String(status), /^400 .*A body is not expected with this request\./s)
    })

  test('nor does what has just been answered without one', async () => {
    const { uuid } = await world.image()
    for (const path of [`/images/${uuid}`, '/schemas/image']) {
      await world.expect('GET', path, { as: 'eva' }, 200)
      const { statusCode } = await world.app.inject({
        method: 'GET',
        url: `/v2${path}`,
        headers: { 'x-auth-token': world.tokens.eva },
        payload: '{}',
      })
      assert.equal(statusCode, 400, path)
    }
  })

  test('a media type without a body is fine', async () => {
    const headers = { 'content-type': 'application/json' }
    await world.expect('GET', `/images/${id}`, { as: 'eva', headers }, 404)
    await world.expect('DELETE', `/images/${id}`, { as: 'eva', headers }, 404)
  })

  const bodies: readonly (readonly [string, string | Uint8Array | undefined, string])[] = [
    ['nothing', undefined, 'Body expected in request.'],
    ['nothing of no length', '', 'Body expected in request.'],
    ['no JSON', '{"name":', 'Malformed JSON in request body.'],
    ['a number', '7', 'Unexpected body type. Expected list/dict.'],
    ['a text', '"x"', 'Unexpected body type. Expected list/dict.'],
    ['null', 'null', 'Unexpected body type. Expected list/dict.'],
    ['an array', '[]', 'Unexpected body type. Expected dict.'],
    ['no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'Error decoding your request'],
    [
      'JSON of many levels',
      `{"x":${'['.repeat(5000)}${']'.repeat(5000)}}`,
      'Malformed JSON in request body.',
    ],
  ]
  for (const [what, body, message] of bodies)
    test(`${what} makes no image`, async () => {
      await world.expect(
        'POST',
        '/images',
        { as: 'eva', ...(body === undefined ? {} : { body }) },
        400,
        message,
      )
    })

  test('JSON is JSON under any media type', async () => {
    const headers = { 'content-type': 'text/plain' }
    await world.expect('POST', '/images', { as: 'eva', body: '{"name":"plain"}', headers }, 201)
  })

  test('a body of more than a megabyte is 413', async () => {
    const body = JSON.stringify({ name: 'x', big: 'y'.repeat(1_100_000) })
    await world.expect('POST', '/images', { as: 'eva', body }, 413)
  })
})

describe('paths and methods (1.3)', () => {
  const id = unknown
  for (const [path, allow] of [
    ['/images', 'GET, POST'],
    [`/images/${id}`, 'GET, PATCH, DELETE'],
    [`/images/${id}/file`, 'GET, PUT'],
    [`/images/${id}/stage`, 'PUT'],
    [`/images/${id}/import`, 'POST'],
    [`/images/${id}/members`, 'GET, POST'],
    [`/images/${id}/members/m`, 'GET, PUT, DELETE'],
    [`/images/${id}/tags/t`, 'PUT, DELETE'],
    [`/images/${id}/actions/deactivate`, 'POST'],
    [`/images/${id}/actions/reactivate`, 'POST'],
    ['/tasks', 'GET, POST'],
    [`/tasks/${id}`, 'GET, DELETE'],
    ['/info/import', 'GET'],
    ['/info/stores', 'GET'],
    ['/info/usage', 'GET'],
    ['/schemas/image', 'GET'],
    [`/stores/s/${id}`, 'DELETE'],
  ] as const)
    test(`other methods of ${path} are 405`, async () => {
      const wanted = new Set(allow.split(', '))
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
        if (wanted.has(method) || (method === 'HEAD' && path.endsWith('/file'))) continue
        const reply = await world.expect(method, path, { as: 'eva' }, 405)
        assert.deepEqual(new Set(reply.headers.get('allow')!.split(', ')), wanted, `${method} ${path}`)
      }
    })

  test('tasks are not deleted (17)', async () => {
    const reply = await world.expect('DELETE', `/tasks/${id}`, { as: 'root' }, 405)
    assert.equal(reply.headers.get('allow'), 'GET')
  })

  test('a browser at the root is led to the console', async () => {
    const { status, headers } = await raw('GET', '/', { accept: 'text/html,application/xhtml+xml' })
    assert.deepEqual([status, headers.location], [302, '/ui/'])
  })

  for (const [method, path, status] of [
    ['GET', '/nowhere', 404],
    ['GET', '/images/', 404],
    ['DELETE', '/images/', 404],
    ['GET', `/images/${id}/`, 404],
    ['GET', `/images/${id}/tags`, 404],
    ['POST', `/images/${id}/actions/destroy`, 404],
    ['GET', '/cache', 404],
    ['POST', '/nowhere', 404],
    ['PROPFIND', '/nowhere', 501],
    ['GET', '/images/not-a-uuid', 404],
    ['DELETE', '/images/not-a-uuid', 404],
  ] as const)
    test(`${method} /v2${path} is ${status}`, async () => {
      await world.expect(method, path, { as: 'eva' }, status)
    })

  test('OPTIONS is 200 and empty', async () => {
    for (const path of ['/images', `/images/${id}`, '/nowhere'])
      assert.equal((await world.expect('OPTIONS', path, {}, 200)).text, '')
  })

  for (const path of ['/v2/images/%ff', '/v2/images?name=%ff', '/v2/images/%e0%a4%a/file', '/v2/nowhere/%zz'])
    test(`${path} is no UTF-8, and 400`, async () => {
      const reply = await raw('GET', path, { 'x-auth-token': world.tokens.eva })
      assert.equal(reply.status, 400, reply.text)
    })

  test('a path can lead out of nothing', async () => {
    for (const path of [
      '/v2/images/..%2f..%2fetc%2fpasswd',
      '/v2/images/..%2f..%2f/file',
      '/v2/../../etc/passwd',
    ]) {
      const reply = await raw('GET', path, { 'x-auth-token': world.tokens.eva })
      assert.ok([300, 404].includes(reply.status), `${path}: ${reply.status}`)
    }
  })
})

describe('errors in the form that is asked for (1.4)', () => {
  const ask = (accept: string | undefined) =>
    raw('GET', '/v2/images/%3Cb%3E&', {
      'x-auth-token': world.tokens.eva,
      ...(accept === undefined ? {} : { accept }),
    })

  for (const accept of ['text/html', '*/*', 'text/html,application/xhtml+xml;q=0.9', 'application/json, */*'])
    test(`${accept}: a page`, async () => {
      const { status, headers, text } = await ask(accept)
      assert.equal(status, 404)
      assert.equal(headers['content-type'], 'text/html; charset=UTF-8')
      assert.equal(headers.vary, 'Accept')
      assert.ok(text.includes('<title>404 Not Found</title>') && text.includes('<h1>404 Not Found</h1>'))
      assert.ok(text.includes('No image found with ID &lt;b&gt;&amp;'), text)
    })

  for (const accept of ['application/json', 'application/json;q=0.9, text/html;q=0.1'])
    test(`${accept}: JSON`, async () => {
      const { headers, text } = await ask(accept)
      assert.equal(headers['content-type'], 'application/json')
      assert.deepEqual(JSON.parse(text), {
        message: 'No image found with ID <b>&',
        code: '404 Not Found',
        title: 'Not Found',
      })
    })

  for (const accept of [undefined, '', 'text/plain'])
    test(`${accept ?? 'nothing'}: text`, async () => {
      const { headers, text } = await ask(accept)
      assert.equal(headers['content-type'], 'text/plain; charset=UTF-8')
      assert.equal(text, '404 Not Found\n\nNo image found with ID <b>&\n\n   ')
    })
})

describe('a token without a role (section 22)', () => {
  const asLone: Ask = { as: 'lone' }
  for (const [method, path, ask, status] of [
    ['GET', '/images', asLone, 403],
    ['POST', '/images', { ...asLone, json: {} }, 403],
    ['GET', `/images/${unknown}`, asLone, 404],
    ['GET', '/schemas/image', asLone, 200],
    ['GET', '/info/import', asLone, 200],
  ] as const)
    test(`${method} ${path} is ${status}`, async () => {
      await world.expect(method, path, ask, status)
    })

  test('sees no public image either', async () => {
    const { uuid } = await world.image({ visibility: 'public' }, 'bytes')
    await world.expect('GET', `/images/${uuid}`, asLone, 404)
    await world.expect('GET', `/images/${uuid}/file`, asLone, 404)
    await world.expect('DELETE', `/images/${uuid}`, asLone, 404)
  })
})
