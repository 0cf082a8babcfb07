import { setTimeout as delay } from 'node:timers/promises'
import { Failure, isFailure } from '../catalogue/failure.ts'
import { aborted, type Exchange, single, truncated } from './fetch.ts'

export type DownloadLimits = {
  /** More bytes than this end the download with the Failure `too-large` (reason `image-size`). Default: as many as can be counted. */
  readonly maxBytes?: number
  /** Fewer `bytes` in any such time end the download with the Failure `upstream` (reason `slow`). Default: no matter. */
  readonly pace?: Pace
  /** How often in a row a dropped connection is taken up again without a mebibyte of progress. Default 5. */
  readonly attempts?: number
  /** The first pause before taking it up again; each further one is twice as long, at most 30 s. Default 500 ms. */
  readonly backoffMs?: number
  /** Take bytes that are labelled with a Content-Encoding as they are, instead of refusing them. */
  readonly encoded?: boolean
  /** Only these bytes. What goes beyond the end is left out; a server that knows no ranges gives none but the first. */
  readonly range?: { readonly start: number; readonly end: number }
  /** Bytes that the whole must have; another number is the Failure `upstream` (reason `changed`). */
  readonly size?: number
  /** Called once, when the first answer has been accepted and before its bytes; null when it does not say its size. */
  readonly onResponse?: (info: { size: number | null }) => void
  readonly signal: AbortSignal
}

/** What a server has to send at least. */
export type Pace = { readonly bytes: number; readonly ms: number }

/** What the first answer said about the entity. Every later answer must say the same. */
type Entity = { readonly validator: string | null; size: number | null }

type Open = (headers: Record<string, string>) => Promise<Exchange>

const progress = 2 ** 20

/**
 * A large body, taken up again with Range and If-Range where the connection drops.
 * @throws Failure as `fetchGuarded`, and `upstream` with reason `status`, `encoding`, `changed` (another entity by now),
 * `range` (only all of it can be had), `truncated` (dropped for good, or cannot be taken up again), `slow`; `too-large`.
 */
export async function* download(open: Open, limits: DownloadLimits): AsyncGenerator<Uint8Array> {
  const { maxBytes = Number.MAX_SAFE_INTEGER, attempts = 5, backoffMs = 500, range, signal } = limits
  const start = range?.start ?? 0
  const demandPace = pacer(limits.pace, start)
  let entity: Entity | null = null
  let offset = start
  let failed = 0
  let lastProgress = start

  for (;;) {
    let exchange: Exchange | null = null
    try {
      exchange = await open(rangeHeaders(offset, range?.end, entity))
      let skip = 0
      const first = entity === null
      if (entity) skip = continued(exchange, entity, offset, range !== undefined)
      else entity = firstAnswer(exchange, limits)
      if (!limits.encoded) checkEncoding(exchange)
      checkSize(entity.size ?? 0, maxBytes)
      if (first) limits.onResponse?.({ size: entity.size })
      const until = endOf(range?.end, entity)

      for await (const chunk of exchange.body) {
        const part = chunk.subarray(Math.min(skip, chunk.length))
        skip -= chunk.length - part.length
        if (part.length === 0) continue
        checkSize(offset + part.length, maxBytes)
        if (range === undefined && offset + part.length > until) throw changed()
        const wanted = part.subarray(0, until - offset)
        offset += wanted.length
        demandPace(offset)
        yield wanted
        if (range !== undefined && offset === until) return
      }
      if (skip > 0) throw changed()
      if (until === Number.POSITIVE_INFINITY || offset === until) return
      // A 206 may hold less than was asked for, and is then simply followed by the next one.
      throw truncated()
    } catch (error) {
      // Before the first answer the caller is better served by knowing at once.
      if (!entity || !isPassing(error)) throw error
      if (offset > start && entity.validator === null) throw truncated(error)
      if (offset - lastProgress >= progress) failed = 0
      lastProgress = offset
      if (++failed >= attempts) throw error
    } finally {
      await exchange?.end()
    }
    await pause(Math.min(backoffMs * 2 ** (failed - 1), 30_000), signal)
  }
}

/** Idle limits alone would let a server hold a place for ever, with a byte now and then. */
function pacer(pace: Pace | undefined, start: number): (offset: number) => void {
  if (!pace) return () => {}
  let [from, since] = [start, performance.now()]
  return (offset) => {
    if (performance.now() - since < pace.ms) return
    if (offset - from < pace.bytes)
      throw new Failure('upstream', 'The server sends the data too slowly.', { reason: 'slow' })
    ;[from, since] = [offset, performance.now()]
  }
}

/** Drops, pauses and overload pass; refusals and other entities do not. */
function isPassing(error: unknown): boolean {
  // The true reason of a hidden failure is its cause.
  const failure = isFailure(error, 'forbidden') ? error.cause : error
  return (
    isFailure(failure, 'upstream') &&
    ['unreachable', 'timeout', 'truncated'].includes(failure.detail.reason ?? '')
  )
}

/** What asks for the bytes from `offset` on, of the entity that is known already. */
function rangeHeaders(
  offset: number,
  end: number | undefined,
  entity: Entity | null,
): Record<string, string> {
  if (offset === 0 && end === undefined) return {}
  const validator = entity?.validator
  return { range: `bytes=${offset}-${end ?? ''}`, ...(validator ? { 'if-range': validator } : {}) }
}

function firstAnswer({ status, headers }: Exchange, { range, size }: DownloadLimits): Entity {
  const isPart = range !== undefined && status === 206
  if (status !== 200 && !isPart) throw statusFailure(status)
  const [from, found] = isPart ? contentRange(headers) : [0, contentLength(headers)]
  if (from !== (range?.start ?? 0))
    throw new Failure('upstream', 'The server does not give parts of the data.', { reason: 'range' })
  if (size !== undefined && found !== null && found !== size) throw changed()
  return { validator: validatorOf(headers), size: found ?? size ?? null }
}

/** Where the wanted bytes end: behind the last one. Infinity where nobody knows. */
function endOf(last: number | undefined, { size }: Entity): number {
  return Math.min(last === undefined ? Number.POSITIVE_INFINITY : last + 1, size ?? Number.POSITIVE_INFINITY)
}

/** First byte and size of the whole, NaN and null where the server does not say. */
function contentRange(headers: Exchange['headers']): [start: number, size: number | null] {
  const [, start, size] = /^bytes (\d+)-\d+\/(\d+|\*)$/i.exec(single(headers, 'content-range') ?? '') ?? []
  return [Number(start), size === undefined || size === '*' ? null : Number(size)]
}

/** @throws Failure `upstream`, reason `encoding`: stored as an image, these bytes would not be the ones that were meant */
function checkEncoding({ headers }: Exchange): void {
  const encoding = single(headers, 'content-encoding')?.trim().toLowerCase() ?? 'identity'
  if (encoding === 'identity') return
  throw new Failure('upstream', `The server sends the data ${encoding}-encoded, which was not asked for.`, {
    reason: 'encoding',
  })
}

/** Checks that an answer goes on where the last one ended; returns how many bytes of it are already there. */
function continued({ status, headers }: Exchange, entity: Entity, offset: number, isPart: boolean): number {
  if (status === 206 && (offset > 0 || isPart)) {
    const [start, size] = contentRange(headers)
    if (start !== offset) throw changed()
    const etag = single(headers, 'etag')
    if (isStrong(entity.validator) && etag !== null && etag !== entity.validator) throw changed()
    sameSize(entity, size)
    return 0
  }
  // 200 to a conditional range: another entity, or a server that knows no ranges. Then the known bytes are skipped.
  if (status === 200) {
    if (validatorOf(headers) !== entity.validator) throw changed()
    sameSize(entity, contentLength(headers))
    return offset
  }
  if (status === 416) throw changed()
  // An overloaded server may recover, so this counts as one more drop.
  if (status === 429 || status === 502 || status === 503 || status === 504)
    throw truncated(statusFailure(status))
  throw statusFailure(status)
}

function sameSize(entity: Entity, size: number | null): void {
  if (size !== null && entity.size !== null && size !== entity.size) throw changed()
  entity.size ??= size
}

/**
 * What If-Range may carry (RFC 9110 section 13.1.5): a strong entity tag, or a modification date that is older than the
 * answer by at least a second, so that no second change can hide in it.
 */
function validatorOf(headers: Exchange['headers']): string | null {
  const etag = single(headers, 'etag')
  if (isStrong(etag)) return etag
  const modified = single(headers, 'last-modified')
  const age = Date.parse(single(headers, 'date') ?? '') - Date.parse(modified ?? '')
  return etag === null && age >= 1000 ? modified : null
}

function isStrong(etag: string | null): boolean {
  return etag?.startsWith('"') ?? false
}

function contentLength(headers: Exchange['headers']): number | null {
  const value = single(headers, 'content-length')
  return value === null ? null : Number(value)
}

/** @throws Failure `too-large`, reason `image-size` */
function checkSize(bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return
  throw new Failure('too-large', `The data is larger than the ${maxBytes} bytes that are allowed.`, {
    reason: 'image-size',
  })
}

function changed(): Failure {
  return new Failure('upstream', 'The data changed on the server while it was being fetched.', {
    reason: 'changed',
  })
}

function statusFailure(status: number): Failure {
  return new Failure('upstream', `The server answered with status ${status}.`, { reason: 'status' })
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal })
  } catch {
    throw aborted(signal)
  }
}
