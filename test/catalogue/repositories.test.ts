import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { type TestContext, test } from 'node:test'
import { remoteOf } from '../../src/assembly/remote.ts'
import { type Actor, systemActor } from '../../src/catalogue/actor.ts'
import { Failure } from '../../src/catalogue/failure.ts'
import { writeSetting } from '../../src/catalogue/installation-settings.ts'
import { repositories } from '../../src/catalogue/repositories/repositories.ts'
import { below } from '../../src/catalogue/repositories/repository.ts'
import { now, second } from '../../src/catalogue/time.ts'
import { parseAllowList } from '../../src/outbound/allow-list.ts'
import { outbound } from '../../src/outbound/outbound.ts'
import { closedPort, serve } from '../outbound/servers.ts'
import { testCore } from '../support/core.ts'
import { forEachDatabase } from '../support/databases.ts'

const admin: Actor = {
  ...systemActor,
  userId: 1,
  username: 'admin',
  face: 'danube',
  requestId: `req-${randomUUID()}`,
}
const importer: Actor = {
  ...admin,
  superAdmin: false,
  roles: new Map([
    [1, new Set(['datacenter admin', 'datacenter image_admin', 'datacenter image_import_admin'] as const)],
  ]),
}

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const manifest = (n: number, more: object = {}) => ({ v: 2, uuid: uuid(n), name: `image ${n}`, ...more })

type World = Awaited<ReturnType<typeof start>>

/** A catalogue whose fetches reach 127.0.0.1 and nothing else that is private. */
async function start(t: TestContext, databaseUrl?: string) {
  const fetcher = outbound({ allow: parseAllowList('127.0.0.1') })
  const { core, close } = await testCore({
    ...(databaseUrl ? { url: databaseUrl } : {}),
    remote: remoteOf(fetcher),
  })
  t.after(async () => {
    await fetcher.close()
    await close()
  })
  const limits = { answerMs: 5000, waitMs: 5000 }
  return {
    core,
    all: repositories(core, limits),
    hasty: repositories(core, { answerMs: 200, waitMs: 100 }),
    async name(named: Record<string, string>) {
      await core.database.transaction((trx) => writeSetting(trx, admin, 'repositories', named))
    },
    async log() {
      const rows = await core.database.db.selectFrom('task_log').selectAll().orderBy('id').execute()
      return rows.map(
        (row) => `${row.state} ${row.object_type} ${row.object_name} ${row.message}: ${row.detail}`,
      )
    },
  }
}

/** A repository whose list is whatever `images` says at the time; a text goes out as it is. */
async function repository(t: TestContext, images: unknown) {
  const state = { images, path: '/images', ...(await serve(t, answer)) }
  function answer(...[request, response]: Parameters<RequestListener>) {
    if (request.url !== state.path) return response.writeHead(404).end()
    return response.end(typeof state.images === 'string' ? state.images : JSON.stringify(state.images))
  }
  return state
}

async function uuidsOf(world: World, name: string): Promise<string[]> {
  return all(await world.all.uuids(importer, name))
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

async function failure(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (error instanceof Failure)
      return [error.code, error.detail.subject, error.detail.reason].filter(Boolean).join(' ')
    throw error
  }
  assert.fail('it should have failed')
}

test('a path is joined as if the slash were there', () => {
  const cases = {
    'https://h': 'https://h/images',
    'https://h/': 'https://h/images',
    'https://h/repo': 'https://h/repo/images',
    'https://h/repo/': 'https://h/repo/images',
    'https://h:8443/a/b?c=d#e': 'https://h:8443/a/b/images',
  }
  for (const [url, joined] of Object.entries(cases)) assert.equal(below(url, 'images'), joined)
})

forEachDatabase((engine, _open, freshUrl) => {
  const world = async (t: TestContext) => start(t, engine === 'sqlite' ? undefined : await freshUrl())

  test('a repository is empty until it is read, and then shows its images newest first', async (t) => {
    const w = await world(t)
    const remote = await repository(t, [
      manifest(1, { published_at: '2020-01-01T00:00:00Z' }),
      manifest(2, { published_at: '2021-01-01T00:00:00.500Z', tags: { other: [1, { a: 'ž\u0000' }] } }),
      manifest(3),
      manifest(4, { published_at: '2021-01-01T00:00:00Z' }),
      manifest(5, { published_at: 'yesterday' }),
    ])
    await w.name({ zoo: remote.url, ant: 'http://127.0.0.1:1' })
    const unread = { url: remote.url, refreshedAt: null, imageCount: 0, failure: null }
    assert.deepEqual(await w.all.list(importer), [
      { name: 'ant', ...unread, url: 'http://127.0.0.1:1' },
      { name: 'zoo', ...unread },
    ])
    assert.deepEqual(await uuidsOf(w, 'zoo'), [])
    const before = now()
    const { refreshedAt, ...read } = await w.all.refresh(importer, 'zoo')
    assert.deepEqual(read, { name: 'zoo', url: remote.url, imageCount: 5, failure: null })
    assert.ok(refreshedAt! >= before && refreshedAt! <= now())
    assert.deepEqual(await uuidsOf(w, 'zoo'), [2, 4, 1, 5, 3].map(uuid))
    const [newest] = await all(await w.all.offers(importer, 'zoo'))
    assert.deepEqual(newest, { uuid: uuid(2), manifest: (remote.images as object[])[1] })
    assert.deepEqual((await w.all.offer(importer, 'zoo', uuid(3).toUpperCase())).manifest, manifest(3))
    assert.equal(await failure(w.all.offer(importer, 'zoo', uuid(9))), 'not-found image')
    assert.equal(await failure(w.all.offer(importer, 'zoo', 'x')), 'not-found image')
    assert.deepEqual(await w.log(), [
      `succeeded imagestore zoo Refresh image repository: url='${remote.url}' image_count=5`,
    ])
  })

  test('what cannot be read keeps the old list and says why; what can be replaces it, an empty list too', async (t) => {
    const w = await world(t)
    const remote = await repository(t, [manifest(1), manifest(2)])
    await w.name({ shop: remote.url })
    const { refreshedAt } = await w.all.refresh(importer, 'shop')
    const cases: [unknown, RegExp][] = [
      ['<html>', /^Image server response could not be decoded \(.+\)$/],
      ['', /^Image server response could not be decoded \(.+\)$/],
      [{ images: [] }, /^Unexpected output from image server \(object\)$/],
      [Array(50_001).fill({}), /^Unexpected output from image server \(more than 50000 images\)$/],
      ['null', /^Unexpected output from image server \(null\)$/],
      [`[${' '.repeat(10 * 2 ** 20)}]`, /^The document is larger than 10485760 bytes\.$/],
    ]
    for (const [images, reason] of cases) {
      remote.images = images
      const { failure, ...kept } = await w.all.refresh(importer, 'shop')
      assert.match(failure ?? '', reason)
      assert.deepEqual(kept, { name: 'shop', url: remote.url, refreshedAt, imageCount: 2 })
      assert.deepEqual((await w.all.view(importer, 'shop')).failure, failure)
      assert.equal((await uuidsOf(w, 'shop')).length, 2)
    }
    remote.path = '/elsewhere'
    assert.equal(
      (await w.all.refresh(importer, 'shop')).failure,
      `404 Client Error: Not Found for url: ${remote.url}/images`,
    )
    assert.match((await w.log()).at(-1)!, /^failed imagestore shop .* error='404 Client Error/)
    // Ten mebibytes exactly are fine.
    const list = JSON.stringify([manifest(3)])
    Object.assign(remote, { path: '/images', images: list.padEnd(10 * 2 ** 20, ' ') })
    assert.equal((await w.all.refresh(importer, 'shop')).failure, null)
    assert.deepEqual(await uuidsOf(w, 'shop'), [uuid(3)])
    remote.images = []
    assert.deepEqual((await w.all.refresh(importer, 'shop')).imageCount, 0)
    assert.deepEqual(await uuidsOf(w, 'shop'), [])
  })

  test('odd entries are passed over', async (t) => {
    const w = await world(t)
    const deep = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`)
    const remote = await repository(t, [
      null,
      'text',
      [manifest(1)],
      {},
      { uuid: 7 },
      { uuid: '../../etc' },
      manifest(2, { deep }),
      { uuid: uuid(3).toUpperCase(), published_at: 7 },
      manifest(4, { name: 'first' }),
      manifest(4, { name: 'second' }),
    ])
    await w.name({ odd: remote.url })
    assert.equal((await w.all.refresh(importer, 'odd')).imageCount, 2)
    assert.deepEqual(await uuidsOf(w, 'odd'), [4, 3].map(uuid))
    assert.deepEqual((await w.all.offer(importer, 'odd', uuid(4))).manifest, manifest(4, { name: 'second' }))
  })

  test('a long list is read by pages, also where dates are the same', async (t) => {
    const w = await world(t)
    const list = Array.from({ length: 1001 }, (_, n) =>
      manifest(n, { published_at: `2021-01-01T00:00:0${n % 3}Z` }),
    )
    const remote = await repository(t, list)
    await w.name({ long: remote.url })
    assert.equal((await w.all.refresh(importer, 'long')).imageCount, 1001)
    const wanted = [2, 1, 0].flatMap((rest) =>
      list
        .map((each) => each.uuid)
        .filter((_uuid, n) => n % 3 === rest)
        .reverse(),
    )
    assert.deepEqual(await uuidsOf(w, 'long'), wanted)
    const offers = await all(await w.all.offers(importer, 'long'))
    assert.deepEqual(
      offers.map((offer) => offer.uuid),
      wanted,
    )
  })

  test('one refresh at a time: others wait, give up, and take over from the dead', async (t) => {
    const w = await world(t)
    const gate = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    let under = 0
    let most = 0
    const { url } = await serve(t, async (_request, response) => {
      most = Math.max(most, ++under)
      asked.resolve()
      await gate.promise
      under--
      response.end(JSON.stringify([manifest(1)]))
    })
    await w.name({ busy: url })
    const first = w.all.refresh(importer, 'busy')
    await asked.promise
    assert.equal(await failure(w.hasty.refresh(importer, 'busy')), 'state repository running')
    const second_ = w.all.refresh(importer, 'busy')
    gate.resolve()
    assert.equal((await first).failure, null)
    assert.equal((await second_).failure, null)
    assert.equal(most, 1)

    const held = (until: number) =>
      w.core.database.db.updateTable('repositories').set({ refreshing_until: until }).execute()
    await held(now() + 60 * second)
    assert.equal(await failure(w.hasty.refresh(importer, 'busy')), 'state repository running')
    await held(now() - second)
    assert.equal((await w.hasty.refresh(importer, 'busy')).failure, null)
    assert.deepEqual(await uuidsOf(w, 'busy'), [uuid(1)])
  })

  test('a repository that is named anew loses what was read at the old address, also while that is read', async (t) => {
    const w = await world(t)
    const old = await repository(t, [manifest(1)])
    await w.name({ moved: old.url })
    await w.all.refresh(importer, 'moved')
    const gate = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    const { url } = await serve(t, async (_request, response) => {
      asked.resolve()
      await gate.promise
      response.end(JSON.stringify([manifest(2)]))
    })
    await w.name({ moved: url })
    assert.equal((await w.all.view(importer, 'moved')).imageCount, 0)
    assert.deepEqual(await uuidsOf(w, 'moved'), [])
    const reading = failure(w.all.refresh(importer, 'moved'))
    await asked.promise
    await w.name({ moved: `${old.url}/` })
    gate.resolve()
    assert.equal(await reading, 'state repository running')
    assert.deepEqual(await uuidsOf(w, 'moved'), [])
    assert.equal((await w.all.refresh(importer, 'moved')).imageCount, 1)
    await w.name({})
    assert.deepEqual(await w.all.list(importer), [])
    assert.equal(await failure(w.all.uuids(importer, 'moved')), 'not-found repository')
    assert.equal(await failure(w.all.refresh(importer, 'moved')), 'not-found repository')
    assert.equal(await failure(w.all.view(importer, 'constructor')), 'not-found repository')
    assert.deepEqual(await w.core.database.db.selectFrom('repository_images').selectAll().execute(), [])
  })
})

test('redirects are followed, but to nothing private; what is slow or breaks off is a failure', async (t) => {
  const w = await start(t)
  const list = JSON.stringify([manifest(1)])
  const private_ = await serve(t, (_request, response) => response.end(list), '127.0.0.2')
  const silent = await serve(t, () => {})
  const remote = await serve(t, (request, response) => {
    switch (request.url) {
      case '/a/images':
        return response.writeHead(301, { location: '/b/images' }).end()
      case '/b/images':
        return response.end(list)
      case '/inner/images':
        return response.writeHead(302, { location: `${private_.url}/images` }).end()
      case '/loop/images':
        return response.writeHead(302, { location: '/loop/images' }).end()
      case '/cut/images':
        response.writeHead(200, { 'content-length': list.length })
        return response.write(list.slice(1), () => response.destroy())
      case '/trickle/images':
        return response.write('[')
      default:
        return response.writeHead(500).end()
    }
  })
  const hidden = 'The address of this URL is not allowed or cannot be reached.'
  const cases: Record<string, [string, string | null]> = {
    redirected: [`${remote.url}/a`, null],
    inner: [`${remote.url}/inner`, hidden],
    direct: [private_.url, hidden],
    loop: [`${remote.url}/loop`, 'The server redirects too often.'],
    cut: [`${remote.url}/cut`, 'The server broke off before all data had arrived.'],
    trickle: [`${remote.url}/trickle`, 'The server did not answer in time.'],
    // Nobody learns whether something private listens there.
    silent: [silent.url, hidden],
    closed: [`http://127.0.0.1:${await closedPort()}`, hidden],
    broken: [`${remote.url}/x`, `500 Server Error: Internal Server Error for url: ${remote.url}/x/images`],
    scheme: ['ftp://127.0.0.1', 'Only http and https URLs can be fetched.'],
    nonsense: ['nonsense', 'The address of the repository is no URL.'],
  }
  await w.name(Object.fromEntries(Object.entries(cases).map(([name, [url]]) => [name, url])))
  for (const [name, [, reason]] of Object.entries(cases))
    assert.equal((await w.hasty.refresh(importer, name)).failure, reason, name)
  assert.deepEqual(private_.requests, [])

  const everything = await w.hasty.refreshAll(importer)
  assert.deepEqual(
    everything.map(({ name, failure }) => [name, failure]),
    Object.keys(cases)
      .sort()
      .map((name) => [name, cases[name]![1]]),
  )
})

test('only those who may import images see repositories, and only administrators this installation', async (t) => {
  const w = await start(t)
  await w.name({ shop: 'http://127.0.0.1:1' })
  const outsiders: Actor[] = [
    { ...importer, roles: new Map() },
    { ...importer, roles: new Map([[1, new Set(['datacenter admin', 'datacenter image_admin'] as const)]]) },
  ]
  for (const actor of outsiders) {
    const { all } = w
    const calls = [
      all.list(actor),
      all.view(actor, 'shop'),
      all.refresh(actor, 'none'),
      all.refreshAll(actor),
      all.uuids(actor, 'none'),
      all.offers(actor, 'shop'),
      all.offer(actor, 'shop', uuid(1)),
    ]
    for (const call of calls) assert.equal(await failure(call), 'forbidden permission')
  }
  const own = '_imageport'
  assert.deepEqual(
    (await w.all.list(admin)).map(({ name, url }) => [name, url]),
    [
      ['shop', 'http://127.0.0.1:1'],
      [own, null],
    ],
  )
  assert.deepEqual((await w.all.list(importer)).length, 1)
  assert.equal(await failure(w.all.view(importer, own)), 'not-found repository')
  assert.equal(await failure(w.all.refresh(importer, own)), 'not-found repository')
  assert.equal(await failure(w.all.offers(importer, own)), 'not-found repository')
  assert.equal((await w.all.refresh(admin, own)).failure, null)
  await w.core.database.transaction((trx) => writeSetting(trx, admin, 'imageServer', false))
  assert.equal((await w.all.list(admin)).length, 1)
})
