import { setTimeout as delay } from 'node:timers/promises'
import { Pool } from 'undici'

export type AskOptions = {
  /** Of Keystone's Identity, without the version. */
  readonly url: URL
  /** For one question with everything that is repeated for it; milliseconds. */
  readonly timeoutMs: number
  /** Certificates to trust, in PEM; without it the system's. */
  readonly ca?: string
  /** Pause before a connection is tried for the second time; it doubles with each. Milliseconds. */
  readonly retryMs: number
}

export type Question = {
  readonly method: 'GET' | 'POST'
  /** Below the URL, with its query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: object
}

export type Answer = {
  readonly status: number
  readonly body: string
  header(name: string): string | null
}

export type Asking = {
  /** @throws an Error when there is no answer, or one that is too long: whatever the reason, nothing is known */
  ask(question: Question): Promise<Answer>
  close(): Promise<void>
}

/** Connections at once. A burst of new tokens waits for each other instead of running Keystone over. */
const connections = 8
/** Attempts after the first one, for connections that fail (glance.md section 26, step 4). */
const retries = 3
const mostBytes = 256 * 1024

/**
 * Asks Keystone. Its address is the operator's word, so it may be any; redirects are not followed, because a service's
 * password must not travel with them.
 */
export function asking({ url, timeoutMs, ca, retryMs }: AskOptions): Asking {
  const pool = new Pool(url.origin, {
    connections,
    // Short enough that a second attempt fits into the whole.
    connect: { timeout: timeoutMs / 3, ...(ca === undefined ? {} : { ca }) },
    allowH2: false,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  })
  const prefix = url.pathname.replace(/\/+$/, '')

  async function once({ method, path, headers, body }: Question, signal: AbortSignal): Promise<Answer> {
    const response = await pool.request({
      method,
      path: prefix + path,
      headers: {
        accept: 'application/json',
        'user-agent': 'imageport',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal,
    })
    return {
      status: response.statusCode,
      body: await textOf(response.body),
      header(name) {
        const value = response.headers[name]
        return (Array.isArray(value) ? value[0] : value) ?? null
      },
    }
  }

  return {
    async ask(question) {
      const signal = AbortSignal.timeout(timeoutMs)
      for (let attempt = 0; ; attempt++) {
        try {
          return await once(question, signal)
        } catch (error) {
          if (attempt === retries || !isConnectionTrouble(error)) throw error
          await delay(retryMs * 2 ** attempt, undefined, { signal })
        }
      }
    },
    close: () => pool.destroy(),
  }
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    // Leaving the loop ends the connection.
    if (size > mostBytes) throw new Error(`the answer is longer than ${mostBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const troubles = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  // Also a kept connection that the server has closed meanwhile.
  'UND_ERR_SOCKET',
])

function isConnectionTrouble(error: unknown): boolean {
  return error instanceof Error && troubles.has((error as NodeJS.ErrnoException).code ?? '')
}
