import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { systemActor } from '../../src/catalogue/actor.ts'
import { type ImageQuery, imageLists, type Scope } from '../../src/catalogue/images/list.ts'
import { toRow } from '../../src/catalogue/images/row.ts'
import { inChannels } from '../../src/catalogue/publications/channels.ts'
import type { Filter } from '../../src/catalogue/search.ts'
import { type TestCore, testCore } from '../support/core.ts'
import { forEachDatabase } from '../support/databases.ts'
import { plansOf } from '../support/plans.ts'

/** IMGAPI's lists are in the order of publication, whoever asks (danube.md 7.4). */
const order = [{ field: 'publishedAt' }, { field: 'uuid' }] as const
const active: Filter = { field: 'status', is: 'eq', value: 'active' }
const dated: Filter = { field: 'publishedAt', is: 'gte', value: 0 }
const everybody: Scope = { visibility: 'public' }

forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    const { seq: _seq, ...first } = await t.catalogue.images.create(systemActor, { ownerId: 1 })
    await t.core.database.transaction(async (trx) => {
      for (let i = 0; i < 500; i++) {
        const uuid = randomUUID()
        const row = toRow({
          ...first,
          uuid,
          handle: uuid.slice(0, 30),
          name: `image ${i}`,
          status: 'active',
          visibility: i % 2 ? 'public' : 'private',
          publishedAt: first.createdAt + i,
          manifest: {
            v: 2,
            type: ['zvol', 'zone-dataset'][i % 2],
            os: ['linux', 'smartos'][i % 2],
            tags: { number: i },
            billing_tags: [`b${i}`],
            channels: [`c${i % 3}`],
          },
        })
        await trx.insertInto('images').values(row).execute()
      }
    })
    await sql`analyze`.execute(t.core.database.db)
  })
  after(() => t.close())

  async function planOf(
    query: Omit<ImageQuery, 'limit' | 'order'>,
    walked: boolean,
    descending = false,
  ): Promise<string> {
    const sorted = order.map((one) => ({ ...one, descending }))
    const [plan] = await plansOf(
      t.core,
      (core) => imageLists(core).list(systemActor, { ...query, order: sorted, limit: 1000 }),
      walked ? ['seqscan', 'sort', 'bitmapscan', 'hashjoin'] : ['seqscan'],
    )
    return plan!
  }

  const at = Date.now() * 1000
  const marker: Filter = {
    all: [
      { field: 'publishedAt', is: 'gte', value: at },
      {
        any: [
          { field: 'publishedAt', is: 'gt', value: at },
          {
            all: [
              { field: 'publishedAt', is: 'eq', value: at },
              { field: 'uuid', is: 'gte', value: randomUUID() },
            ],
          },
        ],
      },
    ],
  }

  const walks: readonly [string, Scope, Filter][] = [
    ['what everybody sees', everybody, dated],
    ['what everybody sees, from a marker', everybody, marker],
    ['everything', { everything: true }, dated],
    ['everything, from a marker', { everything: true }, marker],
    ['a channel', everybody, { all: [dated, inChannels(['c1'], ['c0', 'c1', 'c2'])] }],
    ['the default channel', everybody, { all: [dated, inChannels(['c0'], ['c0', 'c1', 'c2'])] }],
  ]
  for (const [what, scope, filter] of walks)
    for (const descending of [false, true])
      test(`${what} is read in the order of publication${descending ? ', backwards' : ''}`, async () => {
        const plan = await planOf({ scopes: [scope], filter: { all: [active, filter] } }, true, descending)
        assert.match(plan, /images_(all|visible)_published_at|images_imgapi/, plan)
        assert.doesNotMatch(
          plan,
          /TEMP B-TREE FOR ORDER BY|(?<!Incremental )Sort {2}\(|Seq Scan on images/,
          plan,
        )
      })

  const selective: readonly [string, Filter, RegExp][] = [
    ['a tag', { fact: 'tag', name: 'number', value: '7' }, /image_manifest_facts_value/],
    ['a billing tag', { fact: 'billing_tag', name: 'b7' }, /image_manifest_facts_value/],
    ['a name', { field: 'imgapiName', is: 'eq', value: 'image 7' }, /images_imgapi_name/],
  ]
  for (const [what, filter, index] of selective)
    test(`${what} is found by an index`, async () => {
      const plan = await planOf({ scopes: [everybody], filter: { all: [active, dated, filter] } }, false)
      assert.match(plan, index, plan)
      assert.doesNotMatch(plan, /SCAN images\b(?! USING)|Seq Scan on images\b/, plan)
    })
})
