import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'
import { type KeystoneClient, type KeystoneOptions, keystone } from '../../src/keystone/keystone.ts'
import { serve } from '../outbound/servers.ts'

/** For what a real Keystone does not do on demand: answers of its shapes (glance.md 25.2, 25.3), as a test writes them. */
export type Scripted = {
  readonly client: KeystoneClient
  /** What was asked, as `GET user-token` and `POST`. */
  readonly asked: string[]
  readonly headers: IncomingMessage['headers'][]
  /** Text of a token that is valid → its body. */
  readonly tokens: Map<string, object>
  /** Service tokens that are taken; a login adds one. */
  readonly serviceTokens: Set<string>
  /** Answers instead where it returns true. */
  takeOver: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Life of the service tokens that are issued. */
  serviceSeconds: number
  /** Of the client; microseconds. Moves only when a test moves it. */
  time: number
  readonly troubles: unknown[]
  readonly logins: object[]
}

export const start = Date.parse('2026-11-26T12:00:00Z') * 1000
export const second = 1_000_000

/** `2026-11-26T12:00:00.000000Z`, so many seconds after `start`. */
export function stamp(seconds: number): string {
  return new Date(start / 1000 + seconds * 1000).toISOString().replace('Z', '000Z')
}

export function tokenBody(more: object = {}): object {
  return {
    methods: ['password'],
    user: {
      id: 'u1',
      name: 'demo',
      domain: { id: 'default', name: 'Default' },
      password_expires_at: null,
    },
    audit_ids: ['3T2dc1CGQxyJsHdDu1xkcw'],
    issued_at: stamp(0),
    expires_at: stamp(3600),
    project: { id: 'p1', name: 'demo', domain: { id: 'default', name: 'Default' } },
    is_domain: false,
    roles: [
      { id: 'r1', name: 'member' },
      { id: 'r2', name: 'reader' },
    ],
    ...more,
  }
}

export async function scripted(
  t: TestContext,
  options: Partial<KeystoneOptions> = {},
  path = '/identity/v3',
): Promise<Scripted> {
  const script = {
    asked: [] as string[],
    headers: [] as IncomingMessage['headers'][],
    tokens: new Map<string, object>(),
    serviceTokens: new Set<string>(),
    takeOver: () => false,
    serviceSeconds: 3600,
    time: start,
    troubles: [] as unknown[],
    logins: [] as object[],
  } as Omit<Scripted, 'client'>
  const server = await serve(t, (request, response) => answer(script, request, response))
  const client = keystone({
    url: server.url + path,
    account: {
      username: 'glance',
      userDomain: 'Default',
      password: 'secret',
      project: 'service',
      projectDomain: 'Default',
    },
    cacheSeconds: 300,
    services: false,
    timeoutMs: 5000,
    retryMs: 1,
    now: () => script.time,
    onTrouble: (error) => script.troubles.push(error),
    ...options,
  })
  t.after(() => client.close())
  return Object.assign(script, { client })
}

function answer(script: Omit<Scripted, 'client'>, request: IncomingMessage, response: ServerResponse): void {
  const { method, url = '', headers } = request
  const subject = String(headers['x-subject-token'])
  script.asked.push(method === 'GET' ? `GET ${subject}` : `${method}`)
  script.headers.push(headers)
  if (script.takeOver(request, response)) return
  const send = (status: number, body: object, more: Record<string, string> = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...more })
    response.end(JSON.stringify(body))
  }
  const token = script.tokens.get(subject)
  if (!url.startsWith('/identity/v3/auth/tokens')) send(404, {})
  else if (method === 'POST') login(script, request, send)
  else if (!script.serviceTokens.has(String(headers['x-auth-token']))) send(401, { error: { code: 401 } })
  else if (token) send(200, { token }, { 'x-subject-token': subject })
  else send(404, { error: { code: 404, message: 'Could not find token', title: 'Not Found' } })
}

function login(
  script: Omit<Scripted, 'client'>,
  request: IncomingMessage,
  send: (status: number, body: object, headers: Record<string, string>) => void,
): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    script.logins.push(JSON.parse(Buffer.concat(chunks).toString()))
    const own = `service-${script.logins.length}`
    script.serviceTokens.add(own)
    const expires = stamp((script.time - start) / second + script.serviceSeconds)
    send(201, { token: tokenBody({ expires_at: expires }) }, { 'x-subject-token': own })
  })
}
