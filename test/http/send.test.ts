import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { Writable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import Fastify from 'fastify'
import { Failure } from '../../src/catalogue/failure.ts'
import {
  contentDisposition,
  parseRanges,
  type Sendable,
  type SendOptions,
  sendBytes,
} from '../../src/http/send.ts'

const modified = new Date('2024-05-06T07:08:09.500Z')
const modifiedText = 'Mon, 06 May 2024 07:08:09 GMT'
const etag = '"abc"'

const statuses: Partial<Record<string, number>> = { range: 416, invalid: 400, 'data-lost': 500 }

type Served = {
  readonly port: number
  readonly log: readonly string[]
  readonly sent: readonly number[]
  get(headers?: Record<string, string>, method?: string, agent?: Agent): Promise<Answer>
}
type Answer = { status: number; headers: IncomingMessage['headers']; body: string }

/** A server that sends one thing to everybody, for the length of a test. */
async function serve(t: TestContext, what: Sendable, options: SendOptions = {}): Promise<Served> {
  const log: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      log.push(String(chunk))
      done()
    },
  })
  const app = Fastify({ logger: { level: 'warn', stream }, forceCloseConnections: true })
  const sent: number[] = []
  app.setErrorHandler((error, _request, reply) => {
    const failure = error as Failure
    reply.code(statuses[failure.code] ?? 599).send(`${failure.code} ${failure.detail?.reason ?? ''}`.trim())
  })
  app.get('/', async (request, reply) => {
    reply.header('x-request-id', 'r1')
    await sendBytes(request, reply, what, { onSent: (bytes) => sent.push(bytes), ...options })
  })
  t.after(() => app.close())
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo

  async function get(headers: Record<string, string> = {}, method = 'GET', agent?: Agent): Promise<Answer> {
    const request = httpRequest({
      port,
      host: '127.0.0.1',
      headers,
      method,
      ...(agent ? { agent } : {}),
    }).end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const body = Buffer.concat(await response.toArray()).toString('latin1')
    return { status: response.statusCode!, headers: response.headers, body }
  }
  return { port, log, sent, get }
}

/** Ten bytes, in chunks of four that all share one buffer. */
function ten(more: Partial<Sendable> = {}): Sendable {
  return {
    size: 10,
    etag,
    lastModified: modified,
    async *read(range = { start: 0, end: 9 }) {
      const shared = Buffer.alloc(4)
      const bytes = Buffer.from('0123456789').subarray(range.start, range.end + 1)
      for (let at = 0; at < bytes.length; at += 4) {
        const count = bytes.copy(shared, 0, at)
        yield shared.subarray(0, count)
        shared.fill('!')
      }
    },
    ...more,
  }
}

test('everything, with exact length and all headers', async (t) => {
  const headers = { 'Content-Type': 'application/x-qcow2', 'content-md5': 'abc' }
  const server = await serve(t, ten(), { headers })
  const answer = await server.get()
  assert.equal(answer.status, 200)
  assert.equal(answer.body, '0123456789')
  assert.deepEqual(
    { ...answer.headers, date: 0, connection: 0, 'keep-alive': 0 },
    {
      ...{ date: 0, connection: 0, 'keep-alive': 0, 'x-request-id': 'r1', 'accept-ranges': 'bytes', etag },
      ...{ 'content-type': 'application/x-qcow2', 'content-md5': 'abc', 'content-length': '10' },
      'last-modified': modifiedText,
    },
  )
  assert.deepEqual(server.sent, [10])
})

test('without a type of its own it is an octet stream, without validators it has none', async (t) => {
  const answer = await (await serve(t, ten({ etag: null, lastModified: null }))).get({
    'if-none-match': '"abc"',
  })
  assert.equal(answer.status, 200)
  assert.equal(answer.headers['content-type'], 'application/octet-stream')
  assert.equal(answer.headers.etag, undefined)
  assert.equal(answer.headers['last-modified'], undefined)
})

test('one range', async (t) => {
  const server = await serve(t, ten())
  const expected = {
    'bytes=0-4': 'bytes 0-4/10',
    'bytes=5-': 'bytes 5-9/10',
    'bytes=-3': 'bytes 7-9/10',
    'bytes=-20': 'bytes 0-9/10',
    'bytes=3-100': 'bytes 3-9/10',
    'bytes=9-9': 'bytes 9-9/10',
    'bytes=0-': 'bytes 0-9/10',
    'Bytes = 2-3 , ': 'bytes 2-3/10',
    'bytes=1-99999999999999999999': 'bytes 1-9/10',
  }
  for (const [range, place] of Object.entries(expected)) {
    const { status, headers, body } = await server.get({ range })
    const [, start, end] = /(\d+)-(\d+)/.exec(place)!.map(Number)
    assert.equal(status, 206, range)
    assert.equal(headers['content-range'], place)
    assert.equal(body, '0123456789'.slice(start, end! + 1))
    assert.equal(headers['content-length'], String(body.length))
    assert.equal(headers.etag, etag)
  }
})

test('a range outside of the data is refused with the size', async (t) => {
  const server = await serve(t, ten())
  for (const range of [
    'bytes=10-',
    'bytes=10-20',
    'bytes=-0',
    'bytes=10-,20-30',
    'bytes=99999999999999999999-',
  ]) {
    const answer = await server.get({ range })
    assert.equal(answer.status, 416, range)
    assert.equal(answer.headers['content-range'], 'bytes */10')
    assert.equal(answer.body, 'range unsatisfiable')
  }
  assert.deepEqual(server.sent, [])
})

const malformed = [
  'bytes=x',
  'octets=0-1',
  'bytes=5-2',
  'bytes',
  'bytes=',
  'bytes=-',
  'bytes=1-2-3',
  'bytes=0x1-2',
  'bytes=0-1,x',
]

test('a range that cannot be read is ignored, or refused where the wire demands it', async (t) => {
  const lenient = await serve(t, ten())
  const strict = await serve(t, ten(), { malformed: 'refuse' })
  for (const range of malformed) {
    const whole = await lenient.get({ range })
    assert.deepEqual([whole.status, whole.body], [200, '0123456789'], range)
    const refused = await strict.get({ range })
    assert.deepEqual([refused.status, refused.body], [416, 'range malformed'], range)
    assert.equal(refused.headers['content-range'], 'bytes */10')
  }
})

test('several ranges get everything once, however much they overlap, or are refused', async (t) => {
  const lenient = await serve(t, ten())
  const strict = await serve(t, ten(), { multiple: 'refuse' })
  const overlapping = `bytes=${Array.from({ length: 500 }, () => '0-').join(',')}`
  for (const range of ['bytes=0-1,3-4', 'bytes=0-4,3-9', 'bytes=0-1,50-', overlapping]) {
    const whole = await lenient.get({ range })
    assert.deepEqual([whole.status, whole.body], [200, '0123456789'])
    const refused = await strict.get({ range })
    assert.deepEqual([refused.status, refused.body], [400, 'invalid multiple-ranges'])
  }
})

test('another way of asking for a range can take the place of the header', async (t) => {
  const answer = await (await serve(t, ten(), { range: 'bytes=1-2' })).get({ range: 'bytes=5-' })
  assert.deepEqual([answer.status, answer.body], [206, '12'])
})

test('If-Range: only the very same thing is continued', async (t) => {
  const server = await serve(t, ten())
  const later = 'Mon, 06 May 2024 07:08:10 GMT'
  const statusFor = async (condition: string, range = 'bytes=5-') =>
    (await server.get({ range, 'if-range': condition })).status
  for (const same of [etag, ` ${etag} `, modifiedText]) assert.equal(await statusFor(same), 206, same)
  for (const other of ['"abd"', 'W/"abc"', later, 'nonsense', 'abc'])
    assert.equal(await statusFor(other), 200, other)
  assert.equal(await statusFor('"abd"', 'bytes=99-'), 200)

  const weak = await serve(t, ten({ etag: 'W/"abc"', lastModified: null }))
  for (const condition of ['W/"abc"', '"abc"', modifiedText]) {
    assert.equal((await weak.get({ range: 'bytes=5-', 'if-range': condition })).status, 200, condition)
  }
  const unquoted = await serve(t, ten({ etag: 'abc' }))
  assert.equal((await unquoted.get({ range: 'bytes=5-', 'if-range': 'abc' })).status, 206)
})

test('If-None-Match: unchanged things are not sent again', async (t) => {
  const server = await serve(t, ten(), { headers: { 'content-md5': 'abc', 'cache-control': 'private' } })
  for (const tags of [etag, 'W/"abc"', '"x", "abc"', '"a,b" , W/"abc"', '*', ' * ']) {
    const answer = await server.get({ 'if-none-match': tags, range: 'bytes=99-' })
    assert.deepEqual([answer.status, answer.body], [304, ''], tags)
    const { 'content-length': length, 'content-type': type, 'content-md5': md5, ...headers } = answer.headers
    assert.deepEqual([length, type, md5], [undefined, undefined, undefined])
    assert.equal(headers.etag, etag)
    assert.equal(headers['cache-control'], 'private')
  }
  for (const tags of ['"abd"', '"ab", "c"', '"x,abc"', '']) {
    assert.equal((await server.get({ 'if-none-match': tags })).status, 200, tags)
  }
  const unquoted = await serve(t, ten({ etag: 'abc' }))
  assert.equal((await unquoted.get({ 'if-none-match': 'abc' })).status, 304)
  assert.deepEqual(server.sent, [10, 10, 10, 10])
})

test('If-Modified-Since counts in whole seconds, and only without If-None-Match', async (t) => {
  const server = await serve(t, ten())
  const statusFor = async (headers: Record<string, string>) => (await server.get(headers)).status
  assert.equal(await statusFor({ 'if-modified-since': modifiedText }), 304)
  assert.equal(await statusFor({ 'if-modified-since': 'Mon, 06 May 2024 07:08:08 GMT' }), 200)
  assert.equal(await statusFor({ 'if-modified-since': 'nonsense' }), 200)
  assert.equal(await statusFor({ 'if-modified-since': modifiedText, 'if-none-match': '"other"' }), 200)
})

test('HEAD says what GET would, reads no more than it must, and ignores ranges', async (t) => {
  const asked: unknown[] = []
  const base = ten()
  const what = ten({
    read(range) {
      asked.push(range)
      return base.read(range)
    },
  })
  const server = await serve(t, what)
  for (const headers of [{}, { range: 'bytes=2-3' }, { range: 'bytes=99-' }] as Record<string, string>[]) {
    const answer = await server.get(headers, 'HEAD')
    assert.deepEqual([answer.status, answer.headers['content-length'], answer.body], [200, '10', ''])
  }
  assert.deepEqual(
    asked,
    [1, 2, 3].map(() => ({ start: 0, end: 0 })),
  )
  assert.equal((await server.get({ 'if-none-match': etag }, 'HEAD')).status, 304)
  assert.deepEqual(server.sent, [])
})

test('nothing can be sent, too', async (t) => {
  const server = await serve(t, ten({ size: 0, read: () => assert.fail('there is nothing to read') }))
  for (const headers of [{}, { range: 'bytes=-5' }] as Record<string, string>[]) {
    const answer = await server.get(headers)
    assert.deepEqual([answer.status, answer.headers['content-length'], answer.body], [200, '0', ''])
  }
  assert.equal((await server.get({ range: 'bytes=0-' })).status, 416)
})

test('bytes that are lost are an error, not an empty success', async (t) => {
  const lost: Sendable['read'][] = [
    // biome-ignore lint/correctness/useYield: it fails before it could
    async function* () {
      throw new Failure('data-lost', 'gone')
    },
    async function* () {},
  ]
  for (const read of lost) {
    const server = await serve(t, ten({ read }))
    for (const method of ['GET', 'HEAD']) {
      const answer = await server.get({}, method)
      assert.equal(answer.status, 500)
      assert.equal(answer.headers['accept-ranges'], undefined)
    }
    assert.equal((await server.get()).body, 'data-lost')
    assert.deepEqual(server.sent, [])
  }
})

test('a failure in the middle closes the connection, and is logged', async (t) => {
  const broken: Record<string, Sendable['read']> = {
    throws: async function* () {
      yield Buffer.from('01234')
      throw new Error('disk on fire')
    },
    'too short': async function* () {
      yield Buffer.from('01234')
    },
    'too long': async function* () {
      yield Buffer.from('01234')
      yield Buffer.from('5678901')
    },
  }
  for (const [what, read] of Object.entries(broken)) {
    const server = await serve(t, ten({ read }))
    await assert.rejects(server.get(), { code: 'ECONNRESET' }, what)
    assert.match(server.log.join(), /sending broke off/)
    assert.deepEqual(server.sent, [5])
  }
})

const block = 2 ** 16
const large = 512 * block

/** 32 MiB through one reused buffer, each block filled with its number. */
function manyBlocks(closed: () => void = () => {}): Sendable {
  return {
    ...{ size: large, etag: null, lastModified: null },
    async *read() {
      const shared = Buffer.alloc(block)
      try {
        for (let i = 0; i < large / block; i++) yield shared.fill(i % 251)
      } finally {
        closed()
      }
    },
  }
}

test('a reused buffer is never overwritten before it has left, however slow the client', async (t) => {
  const server = await serve(t, manyBlocks())
  const expected = createHash('sha1')
  for (let i = 0; i < large / block; i++) expected.update(Buffer.alloc(block, i % 251))

  const request = httpRequest({ port: server.port, host: '127.0.0.1' }).end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const hash = createHash('sha1')
  let pauses = 0
  for await (const chunk of response) {
    hash.update(chunk)
    if (pauses++ < 20) await delay(5)
  }
  assert.equal(hash.digest('hex'), expected.digest('hex'))
  assert.deepEqual(server.sent, [large])
})

test('pipelined requests wait for one another and keep their bytes', async (t) => {
  const server = await serve(t, ten())
  const socket = connect(server.port, '127.0.0.1')
  const ask = (range: string, more = '') =>
    `GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=${range}\r\n${more}\r\n`
  socket.write(ask('0-5') + ask('2-9') + ask('9-', 'Connection: close\r\n'))
  const text = Buffer.concat(await socket.toArray()).toString()
  assert.deepEqual(
    text.split(/HTTP\/1\.1 206/).map((answer) => answer.split('\r\n\r\n')[1]),
    [undefined, '012345', '23456789', '9'],
  )
})

test('a client that goes away early ends the reader, silently', async (t) => {
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  const server = await serve(t, manyBlocks(resolve))
  const socket = connect(server.port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(socket, 'data')
  socket.destroy()
  await closed
  while (server.sent.length === 0) await delay(1)
  assert.equal(server.sent.length, 1)
  assert.ok(server.sent[0]! < large)
  assert.deepEqual(server.log, [])
})

test('a client that goes away before the first byte ends the reader, too', async (t) => {
  const { promise: reading, resolve: started } = Promise.withResolvers<void>()
  const { promise: go, resolve: release } = Promise.withResolvers<void>()
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  const read: Sendable['read'] = async function* () {
    try {
      started()
      await go
      for (let i = 0; i < 10; i++) yield Buffer.from('x')
    } finally {
      resolve()
    }
  }
  const server = await serve(t, ten({ read }))
  const socket = connect(server.port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await reading
  socket.destroy()
  // The server has to notice before the store answers.
  await delay(20)
  release()
  await closed
  while (server.sent.length === 0) await delay(1)
  assert.deepEqual(server.sent, [0])
  assert.deepEqual(server.log, [])
})

test('ranges are read as RFC 9110 has them', () => {
  assert.deepEqual(parseRanges('bytes=0-0,-1', 10), {
    asked: 2,
    ranges: [
      { start: 0, end: 0 },
      { start: 9, end: 9 },
    ],
  })
  assert.deepEqual(parseRanges('bytes=,0-0,,', 10), { asked: 1, ranges: [{ start: 0, end: 0 }] })
  assert.equal(parseRanges('bytes 0-4/10', 10), 'malformed')
})

test('a file name is safe everywhere and still itself where it can be', () => {
  const cases: Record<string, string> = {
    'debian 13.qcow2': 'attachment; filename="debian 13.qcow2"',
    'Größe.raw': `attachment; filename="Gro_e.raw"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.raw`,
    'a"b\\c/d\r\nSet-Cookie: x': `attachment; filename="a_b_c_d_Set-Cookie_ x"; filename*=UTF-8''a%22b_c_d_Set-Cookie%3A%20x`,
    '../../etc/passwd': 'attachment; filename="_.._etc_passwd"',
    'образ.iso': `attachment; filename="_.iso"; filename*=UTF-8''%D0%BE%D0%B1%D1%80%D0%B0%D0%B7.iso`,
    "it's (1)*.raw": `attachment; filename="it_s _1_.raw"; filename*=UTF-8''it%27s%20%281%29%2A.raw`,
    'x\ud800y': `attachment; filename="x_y"; filename*=UTF-8''x%EF%BF%BDy`,
    '': 'attachment; filename="image"',
    '...': 'attachment; filename="image"',
  }
  for (const [name, expected] of Object.entries(cases)) assert.equal(contentDisposition(name), expected)
})
