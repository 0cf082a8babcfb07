import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { permissionRecords } from '../../../src/faces/foreman/permissions.ts'
import { routes } from '../../../src/faces/foreman/routes.ts'
import { images, type Person, startWorld, type World } from './world.ts'

/** foreman.md section 12. */
describe('permissions', () => {
  let world: World
  before(async () => {
    world = await startWorld()
  })
  after(() => world.close())

  const image = {
    username: 'u',
    operatingsystem_id: 309172073,
    architecture_id: 501905019,
  }
  let number = 0
  const fresh = () => ({ json: { image: { ...image, name: `n${++number}`, uuid: `u${number}` } } })

  type Deed = readonly [name: string, method: string, path: (id: number) => string]
  const deeds: readonly Deed[] = [
    ['index', 'GET', () => images],
    ['show', 'GET', (id) => `${images}/${id}`],
    ['create', 'POST', () => images],
    ['update', 'PUT', (id) => `${images}/${id}`],
    ['destroy', 'DELETE', (id) => `${images}/${id}`],
  ]
  const expected: Readonly<Record<Person, readonly number[]>> = {
    admin: [200, 200, 201, 200, 200],
    manager: [200, 200, 201, 200, 200],
    clerk: [200, 200, 201, 200, 200],
    viewer: [200, 200, 403, 403, 403],
    lone: [403, 403, 403, 403, 403],
  }

  for (const [person, statuses] of Object.entries(expected) as [Person, readonly number[]][])
    test(`what ${person} may do with images`, async () => {
      const { body } = await world.ask('POST', images, fresh())
      for (const [i, [name, method, path]] of deeds.entries()) {
        const ask = { as: person, ...(method === 'POST' || method === 'PUT' ? fresh() : {}) }
        const { status, text } = await world.ask(method, path(body.id), ask)
        assert.equal(status, statuses[i], `${name}: ${text}`)
      }
    })

  test('without the right to edit the parent there is no parent to add to or take from', async () => {
    const json = { image: { ...fresh().json.image, compute_resource_id: 980190962 } }
    const path = '/architectures/x86_64/images'
    await world.expect('POST', path, { as: 'manager', json }, 404, {
      error: { message: "Resource image not found by id ''" },
    })
    await world.expect('DELETE', `${path}/980190962`, { as: 'manager' }, 404, {
      error: { message: "Resource image not found by id '980190962'" },
    })
    await world.expect('PUT', `${path}/980190962`, { as: 'manager', json: { image: {} } }, 200)
  })

  test('the directory is written by administrators; a manager may rename a compute resource of its own', async () => {
    const json = { name: 'x' }
    for (const [method, path, missing] of [
      ['POST', '/compute_resources', 'create_compute_resources'],
      ['DELETE', '/compute_resources/980190962', 'destroy_compute_resources'],
      ['POST', '/operatingsystems', 'create_operatingsystems'],
      ['PUT', '/operatingsystems/309172073', 'edit_operatingsystems'],
      ['DELETE', '/architectures/x86_64', 'destroy_architectures'],
      ['POST', '/organizations', 'create_organizations'],
      ['PUT', '/locations/1', 'edit_locations'],
      ['POST', '/users', 'create_users'],
      ['DELETE', '/users/admin', 'destroy_users'],
      ['PUT', '/settings/1', 'edit_settings'],
    ] as const) {
      const { status, body } = await world.ask(method, path, { as: 'manager', json })
      assert.deepEqual([status, body.error.missing_permissions], [403, [missing]], path)
    }
    const path = '/compute_resources/980190962'
    await world.expect('PUT', path, { as: 'manager', json: { description: 'ours' } }, 200)
    const moved = await world.ask('PUT', path, { as: 'manager', json: { url: 'qemu:///other' } })
    assert.deepEqual([moved.status, moved.body.error.message], [403, 'Access denied'])
    await world.expect('PUT', path, { as: 'clerk', json }, 403)
    await world.expect('PUT', path, { as: 'viewer', json }, 403)
  })

  test('everybody sees of users no more than himself', async () => {
    const { body } = await world.ask('GET', '/users', { as: 'viewer' })
    assert.deepEqual([body.total, body.results[0].login], [1, 'viewer'])
    await world.expect('GET', `/users/${world.ids.admin}`, { as: 'viewer' }, 404)
    const own = await world.ask('GET', '/current_user', { as: 'lone' })
    assert.equal(own.body.login, 'lone')
  })

  test('every route asks for a permission that exists', () => {
    const known = new Set(permissionRecords.map(({ name }) => name))
    for (const { permission, path } of routes)
      assert.ok(permission === undefined || known.has(permission), path)
    assert.equal(new Set(permissionRecords.map(({ id }) => id)).size, permissionRecords.length)
  })

  test('no route but the ping is open', () => {
    assert.deepEqual(
      routes.filter(({ open }) => open).map(({ path }) => path),
      ['/ping'],
    )
  })
})
