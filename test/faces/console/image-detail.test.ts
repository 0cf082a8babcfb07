import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { applyBootstrap } from '../../../src/catalogue/bootstrap/apply.ts'
import type { WireImage } from '../../../src/faces/console/wire.ts'
import type {
  WireImageDetail,
  WireImageHistory,
  WireMember,
  WireMemberList,
  WireRegistrationList,
} from '../../../src/faces/console/wire-image.ts'
import { engineNames, engines } from '../../support/databases.ts'
import { type FileServer, fileServer } from '../../support/file-server.ts'
import { freshPostgresUrl } from '../../support/postgres.ts'
import { type Api, type Call, noise, refused, startApi } from './api.ts'

for (const engine of engines)
  describe(`console: what the page of an image shows, on ${engineNames[engine]}`, () => {
    let api: Api
    let eva: Call
    let rita: Call
    let omar: Call
    let lone: Call
    let elsewhere: FileServer
    before(async () => {
      elsewhere = await fileServer()
      elsewhere.files.set('/disks/base.img', noise(10))
      api = await startApi({
        importAllow: '127.0.0.0/8',
        ...(engine === 'postgres' ? { databaseUrl: await freshPostgresUrl() } : {}),
      })
      await api.server.project(2, 'acme')
      await api.server.project(3, 'park', { label: 'The park' })
      eva = await api.user({ username: 'eva', roles: { 2: 'member' }, defaultProjectId: 2 })
      rita = await api.user({ username: 'rita', roles: { 2: 'reader' } })
      omar = await api.user({ username: 'omar', roles: { 3: 'owner' } })
      lone = await api.user({ username: 'lone' })
    })
    after(async () => {
      await api?.close()
      await elsewhere?.close()
    })

    async function create(draft: object, bytes?: Uint8Array): Promise<WireImage> {
      const facts = { diskFormat: 'raw', containerFormat: 'bare', ...draft }
      const made = (await eva('POST', '/images', facts)).body as WireImage
      if (!bytes) return made
      const filled = await eva('PUT', `/images/${made.uuid}/file`, bytes)
      assert.equal(filled.status, 200)
      return filled.body as WireImage
    }
    async function got<T>(call: Call, path: string): Promise<T> {
      const { status, body } = await call('GET', path)
      assert.equal(status, 200, JSON.stringify(body))
      return body as T
    }
    const detail = (call: Call, { uuid }: WireImage) => got<WireImageDetail>(call, `/images/${uuid}/detail`)

    describe('in detail', () => {
      test('what may be done, and who made it and filled it', async () => {
        const image = await create({ name: 'mine' }, noise(1000))
        const own = await detail(eva, image)
        assert.deepEqual(own.image, image)
        assert.deepEqual(own.allowed, [
          'image.list',
          'image.view',
          'image.create',
          'image.import',
          'image.update',
          'image.delete',
          'image.download',
          'image.deactivate',
          'image.share',
        ])
        assert.deepEqual([own.stores, own.elsewhere, own.import, own.task], [[], false, null, null])
        const { made, filled, ...rest } = own.provenance!
        assert.deepEqual(
          [made, filled].map((deed) => [deed!.username, deed!.face]),
          Array(2).fill(['eva', 'console']),
        )
        assert.deepEqual(rest, {
          source: { kind: 'upload', url: null, image: null, snapshot: null },
          instance: null,
          builtOn: null,
        })
        assert.deepEqual((await detail(rita, image)).allowed, ['image.list', 'image.view'])
        assert.ok((await detail(api.admin, image)).allowed.includes('image.publicise'))
        refused(await omar('GET', `/images/${image.uuid}/detail`), 404, 'not-found')
      })

      test('an image without bytes has no source, and one that is being fetched has its address without secrets', async () => {
        const waiting = await detail(eva, await create({ name: 'waiting' }))
        assert.deepEqual([waiting.provenance!.filled, waiting.provenance!.source], [null, null])
        const url = `${elsewhere.url}/disks/base.img?signature=secret`
        const { status, body } = await eva('POST', '/imports', { name: 'fetched', diskFormat: 'raw', url })
        assert.equal(status, 202, JSON.stringify(body))
        const { image } = body as { image: WireImage }
        const fetched = await detail(eva, image)
        assert.equal(fetched.provenance!.source!.kind, 'url')
        assert.equal(fetched.provenance!.source!.url, `${elsewhere.url}/disks/base.img`)
        assert.deepEqual([fetched.task!.kind, fetched.task!.state], ['import-url', 'pending'])
      })

      test('a copy names its source to those who see that', async () => {
        const source = await create({ name: 'source' }, noise(500))
        const actor = { ...systemActor, projectId: 2 }
        await api.server.location('here')
        const target = { name: 'copy', region: 'here', deleteSource: false }
        const { image } = await api.server.catalogue.imports.copy(actor, source.uuid, target)
        const shown = await detail(rita, { uuid: image.uuid } as WireImage)
        assert.deepEqual(shown.provenance!.source, {
          kind: 'copy',
          url: null,
          image: source.uuid,
          snapshot: null,
        })
        await eva('DELETE', `/images/${source.uuid}`)
        const later = await detail(rita, { uuid: image.uuid } as WireImage)
        assert.equal(later.provenance!.source!.image, null)
      })

      test('strangers are told of a public image, and not of how its project works', async () => {
        const image = await create({ name: 'open' }, noise(100))
        await api.admin('PATCH', `/images/${image.uuid}`, { visibility: 'public' })
        const shown = await detail(omar, image)
        assert.equal(shown.provenance, null)
        assert.deepEqual(shown.sees, { history: false, registrations: true })
        assert.deepEqual((await detail(lone, image)).sees, { history: false, registrations: false })
        assert.deepEqual((await detail(rita, image)).sees, { history: true, registrations: true })
        assert.ok(shown.allowed.includes('image.download'))
        assert.ok(!shown.allowed.includes('image.update'))
        refused(await omar('GET', `/images/${image.uuid}/history`), 403, 'forbidden', 'owner')
        refused(await lone('GET', `/images/${image.uuid}/registrations`), 403, 'forbidden', 'permission')
      })
    })

    describe('members', () => {
      const members = async (call: Call, { uuid }: WireImage) =>
        (await got<WireMemberList>(call, `/images/${uuid}/members`)).members
      const add = (call: Call, { uuid }: WireImage, project: string) =>
        call('POST', `/images/${uuid}/members`, { project })

      test('are named by name, id of OpenStack, uuid or number', async () => {
        const { uuid } = await api.server.catalogue.projects.named(systemActor, 'park')
        for (const name of ['PARK', uuid, uuid.toUpperCase(), uuid.replaceAll('-', ''), '3']) {
          const image = await create({ name: 'shared', visibility: 'shared' })
          const { status, body } = await add(eva, image, name)
          assert.equal(status, 201, JSON.stringify(body))
          const { id, project, status: state, mayDecide } = body as WireMember
          assert.deepEqual(
            [id, project],
            [uuid.replaceAll('-', ''), { id: 3, name: 'park', label: 'The park' }],
          )
          assert.deepEqual([state, mayDecide], ['pending', false])
        }
      })

      test('are added by those who may share, decide for themselves, and are removed', async () => {
        const image = await create({ name: 'given', visibility: 'shared' })
        for (const project of ['park', 'nobody'])
          refused(await add(rita, image, project), 403, 'forbidden', 'role')
        assert.match(refused(await add(eva, image, 'nobody'), 400, 'invalid'), /"nobody"/)
        refused(await add(eva, image, ' '), 400, 'invalid')
        const [{ id }] = [(await add(eva, image, 'park')).body as WireMember]
        refused(await add(eva, image, 'park'), 409, 'conflict')

        assert.deepEqual(
          (await members(omar, image)).map(({ mayDecide }) => mayDecide),
          [true],
        )
        refused(
          await eva('PATCH', `/images/${image.uuid}/members/${id}`, { status: 'accepted' }),
          403,
          'forbidden',
          'owner',
        )
        refused(await omar('PATCH', `/images/${image.uuid}/members/${id}`, { status: 'x' }), 400, 'invalid')
        const accepted = await omar('PATCH', `/images/${image.uuid}/members/${id}`, { status: 'accepted' })
        assert.deepEqual([accepted.status, (accepted.body as WireMember).status], [200, 'accepted'])
        refused(await omar('DELETE', `/images/${image.uuid}/members/${id}`), 403, 'forbidden', 'owner')
        assert.equal((await eva('DELETE', `/images/${image.uuid}/members/${id}`)).status, 204)
        assert.deepEqual(await members(eva, image), [])
        refused(await omar('GET', `/images/${image.uuid}/members`), 404, 'not-found')
      })

      test('may be projects that this catalogue does not know', async () => {
        const image = await create({ name: 'to strangers', visibility: 'shared' })
        await api.server.catalogue.openstackMembers.add(systemActor, image.uuid, 'far/away')
        await add(eva, image, 'park')
        assert.deepEqual(
          (await members(eva, image)).map(({ id, project }) => [id.length, project?.name ?? null]),
          [
            [8, null],
            [32, 'park'],
          ],
        )
        // A member sees itself alone.
        assert.deepEqual(
          (await members(omar, image)).map(({ project }) => project?.name),
          ['park'],
        )
        const path = `/images/${image.uuid}/members/${encodeURIComponent('far/away')}`
        assert.equal((await eva('DELETE', path)).status, 204)
      })

      test('belong to shared images', async () => {
        const image = await create({ name: 'private' })
        refused(await add(eva, image, 'park'), 403, 'forbidden', 'not-shared')
        assert.deepEqual(await members(eva, image), [])
      })
    })

    test('registrations, on the compute resources that the caller sees', async () => {
      const image = await create({ name: 'registered', properties: { os_distro: 'debian' } }, noise(10))
      const { registrations } = api.server.catalogue
      const cluster = { id: 10, name: 'cluster', provider: 'Libvirt', url: 'qemu:///system' }
      await applyBootstrap(
        api.server.core,
        systemActor,
        JSON.stringify({ computeResources: [cluster] }),
        'test',
      )
      const list = (call: Call) => got<WireRegistrationList>(call, `/images/${image.uuid}/registrations`)
      const first = await list(eva)
      assert.deepEqual(
        first.registrations.map((one) => [
          one.computeResource.name,
          one.operatingSystem.title,
          one.automatic,
        ]),
        [['catalogue', 'debian', true]],
      )
      const system = first.registrations[0]!
      await registrations.create(
        systemActor,
        { parent: { kind: 'compute-resource', id: cluster.id } },
        {
          name: 'elsewhere',
          uuid: image.uuid,
          username: 'root',
          operatingSystemId: system.operatingSystem.id,
          architectureId: system.architecture.id,
        },
      )
      assert.deepEqual(
        (await list(api.admin)).registrations.map(({ name }) => name),
        ['registered', 'elsewhere'],
      )
      assert.deepEqual(
        (await list(eva)).registrations.map(({ name }) => name),
        ['registered'],
      )
      assert.equal((await list(eva)).unregistered, false)
      await registrations.remove(systemActor, { parent: { kind: 'compute-resource', id: 1 } }, system.id)
      assert.deepEqual(await list(eva), { registrations: [], unregistered: true })
    })

    test('the history names whom it speaks of, page by page', async () => {
      const image = await create({ name: 'told of', visibility: 'shared' })
      await eva('POST', `/images/${image.uuid}/members`, { project: 'park' })
      await api.admin('PATCH', `/images/${image.uuid}`, { project: 'park' })
      const { entries, projects, users } = await got<WireImageHistory>(omar, `/images/${image.uuid}/history`)
      assert.deepEqual(
        entries.map(({ action, username }) => [action, username]),
        [
          ['update', 'root'],
          ['share', 'eva'],
          ['create', 'eva'],
        ],
      )
      assert.deepEqual(entries[0]!.before, { ownerId: 2 })
      assert.deepEqual(
        projects.toSorted((a, b) => a.id - b.id),
        [
          { id: 2, name: 'acme' },
          { id: 3, name: 'park' },
        ],
      )
      assert.deepEqual(
        users.map(({ name }) => name),
        ['eva'],
      )
      const page = await got<WireImageHistory>(
        omar,
        `/images/${image.uuid}/history?limit=1&before=${entries[0]!.id}`,
      )
      assert.deepEqual(
        page.entries.map(({ action }) => action),
        ['share'],
      )
    })
  })
