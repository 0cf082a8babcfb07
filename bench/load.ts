/**
 * The load: so many connections, each with one request under way. A process of its own, written on bare sockets so
 * that it takes as little as possible from the processors it shares with the server.
 */
import { connect } from 'node:net'

export type Job = {
  readonly host: string
  readonly port: number
  /** Asked in turn. */
  readonly paths: readonly string[]
  /** What is sent to each of them, with a number of its own in place of `{turn}`. Without it they are read. */
  readonly body?: string
  /** The status of every answer. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
  readonly seconds: number
  /** Ends the load earlier, once so many were asked. */
  readonly requests?: number
}

/** Milliseconds for the latencies. */
export type Load =
  | { readonly requests: number; readonly seconds: number; readonly p50: number; readonly p99: number }
  | { readonly error: string }

process.on('message', (job: Job) => {
  run(job).then(answer, (error: Error) => answer({ error: error.message }))
})
process.on('disconnect', () => process.exit())

function answer(load: Load): void {
  process.send!(load)
}

async function run(job: Job): Promise<Load> {
  const { host, port, paths, body, status, headers, connections, seconds } = job
  const method = body === undefined ? 'GET' : 'POST'
  // All numbers are of one length, so that the length of a body is known.
  const numbered = (turn: number) => body?.replaceAll('{turn}', String(turn).padStart(8, '0'))
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(numbered(0)!) }
  const fields = Object.entries({ host: `${host}:${port}`, ...headers, ...length }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  const requests = paths.map((path) =>
    Buffer.from([`${method} ${path} HTTP/1.1`, ...fields, '', ''].join('\r\n')),
  )
  const request = () => {
    const head = requests[turn % requests.length]!
    const content = numbered(turn++)
    return content === undefined ? head : Buffer.concat([head, Buffer.from(content)])
  }
  const latencies: number[] = []
  let turn = 0
  const began = performance.now()
  const until = began + seconds * 1000
  const most = job.requests ?? Number.POSITIVE_INFINITY
  const next = () => (performance.now() < until && turn < most ? request() : null)
  await Promise.all(
    Array.from({ length: connections }, () =>
      converse({ host, port, status, next, answered: (ms) => latencies.push(ms) }),
    ),
  )
  const taken = (performance.now() - began) / 1000
  latencies.sort((a, b) => a - b)
  const quantile = (part: number) => latencies[Math.floor(latencies.length * part)] ?? 0
  return { requests: latencies.length, seconds: taken, p50: quantile(0.5), p99: quantile(0.99) }
}

/** Ends a body in chunks; JSON never contains it. */
const lastChunk = '\r\n0\r\n\r\n'

type Conversation = {
  readonly host: string
  readonly port: number
  readonly status: number
  readonly next: () => Buffer | null
  readonly answered: (ms: number) => void
}

/** One connection: request, answer, request, … until there is nothing more to ask. */
function converse({ host, port, status, next, answered }: Conversation): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true })
    let head: Buffer | null = null
    /** Bytes of the body that are still to come; null: the head is not complete yet. */
    let missing: number | null = null
    /** The last bytes of a body in chunks, which says its end instead of its length; null: it said its length. */
    let tail: string | null = null
    let sentAt = 0
    let over = false

    function ask() {
      const request = next()
      if (request === null) {
        over = true
        socket.end()
        resolve()
        return
      }
      sentAt = performance.now()
      missing = null
      socket.write(request)
    }

    function take(chunk: Buffer) {
      if (missing === null) {
        head = head === null ? chunk : Buffer.concat([head, chunk])
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        const text = head.toString('latin1', 0, end)
        const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1]
        const chunked = /\r\ntransfer-encoding: *chunked/i.test(text)
        if (!text.startsWith(`HTTP/1.1 ${status} `) || (length === undefined && !chunked))
          throw new Error(`expected ${status} and a length, got: ${head.toString().slice(0, 500)}`)
        tail = chunked ? '' : null
        missing = Number(length ?? 0)
        chunk = head.subarray(end + 4)
        head = null
      }
      if (tail === null) missing -= chunk.length
      else {
        tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - lastChunk.length))).slice(
          -lastChunk.length,
        )
        missing = tail === lastChunk ? 0 : 1
      }
      if (missing < 0) throw new Error('an answer was longer than it said')
      if (missing > 0) return
      answered(performance.now() - sentAt)
      ask()
    }

    socket.on('connect', ask)
    socket.on('data', (chunk: Buffer) => {
      try {
        take(chunk)
      } catch (error) {
        reject(error)
        socket.destroy()
      }
    })
    socket.on('error', reject)
    socket.on('close', () => over || reject(new Error('the server closed a connection')))
  })
}
