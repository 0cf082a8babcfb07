import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import type { Actor } from '../../../src/catalogue/actor.ts'
import { taskHistory } from '../../../src/catalogue/tasks/history.ts'
import { type TestCore, testCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { plansOf } from '../../support/plans.ts'

const page = { offset: 0, limit: 10, descending: true }

forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  let administrator: Actor
  let member: Actor
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    administrator = await t.actor({ main: 'admin' })
    member = await t.actor({ main: 'member' })
    const entries = Array.from({ length: 3000 }, (_, i) => ({
      at: i,
      task_id: `task ${i}`,
      dummy: 0 as const,
      state: 'succeeded',
      user_id: 1000 + (i % 199),
      username: 'somebody',
      owner_user_id: 1000 + (i % 301),
      project_id: i % 50,
      bound: i % 2 === 0 ? (1 as const) : (0 as const),
      object_type: 'image',
      object_id: `${i}`,
      object_name: `image-${i}`,
      object_alias: `image-${i}`,
      message: 'Update image',
      detail: '',
      flag: 0,
    }))
    await t.core.database.transaction(async (trx) => {
      for (let from = 0; from < entries.length; from += 500)
        await trx
          .insertInto('task_log')
          .values(entries.slice(from, from + 500))
          .execute()
    })
    await sql`analyze`.execute(t.core.database.db)
  })
  after(() => t.close())

  async function planOf(actor: Actor): Promise<string> {
    const [plan] = await plansOf(t.core, (core) => taskHistory(core).list(actor, 1, {}, page), ['seqscan'])
    return plan!
  }

  const sorted = /TEMP B-TREE|(?<!Incremental )Sort {2}\(/

  test('what administrators read is in its order already', async () => {
    const plan = await planOf(administrator)
    assert.match(plan, /task_log_project/, plan)
    assert.doesNotMatch(plan, sorted, plan)
    const everything = await planOf({ ...administrator, superAdmin: true })
    assert.doesNotMatch(everything, /SCAN task_log\b(?! USING)|Seq Scan/, everything)
  })

  test('what members did, and what was done to theirs, is found by indexes', async () => {
    const plan = await planOf(member)
    assert.match(plan, /task_log_(project|user|owner)/, plan)
    assert.doesNotMatch(plan, /SCAN task_log\b(?! USING)|Seq Scan/, plan)
  })
})
