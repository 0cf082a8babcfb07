import { Failure } from '../catalogue/failure.ts'
import { ownAddresses } from './addresses.ts'
import type { AllowList } from './allow-list.ts'
import { type Guard, systemLookup } from './connect.ts'
import { type DownloadLimits, download } from './download.ts'
import { type Exchange, fetchGuarded, type Headers, type Request, single, timedOut } from './fetch.ts'
import { checkUrl } from './url.ts'

export type OutboundPolicy = { readonly allow: AllowList }

export type OutboundOptions = Partial<Omit<Guard, 'allow'>> & {
  /** Limit for an answer to begin, once connected. Default 30 s. */
  readonly headersMs?: number
}

export type TextRequest = {
  /** A longer body is the Failure `too-large` (reason `document-size`). */
  readonly maxBytes: number
  /** For everything together, redirects included. */
  readonly timeoutMs: number
  /** Not sent to where the server redirects. */
  readonly headers?: Readonly<Record<string, string>>
  /** Default GET. Only GET is redirected. */
  readonly method?: 'GET' | 'POST' | 'PUT'
  readonly body?: string
  readonly signal?: AbortSignal
}

/** A message that somebody waits for; only how it was received matters. */
export type Message = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
  /** For everything together, redirects included. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

export type TextAnswer = {
  readonly status: number
  readonly headers: Headers
  readonly body: string
  /** Where it came from after redirects. */
  readonly url: URL
}

export type DownloadRequest = Omit<DownloadLimits, 'signal'> & {
  /** Limit for a pause in the data. Default 60 s. */
  readonly idleMs?: number
  /** Limit for the whole download, pauses and repetitions included. Default none: size, pace and idle limits bound it. */
  readonly timeoutMs?: number
  /** Sent with every part that is asked for, and not to where the server redirects. */
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** All fetching from other servers on behalf of callers: imports, image lists, callbacks (glance.md section 24.2). */
export interface Outbound {
  /** What the text of a URL alone decides; nothing is resolved or connected to. @throws Failure as `checkUrl` */
  check(url: string): void
  /** A small document of any status. @throws Failure as `fetchGuarded`; `too-large` (reason `document-size`) */
  text(url: string, request: TextRequest): Promise<TextAnswer>
  /** Delivers a message, also to where the server redirects (303 and the like: without it). @throws Failure as `fetchGuarded` */
  send(url: string, message: Message): Promise<{ readonly status: number }>
  /** A large body as a stream, taken up again where the connection drops. @throws Failure as `download` */
  download(url: string, request?: DownloadRequest): AsyncIterable<Uint8Array>
  /** Only the head of the answer to a GET, to see whether there is something. @throws Failure as `fetchGuarded` */
  probe(
    url: string,
    request: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<{ status: number; size: number | null }>
  /** Stops everything under way, which then throws `interrupted`, and closes its connections. */
  close(): Promise<void>
}

/** @param options for tests: another resolver, other limits, certificates to trust */
export function outbound({ allow }: OutboundPolicy, options: OutboundOptions = {}): Outbound {
  const { headersMs = 30_000, ...given } = options
  const guard: Guard = { lookup: systemLookup, ownAddresses, connectMs: 10_000, ...given, allow }
  const closing = new AbortController()
  const underWay = new Set<Exchange>()

  async function open(url: string, request: Omit<Request, 'headersMs'>): Promise<Exchange> {
    const exchange = await fetchGuarded(url, { ...request, headersMs }, guard)
    const tracked = {
      ...exchange,
      async end() {
        underWay.delete(tracked)
        await exchange.end()
      },
    }
    underWay.add(tracked)
    return tracked
  }

  /** Runs work under a signal that the caller, `close` and, where given, a time limit can abort. */
  async function limited<T>(
    timeoutMs: number,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const limit = new AbortController()
    const timer = setTimeout(() => limit.abort(timedOut()), timeoutMs)
    try {
      return await work(joined(closing.signal, limit.signal, signal))
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    check: (url) => void checkUrl(url, allow),

    text(url, { maxBytes, timeoutMs, headers = {}, method = 'GET', body, signal }) {
      return limited(timeoutMs, signal, async (signal) => {
        const exchange = await open(url, {
          method,
          headers,
          signal,
          idleMs: timeoutMs,
          ...(body === undefined ? {} : { body }),
        })
        try {
          const { status, headers } = exchange
          return { status, headers, body: await readText(exchange, maxBytes), url: exchange.url }
        } finally {
          await exchange.end()
        }
      })
    },

    send(url, { timeoutMs, signal, ...message }) {
      return limited(timeoutMs, signal, async (signal) => {
        const exchange = await open(url, { ...message, redirectData: true, idleMs: timeoutMs, signal })
        await exchange.end()
        return { status: exchange.status }
      })
    },

    async *download(url, { idleMs = 60_000, timeoutMs, headers = {}, signal, ...limits } = {}) {
      const limit = new AbortController()
      const timer = timeoutMs && setTimeout(() => limit.abort(timedOut()), timeoutMs)
      const any = joined(closing.signal, limit.signal, signal)
      try {
        const ask = { method: 'GET', headers, idleMs, signal: any } as const
        yield* download((ownHeaders) => open(url, { ...ask, ownHeaders }), { ...limits, signal: any })
      } finally {
        clearTimeout(timer)
      }
    },

    probe(url, { timeoutMs, signal }) {
      return limited(timeoutMs, signal, async (signal) => {
        const exchange = await open(url, { method: 'GET', idleMs: timeoutMs, signal })
        await exchange.end()
        const length = single(exchange.headers, 'content-length')
        return { status: exchange.status, size: length === null ? null : Number(length) }
      })
    },

    async close() {
      closing.abort(new Failure('interrupted', 'The service is being stopped.'))
      await Promise.all([...underWay].map((exchange) => exchange.end()))
    },
  }
}

function joined(...signals: (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined))
}

async function readText(exchange: Exchange, maxBytes: number): Promise<string> {
  const encoding = single(exchange.headers, 'content-encoding')?.toLowerCase() ?? 'identity'
  if (encoding !== 'identity') {
    throw new Failure(
      'upstream',
      `The server sends the document ${encoding}-encoded, which was not asked for.`,
      { reason: 'encoding' },
    )
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of exchange.body) {
    size += chunk.length
    if (size > maxBytes) {
      throw new Failure('too-large', `The document is larger than ${maxBytes} bytes.`, {
        reason: 'document-size',
      })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
