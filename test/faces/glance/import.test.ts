import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import type { Image } from '../../../src/catalogue/images/image.ts'
import type { Runner } from '../../../src/work/runner.ts'
import { qcow2Header } from '../../support/disk-images.ts'
import { type FileServer, fileServer } from '../../support/file-server.ts'
import { importer, startImporting, threeStores } from './importing.ts'
import { type Ask, type Person, startWorld, unknown, v21, type World } from './world.ts'

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex')
const uuid4 = '6f1c3f0e-6a55-4b52-8a35-19ab5cfa9a5e'

let source: FileServer
/** With one store, and with three. No worker runs in `still`, so that what has begun stays as it is. */
let single: World
let several: World
let still: World
const runners: Runner[] = []
before(async () => {
  source = await fileServer()
  const importAllow = source.url.replace('http://', '')
  single = await startWorld({ importAllow })
  several = await startWorld({ importAllow, stores: threeStores })
  still = await startWorld({ importAllow, stores: threeStores })
  for (const world of [single, several]) runners.push(await startImporting(world))
})
after(async () => {
  await Promise.all(runners.map((runner) => runner.stop()))
  await Promise.all([single, several, still].map((world) => world.close()))
  await source.close()
})

/** Whoever makes a text of it calls what is no function. */
const noText = { toString: 1, valueOf: 1 }
const direct = { method: { name: 'glance-direct' } }
const download = (uri: unknown) => ({ method: { name: 'web-download', uri } })
const copy = { method: { name: 'copy-image' } }
const other = (more: object = {}) => ({
  method: { name: 'glance-download', glance_region: 'RegionTwo', glance_image_id: uuid4, ...more },
})

describe('what is refused (13.2)', () => {
  type Made = (world: World) => Promise<Image>
  const queued: Made = (world) => world.image()
  const active: Made = (world) => world.image({}, 'there')
  const bare: Made = (world) => world.image({ containerFormat: null })
  const nothingDeclared: Made = (world) => world.image({ diskFormat: null, containerFormat: null })
  const formless: Made = (world) => world.image({ diskFormat: null })
  const staged: Made = (world) => importer(world).staged('waiting')
  const published: Made = (world) => world.image({ visibility: 'public' })
  const running: Made = async (world) => {
    const image = await world.image({}, 'being copied')
    await importer(world).begin(image.uuid, { ...copy, stores: ['bulk'] }, 'root')
    return image
  }
  const importing: Made = async (world) => {
    const image = await staged(world)
    await importer(world).begin(image.uuid, direct)
    return image
  }

  const good = () => source.url
  const rows: readonly [
    what: string,
    made: Made,
    ask: Ask | (() => Ask),
    status: number,
    text: string,
    world?: () => World,
  ][] = [
    ['no method', queued, { as: 'eva', json: {} }, 400, "Import request requires a 'method' field."],
    ['no name', queued, { as: 'eva', json: { method: {} } }, 400, "Import request requires a 'name' field."],
    ['a method that is a text', queued, { as: 'eva', json: { method: 'x' } }, 400, "'name' field"],
    ['a list', queued, { as: 'eva', json: [] }, 400, 'Unexpected body type'],
    ['no body', queued, { as: 'eva' }, 400, 'Body expected in request.'],
    ['no JSON', queued, { as: 'eva', body: '{' }, 400, 'Malformed JSON in request body.'],
    [
      'a body that nobody could want to read',
      queued,
      { as: 'eva', json: { ...direct, more: 'x'.repeat(16_384) } },
      413,
      '16384',
    ],
    [
      'an unknown method',
      queued,
      { as: 'eva', json: { method: { name: 'x<y' } } },
      400,
      "Unknown import method name 'x<y'.",
    ],
    [
      'a method whose name is no text, nor can be made one',
      queued,
      { as: 'eva', json: { method: { name: noText } } },
      400,
      'Unknown import method name',
    ],
    [
      'copies where there is one store',
      active,
      { as: 'root', json: copy },
      400,
      "Unknown import method name 'copy-image'.",
      () => single,
    ],
    [
      'all_stores that is no boolean',
      queued,
      { as: 'eva', json: { ...direct, all_stores: 'true' } },
      400,
      "'all_stores' must be boolean value only",
    ],
    [
      'all_stores_must_succeed that is no boolean',
      queued,
      { as: 'eva', json: { ...direct, all_stores_must_succeed: null } },
      400,
      "'all_stores_must_succeed' must be boolean value only",
    ],
    ['stores that are no list', queued, { as: 'eva', json: { ...direct, stores: 'fast' } }, 400, "'stores'"],
    ['stores that are no texts', queued, { as: 'eva', json: { ...direct, stores: [1] } }, 400, "'stores'"],
    ['no stores at all', queued, { as: 'eva', json: { ...direct, stores: [] } }, 400, "'stores'"],
    [
      'an image that is not there',
      async () => ({ uuid: unknown }) as Image,
      { as: 'eva', json: direct },
      404,
      `No image found with ID ${unknown}`,
    ],
    ['an id that is none', async () => ({ uuid: 'x' }) as Image, { as: 'eva', json: direct }, 404, 'ID x'],
    ['an image of others', staged, { as: 'omar', json: direct }, 404, 'No image found'],
    [
      'an active image',
      active,
      { as: 'eva', json: direct },
      409,
      'Image with status active cannot be target for import',
    ],
    [
      'a copy of what is not active',
      queued,
      { as: 'root', json: copy },
      409,
      'Only images with status active can be targeted for copying',
    ],
    [
      'a download into what is not queued',
      staged,
      () => ({ as: 'eva', json: download(good()) }),
      409,
      "Image needs to be in 'queued' state to use 'web-download' method",
    ],
    [
      'a download from another Glance into what is not queued',
      staged,
      { as: 'eva', json: other() },
      409,
      "Image needs to be in 'queued' state to use 'glance-download' method",
    ],
    [
      'nothing staged',
      queued,
      { as: 'eva', json: direct },
      409,
      "Image needs to be staged before 'glance-direct' method can be used",
    ],
    [
      'no container format',
      bare,
      () => ({ as: 'eva', json: download(good()) }),
      409,
      "'container_format' needs to be set before import",
    ],
    [
      'no formats, of which the container comes first',
      nothingDeclared,
      () => ({ as: 'eva', json: download(good()) }),
      409,
      "'container_format' needs to be set before import",
    ],
    [
      'no disk format',
      formless,
      { as: 'eva', json: other() },
      409,
      "'disk_format' needs to be set before import",
    ],
    ['no region', queued, { as: 'eva', json: other({ glance_region: undefined }) }, 400, "'glance_region'"],
    [
      'no id in the other Glance',
      queued,
      { as: 'eva', json: other({ glance_image_id: undefined }) },
      400,
      "'glance_image_id'",
    ],
    [
      'an id in the other Glance that is none',
      queued,
      { as: 'eva', json: other({ glance_image_id: 'x/../y' }) },
      400,
      'image id does not look like a UUID',
    ],
    ['a reader', staged, { as: 'rita', json: direct }, 403, 'modify_image'],
    [
      'another project, of a public image',
      published,
      () => ({ as: 'omar', json: download(good()) }),
      403,
      'modify_image',
    ],
    ['a copy by its owner', active, { as: 'eva', json: copy }, 403, 'copy_image'],
    [
      'a second import',
      importing,
      { as: 'eva', json: direct },
      409,
      "Image needs to be staged before 'glance-direct' method can be used",
    ],
    ['a second copy', running, { as: 'root', json: { ...copy, all_stores: true } }, 409, 'active task'],
    [
      'an unknown store',
      staged,
      { as: 'eva', json: { ...direct, stores: ['fast', 'slow'] } },
      409,
      'Store for identifier slow not found',
    ],
    [
      'an unknown store in the header',
      staged,
      { as: 'eva', json: direct, headers: { 'x-image-meta-store': 'slow' } },
      409,
      'Store for identifier slow not found',
    ],
    [
      'all stores and some',
      staged,
      { as: 'eva', json: { ...direct, all_stores: true, stores: ['fast'] } },
      400,
      '',
    ],
    [
      'all stores and one in the header',
      staged,
      { as: 'eva', json: { ...direct, all_stores: true }, headers: { 'x-image-meta-store': 'fast' } },
      400,
      '',
    ],
    [
      'stores in body and header',
      staged,
      { as: 'eva', json: { ...direct, stores: ['fast'] }, headers: { 'x-image-meta-store': 'fast' } },
      400,
      '',
    ],
    [
      'a copy to where the image is',
      active,
      { as: 'root', json: { ...copy, stores: ['bulk', 'fast'] } },
      400,
      "Image is already present at store 'fast'",
    ],
    [
      'a copy to nowhere in particular, which is the default store',
      active,
      { as: 'root', json: copy },
      400,
      "Image is already present at store 'fast'",
    ],
    [
      'all_stores_must_succeed: false where there is one store',
      staged,
      { as: 'eva', json: { ...direct, all_stores_must_succeed: false } },
      400,
      '',
      () => single,
    ],
    ['without a token', queued, { json: direct }, 401, ''],
    ['without a project', queued, { as: 'lone', json: direct }, 404, 'No image found'],
  ]
  for (const [what, made, asked, status, text, world = () => still] of rows)
    test(what, async () => {
      const image = await made(world())
      const before = await world().core.database.db.selectFrom('tasks').select('id').execute()
      const ask = typeof asked === 'function' ? asked() : asked
      await world().expect('POST', `/images/${image.uuid}/import`, ask, status, text)
      const after = await world().core.database.db.selectFrom('tasks').select('id').execute()
      assert.equal(after.length, before.length)
    })

  test('what is checked earlier is told first', async () => {
    // Each row breaks the rule of its own line and that of every later one.
    const json = { method: { name: 'glance-direct' }, stores: ['slow'], all_stores: true }
    const { uuid } = await still.image({ containerFormat: null })
    const path = `/images/${uuid}/import`
    await still.expect('POST', path, { as: 'omar', json }, 404)
    await still.expect('POST', path, { as: 'rita', json }, 409, 'staged')
    const copied = { ...json, method: { name: 'copy-image' } }
    await still.expect('POST', path, { as: 'rita', json: copied }, 409, 'status active')
    const fetched = { ...json, method: { name: 'web-download', uri: 'ftp://x' } }
    await still.expect('POST', path, { as: 'rita', json: fetched }, 409, 'container_format')
    const complete = await still.image()
    const next = `/images/${complete.uuid}/import`
    const remote = { ...json, ...other({ glance_region: null }) }
    await still.expect('POST', next, { as: 'rita', json: remote }, 400, 'glance_region')
    await still.expect('POST', next, { as: 'rita', json: fetched }, 403)
    await still.expect('POST', next, { as: 'eva', json: fetched }, 409, 'slow')
    await still.expect('POST', next, { as: 'eva', json: { ...fetched, stores: ['fast'] } }, 400, 'All stores')
    const named = { ...fetched, all_stores: false, stores: ['fast'] }
    await still.expect('POST', next, { as: 'eva', json: named }, 400, 'does not pass filtering: ftp://x')
  })

  test('a quota that is exceeded already', async () => {
    const tight = await startWorld({ settings: { quotaBytes: 10 } })
    const big = await importer(tight).staged('8 bytes.')
    await importer(tight).begin(big.uuid, direct)
    const next = await importer(tight).staged('8 bytes!')
    const path = `/images/${next.uuid}/import`
    await tight.expect('POST', path, { as: 'eva', json: direct }, 413, '10 bytes')
    await tight.core.database.db.updateTable('projects').set({ settings_json: '{"quotaBytes":4}' }).execute()
    await tight.expect('POST', `/images/${unknown}/import`, { as: 'eva', json: direct }, 413, '4 bytes')
    await tight.close()
  })
})

describe('what happens (13.3)', () => {
  test('staged bytes become active; everything is told on the way', async () => {
    const { show, staged, begin, ended } = importer(single)
    const bytes = randomBytes(2 * 1024 ** 2 + 1)
    const { uuid } = await staged(bytes)
    // Where there is one store, "all of them" is what clients say anyway.
    const reply = await begin(uuid, { ...direct, all_stores: true })
    assert.equal(reply.text, '')
    const task = await ended(uuid)
    assert.deepEqual([task.status, task.message], ['success', 'Copied 2 MiB'])
    const image = await show(uuid)
    assert.deepEqual(
      [
        image.status,
        image.size,
        image.checksum,
        image.os_glance_importing_to_stores,
        image.os_glance_failed_import,
      ],
      ['active', bytes.length, md5(bytes), '', ''],
    )
    assert.equal(image.os_glance_import_task, undefined)
    assert.equal(image.stores, undefined)
    const { text } = await single.expect('GET', `/images/${uuid}/file`, { as: 'eva' }, 200)
    assert.equal(text.length > 0, true)
  })

  test('while it runs the image is locked and says where it goes', async () => {
    const { show, staged, begin } = importer(still)
    const { uuid } = await staged('locked')
    await begin(uuid, { ...direct, stores: ['bulk', 'cold'] }, 'eva')
    const image = await show(uuid)
    const [task] = (await still.expect('GET', `/images/${uuid}/tasks`, { as: 'eva' }, 200)).body.tasks
    assert.deepEqual(
      [image.status, image.os_glance_import_task, image.os_glance_importing_to_stores],
      ['importing', task.id, 'bulk,cold'],
    )
    assert.deepEqual([image.os_glance_failed_import, task.status, task.message], ['', 'pending', ''])
    for (const [method, path, ask] of [
      ['PUT', 'stage', { as: 'eva', data: 'x' }],
      ['PUT', 'file', { as: 'eva', data: 'x' }],
      ['POST', 'import', { as: 'eva', json: direct }],
    ] as const)
      await still.expect(method, `/images/${uuid}/${path}`, ask, 409)
    await still.expect('GET', `/images/${uuid}/file`, { as: 'eva' }, 204)
    // Nobody sets what only the import says.
    const patch = JSON.stringify([{ op: 'replace', path: '/os_glance_import_task', value: 'x' }])
    await still.expect(
      'PATCH',
      `/images/${uuid}`,
      { as: 'eva', body: patch, headers: { 'content-type': v21 } },
      403,
    )
    // Its deletion ends the import.
    await still.expect('DELETE', `/images/${uuid}`, { as: 'eva' }, 204)
    const { state } = await still.catalogue.tasks.view(systemActor, task.id)
    assert.equal(state, 'cancelled')
  })

  const places: readonly [string, object, Ask['headers'], string][] = [
    ['the default store', {}, {}, 'fast'],
    ['a named store', { stores: ['cold'] }, {}, 'cold'],
    ['several, some of them twice', { stores: ['cold', 'bulk', 'cold'] }, {}, 'bulk,cold'],
    ['all stores', { all_stores: true }, {}, 'bulk,cold,fast'],
    ['the store of the header', {}, { 'x-image-meta-store': 'bulk' }, 'bulk'],
  ]
  for (const [where, more, headers, stores] of places)
    for (const method of ['glance-direct', 'web-download'] as const)
      test(`${method} brings the bytes into ${where}`, async () => {
        const { show, staged, begin, ended } = importer(several)
        const bytes = randomBytes(10_000)
        source.files.set('/disk', bytes)
        const { uuid } = method === 'glance-direct' ? await staged(bytes) : await several.image()
        const asked = method === 'glance-direct' ? direct : download(`${source.url}/disk`)
        await begin(uuid, { ...asked, ...more }, 'eva', headers)
        assert.equal((await ended(uuid)).status, 'success')
        const image = await show(uuid)
        assert.deepEqual([image.status, image.stores, image.checksum], ['active', stores, md5(bytes)])
        assert.deepEqual([image.os_glance_importing_to_stores, image.os_glance_failed_import], ['', ''])
      })

  test('copy-image adds stores to an active image', async () => {
    const { show, begin, ended } = importer(several)
    const { uuid } = await several.image({}, 'copied around')
    await begin(uuid, { ...copy, stores: ['cold'] }, 'root')
    assert.equal((await ended(uuid)).status, 'success')
    assert.deepEqual([(await show(uuid)).status, (await show(uuid)).stores], ['active', 'cold,fast'])
    await begin(uuid, { ...copy, all_stores: true }, 'root')
    await ended(uuid)
    assert.equal((await show(uuid)).stores, 'bulk,cold,fast')
    // Nothing is left to do, and no task is made for it.
    await begin(uuid, { ...copy, all_stores: true }, 'root')
    const { tasks } = (await several.expect('GET', `/images/${uuid}/tasks`, { as: 'eva' }, 200)).body
    assert.equal(tasks.length, 2)
  })

  const failures: readonly [string, Uint8Array | null, object, string][] = [
    ['nothing is there', null, {}, 'status 404'],
    ['it is hostile', qcow2Header({ backingOffset: 512n }), { diskFormat: 'qcow2' }, 'backing file'],
    ['it is something else', Buffer.from('text'), { diskFormat: 'qcow2' }, 'declared to be qcow2'],
  ]
  for (const [what, bytes, draft, message] of failures)
    test(`a download fails when ${what}: queued again, with what its owner set, and the stores named`, async () => {
      if (bytes) source.files.set('/bad', bytes)
      else source.files.delete('/bad')
      for (const [world, stores] of [
        [single, 'default'],
        [several, 'fast,bulk,cold'],
      ] as const) {
        const { show, begin, ended } = importer(world)
        const { uuid } = await world.image({ ...draft, properties: { own: 'kept' } })
        await begin(uuid, { ...download(`${source.url}/bad`), all_stores: true })
        const task = await ended(uuid)
        assert.equal(task.status, 'failure')
        assert.match(task.message, new RegExp(message))
        const image = await show(uuid)
        assert.deepEqual(
          [image.status, image.size, image.virtual_size, image.checksum, image.own],
          ['queued', null, null, null, 'kept'],
        )
        assert.deepEqual(
          [image.os_glance_failed_import, image.os_glance_importing_to_stores, image.os_glance_import_task],
          [stores, '', undefined],
        )
        assert.equal(task.result, null)
        // It can be tried again at once.
        await world.expect('PUT', `/images/${uuid}/stage`, { as: 'eva', data: qcow2Header() }, 204)
      }
    })

  test('a source that sends a byte now and then does not hold the place of a task for ever', async () => {
    const paces: unknown[] = []
    const world = await startWorld({ importAllow: source.url.replace('http://', '') })
    const outbound: World['outbound'] = {
      ...world.outbound,
      download(url, request) {
        paces.push(request?.pace)
        return world.outbound.download(url, { ...request, pace: { ...request!.pace!, ms: 50 } })
      },
    }
    const runner = await startImporting({ ...world, outbound })
    source.files.set('/trickle', (_request, response) => {
      const timer = setInterval(() => response.write('x'), 5)
      response.on('close', () => clearInterval(timer))
    })
    const { uuid } = await world.image()
    await importer(world).begin(uuid, download(`${source.url}/trickle`))
    const task = await importer(world).ended(uuid)
    assert.deepEqual([task.status, task.message], ['failure', 'The server sends the data too slowly.'])
    assert.equal((await importer(world).show(uuid)).status, 'queued')
    assert.deepEqual(paces, [{ bytes: 8 * 1024 ** 2, ms: 600_000 }])
    await runner.stop()
    await world.close()
  })

  test('what is larger than it may be is not taken', async () => {
    const small = await startWorld({
      settings: { maxImageBytes: 1000 },
      importAllow: source.url.replace('http://', ''),
    })
    const runner = await startImporting(small)
    source.files.set('/large', Buffer.alloc(1001))
    source.files.set('/endless', (_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(300)));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    })
    for (const path of ['/large', '/endless']) {
      const { uuid } = await small.image()
      await importer(small).begin(uuid, download(`${source.url}${path}`))
      const task = await importer(small).ended(uuid)
      assert.deepEqual([task.status, /1000 bytes/.test(task.message)], ['failure', true], task.message)
    }
    await runner.stop()
    await small.close()
  })
})

describe('glance-download', () => {
  const bytes = randomBytes(5000)
  const described = {
    id: uuid4,
    status: 'active',
    disk_format: 'raw',
    container_format: 'bare',
    hw_disk_bus: 'virtio',
    os_glance_failed_import: 'no',
    custom: 'no',
  }

  /** What an external Keystone would say of the caller's services. */
  function servicesAt(url: string): () => void {
    const { openstack } = several.catalogue
    const { identityOf } = openstack
    const endpoint = (kind: string, region: string, place: string) => ({
      id: `${kind} ${region}`,
      interface: kind,
      region,
      url: place,
    })
    const service = (type: string, endpoints: ReturnType<typeof endpoint>[]) => ({
      id: type,
      type,
      name: type,
      endpoints,
    })
    openstack.identityOf = async (...asked) => ({
      ...(await identityOf(...asked)),
      services: [
        service('compute', [endpoint('public', 'RegionTwo', 'http://169.254.169.254')]),
        service('image', [
          endpoint('public', 'RegionOne', 'http://169.254.169.254'),
          endpoint('internal', 'RegionTwo', `${url}/internal`),
          endpoint('public', 'RegionTwo', `${url}/public`),
        ]),
      ],
    })
    return () => {
      openstack.identityOf = identityOf
    }
  }

  for (const [kind, path] of [
    [undefined, '/public'],
    ['internal', '/internal'],
  ] as const)
    test(`fetches from the ${kind ?? 'public'} endpoint of the region, with the caller's token`, async () => {
      const tokens: unknown[] = []
      source.files.set(`${path}/v2/images/${uuid4}`, (request, response) => {
        tokens.push(request.headers['x-auth-token'])
        response.end(JSON.stringify(described))
      })
      source.files.set(`${path}/v2/images/${uuid4}/file`, bytes)
      const restore = servicesAt(source.url)
      const { show, begin, ended } = importer(several)
      const { uuid } = await several.image({ diskFormat: 'iso', properties: { own: 'kept' } })
      await begin(uuid, other(kind ? { glance_service_interface: kind } : {}))
      restore()
      const task = await ended(uuid)
      assert.equal(task.status, 'success', task.message)
      const image = await show(uuid)
      assert.deepEqual(
        [image.status, image.disk_format, image.hw_disk_bus, image.own, image.custom, image.checksum],
        ['active', 'raw', 'virtio', 'kept', undefined, md5(bytes)],
      )
      assert.deepEqual(tokens, [several.tokens.eva])
      assert.doesNotMatch(JSON.stringify(task), new RegExp(several.tokens.eva))
    })

  const nowhere: readonly [string, object][] = [
    ['an unknown region', { glance_region: 'RegionNine' }],
    ['an unknown interface', { glance_service_interface: 'secret' }],
    ['a region whose address is forbidden', { glance_region: 'RegionOne' }],
  ]
  for (const [what, more] of nowhere)
    test(`${what} is a failure of the task, as everything is that has to be asked for`, async () => {
      const restore = servicesAt(source.url)
      const { show, begin, ended } = importer(several)
      const { uuid } = await several.image()
      await begin(uuid, other(more))
      restore()
      const task = await ended(uuid)
      assert.equal(task.status, 'failure')
      const image = await show(uuid)
      assert.deepEqual([image.status, image.os_glance_failed_import], ['queued', 'fast'])
    })
})

describe('what a URL may not make the server do (24.2)', () => {
  const refused: readonly string[] = [
    'file:///etc/passwd',
    'ftp://images.example.org/x',
    'gopher://images.example.org/x',
    'images.example.org/x',
    '//images.example.org/x',
    'http://',
    '',
    'http://127.0.0.1/',
    'http://localhost/',
    'http://something.localhost/',
    'http://0.0.0.0/',
    'http://169.254.169.254/latest/meta-data/',
    'http://10.0.0.1/',
    'http://192.168.1.1/',
    'http://172.16.0.1/',
    'http://100.64.0.1/',
    'http://224.0.0.1/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[fd00::1]/',
    'http://[fe80::1]/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0x7f.0.0.1/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://127.0.1/',
    'http://user:password@images.example.org/',
    'http://images.example.org@127.0.0.1/',
    'http://images.example.org:22/',
    'http://images.example.org:8080/',
    'http://images.example.org\\@127.0.0.1/',
    'http://images.example.org/\nx',
    'http:// images.example.org/',
  ]
  for (const uri of refused)
    test(`${JSON.stringify(uri)} is refused at once`, async () => {
      const { uuid } = await still.image()
      const text = 'URI for web-download does not pass filtering'
      await still.expect('POST', `/images/${uuid}/import`, { as: 'eva', json: download(uri) }, 400, text)
      assert.equal((await importer(still).show(uuid)).status, 'queued')
    })
  for (const uri of [undefined, null, 1, {}, noText, ['http://images.example.org/']])
    test(`${JSON.stringify(uri)} is no URL`, async () => {
      const { uuid } = await still.image()
      await still.expect('POST', `/images/${uuid}/import`, { as: 'eva', json: download(uri) }, 400)
    })

  test('the refusal is told as text, whatever the URL looks like', async () => {
    const { uuid } = await still.image()
    const uri = 'javascript:<script>alert(1)</script>'
    const ask = { as: 'eva' as Person, json: download(uri), headers: { accept: 'text/html' } }
    const { text } = await still.expect('POST', `/images/${uuid}/import`, ask, 400)
    assert.doesNotMatch(text, /<script>/)
  })

  const later: readonly [string, () => string][] = [
    ['a name that leads nowhere', () => 'http://no-such-host.invalid/disk'],
    ['a redirect to the metadata of a cloud', () => `${source.url}/metadata`],
    ['a redirect to another spelling of this machine', () => `${source.url}/numeric`],
    ['a redirect to another scheme', () => `${source.url}/scheme`],
    ['too many redirects', () => `${source.url}/loop`],
  ]
  test('what only the network tells is a failure of the task, in words that tell nothing of the network', async () => {
    const to = (location: string) => (_request: unknown, response: ServerResponse) => {
      response.writeHead(302, { location }).end('secret')
    }
    source.files.set('/metadata', to('http://169.254.169.254/latest/meta-data/'))
    source.files.set('/numeric', to('http://2130706433/'))
    source.files.set('/scheme', to('file:///etc/passwd'))
    source.files.set('/loop', to('/loop'))
    const messages: string[] = []
    for (const [what, uri] of later) {
      const { show, begin, ended } = importer(single)
      const { uuid } = await single.image()
      await begin(uuid, download(uri()))
      const task = await ended(uuid)
      assert.equal(task.status, 'failure', what)
      messages.push(task.message)
      assert.equal((await show(uuid)).status, 'queued', what)
    }
    for (const message of messages) assert.doesNotMatch(message, /169\.254|127\.|passwd|secret|resol/i)
    assert.equal(messages[0], messages[1])
  })
})
