import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import { Failure } from '../catalogue/failure.ts'

/** Inclusive byte positions. */
type ByteRange = { readonly start: number; readonly end: number }

export type Sendable = {
  /** Bytes of the whole. */
  readonly size: number
  /** As it goes on the wire: in quotes where the face uses them. */
  readonly etag: string | null
  readonly lastModified: Date | null
  /** The chunks may be views of a reused buffer: each one has left this process before the next is asked for. */
  read(range?: ByteRange): AsyncIterable<Uint8Array>
}

export type SendOptions = {
  readonly headers?: Readonly<Record<string, string>>
  /** What to do with several ranges: send everything (RFC 9110 section 14.2 leaves that open), or throw. Default full. */
  readonly multiple?: 'full' | 'refuse'
  /** What to do with a Range that cannot be read: send everything as RFC 9110 says, or throw. Default full. */
  readonly malformed?: 'full' | 'refuse'
  /** Instead of the request's Range header, where a wire has another way of asking for a range. */
  readonly range?: string
  /** Body bytes that were handed over, once, however it ended. Not called for answers without a body. */
  readonly onSent?: (bytes: number) => void
}

/**
 * Answers a GET or HEAD with bytes: whole or one range, conditional, with the exact length, on the raw socket. Headers
 * already set on the reply are sent along. A client that goes away ends it silently. An error after the first bytes
 * closes the connection, because nothing else can tell the client. How long a client may stand still is the server's
 * setting.
 * @throws Failure `range` (reason `unsatisfiable` or `malformed`; Content-Range is then set on the reply), `invalid`
 * (reason `multiple-ranges`), `data-lost`, or whatever the first read throws. All of them before anything is sent.
 */
export async function sendBytes(
  request: FastifyRequest,
  reply: FastifyReply,
  what: Sendable,
  options: SendOptions = {},
): Promise<void> {
  const response = reply.raw
  const isHead = request.method === 'HEAD'
  if (isNotModified(request.headers, what)) {
    const headers = allHeaders(reply, what, options.headers)
    // RFC 9110 section 15.4.5: nothing about a body that is not there.
    const kept = Object.entries(headers).filter(([name]) => !name.startsWith('content-'))
    reply.hijack()
    await finish(response.writeHead(304, Object.fromEntries(kept)))
    return
  }

  const range = isHead ? null : chooseRange(request.headers, reply, what, options)
  const length = range ? range.end - range.start + 1 : what.size
  // A HEAD reads one byte, because it must not promise what a GET will not find.
  const source = await startReading(what, isHead ? { start: 0, end: 0 } : (range ?? undefined))
  if (isHead) await source.stop()
  reply.hijack()
  response.writeHead(range ? 206 : 200, {
    'content-type': 'application/octet-stream',
    ...allHeaders(reply, what, options.headers),
    'content-length': length,
    ...(range ? { 'content-range': `bytes ${range.start}-${range.end}/${what.size}` } : {}),
  })
  if (isHead) return finish(response)
  const sent = await pump(source, response, length, request.log)
  options.onSent?.(sent)
}

function allHeaders(reply: FastifyReply, what: Sendable, more: SendOptions['headers']): OutgoingHttpHeaders {
  const given = Object.entries(more ?? {}).map(([name, value]) => [name.toLowerCase(), value])
  return {
    ...reply.getHeaders(),
    'accept-ranges': 'bytes',
    ...(what.etag === null ? {} : { etag: what.etag }),
    ...(what.lastModified === null ? {} : { 'last-modified': what.lastModified.toUTCString() }),
    ...Object.fromEntries(given),
  }
}

// Conditions and ranges are our own: `fresh` 2.0 ignores If-None-Match as soon as Cache-Control says no-cache, and
// `range-parser` 1.3 calls a suffix longer than the data unsatisfiable, which RFC 9110 section 14.1.2 makes the whole.

/** RFC 9110 section 13.2.2: If-None-Match, and only where it is missing If-Modified-Since. */
function isNotModified(headers: IncomingHttpHeaders, { etag, lastModified }: Sendable): boolean {
  const tags = headers['if-none-match']
  if (tags !== undefined) {
    if (tags.trim() === '*') return true
    // Commas may stand inside quotes. Unquoted tags are no HTTP, but IMGAPI uses them.
    const list = tags.match(/(?:W\/)?"[^"]*"|[^\s,"]+/g) ?? []
    return etag !== null && list.some((tag) => opaque(tag) === opaque(etag))
  }
  const since = Date.parse(headers['if-modified-since'] ?? '')
  return lastModified !== null && wholeSeconds(lastModified) <= since
}

function opaque(tag: string): string {
  return tag.replace(/^W\//, '')
}

function wholeSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000) * 1000
}

/** The one range to send, or null for everything. @throws Failure `range`, `invalid` */
function chooseRange(
  headers: IncomingHttpHeaders,
  reply: FastifyReply,
  what: Sendable,
  { multiple = 'full', malformed = 'full', range = headers.range }: SendOptions,
): ByteRange | null {
  if (range === undefined || !isStillSame(headers['if-range']?.toString(), what)) return null

  const parsed = parseRanges(range, what.size)
  if (parsed === 'malformed') {
    if (malformed === 'full') return null
    throw rangeFailure(reply, what, 'malformed', 'The Range header is not a valid byte range.')
  }
  // All of the ranges in one body, or none: joining many overlapping parts is how servers were brought down once.
  if (parsed.asked > 1 && multiple === 'refuse') {
    throw new Failure('invalid', 'Only one byte range can be asked for at a time.', {
      reason: 'multiple-ranges',
    })
  }
  const [first] = parsed.ranges
  if (!first) throw rangeFailure(reply, what, 'unsatisfiable', 'The byte range lies outside of the data.')
  return parsed.asked > 1 || what.size === 0 ? null : first
}

function rangeFailure(reply: FastifyReply, { size }: Sendable, reason: string, message: string): Failure {
  reply.header('content-range', `bytes */${size}`)
  return new Failure('range', message, { reason })
}

/** RFC 9110 section 13.1.5: a strong tag that is equal, or exactly the date of modification. */
function isStillSame(condition: string | undefined, { etag, lastModified }: Sendable): boolean {
  if (condition === undefined) return true
  const value = condition.trim()
  if (etag !== null && value === etag) return !etag.startsWith('W/')
  return lastModified !== null && !value.includes('"') && Date.parse(value) === wholeSeconds(lastModified)
}

/** Reads a Range header: how many ranges it asks for, and those that have bytes. */
export function parseRanges(
  text: string,
  size: number,
): 'malformed' | { asked: number; ranges: ByteRange[] } {
  const list = /^\s*bytes\s*=(.*)$/i.exec(text)?.[1]
  const specs = (list ?? '')
    .split(',')
    .map((spec) => spec.trim())
    .filter((spec) => spec !== '')
  if (specs.length === 0) return 'malformed'

  const ranges: ByteRange[] = []
  for (const spec of specs) {
    const match = /^(?:(\d+)-(\d*)|-(\d+))$/.exec(spec)
    if (!match) return 'malformed'
    const [, from, to, suffix] = match
    if (suffix !== undefined) {
      if (Number(suffix) > 0) ranges.push({ start: Math.max(0, size - Number(suffix)), end: size - 1 })
    } else {
      const [start, last] = [Number(from), to ? Number(to) : Number.POSITIVE_INFINITY]
      if (last < start) return 'malformed'
      if (start < size) ranges.push({ start, end: Math.min(last, size - 1) })
    }
  }
  return { asked: specs.length, ranges }
}

type Source = {
  readonly first: IteratorResult<Uint8Array>
  next(): Promise<IteratorResult<Uint8Array>>
  stop(): Promise<void>
}

/** Fetches the first chunk before anything is promised, so that lost bytes can still be answered as an error. */
async function startReading(what: Sendable, range?: ByteRange): Promise<Source> {
  if (what.size === 0) {
    const done = { done: true, value: undefined } as const
    return { first: done, next: async () => done, stop: async () => {} }
  }
  const iterator = what.read(range)[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done) throw new Failure('data-lost', 'The data is missing from the store.')
  return { first, next: () => iterator.next(), stop: async () => void (await iterator.return?.()) }
}

/** Writes chunk by chunk, and asks for the next only when the kernel has taken the last. Returns the bytes written. */
async function pump(
  source: Source,
  response: ServerResponse,
  length: number,
  log: FastifyBaseLogger,
): Promise<number> {
  let sent = 0
  let gone = response.destroyed || response.closed
  let settle = () => {}
  // A write whose connection goes away does not always call back.
  response.once('close', () => {
    gone = true
    settle()
  })
  const write = (chunk: Uint8Array) =>
    new Promise<void>((resolve) => {
      settle = resolve
      response.write(chunk, (error) => {
        if (!error) sent += chunk.length
        resolve()
      })
    })

  try {
    for (let chunk = source.first; !chunk.done && !gone; chunk = await source.next()) {
      if (sent + chunk.value.length > length) throw new Error(`the source holds more than ${length} bytes`)
      if (chunk.value.length > 0) await write(chunk.value)
    }
    if (!gone && sent < length) throw new Error(`the source ended after ${sent} of ${length} bytes`)
    if (!gone) await finish(response)
  } catch (error) {
    log.error({ err: error, sent, length }, 'sending broke off')
    response.destroy()
  } finally {
    await source.stop().catch((error) => log.error({ err: error }, 'the source could not be closed'))
  }
  return sent
}

async function finish(response: ServerResponse): Promise<void> {
  if (response.destroyed || response.closed) return
  const { promise, resolve } = Promise.withResolvers<void>()
  response.once('close', resolve)
  response.end(resolve)
  await promise
}

/**
 * A Content-Disposition for saving under this name. Old clients read the name in safe ASCII characters, others the
 * true one (RFC 6266, RFC 5987); neither can contain a path, quotes or control characters.
 */
export function contentDisposition(filename: string): string {
  const name = filename
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}/\\]+/gu, '_')
    .replace(/^[.\s]+|\s+$/g, '')
    .slice(0, 200)
    .toWellFormed()
  const ascii = name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^A-Za-z0-9._ -]+/g, '_')
  const plain = `attachment; filename="${ascii || 'image'}"`
  if (ascii === name || name === '') return plain
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${plain}; filename*=UTF-8''${encoded}`
}
