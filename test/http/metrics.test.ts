import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { createMetrics } from '../../src/http/metrics.ts'
import { sendBytes } from '../../src/http/send.ts'
import { faceOf, listening } from './listening.ts'
import { samples } from './samples.ts'

const size = 8 * 1024 * 1024

async function* zeros() {
  for (let at = 0; at < size; at += 65_536) yield Buffer.alloc(65_536)
}

async function routes(app: FastifyInstance): Promise<void> {
  app.get('/a/thing/:id', async () => ({ fine: true }))
  app.post('/a/body', async () => 'taken')
  app.get('/a/download', (request, reply) =>
    sendBytes(request, reply, { size, etag: null, lastModified: null, read: zeros }),
  )
}

describe('metrics of requests', () => {
  test('count by face, method, route and class of status', async (t) => {
    const metrics = createMetrics()
    const server = await listening(t, [faceOf('a', routes)], { observer: metrics.observer })
    for (const id of [1, 2, 3]) await (await fetch(`${server.url}/a/thing/${id}?x=${id}`)).text()
    await (await fetch(`${server.url}/a/nothing/secret-path`)).text()
    await (await fetch(`${server.url}/nothing`)).text()
    await (await fetch(`${server.url}/a/%zz`)).text()
    await (await fetch(`${server.url}/a/download`)).arrayBuffer()
    await server.line(({ path }) => path === '/a/download')

    const text = await metrics.text()
    const at = (face: string, route: string, status: string) =>
      `face="${face}",method="GET",route="${route}",status="${status}"`
    const counts = samples(text, 'imageport_http_requests_total')
    assert.deepEqual(
      counts,
      new Map([
        [at('a', '/a/thing/:id', '2xx'), 3],
        [at('a', 'none', '4xx'), 2],
        [at('', 'none', '4xx'), 1],
        [at('a', '/a/download', '2xx'), 1],
      ]),
    )
    assert.deepEqual(samples(text, 'imageport_http_request_duration_seconds_count'), counts)
    assert.ok(!text.includes('secret-path'))
    assert.deepEqual([...samples(text, 'imageport_http_requests_in_flight').values()], [0])
  })

  test('count bytes in both directions, on kept connections too', async (t) => {
    const metrics = createMetrics()
    const server = await listening(t, [faceOf('a', routes)], { observer: metrics.observer })
    for (let i = 0; i < 3; i++) {
      await (await fetch(`${server.url}/a/body`, { method: 'POST', body: 'x'.repeat(100_000) })).text()
    }
    for (let i = 0; i < 2; i++) await (await fetch(`${server.url}/a/download`)).arrayBuffer()
    await server.line(() => server.lines.filter(({ msg }) => msg === 'request').length === 5)
    const text = await metrics.text()
    const received = samples(text, 'imageport_http_received_bytes_total').get('face="a"')!
    const sent = samples(text, 'imageport_http_sent_bytes_total').get('face="a"')!
    assert.ok(received > 300_000 && received < 305_000, String(received))
    assert.ok(sent > 2 * size && sent < 2 * size + 5_000, String(sent))
  })

  test('count a transfer while it runs', async (t) => {
    const metrics = createMetrics()
    const server = await listening(t, [faceOf('a', routes)], { observer: metrics.observer })
    const { socket, until } = await server.connect()
    socket.write('GET /a/download HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(/\r\n\r\n/)
    socket.pause()
    const text = await metrics.text()
    assert.deepEqual([...samples(text, 'imageport_http_requests_in_flight').values()], [1])
    const running = samples(text, 'imageport_http_sent_bytes_total').get('face="a"')!
    assert.ok(running > 0, String(running))
    socket.resume()
    await server.line(({ path }) => path === '/a/download')
    const after = samples(await metrics.text(), 'imageport_http_sent_bytes_total').get('face="a"')!
    assert.ok(after > size && after < size + 1_000, String(after))
  })

  test('count a client that goes away', async (t) => {
    const metrics = createMetrics()
    const server = await listening(t, [faceOf('a', routes)], { observer: metrics.observer })
    const { socket, until } = await server.connect()
    socket.write('GET /a/download HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(/\r\n\r\n/)
    socket.destroy()
    await server.line(({ path }) => path === '/a/download')
    const text = await metrics.text()
    assert.deepEqual([...samples(text, 'imageport_http_requests_in_flight').values()], [0])
    assert.deepEqual([...samples(text, 'imageport_http_requests_total').values()], [1])
  })

  test('tell of the process: CPU, memory and event-loop lag, each once', async () => {
    for (let i = 0; i < 2; i++) {
      const text = await createMetrics().text()
      for (const name of [
        'process_cpu_seconds_total',
        'process_resident_memory_bytes',
        'nodejs_eventloop_lag_p99_seconds',
      ])
        assert.equal(samples(text, name).size, 1, name)
      assert.match(text, /^process_cpu_seconds_total\{process="0"\} /m)
      const types = text.match(/^# TYPE \S+/gm) ?? []
      assert.equal(new Set(types).size, types.length)
    }
  })
})
