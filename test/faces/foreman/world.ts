import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { applyBootstrap } from '../../../src/catalogue/bootstrap/apply.ts'
import type { Image } from '../../../src/catalogue/images/image.ts'
import type { Engine } from '../../../src/database/dialect.ts'
import { foremanFace } from '../../../src/faces/foreman/index.ts'
import { engineNames, engines } from '../../support/databases.ts'
import { freshPostgresUrl } from '../../support/postgres.ts'
import { type StartOptions, startServer, type TestServer } from '../../support/server.ts'
import { fixture } from './fixture.ts'

export type Reply = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // Answers are compared with what the contract says, so nothing is known of them beforehand.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly body: any
}

/**
 * `admin` may do everything, `manager` owns acme (2), `viewer` reads there, `clerk` is a plain member there, `lone` has no
 * role at all.
 */
export type Person = 'admin' | 'manager' | 'viewer' | 'clerk' | 'lone'

export type Ask = {
  /** Who asks, by login and token; nobody: without credentials. `admin` unless said. */
  readonly as?: Person | 'nobody'
  readonly json?: unknown
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

export type World = TestServer & {
  readonly tokens: Readonly<Record<Person, string>>
  readonly ids: Readonly<Record<Person, number>>
  /** @param path below `/api`, or from the root when it begins with `/api` */
  ask(method: string, path: string, ask?: Ask): Promise<Reply>
  /** Asserts status and body in one go. */
  expect(method: string, path: string, ask: Ask, status: number, body?: unknown): Promise<Reply>
  /** Applies a bootstrap document. */
  apply(document: object): Promise<void>
  /** An active image of acme unless said. */
  image(draft?: object): Promise<Image>
}

export const bigcompute = 980190962
export const images = `/compute_resources/${bigcompute}/images`
export const unknownRoute = { status: 404, error: 'Not Found' }

export const basic = (login: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`,
})

/** A server with the records of the contract's examples (foreman.md, A), and some people. */
export async function startWorld(
  options: Partial<StartOptions> & { clock?: () => number } = {},
): Promise<World> {
  const face = foremanFace(options.clock ? { clock: options.clock } : {})
  const { faces = [], ...rest } = options
  const server = await startServer({ ...rest, faces: [face, ...faces] })
  async function apply(document: object): Promise<void> {
    await applyBootstrap(server.core, systemActor, JSON.stringify(document), 'test')
  }
  await server.location('ua-central-1', { description: 'Kyiv' })
  await apply({ projects: [{ id: 2, name: 'acme', label: 'Acme Ltd' }] })
  const ids = {
    admin: await server.user({ username: 'admin', superAdmin: true }),
    manager: await server.user({ username: 'manager', roles: { 2: 'owner' } }),
    viewer: await server.user({ username: 'viewer', roles: { 2: 'reader' } }),
    clerk: await server.user({ username: 'clerk', roles: { 2: 'member' } }),
    lone: await server.user({ username: 'lone' }),
  }
  const tokens = Object.fromEntries(
    await Promise.all(Object.entries(ids).map(async ([name, id]) => [name, await server.token(id)])),
  ) as World['tokens']

  await apply(fixture)
  // People of acme see what acme has.
  await server.core.database.db
    .insertInto('compute_resource_places')
    .values([
      { compute_resource_id: bigcompute, project_id: 2, location_id: null },
      { compute_resource_id: bigcompute, project_id: null, location_id: 1 },
    ])
    .execute()

  async function ask(
    method: string,
    path: string,
    { as = 'admin', json, body, headers }: Ask = {},
  ): Promise<Reply> {
    const response = await fetch(`${server.url}${path.startsWith('/api') ? '' : '/api'}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(as === 'nobody' ? {} : basic(as, tokens[as])),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type') === 'application/json; charset=utf-8'
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== '' ? JSON.parse(text) : null,
    }
  }

  return {
    ...server,
    ids,
    tokens,
    ask,
    apply,
    async expect(method, path, what, status, body) {
      const reply = await ask(method, path, what)
      assert.deepEqual(
        { status: reply.status, body: body === undefined ? undefined : reply.body },
        { status, body },
        `${method} ${path}: ${reply.text}`,
      )
      return reply
    },
    async image(draft = {}) {
      const defaults = { ownerId: 2, name: 'disk', diskFormat: 'raw', containerFormat: 'bare' }
      const image = await server.catalogue.images.create(systemActor, { ...defaults, ...draft })
      const source = (async function* () {
        yield Buffer.from(`bytes of ${image.uuid}`)
      })()
      return server.catalogue.bytes.receive(systemActor, image.uuid, source, { fallback: 'killed' })
    },
  }
}

/** Declares a suite once for each engine; PostgreSQL sorts and compares by rules of its own unless it is told. */
export function onBothDatabases(name: string, suite: (start: typeof startWorld) => void): void {
  const starts: Readonly<Record<Engine, typeof startWorld>> = {
    sqlite: startWorld,
    postgres: async (options = {}) => startWorld({ ...options, databaseUrl: await freshPostgresUrl() }),
  }
  for (const engine of engines) describe(`${name}, on ${engineNames[engine]}`, () => suite(starts[engine]))
}
