import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { type Repository, startRepository } from './repository.ts'
import { type Ask, type Person, type World, worlds } from './world.ts'

const denied = { detail: 'Permission denied' }
const refused = { detail: 'You do not have permission to perform this action.' }
const unbound =
  'You have to specify to which datacenter shall the image be bound. Either use the "dc" parameter or set the "dc_bound" parameter to false.'
const inUse = 'This alias is already in use. Please supply a different alias or version.'

for (const [engine, start] of worlds)
  describe(`import of an image on ${engine} (danube.md 1.5 to 1.7)`, () => {
    let world: World
    let repository: Repository
    before(async () => {
      repository = await startRepository()
      world = await start({ importAllow: '127.0.0.0/8' })
    })
    after(async () => {
      await world?.close()
      await repository?.close()
    })

    const name = () => `image-${randomUUID().slice(0, 8)}`
    /** Starts an import and waits for its end. */
    async function imported(handle: string, json: object, as: Person = 'admin') {
      const reply = await world.ask('POST', `/image/${handle}/`, { as, json })
      assert.equal(reply.status, 201, reply.text)
      return { reply, task: await world.ended(reply.body.task_id) }
    }
    const shown = async (handle: string) =>
      (await world.ask('GET', `/image/${handle}/?extended=true`)).body.result
    async function withoutServer(work: () => Promise<void>): Promise<void> {
      await world.apply({ settings: { imageServer: false } })
      try {
        await work()
      } finally {
        await world.apply({ settings: { imageServer: true } })
      }
    }

    test('system, memory and login are those of the manifest for every wire', async () => {
      const cases: readonly [facts: Record<string, unknown>, minRam: number, properties: object][] = [
        [
          {
            os: 'windows',
            requirements: { min_ram: 512 },
            users: [{ name: 'Administrator' }, { name: 'x' }],
          },
          512,
          { description: 'A base image', os_type: 'windows', os_admin_user: 'Administrator' },
        ],
        [{ os: 'other', description: undefined }, 0, {}],
        // What does not fit is passed over.
        [
          { type: 'zone-dataset', os: 'templeos', requirements: { min_ram: -1 }, users: [{ name: 7 }] },
          0,
          { description: 'A base image' },
        ],
        [
          { os: 'bsd', requirements: { min_ram: 2 ** 31 }, users: { name: 'x' } },
          0,
          { description: 'A base image', os_type: 'bsd' },
        ],
      ]
      for (const [facts, minRam, properties] of cases) {
        const { uuid, manifestUrl } = repository.add({ facts })
        await imported(name(), { manifest_url: manifestUrl, dc: 'acme' })
        const image = await world.catalogue.images.view(systemActor, uuid)
        assert.deepEqual([image.minRam, image.properties], [minRam, properties])
      }
    })

    test('accepted at once and pending, with the values of request and manifest', async () => {
      const { promise: when, resolve: go } = Promise.withResolvers<void>()
      const { uuid, manifestUrl } = repository.add({ when })
      const json = { manifest_url: manifestUrl, dc: 'acme', access: '1' }
      const reply = await world.ask('POST', '/image/centos-7/', { as: 'admin', json })
      assert.equal(reply.status, 201)
      const { task_id: id } = reply.body
      assert.match(id, new RegExp(`^${world.ids.admin}e${world.ids.admin}u2-[0-9a-f]{8}(-[0-9a-f]{4}){3}$`))
      assert.equal(reply.text, `{"task_id":"${id}","status":"PENDING","result":null}`)
      assert.equal(reply.headers.get('es_task_id'), id)
      assert.equal(reply.headers.get('es_task_response'), 'true')
      assert.equal(reply.headers.get('es_dc'), 'acme')
      const pending = await world.ask('GET', '/image/centos-7/?extended=True')
      const { created, ...result } = pending.body.result
      assert.match(created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$/)
      assert.deepEqual(result, {
        dc_bound: true,
        name: 'centos-7',
        uuid,
        alias: 'centos-7',
        version: '1.2',
        owner: 'admin',
        access: 1,
        desc: 'A base image',
        ostype: 1,
        size: 10240,
        resize: true,
        deploy: true,
        tags: ['linux', 'web'],
        status: 2,
        dcs: ['acme'],
      })
      assert.deepEqual(Object.keys(pending.body.result), [
        ...[
          'dc_bound',
          'name',
          'uuid',
          'alias',
          'version',
          'owner',
          'access',
          'desc',
          'ostype',
          'size',
          'resize',
        ],
        ...['deploy', 'tags', 'status', 'created', 'dcs'],
      ])
      // Another task works on it.
      for (const [method, json] of [
        ['PUT', { desc: 'x' }],
        ['DELETE', {}],
      ] as const)
        await world.expect(method, '/image/centos-7/', { json }, 417, { detail: 'Image status is not OK' })
      await world.expect('PUT', '/image/centos-7/', { json: { owner: 'keeper' } }, 400, {
        status: 'FAILURE',
        result: { owner: ['Image has pending tasks.'] },
      })
      go()
      await world.ended(id)
      const status = await world.ask('GET', `/task/${id}/status/`)
      assert.equal(status.status, 200)
      assert.equal(status.body.status, 'SUCCESS')
      assert.match(
        status.body.result.message,
        /^Successfully imported image centos-7 \(transferred 5 bytes in \d+ seconds\)$/,
      )
      assert.deepEqual(Object.keys(status.body.result), ['returncode', 'message'])
      assert.equal((await shown('centos-7')).status, 1)
      assert.deepEqual(
        repository.asked
          .filter(({ path }) => path.includes(uuid))
          .map(({ path }) => path.split('/').slice(3).join()),
        ['', 'file', 'file'],
      )
      assert.equal(repository.asked.find(({ path }) => path.endsWith(uuid))!.userAgent, 'esdc/4.6')
    })

    test('what is said wins over the manifest, and is coerced as es sends it', async () => {
      const { manifestUrl } = repository.add()
      const handle = name()
      const json = {
        manifest_url: manifestUrl,
        file_url: `${manifestUrl}/file`,
        dc: 'acme',
        alias: 'Mine',
        version: '9.9',
        owner: 'keeper',
        access: '3',
        desc: null,
        resize: 'False',
        deploy: '0',
        tags: 'b "two words" a b',
        ostype: 4,
        uuid: 'ignored',
        unknown: true,
      }
      await imported(handle, json)
      const { alias, version, owner, access, desc, resize, deploy, tags, ostype } = await shown(handle)
      assert.deepEqual(
        { alias, version, owner, access, desc, resize, deploy, tags, ostype },
        {
          alias: 'Mine',
          version: '9.9',
          owner: 'keeper',
          access: 3,
          desc: '',
          resize: false,
          deploy: false,
          tags: ['a', 'b', 'two words'],
          ostype: 1,
        },
      )
    })

    for (const [facts, expected] of [
      [
        { type: 'zone-dataset', os: 'smartos', image_size: undefined, tags: {} },
        { ostype: 5, resize: true },
      ],
      [
        { type: 'lx-dataset', os: undefined, image_size: undefined, tags: undefined },
        { ostype: 6, resize: true },
      ],
      [
        { type: 'lx-dataset', os: 'linux', tags: { resize: false } },
        { ostype: 6, resize: false },
      ],
      [{ type: 'zvol', os: 'smartos' }, { ostype: 2 }],
      [{ type: 'zvol', os: 'illumos' }, { ostype: 2 }],
      [
        { type: 'zvol', os: 'bsd', tags: {} },
        { ostype: 3, resize: false, deploy: false, tags: [] },
      ],
      [
        { type: 'zvol', os: 'windows', image_size: 30_720 },
        { ostype: 4, size: 30_720 },
      ],
      [{ type: 'other', os: 'other', image_size: undefined }, { ostype: 1 }],
      [{ description: 'd'.repeat(200) }, { desc: 'd'.repeat(128) }],
      [
        { description: undefined, image_size: undefined, tags: undefined },
        { desc: '', tags: [], size: 1024 },
      ],
    ] as const)
      test(`manifest with ${JSON.stringify(facts).slice(0, 90)}`, async () => {
        const { manifestUrl } = repository.add({ facts })
        const handle = name()
        await imported(handle, { manifest_url: manifestUrl, dc: 'main' })
        const image = await shown(handle)
        for (const [key, value] of Object.entries(expected)) assert.deepEqual(image[key], value, key)
      })

    test('access 4: pending as such, deactivated when the bytes are there', async () => {
      const { uuid, manifestUrl } = repository.add()
      const handle = name()
      await imported(handle, { manifest_url: manifestUrl, dc: 'acme', access: 4 })
      assert.equal((await shown(handle)).access, 4)
      assert.equal((await world.catalogue.images.view(systemActor, uuid)).status, 'deactivated')
    })

    test('unbound, by an administrator: attached only where that is said', async () => {
      for (const [json, dcs, esDc] of [
        [{ dc_bound: false }, [], 'main'],
        [{ dc_bound: 'False', dc: 'park' }, ['park'], 'main'],
      ] as const) {
        const { manifestUrl } = repository.add()
        const handle = name()
        const { reply } = await imported(handle, { manifest_url: manifestUrl, ...json })
        assert.equal(reply.headers.get('es_dc'), esDc)
        assert.match(reply.body.task_id, /u1-/)
        const image = await shown(handle)
        assert.deepEqual([image.dc_bound, image.dcs], [false, dcs])
      }
    })

    describe('who may, in which order things are told', () => {
      let url: string
      before(() => {
        url = repository.add().manifestUrl
      })
      const cases: readonly [why: string, ask: Ask, status: number, body: unknown][] = [
        [
          'nobody',
          { as: 'nobody', json: {} },
          403,
          { detail: 'Authentication credentials were not provided.' },
        ],
        ['no image admin anywhere', { as: 'member', json: { dc: 'nowhere' } }, 403, denied],
        ['the owner of a datacenter is not one', { as: 'chief', json: {} }, 403, denied],
        ['unknown datacenter', { json: { dc: 'nowhere' } }, 404, { detail: 'Datacenter not found' }],
        ['a datacenter that is no name', { json: { dc: ['main'] } }, 404, { detail: 'Datacenter not found' }],
        [
          'a datacenter of others',
          { as: 'importer', json: { dc: 'vault' } },
          404,
          { detail: 'Datacenter not found' },
        ],
        ['one that may be entered only', { as: 'importer', json: { dc: 'park' } }, 403, refused],
        ['main, where nobody let in', { as: 'importer', json: {} }, 403, refused],
        ['image admin without import', { as: 'keeper', json: { dc: 'acme' } }, 403, refused],
        [
          'manifest_url before other fields',
          { as: 'importer', json: { dc: 'acme', access: 7 } },
          400,
          { status: 'FAILURE', result: { manifest_url: ['This field is required.'] } },
        ],
      ]
      for (const [why, ask, status, body] of cases)
        test(why, async () => {
          await world.expect('POST', '/image/new/', ask, status, body)
        })

      test('an existing name comes before datacenter and fields', async () => {
        const handle = name()
        await imported(handle, { manifest_url: url, dc: 'main', version: 'first' })
        for (const json of [{}, { dc: 'nowhere' }])
          await world.expect('POST', `/image/${handle}/`, { json }, 406, { detail: 'Image already exists' })
        await world.expect('POST', `/image/${handle}/?order_by=size`, { json: {} }, 406)
      })

      test('an import administrator: dc_bound is ignored, the image is bound', async () => {
        const { manifestUrl } = repository.add()
        const handle = name()
        const json = { manifest_url: manifestUrl, dc: 'acme', dc_bound: false }
        const { reply } = await imported(handle, json, 'importer')
        const { importer } = world.ids
        assert.ok(reply.body.task_id.startsWith(`${importer}e${importer}u2-`))
        assert.deepEqual([(await shown(handle)).dc_bound, (await shown(handle)).owner], [true, 'importer'])
        const { manifestUrl: another } = repository.add()
        const everybodys = name()
        await imported(everybodys, { manifest_url: another, dc: 'acme', access: 1 }, 'importer')
        assert.equal((await shown(everybodys)).access, 1)
      })
    })

    describe('manifests and files that cannot be used', () => {
      const cases: readonly [why: string, json: () => object, result: Record<string, RegExp>][] = [
        ['missing', () => ({}), { manifest_url: /^This field is required\.$/ }],
        ['empty', () => ({ manifest_url: '' }), { manifest_url: /^This field is required\.$/ }],
        ['no URL', () => ({ manifest_url: 'images/x' }), { manifest_url: /^Invalid value\.$/ }],
        [
          'another scheme',
          () => ({ manifest_url: 'file:///etc/passwd' }),
          { manifest_url: /^Invalid value\.$/ },
        ],
        [
          'too long',
          () => ({ manifest_url: `http://x/${'a'.repeat(1024)}` }),
          { manifest_url: /^Ensure this value has at most 1024 characters \(it has 1033\)\.$/ },
        ],
        [
          'not found',
          () => ({ manifest_url: `${repository.url}/nothing` }),
          {
            manifest_url:
              /^Image manifest URL is unreachable \(404 Client Error: Not Found for url: http:.*\)\.$/,
          },
        ],
        [
          'a private address that is not allowed',
          () => ({ manifest_url: 'http://10.0.0.1/images/x' }),
          {
            manifest_url:
              /^Image manifest URL is unreachable \(The address of this URL is not allowed.*\)\.$/,
          },
        ],
        [
          'too large',
          () => ({ manifest_url: repository.add({ text: ' '.repeat(300_000) }).manifestUrl }),
          { manifest_url: /^Image manifest URL is unreachable \(Response is too large\)\.$/ },
        ],
        [
          'no JSON',
          () => ({ manifest_url: repository.add({ text: '<html>' }).manifestUrl }),
          { manifest_url: /^Could not parse image manifest\.$/ },
        ],
        ...[
          '[]',
          '{}',
          '"x"',
          'null',
          '{"uuid":"x","version":"1","type":"zvol","os":"linux","files":[{}]}',
        ].map((text): [string, () => object, Record<string, RegExp>] => [
          `a manifest that is ${text}`,
          () => ({ manifest_url: repository.add({ text }).manifestUrl }),
          { manifest_url: /^Invalid image manifest\.$/ },
        ]),
        ...(['uuid', 'version', 'type', 'os', 'files'] as const).map(
          (key): [string, () => object, Record<string, RegExp>] => [
            `a manifest without ${key}`,
            () => ({ manifest_url: repository.add({ facts: { [key]: undefined } }).manifestUrl }),
            { manifest_url: /^Invalid image manifest\.$/ },
          ],
        ),
        [
          'image_size that is no integer',
          () => ({ manifest_url: repository.add({ facts: { image_size: 'large' } }).manifestUrl }),
          { manifest_url: /^Invalid image manifest\.$/ },
        ],
        [
          'two files',
          () => ({ manifest_url: repository.add({ facts: { files: [{}, {}] } }).manifestUrl }),
          { manifest_url: /^Multiple files inside manifest are not supported\.$/ },
        ],
        [
          'file unreachable',
          () => ({ manifest_url: repository.add({ fileStatus: 503 }).manifestUrl }),
          {
            file_url: /^Image file URL is unreachable \(The server answered with status 503\.\)\.$/,
          },
        ],
        ['no text at all', () => ({ manifest_url: ['http://x'] }), { manifest_url: /^Invalid value\.$/ }],
        [
          'neither of the two, and nothing else is told',
          () => ({ manifest_url: null, file_url: 'x', access: 7 }),
          { manifest_url: /^This field is required\.$/, file_url: /^Invalid value\.$/ },
        ],
        [
          'a manifest and a file that cannot be reached: the file is not looked at',
          () => ({ manifest_url: `${repository.url}/nothing`, file_url: `${repository.url}/nothing` }),
          { manifest_url: /^Image manifest URL is unreachable \(404 Client Error: .*\)\.$/ },
        ],
        [
          'file_url that is none',
          () => ({ manifest_url: repository.add().manifestUrl, file_url: 'ftp://x/y' }),
          { file_url: /^Invalid value\.$/ },
        ],
      ]
      for (const [why, json, result] of cases)
        test(why, async () => {
          const reply = await world.ask('POST', '/image/unusable/', { json: { dc: 'main', ...json() } })
          assert.equal(reply.status, 400, reply.text)
          assert.equal(reply.body.status, 'FAILURE')
          assert.match(reply.body.task_id, new RegExp(`^${world.ids.admin}d`))
          assert.equal(reply.headers.get('es_task_response'), null)
          assert.deepEqual(Object.keys(reply.body.result), Object.keys(result))
          for (const [key, pattern] of Object.entries(result)) {
            assert.equal(reply.body.result[key].length, 1)
            assert.match(reply.body.result[key][0], pattern)
          }
          await world.expect('GET', '/image/unusable/', {}, 404)
        })

      test('slashes at the end of manifest_url are none of file_url', async () => {
        const { uuid, manifestUrl } = repository.add({ fileStatus: 503, slashes: true })
        const json = { manifest_url: `${manifestUrl}//`, dc: 'main' }
        const { body } = await world.expect('POST', '/image/unusable/', { json }, 400, {
          status: 'FAILURE',
          result: {
            file_url: ['Image file URL is unreachable (The server answered with status 503.).'],
          },
        })
        assert.ok(body)
        const paths = repository.asked.map(({ path }) => path).filter((path) => path.includes(uuid))
        assert.deepEqual(paths, [`/images/${uuid}//`, `/images/${uuid}/file`])
      })

      test('a uuid that is here already', async () => {
        const { manifestUrl } = repository.add()
        const handle = name()
        await imported(handle, { manifest_url: manifestUrl, dc: 'main', version: 'u' })
        await world.expect(
          'POST',
          '/image/second/',
          { json: { manifest_url: manifestUrl, dc: 'main' } },
          400,
          {
            status: 'FAILURE',
            result: { manifest_url: [`Image UUID is already registered by image "${handle}".`] },
          },
        )
      })
    })

    describe('fields', () => {
      const required = ['This field is required.']
      const wrong = ['Invalid value.']
      const long = (most: number, has: number) => [
        `Ensure this value has at most ${most} characters (it has ${has}).`,
      ]
      const cases: readonly [json: Record<string, unknown>, errors: Record<string, readonly string[]>][] = [
        [{ alias: '' }, { alias: required }],
        [{ alias: null }, { alias: required }],
        [{ alias: 'a<b' }, { alias: wrong }],
        [{ alias: 'a'.repeat(33) }, { alias: long(32, 33) }],
        [{ version: '' }, { version: required }],
        [{ version: '1;2' }, { version: wrong }],
        [{ version: '1'.repeat(17) }, { version: long(16, 17) }],
        [{ owner: 'stranger' }, { owner: ['Object with username=stranger does not exist.'] }],
        [{ owner: '' }, { owner: required }],
        [{ owner: null }, { owner: required }],
        [{ owner: 'None' }, { owner: required }],
        [{ access: 2 }, { access: ['Select a valid choice. 2 is not one of the available choices.'] }],
        [{ access: '9' }, { access: ['Select a valid choice. 9 is not one of the available choices.'] }],
        [{ access: 'x' }, { access: ['Enter a whole number.'] }],
        [{ access: true }, { access: ['Enter a whole number.'] }],
        [{ desc: "it's" }, { desc: wrong }],
        [{ desc: 'd'.repeat(129) }, { desc: long(128, 129) }],
        [{ tags: ['a.b'] }, { tags: wrong }],
        [{ tags: [1] }, { tags: wrong }],
        [{ tags: {} }, { tags: wrong }],
        [{ name: '-x' }, { name: wrong }],
        // All at once, and only then what goes across fields.
        [
          { alias: '', access: 5, dc: undefined },
          {
            alias: required,
            access: ['Select a valid choice. 5 is not one of the available choices.'],
          },
        ],
        ...[{ dc: undefined }, { dc: null }, { dc: '' }, { dc: undefined, dc_bound: 'true' }].map(
          (json): [Record<string, unknown>, Record<string, readonly string[]>] => [
            json,
            { dc_bound: [unbound], dc: [unbound] },
          ],
        ),
        [{ access: null }, { access: required }],
        [{ access: '1.0' }, { access: ['Enter a whole number.'] }],
        [{ owner: ['admin'] }, { owner: wrong }],
        [{ name: null }, { name: required }],
        [{ name: 'x'.repeat(33) }, { name: long(32, 33) }],
      ]
      for (const [json, errors] of cases)
        test(JSON.stringify(json).slice(0, 80), async () => {
          const { manifestUrl } = repository.add()
          const body = { manifest_url: manifestUrl, dc: 'main', ...json }
          await world.expect('POST', '/image/fields/', { json: body }, 400, {
            status: 'FAILURE',
            result: errors,
          })
        })

      for (const [name, errors] of [
        ['-x', wrong],
        ['.x', wrong],
        ['x'.repeat(33), long(32, 33)],
      ] as const)
        test(`the name ${name}`, async () => {
          const { manifestUrl } = repository.add()
          await world.expect(
            'POST',
            `/image/${name}/`,
            { json: { manifest_url: manifestUrl, dc: 'main' } },
            400,
            {
              status: 'FAILURE',
              result: { name: errors },
            },
          )
        })

      test('a version of the manifest that is too long is told as if it had been said', async () => {
        const { manifestUrl } = repository.add({ facts: { version: '1'.repeat(20) } })
        const json = { manifest_url: manifestUrl, dc: 'main' }
        await world.expect('POST', '/image/fields/', { json }, 400, {
          status: 'FAILURE',
          result: { version: long(16, 20) },
        })
        await imported(name(), { ...json, version: '1' })
      })

      for (const [facts, errors] of [
        [{ description: "it's" }, { desc: wrong }],
        [{ tags: { erigones: ['v1.0'] } }, { tags: wrong }],
        [{ version: '1<2' }, { version: wrong }],
      ] as const)
        test(`a manifest with ${JSON.stringify(facts)} is told as if it had been said`, async () => {
          const { manifestUrl } = repository.add({ facts })
          const json = { manifest_url: manifestUrl, dc: 'main' }
          await world.expect('POST', '/image/fields/', { json }, 400, { status: 'FAILURE', result: errors })
          await imported(name(), { ...json, version: '3', desc: '', tags: [] })
        })

      test('an owner who may log in no more', async () => {
        const { db } = world.core.database
        const enable = (enabled: 0 | 1) =>
          db.updateTable('users').set({ enabled }).where('id', '=', world.ids.member).execute()
        await enable(0)
        const { manifestUrl } = repository.add()
        const json = { manifest_url: manifestUrl, dc: 'main', owner: 'member' }
        await world.expect('POST', '/image/fields/', { json }, 400, {
          status: 'FAILURE',
          result: { owner: ['Object with username=member does not exist.'] },
        })
        await enable(1)
        world.catalogue.users.forget()
      })

      test('alias and version together are taken, whatever the case of the alias', async () => {
        const add = () => repository.add().manifestUrl
        await imported(name(), { manifest_url: add(), dc: 'main', alias: 'Twin', version: '1' })
        await world.expect(
          'POST',
          '/image/twin/',
          { json: { manifest_url: add(), dc: 'main', alias: 'tWIN', version: '1' } },
          400,
          {
            status: 'FAILURE',
            result: { alias: [inUse] },
          },
        )
        await imported(name(), { manifest_url: add(), dc: 'main', alias: 'twin', version: '2' })
      })

      test('the limit of a datacenter', async () => {
        const add = () => repository.add().manifestUrl
        await world.expect('PUT', '/dc/vault/settings/', { json: { VMS_IMAGE_LIMIT: 1 } }, 200)
        await imported(name(), { manifest_url: add(), dc: 'vault' })
        await world.expect('POST', '/image/limit/', { json: { manifest_url: add(), dc: 'vault' } }, 400, {
          status: 'FAILURE',
          result: { non_field_errors: ['Maximum number of server disk images reached'] },
        })
        await imported(name(), { manifest_url: add(), dc: 'vault', dc_bound: false })
        await world.expect('PUT', '/dc/vault/settings/', { json: { VMS_IMAGE_LIMIT: null } }, 200)
      })
    })

    test('failures leave neither the record nor bytes', async () => {
      const settings = world.core.settings as { freeSpaceFloorBytes: number }
      const { freeSpaceFloorBytes } = settings
      const bytes = createHash('sha1').update('bytes').digest('hex')
      const cases = [
        {
          offered: { facts: { files: [{ sha1: 'b'.repeat(40), size: 5 }] } },
          code: 8,
          message: `Image file checksum mismatch (${'b'.repeat(40)} != ${bytes})`,
        },
        {
          offered: { facts: { files: [{ sha1: bytes, size: 4 }] } },
          code: 8,
          message: 'Image file checksum mismatch (4 != 5)',
        },
        {
          offered: { facts: { files: [{ size: 5 }] } },
          code: 2,
          message: 'Invalid file in image manifest',
        },
        // Reachable when it was asked for, and gone when it is fetched.
        {
          offered: { fileStatus: [200, 404] },
          code: 8,
          message: 'Could not download image file (The server answered with status 404.)',
        },
        {
          offered: {},
          code: 10,
          floor: Number.MAX_SAFE_INTEGER,
          message: 'Not enough free space on image server',
        },
      ]
      for (const { offered, code, floor, message } of cases) {
        settings.freeSpaceFloorBytes = floor ?? freeSpaceFloorBytes
        const { manifestUrl } = repository.add(offered)
        const { reply, task } = await imported('failing', { manifest_url: manifestUrl, dc: 'main' })
        settings.freeSpaceFloorBytes = freeSpaceFloorBytes
        assert.equal(task.state, 'failed')
        const text = `ERROR: ${message}`
        const { body } = await world.expect('GET', `/task/${reply.body.task_id}/status/`, {}, 400, {
          status: 'FAILURE',
          result: {
            returncode: code,
            message: text,
            detail: `Got bad return code (${code}). Error: ${text}`,
          },
        })
        assert.deepEqual(Object.keys(body.result), ['returncode', 'message', 'detail'])
        await world.expect('GET', '/image/failing/', {}, 404, { detail: 'Image not found' })
      }
      const transfers = await world.core.database.db.selectFrom('transfers').selectAll().execute()
      assert.deepEqual(transfers, [])
    })

    test('deleted, it can be imported again with its uuid, under any name', async () => {
      const { uuid, manifestUrl } = repository.add()
      const handle = name()
      const json = { manifest_url: manifestUrl, dc: 'main', version: 'again' }
      await imported(handle, json)
      const { body } = await world.ask('DELETE', `/image/${handle}/`, { json: {} })
      await world.ended(body.task_id)
      await imported(`${handle}-2`, json)
      assert.equal((await shown(`${handle}-2`)).uuid, uuid)
    })

    test('without an image server: at once, as a record whose bytes are elsewhere, attached all the same', async () => {
      await withoutServer(async () => {
        const { uuid, manifestUrl } = repository.add()
        const json = { manifest_url: manifestUrl, dc: 'acme' }
        const { body, headers } = await world.expect('POST', '/image/recorded/', { json }, 200)
        assert.equal(headers.get('es_task_response'), null)
        assert.equal(body.status, 'SUCCESS')
        assert.match(body.task_id, new RegExp(`^${world.ids.admin}d${world.ids.admin}u2-`))
        assert.deepEqual([body.result.uuid, body.result.status, body.result.access], [uuid, 1, 3])
        assert.ok(!('dcs' in body.result) && body.result.created)
        assert.deepEqual((await shown('recorded')).dcs, ['acme'])
        const paths = repository.asked.map(({ path }) => path).filter((path) => path.includes(uuid))
        assert.deepEqual(paths, [`/images/${uuid}`, `/images/${uuid}/file`])
        const { manifestUrl: halfThere } = repository.add({ fileStatus: 404 })
        await world.expect('POST', '/image/half/', { json: { ...json, manifest_url: halfThere } }, 400, {
          status: 'FAILURE',
          result: { file_url: ['Image file URL is unreachable (The server answered with status 404.).'] },
        })
        const free = { manifest_url: repository.add().manifestUrl, dc: 'park', dc_bound: 'false' }
        const unboundOne = await world.expect('POST', '/image/recorded-free/', { json: free }, 200)
        assert.deepEqual([unboundOne.body.result.dc_bound, unboundOne.headers.get('es_dc')], [false, 'main'])
        assert.deepEqual((await shown('recorded-free')).dcs, ['park'])
        const image = await world.catalogue.images.view(systemActor, uuid)
        assert.deepEqual([image.status, image.external], ['queued', true])
        // Set aside and taken back, and deleted, at once as well.
        for (const access of [4, 1, 3]) {
          const changed = await world.expect('PUT', '/image/recorded/', { json: { access } }, 200)
          assert.deepEqual([changed.body.result.access, changed.body.result.status], [access, 1])
        }
        await world.expect('DELETE', '/image/recorded/', { json: {} }, 200, {
          status: 'SUCCESS',
          result: null,
        })
        await world.expect('GET', '/image/recorded/', {}, 404)
      })
    })

    test('an image server that is not available, or whose node is not operational', async () => {
      await world.apply({
        nodes: [{ hostname: 'node09', status: 'online' }],
        instances: [
          {
            hostname: 'images01',
            project: 'main',
            node: 'node09',
            status: 'running',
            ostype: 5,
            ips: ['192.0.2.9'],
          },
        ],
      })
      await world.expect('PUT', '/dc/main/settings/', { json: { VMS_IMAGE_VM: 'images01' } }, 200)
      const { manifestUrl } = repository.add()
      const post = (status: number, body?: unknown) =>
        world.expect(
          'POST',
          '/image/served/',
          { json: { manifest_url: manifestUrl, dc: 'main' } },
          status,
          body,
        )
      await world.expect('PUT', '/node/node09/define/', { json: { status: 1 } }, 200)
      await post(423, { detail: 'Node is not operational' })
      await world.expect('PUT', '/node/node09/define/', { json: { status: 2 } }, 200)
      await world.apply({ instances: [{ hostname: 'images01', project: 'main', status: 'error' }] })
      await post(428, { detail: 'Image server is not available' })
      // What is wrong with the image is told first, the limit of its datacenter included.
      await world.expect('PUT', '/dc/vault/settings/', { json: { VMS_IMAGE_LIMIT: 0 } }, 200)
      for (const [json, result] of [
        [{ access: 7 }, { access: ['Select a valid choice. 7 is not one of the available choices.'] }],
        [{ dc: 'vault' }, { non_field_errors: ['Maximum number of server disk images reached'] }],
      ] as const)
        await world.expect(
          'POST',
          '/image/served/',
          { json: { manifest_url: manifestUrl, dc: 'main', ...json } },
          400,
          { status: 'FAILURE', result },
        )
      await world.expect('PUT', '/dc/vault/settings/', { json: { VMS_IMAGE_LIMIT: null } }, 200)
      await world.apply({
        instances: [{ hostname: 'images01', project: 'main', status: 'stopped', ips: [] }],
      })
      await post(428, { detail: 'Image server is not available' })
      await world.apply({ instances: [{ hostname: 'images01', project: 'main', ips: ['192.0.2.9'] }] })
      const { body } = await post(201)
      await world.ended(body.task_id)
      await world.expect('PUT', '/node/node09/define/', { json: { status: 1 } }, 200)
      for (const [method, json] of [
        ['PUT', { dc_bound: true }],
        ['PUT', {}],
        ['DELETE', {}],
      ] as const)
        await world.expect(method, '/image/served/', { json }, 423, { detail: 'Node is not operational' })
      await world.expect('PUT', '/dc/main/settings/', { json: { VMS_IMAGE_VM: 'imageport' } }, 200)
    })

    test('a file on our own image server is compared, not fetched', async () => {
      const { uuid: own, manifestUrl: first } = repository.add({ bytes: 'the same bytes' })
      await imported(name(), { manifest_url: first, dc: 'main', access: 1, version: 'own' })
      const file = `${world.url}/images/${own}/file`
      const { manifestUrl, uuid } = repository.add({ bytes: 'the same bytes' })
      const handle = name()
      const { reply } = await imported(handle, {
        manifest_url: manifestUrl,
        file_url: file,
        dc: 'main',
        version: 'copy',
      })
      const { body } = await world.ask('GET', `/task/${reply.body.task_id}/status/`)
      assert.deepEqual(body.result, { returncode: 0, message: `Successfully updated image ${handle}` })
      assert.ok(!repository.asked.some(({ path }) => path === `/images/${uuid}/file`))
      const wrong = repository.add({ bytes: 'other bytes' })
      const failed = await imported(name(), {
        manifest_url: wrong.manifestUrl,
        file_url: file,
        dc: 'main',
        version: 'no',
      })
      assert.equal(failed.task.state, 'failed')
    })
  })
