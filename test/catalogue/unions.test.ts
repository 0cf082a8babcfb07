import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { systemActor } from '../../src/catalogue/actor.ts'
import type { Image } from '../../src/catalogue/images/image.ts'
import { type ImageQuery, imageLists, type Scope } from '../../src/catalogue/images/list.ts'
import { type MemberStatus, memberStatuses } from '../../src/catalogue/images/members.ts'
import type { Filter, Order } from '../../src/catalogue/search.ts'
import { type TestCore, testCore } from '../support/core.ts'
import { forEachDatabase } from '../support/databases.ts'
import { plansOf } from '../support/plans.ts'

/** The same numbers in every run. */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 16) % sides
  }
}

const projects = [1, 2, 3]
const scopes: readonly (readonly Scope[])[] = [
  [{ own: 1 }],
  [{ visibility: 'public' }],
  [{ sharedWith: 2, status: 'accepted' }],
  [{ own: 1 }, { visibility: 'public' }],
  [{ visibility: 'public' }, { own: 1 }, { sharedWith: 1, status: 'accepted' }],
  [{ visibility: 'public' }, { visibility: 'community' }, { own: 2 }, { sharedWith: 2, status: 'all' }],
  [{ own: 1 }, { own: 2 }, { own: 1 }],
  // As somebody with several projects has it, who is a member of one image by two of them.
  [{ visibility: 'public' }, ...projects.map((own) => ({ own }))],
  [
    { own: 3 },
    { sharedWith: 1, status: 'pending' },
    { sharedWith: 2, status: 'all' },
    { sharedWith: 3, status: 'all' },
  ],
  // More projects than are read one by one.
  [{ visibility: 'community' }, ...Array.from({ length: 30 }, (_, n) => ({ own: n + 2 }))],
  [{ attachedTo: 1 }, { own: 2 }],
  [{ own: 1 }, { everything: true }],
  [],
]
const orders: readonly (readonly Order[])[] = [
  [
    { field: 'createdAt', descending: true },
    { field: 'uuid', descending: true },
  ],
  [{ field: 'size' }, { field: 'uuid' }],
  [{ field: 'size', descending: true }, { field: 'uuid' }],
  [{ field: 'name', caseless: true }, { field: 'createdAt' }, { field: 'uuid' }],
  [{ field: 'seq', descending: true }],
]
const filters: readonly (Filter | undefined)[] = [
  undefined,
  { field: 'status', is: 'ne', value: 'killed' },
  { all: [{ field: 'hidden', is: 'eq', value: 0 }, { tag: 'a' }] },
  // Spelled in two ways by some.
  { all: [{ field: 'status', is: 'ne', value: 'killed' }, { all: [{ tag: 'B', caseless: true }] }] },
  { all: [{ property: 'os_distro', value: 'debian' }, { tag: 'a' }] },
  { field: 'name', is: 'eq', value: 'NAME 3', caseless: true },
  { field: 'name', is: 'eq', value: 'name 4' },
  {
    all: [
      { field: 'ownerId', is: 'eq', value: 1 },
      { field: 'hidden', is: 'eq', value: 0 },
    ],
  },
  { field: 'ownerId', is: 'eq', value: 3 },
  { any: [{ tag: 'a' }, { field: 'ownerId', is: 'eq', value: 2 }] },
]

forEachDatabase((engine, _open, freshUrl) => {
  let t: TestCore
  const roll = dice(7)
  const members = new Map<number, Map<number, MemberStatus>>()
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    await t.apply({ projects: projects.slice(1).map((id) => ({ id, name: `project ${id}` })) })
    for (let n = 0; n < 120; n++) {
      const image = await t.catalogue.images.create(systemActor, {
        ownerId: roll(10) === 0 ? null : projects[roll(3)]!,
        name: `name ${roll(9)}`,
        visibility: (['public', 'private', 'shared', 'shared', 'community'] as const)[roll(5)]!,
        hidden: roll(4) === 0,
        tags: [['a'], ['a', 'b', 'B'], [], ['b']][roll(4)]!,
        properties: roll(2) === 0 ? { os_distro: 'debian' } : {},
        createdAt: 1_000_000 + roll(40),
      })
      const own = new Map(projects.filter(() => roll(3) === 0).map((id) => [id, memberStatuses[roll(3)]!]))
      // Deletion takes the members along.
      const isDeleted = roll(5) === 0
      members.set(image.seq, isDeleted ? new Map() : own)
      for (const [id, status] of own)
        await t.core.database.db
          .insertInto('image_members')
          .values({ image_seq: image.seq, project_id: id, status, created_at: 1, updated_at: 1 })
          .execute()
      if (isDeleted) await t.catalogue.images.remove(systemActor, image.uuid)
      else
        await t.core.database.db
          .updateTable('images')
          .set({ size: roll(3) === 0 ? null : roll(8), status: roll(6) === 0 ? 'killed' : 'queued' })
          .where('seq', '=', image.seq)
          .execute()
    }
    // PostgreSQL gathers statistics by itself, SQLite none.
    if (engine === 'postgres') await sql`analyze`.execute(t.core.database.db)
  })
  after(() => t.close())

  /** What the scopes say, without a database. */
  function shown(image: Image, scope: Scope, withHidden: boolean): boolean {
    const status = (id: number) => members.get(image.seq)?.get(id)
    if ('everything' in scope) return true
    if ('own' in scope) return image.ownerId === scope.own
    if ('attachedTo' in scope)
      return (image.ownerId === scope.attachedTo && image.attached) || status(scope.attachedTo) === 'accepted'
    if (image.hidden && !withHidden) return false
    if ('visibility' in scope) return image.visibility === scope.visibility
    const found = status(scope.sharedWith)
    return (
      image.visibility === 'shared' &&
      found !== undefined &&
      (scope.status === 'all' || scope.status === found)
    )
  }

  for (const [n, union] of scopes.entries())
    test(`the images of union ${n} are all there once, in each order, page by page, and counted`, async () => {
      const { images } = t.catalogue
      for (const [at, order] of orders.entries()) {
        const filter = filters[(3 * n + at) % filters.length]
        for (const hidden of ['with', 'without'] as const) {
          const deleted = (['with', 'without'] as const)[roll(2)]!
          const asked = { ...(filter ? { filter } : {}), hidden, deleted, order, limit: 1000 }
          const all = await images.list(systemActor, { ...asked, scopes: [{ everything: true }] })
          const expected = all.filter((image) =>
            union.some((scope) => shown(image, scope, hidden === 'with')),
          )
          const query: ImageQuery = { ...asked, scopes: union }
          const whole = await images.list(systemActor, query)
          assert.deepEqual(
            whole.map(({ seq }) => seq),
            expected.map(({ seq }) => seq),
          )
          assert.deepEqual(whole, expected)
          assert.equal(await images.count(systemActor, query), expected.length)
          const page = { ...query, offset: 3, limit: 4 }
          assert.deepEqual(await images.list(systemActor, page), expected.slice(3, 7))
          assert.deepEqual(
            await images.keys(systemActor, page),
            expected.slice(3, 7).map(({ handle, createdAt }) => ({ handle, createdAt })),
          )
        }
      }
    })

  /** What an ordinary project of OpenStack asks for (glance.md 6.2). */
  const usual = {
    scopes: scopes[4]!,
    filter: {
      all: [
        { field: 'hidden', is: 'eq', value: 0 },
        { field: 'status', is: 'ne', value: 'killed' },
      ],
    },
    hidden: 'with',
    limit: 26,
  } as const

  const age = [
    { field: 'createdAt', descending: true },
    { field: 'uuid', descending: true },
  ]
  /** glance.md 6.4, with the indexes of what is the project's own and of what everybody may see. */
  const plans: readonly (readonly [Order, RegExp, RegExp])[] = [
    [age[0]!, /images_owner_created_at/, /images_visible/],
    [{ field: 'uuid' }, /images_owner_uuid/, /images_offered_uuid/],
    [{ field: 'name', caseless: true }, /images_owner_name_fold/, /images_offered_name_fold/],
    [{ field: 'status' }, /images_owner_status_age/, /images_offered_status_age/],
    [{ field: 'diskFormat' }, /images_owner_disk_format_age/, /images_offered_disk_format_age/],
    [
      { field: 'containerFormat' },
      /images_owner_container_format_age/,
      /images_offered_container_format_age/,
    ],
    [{ field: 'size' }, /images_owner_size/, /images_offered_size/],
    [{ field: 'updatedAt' }, /images_owner_updated_at/, /images_offered_updated_at/],
  ]
  for (const [first, own, offered] of plans)
    test(`by ${first.field} each part of a union is read by its own index, and nothing that is invisible`, async () => {
      const asked = { ...usual, order: [{ ...first, descending: true }, ...age] }
      const found = await plansOf(t.core, (core) => imageLists(core).list(systemActor, asked), [
        'seqscan',
        'sort',
        'bitmapscan',
        'hashjoin',
      ])
      const plan = found[0]!
      assert.match(plan, own, plan)
      assert.match(plan, offered, plan)
      assert.match(plan, /image_members_/, plan)
      assert.doesNotMatch(plan, /SCAN images\b|Seq Scan on images\b/, plan)
      // Of few members among few images PostgreSQL, which must not sort here, walks the images.
      if (engine === 'sqlite') assert.doesNotMatch(plan, /images_all_/, plan)
      // Only those that are shared are sorted.
      const sorts = [...plan.matchAll(/TEMP B-TREE FOR ORDER BY|(?<!Incremental )Sort {2}\(/g)]
      assert.ok(sorts.length <= 1, plan)
    })

  // PostgreSQL knows by itself what finds few.
  if (engine === 'sqlite')
    for (const filter of [
      { tag: 'b' },
      { property: 'os_distro', value: 'debian' },
      { field: 'name', is: 'eq', value: 'name 3', caseless: true },
      { field: 'md5', is: 'eq', value: 'x' },
    ] as const)
      test(`what ${JSON.stringify(filter)} finds is where the search for it begins`, async () => {
        const asked = { ...usual, filter: { all: [usual.filter, filter] }, order: age }
        const plans = await plansOf(t.core, (core) => imageLists(core).list(systemActor, asked), [])
        const [found, plan] = plans as [string, string]
        assert.doesNotMatch(found, /SCAN images?\b(?!_)/, found)
        assert.match(plan, /json_each|VIRTUAL TABLE/, plan)
        assert.doesNotMatch(plan, /images_(?:owner|all|visible|offered)/, plan)
      })
})
