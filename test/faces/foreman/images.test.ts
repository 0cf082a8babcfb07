import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { centos1, centos2, listOf } from './fixture.ts'
import { bigcompute, images, onBothDatabases, type World } from './world.ts'

const sound = {
  name: 'fedora-40',
  username: 'fedora',
  uuid: 'u-40',
  architecture_id: 501905019,
  operatingsystem_id: 309172073,
}
const blank = ["can't be blank"]
const long = 'x'.repeat(256)
const tooLong = ['is too long (maximum is 255 characters)']

onBothDatabases('images', (start) => {
  let world: World
  before(async () => {
    world = await start()
  })
  beforeEach(async () => {
    await world.core.database.db.deleteFrom('registrations').where('id', '>', bigcompute).execute()
  })
  after(() => world.close())

  const create = (image: unknown, path = images) => world.ask('POST', path, { json: { image } })
  async function make(image: object = sound, path = images) {
    const { status, body, text } = await create(image, path)
    assert.equal(status, 201, text)
    return body
  }
  const row = (id: number) =>
    world.core.database.db
      .selectFrom('registrations')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
  async function errors(image: unknown, path = images, method = 'POST') {
    const { status, body, text } = await world.ask(method, path, { json: { image } })
    assert.equal(status, 422, text)
    return body.error
  }

  describe('where they are served (section 1)', () => {
    for (const prefix of ['/api', '/api/v2'])
      for (const path of [
        images,
        '/compute_resources/980190962-bigcompute/images',
        '/operatingsystems/309172073/images',
        '/operatingsystems/309172073-x/images',
        '/operatingsystems/centos%205.3/images',
        '/architectures/501905019/images',
        '/architectures/501905019-any-thing/images',
        '/architectures/x86_64/images',
      ])
        test(`GET ${prefix}${path}`, async () => {
          await world.expect('GET', `${prefix}${path}`, {}, 200, listOf([centos1, centos2]))
          await world.expect('GET', `${prefix}${path}/980190962`, {}, 200, centos1)
          await world.expect('GET', `${prefix}${path}/980190962-centos-1`, {}, 200, centos1)
        })

    test('with a slash at the end, with .json, and by HEAD', async () => {
      for (const ending of ['/', '.json', '.json/', '?page=1', '/?page=1', '.json?page=1'])
        await world.expect('GET', `${images}${ending}`, {}, 200, listOf([centos1, centos2]))
      for (const ending of ['/', '.json', '.json/'])
        await world.expect('GET', `${images}/980190962${ending}`, {}, 200, centos1)
      for (const path of [images, `${images}/980190962`]) {
        const { status, text, headers } = await world.ask('HEAD', path)
        assert.deepEqual([status, text], [200, ''])
        assert.equal(headers.get('content-type'), 'application/json; charset=utf-8')
      }
    })

    test('writing below the other parents', async () => {
      const image = { ...sound, compute_resource_id: bigcompute, operatingsystem_id: 309172074 }
      const made = await make(image, '/operatingsystems/309172073/images')
      assert.equal(made.operatingsystem_id, 309172073, 'the path says which (3.3)')
      const path = `/operatingsystems/309172073/images/${made.id}`
      const changed = await world.ask('PUT', path, { json: { image: { username: 'x' } } })
      assert.equal(changed.body.username, 'x')
      const patched = await world.ask('PATCH', path, { json: { image: { username: 'y' } } })
      assert.deepEqual([patched.status, patched.body.username], [200, 'y'])
      await world.expect('DELETE', path, {}, 200)
      const other = await make({ ...image, architecture_id: 5 }, '/architectures/sparc/images')
      assert.equal(other.architecture_id, 331892513)
      await world.expect('DELETE', `/architectures/sparc/images/${other.id}`, {}, 200)
    })

    test('an answer that the client has already', async () => {
      const first = await world.ask('GET', images)
      const etag = first.headers.get('etag')!
      assert.match(etag, /^W\/"/)
      assert.equal(first.headers.get('cache-control'), 'max-age=0, private, must-revalidate')
      const { status, text } = await world.ask('GET', images, { headers: { 'if-none-match': etag } })
      assert.deepEqual([status, text], [304, ''])
      await world.expect('GET', images, { headers: { 'if-none-match': 'W/"x"' } }, 200)
    })

    test('whatever is accepted, JSON is the answer', async () => {
      for (const accept of ['application/json;version=1', 'text/html', '*/*', 'application/xml'])
        await world.expect('GET', images, { headers: { accept } }, 200, listOf([centos1, centos2]))
    })
  })

  describe('bodies (3.1, 3.2)', () => {
    const types = ['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset=UTF-8']
    for (const type of types)
      test(type, async () => {
        const body = JSON.stringify({ image: sound })
        await world.expect('POST', images, { body, headers: { 'content-type': type } }, 201)
      })

    test('unwrapped', async () => {
      const { status, body } = await world.ask('POST', images, {
        json: { ...sound, id: 7, architecture_name: 'sparc', created_at: 'x', bogus: 1 },
      })
      assert.equal(status, 201)
      assert.notEqual(body.id, 7)
      assert.equal(body.architecture_id, 501905019, 'what is no column is not picked up')
    })

    test('wrapped attributes are the only ones then', async () => {
      const { body } = await world.ask('POST', images, { json: { ...sound, image: { name: 'n' } } })
      assert.deepEqual(Object.keys(body.error.errors), [
        'username',
        'operatingsystem_id',
        'architecture_id',
        'uuid',
      ])
    })

    for (const body of ['', '{}', '[]', '[1]', '"text"', '5', 'null', '{"image":null}', '{"image":{}}'])
      test(`a body ${body || 'without anything'} says nothing of an image`, async () => {
        const headers = { 'content-type': 'application/json' }
        const created = await world.ask('POST', images, { body, headers })
        assert.deepEqual(created.body.error.errors, {
          username: blank,
          operatingsystem_id: blank,
          architecture_id: blank,
          name: blank,
          uuid: blank,
        })
        await world.expect('PUT', `${images}/980190962`, { body, headers }, 200, centos1)
      })

    test('PATCH and DELETE may have any type of body', async () => {
      const { id } = await make()
      const text = { body: 'x', headers: { 'content-type': 'text/plain' } }
      await world.expect('PATCH', `${images}/${id}`, text, 200)
      const form = {
        body: 'image[username]=a+b%21',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }
      const { body } = await world.ask('PATCH', `${images}/${id}`, form)
      assert.equal(body.username, 'a b!')
      await world.expect('DELETE', `${images}/${id}`, text, 200)
    })

    test('query and body are one pool', async () => {
      const made = await world.ask('POST', `${images}?image[name]=q&image[uuid]=u`, { json: {} })
      assert.deepEqual(Object.keys(made.body.error.errors), [
        'username',
        'operatingsystem_id',
        'architecture_id',
      ])
    })
  })

  describe('values (2.4)', () => {
    test('numbers and booleans become text, spaces around it go, what is no value is not there', async () => {
      const made = await make({ ...sound, name: 1.5, username: '  ok7\t', uuid: true, password: 12 })
      assert.deepEqual([made.name, made.username, made.uuid], ['1.5', 'ok7', 't'])
      const { body } = await world.ask('PUT', `${images}/${made.id}`, {
        json: { image: { name: { a: 1 }, username: ['x'], uuid: 'new' } },
      })
      assert.deepEqual([body.name, body.username, body.uuid], ['1.5', 'ok7', 'new'])
    })

    test('ids may be texts; empty ones are none', async () => {
      const made = await make({ ...sound, architecture_id: '331892513' })
      assert.equal(made.architecture_id, 331892513)
      for (const value of ['', null]) {
        const found = await errors({ architecture_id: value }, `${images}/${made.id}`, 'PUT')
        assert.deepEqual(found.errors, { architecture_id: blank })
      }
    })

    for (const [value, stored] of [
      [true, 1],
      [1, 1],
      ['true', 1],
      ['1', 1],
      [false, 0],
      [0, 0],
      ['false', 0],
      ['0', 0],
      [null, null],
      ['', null],
    ] as const)
      test(`user_data ${JSON.stringify(value)}`, async () => {
        const made = await make({ ...sound, user_data: value })
        assert.equal((await row(made.id)).user_data, stored)
      })

    test('named associations', async () => {
      const { architecture_id, operatingsystem_id, ...rest } = sound
      const names = { architecture_name: 'sparc', operatingsystem_name: 'Debian 12' }
      const made = await make({ ...rest, ...names })
      assert.deepEqual([made.architecture_name, made.operatingsystem_name], ['sparc', 'Debian 12'])
    })

    test('a password is kept, shown only by the deletion, and never in the log of changes', async () => {
      const made = await make({ ...sound, password: 's3cret-word' })
      assert.ok(!('password' in made))
      assert.notEqual((await row(made.id)).password, 's3cret-word')
      const { body } = await world.ask('DELETE', `${images}/${made.id}`)
      assert.equal(body.password, 's3cret-word')
      const audit = await world.core.database.db.selectFrom('audit').selectAll().execute()
      assert.ok(!JSON.stringify(audit).includes('s3cret-word'))
    })
  })

  describe('views (2.2)', () => {
    test('user data and roles are shown where the provider knows them', async () => {
      const path = '/compute_resources/928692541/images'
      const made = await make({ ...sound, user_data: true, iam_role: 'r' }, path)
      assert.deepEqual(Object.keys(made), [
        'operatingsystem_id',
        'operatingsystem_name',
        'compute_resource_id',
        'compute_resource_name',
        'architecture_id',
        'architecture_name',
        'uuid',
        'username',
        'created_at',
        'updated_at',
        'user_data',
        'iam_role',
        'id',
        'name',
      ])
      assert.deepEqual([made.user_data, made.iam_role], [true, 'r'])
    })

    test('root_name and include_permissions, as web pages ask', async () => {
      const { body } = await world.ask('GET', `${images}?root_name=foo&include_permissions=1`)
      assert.deepEqual(Object.keys(body), [
        'total',
        'subtotal',
        'page',
        'per_page',
        'search',
        'can_create',
        'can_edit',
        'sort',
        'foo',
      ])
      assert.deepEqual([body.can_create, body.can_edit], [true, true])
      const viewer = await world.ask('GET', `${images}?include_permissions`, { as: 'viewer' })
      assert.deepEqual([viewer.body.can_create, viewer.body.can_edit], [false, false])
      await world.expect('GET', `${images}/980190962?root_name=foo`, {}, 200, { foo: centos1 })
    })
  })

  describe('rules (4.1)', () => {
    test('everything that is wrong at once, in the order of the contract', async () => {
      const found = await errors({ name: ' ', username: '', uuid: long, iam_role: long, password: long })
      assert.equal(
        JSON.stringify(found),
        JSON.stringify({
          id: null,
          errors: {
            uuid: tooLong,
            iam_role: tooLong,
            password: tooLong,
            username: blank,
            operatingsystem_id: blank,
            architecture_id: blank,
            name: blank,
          },
          full_messages: [
            'UUID is too long (maximum is 255 characters)',
            'IAM role is too long (maximum is 255 characters)',
            'Password is too long (maximum is 255 characters)',
            "Username can't be blank",
            "Operatingsystem can't be blank",
            "Architecture can't be blank",
            "Name can't be blank",
          ],
        }),
      )
    })

    test('a compute resource is needed where the path names none', async () => {
      const { body } = await world.ask('POST', '/architectures/x86_64/images', { json: {} })
      assert.deepEqual(body.error.errors.compute_resource_id, blank)
      assert.ok(body.error.full_messages.includes("Compute resource can't be blank"))
    })

    test('what does not exist', async () => {
      for (const id of [5, -1, 2 ** 60, '99999999999999999999', 'abc'])
        assert.deepEqual((await errors({ ...sound, architecture_id: id })).errors, {
          architecture_id: ['does not exist'],
        })
      const found = await errors({ compute_resource_id: 5 }, `${images}/980190962`, 'PUT')
      assert.deepEqual(found.full_messages, ['Compute resource does not exist'])
      assert.equal(found.id, 980190962)
    })

    test('names are unique with the operating system, in their case of letters; uuids in all of it', async () => {
      await make({ ...sound, name: 'Centos-1' })
      await make({ ...sound, name: 'centos-1', uuid: 'u-41', operatingsystem_id: 309172074 })
      await make(
        { ...sound, name: 'centos-1', uuid: 'string-of-uuid' },
        '/compute_resources/928692541/images',
      )
      assert.deepEqual((await errors({ ...sound, uuid: 'u-42', name: 'Centos-1' })).errors, {
        name: ['has already been taken'],
      })
      assert.deepEqual((await errors({ ...sound, name: 'n' })).errors, { uuid: ['has already been taken'] })
    })

    test('255 characters are not too many, whatever they are', async () => {
      await make({ ...sound, name: '😀'.repeat(255) })
    })
  })

  describe('changes (3.3-3.5)', () => {
    test('only what is given; the same again changes nothing', async () => {
      const before = await row(980190962)
      for (const json of [{}, { image: {} }, { image: { name: 'centos-1', architecture_id: '501905019' } }])
        await world.expect('PUT', `${images}/980190962`, { json }, 200, centos1)
      assert.deepEqual(await row(980190962), before)
    })

    test('to another compute resource', async () => {
      const { id } = await make()
      const json = { image: { compute_resource_id: 928692541 } }
      const { body } = await world.ask('PUT', `${images}/${id}`, { json })
      assert.equal(body.compute_resource_name, 'amazon123')
      await world.expect('GET', `${images}/${id}`, {}, 404)
      await world.expect('GET', `/compute_resources/928692541/images/${id}`, {}, 200)
    })

    test('a second deletion finds nothing', async () => {
      const { id } = await make()
      await world.expect('DELETE', `${images}/${id}`, {}, 200)
      await world.expect('DELETE', `${images}/${id}`, {}, 404)
    })

    test('an image goes with its operating system', async () => {
      const system = await world.ask('POST', '/operatingsystems', { json: { name: 'Plan', major: '9' } })
      const { id } = await make({ ...sound, operatingsystem_id: system.body.id })
      await world.expect('DELETE', `/operatingsystems/${system.body.id}`, {}, 200)
      await world.expect('GET', `${images}/${id}`, {}, 404)
    })
  })
})
