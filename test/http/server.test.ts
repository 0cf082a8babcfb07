import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { describe, type TestContext, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { Failure } from '../../src/catalogue/failure.ts'
import { sendBytes } from '../../src/http/send.ts'
import { faceOf, type Line, listening } from './listening.ts'

const idPattern = /^req-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/

async function* bytes({ start, end } = { start: 0, end: 9 }) {
  yield Buffer.from('0123456789').subarray(start, end + 1)
}

async function routes(app: FastifyInstance): Promise<void> {
  app.get('/a/thing/:id', async () => ({ fine: true }))
  app.get('/a/broken', async () => {
    throw new Error('inner details')
  })
  app.post('/a/body', async (request) => request.body)
  app.get('/a/download', (request, reply) =>
    sendBytes(request, reply, { size: 10, etag: null, lastModified: null, read: bytes }),
  )
}

const requestLine = (id: unknown) => (line: Line) => line.reqId === id && line.msg === 'request'

describe('every answer has a request id, and one log line with the same', () => {
  const json = { 'content-type': 'application/json' }
  const cases: [what: string, path: string, init: RequestInit, status: number, line: Line][] = [
    ['an answer', '/a/thing/7?token=secret', {}, 200, { face: 'a', path: '/a/thing/7' }],
    ['HEAD', '/a/thing/7', { method: 'HEAD' }, 200, { method: 'HEAD' }],
    ['a download', '/a/download', {}, 200, { face: 'a' }],
    ['a part of a download', '/a/download', { headers: { range: 'bytes=2-3' } }, 206, { face: 'a' }],
    ['an unexpected error', '/a/broken', {}, 500, { face: 'a' }],
    ['an unknown path of a face', '/a/nothing', {}, 404, { face: 'a' }],
    ['an unknown path of nobody', '/nothing', {}, 404, { face: undefined }],
    ['a broken escape', '/a/%zz', {}, 404, { face: 'a', path: '/a/%zz' }],
    ['a broken escape of nobody', '/b/%zz', {}, 404, { face: undefined }],
    ['an endless segment', `/a/thing/${'x'.repeat(5000)}`, {}, 404, { face: 'a' }],
    ['an unknown method', '/a/thing/7', { method: 'PROPFIND' }, 404, { method: 'PROPFIND' }],
    ['a body that is no JSON', '/a/body', { method: 'POST', headers: json, body: '{' }, 400, {}],
    [
      'a body that is too large',
      '/a/body',
      { method: 'POST', headers: json, body: JSON.stringify('x'.repeat(1024 * 1024)) },
      413,
      {},
    ],
  ]
  for (const [what, path, init, status, line] of cases) {
    test(what, async (t) => {
      const server = await listening(t, [faceOf('a', routes)])
      const answer = await fetch(server.url + path, init)
      const text = await answer.text()
      assert.equal(answer.status, status, text)
      const id = answer.headers.get('x-request-id')
      assert.match(id ?? '', idPattern)
      const found = await server.line(requestLine(id))
      assert.equal(found.status, status)
      assert.equal(found.address, '127.0.0.1')
      assert.equal(typeof found.ms, 'number')
      for (const [key, value] of Object.entries(line)) assert.equal(found[key], value)
      assert.equal(server.lines.filter(requestLine(id)).length, 1)
      assert.ok(!JSON.stringify(server.lines).includes('secret'))
      assert.ok(!text.includes('inner details'))
    })
  }

  test('an unexpected error is logged with its stack under the same id', async (t) => {
    const server = await listening(t, [faceOf('a', routes)])
    const answer = await fetch(`${server.url}/a/broken`)
    const line = await server.line(({ msg }) => msg === 'request failed')
    assert.equal(line.reqId, answer.headers.get('x-request-id'))
    assert.match(JSON.stringify(line.err), /inner details.*server\.test\.ts/)
  })

  test('an id that the client brings is not taken over', async (t) => {
    const server = await listening(t, [faceOf('a', routes)])
    const answer = await fetch(`${server.url}/a/thing/7`, { headers: { 'x-request-id': 'req-mine' } })
    assert.match(answer.headers.get('x-request-id') ?? '', idPattern)
  })

  test('a request that is no HTTP', async (t) => {
    const server = await listening(t, [faceOf('a', routes)])
    const { socket, ended } = await server.connect()
    socket.write('HELLO\r\n\r\n')
    const text = await ended
    assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/)
    const id = /x-request-id: (\S+)/i.exec(text)?.[1]
    assert.match(id ?? '', idPattern)
    assert.equal((await server.line(({ reqId }) => reqId === id)).status, 400)
  })

  test('headers that are too large', async (t) => {
    const server = await listening(t, [faceOf('a', routes)])
    const answer = await fetch(`${server.url}/a/thing/7`, { headers: { long: 'x'.repeat(20_000) } })
    assert.equal(answer.status, 431)
    assert.match(answer.headers.get('x-request-id') ?? '', idPattern)
  })

  test('a client that hangs up during a download or before an answer', async (t) => {
    const begun = Promise.withResolvers<void>()
    const face = faceOf('a', async (app) => {
      async function* endless() {
        for (;;) yield Buffer.alloc(65_536)
      }
      app.get('/a/long', (request, reply) =>
        sendBytes(request, reply, { size: 1e12, etag: null, lastModified: null, read: endless }),
      )
      app.get('/a/never', () => {
        begun.resolve()
        return new Promise(() => {})
      })
    })
    const server = await listening(t, [face])
    const download = await server.connect()
    download.socket.write('GET /a/long HTTP/1.1\r\nHost: x\r\n\r\n')
    await download.until(/\r\n\r\n/)
    download.socket.destroy()
    const cut = await server.line(({ path }) => path === '/a/long')
    assert.deepEqual([cut.status, cut.whole], [200, false])

    const waiting = await server.connect()
    waiting.socket.write('GET /a/never HTTP/1.1\r\nHost: x\r\n\r\n')
    await begun.promise
    waiting.socket.destroy()
    const never = await server.line(({ path }) => path === '/a/never')
    assert.deepEqual([never.status, never.whole], [499, false])
  })

  test('an expectation that nobody knows is ignored', async (t) => {
    const server = await listening(t, [faceOf('a', routes)])
    const { socket, until } = await server.connect()
    socket.write('GET /a/thing/7 HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n')
    assert.match(await until(/fine/), /^HTTP\/1\.1 200 OK\r\n.*x-request-id: req-/is)
  })
})

describe('unknown paths', () => {
  test('are answered by their face, whatever the body', async (t) => {
    const server = await listening(t, [faceOf('a', routes)])
    for (const [type, body] of [
      ['application/json', '{'],
      ['application/octet-stream', 'x'],
      ['text/plain', 'x'.repeat(2 * 1024 * 1024)],
      ['', 'x'],
    ] as const) {
      const headers = { 'content-type': type }
      const answer = await fetch(`${server.url}/a/nothing`, { method: 'POST', headers, body })
      assert.equal(answer.status, 404)
      assert.deepEqual(await answer.json(), { face: 'a' })
    }
  })

  test('a face that fails, or answers by a promise, still answers broken escapes', async (t) => {
    const promising = faceOf('b', async () => {}, {
      notFound: async (_request, reply) => {
        reply.code(418)
        return { tea: true }
      },
    })
    const failing = faceOf('c', async () => {}, {
      notFound: () => {
        throw new Error('inner details')
      },
    })
    const server = await listening(t, [promising, failing])
    const tea = await fetch(`${server.url}/b/%zz`)
    assert.deepEqual([tea.status, await tea.json()], [418, { tea: true }])
    for (const path of ['/c/%zz', '/c/x']) {
      const answer = await fetch(server.url + path)
      assert.deepEqual([answer.status, await answer.json()], [500, { error: 'Internal Server Error' }])
    }
  })
})

describe('the origin of links', () => {
  const linking = faceOf('a', async (app, { origin }) => {
    app.get('/a/origin', async (request) => ({ origin: origin(request), ip: request.ip }))
  })
  const forwarded = {
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'images.example',
    'x-forwarded-for': '203.0.113.9',
  }

  // fetch sets Host by itself.
  function ask(url: string, headers: Record<string, string>): Promise<{ origin: string; ip: string }> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(`${url}/a/origin`, { headers }, async (response) => {
        let text = ''
        for await (const chunk of response) text += chunk
        resolve(JSON.parse(text))
      })
      request.on('error', reject).end()
    })
  }
  const serve = (t: TestContext, trustedProxies: string[], publicUrl: string | null = null) =>
    listening(t, [linking], { trustedProxies, publicUrl })

  test('is what the client asked', async (t) => {
    const server = await serve(t, [])
    assert.equal((await ask(server.url, { host: 'images:8080' })).origin, 'http://images:8080')
    assert.equal((await ask(server.url, { host: '[::1]:80' })).origin, 'http://[::1]:80')
  })

  test('is not what a stranger forwards', async (t) => {
    for (const trusted of [[], ['10.0.0.0/8']]) {
      const server = await serve(t, trusted)
      assert.deepEqual(await ask(server.url, { host: 'me', ...forwarded }), {
        origin: 'http://me',
        ip: '127.0.0.1',
      })
    }
  })

  test('is what a trusted proxy forwards', async (t) => {
    const server = await serve(t, ['10.0.0.0/8', '127.0.0.1'])
    const seen = { origin: 'https://images.example', ip: '203.0.113.9' }
    assert.deepEqual(await ask(server.url, { host: 'me', ...forwarded }), seen)
    const chain = { ...forwarded, 'x-forwarded-for': '198.51.100.1, 203.0.113.9, 10.1.2.3' }
    assert.deepEqual(await ask(server.url, { host: 'me', ...chain }), seen)
  })

  test('is the public URL where there is one', async (t) => {
    const server = await serve(t, ['127.0.0.1'], 'https://public.example')
    assert.equal((await ask(server.url, { host: 'me', ...forwarded })).origin, 'https://public.example')
  })

  test('never carries what is no host or no scheme', async (t) => {
    const server = await serve(t, ['127.0.0.1'])
    const plain = { origin: server.url, ip: '127.0.0.1' }
    for (const host of ['', 'a b', 'x/../y', 'user@x', 'x"><script>', 'x:123456', 'x?y', "x'y"])
      assert.deepEqual(await ask(server.url, { host }), plain, host)
    const { origin } = await ask(server.url, { host: 'me', 'x-forwarded-proto': 'javascript' })
    assert.equal(origin, 'http://me')
  })

  test('an address of the server itself may be IPv6', async (t) => {
    const server = await listening(t, [linking], {}, '::1')
    assert.equal((await ask(server.url, { host: '?' })).origin, server.url)
  })
})

test('a failure of the rate limit outside of all faces is 429', async (t) => {
  const server = await listening(t, [
    faceOf('a', async () => {}, {
      notFound: () => {
        throw new Failure('busy', 'Later.', { reason: 'rate-limit', retryAfterSeconds: 3 })
      },
    }),
  ])
  const answer = await fetch(`${server.url}/a`)
  assert.deepEqual([answer.status, await answer.json()], [429, { error: 'Later.' }])
})
