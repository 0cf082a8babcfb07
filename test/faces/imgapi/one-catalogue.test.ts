import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { danubeFace } from '../../../src/faces/danube/index.ts'
import { onecloudplanet } from '../../../src/faces/onecloudplanet/index.ts'
import { client } from '../../support/onecloudplanet.ts'
import { sha1, startWorld, type World, zeroUuid } from './world.ts'

describe('one image on two wires (one-catalogue.md section 3)', () => {
  let world: World
  let cloud: ReturnType<typeof client>
  before(async () => {
    world = await startWorld({ faces: [onecloudplanet, danubeFace()] })
    await world.location('ua-central-1')
    cloud = client(world.url, await world.token(world.ids.eva))
  })
  after(() => world.close())

  test('uploaded through OneCloudPlanet: served truthfully as a manifest, bytes as stored', async () => {
    const { expect, ask, catalogue } = world
    const uuid = await cloud.upload('Ubuntu 22.04 (LTS)', 'raw', new Blob(['cloud bytes']))
    await catalogue.images.change(systemActor, uuid, () => ({
      visibility: 'public',
      minRam: 512,
      tags: ['web'],
      properties: {
        os_distro: 'ubuntu',
        os_admin_user: 'ubuntu',
        description: 'from the cloud',
        secret: 'kept',
      },
    }))
    const { body } = await expect('GET', `/images/${uuid}`, {}, 200)
    const { published_at, ...manifest } = body
    assert.match(published_at, /\.\d{3}Z$/)
    assert.deepEqual(manifest, {
      v: 2,
      uuid,
      owner: zeroUuid,
      name: 'Ubuntu 22.04 -LTS-',
      version: '1.0',
      state: 'active',
      disabled: false,
      public: true,
      type: 'other',
      os: 'linux',
      files: [{ sha1: sha1('cloud bytes'), size: 11, compression: 'none' }],
      description: 'from the cloud',
      requirements: { min_ram: 512 },
      users: [{ name: 'ubuntu' }],
      tags: { erigones: ['web'] },
    })
    assert.equal((await ask('GET', `/images/${uuid}/file`)).text, 'cloud bytes')

    // Written here, and what this wire cannot show is untouched.
    const json = { description: 'from here', tags: { erigones: ['db'], role: 'os' }, os: 'bsd' }
    await expect('POST', `/images/${uuid}?action=update`, { as: 'eva', json }, 200)
    const image = await catalogue.images.view(systemActor, uuid)
    assert.deepEqual(
      [image.name, image.tags, image.properties],
      [
        'Ubuntu 22.04 (LTS)',
        ['db'],
        {
          os_distro: 'ubuntu',
          os_admin_user: 'ubuntu',
          description: 'from here',
          secret: 'kept',
          os_type: 'bsd',
        },
      ],
    )
    assert.equal((await ask('GET', `/images/${uuid}`)).body.os, 'bsd')
  })

  test('what is shown, and sent back as it was shown, changes nothing', async () => {
    const { expect, catalogue } = world
    const uuid = await cloud.upload('Čeština (příklad)', 'raw', new Blob(['bytes of a round trip']))
    await catalogue.images.change(systemActor, uuid, () => ({
      tags: ['b'],
      minRam: 256,
      properties: {
        os_distro: 'debian',
        os_admin_user: 'debian',
        description: `${'long '.repeat(2500)}end`,
        free: 'x',
      },
    }))
    const before = await catalogue.images.view(systemActor, uuid)
    const path = `/images/${uuid}`
    const { body } = await expect('GET', path, { as: 'eva' }, 200)
    assert.equal(body.name, '-e-tina -p--klad-')
    const { name, version, owner, description, os, requirements, users, tags } = body
    const shown = { name, version, owner, description, os, requirements, users, tags, public: body.public }
    const same = await expect('POST', `${path}?action=update`, { as: 'eva', json: shown }, 200)
    assert.deepEqual(same.body, body)
    const facts = async () => {
      const image = await catalogue.images.view(systemActor, uuid)
      return [image.name, image.version, image.ownerId, image.minRam, image.tags, image.properties]
    }
    const untouched = [
      before.name,
      before.version,
      before.ownerId,
      before.minRam,
      before.tags,
      before.properties,
    ]
    assert.deepEqual(await facts(), untouched)
    // Together with something new, too.
    const json = { ...shown, name: 'renamed' }
    await expect('POST', `${path}?action=update`, { as: 'eva', json }, 200)
    assert.deepEqual(await facts(), ['renamed', ...untouched.slice(1)])
  })

  test('what is changed elsewhere is not what the manifest once said', async () => {
    const { publish, expect, catalogue } = world
    const facts = {
      requirements: { min_ram: 512, ssh_key: true },
      users: [{ name: 'root' }, { name: 'guest' }],
    }
    const { uuid } = await publish('eva', facts)
    const shown = async () => {
      const { body } = await expect('GET', `/images/${uuid}`, { as: 'eva' }, 200)
      const listed = await world.ask('GET', `/images?os=${body.os}`, { as: 'eva' })
      assert.ok(listed.text.includes(uuid))
      return [body.os, body.requirements, body.users]
    }
    type Change = Parameters<typeof catalogue.images.change>[2]
    const change = (facts: ReturnType<Change>) => catalogue.images.change(systemActor, uuid, () => facts)
    assert.deepEqual(await shown(), ['linux', facts.requirements, facts.users])
    await change({ properties: { os_distro: 'ubuntu', os_type: 'linux', os_admin_user: 'root' } })
    assert.deepEqual(await shown(), ['linux', facts.requirements, facts.users])
    await change({ properties: { os_distro: 'windows', os_admin_user: 'Administrator' } })
    assert.deepEqual(await shown(), ['windows', facts.requirements, [{ name: 'Administrator' }]])
    await change({ minRam: 1024, properties: { os_distro: 'freebsd' } })
    assert.deepEqual(await shown(), ['bsd', { min_ram: 1024, ssh_key: true }, undefined])
    await change({ minRam: 0 })
    assert.deepEqual(await shown(), ['bsd', { ssh_key: true }, undefined])
  })

  test('published here, used there; taken out of use there, disabled here; deleted here, gone there', async () => {
    const { publish, expect, url } = world
    const { uuid } = await publish('eva', { name: 'here', requirements: { min_ram: 256 } }, 'bytes from here')
    const seen = await cloud.view(uuid)
    assert.deepEqual([seen.name, seen.status, seen.size], ['here', 'active', 15])
    assert.equal((await cloud.download(uuid)).toString(), 'bytes from here')
    const deactivate = `${url}/backend/api/openstack/images/${uuid}/deactivate`
    assert.equal((await fetch(deactivate, { method: 'POST', headers: cloud.headers })).status, 200)
    assert.equal((await expect('GET', `/images/${uuid}`, { as: 'eva' }, 200)).body.state, 'disabled')
    await expect('POST', `/images/${uuid}?action=enable`, { as: 'eva' }, 200)
    assert.equal((await cloud.view(uuid)).status, 'active')
    await expect('DELETE', `/images/${uuid}`, { as: 'eva' }, 204)
    assert.equal((await fetch(`${cloud.images}/${uuid}`, { headers: cloud.headers })).status, 404)
  })

  test('an image on its way is not listed, and seen by its own as being created', async () => {
    const { image, expect, ask, core } = world
    const { uuid } = await image({ name: 'coming' })
    await core.database.db.updateTable('images').set({ status: 'saving' }).where('uuid', '=', uuid).execute()
    assert.equal((await expect('GET', `/images/${uuid}`, { as: 'eva' }, 200)).body.state, 'creating')
    const { body } = await ask('GET', '/images?state=creating', { as: 'eva' })
    assert.deepEqual(
      body.map((manifest: { uuid: string }) => manifest.uuid),
      [uuid],
    )
    await expect(
      'PUT',
      `/images/${uuid}/file?compression=none`,
      { as: 'eva', body: 'x' },
      422,
      'ImageFilesImmutable',
    )
  })

  test('every state and every visibility of the catalogue has its one here', async () => {
    const { image, expect, ask, core, catalogue } = world
    type Row = [status: string, state: string | null, lists: readonly string[], everybody: number]
    const rows: readonly Row[] = [
      ['queued', 'unactivated', ['unactivated', 'all'], 404],
      ['external', 'unactivated', [], 404],
      ['uploading', 'creating', ['creating', 'all'], 404],
      ['saving', 'creating', ['creating', 'all'], 404],
      ['importing', 'creating', ['creating', 'all'], 404],
      ['active', 'active', ['active', 'all'], 200],
      ['deactivated', 'disabled', ['disabled', 'all'], 200],
      ['killed', 'failed', ['failed', 'all'], 404],
      ['pending_delete', 'disabled', [], 404],
      ['deleted', null, [], 404],
    ]
    for (const [status, state, lists, everybody] of rows) {
      const external = status === 'external'
      const bytes = ['active', 'deactivated', 'pending_delete', 'deleted'].includes(status)
        ? status
        : undefined
      const { uuid } = await image({ name: `state-${status}`, visibility: 'public', external }, bytes)
      if (status === 'deleted') await catalogue.images.remove(systemActor, uuid)
      else if (!external)
        await core.database.db
          .updateTable('images')
          .set({ status: status as 'active' })
          .where('uuid', '=', uuid)
          .execute()
      const own = await ask('GET', `/images/${uuid}`, { as: 'eva' })
      assert.deepEqual([status, own.body.state ?? null], [status, state])
      for (const as of ['eva', 'boss'] as const) {
        const found: string[] = []
        for (const list of ['active', 'unactivated', 'disabled', 'creating', 'failed', 'all'])
          if ((await ask('GET', `/images?state=${list}`, { as })).text.includes(uuid)) found.push(list)
        assert.deepEqual([status, as, found.sort()], [status, as, lists.toSorted()])
      }
      assert.equal((await ask('GET', `/images/${uuid}`)).status, everybody, status)
      const listed = (await ask('GET', '/images')).text.includes(uuid)
      assert.equal(listed, status === 'active', status)
    }
    const { acme, other } = world.accounts
    for (const [visibility, isPublic, everybody] of [
      ['public', true, 200],
      ['private', false, 404],
      ['shared', false, 404],
      ['community', false, 404],
    ] as const) {
      const { uuid } = await image({ name: visibility, visibility }, visibility)
      if (visibility === 'shared') await catalogue.acls.add(systemActor, uuid, [other])
      const { body } = await expect('GET', `/images/${uuid}`, { as: 'eva' }, 200)
      assert.deepEqual(
        [visibility, body.public, body.acl, body.owner],
        [visibility, isPublic, visibility === 'shared' ? [other] : undefined, acme],
      )
      assert.equal((await ask('GET', `/images/${uuid}`)).status, everybody, visibility)
      assert.equal((await ask('GET', '/images')).text.includes(uuid), isPublic, visibility)
    }
  })

  test('what Danube made of a snapshot, and writes, is the manifest of danube.md 1.13', async () => {
    const { image, expect, catalogue, ids } = world
    const bytes = 'bytes of a snapshot'
    const facts = {
      name: 'Web 01',
      version: '1.1',
      tags: ['web'],
      resize: true,
      deploy: false,
      minRam: 512,
      properties: { description: 'Before the upgrade' },
      manifest: {
        ...{ v: 2, type: 'zvol', os: 'linux', image_size: 10_240, requirements: { ssh_key: true } },
        tags: { role: 'os' },
      },
    }
    const { uuid, handle } = await image({ ...facts, visibility: 'public' }, bytes)
    const { body, text } = await expect('GET', `/images/${uuid}`, {}, 200)
    assert.match(body.published_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    const manifest = {
      v: 2,
      uuid,
      owner: zeroUuid,
      name: 'Web 01',
      version: '1.1',
      state: 'active',
      disabled: false,
      public: true,
      published_at: body.published_at,
      type: 'zvol',
      os: 'linux',
      files: [{ sha1: sha1(bytes), size: 19, compression: 'none' }],
      description: 'Before the upgrade',
      requirements: { ssh_key: true, min_ram: 512 },
      nic_driver: 'virtio',
      disk_driver: 'virtio',
      cpu_type: 'qemu64',
      image_size: 10_240,
      tags: { erigones: ['web'], resize: true, deploy: false, internal: false, role: 'os' },
    }
    assert.equal(text, JSON.stringify(manifest, null, 2))
    // What Danube changes is written back, beside tags that it knows nothing of.
    const { text: token } = await catalogue.loginTokens.open({ ...systemActor, userId: ids.boss }, 600)
    const json = { alias: 'Web02', version: '1.2', desc: '', resize: false, deploy: true, tags: ['db'] }
    const headers = { authorization: `Token ${token}` }
    const path = `/api/image/${handle}/`
    assert.equal((await world.ask('PUT', path, { json, headers })).status, 201)
    for (let i = 0; i < 200 && (await world.ask('GET', path, { headers })).body.result.status !== 1; i++)
      await new Promise((resolve) => setTimeout(resolve, 20))
    const { description: _none, ...rest } = manifest
    assert.deepEqual((await expect('GET', `/images/${uuid}`, {}, 200)).body, {
      ...rest,
      name: 'Web02',
      version: '1.2',
      tags: { erigones: ['db'], resize: false, deploy: true, internal: false, role: 'os' },
    })
    // And what is written here Danube shows.
    const written = { name: 'Web03', public: false, tags: { erigones: ['x'], resize: true, role: 'db' } }
    await expect('POST', `/images/${uuid}?action=update`, { as: 'boss', json: written }, 200)
    const { result } = (await world.ask('GET', path, { headers })).body
    assert.deepEqual(
      [result.alias, result.access, result.tags, result.resize, result.deploy, result.status],
      ['Web03', 3, ['x'], true, false, 1],
    )
    for (const [action, access] of [
      ['disable', 4],
      ['enable', 3],
    ] as const) {
      await expect('POST', `/images/${uuid}?action=${action}`, { as: 'boss' }, 200)
      assert.equal((await world.ask('GET', path, { headers })).body.result.access, access)
    }
  })

  test("Danube's access is what is public here, and what is disabled", async () => {
    const { publish, expect, catalogue, ids } = world
    const { uuid } = await publish('boss', {
      name: 'debian-12',
      version: '12.4',
      type: 'zvol',
      os: 'linux',
      image_size: 10_240,
      cpu_type: 'host',
      nic_driver: 'virtio',
      disk_driver: 'virtio',
      tags: { erigones: ['web'], resize: true },
    })
    const { text } = await catalogue.loginTokens.open({ ...systemActor, userId: ids.boss }, 600)
    const { handle } = await catalogue.images.view(systemActor, uuid)
    const danube = (method: string, json?: object) =>
      world.ask(method, `/api/image/${handle}/`, { json, headers: { authorization: `Token ${text}` } })
    const { result } = (await danube('GET')).body
    assert.deepEqual(
      [result.alias, result.version, result.access, result.ostype, result.size, result.resize, result.tags],
      ['debian-12', '12.4', 3, 1, 10_240, true, ['web']],
    )
    const becomes = async (access: number, state: string, isPublic: boolean) => {
      assert.equal((await danube('PUT', { access })).status, 201)
      for (let i = 0; i < 200 && (await danube('GET')).body.result.status !== 1; i++)
        await new Promise((resolve) => setTimeout(resolve, 20))
      const { body } = await expect('GET', `/images/${uuid}`, { as: 'boss' }, 200)
      assert.deepEqual([body.state, body.public], [state, isPublic])
    }
    await becomes(1, 'active', true)
    assert.equal((await world.ask('GET', '/images')).text.includes(uuid), true)
    await becomes(4, 'disabled', true)
    assert.equal((await world.ask('GET', '/images')).text.includes(uuid), false)
    await expect('GET', `/images/${uuid}`, {}, 200)
    await becomes(3, 'active', false)
    await expect('GET', `/images/${uuid}`, {}, 404, 'ResourceNotFound')
  })
})
