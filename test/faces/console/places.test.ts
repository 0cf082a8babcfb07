import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { WireError } from '../../../src/faces/console/wire.ts'
import type {
  WireArchitectureDetail,
  WireArchitectureList,
  WireComputeResourceDetail,
  WireComputeResourceList,
  WireOperatingSystem,
  WireOperatingSystemList,
  WirePlaceList,
  WireTemplate,
  WireTemplateList,
} from '../../../src/faces/console/wire-places.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { type Answer, type Api, type Call, noise, refused, startApi } from './api.ts'

forEachDatabase((_engine, _open, freshUrl) => {
  let api: Api
  let admin: Call
  let owner: Call
  let member: Call
  let reader: Call
  let stranger: Call

  before(async () => {
    api = await startApi({ databaseUrl: await freshUrl() })
    admin = api.admin
    // PostgreSQL numbers compute resources behind those that were entered with a number.
    await admin('POST', '/apply?file=site.yaml', 'computeResources: [{ id: 2, name: first, provider: EC2 }]')
    await admin('DELETE', '/compute-resources/2')
    await api.server.project(70, 'acme')
    await api.server.project(80, 'other')
    await api.server.location('kyiv')
    owner = await api.user({ username: 'olha', roles: { 70: 'owner' } })
    member = await api.user({ username: 'mykola', roles: { 70: 'member' } })
    reader = await api.user({ username: 'roman', roles: { 70: 'reader' } })
    stranger = await api.user({ username: 'stranger' })
  })
  after(() => api.close())

  /** What is wrong, field by field. */
  function fieldsOf(answer: Answer): unknown {
    const { error } = answer.body as WireError
    assert.deepEqual([answer.status, error.code], [400, 'invalid'], error.message)
    return error.detail.fields
  }

  async function made<T>(path: string, draft: object, call = admin): Promise<T> {
    const answer = await call('POST', path, draft)
    assert.equal(answer.status, 201, JSON.stringify(answer.body))
    return answer.body as T
  }

  async function found<T>(call: Call, path: string): Promise<T> {
    const answer = await call('GET', path)
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    return answer.body as T
  }

  const kvm = (name: string, more: object = {}) => ({
    name,
    provider: 'Libvirt',
    url: 'qemu+ssh://host/system',
    projectIds: [70],
    ...more,
  })

  describe('compute resources', () => {
    test('are made, shown, changed and deleted by administrators; a password is written and never told', async () => {
      const draft = kvm('kvm1', {
        username: 'root',
        password: 'top secret',
        description: 'first floor',
        attributes: { display_type: 'spice' },
      })
      const one = await made<WireComputeResourceDetail>('/compute-resources', draft)
      const { id, createdAt, updatedAt, ...facts } = one
      assert.deepEqual(facts, {
        name: 'kvm1',
        provider: 'Libvirt',
        url: 'qemu+ssh://host/system',
        description: 'first floor',
        username: 'root',
        hasPassword: true,
        attributes: { display_type: 'spice', set_console_password: true },
        projects: [{ id: 70, name: 'acme', title: 'acme' }],
        // The only one there is.
        locations: [{ id: 1, name: 'kyiv', title: 'kyiv' }],
        allowed: [
          'manage-directory',
          'compute-resource.update',
          'registration.view',
          'registration.create',
          'registration.update',
          'registration.delete',
        ],
      })
      assert.equal(createdAt, updatedAt)
      const path = `/compute-resources/${id}`
      assert.deepEqual(await found(admin, path), one)
      const changed = await admin('PATCH', path, {
        description: null,
        password: null,
        locationIds: [],
        projectIds: [70, 80],
        attributes: { set_console_password: false },
      })
      const after = changed.body as WireComputeResourceDetail
      assert.deepEqual(
        [after.description, after.hasPassword, after.locations, after.projects.map(({ id }) => id)],
        [null, false, [], [70, 80]],
      )
      assert.deepEqual(after.attributes, { display_type: 'spice', set_console_password: false })
      assert.equal((await admin('DELETE', path)).status, 204)
      refused(await admin('GET', path), 404, 'not-found')
      const history = await api.server.catalogue.audit.history('compute resource', String(id), { limit: 9 })
      assert.deepEqual(
        history.map(({ action, username, face }) => [action, username, face]),
        ['delete', 'update', 'create'].map((action) => [action, 'root', 'console']),
      )
      assert.ok(!JSON.stringify([one, after, history]).includes('secret'))
    })

    test('are searched, filtered, sorted and paged', async () => {
      for (const [name, provider, description] of [
        ['Alpha 100%', 'EC2', 'in Frankfurt'],
        ['beta', 'GCE', null],
        ['gamma', 'EC2', null],
      ])
        await made('/compute-resources', { name, provider, description })
      const names = async (query: string) => {
        const list = await found<WireComputeResourceList>(admin, `/compute-resources?${query}`)
        return [list.total, ...list.computeResources.map(({ name }) => name)]
      }
      assert.deepEqual(await names('sort=name'), [4, 'Alpha 100%', 'beta', 'catalogue', 'gamma'])
      assert.deepEqual(await names('sort=-name&limit=2'), [4, 'gamma', 'catalogue'])
      assert.deepEqual(await names('limit=2&offset=3'), [4, 'gamma'])
      assert.deepEqual(await names('sort=-provider&limit=2'), [4, 'beta', 'gamma'])
      assert.deepEqual(await names('provider=EC2'), [2, 'Alpha 100%', 'gamma'])
      assert.deepEqual(await names('search=EC2'), [2, 'Alpha 100%', 'gamma'])
      assert.deepEqual(await names('search=FRANK'), [1, 'Alpha 100%'])
      assert.deepEqual(await names('search=0%25'), [1, 'Alpha 100%'])
      assert.deepEqual(await names('search=alpha&provider=GCE'), [0])
    })

    test('every mistake is told at its field', async () => {
      await made('/compute-resources', kvm('taken'))
      const create = (draft: object) => admin('POST', '/compute-resources', draft)
      assert.deepEqual(fieldsOf(await create({ provider: 'Libvirt' })), {
        name: ["can't be blank"],
        url: ['is invalid', "can't be blank"],
      })
      const long = 'x'.repeat(256)
      const tooLong = ['is too long (maximum is 255 characters)']
      assert.deepEqual(
        fieldsOf(
          await create(kvm('taken', { username: long, password: long, attributes: { display_type: long } })),
        ),
        {
          name: ['has already been taken'],
          username: tooLong,
          password: tooLong,
          display_type: tooLong,
        },
      )
      refused(await create({ name: 'x', provider: 'Xen' }), 400, 'invalid', 'provider')
      refused(await create({ name: 'x' }), 400, 'invalid', 'provider-missing')
      refused(await create(kvm('x', { projectIds: [4711] })), 400, 'invalid', 'association')
      assert.deepEqual(fieldsOf(await create(kvm('x', { colour: 'red' }))), {
        colour: ['is not a known key'],
      })
      for (const bad of [{ attributes: { colour: 'red' } }, { projectIds: ['70'] }, { name: 7 }])
        refused(await create(kvm('x', bad)), 400, 'invalid')
      for (const query of ['sort=url', 'limit=101', 'limit=0', 'offset=-1', 'provider=Xen', 'x=1'])
        refused(await admin('GET', `/compute-resources?${query}`), 400, 'invalid')
      for (const id of ['0', 'catalogue', '1e3', '99999999999999999999'])
        refused(await admin('GET', `/compute-resources/${id}`), 404, 'not-found')
    })

    test('who manages a project changes how its resources are called, never where they are', async () => {
      const { id } = await made<WireComputeResourceDetail>('/compute-resources', kvm('managed'))
      const hidden = await made<WireComputeResourceDetail>(
        '/compute-resources',
        kvm('hidden', { projectIds: [80] }),
      )
      const path = `/compute-resources/${id}`
      const allowedTo = async (call: Call, path: string) =>
        (await found<WireComputeResourceDetail>(call, path)).allowed
      const writing = ['registration.create', 'registration.update', 'registration.delete']
      assert.deepEqual(await allowedTo(owner, path), [
        'compute-resource.update',
        'registration.view',
        ...writing,
      ])
      assert.deepEqual(await allowedTo(member, path), ['registration.view', ...writing])
      assert.deepEqual(await allowedTo(reader, path), ['registration.view'])
      assert.deepEqual(await allowedTo(owner, '/compute-resources/1'), ['registration.view', ...writing])
      const renamed = await owner('PATCH', path, {
        name: 'renamed',
        attributes: { display_type: 'spice' },
      })
      assert.equal((renamed.body as WireComputeResourceDetail).name, 'renamed')
      for (const patch of [{ url: 'qemu:///system' }, { password: 'x' }, { projectIds: [70, 80] }])
        refused(await owner('PATCH', path, patch), 403, 'forbidden', 'connection')
      refused(await member('PATCH', path, { name: 'x' }), 403, 'forbidden', 'permission')
      refused(await owner('DELETE', path), 403, 'forbidden', 'permission')
      refused(await owner('POST', '/compute-resources', kvm('x')), 403, 'forbidden', 'permission')
      refused(await owner('GET', `/compute-resources/${hidden.id}`), 404, 'not-found')
      const seen = await found<WireComputeResourceList>(reader, '/compute-resources?search=hidden')
      assert.deepEqual(seen, { computeResources: [], total: 0 })
      refused(await stranger('GET', '/compute-resources'), 403, 'forbidden', 'permission')
      refused(await api.as(null)('GET', '/compute-resources'), 401, 'unauthenticated', 'missing')
    })

    test('the catalogue stays as it is, and what has instances stays', async () => {
      const catalogue = await found<WireComputeResourceDetail>(admin, '/compute-resources/1')
      assert.ok(!catalogue.allowed.includes('manage-directory'))
      refused(await admin('PATCH', '/compute-resources/1', { name: 'x' }), 409, 'conflict', 'built-in')
      refused(await admin('DELETE', '/compute-resources/1'), 409, 'conflict', 'built-in')
      await admin(
        'POST',
        '/apply?file=site.yaml',
        `computeResources: [{ name: busy, provider: EC2 }]
nodes: [{ hostname: node01 }]
instances: [{ hostname: web01, project: acme, computeResource: busy, node: node01, status: running }]
`,
      )
      const { computeResources } = await found<WireComputeResourceList>(
        admin,
        '/compute-resources?search=busy',
      )
      const answer = await admin('DELETE', `/compute-resources/${computeResources[0]!.id}`)
      assert.equal(refused(answer, 409, 'conflict', 'in-use'), 'busy is used by web01')
    })
  })

  describe('operating systems and architectures', () => {
    test('are made, changed, put together and deleted', async () => {
      const arm = await made<WireArchitectureDetail>('/architectures', { name: 'aarch64' })
      const system = await made<WireOperatingSystem>('/operating-systems', {
        name: 'debian',
        major: '12',
        releaseName: 'Bookworm',
        architectureIds: [arm.id],
      })
      const { id, createdAt: _created, updatedAt: _updated, ...facts } = system
      assert.deepEqual(facts, {
        name: 'debian',
        major: '12',
        minor: '',
        description: null,
        family: 'Debian',
        releaseName: 'bookworm',
        passwordHash: 'SHA512',
        title: 'debian 12',
        architectures: [{ id: arm.id, name: 'aarch64' }],
      })
      const path = `/operating-systems/${id}`
      assert.deepEqual(await found(reader, path), system)
      const seen = await found<WireArchitectureDetail>(reader, `/architectures/${arm.id}`)
      assert.deepEqual(seen.operatingSystems, [{ id, title: 'debian 12' }])
      const changed = await admin('PATCH', path, { minor: '4', description: 'Debian GNU/Linux 12.4' })
      assert.equal((changed.body as WireOperatingSystem).title, 'Debian GNU/Linux 12.4')
      const apart = await admin('PATCH', `/architectures/${arm.id}`, {
        name: 'arm64',
        operatingSystemIds: [],
      })
      const { name, operatingSystems } = apart.body as WireArchitectureDetail
      assert.deepEqual([name, operatingSystems], ['arm64', []])
      for (const one of [path, `/architectures/${arm.id}`]) {
        assert.equal((await admin('DELETE', one)).status, 204)
        refused(await admin('GET', one), 404, 'not-found')
      }
    })

    test('are searched, filtered, sorted and paged', async () => {
      const ids: number[] = []
      for (const name of ['Armv7', 'riscv64'])
        ids.push((await made<WireArchitectureDetail>('/architectures', { name })).id)
      for (const [name, major, more] of [
        ['Ubuntu', '24.04', { releaseName: 'noble', architectureIds: ids }],
        ['centos', '7', { architectureIds: ids.slice(0, 1) }],
        ['windows', '2022', {}],
      ] as const)
        await made('/operating-systems', { name, major, ...more })
      const systems = async (query: string) => {
        const list = await found<WireOperatingSystemList>(reader, `/operating-systems?${query}`)
        return [list.total, ...list.operatingSystems.map(({ title }) => title)]
      }
      assert.deepEqual(await systems(''), [3, 'centos 7', 'Ubuntu 24.04', 'windows 2022'])
      assert.deepEqual(await systems('sort=-title&limit=1&offset=1'), [3, 'Ubuntu 24.04'])
      assert.deepEqual(await systems('search=24.0'), [1, 'Ubuntu 24.04'])
      assert.deepEqual(await systems('search=redhat'), [1, 'centos 7'])
      assert.deepEqual(await systems('family=Windows'), [1, 'windows 2022'])
      assert.deepEqual(await systems(`architecture=${ids[0]}`), [2, 'centos 7', 'Ubuntu 24.04'])
      assert.deepEqual(await systems('sort=family'), [3, 'Ubuntu 24.04', 'centos 7', 'windows 2022'])
      const { operatingSystems } = await found<WireOperatingSystemList>(reader, '/operating-systems')
      assert.deepEqual(
        operatingSystems.map(({ architectures }) => architectures.map(({ name }) => name)),
        [['Armv7'], ['Armv7', 'riscv64'], []],
      )
      const archs = async (query: string) => {
        const list = await found<WireArchitectureList>(reader, `/architectures?${query}`)
        return [list.total, ...list.architectures.map(({ name, operatingSystems: n }) => `${name} ${n}`)]
      }
      assert.deepEqual(await archs(''), [2, 'Armv7 2', 'riscv64 1'])
      assert.deepEqual(await archs('sort=-name&limit=1'), [2, 'riscv64 1'])
      assert.deepEqual(await archs('search=ARM'), [1, 'Armv7 2'])
      assert.deepEqual(await archs(`operatingSystem=${operatingSystems[0]!.id}`), [1, 'Armv7 2'])
    })

    test('every mistake is told at its field, and only administrators write', async () => {
      const system = (draft: object) => admin('POST', '/operating-systems', draft)
      assert.deepEqual(fieldsOf(await system({})), {
        name: ["can't be blank"],
        major: ['is not a number', 'Operating System version is required'],
      })
      const wrong = fieldsOf(await system({ name: 'a b', major: '1', minor: 'x', family: 'Beos' }))
      assert.deepEqual(Object.keys(wrong as object), ['name', 'minor', 'family'])
      assert.deepEqual(fieldsOf(await system({ name: 'debian', major: '11' })), {
        releaseName: ["can't be blank"],
      })
      assert.deepEqual(fieldsOf(await system({ name: 'other', major: '1', description: 'centos 7' })), {
        description: ['has already been taken'],
      })
      const architecture = (draft: object) => admin('POST', '/architectures', draft)
      assert.deepEqual(fieldsOf(await architecture({ name: ' ' })), { name: ["can't be blank"] })
      assert.deepEqual(fieldsOf(await architecture({ name: 'a b' })), { name: ["can't contain spaces."] })
      refused(await architecture({ name: 'x', operatingSystemIds: [4711] }), 400, 'invalid', 'association')
      for (const path of ['/operating-systems', '/architectures']) {
        refused(await owner('POST', path, { name: 'x' }), 403, 'forbidden', 'permission')
        refused(await owner('PATCH', `${path}/1`, { name: 'x' }), 403, 'forbidden', 'permission')
        refused(await owner('DELETE', `${path}/1`), 403, 'forbidden', 'permission')
        refused(await stranger('GET', path), 403, 'forbidden', 'permission')
        refused(await admin('GET', `${path}/4711`), 404, 'not-found')
        refused(await admin('GET', `${path}?sort=id`), 400, 'invalid')
      }
    })
  })

  describe('registrations', () => {
    let system: WireOperatingSystem
    let architecture: WireArchitectureDetail
    let resource: WireComputeResourceDetail
    before(async () => {
      system = await made('/operating-systems', { name: 'alpine', major: '3' })
      architecture = await made('/architectures', { name: 's390x' })
      resource = await made('/compute-resources', kvm('templates'))
    })

    const template = (name: string, more: object = {}) => ({
      name,
      uuid: `template-of-${name}`,
      username: 'root',
      operatingSystemId: system.id,
      architectureId: architecture.id,
      ...more,
    })

    test('a template is registered, changed and un-registered; its password is never told', async () => {
      const path = `/compute-resources/${resource.id}/registrations`
      const one = await made<WireTemplate>(path, template('web', { password: 'top secret' }), member)
      const { id, createdAt: _created, updatedAt: _updated, ...facts } = one
      assert.deepEqual(facts, {
        name: 'web',
        username: 'root',
        computeResource: { id: resource.id, name: 'templates', provider: 'Libvirt' },
        operatingSystem: { id: system.id, title: 'alpine 3' },
        architecture: { id: architecture.id, name: 's390x' },
        automatic: false,
        uuid: 'template-of-web',
        hasPassword: true,
        userData: false,
        iamRole: null,
        hasImage: false,
        allowed: ['registration.update', 'registration.delete'],
      })
      assert.deepEqual(await found(member, `${path}/${id}`), one)
      const changed = await member('PATCH', `${path}/${id}`, {
        username: 'alpine',
        password: null,
        userData: true,
      })
      const after = changed.body as WireTemplate
      assert.deepEqual([after.username, after.hasPassword, after.userData], ['alpine', false, true])
      assert.deepEqual((await found<WireTemplate>(reader, `${path}/${id}`)).allowed, [])
      refused(await reader('PATCH', `${path}/${id}`, { name: 'x' }), 403, 'forbidden', 'permission')
      refused(await reader('DELETE', `${path}/${id}`), 403, 'forbidden', 'permission')
      refused(await reader('POST', path, template('x')), 403, 'forbidden', 'permission')
      const gone = await member('DELETE', `${path}/${id}`)
      assert.deepEqual([gone.status, gone.body], [204, ''])
      refused(await member('GET', `${path}/${id}`), 404, 'not-found')
      const history = await api.server.catalogue.audit.history('registration', String(id), { limit: 9 })
      assert.deepEqual(
        history.map(({ action, username }) => [action, username]),
        ['delete', 'update', 'create'].map((action) => [action, 'mykola']),
      )
      assert.ok(!JSON.stringify([one, after, history]).includes('secret'))
    })

    test('are searched, sorted and paged below each of their parents', async () => {
      const path = `/compute-resources/${resource.id}/registrations`
      for (const [name, username] of [
        ['a-mail', 'root'],
        ['b-mail', 'admin'],
        ['c-web', 'root'],
      ])
        await made(path, template(name!, { username }))
      const names = async (parent: string, query = '') => {
        const list = await found<WireTemplateList>(reader, `${parent}/registrations?${query}`)
        return [list.total, ...list.registrations.map(({ name }) => name)]
      }
      const resourcePath = `/compute-resources/${resource.id}`
      for (const parent of [
        resourcePath,
        `/operating-systems/${system.id}`,
        `/architectures/${architecture.id}`,
      ]) {
        assert.deepEqual(await names(parent), [3, 'a-mail', 'b-mail', 'c-web'])
        assert.deepEqual(await names(parent, 'sort=-name&limit=1&offset=1'), [3, 'b-mail'])
        assert.deepEqual(await names(parent, 'sort=username&limit=1'), [3, 'b-mail'])
        assert.deepEqual(await names(parent, 'search=MAIL'), [2, 'a-mail', 'b-mail'])
        assert.deepEqual(await names(parent, 'search=adm'), [1, 'b-mail'])
        assert.deepEqual(await names(parent, `computeResource=${resource.id}&operatingSystem=4711`), [0])
      }
      refused(await stranger('GET', `${resourcePath}/registrations`), 403, 'forbidden', 'permission')
      refused(await admin('GET', '/operating-systems/4711/registrations'), 404, 'not-found')
      refused(await admin('GET', `${resourcePath}/registrations?sort=id`), 400, 'invalid')
    })

    test('every mistake is told at its field', async () => {
      const path = `/compute-resources/${resource.id}/registrations`
      assert.deepEqual(fieldsOf(await member('POST', path, {})), {
        username: ["can't be blank"],
        operatingSystemId: ["can't be blank"],
        architectureId: ["can't be blank"],
        name: ["can't be blank"],
        uuid: ["can't be blank"],
      })
      await made(path, template('twin'))
      const twin = template('twin', { operatingSystemId: system.id, uuid: 'template-of-twin' })
      assert.deepEqual(fieldsOf(await member('POST', path, twin)), {
        name: ['has already been taken'],
        uuid: ['has already been taken'],
      })
      const lost = template('lost', { operatingSystemId: 4711, architectureId: 4711 })
      assert.deepEqual(fieldsOf(await member('POST', path, lost)), {
        operatingSystemId: ['does not exist'],
        architectureId: ['does not exist'],
      })
      assert.deepEqual(fieldsOf(await member('POST', path, { ...template('x'), computeResourceId: 1 })), {
        computeResourceId: ['is not a known key'],
      })
    })

    test('on the catalogue a registration is the image: who may change the image may change it', async () => {
      const draft = { diskFormat: 'raw', containerFormat: 'bare', properties: { os_distro: 'plan9' } }
      const image = await made<{ uuid: string }>('/images', {
        ...draft,
        name: 'golden',
        project: 'acme',
        visibility: 'public',
      })
      const sent = await admin('PUT', `/images/${image.uuid}/file`, noise(1000))
      assert.equal(sent.status, 200, JSON.stringify(sent.body))
      const path = '/compute-resources/1/registrations'
      const other = await api.user({ username: 'olena', roles: { 80: 'member' } })
      const seenBy = async (call: Call) =>
        (await found<WireTemplateList>(call, `${path}?search=golden`)).registrations[0]!
      const own = await seenBy(member)
      assert.deepEqual(
        [own.automatic, own.uuid, own.hasImage, own.allowed],
        [true, image.uuid, true, ['registration.update', 'registration.delete']],
      )
      const foreign = await seenBy(other)
      assert.deepEqual([foreign.id, foreign.hasImage, foreign.allowed], [own.id, true, []])
      refused(await other('PATCH', `${path}/${own.id}`, { name: 'stolen' }), 403, 'forbidden', 'owner')
      const renamed = await member('PATCH', `${path}/${own.id}`, { name: 'golden two' })
      assert.equal((renamed.body as WireTemplate).name, 'golden two')
      const shown = await found<{ name: string }>(member, `/images/${image.uuid}`)
      assert.equal(shown.name, 'golden two')

      // An operating system that an image says it has stays.
      const systemPath = `/operating-systems/${own.operatingSystem.id}`
      const kept = refused(await admin('DELETE', systemPath), 409, 'conflict', 'in-use')
      assert.equal(kept, 'plan9 is used by golden two')

      assert.equal((await member('DELETE', `${path}/${own.id}`)).status, 204)
      assert.equal((await found<{ status: string }>(member, `/images/${image.uuid}`)).status, 'active')
      const missing = template('x', { uuid: '9d1c0f4e-0000-4000-8000-000000000000' })
      assert.deepEqual(fieldsOf(await member('POST', path, missing)), {
        uuid: ['could not be found in catalogue'],
      })
      const again = await made<WireTemplate>(path, template('again', { uuid: image.uuid }), member)
      assert.deepEqual([again.automatic, again.hasImage], [false, true])

      // What names an image that the caller does not see names none.
      const hidden = await made<{ uuid: string }>('/images', { ...draft, name: 'hidden', project: 'other' })
      const there = `/compute-resources/${resource.id}/registrations`
      const named = template('named', { uuid: hidden.uuid })
      assert.equal((await made<WireTemplate>(there, named)).hasImage, true)
      const list = await found<WireTemplateList>(member, `${there}?search=named`)
      assert.deepEqual(
        list.registrations.map(({ name, hasImage }) => [name, hasImage]),
        [['named', false]],
      )
    })
  })

  test('projects and locations are chosen from those that one belongs to', async () => {
    const titles = async (call: Call, path: string) => {
      const { places, total } = await found<WirePlaceList>(call, path)
      return [total, ...places.map(({ title }) => title)]
    }
    assert.deepEqual(await titles(admin, '/places/projects'), [3, 'acme', 'main', 'other'])
    assert.deepEqual(await titles(admin, '/places/projects?search=A&limit=1&offset=1'), [2, 'main'])
    assert.deepEqual(await titles(reader, '/places/projects'), [1, 'acme'])
    assert.deepEqual(await titles(reader, '/places/locations'), [1, 'kyiv'])
    refused(await stranger('GET', '/places/projects'), 403, 'forbidden', 'permission')
  })
})
