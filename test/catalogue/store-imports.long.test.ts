import assert from 'node:assert/strict'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { remoteOf } from '../../src/assembly/remote.ts'
import type { Actor } from '../../src/catalogue/actor.ts'
import { systemActor } from '../../src/catalogue/actor.ts'
import { placesOf } from '../../src/catalogue/bytes/blobs.ts'
import { reapTransfers } from '../../src/catalogue/bytes/transfers.ts'
import { catalogueOf } from '../../src/catalogue/catalogue.ts'
import type { Core } from '../../src/catalogue/core.ts'
import { Failure, isFailure } from '../../src/catalogue/failure.ts'
import type { ImageDraft } from '../../src/catalogue/images/draft.ts'
import type { Image } from '../../src/catalogue/images/image.ts'
import type { ImportRequest } from '../../src/catalogue/images/store-imports/request.ts'
import { processes } from '../../src/catalogue/tasks/processes.ts'
import { taskQueue } from '../../src/catalogue/tasks/queue.ts'
import type { Task } from '../../src/catalogue/tasks/task.ts'
import { parseAllowList } from '../../src/outbound/allow-list.ts'
import { outbound } from '../../src/outbound/outbound.ts'
import { filesStore } from '../../src/store/files.ts'
import type { Store } from '../../src/store/store.ts'
import { importImage } from '../../src/work/import-image.ts'
import { type Runner, startRunner } from '../../src/work/runner.ts'
import { type TestCore, testCore } from '../support/core.ts'
import { forEachDatabase } from '../support/databases.ts'

const names = ['fast', 'bulk', 'cold'] as const
const draft = { ownerId: 1, diskFormat: 'raw', containerFormat: 'bare' } as const
const sha512 = (bytes: Uint8Array) => createHash('sha512').update(bytes).digest('hex')

async function* once(bytes: Uint8Array | string) {
  yield Buffer.from(bytes as string)
}

/** glance.md 13.3: what an import does, and what it leaves behind. */
forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  let source: Server
  let answer: RequestListener = (_request, response) => response.end()
  /** What a store does instead of receiving. */
  const disturbed = new Map<string, (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>>()
  const fetcher = outbound({ allow: parseAllowList('127.0.0.1') })
  const runners: Runner[] = []

  function disturbable(store: Store): Store {
    return {
      ...store,
      receive: (id, bytes, options) =>
        store.receive(id, disturbed.get(store.name)?.(bytes) ?? bytes, options),
    }
  }

  before(async () => {
    t = await testCore({
      url: await freshUrl(),
      remote: remoteOf(fetcher),
      stores: (directory) =>
        names.map((name) => disturbable(filesStore({ name, directory: join(directory, name) }))),
    })
    await processes(t.core).enter(true)
    source = createServer((request, response) => answer(request, response))
    await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve))
  })
  afterEach(async () => {
    disturbed.clear()
    await Promise.all(runners.splice(0).map((runner) => runner.stop()))
    assert.deepEqual(await strangers(), [])
  })
  after(async () => {
    source.closeAllConnections()
    source.close()
    await fetcher.close()
    await t.close()
  })

  const url = (path = '/image') => `http://127.0.0.1:${(source.address() as AddressInfo).port}${path}`

  /** Bytes in stores that no place names: every import cleans up behind itself. */
  async function strangers(): Promise<string[]> {
    const found: string[] = []
    const places = await t.core.database.db.selectFrom('blob_places').select(['store', 'key']).execute()
    for (const { store } of t.core.stores.all)
      for await (const { id } of store.list())
        if (!places.some((place) => place.key === id && place.store === store.name))
          found.push(`${store.name} ${id}`)
    return found
  }

  async function work(core: Core = t.core): Promise<Runner> {
    const parts = { core, catalogue: catalogueOf(core), outbound: fetcher }
    const runner = await startRunner([importImage], parts, { parallel: 2, pollSeconds: 0.2, log: () => {} })
    runners.push(runner)
    return runner
  }

  async function ended(id: string | null): Promise<Task> {
    for (let i = 0; i < 500; i++) {
      const task = await t.catalogue.tasks.view(systemActor, id!)
      if (task.state !== 'pending' && task.state !== 'running') return task
      await pause(10)
    }
    return assert.fail('the task did not end')
  }

  const create = (more: ImageDraft = {}) => t.catalogue.images.create(systemActor, { ...draft, ...more })
  const view = ({ uuid }: Image) => t.catalogue.images.view(systemActor, uuid)
  const stage = async (bytes: Uint8Array | string, more: ImageDraft = {}) => {
    const { uuid } = await create(more)
    return t.catalogue.bytes.receive(systemActor, uuid, once(bytes), {
      during: 'uploading',
      keep: 'staged',
      fallback: 'queued',
    })
  }
  const upload = async (bytes: Uint8Array | string, store = 'fast') =>
    t.catalogue.bytes.receive(systemActor, (await create()).uuid, once(bytes), { fallback: 'queued', store })

  type Ask = Partial<Omit<ImportRequest, 'method'>>
  const begin = (image: Image, method: ImportRequest['method'], ask: Ask = {}, actor: Actor = systemActor) =>
    t.catalogue.storeImports.begin(actor, image.uuid, {
      method,
      body: { method: { name: method } },
      allStores: false,
      allStoresMustSucceed: true,
      ...ask,
    })

  async function storesOf(image: Image): Promise<readonly string[]> {
    return (await t.catalogue.bytes.storesOf([await view(image)])).get(image.uuid) ?? []
  }
  async function bytesOf(image: Image): Promise<Buffer> {
    const { read } = await t.catalogue.bytes.serve(systemActor, await view(image))
    const chunks: Buffer[] = []
    for await (const chunk of read()) chunks.push(Buffer.from(chunk))
    return Buffer.concat(chunks)
  }

  /** Back where it was before the import: nothing of its bytes is known any more. */
  async function isQueued(image: Image, failed: readonly string[]): Promise<Image> {
    const { status, size, virtualSize, blobId, digests, import: state, ...rest } = await view(image)
    assert.deepEqual(
      { status, size, virtualSize, blobId, digests },
      {
        status: 'queued',
        size: null,
        virtualSize: null,
        blobId: null,
        digests: { md5: null, sha1: null, sha256: null, sha512: null },
      },
    )
    assert.deepEqual(state, { taskId: null, importing: [], failed, copies: 1 })
    return { status, size, virtualSize, blobId, digests, import: state, ...rest }
  }
  const done = (copies: number, failed: readonly string[] = []) => ({
    taskId: null,
    importing: [],
    failed,
    copies,
  })

  describe('staged bytes', () => {
    test('become active where they are', async () => {
      const bytes = randomBytes(3 * 1024 ** 2 + 7)
      const image = await stage(bytes)
      const id = await begin(image, 'glance-direct')
      const waiting = await view(image)
      assert.deepEqual(
        [waiting.status, waiting.import],
        ['importing', { taskId: id, importing: ['fast'], failed: [], copies: 1 }],
      )
      await work()
      const task = await ended(id)
      assert.deepEqual(
        [task.state, task.result, task.imageUuid],
        ['succeeded', { image_id: image.uuid, size: bytes.length, message: 'Copied 3 MiB' }, image.uuid],
      )
      const imported = await view(image)
      assert.deepEqual([imported.status, imported.import], ['active', done(1)])
      assert.deepEqual(await storesOf(image), ['fast'])
      assert.equal(sha512(await bytesOf(image)), sha512(bytes))
    })

    test('go to the stores that are named, and leave where they waited', async () => {
      const bytes = randomBytes(100_000)
      const image = await stage(bytes)
      const id = await begin(image, 'glance-direct', { stores: ['bulk', 'cold'] })
      await work()
      assert.equal((await ended(id)).state, 'succeeded')
      assert.deepEqual(await storesOf(image), ['bulk', 'cold'])
      assert.deepEqual((await view(image)).import, done(2))
      assert.equal(sha512(await bytesOf(image)), sha512(bytes))
    })

    test('stay where they waited as long as another image has the same', async () => {
      const other = await upload('the same here and there')
      const image = await stage('the same here and there')
      const id = await begin(image, 'glance-direct', { stores: ['bulk'] })
      await work()
      assert.equal((await ended(id)).state, 'succeeded')
      assert.deepEqual(await storesOf(other), ['bulk', 'fast'])
    })

    test('are gone after a failure, wherever they had come to', async () => {
      disturbed.set('cold', breakOff)
      const image = await stage('to be lost', { properties: { own: 'kept' } })
      const id = await begin(image, 'glance-direct', { stores: ['bulk', 'cold'] })
      await work()
      const task = await ended(id)
      assert.deepEqual([task.state, task.failure], ['failed', 'This store is broken.'])
      const failed = await isQueued(image, ['cold'])
      assert.deepEqual([failed.properties, failed.failure], [{ own: 'kept' }, 'This store is broken.'])
    })

    test('a failure of one store is told, and no more, where not all must succeed', async () => {
      disturbed.set('bulk', breakOff)
      const image = await stage('survives')
      const id = await begin(image, 'glance-direct', { allStores: true, allStoresMustSucceed: false })
      await work()
      assert.equal((await ended(id)).state, 'succeeded')
      const imported = await view(image)
      assert.deepEqual([imported.status, imported.import], ['active', done(2, ['bulk'])])
      assert.deepEqual(await storesOf(image), ['cold', 'fast'])
    })

    test('where none of the stores takes them the import has failed all the same', async () => {
      for (const store of ['bulk', 'cold']) disturbed.set(store, breakOff)
      const image = await stage('nowhere')
      const ask = { stores: ['bulk', 'cold'], allStoresMustSucceed: false }
      const id = await begin(image, 'glance-direct', ask)
      await work()
      assert.equal((await ended(id)).state, 'failed')
      await isQueued(image, ['bulk', 'cold'])
    })

    test('what arrives in a store and is not what was staged is a failure', async () => {
      disturbed.set('bulk', async function* (bytes) {
        for await (const chunk of bytes) yield Buffer.from(chunk).fill(0)
      })
      const image = await stage('not to be changed')
      const id = await begin(image, 'glance-direct', { stores: ['bulk'] })
      await work()
      const task = await ended(id)
      assert.deepEqual(task.result, {
        code: 'content',
        detail: { subject: 'blob', id: image.blobId, reason: 'digest' },
      })
      await isQueued(image, ['bulk'])
    })
  })

  test('an image is active after its first store where not all must succeed, else after all of them', async () => {
    for (const allStoresMustSucceed of [false, true]) {
      const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
      const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
      disturbed.set('bulk', async function* (bytes) {
        reach()
        await held
        yield* bytes
      })
      const image = await stage(`step by step ${allStoresMustSucceed}`)
      const id = await begin(image, 'glance-direct', { allStores: true, allStoresMustSucceed })
      const runner = await work()
      await reached
      const { status, import: state } = await view(image)
      assert.equal(status, allStoresMustSucceed ? 'importing' : 'active')
      assert.deepEqual(state, { taskId: id, importing: ['bulk', 'cold'], failed: [], copies: 3 })
      // Nobody else may begin anything, and it cannot be taken out of a store.
      await assert.rejects(begin(image, 'copy-image', { stores: ['cold'] }), (error) =>
        isFailure(error, 'state'),
      )
      letGo()
      await ended(id)
      assert.deepEqual(await storesOf(image), ['bulk', 'cold', 'fast'])
      await runner.stop()
    }
  })

  describe('a download', () => {
    test('arrives in every store', async () => {
      const bytes = randomBytes(2_000_000)
      answer = (_request, response) => response.end(bytes)
      const image = await create()
      const id = await begin(image, 'web-download', { url: url(), stores: ['bulk', 'cold'] })
      await work()
      const task = await ended(id)
      assert.deepEqual([task.state, task.progress], ['succeeded', 4_000_000])
      assert.deepEqual(await storesOf(image), ['bulk', 'cold'])
      assert.equal(sha512(await bytesOf(image)), sha512(bytes))
      assert.equal((await view(image)).virtualSize, bytes.length)
    })

    const failures: readonly [string, RequestListener, object, string][] = [
      ['status', (_request, response) => response.writeHead(404).end('x'), {}, 'upstream'],
      [
        'length',
        (_request, response) => {
          response.writeHead(200, { 'content-length': 9 }).write('four')
          setTimeout(() => response.destroy(), 20)
        },
        {},
        'upstream',
      ],
      ['content', (_request, response) => response.end('no qcow2'), { diskFormat: 'qcow2' }, 'content'],
    ]
    for (const [what, listener, facts, code] of failures)
      test(`that fails by its ${what} leaves the image as it was, and blames all stores`, async () => {
        answer = listener
        const image = await create(facts)
        const id = await begin(image, 'web-download', { url: url(), stores: ['fast', 'bulk'] })
        await work()
        const task = await ended(id)
        assert.deepEqual([task.state, (task.result as { code: string }).code], ['failed', code])
        await isQueued(image, ['fast', 'bulk'])
      })

    test('goes into the next store where the first does not take it', async () => {
      disturbed.set('fast', breakOff)
      answer = (_request, response) => response.end('fetched twice')
      const image = await create()
      const ask = { url: url(), allStores: true, allStoresMustSucceed: false }
      const id = await begin(image, 'web-download', ask)
      await work()
      assert.equal((await ended(id)).state, 'succeeded')
      assert.deepEqual((await view(image)).import, done(2, ['fast']))
      assert.deepEqual(await storesOf(image), ['bulk', 'cold'])
    })

    test('of more than an image may have, or its project has room for, is refused', async () => {
      answer = (_request, response) => response.end(randomBytes(70))
      await t.apply({ projects: [{ name: 'narrow', quotaBytes: 100 }] })
      const actor = await t.actor({ narrow: 'owner' })
      for (const [stores, state] of [
        [['fast', 'bulk'], 'failed'],
        [['fast'], 'succeeded'],
      ] as const) {
        const image = await t.catalogue.images.create(actor, { ...draft, ownerId: actor.projectId })
        const id = await begin(image, 'web-download', { url: url(), stores }, actor)
        const runner = await work()
        const task = await ended(id)
        assert.equal(task.state, state, task.failure ?? '')
        if (state === 'failed') assert.equal((task.result as { code: string }).code, 'quota')
        await runner.stop()
      }
      assert.equal((await t.catalogue.quotas.report(actor))!.bytes.used, 70)
    })
  })

  describe('copies', () => {
    test('are made in further stores while the image stays active', async () => {
      const image = await upload('copied')
      const id = await begin(image, 'copy-image', { allStores: true })
      assert.deepEqual((await view(image)).status, 'active')
      await work()
      assert.equal((await ended(id)).state, 'succeeded')
      assert.deepEqual(await storesOf(image), ['bulk', 'cold', 'fast'])
      assert.deepEqual((await view(image)).import, done(3))
      // Nothing is left to do.
      assert.equal(await begin(image, 'copy-image', { allStores: true }), null)
    })

    test('that fail take those along that were made, and the image stays active', async () => {
      disturbed.set('cold', breakOff)
      const image = await upload('half copied')
      const id = await begin(image, 'copy-image', { stores: ['bulk', 'cold'] })
      await work()
      assert.equal((await ended(id)).state, 'failed')
      const left = await view(image)
      assert.deepEqual([left.status, left.import], ['active', done(1, ['cold'])])
      assert.deepEqual(await storesOf(image), ['fast'])
      assert.equal((await bytesOf(image)).toString(), 'half copied')
    })

    test('that fail leave what another image counts on', async () => {
      const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
      disturbed.set('cold', async function* () {
        await held
        yield* breakOff()
      })
      const image = await upload('counted on')
      const id = await begin(image, 'copy-image', { stores: ['bulk', 'cold'] })
      await work()
      for (let i = 0; i < 200 && (await storesOf(image)).length < 2; i++) await pause(5)
      const other = await upload('counted on', 'bulk')
      letGo()
      assert.equal((await ended(id)).state, 'failed')
      assert.deepEqual(await storesOf(other), ['bulk', 'fast'])
    })

    test('count against the quota as soon as they are begun', async () => {
      await t.apply({ projects: [{ name: 'exact', quotaBytes: 20 }] })
      const owner = await t.actor({ exact: 'owner' })
      const root = { ...owner, superAdmin: true }
      const facts = { ...draft, ownerId: owner.projectId }
      const image = await t.catalogue.bytes.receive(owner, facts, once('10 bytes..'), { fallback: 'queued' })
      await assert.rejects(begin(image, 'copy-image', { allStores: true }, root), (error) =>
        isFailure(error, 'quota'),
      )
      const id = await begin(image, 'copy-image', { stores: ['bulk'] }, root)
      const used = async () => (await t.catalogue.quotas.report(owner))!.bytes.used
      assert.equal(await used(), 20)
      await t.catalogue.tasks.cancel(systemActor, id!)
      assert.equal(await used(), 10)
    })
  })

  describe('from another Glance', () => {
    const imageId = randomUUID()
    const bytes = randomBytes(50_000)
    const facts = {
      id: imageId,
      status: 'active',
      disk_format: 'raw',
      container_format: 'bare',
      os_hash_algo: 'sha512',
      os_hash_value: sha512(bytes),
      hw_disk_bus: 'virtio',
      'trait:HW_CPU_X86_VMX': 'required',
      os_distro: 'debian',
      os_secure_boot: 'required',
      os_type: 'linux',
      os_glance_import_task: 'no',
      os_version: '12',
      custom: 'no',
    }
    let asked: string[] = []
    const glance =
      (described: object = facts, body: Uint8Array = bytes): RequestListener =>
      (request, response) => {
        asked.push(`${request.url} ${request.headers['x-auth-token']}`)
        if (request.url === `/glance/v2/images/${imageId}`) response.end(JSON.stringify(described))
        else if (request.url === `/glance/v2/images/${imageId}/file`) response.end(body)
        else response.writeHead(404).end()
      }
    const other = (endpoint: string | null = url('/glance')) => ({
      other: { region: 'RegionTwo', imageId, endpoint, token: 'the secret token' },
    })
    const before = {
      diskFormat: 'qcow2',
      containerFormat: 'ovf',
      properties: { os_distro: 'mine', own: 'kept' },
    }

    test('formats and what machines need come along, the token goes nowhere else and is forgotten', async () => {
      for (const endpoint of [url('/glance'), url('/glance/v2'), url('/glance/v2.15/')]) {
        asked = []
        answer = glance()
        const image = await create(before)
        const id = await begin(image, 'glance-download', other(endpoint))
        const row = () =>
          t.core.database.db.selectFrom('tasks').selectAll().where('id', '=', id!).executeTakeFirstOrThrow()
        assert.doesNotMatch(JSON.stringify(await row()), /secret token/)
        const runner = await work()
        assert.equal((await ended(id)).state, 'succeeded')
        await runner.stop()
        const { status, diskFormat, containerFormat, properties } = await view(image)
        assert.deepEqual([status, diskFormat, containerFormat], ['active', 'raw', 'bare'])
        assert.deepEqual(properties, {
          os_distro: 'debian',
          own: 'kept',
          hw_disk_bus: 'virtio',
          'trait:HW_CPU_X86_VMX': 'required',
          os_secure_boot: 'required',
          os_type: 'linux',
        })
        assert.deepEqual(asked, [
          `/glance/v2/images/${imageId} the secret token`,
          `/glance/v2/images/${imageId}/file the secret token`,
        ])
        assert.ok(!('sealed' in JSON.parse((await row()).payload_json)))
      }
    })

    test('the token does not follow a redirect', async () => {
      asked = []
      const there = createServer((request, response) => {
        asked.push(`there ${request.headers['x-auth-token']}`)
        response.writeHead(401).end()
      })
      await new Promise<void>((resolve) => there.listen(0, '127.0.0.1', resolve))
      const { port } = there.address() as AddressInfo
      answer = (request, response) =>
        response.writeHead(302, { location: `http://127.0.0.1:${port}${request.url}` }).end()
      const image = await create(before)
      const id = await begin(image, 'glance-download', other())
      await work()
      assert.equal((await ended(id)).state, 'failed')
      assert.deepEqual(asked, ['there undefined'])
      there.closeAllConnections()
      there.close()
    })

    const failures: readonly [string, RequestListener, string | null | undefined][] = [
      ['is not active', glance({ ...facts, status: 'queued' }), undefined],
      ['is not there', (_request, response) => response.writeHead(404).end(), undefined],
      ['is no JSON', (_request, response) => response.end('<html>'), undefined],
      ['is too large to read', (_request, response) => response.end(Buffer.alloc(17 * 1024 ** 2)), undefined],
      ['has unknown formats', glance({ ...facts, disk_format: 'floppy' }), undefined],
      ['is something else', glance(facts, Buffer.from('other bytes')), undefined],
      ['is in a region without an image service', glance(), null],
    ]
    for (const [what, listener, endpoint] of failures)
      test(`a source that ${what} leaves everything as it was`, async () => {
        answer = listener
        const image = await create(before)
        const id = await begin(image, 'glance-download', other(endpoint))
        await work()
        const task = await ended(id)
        assert.equal(task.state, 'failed')
        assert.doesNotMatch(JSON.stringify(task), /secret|sealed/)
        const { diskFormat, containerFormat, properties } = await isQueued(image, ['fast'])
        assert.deepEqual({ diskFormat, containerFormat, properties }, before)
      })
  })

  describe('an import that is stopped', () => {
    /** The store takes half of the bytes and waits until it is stopped or let go. */
    function stuck(store: string) {
      const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
      const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
      disturbed.set(store, async function* (bytes) {
        for await (const chunk of bytes) {
          yield chunk.subarray(0, 5)
          reach()
          await held
          yield chunk.subarray(5)
        }
      })
      return { reached, letGo }
    }

    test('before it has begun, by cancelling it', async () => {
      const image = await stage('never begun')
      const id = await begin(image, 'glance-direct', { stores: ['bulk'] })
      await t.catalogue.tasks.cancel(systemActor, id!)
      assert.equal((await ended(id)).state, 'cancelled')
      await isQueued(image, ['bulk'])
    })

    test('in its middle, by cancelling it', async () => {
      const { reached, letGo } = stuck('bulk')
      const image = await stage('half way there')
      const id = await begin(image, 'glance-direct', { allStores: true })
      await work()
      await reached
      await t.catalogue.tasks.cancel(systemActor, id!)
      assert.equal((await ended(id)).state, 'cancelled')
      letGo()
      await isQueued(image, ['bulk', 'cold'])
    })

    test('in its middle, by deleting the image', async () => {
      const { reached, letGo } = stuck('bulk')
      const image = await stage('deleted meanwhile')
      const id = await begin(image, 'glance-direct', { allStores: true })
      await work()
      await reached
      await t.catalogue.images.remove(systemActor, image.uuid)
      letGo()
      assert.notEqual((await ended(id)).state, 'succeeded')
      assert.deepEqual(await placesOf(t.core.database.db, image.blobId!), [])
    })

    test('because its process dies: another goes on, and the dead one can do nothing any more', async () => {
      const { reached, letGo } = stuck('bulk')
      const bytes = randomBytes(200_000)
      const image = await stage(bytes)
      const id = await begin(image, 'glance-direct', { allStores: true })
      const dead: Core = { ...t.core, processId: randomUUID() }
      await processes(dead).enter(false)
      await work(dead)
      await reached
      await t.core.database.db
        .updateTable('processes')
        .set({ lease_until: 1 })
        .where('id', '=', dead.processId)
        .execute()
      disturbed.clear()
      assert.equal(await reapTransfers(t.core), 1)
      assert.equal(await taskQueue(t.core).reap(), 1)
      await work()
      const task = await ended(id)
      assert.deepEqual([task.state, task.attempts], ['succeeded', 2])
      letGo()
      await Promise.all(runners.splice(0).map((runner) => runner.stop()))
      const imported = await view(image)
      assert.deepEqual([imported.status, imported.import], ['active', done(3)])
      assert.deepEqual(await storesOf(image), ['bulk', 'cold', 'fast'])
      for (const { store, key } of await placesOf(t.core.database.db, image.blobId!)) {
        const kept = t.core.stores.all.find((one) => one.store.name === store)!.store
        assert.equal(sha512(await buffer(kept.read(key))), sha512(bytes), store)
      }
    })

    test('after everything was done but said', async () => {
      const image = await stage('done but not said')
      const id = await begin(image, 'glance-direct')
      const task = await taskQueue(t.core).claim(['import-image'])
      await t.catalogue.storeImports.spread(systemActor, task!, {
        signal: new AbortController().signal,
        progress: () => {},
      })
      await t.catalogue.storeImports.finish(systemActor, task!)
      await taskQueue(t.core).release(id!, 0, true)
      await work()
      assert.deepEqual((await ended(id)).result, {
        image_id: image.uuid,
        size: 17,
        message: 'Copied 0 MiB',
      })
      assert.equal((await view(image)).status, 'active')
    })
  })

  test('of several that begin at once one wins', async () => {
    const image = await upload('wanted by many')
    const begun = await Promise.allSettled(
      Array.from({ length: 6 }, () => begin(image, 'copy-image', { stores: ['bulk'] })),
    )
    const won = begun.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    assert.equal(won.length, 1)
    for (const outcome of begun)
      if (outcome.status === 'rejected') assert.ok(isFailure(outcome.reason, 'state'), String(outcome.reason))
    await work()
    assert.equal((await ended(won[0]!)).state, 'succeeded')
    assert.deepEqual((await view(image)).import, done(2))
  })

  test('a lock whose task is gone does not count', async () => {
    const image = await upload('locked by nobody')
    const state = { taskId: randomUUID(), importing: ['bulk'], failed: [], copies: 1 }
    await t.core.database.db
      .updateTable('images')
      .set({ import_json: JSON.stringify(state) })
      .where('uuid', '=', image.uuid)
      .execute()
    const id = await begin(image, 'copy-image', { stores: ['bulk'] })
    await work()
    assert.equal((await ended(id)).state, 'succeeded')
    assert.deepEqual(await storesOf(image), ['bulk', 'fast'])
  })

  test('formats stay what they were called when the bytes were looked at', async () => {
    const image = await stage('looked at')
    await begin(image, 'glance-direct')
    await assert.rejects(
      t.catalogue.images.change(systemActor, image.uuid, () => ({ diskFormat: 'iso' })),
      (error) => isFailure(error, 'state') && error.detail.reason === 'format',
    )
    await t.catalogue.images.remove(systemActor, image.uuid)
  })
})

// biome-ignore lint/correctness/useYield: it breaks before anything comes
async function* breakOff(): AsyncGenerator<Uint8Array> {
  throw new Failure('unavailable', 'This store is broken.', { subject: 'store' })
}
