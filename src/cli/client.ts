import { type IncomingMessage, type OutgoingHttpHeaders, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { WireError } from '../faces/console/wire.ts'
import type { Connection } from './connection.ts'
import { CliError, messageOf } from './errors.ts'

export type Query = Readonly<Record<string, string | number | undefined>>

export type Sending = {
  readonly method: string
  readonly path: string
  readonly query?: Query
  readonly headers?: OutgoingHttpHeaders
  readonly signal?: AbortSignal
  /** Writes the body, when the server has agreed to it; told to stop by the signal when the answer comes early. */
  readonly body?: (write: (chunk: Uint8Array) => Promise<void>, signal: AbortSignal) => Promise<void>
}

/** Talks to one server. Refusals are thrown as CliError. */
export type Client = {
  readonly url: string
  get<T>(path: string, query?: Query): Promise<T>
  /** `body` goes as JSON; none at all where it is undefined. */
  send<T>(method: string, path: string, body?: unknown, query?: Query): Promise<T>
  sendText<T>(method: string, path: string, text: string, query: Query): Promise<T>
  /** The raw answer: of any status below 400, not read yet. */
  open(sending: Sending): Promise<IncomingMessage>
}

/** Milliseconds that a server which does not answer `Expect: 100-continue` is waited for. */
const continueMs = 5_000

/** The largest answer that is no image. */
const answerLimit = 64 * 1024 * 1024

/** @param interrupted aborts requests under way; one that begins later puts right what the interruption left */
export function clientOf({ url, authorization }: Connection, interrupted: AbortSignal): Client {
  const base = `${url.origin}${url.pathname.replace(/\/+$/, '')}`

  async function open(sending: Sending): Promise<IncomingMessage> {
    const signal = interrupted.aborted ? {} : { signal: interrupted }
    const answer = await exchange(base, authorization, { ...signal, ...sending })
    const { statusCode: status = 0 } = answer
    if (status >= 200 && status < 300) return answer
    throw await refusal(base, answer)
  }

  async function json<T>(sending: Sending): Promise<T> {
    const answer = await open(sending)
    if (answer.statusCode === 204) {
      answer.resume()
      return undefined as T
    }
    const body = await readJson(answer)
    if (body === undefined) throw notOurs(base, answer)
    return body as T
  }

  const withText = (text: string, type: string) => {
    const bytes = Buffer.from(text)
    return {
      headers: { 'content-type': type, 'content-length': bytes.length },
      body: (write: (chunk: Uint8Array) => Promise<void>) => write(bytes),
    }
  }

  return {
    url: base,
    open,
    get: (path, query = {}) => json({ method: 'GET', path, query }),
    send: (method, path, body, query = {}) =>
      json({
        method,
        path,
        query,
        ...(body === undefined
          ? { headers: { 'content-length': 0 } }
          : withText(JSON.stringify(body), 'application/json')),
      }),
    sendText: (method, path, text, query) => json({ method, path, query, ...withText(text, 'text/plain') }),
  }
}

function exchange(base: string, authorization: string, sending: Sending): Promise<IncomingMessage> {
  const { method, path, query = {}, headers = {}, signal, body } = sending
  const address = new URL(`${base}/ui/api/v1${path}`)
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) address.searchParams.set(name, String(value))
  const start = address.protocol === 'https:' ? requestHttps : requestHttp

  return new Promise((resolve, reject) => {
    const stop = new AbortController()
    let answered = false
    const request = start(address, {
      method,
      headers: { ...headers, authorization },
      ...(signal ? { signal } : {}),
    })
    const fail = (error: unknown) => {
      stop.abort()
      reject(error instanceof CliError ? error : unreachable(base, error, signal))
    }
    request.on('response', (answer) => {
      answered = true
      stop.abort() // whatever is still being sent is not wanted any more
      if (!request.writableEnded) answer.once('end', () => request.destroy())
      resolve(answer)
    })
    request.on('error', (error) => {
      // A server that refuses may close while we still write; its answer counts, and it has been read by now.
      if (!answered) setImmediate(() => !answered && fail(error))
    })

    const write = (chunk: Uint8Array) =>
      new Promise<void>((resolve, reject) =>
        request.write(chunk, (error) => (error ? reject(error) : resolve())),
      )
    let begun = false
    const begin = () => {
      if (begun || answered) return
      begun = true
      Promise.resolve(body?.(write, stop.signal)).then(
        () => request.end(),
        (error) => {
          // A failed write is told by the request itself; what the source says is told here.
          if (stop.signal.aborted || request.errored) return
          request.destroy()
          fail(error)
        },
      )
    }
    if (headers.expect === undefined) return begin()
    request.on('continue', begin)
    const late = setTimeout(begin, continueMs)
    stop.signal.addEventListener('abort', () => clearTimeout(late))
    request.flushHeaders()
  })
}

function unreachable(base: string, error: unknown, signal: AbortSignal | undefined): CliError {
  if (signal?.aborted) return new CliError('Interrupted.', { code: 'interrupted', cause: error })
  const { code = '' } = error as NodeJS.ErrnoException
  const reasons: Record<string, string> = {
    ECONNREFUSED: 'nothing listens there',
    ENOTFOUND: 'there is no such host',
    EAI_AGAIN: 'the name cannot be looked up',
    ETIMEDOUT: 'no answer',
    ECONNRESET: 'the connection was closed',
    EPIPE: 'the connection was closed',
  }
  // Several addresses of one name were tried, and each has its own reason.
  const inner = error instanceof AggregateError ? error.errors[0] : error
  return new CliError(`cannot reach ${base}: ${reasons[code] ?? messageOf(inner)}`, {
    hint: 'is the server running? set IMAGEPORT_URL if it is elsewhere',
    code: 'unreachable',
    cause: error,
  })
}

async function refusal(base: string, answer: IncomingMessage): Promise<CliError> {
  const body = (await readJson(answer)) as WireError | undefined
  const error = body?.error
  if (typeof error?.code !== 'string' || typeof error.message !== 'string') return notOurs(base, answer)
  const hints: Record<string, string> = {
    missing: 'set IMAGEPORT_TOKEN, or IMAGEPORT_USERNAME and IMAGEPORT_PASSWORD',
    unknown: 'check IMAGEPORT_TOKEN, or IMAGEPORT_USERNAME and IMAGEPORT_PASSWORD',
    expired: 'the token has ended; make a new one',
    disabled: 'the user is disabled',
    ambiguous: 'name one of them by its uuid',
    protected: 'take the protection off with: imageport image set --no-protected',
    'private-address': 'the server may reach private addresses only where IMAGEPORT_IMPORT_ALLOW names them',
  }
  const hint = hints[error.detail?.reason ?? '']
  const bad = error.detail?.reason === 'bootstrap'
  const fields = Object.entries(error.detail?.fields ?? {}).map(
    ([name, texts]) => `${name}: ${texts.join(' ')}`,
  )
  // Where the message is only "not valid", the fields say what is not.
  const told = fields.every((line) => error.message.includes(line)) ? [] : fields
  return new CliError([error.message, ...told].join('\n  '), {
    code: error.code,
    ...(hint === undefined ? {} : { hint }),
    ...(bad ? { exitCode: 2 } : {}),
  })
}

function notOurs(base: string, { statusCode, headers }: IncomingMessage): CliError {
  const redirected = headers.location === undefined ? '' : `, leading to ${headers.location}`
  return new CliError(`${base} answers, but not as Imageport does (status ${statusCode}${redirected}).`, {
    hint: 'check IMAGEPORT_URL',
  })
}

/** Undefined for what is no JSON. */
async function readJson(answer: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > answerLimit) return undefined
      chunks.push(chunk)
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw new CliError('The connection broke before the answer was complete.', {
      code: 'unreachable',
      cause: error,
    })
  }
}
