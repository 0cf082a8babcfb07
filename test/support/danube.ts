import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'

/** An answer as the command line client `es` reports it (danube.md 6.1). */
export type EsAnswer = {
  readonly status: number
  // What a test expects of it is known to the test alone.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly body: any
  readonly headers: IncomingMessage['headers']
  /** The final status came in the stream (danube.md 2.6). */
  readonly streamed: boolean
}

type Verb = 'get' | 'create' | 'set' | 'delete' | 'login' | 'logout'
const methods: Readonly<Record<Verb, string>> = {
  get: 'GET',
  logout: 'GET',
  create: 'POST',
  login: 'POST',
  set: 'PUT',
  delete: 'DELETE',
}

/**
 * Sends what `es` sends, to the letter, and reads the answer as `es` does: white space is waiting, the first line the
 * code, the rest JSON. Written after the request traces of danube.md section 6, because the program itself is not to be had.
 */
export function es(url: string, credentials: { token?: string; apiKey?: string } = {}) {
  return async (
    verb: Verb,
    resource: string,
    data: Readonly<Record<string, unknown>> = {},
  ): Promise<EsAnswer> => {
    const method = methods[verb]
    const query = new URLSearchParams(
      Object.entries(data)
        .filter(([, value]) => value !== null)
        .map(([key, value]) => [key, value === true ? 'True' : value === false ? 'False' : String(value)]),
    )
    const path = `${url}/api${resource}/${method === 'GET' && query.size > 0 ? `?${query}` : ''}`
    const body = method === 'GET' ? undefined : JSON.stringify(data)
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(path, {
        method,
        headers: {
          'User-Agent': 'es/1.3.3',
          Accept: 'application/json; indent=4',
          'Content-Type': 'application/json; indent=4',
          'ES-STREAM': 'es',
          ...(credentials.token ? { Authorization: `Token ${credentials.token}` } : {}),
          ...(credentials.apiKey ? { 'ES-API-KEY': credentials.apiKey } : {}),
          ...(body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }),
        },
      })
      sent.once('response', resolve)
      sent.once('error', reject)
      sent.end(body)
    })
    const answer = await text(response)
    const { headers } = response
    if (!headers.es_stream || !headers.es_task_id)
      return { status: response.statusCode!, body: parsed(answer), headers, streamed: false }
    const said = answer.trimStart()
    const newline = said.indexOf('\n')
    if (newline < 0) throw new Error(`the stream has no code line: ${JSON.stringify(answer)}`)
    return {
      status: Number(said.slice(0, newline)),
      body: parsed(said.slice(newline + 1)),
      headers,
      streamed: true,
    }
  }
}

/** The session token that `es login` keeps. */
export async function esLogin(url: string, username: string, password: string): Promise<string> {
  const { status, body } = await es(url)('login', '/accounts/login', { username, password })
  if (status !== 200) throw new Error(`login: ${status} ${JSON.stringify(body)}`)
  return body.token
}

function parsed(answer: string): unknown {
  try {
    return JSON.parse(answer)
  } catch {
    return answer
  }
}
