import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage, RequestListener } from 'node:http'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Actor, systemActor } from '../../../src/catalogue/actor.ts'
import { Failure } from '../../../src/catalogue/failure.ts'
import { enqueue } from '../../../src/catalogue/tasks/enqueue.ts'
import { taskQueue } from '../../../src/catalogue/tasks/queue.ts'
import { type Callback, taskChannel } from '../../../src/catalogue/tasks/task.ts'
import { readCallback } from '../../../src/faces/danube/callback-fields.ts'
import { callback as callbackKind } from '../../../src/work/callback.ts'
import type { Kind } from '../../../src/work/kind.ts'
import { startRunner } from '../../../src/work/runner.ts'
import { closedPort, serve } from '../../outbound/servers.ts'
import { startServer } from '../../support/server.ts'

const key = 'the key of eva'
const notAllowed = 'The address of this URL is not allowed or cannot be reached.'

type Received = { method: string; url: string; headers: IncomingMessage['headers']; body: string }

/** A server that waits to be told, and answers with `status`. */
async function receiver(t: TestContext, status = 200, host?: string) {
  const received: Received[] = []
  const answer: RequestListener = async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    received.push({ method: request.method!, url: request.url!, headers: request.headers, body })
    response.writeHead(status).end('thanks')
  }
  const { url } = await serve(t, answer, host)
  return { url, received }
}

/** A catalogue with work that succeeds and work that fails. */
async function start(t: TestContext) {
  const server = await startServer({ faces: [], importAllow: '127.0.0.1' })
  const { core, catalogue, outbound } = server
  const { db } = core.database
  const eva = await server.user({ username: 'eva' })
  const adam = await server.user({ username: 'adam' })
  const sealed = core.secrets.encrypt(key)
  await db.updateTable('users').set({ callback_key: sealed }).where('id', '=', eva).execute()
  await server.project(2, 'quiet', { settings: { logUserCallbacks: false } })
  const works: Kind = { name: 'import-url', run: async () => ({ size: 5 }) }
  // A kind without an image, so that nothing has to be put right after it.
  const fails: Kind = {
    name: 'fails',
    async run() {
      throw new Failure('upstream', 'It is gone.', { reason: 'status' })
    },
  }
  const runner = await startRunner(
    [works, fails, callbackKind],
    { core, catalogue, outbound },
    { parallel: 2, pollSeconds: 1, log: () => {} },
  )
  t.after(async () => {
    await runner.stop()
    await server.close()
  })

  const actorOf = (userId: number): Actor => ({
    ...systemActor,
    userId,
    username: userId === eva ? 'eva' : 'adam',
    face: 'danube',
  })

  return {
    server,
    eva,
    adam,
    /** Begins an import; with a callback, waits until that has ended, too. */
    async import(callback: Callback, more: { userId?: number; projectId?: number; kind?: string } = {}) {
      const { userId = eva, projectId = 1, kind = 'import-url' } = more
      const object = { type: 'image', id: randomUUID(), name: 'web', alias: 'web', ownerUserId: 77 } as const
      const id = await core.database.transaction((trx) =>
        enqueue(trx, actorOf(userId), {
          kind,
          subject: 'web',
          payload: {},
          callback,
          work: { message: 'Import image', detail: '', object, projectId, bound: false },
        }),
      )
      await core.database.notify(taskChannel)
      for (;;) {
        const row = await db
          .selectFrom('tasks')
          .selectAll()
          .where('kind', '=', 'callback')
          .where('payload_json', 'like', `%${id}%`)
          .executeTakeFirst()
        if (row && row.state !== 'pending' && row.state !== 'running') return { id, told: row }
        await delay(10)
      }
    },
    async log(taskId: string) {
      const rows = await db
        .selectFrom('task_log')
        .selectAll()
        .where('task_id', '=', taskId)
        .orderBy('id')
        .execute()
      return rows.map(({ state, flag, message, detail }) => [state, flag, message, detail])
    },
  }
}

function checkSignature(body: string, key: string): object {
  const { random_token, security_token, ...rest } = JSON.parse(body)
  assert.match(random_token, /^[0-9a-f]{40}$/)
  assert.equal(
    security_token,
    createHash('md5')
      .update(random_token + key)
      .digest('hex'),
  )
  return rest
}

test('the end of a task is told once, signed, with any of the methods', async (t) => {
  const world = await start(t)
  const { url, received } = await receiver(t)
  const randoms = new Set<string>()
  for (const method of ['POST', 'GET', 'PUT', 'DELETE'] as const) {
    received.length = 0
    const { id, told } = await world.import({ url: `${url}/done?x=1`, method })
    assert.equal(told.state, 'succeeded')
    assert.equal(received.length, 1)
    const [request] = received as [Received]
    assert.deepEqual([request.method, request.url], [method, '/done?x=1'])
    assert.equal(request.headers['user-agent'], 'DanubeCloud/4.6')
    assert.equal(request.headers['content-type'], 'application/json')
    assert.deepEqual(checkSignature(request.body, key), {
      task_id: `${world.eva}e77u1-${id.slice(0, 23)}`,
      status: 'SUCCESS',
      result: {
        returncode: 0,
        message: 'Successfully imported image web (transferred 5 bytes in 0 seconds)',
      },
    })
    randoms.add(JSON.parse(request.body).random_token)
    const cb_url = `cb_url='${url}/done' cb_method='${method}' status=200`
    assert.deepEqual((await world.log(id)).at(-1), ['succeeded', 4, 'Send callback', cb_url])
  }
  assert.equal(randoms.size, 4)
})

test('a failure is told as well; a user without a key signs with an empty one', async (t) => {
  const world = await start(t)
  const { url, received } = await receiver(t)
  const { id } = await world.import({ url, method: 'POST' }, { userId: world.adam, kind: 'fails' })
  const message = 'ERROR: Could not download image file (It is gone.)'
  assert.deepEqual(checkSignature(received[0]!.body, ''), {
    task_id: `${world.adam}e77u1-${id.slice(0, 23)}`,
    status: 'FAILURE',
    result: { returncode: 8, message, detail: `Got bad return code (8). Error: ${message}` },
  })
  assert.deepEqual(
    (await world.log(id)).map(([state, flag, message]) => [state, flag, message]),
    [
      ['pending', 1, 'Import image'],
      ['failed', 1, 'Import image'],
      ['succeeded', 4, 'Send callback'],
    ],
  )
})

test('what does not get through is told in the log, and not tried again', async (t) => {
  const world = await start(t)
  const private_ = await receiver(t, 200, '127.0.0.2')
  const broken = await receiver(t, 503)
  const redirecting = await serve(t, (_request, response) =>
    response.writeHead(307, { location: private_.url }).end(),
  )
  const cases = [
    [private_.url, `error='${notAllowed}'`, 'failed'],
    ['http://localhost:1/', `error='${notAllowed}'`, 'failed'],
    ['http://169.254.169.254/latest', `error='${notAllowed}'`, 'failed'],
    [redirecting.url, `error='${notAllowed}'`, 'failed'],
    [`http://127.0.0.1:${await closedPort()}/`, `error='${notAllowed}'`, 'failed'],
    [broken.url, 'status=503', 'succeeded'],
  ] as const
  for (const [url, outcome, state] of cases) {
    const { id, told } = await world.import({ url, method: 'POST' })
    assert.equal(told.state, state, url)
    assert.deepEqual((await world.log(id)).at(-1), [
      'failed',
      4,
      'Send callback',
      `cb_url='${url}' cb_method='POST' ${outcome}`,
    ])
  }
  assert.deepEqual(private_.received, [])
  assert.equal(broken.received.length, 1)
  assert.equal(redirecting.requests.length, 1)
})

test('redirects are followed: 307 and 308 bring the message along, the others only look', async (t) => {
  const world = await start(t)
  const { url, received } = await receiver(t)
  for (const [status, method, body] of [
    [302, 'GET', false],
    [303, 'GET', false],
    [307, 'PUT', true],
    [308, 'PUT', true],
  ] as const) {
    received.length = 0
    const first = await serve(t, (_request, response) =>
      response.writeHead(status, { location: `${url}/there` }).end(),
    )
    await world.import({ url: first.url, method: 'PUT' })
    assert.deepEqual(
      received.map((request) => [request.method, request.url, request.body !== '']),
      [[method, '/there', body]],
      String(status),
    )
  }
})

test('a project may want nothing of it in its log', async (t) => {
  const world = await start(t)
  const { url, received } = await receiver(t)
  const { id } = await world.import({ url, method: 'POST' }, { projectId: 2 })
  assert.equal(received.length, 1)
  assert.deepEqual(
    (await world.log(id)).map(([, flag]) => flag),
    [1, 1],
  )
})

test('a message that was written down as sent is not sent again by who takes the task over', async (t) => {
  const world = await start(t)
  const { url, received } = await receiver(t)
  const { id, told } = await world.import({ url, method: 'POST' })
  const { core } = world.server
  // As if the process had died before the end of the task was written.
  await core.database.db
    .updateTable('tasks')
    .set({ state: 'running', process_id: 'dead', finished_at: null, result_json: null })
    .where('id', '=', told.id)
    .execute()
  assert.equal(await taskQueue(core).reap(), 1)
  await core.database.notify(taskChannel)
  for (;;) {
    const row = await core.database.db
      .selectFrom('tasks')
      .selectAll()
      .where('id', '=', told.id)
      .executeTakeFirstOrThrow()
    if (row.state === 'succeeded') break
    await delay(10)
  }
  assert.equal(received.length, 1)
  assert.equal((await world.log(id)).length, 3)
})

test('what is said of callbacks is read, and never fails a call', () => {
  const url = 'https://example.org/cb'
  const invalid = "callback='cb_url: Invalid value.'"
  const cases: [object, ReturnType<typeof readCallback>][] = [
    [{}, {}],
    [{ cb_url: null, cb_method: 'PATCH' }, {}],
    [{ cb_url: '', cb_method: null }, {}],
    [{ cb_url: url }, { callback: { url, method: 'POST' } }],
    [{ cb_url: url, cb_method: null }, { callback: { url, method: 'POST' } }],
    [{ cb_url: url, cb_method: 'put' }, { callback: { url, method: 'PUT' } }],
    [{ cb_url: url, cb_method: 'PATCH' }, { problem: "callback='cb_method: Invalid value.'" }],
    [{ cb_url: url, cb_method: { toString: 1 } }, { problem: "callback='cb_method: Invalid value.'" }],
    [{ cb_url: 'mailto:x' }, { problem: invalid }],
    [{ cb_url: ['http://h'] }, { problem: invalid }],
    [{ cb_url: 7, cb_method: 7 }, { problem: "callback='cb_url: Invalid value.,cb_method: Invalid value.'" }],
    [
      { cb_url: `http://${'h'.repeat(1024)}` },
      { problem: "callback='cb_url: Ensure this value has at most 1024 characters (it has 1031).'" },
    ],
  ]
  for (const [data, wanted] of cases)
    assert.deepEqual(readCallback(data as never), wanted, JSON.stringify(data))
})
