import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { applyBootstrap } from '../../../src/catalogue/bootstrap/apply.ts'
import type { ImageDraft } from '../../../src/catalogue/images/draft.ts'
import type { Image } from '../../../src/catalogue/images/image.ts'
import { consoleFace } from '../../../src/faces/console/index.ts'
import type { WireExhibit, WireExhibitList, WireSystem } from '../../../src/faces/console/wire-image.ts'
import { danubeFace } from '../../../src/faces/danube/index.ts'
import { foremanFace } from '../../../src/faces/foreman/index.ts'
import { glanceFace } from '../../../src/faces/glance/index.ts'
import { identityFace } from '../../../src/faces/identity/index.ts'
import { imgapiFace } from '../../../src/faces/imgapi/index.ts'
import { onecloudplanet } from '../../../src/faces/onecloudplanet/index.ts'
import { esLogin } from '../../support/danube.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { tokenOf } from '../glance/world.ts'
import { signed } from '../imgapi/world.ts'
import { basic, localSecret } from './api.ts'

/**
 * `root` may do everything; in acme (2) `eva` is owner, `irma` image_admin and `rita` reader; `omar` owns park (3), `zoe` is
 * a member of both and begins in park; `lone` has no part in anything.
 */
export const people = ['root', 'eva', 'irma', 'rita', 'omar', 'zoe', 'lone'] as const
export type Person = (typeof people)[number]

export type ExhibitWorld = {
  readonly server: TestServer
  readonly key: KeyObject
  /** In acme unless said; active when `bytes` are given. */
  image(draft: ImageDraft, bytes?: string): Promise<Image>
  /** By system. */
  exhibits(as: Person, uuid: string): Promise<ReadonlyMap<WireSystem, WireExhibit>>
  /** Asks a system as its clients do, with the credentials of the person. @param project for OpenStack's token */
  ask(
    system: WireSystem,
    as: Person,
    path: string,
    options?: { readonly project?: string; readonly signed?: boolean },
  ): Promise<{ readonly status: number; readonly text: string }>
  close(): Promise<void>
}

export type ExhibitOptions = {
  readonly channels?: readonly string[]
  readonly featuresOff?: readonly string[]
  readonly identityOff?: boolean
}

export async function startExhibitWorld({
  channels = [],
  featuresOff = [],
  identityOff = false,
}: ExhibitOptions = {}): Promise<ExhibitWorld> {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const server = await startServer({
    faces: [
      onecloudplanet,
      danubeFace(),
      foremanFace(),
      imgapiFace({ channels }),
      identityFace({ tokenSeconds: 3600 }),
      consoleFace({ localToken: localSecret, pages: null, settings: [], identity: '/identity/v3' }),
      glanceFace({ identityUrl: null, locations: false, identityOff }),
    ],
    parts: { featuresOff: new Set(featuresOff) },
  })
  const { core, catalogue, url } = server
  const sshKey = key.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  await applyBootstrap(core, systemActor, JSON.stringify(documentWith(sshKey)), 'test')

  const kept = new Map<string, Promise<string>>()
  const once = (name: string, make: () => Promise<string>) => {
    const found = kept.get(name) ?? make()
    kept.set(name, found)
    return found
  }

  async function headersFor(system: WireSystem, as: Person, project: string, isSigned: boolean) {
    switch (system) {
      case 'foreman':
        return { authorization: basic(as, 'secret') }
      case 'onecloudplanet':
        return { authorization: `OpenAPIToken t-${as}` }
      case 'openstack':
        return { 'x-auth-token': await once(`${as} ${project}`, () => tokenOf(url, as, project)) }
      case 'danube':
        return { authorization: `Token ${await once(`danube ${as}`, () => esLogin(url, as, 'secret'))}` }
      case 'imgapi':
        return isSigned ? signed(as, key.privateKey) : {}
    }
  }

  const world: ExhibitWorld = {
    server,
    key: key.privateKey,
    async image(draft, bytes) {
      const made = await catalogue.images.create(systemActor, {
        ownerId: 2,
        diskFormat: 'raw',
        containerFormat: 'bare',
        ...draft,
      })
      if (bytes === undefined) return made
      const source = (async function* () {
        yield Buffer.from(bytes)
      })()
      return catalogue.bytes.receive(systemActor, made.uuid, source, { fallback: 'killed', announced: null })
    },
    async exhibits(as, uuid) {
      const response = await fetch(`${url}/ui/api/v1/images/${uuid}/exhibits`, {
        headers: { authorization: `Bearer t-${as}` },
      })
      assert.equal(response.status, 200, await response.clone().text())
      const { exhibits } = (await response.json()) as WireExhibitList
      return new Map(exhibits.map((exhibit) => [exhibit.system, exhibit]))
    },
    async ask(system, as, path, { project = 'acme', signed: isSigned = true } = {}) {
      const headers: Record<string, string> = await headersFor(system, as, project, isSigned)
      const response = await fetch(`${url}${path}`, { headers })
      return { status: response.status, text: await response.text() }
    },
    close: () => server.close(),
  }
  return world
}

const documentWith = (sshKey: string) => ({
  projects: [
    { id: 2, name: 'acme', label: 'Acme Ltd' },
    { id: 3, name: 'park' },
  ],
  locations: [{ name: 'ua-central-1', default: true }],
  users: [
    { username: 'root', superAdmin: true },
    { username: 'eva', roles: [{ project: 'acme', role: 'owner' }] },
    { username: 'irma', roles: [{ project: 'acme', role: 'image_admin' }] },
    { username: 'rita', roles: [{ project: 'acme', role: 'reader' }] },
    { username: 'omar', roles: [{ project: 'park', role: 'owner' }] },
    {
      username: 'zoe',
      defaultProject: 'park',
      roles: [
        { project: 'acme', role: 'member' },
        { project: 'park', role: 'member' },
      ],
    },
    { username: 'lone' },
  ].map((user) => ({ ...user, password: 'secret', tokens: [`t-${user.username}`], sshKeys: [sshKey] })),
  operatingSystems: [{ name: 'FreeBSD', major: '14', minor: '1' }],
  computeResources: [{ id: 1, name: 'catalogue' }],
})
