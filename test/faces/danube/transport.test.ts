import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { Failure } from '../../../src/catalogue/failure.ts'
import { invalid, refuse } from '../../../src/faces/danube/failures.ts'
import { fields } from '../../../src/faces/danube/fields.ts'
import { bare, done, type Route } from '../../../src/faces/danube/route.ts'
import { type Ask, startWorld, type World } from './world.ts'

const reading: ReadonlySet<string> = new Set(['GET', 'HEAD'])

const common = { summary: 'For tests', scope: 'main', group: 'u' } as const

async function* numbers(count: number, failAt = -1) {
  for (let i = 0; i < count; i++) {
    if (i === failAt) throw new Failure('unavailable', 'The database cannot be reached.')
    yield { i }
  }
}

const routes: readonly Route[] = [
  { ...common, method: 'GET', path: '/image/probe', handle: async ({ data }) => done({ ...data }) },
  {
    ...common,
    method: 'GET',
    path: '/image/probe/:name',
    handle: async ({ segment }) => done(segment('name')),
  },
  ...(['POST', 'PUT', 'DELETE'] as const).map(
    (method): Route => ({
      ...common,
      method,
      path: '/image/probe/:item',
      handle: async ({ data, segment }) => done({ item: segment('item'), data }),
    }),
  ),
  {
    ...common,
    method: 'GET',
    path: '/image/user/:username',
    handle: async ({ segment }) => done(segment('username')),
  },
  {
    ...common,
    method: 'GET',
    path: '/image/flags',
    handle: async ({ full, extended }) => done({ full, extended }),
  },
  {
    ...common,
    method: 'POST',
    path: '/image/flags',
    handle: async ({ full, extended }) => done({ full, extended }, 201),
  },
  {
    ...common,
    method: 'GET',
    path: '/image/order',
    handle: async ({ orderBy }) => done(orderBy(['name', 'created'], 'name')),
  },
  {
    ...common,
    method: 'GET',
    path: '/image/items/:count',
    handle: async ({ segment }) => done(numbers(Number(segment('count')))),
  },
  {
    ...common,
    method: 'GET',
    path: '/image/broken/:at',
    handle: async ({ segment }) => done(numbers(9000, Number(segment('at')))),
  },
  { ...common, method: 'GET', path: '/image/bare', handle: async () => bare(numbers(2)) },
  { ...common, method: 'GET', path: '/image/nothing', handle: async () => done(undefined) },
  {
    ...common,
    method: 'GET',
    path: '/image/fail/:how',
    handle: async ({ segment }) => {
      throw failures[segment('how')]
    },
  },
  {
    ...common,
    method: 'GET',
    path: '/image/refused',
    handle: async () => ({ kind: 'failed', result: 'Task did not acquire lock', owner: 77 }),
  },
  {
    ...common,
    method: 'GET',
    path: '/image/of-another',
    handle: async ({ enter }) => {
      enter({ id: 2, name: 'acme' })
      return { ...done(null), owner: 5 }
    },
  },
  {
    ...common,
    method: 'GET',
    path: '/vm/where',
    scope: 'current',
    group: 'd',
    handle: async ({ datacenter, actor }) => done([datacenter.name, actor.projectId]),
  },
  {
    ...common,
    method: 'PUT',
    path: '/vm/where',
    scope: 'current',
    group: 'd',
    handle: async ({ datacenter }) => done(datacenter.name),
  },
]

const failures: Readonly<Record<string, Error>> = {
  fields: invalid({ alias: ['This field is required.'], version: ['Invalid value.'] }),
  literal: refuse(428, 'Image server is not available'),
  image: new Failure('not-found', 'x', { subject: 'image' }),
  datacenter: new Failure('not-found', 'x', { subject: 'project' }),
  vm: new Failure('not-found', 'x', { subject: 'instance' }),
  snapshot: new Failure('not-found', 'x', { subject: 'snapshot' }),
  store: new Failure('not-found', 'x', { subject: 'repository' }),
  user: new Failure('not-found', 'x', { subject: 'user' }),
  group: new Failure('not-found', 'x', { subject: 'group' }),
  node: new Failure('not-found', 'x', { subject: 'node' }),
  task: new Failure('not-found', 'x', { subject: 'task' }),
  exists: new Failure('conflict', 'x', { subject: 'image', reason: 'exists' }),
  permission: new Failure('forbidden', 'x', { reason: 'permission' }),
  role: new Failure('forbidden', 'x', { reason: 'role' }),
  busy: new Failure('busy', 'x', { retryAfterSeconds: 7 }),
  input: new Failure('invalid', 'x', { fields: { tags: ['Invalid value.'] } }),
  rule: new Failure('quota', 'Maximum number of server disk images reached'),
  pending: new Failure('state', 'x', { subject: 'image' }),
  lost: new Failure('state', 'x', { subject: 'snapshot' }),
  down: new Failure('unavailable', 'The database cannot be reached.'),
  fault: new Error('inner details'),
}

describe('the transport of the Danube API', () => {
  let world: World
  before(async () => {
    world = await startWorld({ danube: { routes } })
  })
  after(() => world.close())

  test('paths: below /api and at the root, with and without a slash', async () => {
    for (const path of ['/image/probe', '/image/probe/', '//image/probe', '//image/probe/']) {
      const { status, body } = await world.ask('GET', path)
      assert.deepEqual([status, body.result], [200, {}], path)
    }
  })

  const unknown = [
    '/image/probe/a%20b',
    '/image/probe/a%2Fb',
    '/image/probe//',
    '/image/probe/%zz',
    `/image/probe/${'x'.repeat(5000)}`,
    '/image/probe/n%C3%A4me',
    '/image/probe/a:b',
    '/image/probe/a@b',
    '/image/one/two/three',
    '/dc/acme/vm/nothing/else',
    '/task/1/2/3',
    '//node/x/y/z',
    '//accounts',
    '/imagestore/x/y/z/w/v',
    '/imagestore/x/image/F7C19252-C3B6-11E4-8651-FB16A8FC5BA1',
    '/image/a%2Cb/vm',
    '/vm/a%20b/snapshot/c/image/d',
  ]
  for (const path of unknown)
    test(`unknown: ${path.slice(0, 60)}`, async () => {
      for (const as of ['admin', 'nobody'] as const) {
        const { status, text, headers } = await world.ask('GET', path, { as })
        assert.deepEqual(
          [status, text, headers.get('content-type')],
          [404, 'Resource not found', 'application/json'],
        )
      }
    })

  test('usernames may hold more than names', async () => {
    await world.expect('GET', '/image/user/eva%2Bx@example.org', {}, 200, {
      status: 'SUCCESS',
      result: 'eva+x@example.org',
    })
    await world.expect('GET', '/image/probe/A.b_c-9/', {}, 200, { status: 'SUCCESS', result: 'A.b_c-9' })
  })

  test('what is not ours is still answered by others', async () => {
    assert.deepEqual((await world.ask('GET', '/status', { as: 'nobody' })).status, 401)
    assert.deepEqual((await world.ask('GET', '//images', { as: 'nobody' })).status, 404)
    assert.notEqual((await world.ask('GET', '//images', { as: 'nobody' })).text, 'Resource not found')
  })

  test('/api/ping/ is Danube’s and /api/ping Foreman’s', async () => {
    const { text, headers } = await world.expect('GET', '/ping/', { as: 'nobody' }, 200, 'pong')
    assert.equal(text, '"pong"')
    assert.equal(headers.get('es_version'), '4.6')
    assert.equal((await world.ask('GET', '/ping/?x=1', { as: 'nobody' })).text, '"pong"')
    for (const path of ['/ping', '/ping?x=/', '/v2/ping/'])
      assert.equal(
        (await world.ask('GET', path, { as: 'nobody' })).body.results.foreman.database.active,
        true,
      )
    assert.equal((await world.ask('POST', '/ping/', { as: 'nobody' })).status, 405)
    assert.equal((await world.ask('HEAD', '/ping/', { as: 'nobody' })).status, 200)
    assert.equal((await world.ask('GET', '//ping/', { as: 'nobody' })).text, '{"error":"Not Found"}')
  })

  const verbs: [method: string, path: string, allow: string][] = [
    ['POST', '/image/probe', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/image/probe/', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/image/probe/x', 'GET, POST, PUT, DELETE, HEAD, OPTIONS'],
    ['PATCH', '//image/probe/x/', 'GET, POST, PUT, DELETE, HEAD, OPTIONS'],
    ['PROPFIND', '/image/probe/', 'GET, HEAD, OPTIONS'],
    ['MKCOL', '//dc/acme/vm/where', 'GET, PUT, HEAD, OPTIONS'],
    ['GET', '/accounts/login', 'POST, OPTIONS'],
    ['HEAD', '/accounts/login', 'POST, OPTIONS'],
    ['POST', '/dc/acme/vm/where', 'GET, PUT, HEAD, OPTIONS'],
  ]
  for (const [method, path, allow] of verbs)
    test(`${method} ${path} is not allowed`, async () => {
      const { status, text, headers } = await world.ask(
        method,
        path,
        reading.has(method) ? {} : { body: 'x' },
      )
      assert.deepEqual([status, headers.get('allow')], [405, allow])
      if (method !== 'HEAD') assert.equal(text, `{"detail":"Method \\"${method}\\" not allowed."}`)
      assert.equal(headers.get('es_version'), '4.6')
    })

  test('OPTIONS describes the path', async () => {
    const { body, headers, status } = await world.ask('OPTIONS', '/image/probe/x/', { json: {} })
    assert.deepEqual(
      [status, Object.keys(body), body.renders, body.parses],
      [200, ['name', 'description', 'renders', 'parses'], ['application/json'], ['application/json']],
    )
    assert.match(body.description, /^GET \/image\/probe\/\(name\): For tests\nPOST /)
    assert.equal(headers.get('allow'), 'GET, POST, PUT, DELETE, HEAD, OPTIONS')
    assert.equal((await world.ask('OPTIONS', '/image/probe', { as: 'nobody' })).status, 403)
  })

  test('HEAD answers as GET does, without the body', async () => {
    const get = await world.ask('GET', '/image/probe')
    const head = await world.ask('HEAD', '/image/probe')
    assert.deepEqual([head.status, head.text], [200, ''])
    for (const name of ['content-type', 'content-length', 'allow', 'es_username', 'es_dc', 'es_version'])
      assert.equal(head.headers.get(name), get.headers.get(name), name)
    assert.equal((await world.ask('HEAD', '/image/items/3')).status, 200)
  })

  describe('what is said', () => {
    const queries: [query: string, data: object][] = [
      ['', {}],
      ['?full=True&order_by=%2Bcreated', { full: 'True', order_by: '+created' }],
      ['?a=1&a=2', { a: '2' }],
      ['?full', { full: '' }],
      ['?x=%zz&y=%C3%A4&z=+q', { x: '%zz', y: 'ä', z: ' q' }],
      ['?__proto__=1&toString=2', JSON.parse('{"__proto__":"1","toString":"2"}')],
    ]
    for (const [query, data] of queries)
      test(`query ${query}`, async () => {
        await world.expect('GET', `/image/probe${query}`, {}, 200, { status: 'SUCCESS', result: data })
      })

    const json = (type: string, body: string | Buffer): Ask => ({ headers: { 'content-type': type }, body })
    const bodies: [what: string, ask: Ask, data: object][] = [
      ['an object', json('application/json', '{"access": "1", "n": null}'), { access: '1', n: null }],
      ['parameters of the type', json('application/json; indent=4', '{"a":1}'), { a: 1 }],
      ['the type in capitals', json('Application/JSON;charset=UTF-8', '{"a":1}'), { a: 1 }],
      ['nothing', {}, {}],
      ['no bytes', json('application/json', ''), {}],
      ['no JSON', json('application/json', '{"a":'), {}],
      ['an array', json('application/json', '[1]'), {}],
      ['a text', json('application/json', '"a"'), {}],
      ['null', json('application/json', 'null'), {}],
      ['no UTF-8', json('application/json', Buffer.from([0x7b, 0xff, 0x7d])), {}],
      ['a form', json('application/x-www-form-urlencoded', 'a=1'), {}],
      ['text', json('text/plain', '{"a":1}'), {}],
      ['a strange type', json('what/', '{"a":1}'), {}],
      ['several parts', json('multipart/form-data; boundary=x', '--x--'), {}],
    ]
    for (const method of ['POST', 'PUT', 'DELETE'])
      for (const [what, ask, data] of bodies)
        test(`${method} with ${what}`, async () => {
          await world.expect(method, '/image/probe/n', ask, 200, {
            status: 'SUCCESS',
            result: { item: 'n', data },
          })
        })

    test('a body of more than a mebibyte', async () => {
      const padded = (length: number) => `{"a":"${'x'.repeat(length - 8)}"}`
      const most = json('application/json', padded(1024 * 1024))
      assert.equal((await world.ask('PUT', '/image/probe/n', most)).status, 200)
      const more = json('application/json', padded(1024 * 1024 + 1))
      assert.equal((await world.ask('PUT', '/image/probe/n', more)).status, 413)
    })

    const flags: [query: string, full: boolean, extended: boolean][] = [
      ['?full=1', true, false],
      ['?full=true&extended=True', true, true],
      ['?full', false, false],
      ['?full=', false, false],
      ['?full=False&extended=f', false, false],
      ['?full=no', true, false],
    ]
    for (const [query, full, extended] of flags)
      test(`flags ${query}`, async () => {
        await world.expect('GET', `/image/flags${query}`, {}, 200, {
          status: 'SUCCESS',
          result: { full, extended },
        })
      })
    test('flags mean nothing elsewhere', async () => {
      await world.expect('POST', '/image/flags?full=1', { json: { full: true } }, 201, {
        status: 'SUCCESS',
        result: { full: false, extended: false },
      })
    })
  })

  describe('order_by', () => {
    const orders: [text: string, terms: [string, boolean][] | null][] = [
      ['', [['name', false]]],
      ['name', [['name', false]]],
      ['-created', [['created', true]]],
      ['%2Bcreated', [['created', true]]],
      ['+created', [['created', false]]],
      [
        'created, -name',
        [
          ['created', false],
          ['name', true],
        ],
      ],
      ['size', null],
      ['name,', null],
      ['-', null],
      ['constructor', null],
    ]
    for (const [text, terms] of orders)
      test(`"${text}"`, async () => {
        const { status, body } = await world.ask('GET', `/image/order?order_by=${text}`)
        if (terms)
          assert.deepEqual(
            body.result,
            terms.map(([field, descending]) => ({ field, descending })),
          )
        else
          assert.deepEqual(
            [status, body],
            [412, { detail: 'Invalid order_by; Possible sort fields are: name, created' }],
          )
      })
  })

  describe('Accept', () => {
    const compact = '{"name":"ä"}'
    const cases: [accept: string, spaces: number | null][] = [
      ['*/*', 0],
      ['application/json', 0],
      ['application/*', 0],
      ['text/html, */*;q=0.1', 0],
      ['application/json; indent=4', 4],
      ['APPLICATION/JSON;INDENT=4', 0],
      ['application/json; indent=2, text/plain', 2],
      ['application/json; indent=12', 8],
      ['application/json; indent=-3', 0],
      ['application/json; indent=x', 0],
      ['text/html', null],
      ['application/json;q=0', null],
      ['text/plain, image/*', null],
    ]
    for (const [accept, spaces] of cases)
      test(accept, async () => {
        const { text, status, body, headers } = await world.ask('GET', '/image/probe?name=%C3%A4', {
          headers: { accept },
        })
        assert.equal(headers.get('es_version'), '4.6')
        assert.equal(headers.get('content-type'), 'application/json')
        if (spaces === null)
          return assert.deepEqual(
            [status, body],
            [406, { detail: 'Could not satisfy the request Accept header.' }],
          )
        assert.equal(text, JSON.stringify(body, null, spaces))
        assert.equal(JSON.stringify(body.result), compact)
        assert.equal(Number(headers.get('content-length')), Buffer.byteLength(text))
      })
  })

  describe('envelopes and their headers', () => {
    const id = (head: string, user = world.ids.admin) => {
      const marker = user === 1 ? '6f75849b' : '[0-9a-f]{8}'
      return new RegExp(`^${head}-${marker}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}$`)
    }

    test('success at once', async () => {
      const { body, headers } = await world.ask('GET', '/image/nothing')
      assert.deepEqual(Object.keys(body), ['task_id', 'status', 'result'])
      assert.deepEqual([body.status, body.result], ['SUCCESS', null])
      assert.match(body.task_id, id('1d1u1'))
      assert.equal(headers.get('es_task_id'), body.task_id)
      assert.equal(`req-${body.task_id.slice(15)}`, `req-${headers.get('x-request-id')?.slice(13, 27)}`)
      assert.equal(headers.get('es_task_response'), null)
      assert.deepEqual([headers.get('es_username'), headers.get('es_dc')], ['admin', 'main'])
    })

    test('the thing of another, in another datacenter', async () => {
      const { body, headers } = await world.ask('GET', '/image/of-another', { as: 'keeper' })
      assert.match(body.task_id, id(`${world.ids.keeper}d5u2`, world.ids.keeper))
      assert.equal(headers.get('es_dc'), 'acme')
    })

    test('work that could not be begun', async () => {
      const { body, headers, status } = await world.ask('GET', '/image/refused')
      assert.deepEqual([status, body.status, body.result], [400, 'FAILURE', 'Task did not acquire lock'])
      assert.match(body.task_id, id('1d77u1'))
      assert.equal(headers.get('es_task_response'), null)
    })

    test('the headers as bytes on the wire', async () => {
      const { port } = new URL(world.url)
      const socket = connect(Number(port), '127.0.0.1')
      socket.end(
        `GET /api/image/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\nauthorization: tOKEN ${world.tokens.admin}\r\n\r\n`,
      )
      let text = ''
      for await (const chunk of socket) text += chunk
      for (const line of [
        'es_version: 4.6',
        'es_username: admin',
        'es_dc: main',
        'allow: GET, HEAD, OPTIONS',
      ])
        assert.ok(text.includes(`\r\n${line}\r\n`), `${line} in ${text}`)
      assert.match(text, /\r\nes_task_id: 1d1u1-6f75849b-/)
      assert.match(text, /\r\ncontent-type: application\/json\r\n/)
    })
  })

  describe('long arrays', () => {
    for (const count of [0, 1, 3, 5000])
      for (const indent of [0, 2])
        test(`${count} items, indented by ${indent}`, async () => {
          const headers = { accept: `application/json; indent=${indent}` }
          const { text, body } = await world.ask('GET', `/image/items/${count}`, { headers })
          assert.equal(body.result.length, count)
          assert.equal(text, JSON.stringify(body, null, indent))
        })
    test('without an envelope', async () => {
      assert.equal((await world.ask('GET', '/image/bare')).text, '[{"i":0},{"i":1}]')
    })
    test('an error before the first item is an answer', async () => {
      await world.expect('GET', '/image/broken/0', {}, 503, { detail: 'The database cannot be reached.' })
    })
    test('an error afterwards breaks the connection', async () => {
      await assert.rejects(world.ask('GET', '/image/broken/8000'), /terminated|fetch failed/)
    })
  })

  const answered: [how: string, status: number, body: object][] = [
    [
      'fields',
      400,
      { status: 'FAILURE', result: { alias: ['This field is required.'], version: ['Invalid value.'] } },
    ],
    ['input', 400, { status: 'FAILURE', result: { tags: ['Invalid value.'] } }],
    [
      'rule',
      400,
      { status: 'FAILURE', result: { non_field_errors: ['Maximum number of server disk images reached'] } },
    ],
    ['literal', 428, { detail: 'Image server is not available' }],
    ['image', 404, { detail: 'Image not found' }],
    ['datacenter', 404, { detail: 'Datacenter not found' }],
    ['vm', 404, { detail: 'VM not found' }],
    ['snapshot', 404, { detail: 'Snapshot not found' }],
    ['store', 404, { detail: 'ImageStore not found' }],
    ['user', 404, { detail: 'User not found' }],
    ['group', 404, { detail: 'Group not found' }],
    ['node', 404, { detail: 'Node not found' }],
    ['task', 404, { detail: 'Task does not exist' }],
    ['exists', 406, { detail: 'Image already exists' }],
    ['permission', 403, { detail: 'Permission denied' }],
    ['role', 403, { detail: 'You do not have permission to perform this action.' }],
    ['pending', 417, { detail: 'Image status is not OK' }],
    ['lost', 417, { detail: 'VM snapshot status is not OK' }],
    ['down', 503, { detail: 'The database cannot be reached.' }],
    ['fault', 500, { detail: 'Internal Server Error' }],
  ]
  for (const [how, status, body] of answered)
    test(`failure: ${how}`, async () => {
      const { headers } = await world.expect('GET', `/image/fail/${how}`, {}, status, body)
      assert.equal(headers.get('es_version'), '4.6')
      assert.deepEqual([headers.get('es_username'), headers.get('es_dc')], ['admin', 'main'])
      assert.equal(headers.get('allow'), 'GET, HEAD, OPTIONS')
      assert.equal(headers.get('es_task_response'), null)
      assert.equal(headers.has('es_task_id'), status === 400)
    })

  test('throttled', async () => {
    const { headers } = await world.expect('GET', '/image/fail/busy', {}, 429, {
      detail: 'Request was throttled. Expected available in 7 seconds.',
    })
    assert.equal(headers.get('retry-after'), '7')
  })

  describe('the current datacenter', () => {
    const here: [as: NonNullable<Ask['as']>, path: string, where: [string, number] | null][] = [
      ['admin', '/vm/where', ['main', 1]],
      ['admin', '/vm/where?dc=acme', ['acme', 2]],
      ['admin', '/dc/vault/vm/where/', ['vault', 4]],
      ['admin', '//dc/vault/vm/where', ['vault', 4]],
      ['admin', '/dc/vault/vm/where?dc=acme', ['acme', 2]],
      ['admin', '/vm/where?dc=', ['main', 1]],
      ['admin', '/vm/where?dc=none', null],
      ['admin', '/dc/none/vm/where', null],
      ['lone', '/vm/where', ['main', 1]],
      ['lone', '/vm/where?dc=main', ['main', 1]],
      ['lone', '/vm/where?dc=park', ['park', 3]],
      ['lone', '/vm/where?dc=acme', null],
      ['lone', '/dc/acme/vm/where', null],
      ['member', '/vm/where?dc=acme', ['acme', 2]],
      ['member', '/vm/where?dc=vault', null],
      ['chief', '/dc/acme/vm/where', ['acme', 2]],
      ['keeper', '/dc/park/vm/where', ['park', 3]],
    ]
    for (const [as, path, where] of here)
      test(`${as} ${path}`, async () => {
        if (!where) {
          const { headers } = await world.expect('GET', path, { as }, 404, { detail: 'Datacenter not found' })
          return assert.equal(headers.get('es_dc'), 'main')
        }
        const { body, headers } = await world.ask('GET', path, { as })
        assert.deepEqual(body.result, where)
        assert.equal(headers.get('es_dc'), where[0])
        assert.ok(
          body.task_id.startsWith(`${world.ids[as as 'admin']}d${world.ids[as as 'admin']}d${where[1]}-`),
        )
      })

    test('in a body', async () => {
      const put = (json: unknown, query = '') => world.ask('PUT', `/vm/where${query}`, { json })
      assert.equal((await put({ dc: 'acme' })).body.result, 'acme')
      assert.equal((await put({ dc: null })).body.result, 'main')
      assert.equal((await put({}, '?dc=acme')).body.result, 'main')
      for (const dc of [7, ['acme'], { name: 'acme' }, true, 'a\0b'])
        assert.deepEqual((await put({ dc })).body, { detail: 'Datacenter not found' })
    })

    test('`dc` means nothing where images are at home', async () => {
      assert.equal((await world.ask('GET', '/image/probe?dc=acme')).headers.get('es_dc'), 'main')
    })

    test('the stored one, until it is gone', async () => {
      const { db } = world.core.database
      const store = async (id: number | null) => {
        await db
          .updateTable('users')
          .set({ default_project_id: id })
          .where('id', '=', world.ids.lone)
          .execute()
        return (await world.ask('GET', '/vm/where', { as: 'lone' })).body.result
      }
      assert.deepEqual(await store(4), ['vault', 4])
      assert.deepEqual((await world.ask('GET', '/vm/where?dc=vault', { as: 'lone' })).body.result, [
        'vault',
        4,
      ])
      assert.deepEqual(await store(null), ['main', 1])
    })
  })

  test('names that a header cannot hold as they are', async () => {
    await world.core.database.db.updateTable('projects').set({ name: 'jižní' }).where('id', '=', 4).execute()
    const { headers, status } = await world.ask('GET', '/vm/where?dc=ji%C5%BEn%C3%AD')
    assert.equal(status, 200)
    assert.equal(Buffer.from(headers.get('es_dc') ?? '', 'latin1').toString('utf8'), 'jižní')
    await world.core.database.db.updateTable('projects').set({ name: 'vault' }).where('id', '=', 4).execute()
  })

  test('the fields of one request do not leak into the next', () => {
    const read = fields({ alias: '' })
    read.text('alias')
    assert.deepEqual(fields({}).errors(), {})
  })
})

test('the rate limit speaks Danube’s words', async (t) => {
  const world = await startWorld({ server: { rateLimit: 2 } })
  t.after(() => world.close())
  const limited = []
  for (let i = 0; i < 3; i++) limited.push(await world.ask('GET', '/ping/', { as: 'nobody' }))
  const { status, body, headers } = limited.at(-1)!
  assert.equal(status, 429)
  assert.match(body.detail, /^Request was throttled\. Expected available in \d+ seconds\.$/)
  assert.ok(Number(headers.get('retry-after')) > 0)
  assert.equal(headers.get('es_version'), '4.6')
})

test('the rate limit counts users for themselves, and names them', async (t) => {
  const world = await startWorld({ server: { rateLimit: 1 } })
  t.after(() => world.close())
  for (const as of ['keeper', 'importer'] as const) {
    await world.expect('GET', '/image/', { as }, 200, { status: 'SUCCESS', result: [] })
    const { status, text, headers } = await world.ask('GET', '/image/', { as })
    const seconds = headers.get('retry-after')
    assert.match(seconds ?? '', /^[1-9]\d*$/)
    assert.deepEqual(
      [status, text, headers.get('es_username'), headers.get('es_dc'), headers.get('allow')],
      [
        429,
        `{"detail":"Request was throttled. Expected available in ${seconds} seconds."}`,
        as,
        'main',
        'GET, HEAD, OPTIONS',
      ],
    )
  }
})
