import assert from 'node:assert/strict'
import { systemActor } from '../../../src/catalogue/actor.ts'
import type { ImageDraft } from '../../../src/catalogue/images/draft.ts'
import type { Image } from '../../../src/catalogue/images/image.ts'
import { glanceFace } from '../../../src/faces/glance/index.ts'
import type { GlanceOptions } from '../../../src/faces/glance/route.ts'
import { identityFace } from '../../../src/faces/identity/index.ts'
import { type StartOptions, startServer, type TestServer } from '../../support/server.ts'

export type Reply = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // Answers are compared with what the contract says, so nothing is known of them beforehand.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly body: any
}

/**
 * `eva` is a member of acme (2) and `rita` reads there, `omar` is a member of other (3) and `nora` reads there, `root` is
 * an administrator in main (1); `lone` has a token without a project.
 */
export type Person = 'eva' | 'rita' | 'omar' | 'nora' | 'root' | 'lone'

export type Ask = {
  /** Who asks; nobody: without a token. */
  readonly as?: Person
  readonly json?: unknown
  /** Image data, with its media type. */
  readonly data?: Uint8Array | string
  /** Any body as it is. */
  readonly body?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

export type World = TestServer & {
  readonly tokens: Readonly<Record<Person, string>>
  /** Ids of OpenStack's wires. */
  readonly projects: { readonly acme: string; readonly other: string; readonly main: string }
  /** @param path below `/v2`, or from the root when it begins with two slashes */
  ask(method: string, path: string, ask?: Ask): Promise<Reply>
  /** Asserts the status, and that the body holds the text or is the value. */
  expect(method: string, path: string, ask: Ask, status: number, body?: unknown): Promise<Reply>
  /** An image of acme unless said, private unless said, active when `bytes` are given. */
  image(draft?: ImageDraft, bytes?: string | Uint8Array): Promise<Image>
}

export const unknown = '00000000-0000-4000-8000-000000000000'
export const v20 = 'application/openstack-images-v2.0-json-patch'
export const v21 = 'application/openstack-images-v2.1-json-patch'

export type WorldOptions = Partial<StartOptions> & { readonly glance?: Partial<GlanceOptions> }

export async function startWorld({ glance, ...options }: WorldOptions = {}): Promise<World> {
  const faces = [
    identityFace({ tokenSeconds: 3600 }),
    glanceFace({ identityUrl: null, locations: false, ...glance }),
  ]
  const server = await startServer({ faces, ...options })
  await server.project(2, 'acme')
  await server.project(3, 'other')
  const people = {
    eva: { roles: { 2: 'member' }, project: 'acme' },
    rita: { roles: { 2: 'reader' }, project: 'acme' },
    omar: { roles: { 3: 'member' }, project: 'other' },
    nora: { roles: { 3: 'reader' }, project: 'other' },
    root: { superAdmin: true, project: 'main' },
    lone: { project: null },
  } as const
  const hash = await server.core.secrets.hash('secret')
  const tokens: Record<string, string> = {}
  for (const [username, { project, ...facts }] of Object.entries(people)) {
    const id = await server.user({ username, ...facts })
    await server.core.database.db
      .insertInto('credentials')
      .values({
        user_id: id,
        kind: 'password',
        lookup: null,
        hash,
        label: '',
        project_id: null,
        data_json: '{}',
        created_at: 0,
        expires_at: null,
        last_used_at: null,
      })
      .execute()
    tokens[username] = await tokenOf(server.url, username, project)
  }
  const rows = await server.core.database.db.selectFrom('projects').select(['name', 'uuid']).execute()
  const projects = Object.fromEntries(
    rows.map(({ name, uuid }) => [name, uuid.replaceAll('-', '')]),
  ) as World['projects']

  async function ask(method: string, path: string, given: Ask = {}): Promise<Reply> {
    const { as, json, data, body, headers } = given
    const url = `${server.url}${path.startsWith('//') ? path.slice(1) : `/v2${path}`}`
    const sent = json === undefined ? (data ?? body) : JSON.stringify(json)
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: {
        accept: 'application/json',
        ...(as ? { 'x-auth-token': tokens[as]! } : {}),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(data === undefined ? {} : { 'content-type': 'application/octet-stream' }),
        ...headers,
      },
      ...(sent === undefined ? {} : { body: sent as string }),
    })
    const text = await response.text()
    const isJson = text !== '' && response.headers.get('content-type') === 'application/json'
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? JSON.parse(text) : null,
    }
  }

  return {
    ...server,
    tokens: tokens as World['tokens'],
    projects,
    ask,
    async expect(method, path, given, status, body) {
      const reply = await ask(method, path, given)
      assert.equal(reply.status, status, `${method} ${path}: ${reply.text}`)
      if (typeof body === 'string') {
        const said: string = reply.body?.message ?? reply.text
        assert.ok(said.includes(body), `${said} has no ${body}`)
      } else if (body !== undefined) assert.deepEqual(reply.body, body)
      return reply
    },
    async image(draft = {}, bytes) {
      const facts = { ownerId: 2, name: 'disk', diskFormat: 'raw', containerFormat: 'bare', ...draft }
      const image = await server.catalogue.images.create(systemActor, facts)
      if (bytes === undefined) return image
      const source = (async function* () {
        yield Buffer.from(bytes as string)
      })()
      return server.catalogue.bytes.receive(systemActor, image.uuid, source, { fallback: 'queued' })
    },
  }
}

/** A token by name and password, as clients ask for one; scoped to a project, or to none. */
export async function tokenOf(url: string, name: string, project: string | null): Promise<string> {
  const domain = { id: 'default' }
  const response = await fetch(`${url}/identity/v3/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      auth: {
        identity: { methods: ['password'], password: { user: { name, domain, password: 'secret' } } },
        scope: project === null ? 'unscoped' : { project: { name: project, domain } },
      },
    }),
  })
  assert.equal(response.status, 201, await response.text())
  return response.headers.get('x-subject-token')!
}
