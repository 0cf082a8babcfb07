import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { now } from '../../../src/catalogue/time.ts'
import { type ConsoleOptions, consoleFace } from '../../../src/faces/console/index.ts'
import type { WireError } from '../../../src/faces/console/wire.ts'
import { type StartOptions, startServer, type TestServer, type TestUser } from '../../support/server.ts'

export const localSecret = 'ab'.repeat(32)

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: unknown }
export type Call = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>

export type Api = {
  readonly server: TestServer
  /** Calls as the holder of a token (a new user's), or with the given Authorization header, or as nobody. */
  as(authorization: string | null): Call
  user(user: TestUser): Promise<Call>
  readonly admin: Call
  close(): Promise<void>
}

/** A server with nothing but the console API, and a user `root` who may do everything. */
export async function startApi(
  options: Partial<StartOptions> = {},
  console: Partial<ConsoleOptions> = {},
): Promise<Api> {
  const usual = { localToken: localSecret, pages: null, settings: [], identity: '/identity/v3' }
  const server = await startServer({
    ...options,
    faces: [consoleFace({ ...usual, ...console })],
  })

  function as(authorization: string | null): Call {
    return async (method, path, body, headers = {}) => {
      const raw = body instanceof Uint8Array || typeof body === 'string'
      const response = await fetch(`${server.url}/ui/api/v1${path}`, {
        method,
        headers: {
          ...(authorization === null ? {} : { authorization }),
          ...(body === undefined || raw ? {} : { 'content-type': 'application/json' }),
          ...(body instanceof Uint8Array ? { 'content-type': 'application/octet-stream' } : {}),
          ...headers,
        },
        ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
      })
      const text = await response.text()
      const isJson = response.headers.get('content-type')?.startsWith('application/json')
      return {
        status: response.status,
        headers: response.headers,
        body: isJson && text !== '' ? JSON.parse(text) : text,
      }
    }
  }

  async function user(facts: TestUser): Promise<Call> {
    return as(`Bearer ${await server.token(await server.user(facts))}`)
  }

  const admin = await user({ username: 'root', superAdmin: true, defaultProjectId: 1 })
  return { server, as, user, admin, close: () => server.close() }
}

/** Gives a user a password. */
export async function password({ core }: TestServer, userId: number, text: string): Promise<void> {
  const hash = await core.secrets.hash(text)
  await core.database.db
    .insertInto('credentials')
    .values({
      user_id: userId,
      kind: 'password',
      lookup: null,
      hash,
      label: '',
      project_id: null,
      data_json: '{}',
      created_at: now(),
      expires_at: null,
      last_used_at: null,
    })
    .execute()
}

/** Asserts a refusal; returns its message. */
export function refused(answer: Answer, status: number, code: string, reason?: string): string {
  const { error } = answer.body as WireError
  assert.deepEqual([answer.status, error.code, error.detail.reason], [status, code, reason], error.message)
  return error.message
}

/** Bytes that no format recognises, so that they may be an image of the format raw. */
export function noise(size: number): Buffer {
  return randomBytes(size)
}

export const basic = (username: string, text: string) =>
  `Basic ${Buffer.from(`${username}:${text}`).toString('base64')}`
