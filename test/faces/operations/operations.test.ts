import assert from 'node:assert/strict'
import { rename } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { systemActor } from '../../../src/catalogue/actor.ts'
import type { Catalogue } from '../../../src/catalogue/catalogue.ts'
import { readinessOf } from '../../../src/catalogue/readiness.ts'
import type { Part } from '../../../src/catalogue/statistics.ts'
import { enqueue } from '../../../src/catalogue/tasks/enqueue.ts'
import { type OperationsOptions, operationsFace } from '../../../src/faces/operations/index.ts'
import type { Face } from '../../../src/http/face.ts'
import { createMetrics } from '../../../src/http/metrics.ts'
import { createServer, type ServerOptions } from '../../../src/http/server.ts'
import { sample } from '../../http/samples.ts'
import { type TestCore, testCore } from '../../support/core.ts'

type Options = {
  readonly metrics?: OperationsOptions['metrics']
  readonly faces?: readonly Face[]
  readonly server?: Partial<ServerOptions>
}

type Running = TestCore & {
  readonly app: Awaited<ReturnType<typeof createServer>>
  readonly url: string
  ask(path: string, init?: RequestInit): Promise<{ status: number; headers: Headers; text: string }>
}

/** A listening server with the operations face on a catalogue of its own, for the length of a test. */
async function start(
  t: TestContext,
  { metrics = 'local', faces = [], server = {} }: Options = {},
): Promise<Running> {
  const core = await testCore()
  const measured = createMetrics()
  const parts = {
    catalogue: core.catalogue,
    installation: { version: '1.2.3' },
    featuresOff: new Set<string>(),
  }
  const app = await createServer([operationsFace({ metrics, measured }), ...faces], parts as never, {
    logger: pino({ level: 'silent' }),
    trustedProxies: [],
    publicUrl: null,
    idleSeconds: 20,
    observer: measured.observer,
    ...server,
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.after(async () => {
    await app.close()
    await core.close()
  })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  return {
    ...core,
    app,
    url,
    async ask(path, init) {
      const answer = await fetch(url + path, init)
      assert.match(answer.headers.get('x-request-id') ?? '', /^req-/)
      return { status: answer.status, headers: answer.headers, text: await answer.text() }
    },
  }
}

/** Lets time pass, in milliseconds. */
function clock(t: TestContext): (milliseconds: number) => void {
  const real = performance.now.bind(performance)
  let ahead = 0
  t.mock.method(performance, 'now', () => real() + ahead)
  return (milliseconds) => {
    ahead += milliseconds
  }
}

async function* once(bytes: Uint8Array) {
  yield bytes
}

describe('health', () => {
  test('the process lives, whatever the database does', async (t) => {
    const { ask, core } = await start(t)
    const alive = await ask('/healthz')
    assert.deepEqual([alive.status, alive.text], [200, '{"status":"ok"}'])
    assert.equal((await ask('/healthz', { method: 'HEAD' })).status, 200)
    assert.equal((await ask('/healthz/')).status, 200)
    await core.database.close()
    assert.equal((await ask('/healthz')).status, 200)
  })

  test('it is ready when every part works, and says which does not', async (t) => {
    const { ask, directory } = await start(t)
    const pass = clock(t)
    const well = await ask('/readyz')
    assert.equal(well.status, 200)
    assert.deepEqual(JSON.parse(well.text), {
      status: 'ok',
      parts: { database: 'ok', 'store default': 'ok' },
    })
    assert.ok(sample((await ask('/metrics')).text, 'imageport_store_free_bytes{store="default"}')! > 0)

    await rename(join(directory, 'blobs'), join(directory, 'gone'))
    // Answers about parts count for two seconds, numbers for five.
    assert.equal((await ask('/readyz')).status, 200)
    pass(5_001)
    const ill = await ask('/readyz')
    assert.equal(ill.status, 503)
    assert.deepEqual(JSON.parse(ill.text), {
      status: 'unavailable',
      parts: { database: 'ok', 'store default': 'unavailable' },
    })
    const scrape = await ask('/metrics')
    assert.equal(scrape.status, 200)
    assert.equal(sample(scrape.text, 'imageport_part_up{part="store default"}'), 0)
    assert.equal(sample(scrape.text, 'imageport_part_up{part="database"}'), 1)
    assert.equal(sample(scrape.text, 'imageport_store_free_bytes{store="default"}'), undefined)

    await rename(join(directory, 'gone'), join(directory, 'blobs'))
    pass(2_001)
    assert.equal((await ask('/readyz')).status, 200)
  })

  test('without a database it is not ready, and numbers from there are left out', async (t) => {
    const { ask, core } = await start(t)
    await core.database.close()
    const ill = await ask('/readyz')
    assert.equal(ill.status, 503)
    assert.equal(JSON.parse(ill.text).parts.database, 'unavailable')
    const { status, text } = await ask('/metrics')
    assert.equal(status, 200)
    assert.equal(sample(text, 'imageport_part_up{part="database"}'), 0)
    assert.ok(!/^imageport_(images|tasks|blobs|blob_bytes)[{ ]/m.test(text))
    assert.ok(/^imageport_http_requests_total/m.test(text))
  })

  test('a server that stops is not ready, and lives', async (t) => {
    const slow: Face = {
      name: 'slow',
      owns: () => false,
      notFound: () => {},
      async routes(app) {
        app.get('/slow', async () => {
          await delay(300)
          return 'done'
        })
        // The question comes while the server is stopping, before it closes its door.
        app.addHook('preClose', async () => {
          answers = await Promise.all(['/readyz', '/healthz'].map((path) => running.ask(path)))
        })
      },
    }
    let answers: Awaited<ReturnType<Running['ask']>>[] = []
    const running = await start(t, { faces: [slow] })
    const inFlight = running.ask('/slow')
    await running.ask('/readyz')
    await running.app.close()
    assert.deepEqual(
      answers.map(({ status, text }) => [status, text]),
      [
        [503, '{"status":"stopping"}'],
        [200, '{"status":"ok"}'],
      ],
    )
    assert.equal((await inFlight).text, 'done')
  })

  test('a part that hangs is waited for once and not long, and its change of state is told once', async () => {
    let asked = 0
    const hanging = Promise.withResolvers<void>()
    const parts: Part[] = [
      { name: 'fast', check: async () => {} },
      {
        name: 'slow',
        check: () => {
          asked++
          return hanging.promise
        },
      },
    ]
    const told: string[] = []
    const trouble = (part: string, error: unknown) =>
      told.push(`${part} ${error === null ? 'works' : 'fails'}`)
    const catalogue = { statistics: { parts: () => parts } } as unknown as Catalogue
    const readiness = readinessOf(catalogue, trouble, { fresh: 0, patience: 20 })
    for (let i = 0; i < 3; i++)
      assert.deepEqual([...(await readiness())], [['fast', true], ['slow', false]]) // biome-ignore format: a table
    assert.equal(asked, 1)
    assert.deepEqual(told, ['slow fails'])
    hanging.resolve()
    await hanging.promise
    assert.deepEqual([...(await readiness()).values()], [true, true])
    assert.deepEqual(told, ['slow fails', 'slow works'])
  })
})

describe('metrics', () => {
  test('of images, blobs, tasks and stores', async (t) => {
    const { ask, catalogue, core } = await start(t)
    const draft = { name: 'x', diskFormat: 'raw', containerFormat: 'bare' }
    const bytes = Buffer.alloc(70_000, 'imageport')
    for (let i = 0; i < 2; i++) {
      const image = await catalogue.images.create(systemActor, draft)
      await catalogue.bytes.receive(systemActor, image.uuid, once(bytes), { fallback: 'queued' })
    }
    await catalogue.images.create(systemActor, draft)
    await core.database.transaction((trx) => enqueue(trx, systemActor, { kind: 'x', payload: {} }))

    const { status, headers, text } = await ask('/metrics')
    assert.equal(status, 200)
    assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    const expected: Record<string, number> = {
      'imageport_images{status="active"}': 2,
      'imageport_images{status="queued"}': 1,
      'imageport_images{status="killed"}': 0,
      'imageport_image_bytes{status="active"}': 140_000,
      imageport_blobs: 1,
      imageport_blob_bytes: 70_000,
      imageport_deduplicated_bytes: 70_000,
      'imageport_tasks{state="pending"}': 1,
      'imageport_tasks{state="failed"}': 0,
      imageport_transfers_running: 0,
      'imageport_build_info{version="1.2.3"}': 1,
      'imageport_part_up{part="database"}': 1,
      'imageport_part_up{part="store default"}': 1,
    }
    for (const [name, value] of Object.entries(expected)) assert.equal(sample(text, name), value, name)
    const [free, used, total] = ['free', 'used', 'total'].map((kind) =>
      sample(text, `imageport_store_${kind}_bytes{store="default"}`),
    )
    assert.ok(free! > 0 && used! > 0)
    assert.equal(free! + used!, total)
    assert.match(text, /^nodejs_eventloop_lag_seconds\{/m)
    const types = text.match(/^# TYPE \S+/gm) ?? []
    assert.equal(new Set(types).size, types.length)
  })

  test('are asked from the database at most every five seconds', async (t) => {
    const { ask, catalogue } = await start(t)
    const pass = clock(t)
    const images = async () => sample((await ask('/metrics')).text, 'imageport_images{status="queued"}')
    assert.equal(await images(), 0)
    await catalogue.images.create(systemActor, { name: 'x' })
    assert.equal(await images(), 0)
    pass(5_001)
    assert.equal(await images(), 1)
  })

  test('are for this machine only, unless the setting says otherwise', async (t) => {
    const local = await start(t)
    assert.equal((await local.ask('/metrics')).status, 200)
    for (const name of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Via', 'X-Forwarded-Proto']) {
      const { status, text } = await local.ask('/metrics', { headers: { [name]: '127.0.0.1' } })
      assert.equal(status, 403, name)
      assert.match(text, /IMAGEPORT_METRICS=public/)
    }
    for (const remoteAddress of ['192.0.2.1', '::ffff:192.0.2.1', '2001:db8::1']) {
      assert.equal((await local.app.inject({ url: '/metrics', remoteAddress })).statusCode, 403)
      assert.equal((await local.app.inject({ url: '/readyz', remoteAddress })).statusCode, 200)
    }
    for (const remoteAddress of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])
      assert.equal((await local.app.inject({ url: '/metrics', remoteAddress })).statusCode, 200)

    const open = await start(t, { metrics: 'public' })
    assert.equal((await open.ask('/metrics', { headers: { 'X-Forwarded-For': '192.0.2.1' } })).status, 200)
    const off = await start(t, { metrics: 'off' })
    assert.equal((await off.ask('/metrics')).status, 404)
  })

  test('and health are free of the rate limit', async (t) => {
    const { ask } = await start(t, { server: { rateLimit: 1 } })
    for (let i = 0; i < 4; i++)
      for (const path of ['/healthz', '/readyz', '/metrics']) assert.equal((await ask(path)).status, 200)
    assert.equal((await ask('/openapi.json')).status, 200)
    assert.equal((await ask('/openapi.json')).status, 429)
  })
})

describe('the rest', () => {
  test('other methods are 405 with Allow', async (t) => {
    const { ask } = await start(t)
    for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json/']) {
      const { status, headers } = await ask(path, { method: 'POST' })
      assert.deepEqual([status, headers.get('allow')], [405, 'GET, HEAD'], path)
    }
    assert.equal((await ask('/healthz/x')).status, 404)
  })

  test('/openapi.json describes the routes of all faces, at the origin that was asked', async (t) => {
    const glance: Face = {
      name: 'glance',
      owns: () => false,
      notFound: () => {},
      async routes(app) {
        app.get('/v2/images/:id', { config: { summary: 'Show an image', tags: ['images'] } }, async () => 'x')
        app.route({
          method: ['GET', 'OPTIONS'],
          url: '/versions',
          config: { open: true },
          handler: () => 'x',
        })
      },
    }
    const { ask, url } = await start(t, { faces: [glance], metrics: 'off' })
    const { status, headers, text } = await ask('/openapi.json')
    assert.equal(status, 200)
    assert.match(headers.get('content-type') ?? '', /^application\/json/)
    const document = JSON.parse(text)
    assert.deepEqual(document.servers, [{ url }])
    assert.deepEqual(document.info, { title: 'Imageport', version: '1.2.3' })
    assert.deepEqual(Object.keys(document.paths), [
      '/healthz',
      '/openapi.json',
      '/readyz',
      '/v2/images/{id}',
      '/versions',
    ])
    const { get } = document.paths['/v2/images/{id}']
    assert.equal(get.summary, 'Show an image')
    assert.equal(get.operationId, 'glance_get_v2_images_id')
    assert.deepEqual(get.security, [{ 'glance.token': [] }])
    assert.equal(document.components.securitySchemes['glance.token'].name, 'X-Auth-Token')
    assert.deepEqual(document.paths['/versions'].get.security, [])
    assert.deepEqual(Object.keys(document.paths['/versions']), ['get'])
    const scheme = Object.keys(document.components.securitySchemes)
    for (const item of Object.values(document.paths) as Record<string, { security: object[] }>[])
      for (const { security } of Object.values(item))
        for (const name of security.flatMap((one) => Object.keys(one))) assert.ok(scheme.includes(name), name)
  })
})
