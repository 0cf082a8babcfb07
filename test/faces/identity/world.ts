import assert from 'node:assert/strict'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { identityFace } from '../../../src/faces/identity/index.ts'
import type { Face } from '../../../src/http/face.ts'
import { type StartOptions, startServer, type TestServer } from '../../support/server.ts'

export type Reply = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // Answers are compared with what the contract says, so nothing is known of them beforehand.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly body: any
}

export type Ask = {
  /** Text of a token. */
  readonly token?: string
  readonly subject?: string
  readonly json?: unknown
  readonly body?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * `eva` is a member of acme, which is her default project, and reads in other; `omar` owns other and has no default project
 * that he may use; `rita` reads in acme; `chief` has the catalogue's role `admin` in acme and no more; `root` is an
 * administrator; `lone` has no role; `gone` is disabled; `asleep` is a disabled project in which eva is a member.
 */
export const people = ['eva', 'omar', 'rita', 'chief', 'root', 'lone', 'gone'] as const
export type Person = (typeof people)[number]
export const password = (name: string) => `secret of ${name}`

export type World = TestServer & {
  /** Ids of this wire, by name. */
  readonly users: Readonly<Record<string, string>>
  readonly projects: Readonly<Record<string, string>>
  /** @param path below `/identity/v3` */
  ask(method: string, path: string, ask?: Ask): Promise<Reply>
  /** Asserts the status, and that the body is the value. */
  expect(method: string, path: string, ask: Ask, status: number, body?: unknown): Promise<Reply>
  /** Asks for a token with these contents of `auth`. */
  auth(identity: unknown, scope?: unknown, query?: string): Promise<Reply>
  /** A token by password. @param scope name of a project, or what the request is to say */
  login(person: Person, scope?: unknown): Promise<string>
  apply(document: object): Promise<void>
}

export const domain = { id: 'default' }
export const byPassword = (name: string, secret = password(name)) => ({
  methods: ['password'],
  password: { user: { name, domain, password: secret } },
})
export const byToken = (id: string) => ({ methods: ['token'], token: { id } })
export const project = (name: string) => ({ project: { name, domain } })

export const denied = {
  error: {
    code: 401,
    message: 'The request you have made requires authentication.',
    title: 'Unauthorized',
  },
}

export async function startWorld(
  options: Partial<StartOptions> & { readonly tokenSeconds?: number } = {},
): Promise<World> {
  const { tokenSeconds = 3600, ...rest } = options
  const faces: Face[] = [identityFace({ tokenSeconds })]
  const server = await startServer({ faces, ...rest })
  const { db } = server.core.database

  const apply = async (document: object) => {
    await server.catalogue.directory.apply(systemActor, JSON.stringify(document), 'test')
  }
  const user = (username: Person, facts: object) => ({ username, password: password(username), ...facts })
  await apply({
    // With their numbers, because the server's first one is put in beside the sequence.
    projects: [
      { id: 2, name: 'acme' },
      { id: 3, name: 'other' },
      { id: 4, name: 'asleep' },
    ],
    users: [
      user('eva', {
        defaultProject: 'acme',
        email: 'eva@example.org',
        roles: [
          { project: 'acme', role: 'member' },
          { project: 'other', role: 'reader' },
          { project: 'asleep', role: 'member' },
        ],
      }),
      user('omar', { defaultProject: 'acme', roles: [{ project: 'other', role: 'owner' }] }),
      user('rita', { defaultProject: 'acme', roles: [{ project: 'acme', role: 'reader' }] }),
      user('chief', { defaultProject: 'acme', roles: [{ project: 'acme', role: 'admin' }] }),
      user('root', { superAdmin: true, defaultProject: 'main' }),
      user('lone', {}),
      user('gone', { enabled: false, roles: [{ project: 'acme', role: 'member' }] }),
    ],
  })
  await db.updateTable('projects').set({ enabled: 0 }).where('name', '=', 'asleep').execute()
  server.catalogue.users.forget()
  const idsOf = (rows: { name: string; uuid: string }[]) =>
    Object.fromEntries(rows.map(({ name, uuid }) => [name, uuid.replaceAll('-', '')]))
  const users = idsOf(await db.selectFrom('users').select(['username as name', 'uuid']).execute())
  const projects = idsOf(await db.selectFrom('projects').select(['name', 'uuid']).execute())

  async function ask(method: string, path: string, given: Ask = {}): Promise<Reply> {
    const {
      token,
      subject,
      json,
      body = json === undefined ? undefined : JSON.stringify(json),
      headers,
    } = given
    const response = await fetch(`${server.url}/identity/v3${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(token === undefined ? {} : { 'x-auth-token': token }),
        ...(subject === undefined ? {} : { 'x-subject-token': subject }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: body as string }),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: text === '' ? null : JSON.parse(text),
    }
  }

  const auth = (identity: unknown, scope?: unknown, query = '') =>
    ask('POST', `/auth/tokens${query}`, {
      json: { auth: { identity, ...(scope === undefined ? {} : { scope }) } },
    })

  return {
    ...server,
    users,
    projects,
    apply,
    ask,
    auth,
    async expect(method, path, given, status, body) {
      const reply = await ask(method, path, given)
      assert.equal(reply.status, status, `${method} ${path}: ${reply.text}`)
      if (body !== undefined) assert.deepEqual(reply.body, body)
      return reply
    },
    async login(person, scope) {
      const reply = await auth(
        byPassword(person),
        typeof scope === 'string' && scope !== 'unscoped' ? project(scope) : scope,
      )
      assert.equal(reply.status, 201, reply.text)
      return reply.headers.get('x-subject-token')!
    },
  }
}
