import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { fold } from '../../../src/catalogue/fold.ts'
import { searchableRegistrations } from '../../../src/catalogue/places/registrations/registration.ts'
import { registrations } from '../../../src/catalogue/places/registrations/registrations.ts'
import type { RegistrationScope } from '../../../src/catalogue/places/registrations/scope.ts'
import { compile, type Filter, type Order } from '../../../src/catalogue/search.ts'
import { type TestCore, testCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { plansOf } from '../../support/plans.ts'

const rows = 3000
const parents: readonly RegistrationScope['parent'][] = [
  { kind: 'compute-resource', id: 10 },
  { kind: 'operating-system', id: 10 },
  { kind: 'architecture', id: 10 },
]
/** Every order of foreman.md 7.6; `compute_resource` is a name of another table, which only one parent makes constant. */
const orders = ['name', 'id', 'username', 'user_data', 'operatingsystem', 'architecture', 'compute_resource']

/** Searches that find few among many: each is answered by an index of its own, whatever the parent. */
const selective: readonly [string, Filter, RegExp][] = [
  [
    'its name',
    { field: 'name', is: 'eq', value: 'template 7' },
    /name=\?|registrations_(name|system|architecture)/,
  ],
  ['its id', { field: 'id', is: 'eq', value: 7 }, /PRIMARY KEY|registrations_pkey|_id\b/],
  ['its login', { field: 'username', is: 'eq', value: 'user-7' }, /username/],
]
/** Parts of texts, whatever stands before and behind. */
const substrings: readonly [string, Filter][] = [
  ['name', { field: 'name', pattern: '%late 1234%' }],
  ['login', { field: 'username', pattern: '%user-299%' }],
]

forEachDatabase((engine, _open, freshUrl) => {
  let t: TestCore
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    const ten = [10, 11]
    await t.apply({
      computeResources: ten.map((id) => ({ id, name: `resource ${id}`, provider: 'EC2' })),
      operatingSystems: ten.map((id) => ({ id, name: `system${id}`, major: '1' })),
      architectures: ten.map((id) => ({ id, name: `architecture${id}` })),
    })
    await t.core.database.transaction(async (trx) => {
      for (let i = 0; i < rows; i++) {
        const [name, username] = [`template ${i}`, `user-${i}`]
        await trx
          .insertInto('registrations')
          .values({
            compute_resource_id: i % 3 ? 10 : 11,
            operating_system_id: i % 5 ? 10 : 11,
            architecture_id: i % 7 ? 10 : 11,
            name,
            name_fold: fold(name),
            uuid: `uuid-${i}`,
            username,
            username_fold: fold(username),
            password: null,
            user_data: i % 4 === 0 ? null : i % 2 ? 1 : 0,
            iam_role: null,
            image_seq: null,
            automatic: 0,
            created_at: i,
            updated_at: i,
          })
          .execute()
      }
    })
    await sql`analyze`.execute(t.core.database.db)
  })
  after(() => t.close())

  /** The plan of the query that the list would run. */
  async function planOf(
    parent: RegistrationScope['parent'],
    order: readonly Order[],
    filter?: Filter,
  ): Promise<string> {
    const plans = await plansOf(
      t.core,
      (core) =>
        registrations(core).list(systemActor, { parent, order, limit: 20, ...(filter ? { filter } : {}) }),
      ['seqscan', 'bitmapscan', ...(filter ? [] : ['sort'])],
    )
    return plans.at(-1)!
  }

  for (const parent of parents)
    for (const field of orders) {
      if (field === 'compute_resource' && parent.kind !== 'compute-resource') continue
      for (const descending of [false, true])
        test(`registrations of a ${parent.kind} by ${field}${descending ? ' descending' : ''}`, async () => {
          const plan = await planOf(parent, [{ field, descending }, { field: 'id' }])
          assert.match(plan, /registrations_\w+/, plan)
          // Descending order breaks ties by ascending id, so equal values are put in order within their group.
          if (engine === 'sqlite')
            assert.doesNotMatch(plan, descending ? /TEMP B-TREE FOR ORDER BY/ : /TEMP B-TREE/, plan)
          else assert.doesNotMatch(plan, descending ? /(?<!Incremental )Sort {2}\(/ : /Sort/, plan)
        })
    }

  for (const parent of parents)
    for (const [name, filter, index] of selective)
      test(`registrations of a ${parent.kind} are found by ${name}`, async () => {
        const plan = await planOf(parent, [{ field: 'name' }, { field: 'id' }], filter)
        assert.match(plan, index, plan)
        assert.doesNotMatch(plan, /SCAN registrations\b(?! USING)|Seq Scan on registrations/, plan)
      })

  for (const [name, filter] of substrings)
    test(`a part of the ${name} is found by the trigram index`, async () => {
      const condition = compile(filter, searchableRegistrations(engine))
      const plan = await t.core.database.transaction(async (trx) => {
        if (engine === 'postgres') await sql`set local enable_seqscan = off`.execute(trx)
        const explained = await sql<Record<string, string>>`
          ${sql.raw(engine === 'sqlite' ? 'explain query plan' : 'explain')}
          select id from registrations where ${condition}`.execute(trx)
        return explained.rows.map((row) => row.detail ?? row['QUERY PLAN']).join('\n')
      })
      assert.match(plan, /SCAN registration_text VIRTUAL TABLE INDEX|registrations_(user)?name_text/, plan)
      assert.doesNotMatch(plan, /SCAN registrations\b|Seq Scan/, plan)
    })

  test('the substring index follows changes and deletions', async () => {
    const parent = parents[0]!
    const found = async (text: string) =>
      t.catalogue.registrations.count(systemActor, {
        parent,
        filter: { field: 'name', pattern: `%${text}%` },
      })
    const { db } = t.core.database
    const id = (
      await db.selectFrom('registrations').select('id').where('uuid', '=', 'uuid-1').executeTakeFirstOrThrow()
    ).id
    await t.catalogue.registrations.change(systemActor, { parent }, id, { name: 'Ünlike any other' })
    assert.equal(await found('ÜNLIKE ANY'), 1)
    await t.catalogue.registrations.remove(systemActor, { parent }, id)
    assert.equal(await found('ünlike any'), 0)
    await db.deleteFrom('compute_resources').where('id', '=', 11).execute()
    if (engine === 'sqlite')
      // Raises an error when the index and its table do not agree.
      await sql`insert into registration_text (registration_text, rank) values ('integrity-check', 1)`.execute(
        db,
      )
  })
})
