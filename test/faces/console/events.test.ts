import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { consoleFace } from '../../../src/faces/console/index.ts'
import type { WireImage, WireSession, WireTask } from '../../../src/faces/console/wire.ts'
import type { WireEvent } from '../../../src/faces/console/wire-events.ts'
import { type EventStream, openEventStream } from '../../support/event-stream.ts'
import { startServer } from '../../support/server.ts'
import { type Api, type Call, localSecret, password, refused, startApi } from './api.ts'

/** Takes messages until one is about this, and returns all that came. */
async function until(stream: EventStream, id: string, action?: string): Promise<readonly WireEvent[]> {
  const told: WireEvent[] = []
  for (;;) {
    const message = await stream.next()
    assert.equal(message?.name, 'message')
    const event = message.data as WireEvent
    told.push(event)
    if (event.id === id && (action === undefined || event.action === action)) return told
  }
}

describe('console: changes as they happen', { concurrency: true }, () => {
  let api: Api
  let eva: Call
  const streams: EventStream[] = []
  const tokens = new Map<string, string>()
  let silent: EventStream

  before(async () => {
    // A stream is silent for longer than connections may be.
    api = await startApi({ server: { idleSeconds: 1 } })
    await api.server.project(7, 'acme')
    for (const [username, roles] of [
      ['eva', { 7: 'owner' }],
      ['bob', { 1: 'owner' }],
    ] as const)
      tokens.set(username, await api.server.token(await api.server.user({ username, roles })))
    eva = api.as(`Bearer ${tokens.get('eva')}`)
    silent = await opened({ headers: bearer('bob') })
  })
  after(async () => {
    for (const stream of streams) stream.close()
    await api.close()
  })

  const bearer = (username: string): Record<string, string> => ({
    authorization: `Bearer ${tokens.get(username)}`,
  })

  async function open({ headers = bearer('eva'), query = '' } = {}): Promise<EventStream> {
    const stream = await openEventStream(`${api.server.url}/ui/api/v1/events${query}`, headers)
    streams.push(stream)
    return stream
  }

  /** Has been told where it begins. */
  async function opened(how: Parameters<typeof open>[0] = {}): Promise<EventStream> {
    const stream = await open(how)
    assert.equal(stream.status, 200)
    const first = await stream.next()
    assert.deepEqual([first?.name, first?.data], ['ready', {}])
    assert.match(first!.id!, /^\d+$/)
    return stream
  }

  async function create(as: Call, name: string): Promise<string> {
    const { status, body } = await as('POST', '/images', { name })
    assert.equal(status, 201)
    return (body as WireImage).uuid
  }

  /** Signs in as a browser does. */
  async function signIn(username: string) {
    const login = await api.as(null)('POST', '/session', { username, password: 'secret' })
    const cookie = /^[^;]+/.exec(login.headers.get('set-cookie')!)![0]
    const { proof, position } = login.body as WireSession
    return { cookie, proof, position }
  }

  test('the stream is one that browsers understand, that nobody keeps, and that no other site may read', async () => {
    const { headers } = await opened()
    assert.equal(headers.get('content-type'), 'text/event-stream; charset=utf-8')
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.equal(headers.get('x-accel-buffering'), 'no')
    refused(await api.as(null)('GET', '/events'), 401, 'unauthenticated', 'missing')
    await password(api.server, await api.server.user({ username: 'dora' }), 'secret')
    const { cookie } = await signIn('dora')
    const other = await api.as(null)('GET', '/events', undefined, { cookie, 'sec-fetch-site': 'cross-site' })
    refused(other, 403, 'forbidden', 'session-proof')
    for (const after of ['x', '-1', '1.5'])
      refused(await eva('GET', `/events?after=${after}`), 400, 'invalid')
    assert.equal((await eva('HEAD', '/events')).status, 404)
  })

  test('one’s own images and tasks are told of, those of others never; who comes back is told what was missed', async () => {
    const stream = await opened()
    const bobs = api.as(`Bearer ${tokens.get('bob')}`)
    await create(bobs, 'none of eva’s business')
    const { body } = await api.admin('POST', '/verify')
    const mine = await create(eva, 'mine')
    assert.deepEqual(await until(stream, mine), [{ kind: 'image', id: mine, action: 'create' }])
    await eva('PATCH', `/images/${mine}`, { name: 'renamed' })
    await until(stream, mine, 'update')
    await api.admin('POST', `/tasks/${(body as WireTask).id}/cancel`)
    const last = stream.lastId()!
    stream.close()

    await create(bobs, 'none of eva’s business either')
    const missed = await create(eva, 'missed')
    await eva('DELETE', `/images/${mine}`)
    for (const how of [
      { headers: { ...bearer('eva'), 'last-event-id': last } },
      { query: `?after=${last}` },
      // What the browser says by itself wins over the address it was given at first.
      { headers: { ...bearer('eva'), 'last-event-id': last }, query: '?after=0' },
    ]) {
      const again = await opened(how)
      const told = await until(again, mine, 'delete')
      assert.deepEqual(
        told.filter(({ kind }) => kind === 'image').map(({ id, action }) => `${action} ${id}`),
        [`create ${missed}`, `delete ${mine}`],
      )
    }
    const lost = await opened({ query: `?after=${Number(last) + 1_000_000}` })
    assert.equal((await lost.next())?.name, 'reset')
    // Not a number of ours: it listens from now on.
    const nonsense = await opened({ headers: { ...bearer('eva'), 'last-event-id': 'x' } })
    const marker = await create(eva, 'marker')
    assert.deepEqual(await until(nonsense, marker), [{ kind: 'image', id: marker, action: 'create' }])
  })

  test('a page hears of what changes after its session was told to it, and before it began to listen', async () => {
    await api.server.project(8, 'other')
    const olga = await api.server.user({ username: 'olga', roles: { 8: 'owner' } })
    await password(api.server, olga, 'secret')
    const call = api.as(`Bearer ${await api.server.token(olga)}`)
    const { cookie, position } = await signIn('olga')
    const image = await create(call, 'between')
    const stream = await opened({ headers: { cookie }, query: `?after=${position}` })
    await until(stream, image, 'create')
  })

  test('whose session ends is told so, and the stream with it; other rights mean to read everything', async () => {
    const special = async (stream: EventStream) => {
      for (;;) {
        const message = await stream.next()
        if (message?.name !== 'message') return message?.name
      }
    }
    const ends = async (stream: EventStream) => {
      assert.equal(await special(stream), 'end')
      assert.equal(await stream.next(), null)
    }
    await password(api.server, await api.server.user({ username: 'carol', roles: { 7: 'reader' } }), 'secret')
    const { cookie, proof } = await signIn('carol')
    const [first, second] = [await signIn('carol'), await signIn('carol')]
    const [left, kept, thrown] = [
      await opened({ headers: { cookie } }),
      await opened({ headers: { cookie: first.cookie } }),
      await opened({ headers: { cookie: second.cookie } }),
    ]
    await api.as(null)('DELETE', '/session', undefined, { cookie, 'x-imageport-session': proof })
    await ends(left)
    await api.admin('PATCH', '/users/carol', { grant: [{ project: 'main', role: 'reader' }] })
    assert.deepEqual([await special(kept), await special(thrown)], ['reset', 'reset'])
    await api.admin('PATCH', '/users/carol', { enabled: false })
    await ends(kept)
    await ends(thrown)
  })

  test('one person has so many streams at once, and others are none the worse', async () => {
    tokens.set('greedy', await api.server.token(await api.server.user({ username: 'greedy' })))
    const all = await Promise.all(Array.from({ length: 16 }, () => opened({ headers: bearer('greedy') })))
    const busy = await api.as(`Bearer ${tokens.get('greedy')}`)('GET', '/events')
    refused(busy, 429, 'busy', 'streams')
    assert.equal(busy.headers.get('retry-after'), '60')
    await opened({ headers: bearer('bob') })
    all[0]!.close()
    for (;;) {
      const again = await open({ headers: bearer('greedy') })
      if (again.status === 200) break
    }
  })

  test('a stream that is silent for longer than connections may be is not cut', async () => {
    await new Promise((resolve) => setTimeout(resolve, 2_200))
    const image = await create(api.as(`Bearer ${tokens.get('bob')}`), 'after the silence')
    await until(silent, image)
  })

  test('whoever has hung up before being known leaves no stream behind', async () => {
    const console = consoleFace({ localToken: localSecret, pages: null, settings: [], identity: null })
    const server = await startServer({
      faces: [
        {
          ...console,
          async routes(app, parts) {
            // Finding out who asks takes longer than the connection lives.
            app.addHook('onRequest', async ({ headers, raw: { socket } }) => {
              if (headers['x-hasty'] !== undefined && !socket.destroyed) await once(socket, 'close')
            })
            await console.routes(app, parts)
          },
        },
      ],
    })
    try {
      const authorization = `Bearer ${await server.token(await server.user({ username: 'hasty' }))}`
      const hurry = async () => {
        const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
        const head = ['GET /ui/api/v1/events HTTP/1.1', 'Host: imageport', `Authorization: ${authorization}`]
        socket.end(`${[...head, 'X-Hasty: 1'].join('\r\n')}\r\n\r\n`)
        await once(socket.resume(), 'close')
      }
      await Promise.all(Array.from({ length: 16 }, hurry))
      await fetch(`${server.url}/ui/api/v1/whoami`, { headers: { authorization } })
      const stream = await openEventStream(`${server.url}/ui/api/v1/events`, { authorization })
      assert.equal(stream.status, 200)
      stream.close()
    } finally {
      await server.close()
    }
  })

  test('a server that stops ends its streams and does not wait for them', async () => {
    const own = await startApi()
    const authorization = `Bearer ${await own.server.token(await own.server.user({ username: 'eva' }))}`
    const stream = await openEventStream(`${own.server.url}/ui/api/v1/events`, { authorization })
    assert.equal((await stream.next())?.name, 'ready')
    const began = performance.now()
    await own.close()
    assert.ok(performance.now() - began < 2_000)
    assert.equal(await stream.next(), null)
  })
})
