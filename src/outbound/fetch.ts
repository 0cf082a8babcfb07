import { Client } from 'undici'
import { Failure } from '../catalogue/failure.ts'
import { connector, type Guard, hidden, resolveTarget, unreachable } from './connect.ts'
import { checkRedirect, checkUrl } from './url.ts'

export type Headers = Readonly<Record<string, string | string[] | undefined>>

export type Request = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** What the caller wants to say to this server. Of these only User-Agent is sent to where it redirects. */
  readonly headers?: Readonly<Record<string, string>>
  /** What belongs to the question itself (Range), and goes along with redirects. */
  readonly ownHeaders?: Readonly<Record<string, string>>
  readonly body?: string
  /** Follow redirects of more than a plain GET as well; without it they are a failure. */
  readonly redirectData?: boolean
  /** Limit for the answer's head to begin, once connected. */
  readonly headersMs: number
  /** Limit for a pause between two pieces of the body. */
  readonly idleMs: number
  /** Aborts everything. A Failure as its reason is what will be thrown. */
  readonly signal: AbortSignal
}

/** An answer whose body has not been read. `end` must be called in every case; it may be called twice. */
export type Exchange = {
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  readonly body: AsyncIterable<Uint8Array>
  end(): Promise<void>
}

const maxRedirects = 3
const redirects = new Set([301, 302, 303, 307, 308])

/**
 * Sends a request and follows up to three redirects, each of them checked like the first URL (glance.md section 24.2).
 * @throws Failure `invalid` for the URL's text; `forbidden`; `upstream` (reason `unreachable`, `timeout`, `redirects`,
 * `encoding`); `interrupted`. Reading the body throws `upstream` (`truncated`, `timeout`) or `interrupted`.
 */
export async function fetchGuarded(text: string, asked: Request, guard: Guard): Promise<Exchange> {
  let url = checkUrl(text, guard.allow)
  let request = asked
  for (let followed = 0; ; followed++) {
    const exchange = await exchangeOnce(url, request, guard)
    const location = single(exchange.headers, 'location')
    if (!redirects.has(exchange.status) || location === null) return exchange

    await exchange.end()
    if (!request.redirectData && (request.method !== 'GET' || request.body !== undefined)) {
      throw redirectFailure('The server redirects a request that carries data.')
    }
    if (followed === maxRedirects) throw redirectFailure('The server redirects too often.')
    url = checkRedirect(url, location, guard.allow)
    request = redirected(request, exchange.status)
  }
}

/**
 * What is asked of the place that a server redirects to (RFC 9110 section 15.4): 307 and 308 repeat method and body,
 * everything else says "look there", so that the data does not go along.
 */
function redirected({ headers = {}, body, ...request }: Request, status: number): Request {
  const repeated = status === 307 || status === 308
  const along = repeated && body !== undefined ? ['user-agent', 'content-type'] : ['user-agent']
  const kept = Object.entries(headers).filter(([name]) => along.includes(name.toLowerCase()))
  return {
    ...request,
    headers: Object.fromEntries(kept),
    ...(repeated ? {} : { method: 'GET' as const }),
    ...(repeated && body !== undefined ? { body } : {}),
  }
}

function redirectFailure(message: string): Failure {
  return new Failure('upstream', message, { reason: 'redirects' })
}

async function exchangeOnce(url: URL, request: Request, guard: Guard): Promise<Exchange> {
  const { signal } = request
  const target = await abortable(resolveTarget(url, guard), signal)
  // One connection for one request: these are rare, and nothing checked for one can be used by another.
  const client = new Client(url.origin, {
    connect: connector(target, guard),
    headersTimeout: request.headersMs,
    bodyTimeout: request.idleMs,
  })
  const stop = () => void client.destroy(asError(signal.reason)).catch(() => {})
  const end = async () => {
    signal.removeEventListener('abort', stop)
    await client.destroy()
  }
  signal.addEventListener('abort', stop)
  let answered = false
  try {
    signal.throwIfAborted()
    const response = await client.request({
      method: request.method,
      path: url.pathname + url.search,
      headers: requestHeaders(request),
      body: request.body ?? null,
      reset: true,
    })
    answered = true
    // Without a listener, an answer that breaks off before anybody reads it would end the process.
    response.body.on('error', () => {})
    const headers = response.headers
    if ((single(headers, 'transfer-encoding') ?? 'chunked').toLowerCase() !== 'chunked') {
      throw new Failure('upstream', 'The server sends the data in an encoding that was not asked for.', {
        reason: 'encoding',
      })
    }
    return { url, status: response.statusCode, headers, body: readBody(response.body, signal), end }
  } catch (error) {
    await end()
    const failure = explain(error, signal, unreachable)
    // Before an answer the caller must not learn whether anything private listens at this address.
    throw answered || target.public || failure.code !== 'upstream' ? failure : hidden(failure)
  }
}

/** The `Via` of everything that is fetched for others. */
const outboundMark = '1.1 imageport'

/** Callers may not set what decides where a request goes or how long it is. */
const fixedHeaders = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'transfer-encoding',
])

function requestHeaders({ headers = {}, ownHeaders = {} }: Request): Record<string, string> {
  const wanted = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  return {
    'user-agent': 'imageport',
    ...Object.fromEntries(wanted.filter(([name]) => !fixedHeaders.has(name))),
    ...ownHeaders,
    // The bytes as they are: no recompression on the way.
    'accept-encoding': 'identity',
    // Whoever is asked knows that it is not this machine that wants to know, Imageport itself included.
    via: outboundMark,
  }
}

async function* readBody(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw explain(error, signal, truncated)
  }
}

/** The bytes ended too early. */
export function truncated(cause?: unknown): Failure {
  return new Failure(
    'upstream',
    'The server broke off before all data had arrived.',
    { reason: 'truncated' },
    { cause },
  )
}

const timeouts = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

function explain(error: unknown, signal: AbortSignal, otherwise: (cause: unknown) => Failure): Failure {
  if (signal.aborted) return aborted(signal)
  if (error instanceof Failure) return error
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && timeouts.has(code) ? timedOut(error) : otherwise(error)
}

export function timedOut(cause?: unknown): Failure {
  return new Failure('upstream', 'The server did not answer in time.', { reason: 'timeout' }, { cause })
}

/** What to throw for an aborted signal. */
export function aborted(signal: AbortSignal): Failure {
  return signal.reason instanceof Failure
    ? signal.reason
    : new Failure('interrupted', 'The transfer was stopped.', {}, { cause: signal.reason })
}

async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  // As long as it is not known to be public, running out of time tells nothing either.
  const stop = () => {
    const failure = aborted(signal)
    reject(failure.code === 'upstream' ? hidden(failure) : failure)
  }
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}

/** A header that must not be repeated; null where it is missing. */
export function single(headers: Headers, name: string): string | null {
  const value = headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? null
}
