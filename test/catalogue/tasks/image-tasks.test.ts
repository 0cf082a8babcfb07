import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { isFailure } from '../../../src/catalogue/failure.ts'
import { type ImageTaskQuery, imageTaskOrders, imageTasks } from '../../../src/catalogue/tasks/image-tasks.ts'
import { day, now } from '../../../src/catalogue/time.ts'
import { type TestCore, testCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { plansOf } from '../../support/plans.ts'

const states = ['pending', 'running', 'succeeded', 'failed', 'cancelled'] as const

forEachDatabase((engine, _open, freshUrl) => {
  let t: TestCore
  let at: number
  const uuid = randomUUID()
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    at = now()
    await t.catalogue.images.create(systemActor, { uuid, ownerId: 1 })
    const tasks = Array.from({ length: 2000 }, (_, i) => {
      const state = states[i % 5]!
      const kind = i % 4 === 0 ? (i % 3 === 0 ? 'import-image' : 'import-url') : 'delete-image'
      const ended = state !== 'pending' && state !== 'running'
      return {
        id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
        kind,
        image_uuid: i % 100 === 0 ? uuid : randomUUID(),
        subject: null,
        payload_json: '{}',
        state,
        progress: 0,
        progress_total: null,
        result_json: null,
        failure: null,
        attempts: 0,
        max_attempts: 5,
        run_after: 0,
        process_id: null,
        cancel_requested: 0 as const,
        user_id: 1,
        project_id: 1,
        owner_user_id: null,
        callback_json: null,
        face: 'glance',
        request_id: 'req-1',
        // Several of the same moment, and some that ended too long ago to be shown.
        created_at: at - 5 * day + Math.floor(i / 3),
        started_at: state === 'pending' ? null : at - 4 * day + (i % 7),
        finished_at: ended ? at - (i % 20 === 8 ? 3 * day : 1000 + (i % 11)) : null,
      }
    })
    await t.core.database.transaction(async (trx) => {
      for (let from = 0; from < tasks.length; from += 200)
        await trx
          .insertInto('tasks')
          .values(tasks.slice(from, from + 200))
          .execute()
    })
    await sql`analyze`.execute(t.core.database.db)
  })
  after(() => t.close())

  const list = (query: Partial<ImageTaskQuery>) =>
    t.catalogue.imageTasks.list(systemActor, { order: 'created', descending: true, limit: 1000, ...query })

  for (const order of imageTaskOrders)
    for (const descending of [false, true])
      test(`pages by ${order}${descending ? ' descending' : ''} hold every task once, in its order`, async () => {
        const whole = (await list({ order, descending })).map(({ task }) => task)
        assert.ok(whole.every(({ kind }) => kind === 'import-url' || kind === 'import-image'))
        assert.ok(whole.every(({ finishedAt }) => finishedAt === null || finishedAt > at - 2 * day))
        assert.equal(whole.length, 400)
        const paged: string[] = []
        for (;;) {
          const marker = paged.at(-1)
          const page = await list({ order, descending, limit: 70, ...(marker ? { marker } : {}) })
          if (page.length === 0) break
          paged.push(...page.map(({ task }) => task.id))
        }
        assert.deepEqual(
          paged,
          whole.map(({ id }) => id),
        )
        const plan = await planOf({ order, descending, marker: paged[5]! })
        assert.match(plan, /tasks_imports_/, plan)
        assert.doesNotMatch(plan, /TEMP B-TREE|(?<!Incremental )Sort {2}\(/, plan)
      })

  async function planOf(query: Partial<ImageTaskQuery>): Promise<string> {
    const plans = await plansOf(
      t.core,
      (core) =>
        imageTasks(core, t.catalogue.images.view).list(systemActor, {
          order: 'created',
          descending: true,
          limit: 25,
          ...query,
        }),
      // PostgreSQL would read the few rows of this table whole, and sort them.
      ['seqscan', 'sort', 'bitmapscan', 'hashjoin', 'mergejoin'],
    )
    return plans.at(-1)!
  }

  test('states are found by an index', async () => {
    const found = await list({ states: ['failed', 'cancelled'] })
    assert.ok(found.every(({ task }) => task.state === 'failed' || task.state === 'cancelled'))
    assert.equal(found.length, 100)
    const plan = await planOf({ states: ['failed', 'cancelled'] })
    assert.match(plan, /tasks_imports_|tasks_ready/, plan)
    if (engine === 'sqlite') assert.doesNotMatch(plan, /SCAN tasks(?! USING)/, plan)
  })

  test('one is found by its id, unless it is something else or has expired', async () => {
    const [first] = await list({ limit: 1 })
    const id = first!.task.id
    const { uuid: project } = await t.catalogue.projects.named(systemActor, 'main')
    const found = await t.catalogue.imageTasks.view(systemActor, id.toUpperCase())
    assert.deepEqual([found.task.id, found.owner], [id, project.replaceAll('-', '')])
    for (const other of [
      '00000000-0000-4000-8000-000000000001', // a deletion
      '00000000-0000-4000-8000-000000000008', // ended long ago
      'no-uuid',
      randomUUID(),
    ])
      await assert.rejects(t.catalogue.imageTasks.view(systemActor, other), (error) =>
        isFailure(error, 'not-found'),
      )
  })

  test('those of an image are for everybody who sees it', async () => {
    const reader = await t.actor({ main: 'reader' })
    const owner = await t.actor({ main: 'owner' })
    const [seen] = await t.catalogue.imageTasks.ofImage(reader, uuid)
    assert.equal(seen!.mayChange, false)
    const own = await t.catalogue.imageTasks.ofImage(owner, uuid)
    assert.ok(own.length > 0 && own.every(({ task, mayChange }) => task.imageUuid === uuid && mayChange))
    assert.deepEqual(
      own.map(({ task }) => task.createdAt).toSorted((a, b) => a - b),
      [...own.map(({ task }) => task.createdAt)],
    )
    await t.apply({ projects: [{ name: 'strange' }] })
    const stranger = await t.actor({ strange: 'owner' })
    await assert.rejects(t.catalogue.imageTasks.ofImage(stranger, uuid), (error) =>
      isFailure(error, 'not-found'),
    )
    await assert.rejects(
      t.catalogue.imageTasks.list(owner, { order: 'created', descending: true, limit: 1 }),
      (error) => isFailure(error, 'forbidden'),
    )
  })

  test('a marker that is none is refused', async () => {
    for (const marker of [randomUUID(), '00000000-0000-4000-8000-000000000001'])
      await assert.rejects(list({ marker }), (error) => isFailure(error, 'invalid'))
  })
})
