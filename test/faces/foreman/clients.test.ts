import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bigcompute, startWorld, type World } from './world.ts'

/** What the clients really send (foreman.md section 10), without the clients. */
describe('the Ansible module theforeman.foreman.image', () => {
  let world: World
  before(async () => {
    world = await startWorld()
  })
  after(() => world.close())

  const headers = {
    accept: 'application/json;version=2',
    'user-agent': 'apypie (https://github.com/Apipie/apypie)',
    'accept-encoding': 'gzip, deflate',
  }
  const get = async (path: string) => {
    const { status, body, text } = await world.ask('GET', path, { headers })
    assert.equal(status, 200, text)
    return body
  }
  const only = async (path: string) => {
    const { results } = await get(path)
    assert.equal(results.length, 1, path)
    return results[0]
  }

  test('creates, changes, leaves alone and deletes', async () => {
    const apidoc = await get('/apidoc/v2.json')
    assert.ok(
      apidoc.docs.resources.hosts.methods.some((method: { name: string }) => method.name === 'update'),
    )
    assert.match((await get('/api/status')).version, /^\d+\.\d+/)
    const resource = await only('/api/compute_resources?search=name%3D%22bigcompute%22&per_page=4294967296')
    const system = await only('/api/operatingsystems?search=title%3D%22centos+5.3%22&per_page=4294967296')
    const path = `/api/compute_resources/${resource.id}/images`
    const search = `${path}?search=name%3D%22CentOS%22%2Coperatingsystem%3D%22${system.id}%22&per_page=4294967296`
    assert.deepEqual((await get(search)).results, [])
    const architecture = await only('/api/architectures?search=name%3D%22x86_64%22&per_page=4294967296')
    const image = {
      name: 'CentOS',
      username: 'root',
      uuid: 'u-1',
      password: 'secret',
      compute_resource_id: resource.id,
      architecture_id: architecture.id,
      operatingsystem_id: system.id,
      user_data: true,
    }
    const { id } = (await world.expect('POST', path, { headers, json: { image } }, 201)).body
    assert.equal((await only(search)).id, id)
    const shown = await get(`${path}/${id}`)
    for (const key of [
      'name',
      'uuid',
      'compute_resource_id',
      'architecture_id',
      'operatingsystem_id',
    ] as const)
      assert.equal(shown[key], image[key])
    const changes = { username: 'root', compute_resource_id: resource.id, architecture_id: 331892513 }
    const changed = await world.expect('PUT', `${path}/${id}`, { headers, json: { image: changes } }, 200)
    assert.equal(changed.body.architecture_name, 'sparc')
    await world.expect('DELETE', `${path}/${id}`, { headers }, 200)
    assert.deepEqual((await get(search)).results, [])
  })

  test('a title that is not exact is looked for a second time', async () => {
    assert.deepEqual(
      (await get('/api/operatingsystems?search=title%3D%22centos%22&per_page=4294967296')).results,
      [],
    )
    await only('/api/operatingsystems?search=title~%22centos%22&per_page=4294967296')
  })

  test('errors as the module prints them', async () => {
    const { body } = await world.ask('POST', `/compute_resources/${bigcompute}/images`, {
      headers,
      json: { image: { name: 'centos-1', operatingsystem_id: 309172073 } },
    })
    assert.deepEqual(body.error.full_messages, [
      "Username can't be blank",
      "Architecture can't be blank",
      'Name has already been taken',
      "UUID can't be blank",
    ])
  })

  test('the other modules of the collection', async () => {
    const location = (
      await world.expect(
        'POST',
        '/locations',
        { headers, json: { location: { name: 'Brno', parent_id: null } } },
        201,
      )
    ).body
    const organization = (
      await world.expect(
        'POST',
        '/organizations',
        { headers, json: { organization: { name: 'ACME Inc' } } },
        201,
      )
    ).body
    const found = await only('/api/organizations?search=name%3D%22ACME+Inc%22&per_page=4294967296')
    assert.equal((await get(`/api/organizations/${found.id}`)).id, organization.id)
    assert.equal((await only('/api/locations?search=title%3D%22Brno%22&per_page=4294967296')).id, location.id)
    const kvm = {
      name: 'kvm1',
      provider: 'Libvirt',
      url: 'qemu:///system',
      display_type: 'vnc',
      location_ids: [location.id],
      organization_ids: [organization.id],
    }
    const made = (
      await world.expect('POST', '/compute_resources', { headers, json: { compute_resource: kvm } }, 201)
    ).body
    const shown = await get(`/api/compute_resources/${made.id}`)
    assert.deepEqual([shown.locations[0].id, shown.organizations[0].id], [location.id, organization.id])
    await world.expect(
      'PUT',
      `/compute_resources/${made.id}`,
      { headers, json: { compute_resource: { display_type: 'spice' } } },
      200,
    )
    await world.expect('DELETE', `/compute_resources/${made.id}`, { headers }, 200)
    const system = {
      name: 'Fedora',
      major: '40',
      family: 'Redhat',
      password_hash: 'SHA256',
      architecture_ids: [501905019],
    }
    const fedora = (
      await world.expect('POST', '/operatingsystems', { headers, json: { operatingsystem: system } }, 201)
    ).body
    await only(
      '/api/operatingsystems?search=description%3D%22X%22+or+title%3D%22Fedora+40%22&per_page=4294967296',
    )
    await world.expect('DELETE', `/operatingsystems/${fedora.id}`, { headers }, 200)
    const role = await only('/api/roles?search=name%3D%22Viewer%22&per_page=4294967296')
    const source = await only('/api/auth_sources?search=name%3D%22Internal%22&per_page=4294967296')
    const user = {
      login: 'bob',
      mail: 'bob@example.org',
      password: 'x',
      auth_source_id: source.id,
      role_ids: [role.id],
    }
    const bob = (await world.expect('POST', '/users', { headers, json: { user } }, 201)).body
    assert.equal((await only('/api/users?search=login%3D%22bob%22&per_page=4294967296')).id, bob.id)
    await world.expect('DELETE', `/users/${bob.id}`, { headers }, 200)
    await get('/api/operatingsystems/309172073/images?search=&per_page=4294967296')
    await get('/api/architectures/501905019/images?per_page=4294967296')
    await get('/api/ping')
  })
})

describe('hammer', () => {
  let world: World
  before(async () => {
    world = await startWorld()
  })
  after(() => world.close())

  const headers = { accept: 'application/json;version=2', 'content-type': 'application/json' }
  const get = async (path: string) => {
    const { status, body, text } = await world.ask('GET', path, { headers })
    assert.equal(status, 200, text)
    return body
  }

  test('lists, pages, shows, creates, renames and deletes', async () => {
    const { checksum } = await get('/apidoc/apipie_checksum')
    const { headers: answered } = await world.ask('GET', '/status', { headers })
    assert.equal(answered.get('apipie-checksum'), checksum)
    const path = `/api/compute_resources/${bigcompute}/images`
    const resources = await get(
      '/api/compute_resources?search=name+%3D+%22bigcompute%22&per_page=1000&page=1',
    )
    assert.equal(resources.results[0].id, bigcompute)
    assert.equal((await get(`${path}?page=1&per_page=1000`)).results.length, 2)
    const page = await get(`${path}?search=name+~+centos&order=name+DESC&page=2&per_page=1`)
    assert.deepEqual([page.subtotal, page.page, page.per_page, page.results[0].name], [2, 2, 1, 'centos-1'])
    const [{ id }] = (await get(`${path}?search=name+%3D+%22centos-1%22&per_page=1000&page=1`)).results
    assert.match((await get(`${path}/${id}`)).created_at, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/)
    const image = {
      name: 'a',
      username: 'u',
      uuid: 'u-a',
      architecture_id: 501905019,
      operatingsystem_id: 309172073,
    }
    const made = (await world.expect('POST', path, { headers, json: { image } }, 201)).body
    const json = { image: { name: 'b', compute_resource_id: bigcompute } }
    const renamed = await world.expect('PUT', `${path}/${made.id}`, { headers, json }, 200)
    assert.equal(renamed.body.name, 'b')
    await world.expect('DELETE', `${path}/${made.id}`, { headers, body: '{}' }, 200)
    assert.deepEqual(await get(`/api/compute_resources/${bigcompute}/available_images`), [])
  })

  test('with sessions: one login, then the cookie alone', async () => {
    const { headers: answered } = await world.ask('GET', '/status', { headers })
    const cookie = answered.get('set-cookie')!.split(';', 1)[0]!
    const alone = { as: 'nobody' as const, headers: { ...headers, cookie } }
    await world.expect('GET', `/compute_resources/${bigcompute}/images`, alone, 200)
    await world.expect('POST', '/architectures', { ...alone, body: '{"architecture":{"name":"arm"}}' }, 201)
  })
})
