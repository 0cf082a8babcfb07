import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { applyBootstrap } from '../../../src/catalogue/bootstrap/apply.ts'
import type { ImageDraft } from '../../../src/catalogue/images/draft.ts'
import type { Image } from '../../../src/catalogue/images/image.ts'
import { type ImgapiOptions, imgapiFace } from '../../../src/faces/imgapi/index.ts'
import { importUrl } from '../../../src/work/import-url.ts'
import { publishImage } from '../../../src/work/publish-image.ts'
import { startRunner } from '../../../src/work/runner.ts'
import { type StartOptions, startServer, type TestServer } from '../../support/server.ts'

export type Reply = {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
  readonly text: string
  // Answers are compared with what the contract says, so nothing is known of them beforehand.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly body: any
}

/**
 * `boss` is an operator. In acme (2) `eva` is owner, `keeper` image_admin, `rita` reader; `omar` owns other (3); `lone` has
 * no part in anything, and `ivan` is disabled.
 */
export const people = ['boss', 'eva', 'keeper', 'rita', 'omar', 'lone', 'ivan'] as const
export type Person = (typeof people)[number]

export type Ask = {
  /** Who asks, by signature; nobody: without credentials. */
  readonly as?: Person
  readonly json?: unknown
  readonly body?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

export type World = TestServer & {
  readonly keys: Readonly<Record<Person, KeyObject>>
  readonly ids: Readonly<Record<Person, number>>
  /** Uuids of projects by name. */
  readonly accounts: Readonly<Record<'main' | 'acme' | 'other', string>>
  ask(method: string, path: string, ask?: Ask): Promise<Reply>
  /** Asserts status and code (of an error) in one go. */
  expect(method: string, path: string, ask: Ask, status: number, code?: string): Promise<Reply>
  apply(document: object): Promise<void>
  /** An image of acme unless said, active when `bytes` are given. */
  image(draft?: ImageDraft, bytes?: string): Promise<Image>
  /** Describes, fills and activates an image over the wire; its manifest. */
  // biome-ignore lint/suspicious/noExplicitAny: see above
  publish(as: Person, manifest?: object, bytes?: string): Promise<any>
}

export type WorldOptions = Partial<StartOptions> & { readonly imgapi?: ImgapiOptions }

export const unknown = '00000000-0000-4000-8000-000000000000'
export const zeroUuid = '00000000-0000-0000-0000-000000000000'
/** What a manifest needs at least. */
export const plain = { name: 'base', version: '1.0.0', type: 'other', os: 'linux' }

export const sha1 = (bytes: string | Uint8Array) => createHash('sha1').update(bytes).digest('hex')
export const md5 = (bytes: string | Uint8Array) => createHash('md5').update(bytes).digest('base64')

/** The headers with which sdc-clients sign a request (danube.md 7.1). */
export function signed(
  keyId: string,
  key: KeyObject,
  { algorithm = 'rsa-sha256', date = new Date().toUTCString(), name = 'date' } = {},
): Record<string, string> {
  const hash = algorithm.startsWith('ed25519') ? null : algorithm.split('-')[1]!
  const signature = sign(hash, Buffer.from(date), key).toString('base64')
  return {
    [name]: date,
    authorization: `Signature keyId="${keyId}",algorithm="${algorithm}",signature="${signature}"`,
  }
}

/** Made once: it takes longer than many a test. */
const pairs = people.map((name) => [name, generateKeyPairSync('rsa', { modulusLength: 1024 })] as const)

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const { faces = [], imgapi = {}, ...rest } = options
  const server = await startServer({ ...rest, faces: [imgapiFace(imgapi), ...faces] })
  const { core, catalogue, outbound } = server
  const runner = await startRunner(
    [importUrl, publishImage],
    { core, catalogue, outbound },
    { parallel: 2, pollSeconds: 1, log: () => {} },
  )
  await server.project(2, 'acme', { label: 'Acme Ltd' })
  await server.project(3, 'other')
  const ids = {
    boss: await server.user({ username: 'boss', superAdmin: true, defaultProjectId: 1 }),
    eva: await server.user({ username: 'eva', roles: { 2: 'owner' } }),
    keeper: await server.user({ username: 'keeper', roles: { 2: 'image_admin' } }),
    rita: await server.user({ username: 'rita', roles: { 2: 'reader' } }),
    omar: await server.user({ username: 'omar', roles: { 3: 'owner' } }),
    lone: await server.user({ username: 'lone' }),
    ivan: await server.user({ username: 'ivan', enabled: false, roles: { 2: 'owner' } }),
  }
  const keys = Object.fromEntries(pairs.map(([name, { privateKey }]) => [name, privateKey])) as World['keys']
  async function apply(document: object): Promise<void> {
    await applyBootstrap(core, systemActor, JSON.stringify(document), 'test')
  }
  await apply({
    users: pairs.map(([username, { publicKey }]) => ({
      username,
      sshKeys: [publicKey.export({ type: 'spki', format: 'pem' })],
    })),
  })
  const rows = await core.database.db.selectFrom('projects').select(['name', 'uuid']).execute()
  const accounts = Object.fromEntries(rows.map(({ name, uuid }) => [name, uuid])) as World['accounts']

  async function ask(method: string, path: string, { as, json, body, headers }: Ask = {}): Promise<Reply> {
    const response = await fetch(`${server.url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(as ? signed(as, keys[as]) : {}),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      ...(body === undefined ? {} : { body: Buffer.from(body as Uint8Array) }),
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    const text = bytes.toString()
    const isJson = text !== '' && response.headers.get('content-type') === 'application/json'
    return {
      status: response.status,
      headers: response.headers,
      bytes,
      text,
      body: isJson ? JSON.parse(text) : null,
    }
  }

  async function expect(method: string, path: string, what: Ask, status: number, code?: string) {
    const reply = await ask(method, path, what)
    assert.deepEqual(
      { status: reply.status, code: reply.status < 400 ? undefined : reply.body?.code },
      { status, code },
      `${method} ${path}: ${reply.text}`,
    )
    return reply
  }

  return {
    ...server,
    keys,
    ids,
    accounts,
    ask,
    expect,
    apply,

    async image(draft = {}, bytes) {
      const defaults = { ownerId: 2, name: 'disk', diskFormat: 'raw', containerFormat: 'bare' }
      const image = await catalogue.images.create(systemActor, { ...defaults, ...draft })
      if (bytes === undefined) return image
      const source = (async function* () {
        yield Buffer.from(bytes)
      })()
      return catalogue.bytes.receive(systemActor, image.uuid, source, { fallback: 'killed' })
    },

    async publish(as, manifest = {}, bytes = 'bytes of an image') {
      const made = await expect('POST', '/images', { as, json: { ...plain, ...manifest } }, 200)
      const path = `/images/${made.body.uuid}`
      await expect('PUT', `${path}/file?compression=none`, { as, body: bytes }, 200)
      return (await expect('POST', `${path}?action=activate`, { as }, 200)).body
    },

    async close() {
      await runner.stop()
      await server.close()
    },
  }
}
