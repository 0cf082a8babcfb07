/** How tasks end when somebody else is at work on the same things. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { isFailure } from '../../../src/catalogue/failure.ts'
import type { Image } from '../../../src/catalogue/images/image.ts'
import type { Revision } from '../../../src/catalogue/images/revisions.ts'
import { workOn } from '../../../src/catalogue/images/work.ts'
import { processes } from '../../../src/catalogue/tasks/processes.ts'
import { taskQueue } from '../../../src/catalogue/tasks/queue.ts'
import { stopTask } from '../../../src/catalogue/tasks/stop.ts'
import { type TestCore, testCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'

const instanceUuid = '81ddeb48-937b-4e54-8b37-091bfcabf18e'

forEachDatabase((engine, _open, freshUrl) => {
  let t: TestCore
  let acme: number
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    await processes(t.core).enter(true)
    await t.apply({
      projects: [{ name: 'acme' }, { name: 'park' }],
      instances: [
        {
          uuid: instanceUuid,
          hostname: 'web01',
          project: 'acme',
          status: 'stopped',
          disks: [{ size: 8 }],
          snapshots: [{ name: 'before', disk: 1, createdAt: '2024-01-01T00:00:00Z' }],
        },
      ],
    })
    acme = (await t.catalogue.projects.named(systemActor, 'acme')).id
  })
  after(() => t?.close())

  const work = (image: Image) => workOn(image, 'Work on image', '')
  const draft = (uuid: string = randomUUID()) => ({
    uuid,
    handle: `i-${uuid.slice(0, 8)}`,
    name: uuid,
    version: '1',
    visibility: 'private' as const,
    ownerId: acme,
    bound: true,
    attached: true,
  })
  const taskState = async (id: string) => (await t.catalogue.tasks.view(systemActor, id)).state
  const view = (uuid: string) => t.catalogue.images.view(systemActor, uuid)

  /** An image that is only described, so that nothing but the work at hand is pending. */
  async function described(): Promise<Image> {
    return t.catalogue.imports.record(systemActor, draft(), work)
  }
  async function revised({ uuid }: Image, revision: Revision): Promise<string> {
    const { taskId } = await t.catalogue.revisions.revise(systemActor, uuid, () => revision, {
      work,
      byTask: true,
    })
    return taskId!
  }
  async function imported(uuid?: string): Promise<{ image: Image; taskId: string }> {
    const file = { url: 'http://files.example/x', sha1: '0'.repeat(40), size: 5 }
    return t.catalogue.imports.fromManifest(systemActor, draft(uuid), file, { work })
  }

  test('what was changed by somebody else while a change was pending stays, in the same fields too', async () => {
    const image = await described()
    const taskId = await revised(image, {
      patch: { name: 'theirs', version: '2', visibility: 'public', properties: { description: 'new' } },
    })
    await t.catalogue.images.change(systemActor, image.uuid, () => ({ name: 'ours', visibility: 'private' }))
    assert.ok(await stopTask(t.core, systemActor, taskId))
    const { name, version, visibility, properties } = await view(image.uuid)
    assert.deepEqual([name, version, visibility, properties], ['ours', '1', 'private', {}])
  })

  test('a change that is taken back does not make public what was made private meanwhile', async () => {
    const image = await described()
    await t.catalogue.images.change(systemActor, image.uuid, () => ({ visibility: 'public' }))
    const taskId = await revised(image, { patch: { visibility: 'private', version: '3' } })
    await t.catalogue.images.change(systemActor, image.uuid, () => ({ visibility: 'shared' }))
    assert.ok(await stopTask(t.core, systemActor, taskId))
    const { visibility, version } = await view(image.uuid)
    assert.deepEqual([visibility, version], ['shared', '1'])
  })

  test('a binding that is taken back leaves the image attached where it was', async () => {
    const image = await described()
    const park = await t.catalogue.projects.named(systemActor, 'park')
    await t.catalogue.attachments.attach(systemActor, image.uuid, { id: park.id, name: 'park' })
    await t.catalogue.attachments.detach(systemActor, image.uuid, { id: acme, name: 'acme' })
    const before = await view(image.uuid)
    assert.deepEqual([before.owner?.name, before.bound, before.attached], ['main', false, false])
    const taskId = await revised(before, { patch: { version: '7' }, bound: true })
    assert.equal((await view(image.uuid)).owner?.name, 'park')
    assert.ok(await stopTask(t.core, systemActor, taskId))
    const now = await view(image.uuid)
    assert.deepEqual([now.owner?.name, now.bound, now.attached, now.version], ['main', false, false, '1'])
    assert.deepEqual((await t.catalogue.attachments.of([now])).get(image.uuid), ['park'])
  })

  test('an image that is deleted before its snapshot was exported leaves the snapshot as it was', async () => {
    const { image, taskId } = await t.catalogue.snapshotImages.begin(
      systemActor,
      { projectId: acme, instance: 'web01', disk: 1, snapshot: 'before', handle: 'from-snapshot' },
      {},
      { work },
    )
    await t.catalogue.images.remove(systemActor, image.uuid)
    assert.equal(await taskState(taskId), 'cancelled')
    const snapshot = await t.core.database.db
      .selectFrom('snapshots')
      .select('status')
      .executeTakeFirstOrThrow()
    assert.equal(snapshot.status, 'ok')
  })

  test('a uuid is free again only when nobody works on the deleted image any more', async () => {
    const { image } = await imported()
    const queue = taskQueue(t.core)
    const task = (await queue.claim(['import-url']))!
    assert.equal(task.imageUuid, image.uuid)
    await t.catalogue.images.remove(systemActor, image.uuid)
    await assert.rejects(imported(image.uuid), (error) => isFailure(error, 'state'))
    await queue.end(task.id, { state: 'cancelled', failure: 'The task was cancelled.' })
    const again = await imported(image.uuid)
    assert.equal((await view(image.uuid)).status, 'queued')
    await stopTask(t.core, systemActor, again.taskId)
  })

  // SQLite has one writer at a time.
  if (engine === 'postgres')
    test('a task that somebody takes while it is being stopped keeps what it works on', async () => {
      const { image, taskId } = await imported()
      const queue = taskQueue(t.core)
      const { promise: locked, resolve: isLocked } = Promise.withResolvers<void>()
      const { promise: taken, resolve: isTaken } = Promise.withResolvers<void>()
      // Holds up the taking back, which has seen the task waiting by then.
      const holder = t.core.database.transaction(async (trx) => {
        await trx.selectFrom('images').select('seq').where('uuid', '=', image.uuid).forUpdate().execute()
        isLocked()
        await taken
      })
      await locked
      const stopped = stopTask(t.core, systemActor, taskId)
      for (let waits = 0; waits < 400; waits++) {
        const { rows } = await sql<{
          n: number
        }>`select count(*) as n from pg_locks where not granted`.execute(t.core.database.db)
        if (Number(rows[0]!.n) > 0) break
        await pause(10)
      }
      assert.equal((await queue.claim(['import-url']))?.id, taskId)
      isTaken()
      await holder
      assert.equal(await stopped, true)
      // It runs, and was asked to stop: whoever runs it takes everything back when it lets go.
      const { state, cancelRequested } = await t.catalogue.tasks.view(systemActor, taskId)
      assert.deepEqual([state, cancelRequested], ['running', true])
      assert.equal((await view(image.uuid)).status, 'queued')
      await queue.end(taskId, { state: 'cancelled', failure: 'The task was cancelled.' })
      await assert.rejects(view(image.uuid), (error) => isFailure(error, 'not-found'))
    })

  test('one task that cannot be put right does not keep the others of a dead process', async () => {
    const first = await imported()
    const second = await imported()
    const { db } = t.core.database
    await db
      .updateTable('tasks')
      .set({ state: 'running', process_id: randomUUID(), attempts: 9 })
      .where('id', 'in', [first.taskId, second.taskId])
      .execute()
    // Nothing can be read from it: whatever is done with it fails.
    await db.updateTable('tasks').set({ payload_json: 'null' }).where('id', '=', first.taskId).execute()
    const troubles: unknown[] = []
    await taskQueue(t.core).reap((error) => troubles.push(error))
    assert.ok(troubles.length === 1 && troubles[0] instanceof TypeError, String(troubles))
    assert.equal(await taskState(first.taskId), 'pending')
    assert.equal(await taskState(second.taskId), 'failed')
  })
})
