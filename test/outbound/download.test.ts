import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Failure, isFailure } from '../../src/catalogue/failure.ts'
import { parseAllowList } from '../../src/outbound/allow-list.ts'
import { type DownloadRequest, outbound } from '../../src/outbound/outbound.ts'
import { notAllowed } from '../../src/outbound/url.ts'
import { serve } from './servers.ts'

const data = randomBytes(300_000)
const quick = { backoffMs: 1, idleMs: 5000 }

function start(t: TestContext) {
  const out = outbound({ allow: parseAllowList('127.0.0.1') })
  t.after(() => out.close())
  return (url: string, request: DownloadRequest = {}) => out.download(url, { ...quick, ...request })
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** What arrived before it failed, and how. */
async function fails(
  source: AsyncIterable<Uint8Array>,
): Promise<{ got: Buffer; reason: string; error: Failure }> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of source) chunks.push(chunk)
  } catch (error) {
    assert.ok(error instanceof Failure, String(error))
    return { got: Buffer.concat(chunks), reason: `${error.code} ${error.detail.reason}`, error }
  }
  assert.fail('it should have failed')
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** Answers the first request with the first one, and so on; the last one answers all others. */
function inTurn(...answers: readonly Answer[]): Answer {
  let next = 0
  return (request, response) => answers[Math.min(next++, answers.length - 1)]!(request, response)
}

const etag = '"one"'

/** Sends bytes from `start` on and hangs up after `count` of them, if that is not all. */
function part(count: number, headers: Record<string, string | number> = {}): Answer {
  return (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const ranged =
      from > 0 && (request.headers['if-range'] === etag || request.headers['if-range'] === modified)
    const rest = ranged ? data.subarray(from) : data
    response.writeHead(ranged ? 206 : 200, {
      'content-length': rest.length,
      ...(ranged ? { 'content-range': `bytes ${from}-${data.length - 1}/${data.length}` } : {}),
      etag,
      ...headers,
    })
    if (count >= rest.length) response.end(rest)
    else response.write(rest.subarray(0, count), () => response.destroy())
  }
}

const modified = 'Mon, 02 Jan 2023 10:00:00 GMT'

test('bytes arrive as they are, and their number is known first', async (t) => {
  const server = await serve(t, part(data.length))
  const sizes: (number | null)[] = []
  const got = await all(start(t)(server.url, { onResponse: ({ size }) => sizes.push(size) }))
  assert.ok(got.equals(data))
  assert.deepEqual(sizes, [data.length])
})

test('a chunked answer has no size', async (t) => {
  const server = await serve(t, (_request, response) => {
    response.write(data)
    response.end()
  })
  const sizes: (number | null)[] = []
  assert.ok((await all(start(t)(server.url, { onResponse: ({ size }) => sizes.push(size) }))).equals(data))
  assert.deepEqual(sizes, [null])
})

test('an empty body is complete', async (t) => {
  const server = await serve(t, (_request, response) => response.end())
  assert.equal((await all(start(t)(server.url))).length, 0)
})

test('dropped connections are taken up again where they ended', async (t) => {
  const asked: (string | undefined)[] = []
  const answers = inTurn(part(100_000), part(0), part(100_000), part(data.length))
  const server = await serve(t, (request, response) => {
    asked.push(request.headers['if-range'] as string | undefined)
    answers(request, response)
  })
  let heads = 0
  const got = await all(start(t)(server.url, { onResponse: () => heads++ }))
  assert.ok(got.equals(data))
  assert.deepEqual(asked, [undefined, etag, etag, etag])
  assert.equal(heads, 1)
})

test('a drop before the first byte starts again', async (t) => {
  const server = await serve(t, inTurn(part(0), part(data.length)))
  assert.ok((await all(start(t)(server.url))).equals(data))
})

test('a chunked answer that breaks off is noticed and taken up again', async (t) => {
  const first: Answer = (_request, response) => {
    response.writeHead(200, { etag })
    response.write(data.subarray(0, 100_000), () => response.destroy())
  }
  const server = await serve(t, inTurn(first, part(data.length)))
  assert.ok((await all(start(t)(server.url))).equals(data))
})

test('the modification date serves where there is no strong entity tag', async (t) => {
  const dated = { 'last-modified': modified }
  const without = (count: number): Answer => {
    const answer = part(count, dated)
    return (request, response) => {
      const { writeHead } = response
      response.writeHead = ((status: number, { etag: _, ...rest }: Record<string, string>) =>
        writeHead.call(response, status, rest)) as typeof writeHead
      answer(request, response)
    }
  }
  const server = await serve(t, inTurn(without(100_000), without(data.length)))
  assert.ok((await all(start(t)(server.url))).equals(data))
})

test('without a strong validator a drop is final', async (t) => {
  const weak = { etag: 'W/"one"', 'last-modified': modified }
  // Within this second it might be changed again, and the date would not show it.
  const justNow = { 'last-modified': modified, date: modified }
  for (const headers of [weak, justNow, {}]) {
    const server = await serve(t, (_request, response) => {
      response.writeHead(200, { 'content-length': data.length, ...headers })
      response.write(data.subarray(0, 100_000), () => response.socket?.end())
    })
    const { got, reason } = await fails(start(t)(server.url))
    assert.equal(reason, 'upstream truncated')
    assert.ok(got.equals(data.subarray(0, 100_000)))
    assert.equal(server.requests.length, 1)
  }
})

test('a server that knows no ranges is read again, and the known bytes are skipped', async (t) => {
  const whole: Answer = (_request, response) => response.writeHead(200, { etag }).end(data)
  const server = await serve(t, inTurn(part(150_000), whole))
  assert.ok((await all(start(t)(server.url))).equals(data))
  assert.equal(server.requests.length, 2)
})

test('another entity is never mixed in', async (t) => {
  const other = Buffer.alloc(data.length, 'x')
  const range = (etag: string, size: number | string, from = 100_000) => ({
    etag,
    'content-range': `bytes ${from}-${data.length - 1}/${size}`,
  })
  const changes: Record<string, Answer> = {
    'answered in full': (_request, response) => response.writeHead(200, { etag: '"two"' }).end(other),
    'other size': (_request, response) => response.writeHead(200, { etag, 'content-length': 5 }).end('short'),
    'ends before the known bytes do': (_request, response) => {
      response.writeHead(200, { etag }).write('short')
      response.end()
    },
    'other tag in 206': (_request, response) =>
      response.writeHead(206, range('"two"', data.length)).end(other),
    'other size in 206': (_request, response) => response.writeHead(206, range(etag, 999_999)).end(other),
    'other place in 206': (_request, response) =>
      response.writeHead(206, range(etag, data.length, 7)).end(other),
    'no place in 206': (_request, response) => response.writeHead(206, { etag }).end(other),
    shrunk: (_request, response) => response.writeHead(416).end(),
  }
  for (const [what, change] of Object.entries(changes)) {
    const server = await serve(t, inTurn(exactly(100_000), change))
    const { got, reason } = await fails(start(t)(server.url))
    assert.equal(reason, 'upstream changed', what)
    assert.ok(got.equals(data.subarray(0, 100_000)), what)
    assert.equal(server.requests.length, 2, what)
  }
})

/** A drop after which the reader has seen exactly these bytes. */
function exactly(count: number): Answer {
  return (_request, response) => {
    response.writeHead(200, { etag, 'content-length': data.length })
    response.write(data.subarray(0, count), () => response.socket?.end())
  }
}

test('a 206 that holds less than asked for is followed by the next one', async (t) => {
  const server = await serve(
    t,
    inTurn(part(100_000), (request, response) => {
      const from = Number(/\d+/.exec(request.headers.range!)![0])
      const piece = data.subarray(from, from + 80_000)
      const place = `bytes ${from}-${from + piece.length - 1}/*`
      response.writeHead(206, { etag, 'content-range': place, 'content-length': piece.length }).end(piece)
    }),
  )
  assert.ok((await all(start(t)(server.url))).equals(data))
})

test('it gives up after the attempts that were allowed', async (t) => {
  const server = await serve(t, inTurn(part(100_000), part(0)))
  const { reason } = await fails(start(t)(server.url, { attempts: 3 }))
  assert.equal(reason, 'upstream truncated')
  assert.equal(server.requests.length, 3)
})

test('progress of a mebibyte renews the attempts', async (t) => {
  const big = randomBytes(4 * 2 ** 20)
  const server = await serve(t, (request, response) => {
    const from = Number(/\d+/.exec(request.headers.range ?? '0')![0])
    const head = { etag, 'content-length': big.length - from }
    const place = { 'content-range': `bytes ${from}-${big.length - 1}/${big.length}` }
    response.writeHead(from ? 206 : 200, from ? { ...head, ...place } : head)
    const piece = big.subarray(from, from + 2 ** 20)
    if (from + piece.length === big.length) response.end(piece)
    else response.write(piece, () => response.socket?.end())
  })
  assert.ok((await all(start(t)(server.url, { attempts: 2 }))).equals(big))
})

test('an overloaded server is tried again, but not before the first answer', async (t) => {
  const overloaded: Answer = (_request, response) => response.writeHead(503).end()
  const server = await serve(t, inTurn(part(100_000), overloaded, part(data.length)))
  assert.ok((await all(start(t)(server.url))).equals(data))
  const broken = await serve(t, overloaded)
  assert.equal((await fails(start(t)(broken.url))).reason, 'upstream status')
  assert.equal(broken.requests.length, 1)
})

test('other answers than 200 are failures', async (t) => {
  for (const status of [204, 206, 304, 400, 403, 404, 500]) {
    const server = await serve(t, (_request, response) => response.writeHead(status).end())
    const { reason, error } = await fails(start(t)(server.url))
    assert.equal(reason, 'upstream status')
    assert.match(error.message, new RegExp(`${status}`))
  }
})

test('more than allowed is refused before or while it arrives', async (t) => {
  const server = await serve(t, (request, response) => {
    if (request.url === '/counted') response.setHeader('content-length', data.length)
    response.write(data.subarray(0, 200_000))
    response.end(data.subarray(200_000))
  })
  const limit = { maxBytes: data.length - 1, onResponse: () => assert.fail('it is too large') }
  const counted = await fails(start(t)(`${server.url}/counted`, limit))
  assert.equal(counted.reason, 'too-large image-size')
  assert.equal(counted.got.length, 0)
  const chunked = await fails(start(t)(`${server.url}/chunked`, { maxBytes: data.length - 1 }))
  assert.equal(chunked.reason, 'too-large image-size')
  assert.ok(chunked.got.length < data.length)
  assert.ok((await all(start(t)(`${server.url}/chunked`, { maxBytes: data.length }))).equals(data))
})

test('more than can be counted is refused before it arrives, whoever says so', async (t) => {
  const many = 2n ** 53n
  const counted: Answer = (_request, response) => {
    response.writeHead(200, { 'content-length': String(many) }).write(data)
  }
  const ranged: Answer = (_request, response) => {
    response.writeHead(206, { 'content-range': `bytes 0-9/${many}` }).end(data.subarray(0, 10))
  }
  const limits = { onResponse: () => assert.fail('it is too large') }
  for (const [answer, range] of [
    [counted, {}],
    [ranged, { range: { start: 0, end: 9 } }],
  ] as const) {
    const server = await serve(t, answer)
    const { reason, got } = await fails(start(t)(server.url, { ...limits, ...range }))
    assert.deepEqual([reason, got.length], ['too-large image-size', 0])
  }
})

test('a server that sends a byte now and then is given up, and one that is slow for a moment is not', async (t) => {
  const server = await serve(t, async (_request, response) => {
    response.writeHead(200, { etag })
    while (!response.destroyed) {
      response.write('x')
      await delay(10)
    }
  })
  const { reason, got } = await fails(start(t)(server.url, { pace: { bytes: 1000, ms: 100 } }))
  assert.equal(reason, 'upstream slow')
  assert.ok(got.length > 0)
  assert.equal(server.requests.length, 1)
  const pausing = await serve(t, async (_request, response) => {
    response.write(data.subarray(0, 200_000))
    await delay(150)
    response.end(data.subarray(200_000))
  })
  assert.ok((await all(start(t)(pausing.url, { pace: { bytes: 1000, ms: 100 } }))).equals(data))
})

test('encoded bytes are refused, or taken untouched where that is wanted', async (t) => {
  const server = await serve(t, part(data.length, { 'content-encoding': 'gzip' }))
  assert.equal((await fails(start(t)(server.url))).reason, 'upstream encoding')
  assert.ok((await all(start(t)(server.url, { encoded: true }))).equals(data))
})

test('a server that pauses too long counts as dropped', async (t) => {
  const pausing: Answer = (_request, response) => {
    response.writeHead(200, { etag, 'content-length': data.length })
    response.write(data.subarray(0, 100_000))
  }
  const stuck = await serve(t, pausing)
  assert.equal((await fails(start(t)(stuck.url, { idleMs: 50, attempts: 1 }))).reason, 'upstream timeout')
  const recovering = await serve(t, inTurn(pausing, part(data.length)))
  assert.ok((await all(start(t)(recovering.url, { idleMs: 50 }))).equals(data))
})

test('a slow reader is not taken for a slow server', async (t) => {
  const big = Buffer.alloc(8 * 2 ** 20, 'x')
  const server = await serve(t, (_request, response) => response.end(big))
  let size = 0
  for await (const chunk of start(t)(server.url, { idleMs: 50, attempts: 1 })) {
    if (size === 0) await delay(200)
    size += chunk.length
  }
  assert.equal(size, big.length)
})

test('the whole may have a time limit, which repetitions do not extend', async (t) => {
  const server = await serve(t, part(1000))
  const { reason } = await fails(start(t)(server.url, { timeoutMs: 60, attempts: 100, backoffMs: 20 }))
  assert.equal(reason, 'upstream timeout')
})

test('aborting ends it during data and during a pause', async (t) => {
  const server = await serve(t, part(100_000))
  const abort = new AbortController()
  const iterator = start(t)(server.url, { signal: abort.signal, backoffMs: 60_000 })[Symbol.asyncIterator]()
  await iterator.next()
  const rest = (async () => {
    while (!(await iterator.next()).done);
  })()
  setTimeout(() => abort.abort(), 30)
  await assert.rejects(rest, (error) => isFailure(error, 'interrupted'))
})

test('a reader that stops early closes the connection', async (t) => {
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  const server = await serve(t, (_request, response) => {
    response.on('close', resolve)
    response.write(data)
  })
  for await (const _chunk of start(t)(server.url)) break
  await closed
})

test('a redirect to somewhere private is refused when a download is taken up again, too', async (t) => {
  const away: Answer = (_request, response) =>
    response.writeHead(302, { location: 'http://127.0.0.2/' }).end()
  const server = await serve(t, inTurn(part(100_000), away))
  const { error } = await fails(start(t)(server.url))
  assert.equal(error.message, notAllowed)
  assert.equal(server.requests.length, 2)
})

test('Range and If-Range follow a redirect', async (t) => {
  const files = await serve(t, inTurn(part(100_000), part(data.length)))
  const server = await serve(t, (_request, response) =>
    response.writeHead(302, { location: files.url }).end(),
  )
  assert.ok((await all(start(t)(server.url))).equals(data))
  assert.deepEqual([files.requests.length, server.requests.length], [2, 2])
})

/** Understands ranges with and without an end, and hangs up after `count` bytes. */
function ranged(count = data.length): Answer {
  return (request, response) => {
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
    if (from === undefined) return void response.writeHead(200, { 'content-length': data.length }).end(data)
    const last = to ? Math.min(Number(to), data.length - 1) : data.length - 1
    const piece = data.subarray(Number(from), last + 1)
    response.writeHead(206, {
      etag,
      'content-length': piece.length,
      'content-range': `bytes ${from}-${last}/${data.length}`,
    })
    if (count >= piece.length) response.end(piece)
    else response.write(piece.subarray(0, count), () => response.destroy())
  }
}

test('a part is all that is asked for and all that arrives', async (t) => {
  const asked: (string | undefined)[] = []
  const server = await serve(t, (request, response) => {
    asked.push(request.headers.range)
    ranged()(request, response)
  })
  const fetch = start(t)
  for (const [start, end, last] of [
    [0, 0, 0],
    [0, 99, 99],
    [1000, 250_000, 250_000],
    [299_999, 299_999, 299_999],
    [0, 999_999, 299_999],
    [200_000, 999_999, 299_999],
  ] as const) {
    const sizes: (number | null)[] = []
    const got = await all(
      fetch(server.url, { range: { start, end }, onResponse: ({ size }) => sizes.push(size) }),
    )
    assert.ok(got.equals(data.subarray(start, last + 1)), `${start}-${end}`)
    assert.deepEqual(sizes, [data.length])
  }
  assert.deepEqual(asked.slice(0, 2), ['bytes=0-0', 'bytes=0-99'])
})

test('a part is taken up again where it dropped, before its first byte, too', async (t) => {
  for (const [first, second] of [
    [100_000, 'bytes=101000-250000'],
    [0, 'bytes=1000-250000'],
  ] as const) {
    const asked: (string | undefined)[] = []
    const answers = inTurn(ranged(first), ranged())
    const server = await serve(t, (request, response) => {
      asked.push(request.headers.range)
      answers(request, response)
    })
    const got = await all(start(t)(server.url, { range: { start: 1000, end: 250_000 } }))
    assert.ok(got.equals(data.subarray(1000, 250_001)))
    assert.equal(asked[1], second)
  }
})

test('a server that knows no ranges gives the first bytes, and no others', async (t) => {
  const server = await serve(t, (_request, response) =>
    response.writeHead(200, { 'content-length': data.length }).end(data),
  )
  const fetch = start(t)
  assert.ok((await all(fetch(server.url, { range: { start: 0, end: 9 } }))).equals(data.subarray(0, 10)))
  const later = await fails(fetch(server.url, { range: { start: 1, end: 9 } }))
  assert.deepEqual([later.reason, later.got.length], ['upstream range', 0])
})

test('a part from another place is refused', async (t) => {
  for (const place of [`bytes 7-99/${data.length}`, 'bytes */300000', '']) {
    const server = await serve(t, (_request, response) =>
      response.writeHead(206, { 'content-range': place }).end(data.subarray(0, 100)),
    )
    assert.equal(
      (await fails(start(t)(server.url, { range: { start: 0, end: 99 } }))).reason,
      'upstream range',
    )
  }
})

test('another size of the whole than the known one is refused, told or not', async (t) => {
  const told = await serve(t, ranged())
  const untold = await serve(t, (_request, response) => {
    response.write(data.subarray(0, 100_000))
    response.end(data.subarray(100_000))
  })
  const fetch = start(t)
  for (const { url } of [told, untold]) assert.ok((await all(fetch(url, { size: data.length }))).equals(data))
  for (const request of [{}, { range: { start: 5, end: 9 } }]) {
    const { reason, got } = await fails(fetch(told.url, { size: data.length + 1, ...request }))
    assert.deepEqual([reason, got.length], ['upstream changed', 0])
  }
  assert.equal((await fails(fetch(untold.url, { size: data.length - 1 }))).reason, 'upstream changed')
  assert.equal((await fails(fetch(untold.url, { size: data.length + 1 }))).reason, 'upstream truncated')
})

test('headers of the caller go with every part, and not to where the server redirects', async (t) => {
  const asked: string[] = []
  const note = (request: IncomingMessage) => asked.push(`${request.url} ${request.headers['x-auth-token']}`)
  const answers = inTurn(part(100_000), part(data.length))
  const server = await serve(t, (request, response) => {
    note(request)
    answers(request, response)
  })
  const headers = { 'x-auth-token': 'secret' }
  assert.ok((await all(start(t)(`${server.url}/direct`, { headers }))).equals(data))
  assert.deepEqual(asked.splice(0), ['/direct secret', '/direct secret'])

  const other = await serve(t, (request, response) => {
    note(request)
    response.end(data)
  })
  const first = await serve(t, (request, response) => {
    note(request)
    response.writeHead(302, { location: `${other.url}/there` }).end()
  })
  assert.ok((await all(start(t)(`${first.url}/here`, { headers }))).equals(data))
  assert.deepEqual(asked, ['/here secret', '/there undefined'])
})

test('the text of a URL is checked without a connection', async (t) => {
  const server = await serve(t, (_request, response) => response.end())
  const fetcher = outbound({ allow: [] })
  t.after(() => fetcher.close())
  assert.throws(
    () => fetcher.check(server.url),
    (error) => isFailure(error, 'invalid'),
  )
  fetcher.check('http://images.example.org/disk.raw')
  assert.deepEqual(server.requests, [])
})
