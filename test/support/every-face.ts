import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { kinds } from '../../src/assembly/serve.ts'
import { systemActor } from '../../src/catalogue/actor.ts'
import { applyBootstrap } from '../../src/catalogue/bootstrap/apply.ts'
import type { Engine } from '../../src/database/dialect.ts'
import { danubeFace } from '../../src/faces/danube/index.ts'
import { foremanFace } from '../../src/faces/foreman/index.ts'
import { glanceFace } from '../../src/faces/glance/index.ts'
import { identityFace } from '../../src/faces/identity/index.ts'
import { imgapiFace } from '../../src/faces/imgapi/index.ts'
import { onecloudplanet } from '../../src/faces/onecloudplanet/index.ts'
import { startRunner } from '../../src/work/runner.ts'
import { tokenOf } from '../faces/glance/world.ts'
import { signed } from '../faces/imgapi/world.ts'
import { type EsAnswer, es, esLogin } from './danube.ts'
import { client } from './onecloudplanet.ts'
import { freshPostgresUrl } from './postgres.ts'
import { startServer, type TestServer } from './server.ts'

/** `root` may do everything; `eva` owns the project acme (2), `omar` the project park (3). */
export type Person = 'root' | 'eva' | 'omar'

/** What each face shows of one image; what a face does not show is null. */
export type Seen = {
  // What is read on the wire is compared with what one-catalogue.md says.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly danube: any
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly cloud: any
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly glance: any
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly manifest: any
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly registration: any
  /** Is it among what Foreman offers on the compute resource? */
  readonly offered: boolean
}

export type GlanceAsk = {
  readonly as?: Person
  readonly json?: object
  readonly data?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A server with the faces of all systems, on which images are written through one and read through the others. */
export type EveryFace = {
  readonly server: TestServer
  /** Ids of projects on OpenStack's wires. */
  readonly projects: Readonly<Record<'acme' | 'park', string>>
  /** As eva. */
  readonly cloud: ReturnType<typeof client>
  /** As root. */
  readonly danube: ReturnType<typeof es>
  /** As root, who is an administrator everywhere; null for whatever is no 200. */
  json(path: string, headers?: Readonly<Record<string, string>>): Promise<Record<string, unknown> | null>
  seen(uuid: string, handle: string): Promise<Seen>
  /** OneCloudPlanet's wire; `path` below `/backend`. Eva's token unless another is given. */
  cloudAsk(
    method: string,
    path: string,
    body: object | undefined,
    status: number,
    token?: string,
  ): Promise<Response>
  /** The administrators' change of an image on OneCloudPlanet's wire. */
  change(uuid: string, body: object): Promise<Response>
  /** OpenStack's wire; `path` below `/v2`, as eva unless said. Asserts the status; the JSON, or null where there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: see above
  glance(method: string, path: string, status: number, ask?: GlanceAsk): Promise<any>
  /** The patch of an image in OpenStack's words, such as `['replace', 'name', 'x']`. */
  // biome-ignore lint/suspicious/noExplicitAny: see above
  patch(uuid: string, ...operations: readonly (readonly [string, string, unknown?])[]): Promise<any>
  /** Root's signature for IMGAPI. */
  signature(): Record<string, string>
  /** Uploaded by eva on OneCloudPlanet's wire; its Danube name. */
  uploaded(name: string): Promise<{ uuid: string; handle: string }>
  close(): Promise<void>
}

export const foremanHeaders = { authorization: `Basic ${Buffer.from('root:t-root').toString('base64')}` }
const staffHeaders = { authorization: 'OpenAPIToken t-root', 'content-type': 'application/json' }

export async function startEveryFace(engine: Engine): Promise<EveryFace> {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const server = await startServer({
    faces: [
      onecloudplanet,
      danubeFace(),
      foremanFace(),
      // Compute nodes on this address read private images without credentials.
      imgapiFace({ channels: [], privateNetworks: ['127.0.0.0/8'] }),
      identityFace({ tokenSeconds: 3600 }),
      glanceFace({ identityUrl: null, locations: false }),
    ],
    importAllow: '127.0.0.0/8',
    ...(engine === 'postgres' ? { databaseUrl: await freshPostgresUrl() } : {}),
  })
  const { core, catalogue, outbound, url } = server
  const runner = await startRunner(
    kinds,
    { core, catalogue, outbound },
    { parallel: 2, pollSeconds: 1, log: () => {} },
  )
  const sshKey = key.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  await applyBootstrap(core, systemActor, JSON.stringify(documentWith(sshKey)), 'test')
  const [acme, park] = await Promise.all(
    ['acme', 'park'].map((name) => catalogue.projects.named(systemActor, name)),
  )
  const tokens = {
    root: await tokenOf(url, 'root', 'main'),
    eva: await tokenOf(url, 'eva', 'acme'),
    omar: await tokenOf(url, 'omar', 'park'),
  }
  const cloud = client(url, 't-eva')
  const danube = es(url, { token: await esLogin(url, 'root', 'secret') })

  async function json(path: string, headers: Readonly<Record<string, string>> = {}) {
    const response = await fetch(`${url}${path}`, { headers })
    return response.status === 200 ? ((await response.json()) as Record<string, unknown>) : null
  }
  const cloudAsk: EveryFace['cloudAsk'] = async (method, path, body, status, token = 't-eva') => {
    const response = await fetch(`${url}/backend/${path}`, {
      method,
      headers: { authorization: `OpenAPIToken ${token}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    assert.equal(response.status, status, `${method} ${path}: ${await response.clone().text()}`)
    return response
  }
  const glance: EveryFace['glance'] = async (method, path, status, ask = {}) => {
    const { as = 'eva', json, data, headers } = ask
    const response = await fetch(`${url}/v2${path}`, {
      method,
      headers: {
        'x-auth-token': tokens[as],
        ...(json ? { 'content-type': 'application/json' } : {}),
        ...(data === undefined ? {} : { 'content-type': 'application/octet-stream' }),
        ...headers,
      },
      ...(json ? { body: JSON.stringify(json) } : {}),
      ...(data === undefined ? {} : { body: data }),
    })
    const text = await response.text()
    assert.equal(response.status, status, `${method} ${path}: ${text}`)
    const type = response.headers.get('content-type')
    return type === 'application/json' ? JSON.parse(text) : text === '' ? null : text
  }

  return {
    server,
    projects: { acme: acme!.uuid.replaceAll('-', ''), park: park!.uuid.replaceAll('-', '') },
    cloud,
    danube,
    json,
    async seen(uuid, handle) {
      const [shown, list, offers, inCloud, inGlance, manifest] = await Promise.all([
        danube('get', `/image/${handle}`, { extended: true }),
        json('/api/compute_resources/1/images?per_page=all', foremanHeaders),
        json('/api/compute_resources/1/available_images', foremanHeaders),
        json(`/backend/staffapi/openstack/images/${uuid}`, staffHeaders),
        json(`/v2/images/${uuid}`, { 'x-auth-token': tokens.root }),
        json(`/images/${uuid}`),
      ])
      const registrations = (list?.results ?? []) as { uuid: string }[]
      return {
        danube: shown.status === 200 ? shown.body.result : null,
        cloud: inCloud,
        glance: inGlance,
        manifest,
        registration: registrations.find((one) => one.uuid === uuid) ?? null,
        offered: (offers as unknown as { uuid: string }[]).some((one) => one.uuid === uuid),
      }
    },
    cloudAsk,
    change: (uuid, body) =>
      cloudAsk(
        'PUT',
        `staffapi/openstack/images/${uuid}`,
        { min_disk: 0, min_ram: 0, ...body },
        200,
        't-root',
      ),
    glance,
    patch: (uuid, ...operations) =>
      glance('PATCH', `/images/${uuid}`, 200, {
        json: operations.map(([op, name, value]) => ({ op, path: `/${name}`, value })),
        headers: { 'content-type': 'application/openstack-images-v2.1-json-patch' },
      }),
    signature: () => signed('root', key.privateKey),
    async uploaded(name) {
      const uuid = await cloud.upload(name, 'raw', new Blob([`bytes of ${name}`]))
      const { handle } = await catalogue.images.view(systemActor, uuid)
      return { uuid, handle }
    },
    async close() {
      await runner.stop()
      await server.close()
    },
  }
}

const documentWith = (sshKey: string) => ({
  projects: [
    { id: 2, name: 'acme', label: 'Acme Ltd' },
    { id: 3, name: 'park' },
  ],
  locations: [{ name: 'ua-central-1', default: true }],
  users: [
    {
      username: 'root',
      password: 'secret',
      superAdmin: true,
      tokens: ['t-root'],
      sshKeys: [sshKey],
    },
    {
      username: 'eva',
      password: 'secret',
      tokens: ['t-eva'],
      roles: [{ project: 'acme', role: 'owner' }],
    },
    {
      username: 'omar',
      password: 'secret',
      tokens: ['t-omar'],
      roles: [{ project: 'park', role: 'owner' }],
    },
  ],
  operatingSystems: [{ name: 'FreeBSD', major: '14', minor: '1' }],
  computeResources: [{ id: 1, name: 'catalogue' }],
})

/** What Danube answered, where it was no refusal. */
export async function ok(answer: Promise<EsAnswer>): Promise<EsAnswer['body']> {
  const { status, body } = await answer
  assert.ok(status < 300, JSON.stringify(body))
  return body
}
