import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import type { Image } from '../../../src/catalogue/images/image.ts'
import { day, now } from '../../../src/catalogue/time.ts'
import { type FileServer, fileServer } from '../../support/file-server.ts'
import { importer, startImporting, threeStores } from './importing.ts'
import { type Ask, startWorld, unknown, type World } from './world.ts'

/** glance.md section 17. */
let world: World
let source: FileServer
let done: Image
let failed: Image
before(async () => {
  source = await fileServer()
  source.files.set('/disk', Buffer.from('downloaded'))
  world = await startWorld({ importAllow: source.url.replace('http://', ''), stores: threeStores })
  const runner = await startImporting(world)
  const { begin, ended } = importer(world)
  done = await world.image({ visibility: 'public' })
  await begin(done.uuid, download('/disk?signature=secret'), 'eva', { 'x-openstack-request-id': 'req-mine' })
  await ended(done.uuid)
  failed = await world.image()
  await begin(failed.uuid, { ...download('/nothing'), stores: ['bulk', 'cold'] })
  await ended(failed.uuid)
  await runner.stop()
})
after(async () => {
  await world.close()
  await source.close()
})

const download = (path: string) => ({ method: { name: 'web-download', uri: `${source.url}${path}` } })
const tasksOf = async (image: Image, as: Ask['as'] = 'eva') =>
  (await world.expect('GET', `/images/${image.uuid}/tasks`, as ? { as } : {}, 200)).body.tasks

describe('the tasks of an image', () => {
  test('are told with everything: what was asked for, what came of it, when, by whom', async () => {
    const [task, ...others] = await tasksOf(done)
    assert.deepEqual(others, [])
    const times = [task.created_at, task.updated_at, task.expires_at]
    for (const time of times) assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/)
    const instants = times.map((time) => Date.parse(`${time}Z`))
    assert.ok(instants[0]! <= instants[1]!)
    assert.equal(instants[2]! - instants[1]!, 48 * 60 * 60 * 1000)
    const { id, user_id, created_at: _c, updated_at: _u, expires_at: _e, ...rest } = task
    assert.match(id, /^[0-9a-f-]{36}$/)
    assert.match(user_id, /^[0-9a-f]{32}$/)
    assert.deepEqual(rest, {
      type: 'api_image_import',
      status: 'success',
      owner: world.projects.acme,
      input: {
        image_id: done.uuid,
        import_req: download('/disk?signature=secret'),
        backend: ['fast'],
      },
      result: { image_id: done.uuid },
      message: 'Copied 0 MiB',
      image_id: done.uuid,
      request_id: 'req-mine',
      deleted_at: null,
      deleted: false,
    })
  })

  test('that failed say why, and nothing of the inside', async () => {
    const [task] = await tasksOf(failed)
    assert.deepEqual(
      [task.status, task.message, task.result, task.input.backend],
      ['failure', 'The server answered with status 404.', null, ['bulk', 'cold']],
    )
  })

  test('are for everybody who sees it, but not what gives access to its source', async () => {
    for (const as of ['rita', 'omar', 'nora'] as const) {
      const [task] = await tasksOf(done, as)
      assert.deepEqual(task.input.import_req, download('/disk'))
    }
    for (const as of ['eva', 'root'] as const) {
      const [task] = await tasksOf(done, as)
      assert.deepEqual(task.input.import_req, download('/disk?signature=secret'))
    }
  })

  test('of others, and of images that are not there, are not found', async () => {
    await world.expect('GET', `/images/${failed.uuid}/tasks`, { as: 'omar' }, 404, 'No image found')
    await world.expect('GET', `/images/${unknown}/tasks`, { as: 'root' }, 404, 'No image found')
    await world.expect('GET', '/images/x/tasks', { as: 'root' }, 404)
    await world.expect('GET', `/images/${failed.uuid}/tasks`, {}, 401)
    await world.expect('POST', `/images/${failed.uuid}/tasks`, { as: 'eva' }, 405)
    const gone = await world.image()
    await world.catalogue.images.remove(systemActor, gone.uuid)
    await world.expect('GET', `/images/${gone.uuid}/tasks`, { as: 'root' }, 404)
  })

  test('are none where nothing was imported', async () => {
    assert.deepEqual(await tasksOf(await world.image({}, 'uploaded')), [])
  })

  test('of other wires are imports, too', async () => {
    const actor = await world.catalogue.projects.named(systemActor, 'acme')
    const { image } = await world.catalogue.imports.fromUrl(
      { ...systemActor, projectId: actor.id },
      { ownerId: actor.id, diskFormat: 'raw', containerFormat: 'bare', visibility: 'public' },
      { url: `${source.url}/disk?signature=secret`, fallback: 'queued' },
    )
    const [task] = await tasksOf(image, 'omar')
    assert.deepEqual(
      [task.type, task.status, task.message, task.expires_at, task.input],
      [
        'api_image_import',
        'pending',
        '',
        null,
        { image_id: image.uuid, import_req: download('/disk'), backend: [] },
      ],
    )
  })
})

describe('all tasks', () => {
  test('are for administrators', async () => {
    const [{ id }] = await tasksOf(done)
    for (const [method, path, ask] of [
      ['GET', '/tasks', {}],
      ['GET', `/tasks/${id}`, {}],
      ['GET', '/tasks?status=nonsense', {}],
      ['POST', '/tasks', { json: { type: 'import', input: {} } }],
    ] as const) {
      for (const as of ['eva', 'rita', 'omar'] as const)
        await world.expect(method, path, { as, ...ask }, 403, 'tasks_api_access')
      await world.expect(method, path, ask, 401)
    }
  })

  test('are listed without what they were given', async () => {
    // A body is not read.
    const response = await world.app.inject({
      method: 'GET',
      url: '/v2/tasks?limit=1000',
      headers: { 'x-auth-token': world.tokens.root },
      payload: 'whatever',
    })
    assert.equal(response.statusCode, 200)
    const { tasks, ...envelope } = response.json()
    assert.deepEqual(envelope, { first: '/v2/tasks?limit=1000', schema: '/v2/schemas/tasks' })
    const [{ id }] = await tasksOf(done)
    const { user_id, created_at, updated_at, expires_at, ...rest } = tasks.find(
      (task: { id: string }) => task.id === id,
    )
    for (const time of [created_at, updated_at, expires_at])
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    assert.match(user_id, /^[0-9a-f]{32}$/)
    assert.deepEqual(rest, {
      id,
      type: 'api_image_import',
      status: 'success',
      owner: world.projects.acme,
      image_id: done.uuid,
      request_id: 'req-mine',
      self: `/v2/tasks/${id}`,
      schema: '/v2/schemas/task',
    })
  })

  test('one is shown with everything, and without what there is not', async () => {
    const [{ id }] = await tasksOf(done)
    const { body } = await world.expect('GET', `/tasks/${id.toUpperCase()}`, { as: 'root' }, 200)
    assert.deepEqual(Object.keys(body).sort(), [
      'created_at',
      'expires_at',
      'id',
      'image_id',
      'input',
      'message',
      'owner',
      'request_id',
      'result',
      'schema',
      'self',
      'status',
      'type',
      'updated_at',
      'user_id',
    ])
    assert.deepEqual(body.input.import_req.method.name, 'web-download')
    const { taskId } = await world.catalogue.imports.fromUrl(
      { ...systemActor, projectId: 2 },
      { ownerId: 2 },
      { url: `${source.url}/disk`, fallback: 'queued' },
    )
    const waiting = (await world.expect('GET', `/tasks/${taskId}`, { as: 'root' }, 200)).body
    for (const name of ['expires_at', 'request_id', 'user_id']) assert.ok(!(name in waiting), name)
    assert.deepEqual([waiting.status, waiting.result, waiting.message], ['pending', null, ''])
    for (const other of [unknown, 'x']) await world.expect('GET', `/tasks/${other}`, { as: 'root' }, 404)
  })

  test('pages follow one another and hold every task once', async () => {
    const all = (await world.expect('GET', '/tasks?limit=1000', { as: 'root' }, 200)).body.tasks
    const ids: string[] = []
    let path = '/tasks?limit=2&sort_key=status&sort_dir=asc'
    for (let pages = 0; pages < 100; pages++) {
      const { tasks, next, first } = (await world.expect('GET', path, { as: 'root' }, 200)).body
      assert.equal(first, '/v2/tasks?limit=2&sort_key=status&sort_dir=asc')
      ids.push(...tasks.map((task: { id: string }) => task.id))
      if (!next) break
      assert.equal(tasks.length, 2)
      path = next.replace('/v2', '')
    }
    assert.deepEqual(ids.toSorted(), all.map((task: { id: string }) => task.id).toSorted())
    assert.ok(ids.length > 2)
  })

  test('the newest come first unless another order is asked for', async () => {
    const created = async (query: string) =>
      (await world.expect('GET', `/tasks${query}`, { as: 'root' }, 200)).body.tasks.map(
        (task: { id: string }) => task.id,
      )
    const newest = await created('')
    assert.deepEqual(await created('?sort_key=created_at&sort_dir=desc'), newest)
    assert.deepEqual(await created('?sort_dir=asc'), newest.toReversed())
    for (const key of ['updated_at', 'expires_at', 'status', 'type'])
      assert.deepEqual((await created(`?sort_key=${key}`)).toSorted(), newest.toSorted())
    assert.deepEqual(await created('?limit=0'), [])
    assert.deepEqual(await created('?type=import'), [])
    assert.deepEqual(await created(`?marker=${newest[0]}&limit=1`), newest.slice(1, 2))
  })

  test('are filtered by what became of them', async () => {
    for (const status of ['pending', 'processing', 'success', 'failure']) {
      const { tasks } = (await world.expect('GET', `/tasks?status=${status}`, { as: 'root' }, 200)).body
      assert.ok(tasks.every((task: { status: string }) => task.status === status))
      assert.equal(tasks.length > 0, status !== 'processing', status)
    }
  })

  const bad: readonly [string, string][] = [
    ['status=done', 'Invalid status value: done'],
    ['type=export', 'Invalid type value: export'],
    ['type=api_image_import', 'Invalid type value'],
    ['sort_key=secret', 'Invalid sort key: secret'],
    ['sort_dir=up', 'Invalid sort direction: up'],
    ['marker=x', 'Invalid marker format'],
    [`marker=${randomUUID()}`, 'No task found'],
    ['limit=-1', 'limit param must be positive'],
    ['limit=x', 'limit param must be an integer'],
    ['sort_key=__proto__', 'Invalid sort key'],
  ]
  for (const [query, text] of bad)
    test(`${query.slice(0, 20)} is refused`, async () => {
      await world.expect('GET', `/tasks?${query}`, { as: 'root' }, 400, text)
    })

  test('vanish two days after their end', async () => {
    const { taskId, image } = await world.catalogue.imports.fromUrl(
      { ...systemActor, projectId: 2 },
      { ownerId: 2 },
      { url: `${source.url}/disk`, fallback: 'queued' },
    )
    await world.catalogue.tasks.cancel(systemActor, taskId)
    const end = (finished_at: number) =>
      world.core.database.db.updateTable('tasks').set({ finished_at }).where('id', '=', taskId).execute()
    await end(now() - 2 * day + 60_000_000)
    await world.expect('GET', `/tasks/${taskId}`, { as: 'root' }, 200)
    assert.equal((await tasksOf(image, 'root')).length, 1)
    await end(now() - 2 * day)
    await world.expect('GET', `/tasks/${taskId}`, { as: 'root' }, 404)
    assert.deepEqual(await tasksOf(image, 'root'), [])
  })

  test('are not deleted, and say so', async () => {
    const [{ id }] = await tasksOf(done)
    for (const as of ['eva', 'root'] as const) {
      const { headers } = await world.expect('DELETE', `/tasks/${id}`, { as }, 405)
      assert.equal(headers.get('allow'), 'GET')
    }
    const { headers } = await world.expect('PATCH', `/tasks/${id}`, { as: 'root' }, 405)
    assert.equal(headers.get('allow'), 'GET, DELETE')
    const { headers: others } = await world.expect('PUT', '/tasks', { as: 'root' }, 405)
    assert.equal(others.get('allow'), 'GET, POST')
  })

  const made: readonly [string, Ask, number, string][] = [
    ['nothing', {}, 400, 'Body expected in request.'],
    ['no JSON', { body: '{' }, 400, 'Malformed JSON in request body.'],
    ['a list', { json: [] }, 400, ''],
    ['no type', { json: { input: {} } }, 400, "Task 'type' is required"],
    ['no input', { json: { type: 'import' } }, 400, "Task 'input' is required"],
    [
      'a URL that no server may be made to fetch',
      { json: { type: 'import', input: { import_from: 'http://169.254.169.254/' } } },
      400,
      'does not pass filtering',
    ],
    [
      'a URL that is no text, nor can be made one',
      { json: { type: 'import', input: { import_from: { toString: 1, valueOf: 1 } } } },
      400,
      'does not pass filtering',
    ],
    [
      'anything else',
      { json: { type: 'import', input: { import_from: 'http://images.example.org/' } } },
      403,
      '',
    ],
    ['no object as input', { json: { type: 'import', input: 'x' } }, 403, ''],
  ]
  for (const [what, ask, status, text] of made)
    test(`a task of ${what} is not made`, async () => {
      const count = async () =>
        (await world.core.database.db.selectFrom('tasks').select('id').execute()).length
      const before = await count()
      await world.expect('POST', '/tasks', { as: 'root', ...ask }, status, text)
      assert.equal(await count(), before)
    })
})
