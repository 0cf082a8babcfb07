import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sweepBlobs } from '../../../src/catalogue/bytes/sweep.ts'
import type { CatalogueSettings } from '../../../src/catalogue/core.ts'
import { isFailure } from '../../../src/catalogue/failure.ts'
import { taskQueue } from '../../../src/catalogue/tasks/queue.ts'
import { day, now } from '../../../src/catalogue/time.ts'
import { expireUploads } from '../../../src/catalogue/uploads/upkeep.ts'
import { listUploads, type Upload } from '../../../src/catalogue/uploads/upload.ts'
import { testCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { plansOf } from '../../support/plans.ts'
import { noise, type Site, sent, siteOf } from './support.ts'

const fails = (code: string, reason?: string) => (error: unknown) => {
  assert.ok(isFailure(error), String(error))
  assert.deepEqual([error.code, error.detail.reason], [code, reason], error.message)
  return true
}

forEachDatabase((engine, _open, freshUrl) => {
  const started = async (settings: Partial<CatalogueSettings> = {}) =>
    siteOf(await testCore({ url: await freshUrl(), settings }))

  describe('uploads are bounded', () => {
    let site: Site
    before(async () => {
      site = await started({ maxImageBytes: 1000, quotaBytes: 1500, maxUploads: 1 })
    })
    after(() => site.close())
    beforeEach(async () => {
      await site.core.database.db.deleteFrom('uploads').execute()
    })

    test('by the size of an image, and by what the project may have with all its uploads', async () => {
      await assert.rejects(site.begin(1001), fails('too-large', 'image-size'))
      const first = await site.begin(1000)
      await assert.rejects(site.begin(501), fails('quota', 'bytes'))
      await site.begin(500)
      await site.catalogue.uploads.remove(site.eva, first.id)
      await site.begin(1000)
    })

    test('by how many somebody may leave unfinished', async () => {
      const begun: Upload[] = []
      for (let n = 0; n < 64; n++) begun.push(await site.begin(1))
      await assert.rejects(site.begin(1), fails('quota', 'open-uploads'))
      await site.begin(1, undefined, { ...site.eva, userId: null })
      await site.append(begun[0]!, 0, noise(1))
      await site.begin(1)
    })

    test('by what is kept of those that were stopped, too, until it is dropped', async () => {
      const { uploads, tasks } = site.catalogue
      const stop = async (upload: Upload, length: number) => {
        const { taskId } = await site.append(upload, 0, noise(length))
        await tasks.cancel(site.eva, taskId!)
        assert.equal((await uploads.view(site.eva, upload.id)).canRetry, true)
      }
      const first = await site.begin(1000)
      await stop(first, 1000)
      await assert.rejects(site.begin(501), fails('quota', 'bytes'))
      await uploads.remove(site.eva, first.id)
      await site.begin(501)
      for (let n = 0; n < 63; n++) await stop(await site.begin(1), 1)
      await assert.rejects(site.begin(1), fails('quota', 'open-uploads'))
    })

    test('by how many come at once', async () => {
      const [one, other] = [await site.begin(10), await site.begin(10)]
      let proceed = () => {}
      const waiting = new Promise<void>((resolve) => {
        proceed = resolve
      })
      async function* slow() {
        await waiting
        yield noise(10)
      }
      const { append } = site.catalogue.uploads
      const sending = append(site.eva, one.id, slow(), { offset: 0, announced: 10 })
      assert.equal(site.catalogue.bytes.running(), 1)
      await assert.rejects(site.append(other, 0, noise(10)), fails('busy', 'transfers'))
      proceed()
      await sending
      assert.equal(site.catalogue.bytes.running(), 0)
    })

    test('by pieces, which must not be too small for ever', async () => {
      const upload = await site.begin(1000)
      const row = { upload_id: upload.id, size: 0, store: 'default' }
      for (let n = 0; n < 10_001; n += 100)
        await site.core.database.db
          .insertInto('upload_parts')
          .values(Array.from({ length: 100 }, (_, i) => ({ ...row, start: -1 - n - i, key: `key ${n + i}` })))
          .execute()
      await assert.rejects(site.append(upload, 0, noise(10)), fails('quota', 'upload-parts'))
    })

    test('a quota that is used up meanwhile is told with the last byte, which can be sent again', async () => {
      const upload = await site.begin(10, undefined, site.eva)
      await site.core.database.db
        .updateTable('projects')
        .set({ settings_json: JSON.stringify({ quotaImages: 0 }) })
        .execute()
      await assert.rejects(site.append(upload, 0, noise(10)), fails('quota', 'images'))
      assert.equal((await site.catalogue.uploads.view(site.eva, upload.id)).received, 0)
      await site.core.database.db.updateTable('projects').set({ settings_json: '{}' }).execute()
      assert.equal((await site.append(upload, 0, noise(10))).state, 'assembling')
    })
  })

  describe('uploads end', () => {
    let site: Site
    before(async () => {
      site = await started()
    })
    after(() => site.close())

    const age = (upload: Upload) =>
      site.core.database.db
        .updateTable('uploads')
        .set({ expires_at: now() - 1 })
        .where('id', '=', upload.id)
        .execute()

    test('when nobody goes on with them: first they are gone, then their bytes', async () => {
      const before = await site.keys()
      const [old, young] = [await site.begin(100), await site.begin(100)]
      await site.append(old, 0, noise(60))
      assert.ok(old.expiresAt > now() + day - 60_000_000)
      await age(old)
      const { view, remove, list, append } = site.catalogue.uploads
      await assert.rejects(view(site.eva, old.id), fails('gone', 'expired'))
      await assert.rejects(remove(site.eva, old.id), fails('gone', 'expired'))
      const rest = sent(noise(40))
      await assert.rejects(
        append(site.eva, old.id, rest, { offset: 60, announced: 40 }),
        fails('gone', 'expired'),
      )
      assert.deepEqual(
        (await list(site.eva, { offset: 0, limit: 10 })).map(({ id }) => id),
        [young.id],
      )
      assert.equal(await expireUploads(site.core), 1)
      assert.equal(await expireUploads(site.core), 0)
      await assert.rejects(view(site.eva, old.id), fails('not-found'))
      assert.deepEqual(await site.keys(), before)
      const [entry] = await site.catalogue.audit.history('upload', old.id, { limit: 1 })
      assert.deepEqual([entry!.action, entry!.username], ['expire', 'system'])
      await remove(site.eva, young.id)
    })

    test('but not while their task waits for its turn', async () => {
      const bytes = noise(100)
      const upload = await site.begin(bytes.length)
      await site.append(upload, 0, bytes)
      await age(upload)
      assert.equal(await expireUploads(site.core), 0)
      await assert.rejects(site.settled(upload), fails('gone', 'expired'))
      assert.ok(bytes.equals(await site.content(upload.imageUuid)))
      assert.equal(await expireUploads(site.core), 1)
    })

    test('the sweep leaves living parts alone and takes dead ones', async () => {
      const upload = await site.begin(100)
      await site.append(upload, 0, noise(50))
      const alive = await site.keys()
      const stray = '0123456789abcdef0123456789abcdef'
      await site.core.stores.all[0]!.store.receive(stray, sent(noise(10)), { digests: [] })
      assert.equal(await sweepBlobs(site.core, now() + day), 1)
      assert.deepEqual(await site.keys(), alive)
      await site.append(upload, 50, noise(50))
      assert.equal((await site.settled(upload)).state, 'done')
    })

    test('the task is run again whatever its last run came to', async () => {
      const bytes = noise(100)
      const upload = await site.begin(bytes.length)
      await site.append(upload, 0, bytes)
      // A process that claimed it and died.
      const dead = { ...site.core, processId: 'dead' }
      const task = await taskQueue(dead).claim(['assemble-upload'])
      assert.equal(task?.imageUuid, upload.imageUuid)
      assert.equal(await taskQueue(site.core).reap(), 1)
      const done = await site.settled(upload)
      assert.equal(done.state, 'done')
      // One that made the image and died before it could say so.
      await site.core.database.db
        .updateTable('tasks')
        .set({ state: 'pending', finished_at: null })
        .where('id', '=', done.taskId!)
        .execute()
      assert.equal((await site.settled(upload)).state, 'done')
      assert.ok(bytes.equals(await site.content(upload.imageUuid)))
    })

    test('an image that is deleted while its bytes wait takes the work with it', async () => {
      const upload = await site.begin(100)
      await site.append(upload, 0, noise(100))
      await site.catalogue.images.remove(site.eva, upload.imageUuid)
      const ended = await site.catalogue.uploads.view(site.eva, upload.id)
      assert.deepEqual([ended.state, ended.canRetry], ['failed', true])
      await site.catalogue.uploads.remove(site.eva, upload.id)
    })

    test('lists and look-ups are answered by indexes', async () => {
      const plans = await plansOf(
        site.core,
        async (core) => {
          await listUploads(core.database.db, site.eva, { offset: 0, limit: 10 })
          await expireUploads(core)
        },
        ['seqscan', 'sort'],
      )
      assert.equal(plans.length, 2)
      for (const plan of plans) {
        assert.match(plan, /uploads_(?:user|expiry)/, plan)
        assert.doesNotMatch(
          plan,
          engine === 'sqlite' ? /SCAN uploads|TEMP B-TREE/ : /Seq Scan on uploads|Sort/,
          plan,
        )
      }
    })
  })
})
