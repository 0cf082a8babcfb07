import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createSocketServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Failure, isFailure } from '../../src/catalogue/failure.ts'
import { parseAllowList } from '../../src/outbound/allow-list.ts'
import { connector } from '../../src/outbound/connect.ts'
import { type OutboundOptions, outbound } from '../../src/outbound/outbound.ts'
import { notAllowed } from '../../src/outbound/url.ts'
import { certificate } from '../support/certificate.ts'
import { closedPort, listen, serve } from './servers.ts'

const small = { maxBytes: 1000, timeoutMs: 5000 }

function start(t: TestContext, allow: string, options: OutboundOptions = {}) {
  const out = outbound({ allow: parseAllowList(allow) }, options)
  t.after(() => out.close())
  return out
}

/** A resolver that knows these names and no others. */
function names(known: Record<string, readonly string[]>) {
  const asked: string[] = []
  const lookup = async (hostname: string) => {
    asked.push(hostname)
    const found = known[hostname]
    if (!found) throw Object.assign(new Error(`ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' })
    return found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  }
  return { asked, lookup }
}

async function failure(work: Promise<unknown>): Promise<Failure> {
  try {
    await work
  } catch (error) {
    assert.ok(error instanceof Failure, String(error))
    return error
  }
  assert.fail('it should have failed')
}

const words = ({ code, message, detail }: Failure) => ({ code, message, detail })
const private_ = { code: 'forbidden', message: notAllowed, detail: { reason: 'private-address' } }
const reasonOf = async (work: Promise<unknown>) => {
  const { code, detail } = await failure(work)
  return `${code} ${detail.reason}`
}

test('a small document arrives with its status and headers, asked for without compression', async (t) => {
  const server = await serve(t, (request, response) => {
    response.writeHead(404, {
      'x-accept': request.headers['accept-encoding'],
      'x-host': request.headers.host,
    })
    response.end('nöthing')
  })
  const answer = await start(t, '127.0.0.1').text(`${server.url}/a?b=c#d`, small)
  assert.equal(answer.status, 404)
  assert.equal(answer.body, 'nöthing')
  assert.equal(answer.url.href, `${server.url}/a?b=c#d`)
  assert.equal(answer.headers['x-accept'], 'identity')
  assert.equal(answer.headers['x-host'], `127.0.0.1:${server.port}`)
  assert.deepEqual(server.requests, ['GET /a?b=c'])
})

test('a POST carries its body and headers, but none that steer the connection', async (t) => {
  const server = await serve(t, async (request, response) => {
    const chunks = await request.toArray()
    const { host, authorization, via, 'accept-encoding': encoding } = request.headers
    const body = Buffer.concat(chunks).toString()
    response.end(JSON.stringify([request.method, host, authorization, encoding, body, via]))
  })
  const steering = { Host: 'internal', 'Accept-Encoding': 'gzip', 'Content-Length': '1', Via: 'nobody' }
  const headers = { ...steering, Authorization: 'x' }
  const answer = await start(t, '127.0.0.1').text(server.url, {
    ...small,
    method: 'POST',
    body: 'data',
    headers,
  })
  assert.deepEqual(JSON.parse(answer.body), [
    ...['POST', `127.0.0.1:${server.port}`, 'x', 'identity', 'data', '1.1 imageport'],
  ])
})

test('a longer document than allowed is refused, with and without Content-Length', async (t) => {
  const server = await serve(t, (request, response) => {
    if (request.url === '/counted') response.setHeader('content-length', 1001)
    response.write('x'.repeat(1000))
    response.end('x')
  })
  const out = start(t, '127.0.0.1')
  assert.equal(await reasonOf(out.text(`${server.url}/counted`, small)), 'too-large document-size')
  assert.equal(await reasonOf(out.text(`${server.url}/chunked`, small)), 'too-large document-size')
  assert.equal((await out.text(`${server.url}/chunked`, { ...small, maxBytes: 1001 })).body.length, 1001)
})

test('an encoded document is refused', async (t) => {
  const server = await serve(t, (_request, response) => {
    response.setHeader('content-encoding', 'gzip')
    response.end(gzipSync('hello'))
  })
  assert.equal(await reasonOf(start(t, '127.0.0.1').text(server.url, small)), 'upstream encoding')
})

test('a probe reads the head only', async (t) => {
  const server = await serve(t, (request, response) => {
    if (request.url === '/big') response.writeHead(200, { 'content-length': 2 ** 40 })
    response.write('x')
  })
  const out = start(t, '127.0.0.1')
  assert.deepEqual(await out.probe(`${server.url}/big`, { timeoutMs: 5000 }), { status: 200, size: 2 ** 40 })
  assert.deepEqual(await out.probe(`${server.url}/chunked`, { timeoutMs: 5000 }), { status: 200, size: null })
})

test('what the text of a URL decides is refused before anything is resolved', async (t) => {
  const { asked, lookup } = names({})
  const out = start(t, '', { lookup })
  assert.equal(await reasonOf(out.text('http://127.0.0.1/', small)), 'invalid private-address')
  assert.equal(await reasonOf(out.probe('file:///etc/passwd', { timeoutMs: 1000 })), 'invalid scheme')
  assert.deepEqual(asked, [])
})

test('a name is refused when any of its addresses is', async (t) => {
  const server = await serve(t, (_request, response) => response.end('here'))
  const { lookup } = names({
    'private.test': ['127.0.0.1'],
    'mixed.test': ['8.8.8.8', '10.0.0.1'],
    'mapped.test': ['::ffff:127.0.0.1'],
    'nat64.test': ['64:ff9b::7f00:1'],
    'zone.test': ['fe80::1%lo'],
    'junk.test': ['not an address'],
  })
  const out = start(t, `127.0.0.2,10.1.0.0/16`, { lookup })
  for (const name of ['private', 'mixed', 'mapped', 'nat64', 'zone', 'junk']) {
    assert.deepEqual(
      words(await failure(out.text(`http://${name}.test:${server.port}/`, small))),
      private_,
      name,
    )
  }
  assert.deepEqual(server.requests, [])
})

test('a public name on an unusual port is refused unless its network is allowed', async (t) => {
  const { lookup } = names({ 'public.test': ['8.8.8.8'] })
  const out = start(t, '10.0.0.0/8', { lookup })
  assert.deepEqual(words(await failure(out.text('http://public.test:8080/', small))), private_)
})

test('the own public addresses of this machine count as private', async (t) => {
  const { lookup } = names({ 'self.test': ['::ffff:8.8.8.8'] })
  const out = start(t, '', { lookup, ownAddresses: () => ['8.8.8.8'] })
  assert.deepEqual(words(await failure(out.text('http://self.test/', small))), private_)
})

test('an allowed host name may resolve to whatever it likes; an allowed network allows any name', async (t) => {
  const server = await serve(t, (request, response) => response.end(request.headers.host))
  const { lookup } = names({ 'mirror.test': ['127.0.0.1'] })
  for (const allow of [
    'mirror.test',
    `mirror.test:${server.port}`,
    '127.0.0.0/8',
    `127.0.0.1:${server.port}`,
  ]) {
    const out = start(t, allow, { lookup })
    const answer = await out.text(`http://mirror.test:${server.port}/`, small)
    assert.equal(answer.body, `mirror.test:${server.port}`, allow)
  }
  const out = start(t, 'other.test,127.0.0.2', { lookup })
  assert.deepEqual(words(await failure(out.text(`http://mirror.test:${server.port}/`, small))), private_)
})

test('a name that changes its address between check and connection gains nothing', async (t) => {
  const inner = await serve(t, (_request, response) => response.end('secret'))
  const allowed = await serve(t, (_request, response) => response.end('public'), '127.0.0.2')
  const answers = ['127.0.0.2', '127.0.0.1', '127.0.0.1']
  let asked = 0
  const lookup = async () => [{ address: answers[asked++]!, family: 4 }]
  const out = start(t, '127.0.0.2', { lookup })
  assert.equal((await out.text(`http://rebind.test:${allowed.port}/`, small)).body, 'public')
  assert.equal(asked, 1)
  assert.deepEqual(words(await failure(out.text(`http://rebind.test:${inner.port}/`, small))), private_)
  assert.deepEqual(inner.requests, [])
})

test('a connection to an unchecked address is not used', async (t) => {
  const server = await serve(t, (_request, response) => response.end())
  const target = { addresses: [{ address: '127.0.0.2', family: 4 }], public: false }
  const connect = connector(target, {
    allow: [],
    lookup: async () => [],
    ownAddresses: () => [],
    connectMs: 1000,
  })
  const { promise, resolve } = Promise.withResolvers<Error | null>()
  // An address as host is connected to without asking any lookup.
  const options = { hostname: '127.0.0.1', host: '127.0.0.1', protocol: 'http:', port: String(server.port) }
  connect(options, (...[error]) => resolve(error))
  assert.match(String(await promise), /unchecked address 127\.0\.0\.1/)
})

test('nobody learns whether something private answered', async (t) => {
  const silent = createSocketServer((socket) => socket.on('error', () => {}).resume())
  const banner = createSocketServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH_10.0\r\n'))
  const hangUp = createSocketServer((socket) => socket.destroy())
  const noTls = createSocketServer((socket) => socket.destroy())
  const urls = {
    'refused address': 'http://refused.test/',
    'unknown name': 'http://unknown.test/',
    'closed port': `http://127.0.0.1:${await closedPort()}/`,
    'other protocol': `http://127.0.0.1:${await listen(t, banner)}/`,
    'hangs up': `http://127.0.0.1:${await listen(t, hangUp)}/`,
    'no TLS': `https://127.0.0.1:${await listen(t, noTls)}/`,
    silent: `http://127.0.0.1:${await listen(t, silent)}/`,
    'silent resolver': 'http://slow.test/',
  }
  const { lookup } = names({ 'refused.test': ['10.0.0.1'] })
  const slow = (name: string) => (name === 'slow.test' ? new Promise<never>(() => {}) : lookup(name))
  const out = start(t, '127.0.0.1', { lookup: slow, headersMs: 100, connectMs: 100 })
  for (const [what, url] of Object.entries(urls)) {
    const error = await failure(out.text(url, small))
    assert.deepEqual(words(error), private_, what)
    assert.ok(error.cause, 'the log has to know')
  }
  // The time limit of the whole is no better an oracle than the single ones.
  const patient = start(t, '127.0.0.1', { lookup: slow })
  for (const url of [urls.silent, urls['silent resolver']]) {
    assert.deepEqual(words(await failure(patient.text(url, { ...small, timeoutMs: 100 }))), private_, url)
  }
})

test('redirects are followed three times, without the headers of the caller', async (t) => {
  const server = await serve(t, (request, response) => {
    const left = Number(request.url!.slice(1))
    if (left > 0) response.writeHead(302, { location: `/${left - 1}` }).end('moved')
    else response.end(request.headers.authorization ?? 'none')
  })
  const out = start(t, '127.0.0.1')
  const headers = { authorization: 'secret' }
  assert.equal((await out.text(`${server.url}/0`, { ...small, headers })).body, 'secret')
  const answer = await out.text(`${server.url}/3`, { ...small, headers })
  assert.equal(answer.body, 'none')
  assert.equal(answer.url.pathname, '/0')
  assert.equal(await reasonOf(out.text(`${server.url}/4`, small)), 'upstream redirects')
})

test('a redirect is checked like the first URL', async (t) => {
  const inner = await serve(t, (_request, response) => response.end('secret'), '127.0.0.2')
  const { asked, lookup } = names({ 'inner.test': ['127.0.0.2'] })
  const server = await serve(t, (request, response) => {
    const location = decodeURIComponent(request.url!.slice(1))
    response.writeHead(307, { location }).end()
  })
  const out = start(t, '127.0.0.1', { lookup })
  const via = (location: string) => failure(out.text(`${server.url}/${encodeURIComponent(location)}`, small))
  for (const location of [
    inner.url,
    `http://inner.test:${inner.port}/`,
    'http://unknown.test/',
    '//10.0.0.1/',
  ]) {
    assert.deepEqual(words(await via(location)), private_, location)
  }
  assert.deepEqual(asked, ['inner.test', 'unknown.test'])
  for (const location of [
    'file:///etc/passwd',
    `http://0x7f000002:${inner.port}/`,
    'http://u:p@127.0.0.1/',
  ]) {
    assert.equal((await via(location)).detail.reason, 'redirects', location)
  }
  assert.deepEqual(inner.requests, [])
})

test('a request with a body is not redirected', async (t) => {
  const server = await serve(t, (_request, response) => response.writeHead(307, { location: '/b' }).end())
  const post = { ...small, method: 'POST', body: 'data' } as const
  assert.equal(await reasonOf(start(t, '127.0.0.1').text(server.url, post)), 'upstream redirects')
  assert.deepEqual(server.requests, ['POST /'])
})

test('a message follows redirects: 307 and 308 repeat it, the others only ask there', async (t) => {
  const facts: unknown[] = []
  const answer: RequestListener = async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    const { 'content-type': type, 'user-agent': agent, authorization } = request.headers
    facts.push([request.method, request.url, body, type, agent, authorization])
    const [, status, target] = request.url!.split('/')
    if (target !== undefined) response.writeHead(Number(status), { location: decodeURIComponent(target) })
    response.end()
  }
  const server = await serve(t, answer)
  const other = await serve(t, answer)
  const out = start(t, '127.0.0.1')
  const headers = { 'User-Agent': 'us', 'Content-Type': 'text/x', Authorization: 'secret' }
  const whole = { headers, body: 'data', timeoutMs: 5000 }
  const cases = [
    ['POST', 301, 'GET', ''],
    ['PUT', 302, 'GET', ''],
    ['DELETE', 303, 'GET', ''],
    ['GET', 302, 'GET', ''],
    ['POST', 307, 'POST', 'data'],
    ['DELETE', 307, 'DELETE', 'data'],
    ['PUT', 308, 'PUT', 'data'],
    ['GET', 308, 'GET', 'data'],
  ] as const
  for (const [method, status, then, body] of cases) {
    facts.length = 0
    const first = `/${status}/${encodeURIComponent(`${other.url}/end`)}`
    assert.deepEqual(await out.send(server.url + first, { ...whole, method }), { status: 200 })
    assert.deepEqual(
      facts,
      [
        [method, first, 'data', 'text/x', 'us', 'secret'],
        [then, '/end', body, body === '' ? undefined : 'text/x', 'us', undefined],
      ],
      `${method} ${status}`,
    )
  }
  // Nothing gets to a private place by a redirect, and nobody is sent in circles.
  facts.length = 0
  const inner = `http://127.0.0.2:${other.port}/`
  const via = (target: string) =>
    out.send(`${server.url}/307/${encodeURIComponent(target)}`, { ...whole, method: 'POST' })
  assert.deepEqual(words(await failure(via(inner))), private_)
  assert.equal(await reasonOf(via('again')), 'upstream redirects')
  assert.equal(facts.length, 5)
})

test('a redirect without a target is an answer', async (t) => {
  const server = await serve(t, (_request, response) => response.writeHead(302).end('where?'))
  assert.equal((await start(t, '127.0.0.1').text(server.url, small)).status, 302)
})

test('a body that stops arriving runs into the time limit', async (t) => {
  const server = await serve(t, (_request, response) => response.write('x'))
  const out = start(t, '127.0.0.1')
  assert.equal(await reasonOf(out.text(server.url, { ...small, timeoutMs: 100 })), 'upstream timeout')
})

test('aborting and closing end what is under way', async (t) => {
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  const server = await serve(t, () => resolve())
  const out = start(t, '127.0.0.1')
  const abort = new AbortController()
  const waiting = failure(out.text(server.url, { ...small, signal: abort.signal }))
  await asked
  abort.abort()
  assert.equal((await waiting).code, 'interrupted')
  const other = failure(out.text(server.url, small))
  await out.close()
  assert.equal((await other).code, 'interrupted')
  assert.equal((await failure(out.text(server.url, small))).code, 'interrupted')
})

test('https: the name is verified although the address is pinned, and never left for http', async (t) => {
  const made = certificate(t)
  if (!made) return t.skip('SKIPPED: no openssl here to make a certificate with')
  const server = createTlsServer(made, (request, response) => {
    if (request.url === '/down') response.writeHead(302, { location: 'http://images.test/' })
    response.end('safe')
  })
  const port = await listen(t, server)
  t.after(() => server.closeAllConnections())
  const { lookup } = names({ 'images.test': ['127.0.0.1'], 'other.test': ['127.0.0.1'] })
  const out = start(t, '127.0.0.1', { lookup, ca: made.cert })
  assert.equal((await out.text(`https://images.test:${port}/`, small)).body, 'safe')
  assert.equal(await reasonOf(out.text(`https://images.test:${port}/down`, small)), 'upstream redirects')
  const wrongName = await failure(out.text(`https://other.test:${port}/`, small))
  assert.deepEqual(words(wrongName), private_)
  assert.ok(isFailure(wrongName.cause, 'upstream'))
  assert.equal((wrongName.cause.cause as { code?: string }).code, 'ERR_TLS_CERT_ALTNAME_INVALID')
  // Not trusted without being told so.
  await failure(start(t, '127.0.0.1', { lookup }).text(`https://images.test:${port}/`, small))
})
