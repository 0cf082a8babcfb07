import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { openBody } from '../../src/http/receive.ts'
import { sendBytes } from '../../src/http/send.ts'
import { faceOf, listening } from '../http/listening.ts'

const size = 64 * 1024 * 1024

async function* zeros() {
  const chunk = Buffer.alloc(1024 * 1024)
  for (let at = 0; at < size; at += chunk.length) yield chunk
}

async function routes(app: FastifyInstance): Promise<void> {
  app.get('/a', async () => 'fine')
  app.get('/a/slow', async () => {
    await delay(2500)
    return 'fine'
  })
  app.get('/a/download', (request, reply) =>
    sendBytes(request, reply, { size, etag: null, lastModified: null, read: zeros }),
  )
  app.put('/a/slow-upload', { config: { readsBody: true } }, async (request, reply) => {
    let received = 0
    for await (const chunk of openBody(request, reply)) {
      // Takes one chunk and then nothing for longer than the idle limit.
      if (received === 0) await delay(2500)
      received += chunk.length
    }
    return { received }
  })
  app.put('/a/upload', { config: { readsBody: true } }, async (request, reply) => {
    let received = 0
    for await (const chunk of openBody(request, reply)) received += chunk.length
    return { received }
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
}
const face = faceOf('a', routes)
const put = (path: string, length: number) =>
  `PUT ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`

describe('slow clients', { concurrency: true }, () => {
  test('headers that trickle in are cut off', async (t) => {
    const server = await listening(t, [face], { headerSeconds: 0.5 })
    const { socket, ended } = await server.connect()
    socket.write('GET /a HTTP/1.1\r\n')
    const trickle = setInterval(() => socket.write('X: y\r\n'), 50)
    const text = await ended
    clearInterval(trickle)
    assert.match(text, /^HTTP\/1\.1 408 Request Timeout\r\n.*x-request-id: req-/is)
  })

  test('a connection that says nothing is cut off', async (t) => {
    const server = await listening(t, [face], { headerSeconds: 0.5 })
    const { ended } = await server.connect()
    await ended
  })

  test('an upload that stands still is cut off, and its reader hears of it', async (t) => {
    const server = await listening(t, [face], { idleSeconds: 1 })
    const { socket, ended } = await server.connect()
    socket.write(`${put('/a/upload', 10)}half`)
    await ended
    const line = await server.line(({ path }) => path === '/a/upload')
    assert.equal(line.whole, false)
  })

  test('an upload that moves may take longer than the idle limit', async (t) => {
    const server = await listening(t, [face], { idleSeconds: 1 })
    const { socket, until } = await server.connect()
    socket.write(put('/a/upload', 8))
    for (let i = 0; i < 8; i++) {
      await delay(300)
      socket.write('x')
    }
    assert.match(await until(/received/), /\{"received":8\}/)
  })

  test('a download that nobody takes is cut off', async (t) => {
    const server = await listening(t, [face], { idleSeconds: 1 })
    const { socket, until } = await server.connect()
    socket.write('GET /a/download HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(/\r\n\r\n/)
    socket.pause()
    const line = await server.line(({ path }) => path === '/a/download')
    assert.equal(line.whole, false)
  })

  test('a download that is taken slowly is not', async (t) => {
    const server = await listening(t, [face], { idleSeconds: 1 })
    const { socket, until } = await server.connect()
    let received = 0
    socket.on('data', (chunk) => {
      received += chunk.length
    })
    socket.write('GET /a/download HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(/\r\n\r\n/)
    // Far longer than the limit, with pauses shorter than it, and less in each turn than one chunk of the sender's.
    for (let i = 0; i < 10; i++) {
      socket.pause()
      await delay(350)
      socket.resume()
      const before = received
      while (received < before + 200_000) await delay(1)
    }
    socket.resume()
    while (received < size) await delay(10)
    const line = await server.line(({ path }) => path === '/a/download')
    assert.deepEqual([line.status, line.whole], [200, undefined])
  })

  test('nobody is cut off for waiting for the server', async (t) => {
    const server = await listening(t, [face], { idleSeconds: 1 })
    const answer = await fetch(`${server.url}/a/slow`)
    assert.equal(await answer.text(), 'fine')
    const upload = await fetch(`${server.url}/a/slow-upload`, {
      method: 'PUT',
      body: Buffer.alloc(32 * 1024 * 1024),
    })
    assert.deepEqual(await upload.json(), { received: 32 * 1024 * 1024 })
  })

  test('whoever stands still after having waited for the server is cut off all the same', async (t) => {
    const server = await listening(t, [face], { idleSeconds: 1 })
    const { socket, ended } = await server.connect()
    socket.write(put('/a/slow-upload', 2e6) + 'x'.repeat(1e6))
    await ended
    const line = await server.line(({ path }) => path === '/a/slow-upload')
    assert.equal(line.whole, false)
    assert.ok(Number(line.ms) > 2500, String(line.ms))
  })

  test('garbage behind a request does not end up in its download', async (t) => {
    const server = await listening(t, [face])
    const { socket, ended } = await server.connect()
    socket.write('GET /a/download HTTP/1.1\r\nHost: x\r\n\r\nGARBAGE\r\n\r\n')
    const text = await ended
    assert.equal(text.match(/HTTP\/1\.1/g)?.length, 1)
  })
})

describe('a server that stops', { concurrency: true }, () => {
  test('ends the requests in flight, and lets nobody else in', async (t) => {
    const { observer, begun } = counting()
    const server = await listening(t, [face], { observer })
    const [kept, slow, download, upload] = await Promise.all([1, 2, 3, 4].map(() => server.connect()))
    kept!.socket.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\n')
    await kept!.until(/fine/)
    slow!.socket.write('GET /a/slow HTTP/1.1\r\nHost: x\r\n\r\n')
    download!.socket.write('GET /a/download HTTP/1.1\r\nHost: x\r\n\r\n')
    await download!.until(/\r\n\r\n/)
    download!.socket.pause()
    upload!.socket.write(`${put('/a/upload', 10)}half`)
    await begun(4)

    const started = performance.now()
    const closed = server.app.close()
    await kept!.ended
    await assert.rejects(server.connect(), { code: 'ECONNREFUSED' })
    download!.socket.resume()
    upload!.socket.write(' more.')
    assert.match(await upload!.ended, /\{"received":10\}$/)
    assert.match(await slow!.ended, /fine$/)
    assert.ok((await download!.ended).length > size)
    await closed
    // Without care a connection that was busy lives on for its keep-alive time, which is 72 seconds.
    assert.ok(performance.now() - started < 10_000)
  })

  test('a request on an open connection is still answered with its id', async (t) => {
    const { observer, begun } = counting()
    const server = await listening(t, [face], { observer })
    const { socket, ended, until } = await server.connect()
    socket.write('GET /a/slow HTTP/1.1\r\nHost: x\r\n\r\n')
    await begun(1)
    const closed = server.app.close()
    socket.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(/fine/)
    const text = await ended
    assert.equal(text.match(/x-request-id: req-/gi)?.length, text.match(/HTTP\/1\.1 200/g)?.length)
    await closed
  })
})

function counting() {
  let count = 0
  const observer = {
    begun: () => {
      count++
    },
    ended: () => {},
  }
  const begun = async (wanted: number) => {
    while (count < wanted) await delay(5)
  }
  return { observer, begun }
}
