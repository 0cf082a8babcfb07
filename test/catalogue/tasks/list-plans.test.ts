import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { type Actor, systemActor } from '../../../src/catalogue/actor.ts'
import type { Core } from '../../../src/catalogue/core.ts'
import { type TaskFilter, taskLists } from '../../../src/catalogue/tasks/list.ts'
import { type TaskState, taskStates } from '../../../src/catalogue/tasks/task.ts'
import { type TestCore, testCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { plansOf } from '../../support/plans.ts'

const many = 3000

forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  let member: Actor
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    await t.apply({ projects: [{ name: 'acme' }, { name: 'other' }] })
    member = { ...(await t.actor({ acme: 'member', other: 'owner', main: 'reader' })), userId: 1001 }
    const [acme, other] = [...member.roles.keys()]
    const rows = Array.from({ length: many }, (_, i) => ({
      id: randomUUID(),
      kind: `kind ${i % 13}`,
      image_uuid: `image ${i % 500}`,
      subject: null,
      payload_json: '{}',
      state: taskStates[i % 5] as TaskState,
      progress: 0,
      progress_total: null,
      result_json: null,
      failure: null,
      attempts: 0,
      max_attempts: 5,
      run_after: i,
      process_id: null,
      cancel_requested: 0 as const,
      user_id: 1000 + (i % 40),
      project_id: i % 50 === 0 ? acme! : i % 50 === 1 ? other! : 100 + (i % 50),
      owner_user_id: null,
      callback_json: null,
      face: 'system',
      request_id: null,
      // Several of one moment, so that ties are told apart.
      created_at: Math.floor(i / 4),
      started_at: null,
      finished_at: null,
    }))
    await t.core.database.transaction(async (trx) => {
      for (let from = 0; from < many; from += 300)
        await trx
          .insertInto('tasks')
          .values(rows.slice(from, from + 300))
          .execute()
    })
    await sql`analyze`.execute(t.core.database.db)
  })
  after(() => t.close())

  // In a small table anything is cheap; here what a large one would be read by is wanted.
  async function planOf(actor: Actor, filter: TaskFilter, without = ['seqscan', 'sort', 'bitmapscan']) {
    const ask = (core: Core) => taskLists(core).list(actor, { ...filter, limit: 25 })
    const [plan] = await plansOf(t.core, ask, without)
    return plan!
  }

  const indexed: readonly [string, TaskFilter, RegExp][] = [
    ['all', {}, /tasks_created/],
    ['in a state', { states: ['failed'] }, /tasks_state_created/],
    ['of a kind', { kind: 'kind 1' }, /tasks_kind_created/],
    ['of an image', { imageUuid: 'image 1' }, /tasks_image/],
    ['of one’s own', { mine: true }, /tasks_user/],
  ]
  for (const [name, filter, index] of indexed)
    test(`tasks ${name} are read from an index in their order`, async () => {
      const plan = await planOf(filter.mine ? member : systemActor, filter)
      assert.match(plan, index, plan)
      assert.doesNotMatch(
        plan,
        /USE TEMP B-TREE FOR ORDER BY|(?<!Incremental )Sort {2}\(|Seq Scan|SCAN tasks(?! USING)/,
        plan,
      )
    })

  test('those of several projects are read from the beginning of each', async () => {
    const plan = await planOf(member, {}, ['seqscan'])
    assert.match(plan, /tasks_user/, plan)
    assert.match(plan, /tasks_project.*tasks_project/s, plan)
    assert.doesNotMatch(plan, /Seq Scan on tasks|SCAN tasks(?! USING)/, plan)
  })

  test('pages follow one another without gaps and repetitions, whoever reads them', async () => {
    const lists = taskLists(t.core)
    for (const [actor, filter] of [
      [member, {}],
      [member, { states: ['failed', 'running'] }],
      [member, { mine: true }],
      [systemActor, { kind: 'kind 3' }],
    ] as const) {
      const { total, more } = await lists.count(actor, filter, many)
      assert.equal(more, false)
      const ids: string[] = []
      for (let offset = 0; offset < total + 50; offset += 50)
        ids.push(...(await lists.list(actor, { ...filter, offset, limit: 50 })).map(({ id }) => id))
      const all = await lists.list(actor, { ...filter, limit: many })
      assert.deepEqual(
        ids,
        all.map(({ id }) => id),
      )
      assert.equal(new Set(ids).size, total)
      assert.ok(total > 50)
      assert.deepEqual(await lists.count(actor, filter, 50), { total: 50, more: true })
      const order = all.map(({ createdAt, id }) => [createdAt, id] as const)
      assert.deepEqual(
        order,
        order.toSorted(([a, x], [b, y]) => b - a || (x < y ? 1 : -1)),
      )
    }
  })
})
