import assert from 'node:assert/strict'
import { systemActor } from '../../../src/catalogue/actor.ts'
import type { ImageDraft } from '../../../src/catalogue/images/draft.ts'
import type { Image } from '../../../src/catalogue/images/image.ts'
import { onecloudplanet } from '../../../src/faces/onecloudplanet/index.ts'
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
  /** Who asks; nobody: without credentials. */
  readonly as?: Person
  readonly json?: unknown
  readonly form?: FormData
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** `eva` owns acme (2), `rita` only reads there, `omar` owns other (3), `ivan` sits in a disabled client, `lone` nowhere. */
export type Person = 'eva' | 'rita' | 'omar' | 'ivan' | 'lone' | 'both' | 'staff'

export type World = TestServer & {
  readonly tokens: Readonly<Record<Person, string>>
  readonly ids: Readonly<Record<Person, number>>
  /** @param path below `/backend/api`, or from the root when it begins with `/backend` */
  ask(method: string, path: string, ask?: Ask): Promise<Reply>
  /** Asserts status and body in one go. */
  expect(method: string, path: string, ask: Ask, status: number, body?: unknown): Promise<Reply>
  /** An image of acme unless said, active when `bytes` are given. */
  image(draft?: ImageDraft, bytes?: string): Promise<Image>
}

export const images = '/openstack/images'
export const denied = { detail: 'You do not have permissions to perform the requested action' }
export const missing = { detail: 'Not found.' }
export const unknown = '00000000-0000-4000-8000-000000000000'

export async function startWorld(options: Partial<StartOptions> = {}): Promise<World> {
  const server = await startServer({ faces: [onecloudplanet], ...options })
  await server.location('ua-central-1', { description: 'Kyiv' })
  await server.location('pl-waw-1', { description: 'Warsaw' })
  await server.location('closed-1', { enabled: false })
  await server.project(2, 'acme', { label: 'Acme Ltd' })
  await server.project(3, 'other')
  await server.project(4, 'asleep', { enabled: false })
  const ids = {
    eva: await server.user({ username: 'eva', roles: { 2: 'owner' } }),
    rita: await server.user({ username: 'rita', roles: { 2: 'reader' } }),
    omar: await server.user({ username: 'omar', roles: { 3: 'image_admin' } }),
    ivan: await server.user({ username: 'ivan', roles: { 4: 'owner' } }),
    lone: await server.user({ username: 'lone' }),
    both: await server.user({ username: 'both', roles: { 3: 'reader', 2: 'member' } }),
    staff: await server.user({ username: 'staff', superAdmin: true }),
  }
  const tokens = Object.fromEntries(
    await Promise.all(Object.entries(ids).map(async ([name, id]) => [name, await server.token(id)])),
  ) as World['tokens']

  async function ask(
    method: string,
    path: string,
    { as, json, form, body, headers }: Ask = {},
  ): Promise<Reply> {
    const response = await fetch(`${server.url}${path.startsWith('/backend') ? '' : '/backend/api'}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(as ? { authorization: `OpenAPIToken ${tokens[as]}` } : {}),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      ...(form === undefined ? {} : { body: form }),
      ...(body === undefined ? {} : { body }),
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
    ids,
    tokens,
    ask,
    async expect(method, path, what, status, body) {
      const reply = await ask(method, path, what)
      assert.deepEqual(
        { status: reply.status, body: body === undefined ? undefined : reply.body },
        { status, body },
        reply.text,
      )
      return reply
    },
    async image(draft = {}, bytes) {
      const defaults = {
        ownerId: 2,
        name: 'disk',
        diskFormat: 'raw',
        containerFormat: 'bare',
        region: 'ua-central-1',
      }
      const image = await server.catalogue.images.create(systemActor, { ...defaults, ...draft })
      if (bytes === undefined) return image
      const source = (async function* () {
        yield Buffer.from(bytes)
      })()
      return server.catalogue.bytes.receive(systemActor, image.uuid, source, { fallback: 'killed' })
    },
  }
}
