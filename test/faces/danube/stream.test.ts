import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { endTask } from '../../../src/catalogue/tasks/end.ts'
import { enqueue } from '../../../src/catalogue/tasks/enqueue.ts'
import type { Task } from '../../../src/catalogue/tasks/task.ts'
import { begun, type Route } from '../../../src/faces/danube/route.ts'
import { type Clock, type Watch, waitingStream } from '../../../src/faces/danube/stream.ts'
import { parseTaskId } from '../../../src/faces/danube/task-id.ts'
import { startWorld, type World } from './world.ts'

const id = '1e1u1-0045f9b5-6c29-4565-92b3'
const pending = `{"task_id":"${id}","status":"PENDING","result":null}`

describe('the rhythm', () => {
  const task = (state: Task['state']) =>
    ({ id: '0045f9b5-6c29-4565-92b3-0123456789ab', kind: 'x', userId: 1, projectId: 1, state }) as Task

  /** When each text was sent, in seconds, with a task that ends after so many seconds. */
  async function sent(endsAfter: number, more: Partial<Watch> = {}, slow = 0): Promise<[number, string][]> {
    let at = 0
    const clock: Clock = {
      now: () => at,
      async sleep(ms) {
        assert.ok(ms > 0 && ms <= 30_000, `${ms} ms`)
        at += ms + slow
      },
    }
    const never = new AbortController().signal
    const watch: Watch = {
      taskId: id,
      look: async () => task(at >= endsAfter * 1000 ? 'succeeded' : 'running'),
      codeLine: true,
      indent: 0,
      gone: never,
      stopping: never,
      ...more,
    }
    const texts: [number, string][] = []
    for await (const text of waitingStream(watch, clock)) texts.push([at / 1000, text])
    return texts
  }

  const spaces = [1, 2, 3, 4, 5, 8, 11, 14, 17, 20, 23, 26, 29, 32, 38, 44, 50, 56, 62, 74, 86, 98]

  test('every second at first, and then less and less often', async () => {
    const texts = await sent(100)
    assert.deepEqual(
      texts.slice(0, -1),
      spaces.map((at) => [at, ' ']),
    )
    const [at, last] = texts.at(-1)!
    assert.ok(at >= 100 && at <= 102)
    assert.match(last, /^200\n\{"task_id":"1e1u1-0045f9b5-6c29-4565-92b3","status":"SUCCESS","result":\{/)
  })

  test('a late clock delays spaces and adds none', async () => {
    const texts = await sent(10, {}, 40)
    assert.equal(texts.length, 1 + spaces.filter((at) => at <= 10).length)
  })

  test('every 12 seconds until 20 minutes, every 30 until the hour, and then the pending body', async () => {
    const texts = await sent(Number.POSITIVE_INFINITY)
    const times = texts.map(([at]) => at)
    const gaps = (from: number, to: number) =>
      new Set(
        times
          .slice(0, -1)
          .flatMap((at, i) => (i > 0 && times[i - 1]! >= from && at <= to ? [at - times[i - 1]!] : [])),
      )
    assert.deepEqual([...gaps(60, 1200)], [12])
    assert.deepEqual([...gaps(1202, 3600)], [30])
    assert.deepEqual(texts.at(-1), [3600, `201\n${pending}`])
  })

  test('short work is noticed at once', async () => {
    const [[at] = [9]] = await sent(0.3)
    assert.ok(at < 0.5, String(at))
    assert.equal((await sent(0)).length, 1)
  })

  test('without the line for other clients, and indented', async () => {
    const [[, text] = [0, '']] = await sent(0, { codeLine: false, indent: 2 })
    assert.ok(text.startsWith(`{\n  "task_id": "${id}",\n`), text)
  })

  test('a database that is away for a while', async () => {
    let looks = 0
    const look = async () => {
      if (looks++ < 10) throw new Error('away')
      return task('succeeded')
    }
    assert.match((await sent(0, { look })).at(-1)![1], /^200\n/)
  })

  test('a task that is known no more', async () => {
    const [[, text] = [0, '']] = await sent(0, { look: async () => undefined })
    assert.equal(text, `410\n{"task_id":"${id}","status":"REVOKED","result":"expired"}`)
  })

  test('a client that is gone hears nothing more', async () => {
    assert.deepEqual(await sent(0, { gone: AbortSignal.abort() }), [])
    const gone = new AbortController()
    const look = async () => {
      gone.abort()
      return task('succeeded')
    }
    assert.deepEqual(await sent(0, { gone: gone.signal, look }), [])
  })

  test('a server that stops says so', async () => {
    assert.deepEqual(await sent(99, { stopping: AbortSignal.abort() }), [[0, `201\n${pending}`]])
  })
})

/** Starts work that nobody does, so that the test says how it ends. */
const work: Route = {
  method: 'POST',
  path: '/image/work',
  summary: 'For tests',
  scope: 'main',
  group: 'u',
  handle: async ({ actor, data }) =>
    begun(
      await world.core.database.transaction((trx) =>
        enqueue(trx, actor, { kind: 'nobody-does-this', subject: 'centos-7', payload: data }),
      ),
    ),
}
let world: World

describe('on the wire', () => {
  before(async () => {
    world = await startWorld({ danube: { routes: [work] } })
  })
  after(() => world.close())

  async function end(
    taskId: string,
    state: 'succeeded' | 'failed' | 'cancelled' = 'succeeded',
  ): Promise<void> {
    const { tail } = parseTaskId(taskId)!
    const { db } = world.core.database
    const row = await db
      .selectFrom('tasks')
      .select('id')
      .where('id', 'like', `${tail}%`)
      .executeTakeFirstOrThrow()
    const ending = state === 'failed' ? { state, failure: 'It broke.' } : { state }
    assert.ok(await endTask(world.core, row.id, { state: 'pending' }, ending))
  }

  type Open = {
    socket: Socket
    text: () => string
    until(fits: RegExp): Promise<string>
    closed: Promise<string>
  }

  async function begin(headers: readonly string[], verb = 'POST', body = '{}'): Promise<Open> {
    const socket = connect(Number(new URL(world.url).port), '127.0.0.1')
    const head = [
      `${verb} /api/image/work/ HTTP/1.1`,
      'Host: x',
      `Authorization: Token ${world.tokens.keeper}`,
      'Content-Type: application/json; indent=4',
      `Content-Length: ${body.length}`,
      ...headers,
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk) => {
      text += chunk
    })
    const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(text)))
    return {
      socket,
      closed,
      text: () => text,
      async until(fits) {
        const late = AbortSignal.timeout(10_000)
        while (!fits.test(text)) {
          assert.ok(!late.aborted && !socket.destroyed, `no ${fits} in ${text}`)
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
        return text
      },
    }
  }

  const idIn = (text: string) => /^es_task_id: (\S+)\r$/m.exec(text)![1]!

  /** The bytes of a chunked body. */
  function unchunked(text: string): string {
    let rest = text.slice(text.indexOf('\r\n\r\n') + 4)
    let body = ''
    for (;;) {
      const [, size = ''] = /^([0-9a-f]+)\r\n/.exec(rest) ?? assert.fail(`no chunk: ${JSON.stringify(rest)}`)
      const length = Number.parseInt(size, 16)
      if (length === 0) return body
      body += rest.slice(size.length + 2, size.length + 2 + length)
      rest = rest.slice(size.length + 2 + length + 2)
    }
  }

  test('without the header: 201 and PENDING', async () => {
    const { status, body, headers, text } = await world.ask('POST', '/image/work', { as: 'keeper', json: {} })
    assert.equal(status, 201)
    const keeper = world.ids.keeper
    assert.match(body.task_id, new RegExp(`^${keeper}e${keeper}u1(-[0-9a-f]{4,8}){4}$`))
    assert.equal(text, `{"task_id":"${body.task_id}","status":"PENDING","result":null}`)
    assert.deepEqual(
      ['es_task_id', 'es_task_response', 'es_stream', 'es_dc'].map((name) => headers.get(name)),
      [body.task_id, 'true', null, 'main'],
    )
    assert.equal(Number(headers.get('content-length')), text.length)
  })

  const endings = [
    [
      'succeeded',
      200,
      'SUCCESS',
      { returncode: 0, message: 'Successfully finished nobody-does-this centos-7' },
    ],
    [
      'failed',
      400,
      'FAILURE',
      {
        returncode: 1,
        message: 'ERROR: It broke.',
        detail: 'Got bad return code (1). Error: ERROR: It broke.',
      },
    ],
    ['cancelled', 410, 'REVOKED', 'revoked'],
  ] as const
  for (const [state, code, status, result] of endings)
    test(`es waits for a task that has ${state}`, async () => {
      const open = await begin(['ES-STREAM: es', 'Accept: application/json; indent=4', 'Connection: close'])
      const head = await open.until(/\r\n\r\n/)
      const taskId = idIn(head)
      assert.match(head, /^HTTP\/1\.1 201 Created\r\n/)
      for (const line of [
        'es_stream: True',
        'es_task_response: true',
        'es_version: 4.6',
        'es_username: keeper',
        'es_dc: main',
        'allow: POST, OPTIONS',
        'content-type: application/json',
        'Transfer-Encoding: chunked',
      ])
        assert.ok(head.includes(`\r\n${line}\r\n`), `${line} in ${head}`)
      assert.match(head, /\r\nx-request-id: req-/)
      assert.doesNotMatch(head, /content-(length|encoding)/i)
      await open.until(/\r\n\r\n1\r\n \r\n/)
      await end(taskId, state)
      const body = unchunked(await open.closed)
      assert.match(body, /^ +\d{3}\n\{/)
      assert.equal(
        body.trimStart(),
        `${code}\n${JSON.stringify({ task_id: taskId, status, result }, null, 4)}`,
      )
    })

  /** Everything that a stream sends after its head, with the sizes of its chunks. */
  const framed = (texts: readonly string[]) =>
    [...texts, ''].map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('')
  /** The body, without the spaces that a slow machine may need beyond so many. */
  const bodyOf = (text: string, spaces: number) => {
    const body = text.slice(text.indexOf('\r\n\r\n') + 4)
    return body.replace(/^(?:1\r\n \r\n)*/, (waited) => waited.slice(0, spaces * framedSpace.length))
  }
  const framedSpace = '1\r\n \r\n'
  const closingOf = (taskId: string) =>
    `200\n{"task_id":"${taskId}","status":"SUCCESS","result":{"returncode":0,"message":"Successfully finished nobody-does-this centos-7"}}`

  test('what ends within a second comes in one chunk', async () => {
    const open = await begin(['ES-STREAM: es', 'Connection: close'])
    const taskId = idIn(await open.until(/\r\n\r\n/))
    await end(taskId)
    assert.equal(bodyOf(await open.closed, 0), framed([closingOf(taskId)]))
  })

  test('what takes longer comes in many: every space as it is due, the code and the status together', async () => {
    const open = await begin(['ES-STREAM: es', 'Connection: close'])
    const taskId = idIn(await open.until(/\r\n\r\n/))
    await open.until(/\r\n\r\n1\r\n \r\n1\r\n \r\n/)
    await end(taskId)
    assert.equal(bodyOf(await open.closed, 2), framed([' ', ' ', closingOf(taskId)]))
  })

  test('a connection that is cut in the middle: the end is told to who asks for the status', async () => {
    const open = await begin(['ES-STREAM: es'])
    const taskId = idIn(await open.until(/\r\n\r\n/))
    await open.until(/\r\n\r\n1\r\n \r\n/)
    open.socket.resetAndDestroy()
    const pending = await world.ask('GET', `/task/${taskId}/status/`, { as: 'keeper' })
    assert.deepEqual(
      [pending.status, pending.text],
      [201, `{"task_id":"${taskId}","status":"PENDING","result":null}`],
    )
    await end(taskId)
    const ended = await world.ask('GET', `/task/${taskId}/status/`, { as: 'keeper' })
    assert.equal(`${ended.status}\n${ended.text}`, closingOf(taskId))
    assert.doesNotMatch(open.text(), /returncode/)
  })

  test('another client gets no line with the code', async () => {
    const open = await begin(['ES-Stream: yes', 'Connection: close'])
    await end(idIn(await open.until(/\r\n\r\n/)))
    assert.match(unchunked(await open.closed), /^ *\{"task_id":"\S+","status":"SUCCESS"/)
  })

  test('an empty header is none', async () => {
    const open = await begin(['ES-STREAM:', 'Connection: close'])
    assert.match(await open.closed, /\r\ncontent-length: \d+\r\n.*"PENDING","result":null\}$/s)
  })

  test('what ends at once is no stream', async () => {
    const open = await begin(['ES-STREAM: es', 'Connection: close'], 'PUT')
    const text = await open.closed
    assert.match(text, /^HTTP\/1\.1 405 /)
    assert.doesNotMatch(text, /es_stream/)
  })

  test('the connection serves further requests', async (t) => {
    const open = await begin(['ES-STREAM: es'])
    t.after(() => open.socket.destroy())
    await end(idIn(await open.until(/\r\n\r\n/)))
    await open.until(/\r\n0\r\n\r\n$/)
    open.socket.write('GET /api/ping/ HTTP/1.1\r\nHost: x\r\n\r\n')
    await open.until(/"pong"$/)
  })

  test('many at once, each with its own end', async () => {
    const all = await Promise.all(
      Array.from({ length: 20 }, () => begin(['ES-STREAM: es', 'Connection: close'])),
    )
    const ids = await Promise.all(all.map(async (open) => idIn(await open.until(/\r\n\r\n/))))
    assert.equal(new Set(ids).size, 20)
    await Promise.all(ids.map((taskId, i) => end(taskId, i % 2 === 0 ? 'succeeded' : 'failed')))
    for (const [i, open] of all.entries()) {
      const body = unchunked(await open.closed)
      assert.match(body, i % 2 === 0 ? /^ *200\n/ : /^ *400\n/)
      assert.ok(body.includes(ids[i]!))
    }
  })

  test('a client that goes away leaves the task alone', async () => {
    const open = await begin(['ES-STREAM: es'])
    const taskId = idIn(await open.until(/\r\n\r\n/))
    open.socket.destroy()
    await new Promise((resolve) => setTimeout(resolve, 400))
    await end(taskId)
    assert.equal((await world.ended(taskId)).state, 'succeeded')
    assert.equal((await world.ask('GET', '/ping/')).status, 200)
  })
})

test('a stopping server ends its streams with what it knows', async () => {
  world = await startWorld({ danube: { routes: [work] } })
  const socket = connect(Number(new URL(world.url).port), '127.0.0.1')
  const head = `POST /api/image/work HTTP/1.1\r\nHost: x\r\nES-STREAM: es\r\nAuthorization: Token ${world.tokens.admin}`
  socket.write(`${head}\r\n\r\n`)
  let text = ''
  socket.setEncoding('utf8')
  const headOut = new Promise<void>((resolve) =>
    socket.on('data', (chunk) => {
      text += chunk
      resolve()
    }),
  )
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await headOut
  await world.close()
  await closed
  assert.match(text, /201\n\{"task_id":"\S+","status":"PENDING","result":null\}/)
  assert.match(text, /\r\n0\r\n\r\n$/)
})
