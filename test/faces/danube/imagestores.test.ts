import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { type TestContext, test } from 'node:test'
import { repositories } from '../../../src/catalogue/repositories/repositories.ts'
import { serve } from '../../outbound/servers.ts'
import { type Reply, startWorld } from './world.ts'

const denied = { detail: 'Permission denied' }
const storeMissing = { detail: 'ImageStore not found' }
const imageMissing = { detail: 'Image not found' }
const exists = { detail: 'Image already exists' }

/** A little IMGAPI repository below `/repo`. `list` is what it lists; everything that is in `files` can be fetched. */
async function repository(t: TestContext) {
  const manifests = new Map<string, object>()
  const state = { list: null as string | null, agents: new Set<string>(), manifests }
  const answer: RequestListener = (request, response) => {
    state.agents.add(request.headers['user-agent'] ?? '')
    if (request.url === '/repo/images')
      return response.end(state.list ?? JSON.stringify([...manifests.values()]))
    const [, uuid = '', file] = /^\/repo\/images\/([^/]+)(\/file)?$/.exec(request.url ?? '') ?? []
    const manifest = manifests.get(uuid)
    if (!manifest) return response.writeHead(404).end()
    return response.end(file ? bytesOf(uuid) : JSON.stringify(manifest))
  }
  const { url } = await serve(t, answer)
  return {
    state,
    url: `${url}/repo`,
    add(facts: object = {}): string {
      const uuid = randomUUID()
      const file = {
        sha1: createHash('sha1').update(bytesOf(uuid)).digest('hex'),
        size: bytesOf(uuid).length,
      }
      manifests.set(uuid, {
        ...{ v: 2, uuid, name: 'base', version: '1.2', state: 'active', type: 'zvol', os: 'bsd' },
        ...{ published_at: '2021-03-01T08:00:00Z', files: [{ ...file, compression: 'none' }] },
        ...facts,
      })
      return uuid
    },
  }
}

function bytesOf(uuid: string): string {
  return `the bytes of ${uuid}`
}

async function start(t: TestContext) {
  const world = await startWorld({ importAllow: '127.0.0.1' })
  t.after(() => world.close())
  return {
    ...world,
    async name(named: Record<string, string>) {
      await world.apply({ settings: { repositories: named } })
    },
  }
}

const keysOf = ({ body }: Reply) => Object.keys(body.result)

test('who may not import images anywhere is refused everything, whether or not it exists', async (t) => {
  const world = await start(t)
  const calls = [
    ['GET', '/imagestore/'],
    ['PUT', '/imagestore/'],
    ['GET', '/imagestore/none/'],
    ['PUT', '/imagestore/none/'],
    ['GET', '/imagestore/none/image/'],
    ['GET', '/imagestore/none/image/x/'],
    ['POST', '/imagestore/none/image/x/'],
  ] as const
  for (const [method, path] of calls) {
    for (const as of ['chief', 'keeper', 'member', 'lone'] as const)
      await world.expect(method, path, { as }, 403, denied)
    if (path !== '/imagestore/') await world.expect(method, path, { as: 'importer' }, 404, storeMissing)
  }
})

test('repositories are listed, read, and show what went wrong', async (t) => {
  const world = await start(t)
  const remote = await repository(t)
  remote.add()
  await world.name({ zoo: `${remote.url}/`, ant: `${remote.url}/none` })
  const as = 'importer' as const
  const listed = await world.expect('GET', '/imagestore', { as }, 200, {
    status: 'SUCCESS',
    result: ['ant', 'zoo'],
  })
  assert.match(listed.body.task_id, new RegExp(`^${world.ids.importer}d${world.ids.importer}u1-`))
  const unread = { last_update: null, image_count: 0, error: null }
  await world.expect('GET', '/imagestore/?full=true', { as }, 200, {
    status: 'SUCCESS',
    result: [
      { name: 'ant', url: `${remote.url}/none`, ...unread },
      { name: 'zoo', url: `${remote.url}/`, ...unread },
    ],
  })
  const read = await world.ask('PUT', '/imagestore/zoo/', { as })
  assert.equal(read.status, 200)
  assert.deepEqual(keysOf(read), ['name', 'url', 'last_update', 'image_count', 'error'])
  const { last_update, ...facts } = read.body.result
  assert.match(last_update, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$/)
  assert.deepEqual(facts, { name: 'zoo', url: `${remote.url}/`, image_count: 1, error: null })
  assert.deepEqual([...remote.state.agents], ['esdc/4.6'])

  const error = `404 Client Error: Not Found for url: ${remote.url}/none/images`
  const failed = { name: 'ant', url: `${remote.url}/none`, ...unread, error }
  await world.expect('PUT', '/imagestore/ant/', { as }, 400, { status: 'FAILURE', result: failed })
  await world.expect('GET', '/imagestore/ant/', { as }, 200, { status: 'SUCCESS', result: failed })
  const all = await world.ask('PUT', '/imagestore/', { as })
  assert.deepEqual([all.status, all.body.status], [400, 'FAILURE'])
  assert.deepEqual(
    all.body.result.map((each: { name: string; error: string | null }) => [each.name, each.error]),
    [
      ['ant', error],
      ['zoo', null],
    ],
  )

  // What cannot be understood leaves what was read before as it is, and says why.
  for (const [list, reason] of [
    ['<html>', /^Image server response could not be decoded \(.+\)$/],
    ['{"images":[]}', /^Unexpected output from image server \(object\)$/],
  ] as const) {
    const { body: before } = await world.ask('GET', '/imagestore/zoo/', { as })
    remote.state.list = list
    const { status, body } = await world.ask('PUT', '/imagestore/zoo/', { as })
    assert.deepEqual([status, body.status], [400, 'FAILURE'])
    assert.match(body.result.error, reason)
    assert.deepEqual({ ...body.result, error: before.result.error }, before.result)
    const { body: images } = await world.ask('GET', '/imagestore/zoo/image/', { as })
    assert.equal(images.result.length, 1)
  }
  remote.state.list = '[]'
  await world.name({ zoo: `${remote.url}/` })
  const emptied = await world.ask('PUT', '/imagestore/', { as })
  assert.deepEqual([emptied.status, emptied.body.result[0].image_count], [200, 0])

  const log = await world.core.database.db.selectFrom('task_log').selectAll().orderBy('id').execute()
  // Both were read at the same time once.
  assert.deepEqual(
    log.map((row) => `${row.object_type} ${row.object_name} ${row.message} ${row.state}`).sort(),
    [
      ...Array(2).fill('imagestore ant Refresh image repository failed'),
      ...Array(2).fill('imagestore zoo Refresh image repository failed'),
      ...Array(3).fill('imagestore zoo Refresh image repository succeeded'),
    ],
  )
})

test('a repository that somebody else is reading is answered 423 in the end', async (t) => {
  const world = await start(t)
  const gate = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const { url } = await serve(t, async (_request, response) => {
    asked.resolve()
    await gate.promise
    response.end('[]')
  })
  await world.name({ slow: url })
  const hasty = repositories(world.core, { answerMs: 5000, waitMs: 50 })
  Object.assign(world.catalogue, { repositories: hasty })
  const first = world.ask('PUT', '/imagestore/slow/', { as: 'importer' })
  await asked.promise
  for (const path of ['/imagestore/slow/', '/imagestore/'])
    await world.expect('PUT', path, { as: 'importer' }, 423, { detail: 'Task is already running' })
  gate.resolve()
  assert.equal((await first).status, 200)
})

test('images are shown newest first, with their manifests as they are', async (t) => {
  const world = await start(t)
  const remote = await repository(t)
  await world.name({ shop: remote.url })
  const odd = {
    ...{ name: ['x'], version: 3, type: 7, os: null, description: {}, homepage: '', image_size: -1 },
    ...{ state: undefined, published_at: undefined, files: 'none' },
  }
  const uuids = {
    plain: remote.add(),
    odd: remote.add(odd),
    zone: remote.add({
      ...{ published_at: '2022-01-01T00:00:00.500Z', type: 'lx-dataset', description: 'x'.repeat(300) },
      ...{ homepage: 'https://example.org/', image_size: 2048 },
    }),
  }
  const as = 'importer' as const
  await world.expect('GET', '/imagestore/shop/image/', { as }, 200, { status: 'SUCCESS', result: [] })
  await world.ask('PUT', '/imagestore/shop/', { as })
  const manifest = (uuid: string) => JSON.parse(JSON.stringify(remote.state.manifests.get(uuid)))
  const order = [uuids.zone, uuids.plain, uuids.odd]
  await world.expect('GET', '/imagestore/shop/image/', { as }, 200, { status: 'SUCCESS', result: order })
  const plain = {
    manifest: manifest(uuids.plain),
    manifest_url: `${remote.url}/images/${uuids.plain}`,
    uuid: uuids.plain,
    name: 'base',
    version: '1.2',
    created: '2021-03-01T08:00:00Z',
    ostype: 3,
    desc: '',
    homepage: null,
    size: 1024,
    state: 'active',
    download_size: bytesOf(uuids.plain).length,
  }
  const zone = {
    ...plain,
    manifest: manifest(uuids.zone),
    manifest_url: `${remote.url}/images/${uuids.zone}`,
    uuid: uuids.zone,
    created: '2022-01-01T00:00:00.500Z',
    ostype: 6,
    desc: 'x'.repeat(300),
    homepage: 'https://example.org/',
    size: 2048,
  }
  const nonsense = {
    ...plain,
    manifest: manifest(uuids.odd),
    manifest_url: `${remote.url}/images/${uuids.odd}`,
    uuid: uuids.odd,
    name: '',
    version: '3',
    created: '',
    ostype: 1,
    download_size: 0,
  }
  for (const query of ['full=1', 'extended=true'])
    await world.expect('GET', `/imagestore/shop/image/?${query}`, { as }, 200, {
      status: 'SUCCESS',
      result: [zone, plain, nonsense],
    })
  const one = await world.expect('GET', `/imagestore/shop/image/${uuids.plain}/`, { as }, 200, {
    status: 'SUCCESS',
    result: plain,
  })
  assert.deepEqual(keysOf(one), Object.keys(plain))
  await world.expect('GET', `/imagestore/shop/image/${randomUUID()}/`, { as }, 404, imageMissing)
  await world.expect('GET', '/imagestore/shop/image/x/', { as }, 404, imageMissing)

  // At another address it is another repository.
  await world.name({ shop: `${remote.url}/elsewhere` })
  await world.expect('GET', '/imagestore/shop/image/', { as }, 200, { status: 'SUCCESS', result: [] })
  await world.expect('GET', `/imagestore/shop/image/${uuids.plain}/`, { as }, 404, imageMissing)
  await world.expect('POST', `/imagestore/shop/image/${uuids.plain}/`, { as }, 404, imageMissing)
})

test('an image is imported from a repository, under the name of its manifest or another', async (t) => {
  const world = await start(t)
  const remote = await repository(t)
  await world.name({ shop: remote.url })
  const [first, second, third] = [remote.add(), remote.add(), remote.add({ name: 'with spaces/and slashes' })]
  const as = 'importer' as const
  await world.ask('PUT', '/imagestore/shop/', { as })
  const path = (uuid: string) => `/imagestore/shop/image/${uuid}/`
  const json = { dc: 'acme', manifest_url: 'http://192.0.2.1/', file_url: 'http://192.0.2.1/', alias: 'Base' }
  const begun = await world.ask('POST', path(first), { as, json })
  assert.equal(begun.status, 201, begun.text)
  assert.match(begun.body.task_id, new RegExp(`^${world.ids.importer}e${world.ids.importer}u2-`))
  assert.deepEqual(
    ['es_task_response', 'es_task_id', 'es_dc'].map((name) => begun.headers.get(name)),
    ['true', begun.body.task_id, 'acme'],
  )
  assert.equal(begun.text, `{"task_id":"${begun.body.task_id}","status":"PENDING","result":null}`)
  assert.equal((await world.ended(begun.body.task_id)).state, 'succeeded')
  const made = (await world.ask('GET', '/image/base/')).body.result
  assert.deepEqual([made.uuid, made.alias, made.version, made.ostype], [first, 'Base', '1.2', 3])

  // Its uuid is taken, or its name.
  await world.expect('POST', path(first), { as, json: { name: 'other', dc: 'acme' } }, 406, exists)
  await world.expect('POST', path(second), { as, json: { dc: 'acme' } }, 406, exists)
  await world.expect('POST', path(third), { as, json: { dc: 'acme', name: 'base' } }, 406, exists)
  const invalid = { status: 'FAILURE', result: { name: ['Invalid value.'] } }
  const refused = await world.expect('POST', path(third), { as, json: { dc: 'acme' } }, 400)
  assert.deepEqual(refused.body.result.name, invalid.result.name)
  // Without a body the usual checks apply: nobody but administrators imports into main.
  await world.expect('POST', path(third), { as }, 403, {
    detail: 'You do not have permission to perform this action.',
  })
  const named = await world.ask('POST', path(third), { as, json: { dc: 'acme', name: 'third' } })
  assert.equal(named.status, 201, named.text)
  assert.equal((await world.ended(named.body.task_id)).state, 'succeeded')
  await world.expect('POST', path(randomUUID()), { as }, 404, imageMissing)

  await t.test('and one whose manifest says next to nothing', async () => {
    const said = { name: 'lean', type: 'zone-dataset', tags: ['odd'], description: 7 }
    const lean = remote.add({ ...said, v: undefined, os: undefined, state: undefined, published_at: null })
    await world.ask('PUT', '/imagestore/shop/', { as })
    const { body, text } = await world.ask('POST', path(lean), { as, json: { dc: 'acme' } })
    assert.equal((await world.ended(body.task_id)).state, 'succeeded', text)
    const image = (await world.ask('GET', '/image/lean/')).body.result
    assert.deepEqual(
      [image.uuid, image.ostype, image.size, image.resize, image.deploy, image.tags, image.status],
      [lean, 5, 1024, true, false, [], 1],
    )
  })

  await t.test('and whoever wants to be told is told', async (t) => {
    const told = Promise.withResolvers<{ method: string; body: string }>()
    const { url } = await serve(t, async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString()
      response.end(() => told.resolve({ method: request.method!, body }))
    })
    const json = { dc: 'acme', name: 'second', cb_url: url, cb_method: 'PUT' }
    const { body } = await world.ask('POST', path(second), { as, json })
    const { method, body: message } = await told.promise
    assert.equal(method, 'PUT')
    const { random_token, security_token, ...status } = JSON.parse(message)
    assert.equal(security_token, createHash('md5').update(random_token).digest('hex'))
    const asked = await world.ask('GET', `/task/${body.task_id}/status/?dc=acme`, { as })
    assert.deepEqual(status, asked.body)
    assert.equal(status.status, 'SUCCESS')
  })
})

test('administrators see this installation as the last repository', async (t) => {
  const world = await start(t)
  const remote = await repository(t)
  await world.name({ zoo: remote.url })
  const uuid = remote.add()
  await world.ask('PUT', '/imagestore/zoo/')
  const begun = await world.ask('POST', `/imagestore/zoo/image/${uuid}/`, { json: { dc: 'acme' } })
  await world.ended(begun.body.task_id)
  await world.expect('GET', '/imagestore/', {}, 200, { status: 'SUCCESS', result: ['zoo', '_imageport'] })
  for (const method of ['GET', 'PUT']) {
    const { status, body } = await world.ask(method, '/imagestore/_imageport/')
    const { last_update, ...facts } = body.result
    assert.equal(status, 200)
    assert.ok(Math.abs(Date.parse(last_update) - Date.now()) < 60_000)
    assert.deepEqual(facts, { name: '_imageport', url: world.url, image_count: 1, error: null })
  }
  const all = await world.ask('PUT', '/imagestore/')
  assert.deepEqual(
    all.body.result.map((each: { name: string }) => each.name),
    ['zoo', '_imageport'],
  )
  const path = `/imagestore/_imageport/image/${uuid}/`
  await world.expect('GET', '/imagestore/_imageport/image/', {}, 200, { status: 'SUCCESS', result: [uuid] })
  const { result } = (await world.ask('GET', path)).body
  assert.deepEqual(
    [result.manifest_url, result.manifest.uuid, result.manifest.state, result.ostype, result.download_size],
    [`${world.url}/images/${uuid}`, uuid, 'active', 3, bytesOf(uuid).length],
  )
  await world.expect('POST', path, { json: { name: 'again', dc: 'acme' } }, 406, exists)
  await world.expect('GET', '/imagestore/_imageport/', { as: 'importer' }, 404, storeMissing)
  await world.expect('GET', path, { as: 'importer' }, 404, storeMissing)
  await world.apply({ settings: { imageServer: false } })
  await world.expect('GET', '/imagestore/_imageport/', {}, 404, storeMissing)
})
