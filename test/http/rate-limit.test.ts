import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FastifyError, FastifyInstance } from 'fastify'
import { anonymous } from '../../src/catalogue/actor.ts'
import { Failure, isFailure } from '../../src/catalogue/failure.ts'
import { tokenBuckets } from '../../src/http/rate-limit.ts'
import { faceOf, listening } from './listening.ts'

describe('token buckets', () => {
  function clocked(perMinute: number, most?: number) {
    let now = 1_000_000
    const clock = () => now
    const buckets = tokenBuckets(perMinute, most === undefined ? { clock } : { clock, most })
    return {
      take: (caller: string) => buckets.take(caller),
      pass: (seconds: number) => {
        now += seconds * 1000
      },
    }
  }

  test('a minute has its number of requests, and the wait is told in whole seconds', () => {
    const { take, pass } = clocked(6)
    for (let i = 0; i < 6; i++) assert.equal(take('a'), 0)
    assert.equal(take('a'), 10)
    pass(4)
    assert.equal(take('a'), 6)
    pass(6)
    assert.equal(take('a'), 0)
    assert.equal(take('a'), 10)
    assert.equal(take('b'), 0)
  })

  test('refused requests do not lengthen the wait, and whoever waits as told gets in', () => {
    for (const perMinute of [1, 7, 60, 1000]) {
      const { take, pass } = clocked(perMinute)
      while (take('a') === 0);
      for (let i = 0; i < 100; i++) take('a')
      const wait = take('a')
      assert.ok(wait >= 1 && wait <= Math.ceil(60 / perMinute), `${perMinute}: ${wait}`)
      pass(wait)
      assert.equal(take('a'), 0)
    }
  })

  test('a pause fills the bucket, but no further', () => {
    const { take, pass } = clocked(3)
    for (let i = 0; i < 4; i++) take('a')
    pass(3600)
    assert.deepEqual([take('a'), take('a'), take('a'), take('a')], [0, 0, 0, 20])
  })

  test('callers are forgotten, the least recent first, when there are too many', () => {
    const { take } = clocked(1, 2)
    take('a')
    take('b')
    assert.equal(take('a'), 60)
    take('c')
    assert.equal(take('a'), 60)
    assert.equal(take('b'), 0)
  })
})

describe('the limit on requests', () => {
  let read = 0
  async function routes(app: FastifyInstance): Promise<void> {
    app.addHook('onRequest', async (request) => {
      const user = request.headers['x-user']
      if (user === 'wrong') throw new Failure('unauthenticated', 'No.')
      request.actor = { ...anonymous('danube', request.id), userId: user ? Number(user) : null }
    })
    app.setErrorHandler((error: FastifyError, _request, reply) => {
      if (!isFailure(error)) return reply.code(500).send({ error: error.message })
      const status = error.code === 'busy' ? 429 : 401
      return reply.code(status).send({ face: 'a', ...error.detail })
    })
    app.get('/a', async () => 'fine')
    app.post('/a', async () => {
      read++
      return 'fine'
    })
    app.get('/a/health', { config: { unlimited: true } }, async () => 'fine')
  }
  const face = faceOf('a', routes)
  const ask = (url: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
    fetch(url, { ...init, headers })

  test('is worded by the face, with Retry-After and a request id', async (t) => {
    const server = await listening(t, [face], { rateLimit: 2 })
    for (let i = 0; i < 2; i++) assert.equal((await ask(`${server.url}/a`)).status, 200)
    const refused = await ask(`${server.url}/a`)
    assert.equal(refused.status, 429)
    assert.equal(refused.headers.get('retry-after'), '30')
    assert.match(refused.headers.get('x-request-id') ?? '', /^req-/)
    assert.deepEqual(await refused.json(), { face: 'a', reason: 'rate-limit', retryAfterSeconds: 30 })
    const body = await ask(
      `${server.url}/a`,
      { 'content-type': 'application/json' },
      { method: 'POST', body: '{' },
    )
    assert.equal(body.status, 429)
    assert.equal(read, 0)
  })

  test('counts users by themselves and others by address', async (t) => {
    const server = await listening(t, [face], { rateLimit: 1, trustedProxies: ['127.0.0.1'] })
    const status = async (headers: Record<string, string>) => (await ask(`${server.url}/a`, headers)).status
    const from = (address: string) => status({ 'x-forwarded-for': address })
    assert.equal(await status({}), 200)
    assert.equal(await status({}), 429)
    assert.equal(await status({ 'x-user': '1' }), 200)
    assert.equal(await status({ 'x-user': '1' }), 429)
    assert.equal(await status({ 'x-user': '2', 'x-forwarded-for': '203.0.113.1' }), 200)
    assert.equal(await status({ 'x-user': '2', 'x-forwarded-for': '203.0.113.2' }), 429)
    assert.equal(await from('203.0.113.1'), 200)
    assert.equal(await from('203.0.113.1'), 429)
    assert.equal(await from('::ffff:203.0.113.1'), 429)
    assert.equal(await from('2001:db8:1:2::1'), 200)
    assert.equal(await from('2001:db8:1:2:ffff::9'), 429)
    assert.equal(await from('2001:db8:1:3::1'), 200)
  })

  test('holds for unknown paths, and not for routes that are free of it', async (t) => {
    const server = await listening(t, [face], { rateLimit: 1 })
    assert.equal((await ask(`${server.url}/nothing`)).status, 404)
    assert.equal((await ask(`${server.url}/nothing`)).status, 429)
    assert.equal((await ask(`${server.url}/a/nothing`)).status, 429)
    for (let i = 0; i < 3; i++) assert.equal((await ask(`${server.url}/a/health`)).status, 200)
  })

  test('is off unless it is set', async (t) => {
    const server = await listening(t, [face], { rateLimit: null })
    for (let i = 0; i < 50; i++) assert.equal((await ask(`${server.url}/a`)).status, 200)
  })

  test('a refused upload that waits for 100 Continue is never told to go on', async (t) => {
    const server = await listening(t, [face], { rateLimit: 1 })
    assert.equal((await ask(`${server.url}/a`)).status, 200)
    const { socket, until } = await server.connect()
    socket.write('POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n')
    assert.match(await until(/rate-limit/), /^HTTP\/1\.1 429 /)
  })
})
