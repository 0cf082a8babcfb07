import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, afterEach, before, test } from 'node:test'
import { anonymous } from '../../../src/catalogue/actor.ts'
import { isFailure } from '../../../src/catalogue/failure.ts'
import { partBytes } from '../../../src/catalogue/uploads/parts.ts'
import { testCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { qcow2Header } from '../../support/disk-images.ts'
import { mib, noise, type Site, sent, siteOf } from './support.ts'

const fails = (code: string, reason?: string) => (error: unknown) => {
  assert.ok(isFailure(error), String(error))
  assert.deepEqual([error.code, error.detail.reason], [code, reason], error.message)
  return true
}

forEachDatabase((_engine, _open, freshUrl) => {
  let site: Site
  before(async () => {
    site = await siteOf(await testCore({ url: await freshUrl() }))
    await site.apply({ projects: [{ name: 'other' }] })
  })
  after(() => site.close())
  afterEach(async () => {
    for (const { id } of await site.catalogue.uploads.list(site.eva, { offset: 0, limit: 100 }))
      await site.catalogue.uploads.remove(site.eva, id)
  })

  test('bytes that come in several requests make an image, and nothing else remains', async () => {
    const before = await site.keys()
    const bytes = noise(20 * mib)
    const upload = await site.begin(bytes.length, {
      name: 'Disk',
      diskFormat: 'raw',
      containerFormat: 'bare',
      tags: ['a'],
    })
    assert.deepEqual([upload.state, upload.received, upload.length], ['open', 0, bytes.length])
    const first = await site.append(upload, 0, bytes.subarray(0, 9 * mib))
    assert.deepEqual([first.state, first.received], ['open', 9 * mib])
    await assert.rejects(site.catalogue.images.view(site.eva, upload.imageUuid), fails('not-found'))
    const whole = await site.append(upload, 9 * mib, bytes.subarray(9 * mib))
    assert.deepEqual(
      [whole.state, whole.received, whole.imageUuid],
      ['assembling', bytes.length, upload.imageUuid],
    )
    assert.equal((await site.catalogue.images.view(site.eva, upload.imageUuid)).status, 'queued')

    const done = await site.settled(upload)
    assert.deepEqual([done.state, done.failure, done.canRetry], ['done', null, false])
    const image = await site.catalogue.images.view(site.eva, upload.imageUuid)
    assert.deepEqual(
      [image.status, image.name, image.tags, image.size, image.owner?.name],
      ['active', 'Disk', ['a'], bytes.length, 'main'],
    )
    assert.ok(bytes.equals(await site.content(image.uuid)))
    assert.equal((await site.keys()).length, before.length + 1)
    const history = await site.catalogue.audit.history('upload', upload.id, { limit: 10 })
    assert.deepEqual(
      history.map(({ action, username }) => [action, username]),
      [['begin-upload', 'tester']],
    )
    await assert.rejects(
      site.append(upload, bytes.length, Buffer.alloc(1)),
      fails('too-large', 'upload-length'),
    )
  })

  test('a broken connection loses nothing that has arrived', async () => {
    const bytes = noise(3 * mib)
    const upload = await site.begin(bytes.length)
    const source = sent(bytes, { breaksAfter: 2 * mib + 17 })
    const { append, view } = site.catalogue.uploads
    await assert.rejects(
      append(site.eva, upload.id, source, { offset: 0, announced: bytes.length }),
      fails('interrupted'),
    )
    const { received } = await view(site.eva, upload.id)
    assert.equal(received, 2 * mib + 17)
    await site.append(upload, received, bytes.subarray(received))
    assert.equal((await site.settled(upload)).state, 'done')
    assert.ok(bytes.equals(await site.content(upload.imageUuid)))
  })

  test('a sender that hangs up after the last byte has sent everything', async () => {
    const bytes = noise(70_000)
    const upload = await site.begin(bytes.length)
    async function* source() {
      yield bytes
      throw new Error('the connection broke')
    }
    const whole = await site.catalogue.uploads.append(site.eva, upload.id, source(), {
      offset: 0,
      announced: null,
    })
    assert.equal(whole.state, 'assembling')
    assert.equal((await site.settled(upload)).state, 'done')
  })

  test('what is durable is told while the request goes on: part by part', async () => {
    const bytes = noise(2 * partBytes)
    const upload = await site.begin(bytes.length)
    const seen: number[] = []
    async function* source() {
      for await (const chunk of sent(bytes, { chunk: mib })) {
        yield chunk
        seen.push((await site.catalogue.uploads.view(site.eva, upload.id)).received)
      }
    }
    await site.catalogue.uploads.append(site.eva, upload.id, source(), { offset: 0, announced: null })
    assert.deepEqual([...new Set(seen)], [0, partBytes])
  })

  test('of two who send the same bytes at once, one wins, and the bytes are whole', async () => {
    const bytes = noise(3 * mib)
    const upload = await site.begin(bytes.length)
    const both = await Promise.allSettled([site.append(upload, 0, bytes), site.append(upload, 0, bytes)])
    const lost = both.filter((one) => one.status === 'rejected')
    assert.equal(lost.length, 1)
    fails('conflict', 'offset')(lost[0]!.reason)
    assert.equal((await site.settled(upload)).state, 'done')
    assert.ok(bytes.equals(await site.content(upload.imageUuid)))
  })

  test('bytes that do not fit are refused, and leave what was there', async () => {
    const before = await site.keys()
    const upload = await site.begin(100)
    const { append, view } = site.catalogue.uploads
    await assert.rejects(site.append(upload, 1, Buffer.alloc(5)), fails('conflict', 'offset'))
    await assert.rejects(site.append(upload, 0, Buffer.alloc(101)), fails('too-large', 'upload-length'))
    await assert.rejects(
      append(site.eva, upload.id, sent(Buffer.alloc(101)), { offset: 0, announced: null }),
      fails('too-large', 'upload-length'),
    )
    assert.equal((await view(site.eva, upload.id)).received, 0)
    assert.deepEqual(await site.keys(), before)
  })

  test('nobody else knows of it, whatever else they may do', async () => {
    const upload = await site.begin(10)
    const other = { ...site.eva, userId: 2, superAdmin: true }
    const { view, append, remove, retry, list } = site.catalogue.uploads
    await assert.rejects(view(other, upload.id), fails('not-found'))
    await assert.rejects(
      append(other, upload.id, sent(Buffer.alloc(1)), { offset: 0, announced: 1 }),
      fails('not-found'),
    )
    await assert.rejects(remove(other, upload.id), fails('not-found'))
    await assert.rejects(retry(other, upload.id), fails('not-found'))
    await assert.rejects(retry(site.eva, upload.id), fails('state'))
    assert.deepEqual(await list(other, { offset: 0, limit: 10 }), [])
    assert.deepEqual(
      (await list(site.eva, { offset: 0, limit: 10 })).map(({ id }) => id),
      [upload.id],
    )
    assert.equal((await view(site.eva, upload.id.toUpperCase())).id, upload.id)
    for (const id of ['', 'x', randomUUID()]) await assert.rejects(view(site.eva, id), fails('not-found'))
  })

  test('what would be refused at the end is refused at the beginning', async () => {
    const reader = await site.actor({ main: 'reader' })
    const raw = { diskFormat: 'raw', containerFormat: 'bare' }
    const uuid = randomUUID()
    await site.catalogue.images.create(site.eva, { uuid, handle: 'taken', ...raw })
    const cases = [
      [raw, 'forbidden', 'role', reader],
      [raw, 'forbidden', 'role', anonymous('console', null)],
      [{ ...raw, visibility: 'public' }, 'forbidden', 'role'],
      [{ ...raw, diskFormat: 'floppy' }, 'invalid', undefined],
      [{ diskFormat: 'raw' }, 'invalid', 'formats'],
      [{ containerFormat: 'bare' }, 'invalid', 'formats'],
      [{ ...raw, region: 'nowhere' }, 'invalid', undefined],
      [{ ...raw, uuid }, 'conflict', 'exists'],
      [{ ...raw, handle: 'taken' }, 'conflict', 'exists'],
      [{ ...raw, uuid: 'no' }, 'invalid', undefined],
      [{ ...raw, ownerId: 2 }, 'forbidden', 'role'],
    ] as const
    for (const [draft, code, reason, actor = site.eva] of cases)
      await assert.rejects(site.begin(5, draft, actor), fails(code, reason), JSON.stringify(draft))
  })

  test('an image that waits for its bytes gets them', async () => {
    const { images, uploads } = site.catalogue
    const image = await images.create(site.eva, { diskFormat: 'raw', containerFormat: 'bare' })
    const fill = (imageUuid: string) =>
      uploads.begin(site.eva, { target: { imageUuid }, length: 5, metadata: '' })
    const [one, other] = [await fill(image.uuid), await fill(image.uuid)]
    await site.append(one, 0, noise(5))
    await assert.rejects(site.append(other, 0, noise(5)), fails('state'))
    await assert.rejects(fill(image.uuid), fails('state'))
    assert.equal((await site.settled(one)).state, 'done')
    assert.equal((await images.view(site.eva, image.uuid)).status, 'active')
    await assert.rejects(fill(image.uuid), fails('state'))
    await assert.rejects(fill(randomUUID()), fails('not-found'))
    const bare = await images.create(site.eva, {})
    await assert.rejects(fill(bare.uuid), fails('invalid', 'formats'))
  })

  test('a format that nobody declared is found', async () => {
    const bytes = qcow2Header({ clusterBits: 12 })
    const upload = await site.begin(bytes.length, {})
    await site.append(upload, 0, bytes)
    await site.settled(upload)
    const { diskFormat, containerFormat, status } = await site.catalogue.images.view(
      site.eva,
      upload.imageUuid,
    )
    assert.deepEqual([status, diskFormat, containerFormat], ['active', 'qcow2', 'bare'])
  })

  test('an image without a byte is complete when it begins', async () => {
    const upload = await site.begin(0)
    assert.equal(upload.state, 'assembling')
    assert.equal((await site.settled(upload)).state, 'done')
    assert.equal((await site.catalogue.images.view(site.eva, upload.imageUuid)).size, 0)
  })

  test('hostile and lying bytes fail with the reason, leave no bytes, and cannot be tried again', async () => {
    const before = await site.keys()
    const hostile = qcow2Header({ clusterBits: 12, backingOffset: 512n })
    for (const [bytes, format, words] of [
      [hostile, 'qcow2', /backing file/],
      [qcow2Header({ clusterBits: 12 }), 'vmdk', /declared to be vmdk/],
    ] as const) {
      const upload = await site.begin(bytes.length, { diskFormat: format, containerFormat: 'bare' })
      await site.append(upload, 0, bytes)
      const ended = await site.settled(upload)
      assert.deepEqual([ended.state, ended.canRetry], ['failed', false])
      assert.match(ended.failure!, words)
      const image = await site.catalogue.images.view(site.eva, upload.imageUuid)
      assert.deepEqual([image.status, image.failure], ['killed', ended.failure])
      assert.deepEqual(await site.keys(), before)
    }
  })

  test('what is cancelled leaves nothing, whenever that is', async () => {
    const before = await site.keys()
    const { remove, view } = site.catalogue.uploads
    const open = await site.begin(100)
    await site.append(open, 0, noise(50))
    await remove(site.eva, open.id)
    await assert.rejects(view(site.eva, open.id), fails('not-found'))
    await assert.rejects(site.append(open, 50, noise(50)), fails('not-found'))

    const complete = await site.begin(100)
    await site.append(complete, 0, noise(100))
    await remove(site.eva, complete.id)
    await assert.rejects(view(site.eva, complete.id), fails('not-found'))
    await assert.rejects(site.catalogue.images.view(site.eva, complete.imageUuid), fails('not-found'))
    assert.deepEqual(await site.keys(), before)
  })

  test('a cancelled task can be tried again without sending a byte', async () => {
    const bytes = noise(100)
    const upload = await site.begin(bytes.length)
    const { taskId } = await site.append(upload, 0, bytes)
    await site.catalogue.tasks.cancel(site.eva, taskId!)
    const cancelled = await site.catalogue.uploads.view(site.eva, upload.id)
    assert.deepEqual([cancelled.state, cancelled.canRetry], ['failed', true])
    assert.match(cancelled.failure!, /cancelled/)
    const again = await site.catalogue.uploads.retry(site.eva, upload.id)
    assert.equal(again.state, 'assembling')
    assert.notEqual(again.imageUuid, upload.imageUuid)
    assert.equal((await site.settled(again)).state, 'done')
    assert.ok(bytes.equals(await site.content(again.imageUuid)))
  })
})
