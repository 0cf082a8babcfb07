import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { listOf } from './fixture.ts'
import { bigcompute, images, onBothDatabases, type World } from './world.ts'

const time = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/
const rawTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const dates = { created_at: '2024-02-22 15:52:47 UTC', updated_at: '2024-02-22 15:52:47 UTC' }
const invalid = (id: number | null, errors: object, full_messages: string[]) => ({
  error: { id, errors, full_messages },
})

onBothDatabases('supporting resources (section 9)', (start) => {
  let world: World
  before(async () => {
    world = await start()
  })
  after(() => world.close())

  const post = async (path: string, json: object) => {
    const { status, body, text } = await world.ask('POST', path, { json })
    assert.equal(status, 201, text)
    return body
  }

  describe('compute resources', () => {
    const libvirt = { name: 'kvm1', provider: 'libvirt', url: 'qemu:///system' }

    test('list items, by name', async () => {
      const { body } = await world.ask('GET', '/compute_resources')
      assert.deepEqual(
        body.results.map((one: { name: string }) => one.name),
        ['amazon123', 'bigcompute', 'catalogue'],
      )
      assert.equal(
        JSON.stringify(body.results[1]),
        JSON.stringify({
          description: null,
          url: 'qemu:///system',
          ...dates,
          id: bigcompute,
          name: 'bigcompute',
          provider: 'Libvirt',
          provider_friendly_name: 'Libvirt',
          display_type: null,
          set_console_password: null,
        }),
      )
      assert.deepEqual(Object.keys(body.results[0]).slice(8), ['access_key', 'region'])
    })

    test('show, by id alone', async () => {
      for (const id of [bigcompute, `${bigcompute}-bigcompute`]) {
        const { body } = await world.expect('GET', `/compute_resources/${id}`, {}, 200)
        assert.deepEqual(body.images, [
          { id: 980190962, name: 'centos-1' },
          { id: 298486374, name: 'centos-2' },
        ])
        assert.deepEqual(body.compute_attributes, [])
        assert.deepEqual(body.organizations, [{ id: 2, name: 'acme', title: 'acme', description: null }])
        assert.deepEqual(body.locations, [
          { id: 1, name: 'ua-central-1', title: 'ua-central-1', description: 'Kyiv' },
        ])
      }
      await world.expect('GET', '/compute_resources/bigcompute', {}, 404)
    })

    test('create, update, delete', async () => {
      const made = await post('/compute_resources', {
        compute_resource: { ...libvirt, password: 'x', organization_ids: [2] },
      })
      assert.deepEqual(
        [made.provider, made.display_type, made.set_console_password],
        ['Libvirt', 'vnc', true],
      )
      assert.ok(!JSON.stringify(made).includes('password":"x'))
      assert.match(made.created_at, time)
      const path = `/compute_resources/${made.id}`
      const changed = await world.ask('PUT', path, {
        json: { description: 'd', display_type: 'spice', organizations: [{ id: 1 }] },
      })
      assert.equal(changed.status, 200, changed.text)
      assert.deepEqual([changed.body.description, changed.body.display_type], ['d', 'spice'])
      assert.deepEqual(changed.body.organizations[0].name, 'main')
      const emptied = await world.ask('PATCH', path, {
        json: { compute_resource: { organization_ids: null } },
      })
      assert.deepEqual(emptied.body.organizations, [])
      const gone = await world.expect('DELETE', path, {}, 200)
      assert.deepEqual(Object.keys(gone.body), Object.keys(made), 'the view, not the row')
      await world.expect('DELETE', path, {}, 404, {
        error: { message: `Resource compute_resource not found by id '${made.id}'` },
      })
    })

    const rules: readonly (readonly [string, object, object])[] = [
      [
        'an unknown provider',
        { provider: 'Xen' },
        { message: 'ERF42-0410 [Foreman::Exception]: unknown provider' },
      ],
      ['a url without a scheme', { url: 'x' }, invalid(null, { url: ['is invalid'] }, ['URL is invalid'])],
      [
        'no url',
        { url: '' },
        invalid(null, { url: ['is invalid', "can't be blank"] }, ['URL is invalid', "URL can't be blank"]),
      ],
      [
        'a name that is taken',
        { name: 'bigcompute' },
        invalid(null, { name: ['has already been taken'] }, ['Name has already been taken']),
      ],
    ]
    for (const [name, change, body] of rules)
      test(name, async () => {
        const json = { compute_resource: { ...libvirt, name: 'kvm2', ...change } }
        await world.expect('POST', '/compute_resources', { json }, 422, body)
      })

    test('a provider is needed, and stays', async () => {
      const { status, body } = await world.ask('POST', '/compute_resources', { json: { name: 'x' } })
      assert.equal(status, 422)
      assert.match(body.message, /^ERF42-\d{4} \[Foreman::Exception\]: must provide a provider$/)
      await world.expect(
        'PUT',
        `/compute_resources/${bigcompute}`,
        { json: { compute_resource: { provider: 'EC2' } } },
        422,
        invalid(bigcompute, { provider: ['cannot be changed'] }, ['Provider cannot be changed']),
      )
    })

    test('search: name and type, not provider', async () => {
      const names = async (search: string) => {
        const { body } = await world.ask('GET', `/compute_resources?search=${encodeURIComponent(search)}`)
        return body.results.map((one: { name: string }) => one.name)
      }
      assert.deepEqual(await names('name="bigcompute"'), ['bigcompute'])
      assert.deepEqual(await names('type = Foreman::Model::EC2'), ['amazon123'])
      assert.deepEqual(await names('libvirt'), ['bigcompute'])
      assert.deepEqual(await names('organization = acme'), ['bigcompute'])
      await world.expect('GET', '/compute_resources?search=provider%3DEC2', {}, 400)
    })

    test('available images are a bare array', async () => {
      await world.expect('GET', `/compute_resources/${bigcompute}/available_images`, {}, 200, [])
      await world.expect('GET', '/compute_resources/9/available_images', {}, 404)
      await world.expect('GET', '/compute_resources/1/available_images', { as: 'lone' }, 403)
    })

    test('below organizations and locations', async () => {
      const { body } = await world.ask('GET', '/organizations/2/compute_resources')
      assert.deepEqual(
        body.results.map((one: { name: string }) => one.name),
        ['bigcompute', 'catalogue'],
      )
      await world.expect('GET', '/organizations/99/compute_resources', {}, 404, {
        message: 'Organization with id 99 not found',
      })
      await world.expect('GET', '/locations/99/compute_resources', {}, 404, {
        message: 'Location with id 99 not found',
      })
    })
  })

  describe('operating systems', () => {
    test('list, show by id and title', async () => {
      const item = {
        description: null,
        major: '5',
        minor: '3',
        family: 'Redhat',
        release_name: null,
        password_hash: 'SHA512',
        ...dates,
        id: 309172073,
        name: 'centos',
        title: 'centos 5.3',
      }
      const { body } = await world.ask('GET', '/operatingsystems')
      assert.equal(JSON.stringify(body.results[1]), JSON.stringify(item), 'by title')
      for (const id of ['309172073', '309172073-x', 'centos%205.3', 'centos%205.3.json'])
        await world.expect('GET', `/operatingsystems/${id}`, {}, 200, {
          ...item,
          media: [],
          architectures: [],
          ptables: [],
          provisioning_templates: [],
          os_default_templates: [],
          images: [
            { id: 980190962, name: 'centos-1' },
            { id: 298486374, name: 'centos-2' },
          ],
          parameters: [],
        })
    })

    test('create, update, delete', async () => {
      const made = await post('/operatingsystems', {
        operatingsystem: { name: 'Fedora', major: '40', architecture_ids: [501905019] },
      })
      assert.deepEqual(
        [made.minor, made.title, made.family, made.password_hash],
        ['', 'Fedora 40', 'Redhat', 'SHA512'],
      )
      assert.deepEqual(made.architectures, [{ name: 'x86_64', id: 501905019 }])
      const found = await world.ask(
        'GET',
        '/operatingsystems?search=name%3D%22Fedora%22%2Cmajor%3D%2240%22%2Cminor%3D%22%22',
      )
      assert.equal(found.body.subtotal, 1)
      const path = `/operatingsystems/${made.id}`
      const { body } = await world.ask('PUT', path, {
        json: { operatingsystem: { description: 'F', architectures: [] } },
      })
      assert.deepEqual([body.title, body.architectures], ['F', []])
      const gone = await world.expect('DELETE', path, {}, 200)
      assert.deepEqual(Object.keys(gone.body), [
        'id',
        'major',
        'name',
        'minor',
        'nameindicator',
        'created_at',
        'updated_at',
        'release_name',
        'description',
        'password_hash',
        'title',
      ])
      assert.match(gone.body.created_at, rawTime)
    })

    const rules: readonly (readonly [string, object, object])[] = [
      ['nothing', {}, { name: ["can't be blank"] }],
      ['spaces', { name: 'a b', major: '1' }, { name: ["can't contain spaces."] }],
      [
        'the same version',
        { name: 'centos', major: 5, minor: 3 },
        { name: ['Operating system version already exists'] },
      ],
      ['a major that is none', { name: 'x', major: 'y' }, { major: ['is not a number'] }],
      ['a family that is none', { name: 'x', major: '1', family: 'y' }, { type: null }],
      ['a release name that is missing', { name: 'x', major: '1', family: 'Debian' }, { release_name: null }],
    ]
    for (const [name, operatingsystem, errors] of rules)
      test(`rules: ${name}`, async () => {
        const { status, body, text } = await world.ask('POST', '/operatingsystems', {
          json: { operatingsystem },
        })
        assert.equal(status, 422, text)
        for (const [attribute, messages] of Object.entries(errors)) {
          assert.ok(body.error.errors[attribute], text)
          if (messages) assert.deepEqual(body.error.errors[attribute], messages)
        }
        assert.ok(body.error.full_messages.length > 0)
      })

    test('an unknown architecture', async () => {
      const json = { operatingsystem: { name: 'y', major: '1', architecture_ids: [7] } }
      await world.expect('POST', '/operatingsystems', { json }, 422, {
        error: { message: "Couldn't find Architecture with 'id'=7" },
      })
    })
  })

  describe('architectures', () => {
    test('list, show by id and name', async () => {
      const item = { ...dates, name: 'x86_64', id: 501905019 }
      const sparc = { ...dates, name: 'sparc', id: 331892513 }
      const reply = await world.ask('GET', '/architectures')
      assert.equal(JSON.stringify(reply.body), JSON.stringify(listOf([sparc, item])))
      for (const id of ['501905019', '501905019-x', 'x86_64'])
        await world.expect('GET', `/architectures/${id}`, {}, 200, {
          ...item,
          operatingsystems: [],
          images: [
            { id: 980190962, name: 'centos-1' },
            { id: 298486374, name: 'centos-2' },
          ],
        })
    })

    test('create, update, delete, and lists below one another', async () => {
      const made = await post('/architectures', {
        architecture: { name: 'arm64', operatingsystem_ids: [309172073] },
      })
      assert.deepEqual(made.operatingsystems, [{ id: 309172073, name: 'centos', title: 'centos 5.3' }])
      const below = await world.ask('GET', '/operatingsystems/centos%205.3/architectures')
      assert.deepEqual([below.body.total, below.body.results[0].name], [1, 'arm64'])
      const above = await world.ask('GET', '/architectures/arm64/operatingsystems')
      assert.deepEqual([above.body.total, above.body.results[0].title], [1, 'centos 5.3'])
      await world.expect('GET', '/architectures/none/operatingsystems', {}, 404)
      const path = `/architectures/${made.id}`
      const renamed = await world.ask('PUT', path, { json: { name: 'aarch64' } })
      assert.equal(renamed.body.name, 'aarch64')
      const { body } = await world.expect('DELETE', path, {}, 200)
      assert.deepEqual(Object.keys(body), ['id', 'name', 'created_at', 'updated_at'])
    })

    test('rules', async () => {
      for (const [name, message] of [
        ['x86_64', 'has already been taken'],
        ['', "can't be blank"],
        ['a b', "can't contain spaces."],
      ] as const)
        await world.expect(
          'POST',
          '/architectures',
          { json: { architecture: { name } } },
          422,
          invalid(null, { name: [message] }, [`Name ${message}`]),
        )
      const json = { name: 'y', operatingsystem_ids: [1] }
      await world.expect('POST', '/architectures', { json }, 422, {
        error: { message: "Couldn't find Operatingsystem with 'id'=1" },
      })
    })
  })

  describe('organizations and locations', () => {
    for (const [plural, singular, other] of [
      ['organizations', 'organization', 'locations'],
      ['locations', 'location', 'organizations'],
    ] as const)
      test(plural, async () => {
        const top = await post(`/${plural}`, { [singular]: { name: `Org ${singular}`, description: 'd' } })
        assert.deepEqual(Object.keys(top).slice(0, 9), [
          'ancestry',
          'parent_id',
          'parent_name',
          'created_at',
          'updated_at',
          'id',
          'name',
          'title',
          'description',
        ])
        assert.deepEqual([top.ancestry, top.parent_id, top.parent_name], [null, null, null])
        for (const list of [
          'select_all_types',
          'users',
          'smart_proxies',
          'subnets',
          'compute_resources',
          other,
        ])
          assert.ok(Array.isArray(top[list]), list)
        const child = await post(`/${plural}`, { [singular]: { name: `Lab ${singular}`, parent_id: top.id } })
        const title = `Org ${singular}/Lab ${singular}`
        assert.deepEqual([child.ancestry, child.title, child.parent_name], [String(top.id), title, top.name])
        const found = await world.ask('GET', `/${plural}?search=${encodeURIComponent(`title="${title}"`)}`)
        assert.equal(found.body.results[0].id, child.id)
        assert.ok(!('users' in found.body.results[0]))
        await world.expect('GET', `/${plural}/${encodeURIComponent(title)}`, {}, 200, child)
        await world.expect('GET', `/${plural}/${child.id}-x`, {}, 200, child)
        const own = await world.ask('GET', `/${plural}?search=${singular}_id%3D${child.id}`)
        assert.equal(own.body.subtotal, 1)
        await world.expect('DELETE', `/${plural}/${top.id}`, {}, 422, {
          error: { message: `Cannot delete Org ${singular} because it has nested ${singular}.` },
        })
        await world.expect(
          'POST',
          `/${plural}`,
          { json: { [singular]: { name: `ORG ${singular}` } } },
          422,
          invalid(null, { name: ['has already been taken'] }, ['Name has already been taken']),
        )
        const changed = await world.ask('PUT', `/${plural}/${child.id}`, {
          json: {
            [singular]: { compute_resource_ids: [bigcompute], user_ids: [world.ids.lone], ignore_types: [] },
          },
        })
        assert.deepEqual(changed.body.compute_resources, [
          {
            id: bigcompute,
            name: 'bigcompute',
            provider: 'Libvirt',
            provider_friendly_name: 'Libvirt',
            inherited: false,
          },
        ])
        assert.deepEqual(changed.body.users, [{ id: world.ids.lone, login: 'lone' }])
        const gone = await world.expect('DELETE', `/${plural}/${child.id}`, {}, 200)
        assert.deepEqual(Object.keys(gone.body), [
          'id',
          'name',
          'created_at',
          'updated_at',
          'ignore_types',
          'ancestry',
          'title',
          'description',
        ])
        assert.match(gone.body.created_at, rawTime)
        await world.expect('DELETE', `/${plural}/${top.id}`, {}, 200)
        await world.expect('GET', `/${plural}/${top.id}`, {}, 404, {
          error: { message: `Resource ${singular} not found by id '${top.id}'` },
        })
      })
  })

  describe('users', () => {
    test('an administrator writes them, nobody ever reads a secret', async () => {
      const json = {
        user: {
          login: 'bob',
          password: ' spaces matter ',
          mail: 'bob@example.org',
          auth_source_id: 1,
          firstname: 'Bob',
          role_ids: [6],
          organization_ids: [2],
          default_organization_id: 2,
        },
      }
      const { body: made, status, text } = await world.ask('POST', '/users', { json })
      assert.equal(status, 201, text)
      assert.deepEqual(Object.keys(made), [
        'firstname',
        'lastname',
        'mail',
        'mail_enabled',
        'admin',
        'auth_source_id',
        'disabled',
        'auth_source_name',
        'timezone',
        'locale',
        'last_login_on',
        'created_at',
        'updated_at',
        'id',
        'login',
        'description',
        'ssh_keys',
        'default_location',
        'locations',
        'default_organization',
        'organizations',
        'effective_admin',
        'cached_usergroups',
        'auth_source_internal',
        'mail_notifications',
        'roles',
        'usergroups',
      ])
      assert.deepEqual(
        made.roles.map((role: { name: string }) => role.name),
        ['Viewer'],
      )
      assert.equal(made.default_organization.name, 'acme')
      const authorization = `Basic ${btoa('bob: spaces matter ')}`
      await world.expect('GET', images, { as: 'nobody', headers: { authorization } }, 200)
      for (const path of [`/users/${made.id}`, '/users/bob', `/users/${made.id}-bob`]) {
        const shown = await world.expect('GET', path, {}, 200)
        assert.match(shown.body.last_login_on, time)
      }
      const current = await world.ask('GET', '/current_user', { as: 'nobody', headers: { authorization } })
      assert.equal(current.body.login, 'bob')
      for (const [search, count] of [
        ['login="bob"', 1],
        ['role = Viewer', 2],
        ['role_id = 6, login = bob', 1],
        ['organization = acme, login = bob', 1],
        ['admin = true', 1],
        ['last_login_on > yesterday, login = bob', 1],
      ] as const) {
        const { body } = await world.ask('GET', `/users?search=${encodeURIComponent(search)}`)
        assert.equal(body.subtotal, count, search)
      }
      for (const path of ['/roles/6/users', '/roles/Viewer/users', '/organizations/acme/users']) {
        const { body } = await world.ask('GET', path)
        assert.ok(
          body.results.some((one: { login: string }) => one.login === 'bob'),
          path,
        )
        assert.ok(body.total < (await world.ask('GET', '/users')).body.total, path)
      }
      await world.expect('GET', '/roles/99/users', {}, 404)
      const changed = await world.ask('PUT', '/users/bob', {
        json: { user: { disabled: true, role_ids: [] } },
      })
      assert.deepEqual([changed.body.disabled, changed.body.roles], [true, []])
      const gone = await world.expect('DELETE', `/users/${made.id}`, {}, 200)
      assert.ok(!/password|hash|salt/.test(gone.text))
      assert.match(gone.body.created_at, rawTime)
    })

    test('what a user needs', async () => {
      const { body } = await world.ask('POST', '/users', { json: {} })
      assert.deepEqual(Object.keys(body.error.errors), ['login', 'mail', 'auth_source_id', 'password'])
      const json = {
        user: { login: 'x', mail: 'x@example.org', auth_source_id: 1, password: 'x', role_ids: [99] },
      }
      await world.expect('POST', '/users', { json }, 422, {
        error: { message: "Couldn't find Role with 'id'=99" },
      })
    })
  })

  describe('what is only read', () => {
    test('roles say their order without being asked', async () => {
      const { body } = await world.ask('GET', '/roles?search=name%3D%22Viewer%22')
      assert.deepEqual(body.sort, { by: 'name', order: 'ASC' })
      assert.deepEqual(Object.keys(body.results[0]), [
        'builtin',
        'cloned_from_id',
        'name',
        'id',
        'description',
        'origin',
      ])
      await world.expect('GET', '/roles/Viewer', {}, 200)
      await world.expect('GET', '/roles/x', {}, 404)
      const editors = await world.ask('GET', '/roles?search=permission%3Dedit_compute_resources')
      assert.deepEqual(
        editors.body.results.map((one: { name: string }) => one.name),
        ['Image admin', 'Manager', 'Organization admin', 'System admin'],
      )
      const others = await world.ask('GET', '/roles?search=not%20permission%3Dedit_compute_resources')
      assert.equal(others.body.subtotal, 2)
    })

    test('authentication sources', async () => {
      const { body } = await world.ask(
        'GET',
        '/auth_sources?search=name%3D%22Internal%22&per_page=4294967296',
      )
      assert.equal(body.per_page, 4294967296)
      assert.deepEqual(Object.keys(body.results[0]), [
        'created_at',
        'updated_at',
        'id',
        'type',
        'name',
        'locations',
        'organizations',
      ])
      assert.deepEqual([body.results[0].id, body.results[0].type], [1, 'AuthSourceInternal'])
      await world.expect('GET', '/organizations/2/auth_sources', {}, 200)
    })

    test('permissions', async () => {
      const { body } = await world.ask('GET', '/permissions?search=name~images')
      assert.deepEqual(
        body.results.map((one: { name: string; resource_type: string }) => [one.name, one.resource_type]),
        ['view_images', 'create_images', 'edit_images', 'destroy_images'].map((name) => [name, 'Image']),
      )
      await world.expect('GET', `/permissions/${body.results[0].id}`, {}, 200, body.results[0])
      await world.expect('GET', '/permissions/0', {}, 404)
    })

    test('settings, which are the configuration of the server', async () => {
      const { body } = await world.ask('GET', '/settings?search=name%3Dentries_per_page')
      const [{ id, name, value, settings_type, default: usual }] = body.results
      assert.deepEqual([name, value, settings_type, usual], ['entries_per_page', 20, 'integer', 20])
      await world.expect('GET', `/settings/${id}`, {}, 200, body.results[0])
      await world.expect('GET', '/settings/entries_per_page', {}, 200, body.results[0])
      const refused = await world.ask('PUT', `/settings/${id}`, { json: { setting: { value: 50 } } })
      assert.equal(refused.status, 422)
      assert.equal(refused.body.error.id, id)
      await world.expect('PUT', `/settings/${id}`, { json: { setting: { value: 20 } } }, 200)
      await world.expect('PUT', `/settings/${id}`, { as: 'viewer', json: {} }, 403)
    })

    test('plugins: none', async () => {
      await world.expect('GET', '/plugins', {}, 200, listOf([]))
    })
  })

  describe('the server itself (8.4)', () => {
    test('status', async () => {
      for (const path of ['/api/status', '/api/v2/status'])
        await world.expect('GET', path, {}, 200, {
          result: 'ok',
          status: 200,
          version: '3.12.0',
          api_version: 2,
        })
    })

    test('ping', async () => {
      const { body } = await world.ask('GET', '/ping', { as: 'nobody' })
      const { database } = body.results.foreman
      assert.equal(database.active, true)
      assert.match(database.duration_ms, /^\d+$/)
    })

    test('statuses', async () => {
      const { body } = await world.ask('GET', '/statuses')
      const { foreman } = body.results
      assert.deepEqual(Object.keys(foreman), [
        'version',
        'api',
        'plugins',
        'smart_proxies',
        'compute_resources',
        'database',
      ])
      assert.deepEqual(foreman.api, { version: 'v2' })
      assert.equal(foreman.compute_resources.length, 3)
      assert.deepEqual([foreman.compute_resources[0].status, foreman.compute_resources[0].errors], ['OK', []])
      await world.expect('GET', '/statuses', { as: 'nobody' }, 401)
    })

    test('links', async () => {
      for (const path of ['/api', '/api/', '/api/v2', '/api/v2/']) {
        const { body } = await world.ask('GET', path)
        assert.equal(body.links.images['Show an image'].startsWith('/api/'), true)
      }
    })
  })
})
