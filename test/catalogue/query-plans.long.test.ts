import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { systemActor } from '../../src/catalogue/actor.ts'
import { searchableImages } from '../../src/catalogue/images/fields.ts'
import { type ImageQuery, imageLists, type Scope } from '../../src/catalogue/images/list.ts'
import { toRow } from '../../src/catalogue/images/row.ts'
import type { Filter, Order } from '../../src/catalogue/search.ts'
import { type TestCore, testCore } from '../support/core.ts'
import { forEachDatabase } from '../support/databases.ts'
import { plansOf } from '../support/plans.ts'

/** Every order that a face advertises (onecloudplanet.md 1.4 has the longest list; glance.md 6.4 is part of it). */
const orders: readonly Order[] = [
  { field: 'name', caseless: true },
  { field: 'label' },
  { field: 'uuid' },
  { field: 'type' },
  { field: 'stage' },
  { field: 'size' },
  { field: 'createdAt' },
  { field: 'updatedAt' },
  { field: 'deletedAt' },
  { field: 'cleanupAt' },
  { field: 'osDistro' },
  { field: 'osVersion' },
  { field: 'hypervisorType' },
  { field: 'architecture' },
  { field: 'minDisk' },
  { field: 'minRam' },
  { field: 'protected' },
  { field: 'visibility' },
  { field: 'containerFormat' },
  { field: 'diskFormat' },
  { field: 'region' },
]

/** Filters that find few among many: each must be answered by an index of its own, whoever asks. */
const selective: readonly [string, Filter, RegExp][] = [
  ['uuid', { field: 'uuid', is: 'eq', value: 'x' }, /uuid/],
  ['handle', { field: 'handle', is: 'eq', value: 'x' }, /handle/],
  ['tag', { tag: 'x' }, /image_tags_tag/],
  ['tag, ignoring case', { tag: 'x', caseless: true }, /image_tags_fold/],
  ['property', { property: 'a', value: 'x' }, /image_properties_value/],
  ['instance', { field: 'instanceUuid', is: 'eq', value: 'x' }, /images_instance_uuid/],
  ['md5', { field: 'md5', is: 'eq', value: 'x' }, /images_md5/],
  ['sha512', { field: 'sha512', is: 'eq', value: 'x' }, /images_sha512/],
]

/** Enough images, of two projects, that a database has reason to use an index. */
async function fill(t: TestCore, many: number): Promise<void> {
  await t.apply({ projects: [{ name: 'other' }] })
  const other = await t.catalogue.projects.named(systemActor, 'other')
  const { seq: _seq, ...first } = await t.catalogue.images.create(systemActor, {
    ownerId: 1,
    properties: { os_distro: 'debian', instance_uuid: 'i' },
  })
  await t.core.database.transaction(async (trx) => {
    for (let i = 0; i < many; i++) {
      const uuid = randomUUID()
      const row = toRow({
        ...first,
        uuid,
        handle: uuid.slice(0, 30),
        name: `image ${i}`,
        ownerId: i % 2 ? 1 : other.id,
        createdAt: first.createdAt + i,
        size: i,
        properties: { instance_uuid: `i${i}`, os_distro: `distro ${i % 9}` },
        digests: { md5: `m${i}`, sha1: null, sha256: null, sha512: `s${i}` },
      })
      await trx.insertInto('images').values(row).execute()
    }
  })
  await sql`analyze`.execute(t.core.database.db)
}

forEachDatabase((engine, _open, freshUrl) => {
  let t: TestCore
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    await fill(t, 500)
  })
  after(() => t.close())

  /** The plan of the query that the list would run. */
  async function planOf(query: Omit<ImageQuery, 'limit'>): Promise<string> {
    // A small table's other indexes are cheap to read whole; only a bitmap can use the trigrams.
    const without = query.filter ? ['seqscan', 'indexscan'] : ['seqscan', 'sort', 'bitmapscan']
    const [plan] = await plansOf(
      t.core,
      (core) => imageLists(core).list(systemActor, { ...query, limit: 25 }),
      without,
    )
    return plan!
  }

  const scopes: readonly [string, Scope][] = [
    ['of a project', { own: 1 }],
    ['of everybody', { everything: true }],
  ]
  for (const [whose, scope] of scopes)
    for (const order of orders)
      for (const descending of [false, true])
        test(`images ${whose} by ${order.field}${descending ? ' descending' : ''}`, async () => {
          const plan = await planOf({ scopes: [scope], order: [{ ...order, descending }, { field: 'uuid' }] })
          assert.match(
            plan,
            /images_(owner|all|visible)\w*|images_pkey|images_uuid_key|sqlite_autoindex_images_1/,
            plan,
          )
          // Descending order breaks ties by ascending id, so equal values are put in order within their group.
          if (engine === 'sqlite')
            assert.doesNotMatch(plan, descending ? /TEMP B-TREE FOR ORDER BY/ : /TEMP B-TREE/, plan)
          else assert.doesNotMatch(plan, descending ? /(?<!Incremental )Sort {2}\(/ : /Sort/, plan)
        })

  test('images by text are found by the trigram index', async () => {
    const condition = searchableImages(engine).text!('some text')
    const plan = await t.core.database.transaction(async (trx) => {
      if (engine === 'postgres') await sql`set local enable_seqscan = off`.execute(trx)
      const { rows } = await sql<Record<string, string>>`
        ${sql.raw(engine === 'sqlite' ? 'explain query plan' : 'explain')}
        select seq from images where ${condition}`.execute(trx)
      return rows.map((row) => row.detail ?? row['QUERY PLAN']).join('\n')
    })
    assert.match(plan, engine === 'sqlite' ? /SCAN image_text VIRTUAL TABLE INDEX/ : /images_text/, plan)
    assert.doesNotMatch(plan, /SCAN images\b|Seq Scan/, plan)
  })

  for (const [name, filter, index] of selective)
    test(`images by ${name} are found by an index`, async () => {
      const plan = await planOf({ scopes: [{ everything: true }], filter, order: [{ field: 'seq' }] })
      assert.match(plan, index, plan)
      assert.doesNotMatch(plan, /SCAN images\b(?! USING)|Seq Scan on images/, plan)
    })
})
