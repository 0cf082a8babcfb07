import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../src/catalogue/actor.ts'
import { engineNames, engines } from './support/databases.ts'
import { type EveryFace, foremanHeaders, ok, startEveryFace } from './support/every-face.ts'
import { client } from './support/onecloudplanet.ts'

/** Written through one face, read through all the others (one-catalogue.md sections 2 to 4). */
for (const engine of engines)
  describe(`one catalogue, many faces, on ${engineNames[engine]}`, () => {
    let world: EveryFace
    let server: EveryFace['server']
    let cloud: EveryFace['cloud']
    let danube: EveryFace['danube']
    before(async () => {
      world = await startEveryFace(engine)
      ;({ server, cloud, danube } = world)
    })
    after(() => world?.close())

    test('uploaded through OneCloudPlanet: one image in all words', async () => {
      const name = 'Größe & "Ordnung": a name that is longer than thirty-two characters'
      const { uuid, handle } = await world.uploaded(name)
      assert.match(handle, /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/)
      const { danube: shown, cloud: view, manifest, registration, offered } = await world.seen(uuid, handle)
      assert.equal(shown.alias, 'Größe _ _Ordnung_: a name that i')
      assert.deepEqual(
        [shown.name, shown.uuid, shown.dc_bound, shown.dcs, shown.owner, shown.access, shown.status],
        [handle, uuid, true, ['acme'], 'eva', 3, 1],
      )
      assert.equal(view.name, name)
      assert.equal(registration.name, name)
      assert.equal(manifest.name, 'Gr--e - -Ordnung-- a name that is longer than thirty-two characters')
      assert.deepEqual(
        [manifest.public, manifest.state, manifest.type, manifest.os],
        [false, 'active', 'other', 'other'],
      )
      assert.ok(offered)
      const bytes = Buffer.from(await (await fetch(`${server.url}/images/${uuid}/file`)).arrayBuffer())
      assert.deepEqual(bytes, await cloud.download(uuid))
      assert.equal(manifest.files[0].sha1, createHash('sha1').update(bytes).digest('hex'))
    })

    test('access 4 is deactivated, whichever face says so', async () => {
      const { uuid, handle } = await world.uploaded('switched')
      const states = async () => {
        const { danube: shown, cloud: view, manifest, registration, offered } = await world.seen(uuid, handle)
        return [shown.access, view.status, manifest.state, registration !== null, offered]
      }
      const out = [4, 'deactivated', 'disabled', true, false]
      const back = [3, 'active', 'active', true, true]
      await ok(danube('set', `/image/${handle}`, { access: 4 }))
      assert.deepEqual(await states(), out)
      await ok(danube('set', `/image/${handle}`, { access: '3' }))
      assert.deepEqual(await states(), back)
      await world.cloudAsk('POST', `api/openstack/images/${uuid}/deactivate`, undefined, 200)
      assert.deepEqual(await states(), out)
      await world.cloudAsk('POST', `api/openstack/images/${uuid}/reactivate`, undefined, 200)
      assert.deepEqual(await states(), back)
      for (const [action, expected] of [
        ['disable', out],
        ['enable', back],
      ] as const) {
        const response = await fetch(`${server.url}/images/${uuid}?action=${action}`, {
          method: 'POST',
          headers: world.signature(),
        })
        assert.equal(response.status, 200, await response.text())
        assert.deepEqual(await states(), expected)
      }
    })

    test('public is access 1; what was public goes back', async () => {
      const { uuid, handle } = await world.uploaded('opened')
      await ok(danube('set', `/image/${handle}`, { access: 1 }))
      const open = await world.seen(uuid, handle)
      assert.deepEqual([open.danube.access, open.cloud.visibility, open.manifest.public], [1, 'public', true])
      await world.change(uuid, { name: 'opened', visibility: 'private' })
      const closed = await world.seen(uuid, handle)
      assert.deepEqual(
        [closed.danube.access, closed.cloud.visibility, closed.manifest.public],
        [3, 'private', false],
      )
      await world.change(uuid, { name: 'opened', visibility: 'community' })
      await ok(danube('set', `/image/${handle}`, { access: 3 }))
      assert.equal((await world.seen(uuid, handle)).cloud.visibility, 'community')
    })

    test('attached datacenters are accepted members, in every direction', async () => {
      const { uuid, handle } = await world.uploaded('given')
      const members = async () => {
        const response = await world.cloudAsk(
          'GET',
          `staffapi/openstack/images/${uuid}/members`,
          undefined,
          200,
          't-root',
        )
        const { objects } = (await response.json()) as {
          objects: { client?: { id: number }; status: string }[]
        }
        return objects.map(({ status }) => status)
      }
      await ok(danube('create', `/dc/park/image/${handle}`))
      const given = await world.seen(uuid, handle)
      assert.deepEqual(
        [given.danube.dcs, given.danube.dc_bound, given.cloud.visibility],
        [['acme', 'park'], false, 'shared'],
      )
      assert.deepEqual(await members(), ['accepted'])
      const { uuid: park } = await server.catalogue.projects.named(systemActor, 'park')
      const signedManifest = await fetch(`${server.url}/images/${uuid}`, {
        headers: world.signature(),
      })
      assert.deepEqual(((await signedManifest.json()) as { acl: string[] }).acl, [park])
      // The other project sees and reads it now, and no more once it is taken away.
      const omar = client(server.url, 't-omar')
      assert.equal((await omar.view(uuid)).name, 'given')
      assert.equal((await omar.download(uuid)).toString(), 'bytes of given')
      await ok(danube('delete', `/dc/park/image/${handle}`))
      await assert.rejects(omar.view(uuid), /404/)
      assert.deepEqual((await world.seen(uuid, handle)).danube.dcs, ['acme'])
      // Bound to nobody, it is the administrators' to change.
      await world.cloudAsk(
        'PUT',
        `api/openstack/images/${uuid}`,
        { name: 'mine', min_disk: 0, min_ram: 0 },
        403,
      )
      await ok(danube('set', `/image/${handle}`, { dc_bound: true }))
      await world.cloudAsk(
        'PUT',
        `api/openstack/images/${uuid}`,
        { name: 'mine', min_disk: 0, min_ram: 0 },
        200,
      )
      // Shared by its owner: a datacenter uses it when it has accepted.
      await world.change(uuid, { name: 'mine', visibility: 'shared' })
      const eva = { ...systemActor, superAdmin: true }
      await server.catalogue.members.add(eva, uuid, 3)
      assert.deepEqual((await world.seen(uuid, handle)).danube.dcs, ['acme'])
      const account = await server.catalogue.users.view(systemActor, 'omar')
      const asOmar = {
        ...systemActor,
        superAdmin: false,
        userId: account.id,
        projectId: 3,
        roles: account.roles,
      }
      await server.catalogue.members.decide(asOmar, uuid, 3, 'accepted')
      assert.deepEqual((await world.seen(uuid, handle)).danube.dcs, ['acme', 'park'])
    })

    test('names, descriptions and tags: written in one, read in all, and nothing is lost on the way', async () => {
      const { uuid, handle } = await world.uploaded('first name')
      await world.change(uuid, {
        name: 'first name',
        tags: ['release-1', 'a.b'],
        properties: { color: 'green' },
      })
      await ok(danube('set', `/image/${handle}`, { alias: 'Second', desc: 'What it is', version: '7' }))
      const named = await world.seen(uuid, handle)
      assert.deepEqual(
        [named.danube.name, named.cloud.name, named.manifest.name, named.registration.name],
        [handle, 'Second', 'Second', 'Second'],
      )
      assert.deepEqual([named.manifest.description, named.manifest.version], ['What it is', '7'])
      // A tag that Danube could not write is still there after it wrote something else.
      assert.deepEqual(
        [named.danube.tags, named.cloud.tags, named.manifest.tags.erigones],
        [
          ['a.b', 'release-1'],
          ['a.b', 'release-1'],
          ['a.b', 'release-1'],
        ],
      )
      assert.equal(named.cloud.properties.color, 'green')
      await ok(danube('set', `/image/${handle}`, { tags: 'web,db' }))
      const tagged = await world.seen(uuid, handle)
      assert.deepEqual(
        [tagged.cloud.tags, tagged.manifest.tags.erigones],
        [
          ['db', 'web'],
          ['db', 'web'],
        ],
      )
      await world.change(uuid, { name: 'Third', tags: ['x'] })
      const renamed = await world.seen(uuid, handle)
      assert.deepEqual(
        [renamed.danube.alias, renamed.danube.tags, renamed.danube.desc, renamed.danube.version],
        ['Third', ['x'], 'What it is', '7'],
      )
    })

    test('operating system and architecture: through Foreman into Danube and IMGAPI', async () => {
      const { uuid, handle } = await world.uploaded('system')
      const { registration } = await world.seen(uuid, handle)
      const systems = (await world.json('/api/operatingsystems?search=name=FreeBSD', foremanHeaders)) as {
        results: { id: number }[]
      }
      const response = await fetch(`${server.url}/api/compute_resources/1/images/${registration.id}`, {
        method: 'PUT',
        headers: { ...foremanHeaders, 'content-type': 'application/json' },
        body: JSON.stringify({ image: { name: 'from Foreman', operatingsystem_id: systems.results[0]!.id } }),
      })
      assert.equal(response.status, 200, await response.text())
      const { danube: shown, manifest, cloud: view } = await world.seen(uuid, handle)
      assert.deepEqual(
        [shown.alias, shown.ostype, manifest.os, view.os_distro],
        ['from Foreman', 3, 'bsd', 'FreeBSD'],
      )
    })

    test('a date that is a long way off is one in all words', async () => {
      const uuid = '0f0f0f0f-2222-4222-8333-444444444444'
      const at = '9999-12-31T23:59:59'
      const image = {
        uuid,
        name: 'of the future',
        project: 'acme',
        diskFormat: 'raw',
        containerFormat: 'bare',
        createdAt: `${at}Z`,
      }
      await server.catalogue.directory.apply(systemActor, JSON.stringify({ images: [image] }), 'test')
      const { handle } = await server.catalogue.images.view(systemActor, uuid)
      const waiting = await world.seen(uuid, handle)
      await world.glance('PUT', `/images/${uuid}/file`, 204, { data: 'bytes' })
      const active = await world.seen(uuid, handle)
      for (const { danube: shown, cloud: view, glance } of [waiting, active])
        assert.deepEqual([shown.created, view.created_at, glance.created_at], [`${at}Z`, `${at}Z`, `${at}Z`])
      assert.equal(active.registration.created_at, '9999-12-31 23:59:59 UTC')
      assert.equal(active.manifest.state, 'active')
      await ok(danube('delete', `/image/${handle}`))
    })

    test('published over IMGAPI: pending elsewhere until it is activated', async () => {
      const post = async (path: string, method: string, body?: string, type = 'application/json') => {
        const response = await fetch(`${server.url}${path}`, {
          method,
          headers: { ...world.signature(), ...(body === undefined ? {} : { 'content-type': type }) },
          ...(body === undefined ? {} : { body }),
        })
        assert.ok(response.ok, `${method} ${path}: ${response.status} ${await response.clone().text()}`)
        return (await response.json()) as Record<string, unknown>
      }
      const acme = await server.catalogue.projects.named(systemActor, 'acme')
      const made = await post(
        '/images',
        'POST',
        JSON.stringify({
          name: 'published',
          version: '1',
          type: 'lx-dataset',
          os: 'linux',
          owner: acme.uuid,
        }),
      )
      const uuid = made.uuid as string
      const { handle } = await server.catalogue.images.view(systemActor, uuid)
      const waiting = await world.seen(uuid, handle)
      assert.deepEqual(
        [waiting.danube.status, waiting.danube.ostype, waiting.cloud.status, waiting.glance.status],
        [2, 6, 'queued', 'queued'],
      )
      await post(`/images/${uuid}/file?compression=none`, 'PUT', 'staged bytes', 'application/octet-stream')
      const staged = await world.seen(uuid, handle)
      assert.deepEqual(
        [staged.danube.status, staged.cloud.status, staged.glance.status, staged.registration],
        [2, 'saving', 'uploading', null],
      )
      await post(`/images/${uuid}?action=activate`, 'POST')
      const active = await world.seen(uuid, handle)
      assert.deepEqual(
        [active.danube.status, active.cloud.status, active.glance.status, active.registration.name],
        [1, 'active', 'active', 'published'],
      )
      assert.deepEqual(
        [active.offered, active.glance.disk_format, active.glance.container_format],
        [true, 'raw', 'bare'],
      )
      assert.equal((await cloud.download(uuid)).toString(), 'staged bytes')
      await ok(danube('delete', `/image/${handle}`))
      const gone = await world.seen(uuid, handle)
      assert.deepEqual(
        [gone.danube, gone.glance, gone.manifest, gone.registration, gone.offered],
        [null, null, null, null, false],
      )
      await world.cloudAsk('GET', `api/openstack/images/${uuid}`, undefined, 404)
    })

    test('a description whose bytes are elsewhere, and one whose upload failed', async () => {
      const { uuid: source } = await world.uploaded('elsewhere')
      await ok(danube('set', '/dc/main/settings', { VMS_IMAGE_VM: null }))
      const manifest = (await world.json(`/images/${source}`)) as Record<string, unknown>
      const uuid = '0f0f0f0f-1111-4222-8333-444444444444'
      const web = createServer(
        (_request, response) => void response.end(JSON.stringify({ ...manifest, uuid })),
      )
      await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
      const { port } = web.address() as { port: number }
      const recorded = await danube('create', '/image/recorded', {
        manifest_url: `http://127.0.0.1:${port}/x`,
        dc: 'acme',
      })
      web.close()
      assert.deepEqual(
        [recorded.status, recorded.body.result.status],
        [200, 1],
        JSON.stringify(recorded.body),
      )
      await ok(danube('set', '/dc/main/settings', { VMS_IMAGE_VM: 'imageport' }))
      const external = await world.seen(uuid, 'recorded')
      assert.deepEqual(
        [external.danube.status, external.cloud.status, external.glance.status, external.registration],
        [1, 'queued', 'queued', null],
      )
      const listed = (await world.json('/images')) as unknown as { uuid: string }[]
      assert.ok(!listed.some((one) => one.uuid === uuid))
      await assert.rejects(cloud.upload('liar', 'qcow2', new Blob(['no qcow2'])))
      const killed = (await cloud.list('filtering=name:liar'))[0]!
      assert.equal(killed.status, 'killed')
      const { handle } = await server.catalogue.images.view(systemActor, killed.id)
      const failed = await world.seen(killed.id, handle)
      assert.deepEqual([failed.danube, failed.glance.status, failed.registration], [null, 'killed', null])
      // Its name is free for another try.
      assert.equal((await danube('get', `/image/${handle}`)).status, 404)
    })
  })
