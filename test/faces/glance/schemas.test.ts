import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { imageSchema } from '../../../src/faces/glance/schemas/image.ts'
import { validatorOf } from '../../../src/faces/glance/schemas/validate.ts'
import { startWorld, type World } from './world.ts'

/** glance.md section 19: path → the name that clients compare. */
const names: Readonly<Record<string, string>> = {
  image: 'image',
  images: 'images',
  member: 'member',
  members: 'members',
  task: 'task',
  tasks: 'tasks',
  'metadefs/namespace': 'namespace',
  'metadefs/namespaces': 'namespaces',
  'metadefs/resource_type': 'resource_type_association',
  'metadefs/resource_types': 'resource_type_associations',
  'metadefs/property': 'property',
  'metadefs/properties': 'properties',
  'metadefs/object': 'object',
  'metadefs/objects': 'objects',
  'metadefs/tag': 'tag',
  'metadefs/tags': 'tags',
}

type Schema = Readonly<Record<string, unknown>> & {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}

const uuid = '^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$'
const shown = { readOnly: true, type: 'string' }
const text = { type: 'string', is_base: false }
const boot = { type: ['null', 'string'], pattern: uuid, is_base: false }

/** The table of glance.md section 19; every property has a description beside this. */
const image: Readonly<Record<string, object>> = {
  id: { type: 'string', pattern: uuid },
  name: { type: ['null', 'string'], maxLength: 255 },
  status: {
    ...shown,
    enum: [
      'queued',
      'saving',
      'active',
      'killed',
      'deleted',
      'uploading',
      'importing',
      'pending_delete',
      'deactivated',
    ],
  },
  visibility: { type: 'string', enum: ['community', 'public', 'private', 'shared'] },
  protected: { type: 'boolean' },
  os_hidden: { type: 'boolean' },
  checksum: { readOnly: true, type: ['null', 'string'], maxLength: 32 },
  os_hash_algo: { readOnly: true, type: ['null', 'string'], maxLength: 64 },
  os_hash_value: { readOnly: true, type: ['null', 'string'], maxLength: 128 },
  owner: { type: ['null', 'string'], maxLength: 255 },
  size: { readOnly: true, type: ['null', 'integer'] },
  virtual_size: { readOnly: true, type: ['null', 'integer'] },
  container_format: {
    type: ['null', 'string'],
    enum: [null, 'ami', 'ari', 'aki', 'bare', 'ovf', 'ova', 'docker', 'compressed'],
  },
  disk_format: {
    type: ['null', 'string'],
    enum: [null, 'ami', 'ari', 'aki', 'vhd', 'vhdx', 'vmdk', 'raw', 'qcow2', 'vdi', 'iso', 'ploop'],
  },
  created_at: shown,
  updated_at: shown,
  tags: { type: 'array', items: { type: 'string', maxLength: 255 } },
  direct_url: shown,
  min_ram: { type: 'integer' },
  min_disk: { type: 'integer' },
  self: shown,
  file: shown,
  schema: shown,
  stores: shown,
  kernel_id: boot,
  ramdisk_id: boot,
  instance_uuid: text,
  architecture: text,
  os_distro: text,
  os_version: text,
  description: text,
  cinder_encryption_key_id: text,
  cinder_encryption_key_deletion_policy: { ...text, enum: ['on_image_deletion', 'do_not_delete'] },
}

describe('schemas', () => {
  let world: World
  before(async () => {
    world = await startWorld()
  })
  after(() => world.close())

  const documentOf = async (name: string): Promise<Schema> =>
    (await world.expect('GET', `/schemas/${name}`, { as: 'rita' }, 200)).body

  test('all of them, by their names', async () => {
    for (const [path, name] of Object.entries(names)) assert.equal((await documentOf(path)).name, name, path)
  })

  test('for everybody with a token, and to be read only', async () => {
    await world.expect('GET', '/schemas/image', { as: 'lone' }, 200)
    await world.expect('GET', '/schemas/image', {}, 401)
    const wrong = await world.expect('POST', '/schemas/image', { as: 'root', json: {} }, 405)
    assert.equal(wrong.headers.get('allow'), 'GET')
    await world.expect('GET', '/schemas/none', { as: 'rita' }, 404)
    await world.expect('GET', '/schemas/metadefs', { as: 'rita' }, 404)
  })

  test('an image has the properties of the contract', async () => {
    const { properties = {}, ...rest } = await documentOf('image')
    const { locations, ...others } = properties
    assert.deepEqual(
      Object.fromEntries(
        Object.entries(others).map(([name, { description, ...facts }]) => {
          assert.equal(typeof description, 'string', name)
          // glanceclient hands descriptions to argparse, which reads a percent sign as its own.
          assert.doesNotMatch(String(description), /%/, name)
          return [name, facts]
        }),
      ),
      image,
    )
    assert.deepEqual(rest, {
      name: 'image',
      additionalProperties: { type: 'string' },
      links: [
        { rel: 'self', href: '{self}' },
        { rel: 'enclosure', href: '{file}' },
        { rel: 'describedby', href: '{schema}' },
      ],
    })
    const { required, properties: parts } = locations!.items!
    assert.deepEqual([locations!.type, required], ['array', ['url', 'metadata']])
    const { additionalProperties, writeOnly, required: needed } = parts!.validation_data!
    assert.deepEqual(
      [additionalProperties, writeOnly, needed],
      [false, true, ['os_hash_algo', 'os_hash_value']],
    )
  })

  test('lists of images, members, tasks and definitions', async () => {
    const paged = ['first', 'next', 'schema']
    const cases: [path: string, list: string, others: string[]][] = [
      ['images', 'images', paged],
      ['members', 'members', ['schema']],
      ['tasks', 'tasks', paged],
      ['metadefs/namespaces', 'namespaces', paged],
      ['metadefs/resource_types', 'resource_type_associations', paged],
      ['metadefs/objects', 'objects', paged],
      ['metadefs/tags', 'tags', paged],
      ['metadefs/properties', 'properties', paged],
    ]
    for (const [path, list, others] of cases) {
      const { properties = {}, links } = await documentOf(path)
      assert.deepEqual(Object.keys(properties), [list, ...others], path)
      const rels = others.map((name) => ({
        rel: name === 'schema' ? 'describedby' : name,
        href: `{${name}}`,
      }))
      assert.deepEqual(links, rels, path)
    }
    const { properties: images } = await documentOf('images')
    assert.deepEqual(images!.images!.items, await documentOf('image'))
    const member = await documentOf('member')
    assert.deepEqual(Object.keys(member), ['name', 'properties'])
    const { properties: map } = await documentOf('metadefs/properties')
    assert.equal(map!.properties!.type, 'object')
  })

  test('a listed task says less', async () => {
    const one = Object.keys((await documentOf('task')).properties!)
    const listed = Object.keys((await documentOf('tasks')).properties!.tasks!.items!.properties!)
    assert.deepEqual(
      one.filter((name) => !listed.includes(name)),
      ['input', 'result', 'message'],
    )
  })

  test('what a document refers to is in the document', async () => {
    for (const path of Object.keys(names)) {
      const document = await documentOf(path)
      for (const [, name] of JSON.stringify(document).matchAll(/"#\/definitions\/(\w+)"/g))
        assert.ok(Object.hasOwn(document.definitions as object, name!), `${path}: ${name}`)
    }
  })
})

test('bodies are checked, and told what is wrong with them', () => {
  const demand = validatorOf(imageSchema)
  const long = 'x'.repeat(256)
  const wrong: [body: object, what: string][] = [
    [{ name: 5 }, `'name' must be of type null or string`],
    [{ name: long }, `'name' must NOT have more than 255 characters`],
    [{ tags: ['a', long] }, `'tags/1' must NOT have more than 255 characters`],
    [{ tags: 'a' }, `'tags' must be of type array`],
    [{ tags: [null] }, `'tags/0' must be of type string`],
    [{ id: 'x' }, `'id' must match pattern`],
    [{ kernel_id: '' }, `'kernel_id' must match pattern`],
    [{ min_disk: '1' }, `'min_disk' must be of type integer`],
    [{ min_ram: 1.5 }, `'min_ram' must be of type integer`],
    [{ protected: 'true' }, `'protected' must be of type boolean`],
    [{ visibility: 'secret' }, `'visibility' must be one of "community", "public", "private", "shared"`],
    [{ disk_format: 'RAW' }, `'disk_format' must be one of null, "ami"`],
    [{ any: 1 }, `'any' must be of type string`],
    [{ any: null }, `'any' must be of type string`],
    [{ 'a/b~c': {} }, `'a/b~c' must be of type string`],
    [{ [long]: 1 }, `'${long.slice(1)}…' must be of type string`],
    [JSON.parse('{"__proto__": 1}'), `'__proto__' must be of type string`],
    [{ locations: [{ url: 'x' }] }, `'locations/0' lacks the property 'metadata'`],
    [
      { locations: [{ url: 'x', metadata: {}, validation_data: { more: 1 } }] },
      `'locations/0/validation_data' lacks the property 'os_hash_algo'`,
    ],
    [
      {
        locations: [
          { url: 'x', metadata: {}, validation_data: { os_hash_algo: 'a', os_hash_value: 'b', more: 1 } },
        ],
      },
      `'locations/0/validation_data' has the unknown property 'more'`,
    ],
  ]
  for (const [body, what] of wrong)
    assert.throws(
      () => demand(body),
      ({ status, message }: { status: number; message: string }) =>
        status === 400 && message.startsWith(`Provided object does not match schema 'image': ${what}`),
      JSON.stringify(body),
    )
  for (const body of [
    {},
    { name: null, disk_format: null, kernel_id: null, any: '', tags: [] },
    { kernel_id: '00000000-1111-2222-3333-444455556666', '': 'x', min_disk: -1 },
    { name: '🐧'.repeat(255) },
  ])
    demand(body)
})
