import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../src/catalogue/actor.ts'
import { engineNames, engines } from './support/databases.ts'
import { type EveryFace, foremanHeaders, ok, startEveryFace } from './support/every-face.ts'

/** Written with OpenStack's words and read in all others, and the other way round (one-catalogue.md sections 2 to 4). */
for (const engine of engines)
  describe(`one catalogue, OpenStack among the faces, on ${engineNames[engine]}`, () => {
    let world: EveryFace
    let glance: EveryFace['glance']
    let danube: EveryFace['danube']
    before(async () => {
      world = await startEveryFace(engine)
      ;({ glance, danube } = world)
    })
    after(() => world?.close())

    type Facts = Readonly<Record<string, unknown>>
    async function handleOf(uuid: string): Promise<string> {
      return (await world.server.catalogue.images.view(systemActor, uuid)).handle
    }
    /** Described by eva; active when there are bytes. */
    async function created(facts: Facts, bytes?: string): Promise<{ uuid: string; handle: string }> {
      const formats = { disk_format: 'raw', container_format: 'bare' }
      const { id: uuid } = await glance('POST', '/images', 201, { json: { ...formats, ...facts } })
      if (bytes !== undefined) await glance('PUT', `/images/${uuid}/file`, 204, { data: bytes })
      return { uuid, handle: await handleOf(uuid) }
    }
    const imgapi = async (path: string, body?: object) => {
      const response = await fetch(`${world.server.url}${path}`, {
        method: 'POST',
        headers: { ...world.signature(), ...(body ? { 'content-type': 'application/json' } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
      assert.equal(response.status, 200, await response.text())
    }

    const name = 'Größe & "Ordnung": a name that is longer than thirty-two characters'
    const facts = {
      name,
      tags: ['release 1', 'a/b'],
      min_disk: 3,
      min_ram: 512,
      os_distro: 'debian',
      os_version: '12.7',
      architecture: 'aarch64',
      os_admin_user: 'ops',
      description: 'What it is',
      'Größe/х': '9 "quoted" 😀',
    }

    test('described and filled with OpenStack’s words: one image in all others', async () => {
      const { uuid, handle } = await created(facts)
      const waiting = await world.seen(uuid, handle)
      assert.deepEqual(
        [waiting.danube.status, waiting.cloud.status, waiting.registration, waiting.offered],
        [2, 'queued', null, false],
      )
      const listed = (await world.json('/images')) as unknown as { uuid: string }[]
      assert.ok(!listed.some((one) => one.uuid === uuid))

      const bytes = 'bytes of an image'
      await glance('PUT', `/images/${uuid}/file`, 204, { data: bytes })
      const seen = await world.seen(uuid, handle)
      assert.deepEqual(
        [seen.danube.alias, seen.danube.desc, seen.danube.status, seen.danube.access, seen.danube.ostype],
        ['Größe _ _Ordnung_: a name that i', 'What it is', 1, 3, 1],
      )
      assert.deepEqual([seen.danube.dcs, seen.danube.dc_bound], [['acme'], true])
      const { cloud, manifest, registration } = seen
      assert.deepEqual(
        [
          cloud.name,
          cloud.display_name,
          cloud.status,
          cloud.visibility,
          cloud.size,
          cloud.min_disk,
          cloud.min_ram,
        ],
        [name, name, 'active', 'shared', bytes.length, 3, 512],
      )
      assert.deepEqual(
        [cloud.os_distro, cloud.os_version, cloud.architecture, cloud.properties.os_admin_user],
        ['debian', '12.7', 'aarch64', 'ops'],
      )
      assert.deepEqual(
        [seen.danube.tags, cloud.tags, manifest.tags.erigones],
        Array(3).fill(['a/b', 'release 1']),
      )
      assert.deepEqual(
        [manifest.public, manifest.state, manifest.os, manifest.description, manifest.requirements.min_ram],
        [false, 'active', 'linux', 'What it is', 512],
      )
      assert.deepEqual(manifest.users, [{ name: 'ops' }])
      const sha1 = createHash('sha1').update(bytes).digest('hex')
      assert.deepEqual([manifest.files[0].sha1, manifest.files[0].size], [sha1, bytes.length])
      assert.deepEqual(
        [
          registration.name,
          registration.operatingsystem_name,
          registration.architecture_name,
          registration.username,
        ],
        [name, 'debian 12.7', 'aarch64', 'ops'],
      )
      assert.ok(seen.offered)
      assert.equal((await world.cloud.download(uuid)).toString(), bytes)
      assert.equal(await (await fetch(`${world.server.url}/images/${uuid}/file`)).text(), bytes)
    })

    test('written with other words: one image in OpenStack’s', async () => {
      const { uuid, handle } = await world.uploaded('from the cloud')
      const bytes = 'bytes of from the cloud'
      const first = await glance('GET', `/images/${uuid}`, 200)
      const digest = (name: string) => createHash(name).update(bytes).digest('hex')
      assert.deepEqual(
        [first.name, first.status, first.disk_format, first.container_format, first.size, first.owner],
        ['from the cloud', 'active', 'raw', 'bare', bytes.length, world.projects.acme],
      )
      assert.deepEqual([first.checksum, first.os_hash_value], [digest('md5'), digest('sha512')])
      assert.equal(await glance('GET', `/images/${uuid}/file`, 200), bytes)

      await ok(
        danube('set', `/image/${handle}`, { alias: 'From Danube', desc: 'Described there', tags: 'x,y' }),
      )
      const described = await glance('GET', `/images/${uuid}`, 200)
      assert.deepEqual(
        [described.name, described.description, described.tags],
        ['From Danube', 'Described there', ['x', 'y']],
      )
      const { registration } = await world.seen(uuid, handle)
      const systems = (await world.json('/api/operatingsystems?search=name=FreeBSD', foremanHeaders)) as {
        results: { id: number }[]
      }
      const response = await fetch(`${world.server.url}/api/compute_resources/1/images/${registration.id}`, {
        method: 'PUT',
        headers: { ...foremanHeaders, 'content-type': 'application/json' },
        body: JSON.stringify({
          image: { name: 'from Foreman', username: 'freebsd', operatingsystem_id: systems.results[0]!.id },
        }),
      })
      assert.equal(response.status, 200, await response.text())
      const managed = await glance('GET', `/images/${uuid}`, 200)
      assert.deepEqual(
        [managed.name, managed.os_distro, managed.os_version, managed.os_admin_user],
        ['from Foreman', 'FreeBSD', '14.1', 'freebsd'],
      )
      await imgapi(`/images/${uuid}?action=update`, { description: 'By IMGAPI', version: '9' })
      assert.equal((await glance('GET', `/images/${uuid}`, 200)).description, 'By IMGAPI')
      const found = await glance('GET', '/images?tag=x&tag=y&name=from%20Foreman&os_distro=FreeBSD', 200)
      assert.deepEqual(
        found.images.map((one: { id: string }) => one.id),
        [uuid],
      )
    })

    test('staged and imported with OpenStack’s words: pending elsewhere until it is done', async () => {
      const { uuid, handle } = await created({ name: 'staged' })
      await glance('PUT', `/images/${uuid}/stage`, 204, { data: 'bytes on their way' })
      const staged = await world.seen(uuid, handle)
      assert.deepEqual(
        [
          staged.glance.status,
          staged.cloud.status,
          staged.danube.status,
          staged.registration,
          staged.offered,
        ],
        ['uploading', 'saving', 2, null, false],
      )
      const unfinished = (await world.json('/images')) as unknown as { uuid: string }[]
      assert.ok(!unfinished.some((one) => one.uuid === uuid))
      await glance('POST', `/images/${uuid}/import`, 202, { json: { method: { name: 'glance-direct' } } })
      await world.cloud.settled(uuid)
      const { glance: shown, ...seen } = await world.seen(uuid, handle)
      assert.deepEqual(
        [shown.status, seen.cloud.status, seen.danube.status, seen.manifest.state, seen.registration.name],
        ['active', 'active', 1, 'active', 'staged'],
      )
      assert.equal((await world.cloud.download(uuid)).toString(), 'bytes on their way')
    })

    test('what a face cannot show or write survives what it does write', async () => {
      const { uuid, handle } = await created(facts, 'bytes')
      const original = await glance('GET', `/images/${uuid}`, 200)
      await ok(danube('set', `/image/${handle}`, { version: '2' }))
      await world.change(uuid, { min_disk: 3, min_ram: 512 })
      const { registration } = await world.seen(uuid, handle)
      const response = await fetch(`${world.server.url}/api/compute_resources/1/images/${registration.id}`, {
        method: 'PUT',
        headers: { ...foremanHeaders, 'content-type': 'application/json' },
        body: JSON.stringify({ image: { username: 'root' } }),
      })
      assert.equal(response.status, 200, await response.text())
      await imgapi(`/images/${uuid}?action=update`, { homepage: 'https://example.org/' })
      const { updated_at, ...rest } = await glance('GET', `/images/${uuid}`, 200)
      assert.deepEqual({ ...rest, updated_at: original.updated_at }, { ...original, os_admin_user: 'root' })
      assert.ok(updated_at >= original.updated_at)

      await world.patch(
        uuid,
        ['replace', 'name', 'short'],
        ['replace', 'tags', ['z']],
        ['remove', 'description'],
      )
      const seen = await world.seen(uuid, handle)
      assert.deepEqual(
        [seen.danube.alias, seen.danube.name, seen.danube.tags, seen.danube.desc, seen.danube.version],
        ['short', handle, ['z'], '', '2'],
      )
      assert.deepEqual(
        [seen.cloud.name, seen.registration.name, seen.manifest.name, seen.manifest.homepage],
        ['short', 'short', 'short', 'https://example.org/'],
      )
    })

    test('deactivated is access 4, whichever face says so', async () => {
      const { uuid, handle } = await created({ name: 'switched' }, 'bytes')
      const states = async () => {
        const seen = await world.seen(uuid, handle)
        const { danube: shown, cloud, manifest, registration, offered } = seen
        return [
          seen.glance.status,
          shown.access,
          cloud.status,
          manifest.state,
          registration !== null,
          offered,
        ]
      }
      const out = ['deactivated', 4, 'deactivated', 'disabled', true, false]
      const back = ['active', 3, 'active', 'active', true, true]
      const switches = {
        glance: (off: boolean) =>
          glance('POST', `/images/${uuid}/actions/${off ? 'deactivate' : 'reactivate'}`, 204),
        danube: (off: boolean) => ok(danube('set', `/image/${handle}`, { access: off ? 4 : 3 })),
        cloud: (off: boolean) =>
          world.cloudAsk(
            'POST',
            `api/openstack/images/${uuid}/${off ? 'deactivate' : 'reactivate'}`,
            undefined,
            200,
          ),
        imgapi: (off: boolean) => imgapi(`/images/${uuid}?action=${off ? 'disable' : 'enable'}`),
      }
      for (const { 0: first, 1: second } of [
        ['glance', 'danube'],
        ['danube', 'glance'],
        ['glance', 'cloud'],
        ['cloud', 'glance'],
        ['glance', 'imgapi'],
        ['imgapi', 'glance'],
      ] as const) {
        await switches[first](true)
        assert.deepEqual(await states(), out, first)
        await glance('GET', `/images/${uuid}/file`, 403)
        await switches[second](false)
        assert.deepEqual(await states(), back, second)
      }
    })

    test('public is access 1; shared and community are as private as private to Danube', async () => {
      const { uuid, handle } = await created({ name: 'opened', visibility: 'private' }, 'bytes')
      const states = async () => {
        const seen = await world.seen(uuid, handle)
        return [seen.glance.visibility, seen.danube.access, seen.cloud.visibility, seen.manifest.public]
      }
      const visibility = (value: string) =>
        glance('PATCH', `/images/${uuid}`, 200, {
          as: 'root',
          json: [{ op: 'replace', path: '/visibility', value }],
          headers: { 'content-type': 'application/openstack-images-v2.1-json-patch' },
        })
      for (const value of ['public', 'community', 'shared', 'private']) {
        await visibility(value)
        const isPublic = value === 'public'
        assert.deepEqual(await states(), [value, isPublic ? 1 : 3, value, isPublic])
      }
      for (const value of ['shared', 'community']) {
        await visibility(value)
        await ok(danube('set', `/image/${handle}`, { access: 3 }))
        assert.deepEqual(await states(), [value, 3, value, false])
      }
      await ok(danube('set', `/image/${handle}`, { access: 1 }))
      assert.deepEqual(await states(), ['public', 1, 'public', true])
      await ok(danube('set', `/image/${handle}`, { access: 3 }))
      assert.deepEqual(await states(), ['private', 3, 'private', false])
      await world.change(uuid, { visibility: 'shared' })
      assert.deepEqual(await states(), ['shared', 3, 'shared', false])
    })

    test('accepted members are attached datacenters', async () => {
      const { uuid, handle } = await created({ name: 'given' }, 'bytes of given')
      const { park } = world.projects
      const members = async () => {
        const { members } = await glance('GET', `/images/${uuid}/members`, 200, { as: 'root' })
        return members.map((one: Facts) => [one.member_id, one.status])
      }
      const inCloud = async () => {
        const path = `staffapi/openstack/images/${uuid}/members`
        const response = await world.cloudAsk('GET', path, undefined, 200, 't-root')
        const { objects } = (await response.json()) as { objects: { status: string }[] }
        return objects.map(({ status }) => status)
      }
      const acl = async () => {
        const headers = world.signature()
        return ((await world.json(`/images/${uuid}`, headers)) as { acl?: string[] }).acl ?? []
      }
      const { uuid: account } = await world.server.catalogue.projects.named(systemActor, 'park')
      await glance('GET', `/images/${uuid}`, 404, { as: 'omar' })

      const all = async () => {
        const { danube: shown } = await world.seen(uuid, handle)
        return [await members(), await inCloud(), shown.dcs, shown.access, await acl()]
      }
      await glance('POST', `/images/${uuid}/members`, 200, { json: { member: park } })
      // Whoever an image is offered to may read it by its id, so the accounts of IMGAPI are members of any status.
      assert.deepEqual(await all(), [[[park, 'pending']], ['pending'], ['acme'], 3, [account]])
      for (const [status, dcs] of [
        ['accepted', ['acme', 'park']],
        ['rejected', ['acme']],
      ] as const) {
        await glance('PUT', `/images/${uuid}/members/${park}`, 200, { as: 'omar', json: { status } })
        assert.deepEqual(await all(), [[[park, status]], [status], dcs, 3, [account]])
      }
      await glance('DELETE', `/images/${uuid}/members/${park}`, 204)
      assert.deepEqual(await all(), [[], [], ['acme'], 3, []])

      await world.patch(uuid, ['replace', 'visibility', 'private'])
      await ok(danube('create', `/dc/park/image/${handle}`))
      const attached = await world.seen(uuid, handle)
      assert.deepEqual([attached.glance.visibility, await members()], ['shared', [[park, 'accepted']]])
      const theirs = await glance('GET', '/images', 200, { as: 'omar' })
      assert.deepEqual(
        theirs.images.map((one: { id: string }) => one.id),
        [uuid],
      )
      assert.equal(await glance('GET', `/images/${uuid}/file`, 200, { as: 'omar' }), 'bytes of given')
      await ok(danube('delete', `/dc/park/image/${handle}`))
      await glance('GET', `/images/${uuid}`, 404, { as: 'omar' })
      assert.deepEqual(await members(), [])
    })

    test('given to another project, it is that project’s in all faces', async () => {
      const { uuid, handle } = await created({ name: 'moved', visibility: 'private' }, 'bytes')
      await glance('PATCH', `/images/${uuid}`, 200, {
        as: 'root',
        json: [{ op: 'replace', path: '/owner', value: world.projects.park }],
        headers: { 'content-type': 'application/openstack-images-v2.1-json-patch' },
      })
      await glance('GET', `/images/${uuid}`, 404)
      await assert.rejects(world.cloud.view(uuid), /404/)
      const { danube: shown } = await world.seen(uuid, handle)
      assert.deepEqual([shown.dcs, shown.dc_bound], [['park'], true])
      const manifest = await world.json(`/images/${uuid}`, world.signature())
      const { uuid: account } = await world.server.catalogue.projects.named(systemActor, 'park')
      assert.equal(manifest?.owner, account)
    })

    test('protected is protected from everybody', async () => {
      const { uuid, handle } = await created({ name: 'kept', protected: true }, 'bytes')
      await glance('DELETE', `/images/${uuid}`, 403)
      const refused = await danube('delete', `/image/${handle}`)
      assert.ok(refused.status >= 400, JSON.stringify(refused.body))
      await assert.rejects(world.cloud.remove(uuid))
      const response = await fetch(`${world.server.url}/images/${uuid}`, {
        method: 'DELETE',
        headers: world.signature(),
      })
      assert.ok(response.status >= 400, `${response.status}`)
      assert.equal((await world.seen(uuid, handle)).glance.status, 'active')
      await world.patch(uuid, ['replace', 'protected', false])
      await ok(danube('delete', `/image/${handle}`))
    })

    test('deleted in one face, gone in all, and its id with it', async () => {
      const gone = async (uuid: string, handle: string) => {
        const { cloud, offered, ...shown } = await world.seen(uuid, handle)
        assert.deepEqual(shown, { danube: null, glance: null, manifest: null, registration: null })
        // The staff of OneCloudPlanet looks at what was.
        assert.deepEqual([cloud.status, offered], ['deleted', false])
        await assert.rejects(world.cloud.view(uuid), /404/)
        await glance('POST', '/images', 409, { json: { id: uuid } })
      }
      const removals = {
        glance: ({ uuid }: { uuid: string }) => glance('DELETE', `/images/${uuid}`, 204),
        danube: ({ handle }: { handle: string }) => ok(danube('delete', `/image/${handle}`)),
        cloud: ({ uuid }: { uuid: string }) => world.cloud.remove(uuid),
        imgapi: async ({ uuid }: { uuid: string }) => {
          const headers = world.signature()
          const { status } = await fetch(`${world.server.url}/images/${uuid}`, { method: 'DELETE', headers })
          assert.equal(status, 204)
        },
      }
      for (const [face, remove] of Object.entries(removals)) {
        const image = await created({ name: `removed by ${face}` }, 'bytes')
        await remove(image)
        await gone(image.uuid, image.handle)
      }
    })
  })
