import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Ask, type Person, type Reply, startWorld, type World } from './world.ts'

const base = '/metadefs/namespaces'
const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/

/** The body without its instants, each of which must be one. */
function timeless(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(timeless)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([name, inner]) => {
    if (name !== 'created_at' && name !== 'updated_at') return true
    assert.match(inner, instant)
    return false
  })
  return Object.fromEntries(kept.map(([name, inner]) => [name, timeless(inner)]))
}

describe('metadata definitions', () => {
  let world: World
  before(async () => {
    world = await startWorld()
  })
  after(() => world.close())

  const root = (json?: unknown, more: Ask = {}): Ask => ({
    as: 'root',
    ...(json === undefined ? {} : { json }),
    ...more,
  })
  const make = (namespace: string, more: object = {}): Promise<Reply> =>
    world.expect('POST', base, root({ namespace, visibility: 'public', ...more }), 201)

  test('resource types are there from the beginning', async () => {
    const { body } = await world.expect('GET', '/metadefs/resource_types', { as: 'rita' }, 200)
    const types: { name: string; created_at: string }[] = body.resource_types
    assert.deepEqual(
      types.map(({ name }) => name),
      [
        'OS::Glance::Image',
        'OS::Cinder::Volume',
        'OS::Nova::Server',
        'OS::Nova::Flavor',
        'OS::Nova::Aggregate',
      ],
    )
    for (const type of types) assert.match(type.created_at, instant)
  })

  test('a namespace is made, shown, changed and deleted', async () => {
    const made = await world.expect('POST', base, root({ namespace: 'Life::1' }), 201)
    const shown = {
      namespace: 'Life::1',
      visibility: 'private',
      protected: false,
      owner: world.projects.main,
      self: '/v2/metadefs/namespaces/Life::1',
      schema: '/v2/schemas/metadefs/namespace',
    }
    assert.deepEqual(timeless(made.body), shown)
    assert.equal(made.headers.get('location'), `${world.url}${shown.self}`)
    assert.equal(made.headers.get('content-type'), 'application/json')
    await world.expect('GET', `${base}/Life::1`, root(), 200, made.body)
    const wanted = {
      namespace: 'Life / Ü',
      display_name: 'A life',
      description: 'What it is for',
      visibility: 'public',
      protected: true,
      owner: world.projects.acme,
    }
    const changed = await world.expect('PUT', `${base}/Life::1`, root(wanted), 200)
    const self = '/v2/metadefs/namespaces/Life%20%2F%20%C3%9C'
    assert.deepEqual(timeless(changed.body), { ...wanted, self, schema: shown.schema })
    await world.expect('GET', `${base}/Life::1`, root(), 404)
    await world.expect('GET', `/${self}`, root(), 200)
    await world.expect('DELETE', `/${self}`, root(), 403, 'is protected')
    // What is not said becomes what it would be in a new one; the owner stays.
    const plain = await world.expect('PUT', `/${self}`, root({ namespace: 'Life::2' }), 200)
    assert.deepEqual(timeless(plain.body), {
      ...shown,
      namespace: 'Life::2',
      owner: world.projects.acme,
      self: '/v2/metadefs/namespaces/Life::2',
    })
    const gone = await world.expect('DELETE', `${base}/Life::2`, root(), 204)
    assert.equal(gone.text, '')
    await world.expect('DELETE', `${base}/Life::2`, root(), 404, 'There is no metadata namespace Life::2.')
  })

  test('a namespace comes with everything in it', async () => {
    const p = { title: 'P', type: 'string', default: 'x' }
    const a = { title: 'A', type: 'integer', default: 5, minimum: 1 }
    const contents = {
      resource_type_associations: [{ name: 'Whole::Type', prefix: 'hw_' }, { name: 'OS::Nova::Flavor' }],
      properties: { p },
      objects: [{ name: 'o', required: ['a'], properties: { a } }],
      tags: [{ name: 't2' }, { name: 't1' }],
    }
    const { body } = await make('Whole', contents)
    const object = {
      name: 'o',
      required: ['a'],
      properties: { a },
      self: '/v2/metadefs/namespaces/Whole/objects/o',
      schema: '/v2/schemas/metadefs/object',
    }
    const shown = {
      namespace: 'Whole',
      visibility: 'public',
      protected: false,
      owner: world.projects.main,
      resource_type_associations: contents.resource_type_associations.toReversed(),
      properties: { p },
      objects: [object],
      tags: [{ name: 't1' }, { name: 't2' }],
      self: '/v2/metadefs/namespaces/Whole',
      schema: '/v2/schemas/metadefs/namespace',
    }
    assert.deepEqual(timeless(body), shown)
    assert.ok('created_at' in body.objects[0] && 'updated_at' in body.resource_type_associations[0])
    await world.expect('GET', `${base}/Whole`, { as: 'nora' }, 200, body)
    // On a resource type the properties have names of their own.
    const named = await world.expect('GET', `${base}/Whole?resource_type=Whole::Type`, { as: 'nora' }, 200)
    assert.deepEqual(named.body.properties, { hw_p: p })
    assert.deepEqual(named.body.objects[0].properties, { hw_a: a })
    assert.deepEqual(named.body.objects[0].required, ['hw_a'])
    for (const type of ['OS::Nova::Flavor', 'none', ''])
      await world.expect('GET', `${base}/Whole?resource_type=${type}`, { as: 'nora' }, 200, body)
    // What was shown may be sent back: what is in it stays as it is.
    const { self: _self, schema: _schema, created_at: _created, updated_at: _updated, ...sent } = body
    const changed = await world.expect('PUT', `${base}/Whole`, root({ ...sent, tags: [] }), 200)
    assert.ok(!('tags' in changed.body))
    assert.deepEqual((await world.ask('GET', `${base}/Whole`, root())).body.tags, shown.tags)
    const { body: types } = await world.ask('GET', '/metadefs/resource_types', root())
    assert.equal(types.resource_types.at(-1).name, 'Whole::Type')
  })

  test('a namespace with something wrong in it is not made at all', async () => {
    const property = { title: 'P', type: 'string' }
    const cases: [more: unknown, status: number, text: string][] = [
      [{ tags: [{ name: 'a' }, { name: 'a' }] }, 409, 'There is a metadata tag a already.'],
      [{ objects: [{ name: 'a' }, { name: 'a' }] }, 409, 'There is a metadata object a already.'],
      [{ tags: [{}] }, 400, `schema 'tag': lacks the property 'name'`],
      [{ tags: [{ name: '' }] }, 400, `schema 'tag': name: must not be empty.`],
      [{ objects: [{ description: 'x' }] }, 400, `schema 'object': lacks the property 'name'`],
      [{ objects: [{ name: 'o', more: 1 }] }, 400, `schema 'object': has the unknown property 'more'`],
      [{ objects: [{ name: 'o', properties: { p: { ...property, more: 1 } } }] }, 400, `schema 'property'`],
      [{ resource_type_associations: [{ prefix: 'x' }] }, 400, `schema 'resource_type_association'`],
      [{ resource_type_associations: [{ name: 'x', prefix: 5 }] }, 400, `schema 'namespace'`],
      [{ properties: { p: { title: 'P' } } }, 400, `'properties/p' lacks the property 'type'`],
      [{ properties: { p: { ...property, type: 'text' } } }, 400, `'properties/p/type' must be one of`],
      [{ properties: { p: { ...property, more: 1 } } }, 400, `has the unknown property 'more'`],
      [{ properties: { '': property } }, 400, `schema 'property': name: must not be empty.`],
      [{ properties: { p: { ...property, minLength: -1 } } }, 400, `'properties/p/minLength' must be >= 0`],
      [{ display_name: 'x'.repeat(81) }, 400, `'display_name' must NOT have more than 80 characters`],
      [{ description: 'x'.repeat(501) }, 400, `'description' must NOT have more than 500 characters`],
      [{ display_name: null }, 400, `'display_name' must be of type string`],
      [{ protected: 'no' }, 400, `'protected' must be of type boolean`],
      [{ visibility: 'shared' }, 400, `'visibility' must be one of "public", "private"`],
      [{ owner: 'nobody' }, 400, 'there is no project nobody'],
      [{ self: 'x' }, 403, `Attribute 'self' is read-only.`],
      [{ schema: 'x' }, 403, `Attribute 'schema' is read-only.`],
      [{ created_at: 'x' }, 403, `Attribute 'created_at' is read-only.`],
      [{ updated_at: 'x' }, 403, `Attribute 'updated_at' is read-only.`],
      [{ more: 'x' }, 400, `schema 'namespace': has the unknown property 'more'`],
      [{ namespace: 5 }, 400, `'namespace' must be of type string`],
      [{ namespace: '' }, 400, `schema 'namespace': namespace: must not be empty.`],
      [{ namespace: 'a\u0007b' }, 400, 'must not contain control characters'],
      [{ namespace: 'x'.repeat(81) }, 400, `'namespace' must NOT have more than 80 characters`],
    ]
    for (const [more, status, text] of cases) {
      const json = { namespace: 'Wrong', ...(more as object) }
      await world.expect('POST', base, root(json), status, text)
    }
    await world.expect('POST', base, root({}), 400, `lacks the property 'namespace'`)
    await world.expect('POST', base, root([]), 400, 'Unexpected body type.')
    await world.expect('POST', base, root(undefined, { body: '{' }), 400, 'Malformed JSON in request body.')
    await world.expect('POST', base, root(), 400, 'Body expected in request.')
    await world.expect('GET', `${base}/Wrong`, root(), 404)
    const tooMany = Array.from({ length: 1001 }, (_, n) => ({ name: `t${n}` }))
    await world.expect('POST', base, root({ namespace: 'Wrong', tags: tooMany }), 413, 'at most 1000')
  })

  test('names are taken once', async () => {
    await make('Taken::1')
    await make('Taken::2', { objects: [{ name: 'a' }, { name: 'b' }], tags: [{ name: 'a' }, { name: 'b' }] })
    await world.expect('POST', base, root({ namespace: 'Taken::1' }), 409, 'There is a metadata namespace')
    await world.expect('PUT', `${base}/Taken::2`, root({ namespace: 'Taken::1' }), 409)
    await world.expect('POST', `${base}/Taken::2/objects`, root({ name: 'a' }), 409)
    await world.expect('PUT', `${base}/Taken::2/objects/a`, root({ name: 'b' }), 409)
    await world.expect('POST', `${base}/Taken::2/tags/a`, root(), 409)
    await world.expect('PUT', `${base}/Taken::2/tags/a`, root({ name: 'b' }), 409)
    for (const status of [201, 409]) {
      const property = { name: 'a', title: 'A', type: 'string' }
      await world.expect('POST', `${base}/Taken::2/properties`, root(property), status)
      await world.expect('POST', `${base}/Taken::2/resource_types`, root({ name: 'a' }), status)
    }
  })

  describe('lists of namespaces', () => {
    const names = ['b', 'd', 'a', 'c'].map((letter) => `List::${letter}`)
    before(async () => {
      for (const name of names)
        await make(name, {
          visibility: name === 'List::a' ? 'private' : 'public',
          owner: world.projects.acme,
          resource_type_associations: [{ name: name === 'List::b' ? 'List::B' : 'List::Type', prefix: 'x_' }],
        })
    })
    const type = 'resource_types=List::Type,List::B'

    const namesIn = (reply: Reply): string[] =>
      reply.body.namespaces.map(({ namespace }: { namespace: string }) => namespace)

    test('the newest first, with what they are for', async () => {
      const reply = await world.expect('GET', `${base}?${type}`, { as: 'rita' }, 200)
      assert.deepEqual(namesIn(reply), names.toReversed())
      const [first] = reply.body.namespaces
      assert.deepEqual(timeless(first), {
        namespace: 'List::c',
        visibility: 'public',
        protected: false,
        owner: world.projects.acme,
        resource_type_associations: [{ name: 'List::Type', prefix: 'x_' }],
        self: '/v2/metadefs/namespaces/List::c',
        schema: '/v2/schemas/metadefs/namespace',
      })
      assert.equal(reply.body.first, '/v2/metadefs/namespaces?resource_types=List%3A%3AType%2CList%3A%3AB')
      assert.equal(reply.body.schema, '/v2/schemas/metadefs/namespaces')
      assert.ok(!('next' in reply.body))
    })

    test('in pages', async () => {
      const sorted = 'sort_key=namespace&sort_dir=asc'
      const first = await world.expect('GET', `${base}?limit=2&${sorted}&${type}`, { as: 'rita' }, 200)
      assert.deepEqual(namesIn(first), ['List::a', 'List::b'])
      const { next } = first.body
      assert.equal(
        next,
        `/v2/metadefs/namespaces?limit=2&${sorted}&resource_types=List%3A%3AType%2CList%3A%3AB&marker=List%3A%3Ab`,
      )
      const second = await world.expect('GET', `/${next}`, { as: 'rita' }, 200)
      assert.deepEqual(namesIn(second), ['List::c', 'List::d'])
      assert.equal(second.body.first, first.body.first)
      assert.ok(!('next' in second.body))
    })

    const found: [query: string, as: Person, letters: string][] = [
      [`${type}&sort_dir=asc`, 'rita', 'bdac'],
      [`${type}&sort_key=updated_at`, 'rita', 'cadb'],
      [`${type}&sort_key=namespace`, 'rita', 'dcba'],
      [type, 'nora', 'cdb'],
      [type, 'root', 'cadb'],
      [`${type}&visibility=private`, 'rita', 'a'],
      [`${type}&visibility=private`, 'nora', ''],
      [`${type}&visibility=public`, 'rita', 'cdb'],
      [`${type}&visibility=`, 'rita', 'cadb'],
      ['resource_types=List::B', 'rita', 'b'],
      ['resource_types=none', 'rita', ''],
      [`${type}&marker=List::a`, 'rita', 'db'],
      [`${type}&limit=0`, 'rita', ''],
      [`${type}&limit=5000`, 'rita', 'cadb'],
      [`${type}&more=thing`, 'rita', 'cadb'],
    ]
    for (const [query, as, letters] of found)
      test(`${query || 'everything'} of ${as}: ${letters || 'nothing'}`, async () => {
        const reply = await world.expect('GET', `${base}?${query}`, { as }, 200)
        assert.deepEqual(
          namesIn(reply),
          [...letters].map((letter) => `List::${letter}`),
        )
        assert.ok(!('next' in reply.body))
      })

    const refused: [query: string, as: Person, status: number, text: string][] = [
      ['limit=x', 'rita', 400, 'limit param must be an integer'],
      ['limit=-1', 'rita', 400, 'limit param must be positive'],
      ['sort_key=owner', 'rita', 400, 'Invalid sort key: owner.'],
      ['sort_key=constructor', 'rita', 400, 'Invalid sort key: constructor.'],
      ['sort_dir=up', 'rita', 400, 'Invalid sort direction: up'],
      ['visibility=shared', 'rita', 400, 'Invalid visibility value: shared'],
      ['marker=none', 'rita', 404, 'There is no metadata namespace none.'],
      ['marker=List::a', 'nora', 404, 'There is no metadata namespace List::a.'],
      ['marker=%00', 'rita', 400, 'NUL'],
      ['marker=%ff', 'rita', 400, 'Error decoding your request.'],
    ]
    for (const [query, as, status, text] of refused)
      test(`${query} of ${as}: ${status}`, async () => {
        await world.expect('GET', `${base}?${query}`, { as }, status, text)
      })
  })

  test('associations', async () => {
    await make('Assoc')
    const path = `${base}/Assoc/resource_types`
    await world.expect('GET', path, { as: 'nora' }, 200, { resource_type_associations: [] })
    const sent = { name: 'OS::Nova::Flavor', prefix: 'hw:', properties_target: 'image' }
    const made = await world.expect('POST', path, root(sent), 201)
    assert.deepEqual(timeless(made.body), sent)
    await world.expect('POST', path, root({ name: 'A / B' }), 201)
    const { body } = await world.expect('GET', path, { as: 'nora' }, 200)
    assert.deepEqual(timeless(body), { resource_type_associations: [{ name: 'A / B' }, sent] })
    const cases: [json: unknown, status: number, text: string][] = [
      [{}, 400, `schema 'resource_type_association': lacks the property 'name'`],
      [{ name: 'x'.repeat(81) }, 400, 'more than 80'],
      [{ name: '' }, 400, 'must not be empty'],
      [{ name: 'x', more: 1 }, 400, `unknown property 'more'`],
      [{ name: 'x', created_at: 'x' }, 403, `Attribute 'created_at' is read-only.`],
    ]
    for (const [json, status, text] of cases) await world.expect('POST', path, root(json), status, text)
    await world.expect('DELETE', `${path}/A%20%2F%20B`, root(), 204)
    await world.expect('DELETE', `${path}/OS::Nova::Flavor`, root(), 204)
    await world.expect(
      'DELETE',
      `${path}/OS::Nova::Flavor`,
      root(),
      404,
      'There is no resource type association',
    )
  })

  test('properties', async () => {
    await make('Props', {
      resource_type_associations: [{ name: 'Props::T', prefix: 'hw_' }, { name: 'Props::U' }],
    })
    const path = `${base}/Props/properties`
    await world.expect('GET', path, { as: 'nora' }, 200, { properties: {} })
    const facts = {
      title: 'Cores',
      description: 'How many',
      type: 'array',
      operators: ['<in>'],
      items: { type: 'string', enum: ['a'] },
      minimum: 1.5,
      default: ['a', 1, null],
      readonly: false,
      uniqueItems: true,
      maxItems: 3,
    }
    const made = await world.expect('POST', path, root({ name: 'cores', ...facts }), 201)
    assert.deepEqual(made.body, { name: 'cores', ...facts })
    await world.expect('GET', `${path}/cores`, { as: 'nora' }, 200, made.body)
    await world.expect('GET', path, { as: 'nora' }, 200, { properties: { cores: facts } })
    await world.expect('GET', `${path}/hw_cores?resource_type=Props::T`, root(), 200, made.body)
    await world.expect(
      'GET',
      `${path}/cores?resource_type=Props::T`,
      root(),
      404,
      `does not begin with 'hw_'`,
    )
    await world.expect('GET', `${path}/cores?resource_type=Props::U`, root(), 200, made.body)
    await world.expect('GET', `${path}/cores?resource_type=none`, root(), 404)
    const other = { name: 'sockets', title: 'Sockets', type: 'integer' }
    await world.expect('PUT', `${path}/cores`, root(other), 200, other)
    await world.expect('GET', `${path}/cores`, root(), 404, 'There is no metadata property cores in Props.')
    const cases: [json: unknown, status: number, text: string][] = [
      [{ title: 'A', type: 'string' }, 400, `schema 'property': lacks the property 'name'`],
      [{ name: 'a', type: 'string' }, 400, `lacks the property 'title'`],
      [{ name: 'a', title: 'A' }, 400, `lacks the property 'type'`],
      [{ name: 'a', title: 'A', type: null }, 400, `'type' must be of type string`],
      [{ name: 'a', title: 'A', type: 'string', enum: 'a' }, 400, `'enum' must be of type array`],
      [
        { name: 'a', title: 'A', type: 'string', required: [] },
        400,
        `'required' must NOT have fewer than 1 items`,
      ],
      [{ name: 'a', title: 'A', type: 'string', more: 1 }, 400, `unknown property 'more'`],
      [{ name: 'a', title: 'A', type: 'string', updated_at: 'x' }, 403, 'read-only'],
    ]
    for (const [json, status, text] of cases) {
      await world.expect('POST', path, root(json), status, text)
      await world.expect('PUT', `${path}/sockets`, root(json), status, text)
    }
    await world.expect('PUT', `${path}/none`, root(other), 404)
    await world.expect('DELETE', `${path}/sockets`, root(), 204)
    await world.expect('DELETE', `${path}/sockets`, root(), 404)
    await world.expect('POST', path, root(other), 201)
    await world.expect('DELETE', path, root(), 204)
    await world.expect('GET', path, root(), 200, { properties: {} })
  })

  test('objects', async () => {
    await make('Objects')
    const path = `${base}/Objects/objects`
    const none = { objects: [], schema: '/v2/schemas/metadefs/objects' }
    await world.expect('GET', path, { as: 'nora' }, 200, none)
    const facts = {
      description: 'Disks',
      required: ['size'],
      properties: { size: { title: 'S', type: 'integer' } },
    }
    const made = await world.expect('POST', path, root({ name: 'disk', ...facts }), 201)
    const links = (name: string) => ({
      self: `/v2/metadefs/namespaces/Objects/objects/${name}`,
      schema: '/v2/schemas/metadefs/object',
    })
    assert.deepEqual(timeless(made.body), { name: 'disk', ...facts, ...links('disk') })
    await world.expect('GET', `${path}/disk`, { as: 'nora' }, 200, made.body)
    await world.expect('POST', path, root({ name: 'a' }), 201)
    const { body } = await world.expect('GET', path, { as: 'nora' }, 200)
    assert.deepEqual(timeless(body.objects[0]), { name: 'a', required: [], properties: {}, ...links('a') })
    assert.deepEqual(body.objects[1], made.body)
    const renamed = await world.expect('PUT', `${path}/disk`, root({ name: 'volume' }), 200)
    assert.deepEqual(timeless(renamed.body), {
      name: 'volume',
      required: [],
      properties: {},
      ...links('volume'),
    })
    await world.expect('GET', `${path}/disk`, root(), 404, 'There is no metadata object disk in Objects.')
    const cases: [json: unknown, status: number, text: string][] = [
      [{}, 400, `schema 'object': lacks the property 'name'`],
      [{ name: 'x'.repeat(81) }, 400, 'more than 80'],
      [{ name: 'x', required: ['a', 'a'] }, 400, `'required' must NOT have duplicate items`],
      [{ name: 'x', properties: { p: { title: 'P' } } }, 400, `'properties/p' lacks the property 'type'`],
      [{ name: 'x', properties: { p: { title: 'P', type: 'string', a: 1 } } }, 400, `unknown property 'a'`],
      [{ name: 'x', self: '/x' }, 403, `Attribute 'self' is read-only.`],
    ]
    for (const [json, status, text] of cases) {
      await world.expect('POST', path, root(json), status, text)
      await world.expect('PUT', `${path}/volume`, root(json), status, text)
    }
    await world.expect('PUT', `${path}/none`, root({ name: 'x' }), 404)
    await world.expect('DELETE', `${path}/volume`, root(), 204)
    await world.expect('DELETE', `${path}/volume`, root(), 404)
    await world.expect('DELETE', path, root(), 204)
    await world.expect('GET', path, root(), 200, none)
  })

  test('tags', async () => {
    await make('Tags')
    const path = `${base}/Tags/tags`
    const several = (...names: string[]) => ({ tags: names.map((name) => ({ name })) })
    await world.expect('GET', path, { as: 'nora' }, 200, several())
    await world.expect('POST', path, root(several('b', 'a')), 201, several('b', 'a'))
    // The last one first.
    await world.expect('GET', path, { as: 'nora' }, 200, several('a', 'b'))
    const append = { headers: { 'x-openstack-append': 'True' } }
    await world.expect('POST', path, root(several('c'), append), 201, several('c'))
    await world.expect('POST', path, root(several('d', 'c'), append), 409)
    await world.expect('GET', path, root(), 200, several('c', 'a', 'b'))
    await world.expect('GET', `${path}?sort_key=name&sort_dir=asc&limit=2`, root(), 200, several('a', 'b'))
    await world.expect('GET', `${path}?sort_key=name&sort_dir=asc&marker=b`, root(), 200, several('c'))
    await world.expect('GET', `${path}?limit=0`, root(), 200, several())
    await world.expect('GET', `${path}?marker=none`, root(), 404)
    await world.expect('GET', `${path}?sort_key=id`, root(), 400)
    const replace = { headers: { 'x-openstack-append': 'False' } }
    await world.expect('POST', path, root(several('x', 'y'), replace), 201)
    await world.expect('GET', path, root(), 200, several('y', 'x'))
    const made = await world.expect('POST', `${path}/a%2Fü`, root(), 201)
    assert.deepEqual(timeless(made.body), { name: 'a/ü' })
    assert.match(made.body.updated_at, instant)
    await world.expect('GET', `${path}/a%2F%C3%BC`, { as: 'nora' }, 200, made.body)
    const renamed = await world.expect('PUT', `${path}/a%2F%C3%BC`, root({ name: 'z' }), 200)
    assert.deepEqual(timeless(renamed.body), { name: 'z' })
    const cases: [method: string, path: string, ask: Ask, status: number, text: string][] = [
      ['POST', `${path}/w`, root({}), 400, 'A body is not expected with this request.'],
      ['POST', `${path}/${'x'.repeat(81)}`, root(), 400, 'must not have more than 80 characters'],
      ['POST', path, root({}), 400, `schema 'tags': lacks the property 'tags'`],
      ['POST', path, root([]), 400, 'Unexpected body type.'],
      ['POST', path, root({ tags: ['a'] }), 400, `'tags/0'`],
      ['POST', path, root(several('x'.repeat(81))), 400, 'more than 80'],
      ['POST', path, root(several('q', 'q')), 409, 'There is a metadata tag q already.'],
      ['POST', path, root({ ...several('q'), created_at: 'x' }), 403, 'read-only'],
      ['PUT', `${path}/z`, root({}), 400, `lacks the property 'name'`],
      ['PUT', `${path}/z`, root({ name: 'q', updated_at: 'x' }), 403, 'read-only'],
      ['PUT', `${path}/none`, root({ name: 'q' }), 404, 'There is no metadata tag none in Tags.'],
      ['DELETE', `${path}/none`, root(), 404, 'There is no metadata tag none in Tags.'],
    ]
    for (const [method, at, ask, status, text] of cases) await world.expect(method, at, ask, status, text)
    await world.expect('DELETE', `${path}/z`, root(), 204)
    await world.expect('GET', path, root(), 200, several('y', 'x'))
    await world.expect('POST', path, root(several()), 201, several())
    await world.expect('GET', path, root(), 200, several())
    await world.expect('POST', `${path}/last`, root(), 201)
    await world.expect('DELETE', path, root(), 204)
    await world.expect('GET', path, root(), 200, several())
  })

  test('nothing of a protected namespace is deleted', async () => {
    await make('Kept', {
      protected: true,
      tags: [{ name: 't' }],
      objects: [{ name: 'o' }],
      properties: { p: { title: 'P', type: 'string' } },
      resource_type_associations: [{ name: 'OS::Nova::Server' }],
    })
    const paths = ['', '/tags', '/objects', '/properties', '/tags/t', '/objects/o', '/properties/p']
    for (const path of [...paths, '/resource_types/OS::Nova::Server'])
      await world.expect('DELETE', `${base}/Kept${path}`, root(), 403, 'is protected')
    await world.expect('PUT', `${base}/Kept/tags/t`, root({ name: 'u' }), 200)
    await world.expect('PUT', `${base}/Kept`, root({ namespace: 'Kept' }), 200)
    await world.expect('DELETE', `${base}/Kept`, root(), 204)
  })

  /** Every route inside of a namespace that has one thing of each kind. */
  const reads = [
    '',
    '/resource_types',
    '/objects',
    '/objects/o',
    '/properties',
    '/properties/p',
    '/tags',
    '/tags/t',
  ]
  const property = { name: 'q', title: 'Q', type: 'string' }
  const writes: [method: string, path: string, json: unknown, policy: string][] = [
    ['PUT', '', { namespace: 'x' }, 'modify_metadef_namespace'],
    ['DELETE', '', undefined, 'delete_metadef_namespace'],
    ['POST', '/resource_types', { name: 'x' }, 'add_metadef_resource_type_association'],
    ['DELETE', '/resource_types/r', undefined, 'remove_metadef_resource_type_association'],
    ['POST', '/objects', { name: 'x' }, 'add_metadef_object'],
    ['PUT', '/objects/o', { name: 'x' }, 'modify_metadef_object'],
    ['DELETE', '/objects/o', undefined, 'delete_metadef_object'],
    ['DELETE', '/objects', undefined, 'delete_metadef_object'],
    ['POST', '/properties', property, 'add_metadef_property'],
    ['PUT', '/properties/p', property, 'modify_metadef_property'],
    ['DELETE', '/properties/p', undefined, 'remove_metadef_property'],
    ['DELETE', '/properties', undefined, 'remove_metadef_property'],
    ['POST', '/tags', { tags: [] }, 'add_metadef_tags'],
    ['POST', '/tags/x', undefined, 'add_metadef_tag'],
    ['PUT', '/tags/t', { name: 'x' }, 'modify_metadef_tag'],
    ['DELETE', '/tags/t', undefined, 'delete_metadef_tag'],
    ['DELETE', '/tags', undefined, 'delete_metadef_tags'],
  ]

  describe('who may do what', () => {
    const contents = {
      tags: [{ name: 't' }],
      objects: [{ name: 'o' }],
      properties: { p: { title: 'P', type: 'string' } },
      resource_type_associations: [{ name: 'r' }],
    }
    before(async () => {
      await make('Public', { ...contents, owner: world.projects.other })
      await make('Private', { ...contents, visibility: 'private', owner: world.projects.acme })
    })

    test('reading', async () => {
      for (const path of reads) {
        for (const as of ['rita', 'eva', 'nora', 'omar', 'root'] as const)
          await world.expect('GET', `${base}/Public${path}`, { as }, 200)
        for (const as of ['rita', 'eva', 'root'] as const)
          await world.expect('GET', `${base}/Private${path}`, { as }, 200)
        const gone = 'There is no metadata namespace Private.'
        for (const as of ['nora', 'omar'] as const)
          await world.expect('GET', `${base}/Private${path}`, { as }, 404, gone)
        await world.expect('GET', `${base}/None${path}`, root(), 404, 'There is no metadata namespace None.')
        await world.expect('GET', `${base}/Public${path}`, { as: 'lone' }, 403)
        await world.expect('GET', `${base}/Public${path}`, {}, 401)
      }
      for (const path of [base, '/metadefs/resource_types'])
        await world.expect('GET', path, { as: 'lone' }, 403, 'You are not authorized to complete')
    })

    test('writing', async () => {
      for (const [method, path, json, policy] of writes) {
        const ask = (as: Person): Ask => ({ as, ...(json === undefined ? {} : { json }) })
        const refused = `You are not authorized to complete ${policy} action.`
        for (const as of ['eva', 'nora', 'lone'] as const)
          await world.expect(method, `${base}/Public${path}`, ask(as), 403, refused)
        await world.expect(method, `${base}/Private${path}`, ask('eva'), 403, refused)
        await world.expect(method, `${base}/Private${path}`, ask('omar'), 404)
        await world.expect(method, `${base}/None${path}`, ask('root'), 404)
      }
      const refused = 'You are not authorized to complete add_metadef_namespace action.'
      await world.expect('POST', base, { as: 'eva', json: { namespace: 'x' } }, 403, refused)
    })
  })

  test('other methods, other paths', async () => {
    const allowed: [path: string, allow: string][] = [
      ['/metadefs/resource_types', 'GET'],
      [base, 'GET, POST'],
      [`${base}/x`, 'GET, PUT, DELETE'],
      [`${base}/x/resource_types`, 'GET, POST'],
      [`${base}/x/resource_types/y`, 'DELETE'],
      [`${base}/x/objects`, 'GET, POST, DELETE'],
      [`${base}/x/objects/y`, 'GET, PUT, DELETE'],
      [`${base}/x/properties`, 'GET, POST, DELETE'],
      [`${base}/x/properties/y`, 'GET, PUT, DELETE'],
      [`${base}/x/tags`, 'GET, POST, DELETE'],
      [`${base}/x/tags/y`, 'GET, POST, PUT, DELETE'],
    ]
    for (const [path, allow] of allowed) {
      const reply = await world.expect('PATCH', path, root({}), 405)
      assert.equal(reply.headers.get('allow'), allow, path)
    }
    for (const path of ['/metadefs', `${base}/`, `${base}/x/y`, `${base}/x/tags/y/z`, `${base}/x/objects/`])
      await world.expect('GET', path, root(), 404)
    await world.expect('GET', `${base}/%ff`, root(), 400, 'Error decoding your request.')
    await world.expect(
      'GET',
      `${base}/x`,
      root(undefined, { headers: { 'content-type': 'application/json' } }),
      404,
    )
    await world.expect('DELETE', `${base}/x`, root({}), 400, 'A body is not expected with this request.')
  })
})
