import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { type Person, startWorld, unknown, type World } from './world.ts'

forEachDatabase((_engine, _open, freshUrl) => {
  let world: World
  before(async () => {
    world = await startWorld({ databaseUrl: await freshUrl() })
  })
  after(() => world.close())

  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, 'v']))
  const tags = (count: number) => Array.from({ length: count }, (_, n) => `t${n}`)

  describe('an image is created (5.1)', () => {
    test('out of nothing', async () => {
      const reply = await world.expect('POST', '/images', { as: 'eva', json: {} }, 201)
      const { id, created_at, updated_at, ...rest } = reply.body
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      assert.match(created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
      assert.equal(updated_at, created_at)
      assert.deepEqual(rest, {
        name: null,
        status: 'queued',
        visibility: 'shared',
        protected: false,
        os_hidden: false,
        owner: world.projects.acme,
        disk_format: null,
        container_format: null,
        min_disk: 0,
        min_ram: 0,
        size: null,
        virtual_size: null,
        checksum: null,
        os_hash_algo: null,
        os_hash_value: null,
        tags: [],
        self: `/v2/images/${id}`,
        file: `/v2/images/${id}/file`,
        schema: '/v2/schemas/image',
      })
      assert.equal(reply.headers.get('location'), `${world.url}/v2/images/${id}`)
      assert.equal(reply.headers.get('openstack-image-store-ids'), null)
      await world.expect('GET', `/images/${id}`, { as: 'eva' }, 200, reply.body)
    })

    test('with everything', async () => {
      const json = {
        id: '11111111-1111-4111-8111-111111111111',
        name: 'Größe 😀',
        visibility: 'private',
        protected: true,
        os_hidden: true,
        disk_format: 'qcow2',
        container_format: 'bare',
        min_disk: 5,
        min_ram: 2147483647,
        tags: ['web', 'a b', 'web', 'ключ'],
        architecture: 'x86_64',
        os_distro: 'debian',
        kernel_id: '00000000-1111-2222-3333-444455556666',
        'owner_specified.openstack.md5': '',
        __proto__: 'nothing special',
        'a/b ~': '😀',
      }
      // As text, because a literal would set the prototype.
      const body = JSON.stringify(json).replace('"a/b ~"', '"__proto__":"odd","a/b ~"')
      const { body: image } = await world.expect('POST', '/images', { as: 'eva', body }, 201)
      assert.deepEqual(image.tags, ['a b', 'web', 'ключ'])
      for (const [name, value] of Object.entries(json))
        if (name !== 'tags') assert.deepEqual(image[name], value, name)
      assert.ok(JSON.stringify(image).includes('"__proto__":"odd"'))
    })

    test('formats and boot images may be null', async () => {
      const json = {
        name: null,
        disk_format: null,
        container_format: null,
        kernel_id: null,
        ramdisk_id: null,
      }
      const { body } = await world.expect('POST', '/images', { as: 'eva', json }, 201)
      assert.deepEqual([body.name, body.disk_format, body.container_format], [null, null, null])
    })

    test('ids are lower case, whatever was given, and found in any', async () => {
      const id = 'ABCDEF00-1111-4111-8111-111111111111'
      const { body } = await world.expect('POST', '/images', { as: 'eva', json: { id } }, 201)
      assert.equal(body.id, id.toLowerCase())
      await world.expect('GET', `/images/${id}`, { as: 'eva' }, 200, body)
    })

    test('an administrator creates for anybody and for nobody', async () => {
      const json = { owner: world.projects.other }
      const { body } = await world.expect('POST', '/images', { as: 'root', json }, 201)
      assert.equal(body.owner, world.projects.other)
      const nobody = await world.expect('POST', '/images', { as: 'root', json: { owner: null } }, 201)
      assert.equal(nobody.body.owner, null)
      // A project that is not known, or not yet; naming it twice, and at once, makes one.
      const stranger = { as: 'root', json: { owner: '0123456789abcdef0123456789abcdef' } } as const
      const given = await Promise.all([1, 2].map(() => world.expect('POST', '/images', stranger, 201)))
      assert.deepEqual(
        given.map((reply) => reply.body.owner),
        [stranger.json.owner, stranger.json.owner],
      )
      const { body: found } = await world.expect(
        'GET',
        `/images?owner=${stranger.json.owner}`,
        { as: 'root' },
        200,
      )
      assert.equal(found.images.length, 2)
    })

    test('lengths are those of characters', async () => {
      const long = '😀'.repeat(255)
      const json = { name: long, tags: [long], [long]: long }
      const { body } = await world.expect('POST', '/images', { as: 'eva', json }, 201)
      assert.deepEqual([body.name, body.tags, body[long]], [long, [long], long])
      await world.expect('GET', `/images?name=${encodeURIComponent(long)}`, { as: 'eva' }, 200, {
        images: [body],
        first: `/v2/images?name=${encodeURIComponent(long)}`,
        schema: '/v2/schemas/images',
      })
      for (const more of [{ name: `${long}😀` }, { tags: [`${long}😀`] }, { [`${long}😀`]: 'x' }])
        await world.expect('POST', '/images', { as: 'eva', json: more }, 400, '255 characters')
    })

    test('128 properties and tags are allowed', async () => {
      const json = { ...many(128), tags: [...tags(128), 't0', 't1'] }
      const { body } = await world.expect('POST', '/images', { as: 'eva', json }, 201)
      assert.equal(body.tags.length, 128)
    })
  })

  describe('an image is refused (5.2)', () => {
    const rows: readonly (readonly [
      what: string,
      json: unknown,
      status: number,
      text: string,
      as?: Person,
    ])[] = [
      ...['self', 'file', 'schema', 'direct_url', 'stores'].map(
        (name) => [name, { [name]: 'x' }, 403, `Attribute '${name}' is read-only.`] as const,
      ),
      ...['status', 'size', 'virtual_size', 'checksum', 'created_at', 'updated_at'].map(
        (name) => [name, { [name]: 'x' }, 403, `Attribute '${name}' is read-only.`] as const,
      ),
      ...['os_hash_algo', 'os_hash_value'].map(
        (name) => [name, { [name]: 'x' }, 403, `Attribute '${name}' is read-only.`] as const,
      ),
      ...['location', 'deleted', 'deleted_at', 'os_glance_x', 'os_glancefoo', 'os_glance_import_task'].map(
        (name) => [name, { [name]: 'x' }, 403, `Attribute '${name}' is reserved.`] as const,
      ),
      ['locations', { locations: [] }, 403, "Attribute 'locations' is reserved."],
      [
        'a foreign owner',
        { owner: 'f'.repeat(32) },
        403,
        `You are not permitted to create images owned by '${'f'.repeat(32)}'`,
      ],
      ['no owner', { owner: null }, 403, 'You are not permitted to create images owned by'],
      ['an unknown owner', { owner: 'nobody' }, 400, 'nobody', 'root'],
      ['public', { visibility: 'public' }, 403, 'You are not authorized to complete publicize_image action.'],
      ['no such visibility', { visibility: 'secret' }, 400, "does not match schema 'image': 'visibility'"],
      ['a name that is none', { name: 5 }, 400, "does not match schema 'image': 'name'"],
      ['a long name', { name: 'x'.repeat(256) }, 400, "does not match schema 'image': 'name'"],
      ['a long tag', { tags: ['x'.repeat(256)] }, 400, "does not match schema 'image': 'tags/0'"],
      ['tags that are none', { tags: 'web' }, 400, "'tags'"],
      ['a tag that is none', { tags: [1] }, 400, "'tags/0'"],
      ['no such disk format', { disk_format: 'vhdy' }, 400, "'disk_format'"],
      ['no such container format', { container_format: 'box' }, 400, "'container_format'"],
      ['a flag that is none', { protected: 'true' }, 400, "'protected'"],
      ['hidden by a text', { os_hidden: 'yes' }, 400, "'os_hidden'"],
      ['a number that is none', { min_disk: '5' }, 400, "'min_disk'"],
      ['a fraction', { min_disk: 1.5 }, 400, "'min_disk'"],
      [
        'a negative number',
        { min_disk: -1 },
        400,
        "Invalid value '-1' for parameter 'min_disk': Cannot be a negative value",
      ],
      [
        'a large number',
        { min_ram: 2147483648 },
        400,
        "'min_ram' value out of range, must not exceed 2147483647.",
      ],
      ['an id that is none', { id: 'x' }, 400, "'id'"],
      ['a property that is null', { foo: null }, 400, "'foo'"],
      ['a property that is a number', { foo: 1 }, 400, "'foo'"],
      ['a property that is a flag', { foo: true }, 400, "'foo'"],
      ['a property that is a list', { foo: [] }, 400, "'foo'"],
      ['the property properties', { properties: { foo: 'bar' } }, 400, "'properties'"],
      ['a kernel that is no id', { kernel_id: 'vmlinuz' }, 400, "'kernel_id'"],
      [
        'a policy that is none',
        { cinder_encryption_key_deletion_policy: 'x' },
        400,
        'cinder_encryption_key_deletion_policy',
      ],
      ['a long property name', { ['x'.repeat(256)]: 'y' }, 400, '255 characters'],
      ['a property without a name', { '': 'y' }, 400, 'name'],
      ['a property with a control character', { 'a\nb': 'y' }, 400, 'name'],
      ['a long value', { foo: 'x'.repeat(65_536) }, 400, 'foo'],
      [
        'too many properties',
        many(129),
        413,
        'number of allowed image properties. Attempted: 129, Maximum: 128',
      ],
      ['10,000 properties', many(10_000), 413, 'Attempted: 10000, Maximum: 128'],
      ['too many tags', { tags: tags(129) }, 413, 'allowed image tags. Attempted: 129, Maximum: 128'],
      ['a reader', {}, 403, 'You are not authorized to complete add_image action.', 'rita'],
      // The order of the checks: what can never be written, the schema, what is reserved.
      ['read-only before the schema', { min_disk: 'x', status: 'active' }, 403, 'read-only'],
      ['the schema before what is reserved', { min_disk: 'x', deleted: 'y' }, 400, "'min_disk'"],
    ]
    for (const [what, json, status, text, as = 'eva'] of rows)
      test(what, async () => {
        const before = await world.catalogue.projects.usage(systemActor, 2)
        await world.expect('POST', '/images', { as, json }, status, text)
        assert.deepEqual(await world.catalogue.projects.usage(systemActor, 2), before)
      })

    test('an id that is there, or ever was', async () => {
      const { body } = await world.expect('POST', '/images', { as: 'eva', json: {} }, 201)
      const json = { id: body.id }
      await world.expect('POST', '/images', { as: 'omar', json }, 409, `Image ID ${body.id} already exists!`)
      await world.expect('DELETE', `/images/${body.id}`, { as: 'eva' }, 204)
      await world.expect('POST', '/images', { as: 'eva', json }, 409, `Image ID ${body.id} already exists!`)
    })
  })

  test('the number of images is limited', async () => {
    await world.core.database.db
      .updateTable('projects')
      .set({ settings_json: JSON.stringify({ quotaImages: 0 }) })
      .where('id', '=', 3)
      .execute()
    await world.expect('POST', '/images', { as: 'omar', json: {} }, 413)
  })

  describe('one image (section 7)', () => {
    test('what is not there, is deleted or cannot be seen is the same', async () => {
      const { uuid } = await world.image({ visibility: 'private' })
      const gone = await world.image()
      await world.expect('DELETE', `/images/${gone.uuid}`, { as: 'eva' }, 204)
      for (const [id, as] of [
        [unknown, 'eva'],
        [gone.uuid, 'eva'],
        [gone.uuid, 'root'],
        [uuid, 'omar'],
      ] as const) {
        await world.expect('GET', `/images/${id}`, { as }, 404, `No image found with ID ${id}`)
        await world.expect('DELETE', `/images/${id}`, { as }, 404, `Failed to find image ${id} to delete`)
      }
    })

    test('what is protected stays', async () => {
      const { uuid } = await world.image({ protected: true })
      for (const as of ['eva', 'root'] as const)
        await world.expect(
          'DELETE',
          `/images/${uuid}`,
          { as },
          403,
          `Image ${uuid} is protected and cannot be deleted.`,
        )
    })

    test('what belongs to others stays', async () => {
      for (const visibility of ['public', 'community'] as const) {
        const { uuid } = await world.image({ visibility })
        await world.expect('DELETE', `/images/${uuid}`, { as: 'omar' }, 403, 'delete_image')
        await world.expect('DELETE', `/images/${uuid}`, { as: 'rita' }, 403, 'delete_image')
      }
    })

    test('it is gone from lists at once', async () => {
      const { uuid } = await world.image({ name: 'short lived' }, 'bytes')
      const path = '/images?name=short%20lived'
      assert.equal((await world.expect('GET', path, { as: 'eva' }, 200)).body.images.length, 1)
      await world.expect('DELETE', `/images/${uuid}`, { as: 'eva' }, 204)
      assert.deepEqual((await world.expect('GET', path, { as: 'eva' }, 200)).body.images, [])
    })
  })
})
