import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Actor, systemActor } from '../../src/catalogue/actor.ts'
import { type Kind, limits } from '../../src/catalogue/metadefs/entry.ts'
import { metadefs } from '../../src/catalogue/metadefs/metadefs.ts'
import type { NamespaceDraft } from '../../src/catalogue/metadefs/namespaces.ts'
import type { OrderKey } from '../../src/catalogue/metadefs/paging.ts'
import { type TestCore, testCore } from '../support/core.ts'
import { forEachDatabase } from '../support/databases.ts'
import { plansOf } from '../support/plans.ts'
import { complaints, fails } from './places/support.ts'

const facts = (name: string, more: Partial<NamespaceDraft> = {}): NamespaceDraft => ({
  name,
  displayName: null,
  description: null,
  visibility: 'private',
  protected: false,
  ownerId: 20,
  ...more,
})
const property = { type: 'string', title: 'A title' }
const object = { description: null, required: [], properties: {} }
const association = { prefix: null, propertiesTarget: null }

forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  let defs: TestCore['catalogue']['metadefs']
  let reader: Actor
  let stranger: Actor
  let nobody: Actor

  before(async () => {
    t = await testCore({ url: await freshUrl() })
    defs = t.catalogue.metadefs
    await t.apply({
      projects: [
        { id: 20, name: 'acme' },
        { id: 21, name: 'other' },
      ],
    })
    reader = await t.actor({ acme: 'reader' })
    stranger = await t.actor({ other: 'owner' })
    nobody = { ...reader, projectId: null, roles: new Map() }
  })
  after(() => t.close())

  const namesOf = async (actor: Actor, listing: object = {}) => {
    const usual = { order: 'name' as OrderKey, descending: false, limit: 100 }
    return (await defs.namespaces.list(actor, { ...usual, ...listing })).map(({ name }) => name)
  }

  describe('who may do what', () => {
    before(async () => {
      await defs.namespaces.create(systemActor, facts('W::own'), {
        tag: [{ name: 't', definition: {} }],
        property: [{ name: 'p', definition: property }],
        object: [{ name: 'o', definition: object }],
        association: [{ name: 'a', definition: association }],
      })
      await defs.namespaces.create(systemActor, facts('W::all', { visibility: 'public', ownerId: 21 }))
    })

    test('everybody sees public namespaces and those of the own project', async () => {
      assert.deepEqual(await namesOf(reader), ['W::all', 'W::own'])
      assert.deepEqual(await namesOf(stranger), ['W::all'])
      assert.deepEqual(await namesOf(systemActor), ['W::all', 'W::own'])
      await assert.rejects(namesOf(nobody), fails('forbidden', 'role'))
      await assert.rejects(defs.namespaces.view(nobody, 'W::all'), fails('not-found'))
      await assert.rejects(defs.resourceTypes.list(nobody), fails('forbidden', 'role'))
    })

    test('administrators write; others see that they may not, or nothing', async () => {
      const writes = (actor: Actor) => [
        () => defs.namespaces.change(actor, 'W::own', facts('W::own')),
        () => defs.namespaces.remove(actor, 'W::own'),
        () => defs.tags.add(actor, 'W::own', { name: 'x', definition: {} }),
        () => defs.tags.addAll(actor, 'W::own', [], { append: false }),
        () => defs.properties.change(actor, 'W::own', 'p', { name: 'p', definition: property }),
        () => defs.objects.remove(actor, 'W::own', 'o'),
        () => defs.associations.clear(actor, 'W::own'),
      ]
      for (const write of writes(reader)) await assert.rejects(write, fails('forbidden', 'role'))
      for (const write of writes(stranger)) await assert.rejects(write, fails('not-found'))
      await assert.rejects(defs.namespaces.create(stranger, facts('W::x')), fails('forbidden', 'role'))
      await assert.rejects(defs.objects.view(stranger, 'W::own', 'o'), fails('not-found'))
      assert.equal((await defs.objects.view(reader, 'W::own', 'o')).name, 'o')
    })

    test('what belonged to a project that is gone is seen by administrators', async () => {
      await t.apply({ projects: [{ id: 29, name: 'gone' }] })
      await defs.namespaces.create(systemActor, facts('W::gone', { ownerId: 29 }))
      await t.core.database.db.deleteFrom('projects').where('id', '=', 29).execute()
      assert.equal((await defs.namespaces.view(systemActor, 'W::gone')).namespace.owner, null)
      assert.ok(!(await namesOf(reader)).includes('W::gone'))
      await defs.namespaces.remove(systemActor, 'W::gone')
    })
  })

  test('a name of a namespace is taken once, also by those who cannot see it', async () => {
    await defs.namespaces.create(systemActor, facts('T::one'))
    await defs.namespaces.create(systemActor, facts('T::two'))
    await assert.rejects(defs.namespaces.create(systemActor, facts('T::one')), fails('conflict', 'exists'))
    await assert.rejects(
      defs.namespaces.change(systemActor, 'T::two', facts('T::one')),
      fails('conflict', 'exists'),
    )
    const both = [1, 2].map(() => defs.namespaces.create(systemActor, facts('T::at once')))
    const results = await Promise.allSettled(both)
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    for (const result of results)
      if (result.status === 'rejected') assert.ok(fails('conflict', 'exists')(result.reason))
  })

  test('a namespace comes with everything in it, or not at all', async () => {
    const twice = { tag: ['a', 'a'].map((name) => ({ name, definition: {} })) }
    await assert.rejects(
      defs.namespaces.create(systemActor, facts('C::half'), twice),
      fails('conflict', 'exists'),
    )
    await assert.rejects(defs.namespaces.view(systemActor, 'C::half'), fails('not-found'))
    await defs.namespaces.create(systemActor, facts('C::whole'), {
      object: [{ name: 'o', definition: { ...object, description: 'words' } }],
      association: [{ name: 'C::Type', definition: { ...association, prefix: 'hw_' } }],
    })
    const changed = await defs.namespaces.change(
      systemActor,
      'C::whole',
      facts('C::renamed', { displayName: 'New', ownerId: 21 }),
    )
    assert.deepEqual([changed.displayName, changed.owner?.id], ['New', 21])
    const { contents } = await defs.namespaces.view(stranger, 'C::renamed')
    assert.equal(contents.object[0]?.definition.description, 'words')
    assert.equal(contents.association[0]?.definition.prefix, 'hw_')
    assert.ok((await defs.resourceTypes.list(reader)).some(({ name }) => name === 'C::Type'))
    await defs.namespaces.remove(systemActor, 'C::renamed')
    const left = await t.core.database.db
      .selectFrom('metadef_entries')
      .select('id')
      .where('name', '=', 'C::Type')
      .execute()
    assert.deepEqual(left, [])
  })

  test('things are entered, changed, renamed and removed', async () => {
    await defs.namespaces.create(systemActor, facts('E'))
    const made = await defs.properties.add(systemActor, 'E', { name: 'p', definition: property })
    assert.deepEqual(made.definition, property)
    await defs.properties.add(systemActor, 'E', { name: 'q', definition: property })
    await assert.rejects(
      defs.properties.add(systemActor, 'E', { name: 'p', definition: property }),
      fails('conflict', 'exists'),
    )
    await assert.rejects(
      defs.properties.change(systemActor, 'E', 'q', { name: 'p', definition: property }),
      fails('conflict', 'exists'),
    )
    // A tag of the same name is another thing.
    await defs.tags.add(systemActor, 'E', { name: 'p', definition: {} })
    const renamed = await defs.properties.change(systemActor, 'E', 'p', {
      name: 'r',
      definition: { type: 'integer', title: 'Other' },
    })
    assert.deepEqual(
      [renamed.name, renamed.definition.type, renamed.createdAt],
      ['r', 'integer', made.createdAt],
    )
    assert.ok(renamed.updatedAt > made.updatedAt)
    await defs.properties.remove(systemActor, 'E', 'r')
    await assert.rejects(defs.properties.remove(systemActor, 'E', 'r'), fails('not-found'))
    assert.deepEqual(
      (await defs.properties.list(reader, 'E')).map(({ name }) => name),
      ['q'],
    )
    await defs.properties.clear(systemActor, 'E')
    assert.deepEqual(await defs.properties.list(reader, 'E'), [])
    assert.equal((await defs.tags.list(reader, 'E')).length, 1)
  })

  test('several tags take the place of all, or are added', async () => {
    await defs.namespaces.create(systemActor, facts('G'))
    const add = (names: string[], append: boolean) =>
      defs.tags.addAll(
        systemActor,
        'G',
        names.map((name) => ({ name, definition: {} })),
        { append },
      )
    const present = async () => (await defs.tags.list(reader, 'G')).map(({ name }) => name)
    await add(['a', 'b'], false)
    await add(['c'], true)
    assert.deepEqual(await present(), ['a', 'b', 'c'])
    await assert.rejects(add(['d', 'c'], true), fails('conflict', 'exists'))
    await assert.rejects(add(['d', 'd'], false), fails('conflict', 'exists'))
    assert.deepEqual(await present(), ['a', 'b', 'c'])
    await add(['c', 'd'], false)
    assert.deepEqual(await present(), ['c', 'd'])
    await add([], false)
    assert.deepEqual(await present(), [])
  })

  test('nothing of a protected namespace is deleted', async () => {
    await defs.namespaces.create(systemActor, facts('P', { protected: true }), {
      tag: [{ name: 't', definition: {} }],
    })
    for (const refused of [
      () => defs.namespaces.remove(systemActor, 'P'),
      () => defs.tags.remove(systemActor, 'P', 't'),
      () => defs.tags.clear(systemActor, 'P'),
    ])
      await assert.rejects(refused, fails('forbidden', 'protected'))
    await defs.tags.change(systemActor, 'P', 't', { name: 'u', definition: {} })
    await defs.namespaces.change(systemActor, 'P', facts('P'))
    await defs.tags.remove(systemActor, 'P', 'u')
    await defs.namespaces.remove(systemActor, 'P')
  })

  test('pages follow each other in every order, both ways', async () => {
    const names = ['b', 'd', 'a', 'c']
    for (const name of names) await defs.namespaces.create(systemActor, facts(`L::${name}`))
    const mine = async (listing: object) =>
      (await namesOf(reader, listing)).filter((name) => name.startsWith('L::')).map((name) => name.slice(3))
    // All of one instant, so that only the order in which they came decides.
    await t.core.database.db.updateTable('metadef_namespaces').set({ created_at: 5 }).execute()
    await defs.namespaces.change(systemActor, 'L::d', facts('L::d'))
    const cases: [OrderKey, string[]][] = [
      ['name', ['a', 'b', 'c', 'd']],
      ['created_at', names],
      ['updated_at', ['b', 'a', 'c', 'd']],
    ]
    for (const [order, expected] of cases)
      for (const descending of [false, true]) {
        const all = await namesOf(reader, { order, descending })
        assert.deepEqual(await mine({ order, descending }), descending ? expected.toReversed() : expected)
        const paged: string[] = []
        for (let marker: string | undefined; ; marker = paged.at(-1)) {
          const page = await namesOf(reader, { order, descending, limit: 2, ...(marker ? { marker } : {}) })
          if (page.length === 0) break
          paged.push(...page)
        }
        assert.deepEqual(paged, all)
      }
    await assert.rejects(namesOf(reader, { marker: 'none' }), fails('not-found'))
    await defs.tags.addAll(
      systemActor,
      'L::a',
      ['x', 'z', 'y'].map((name) => ({ name, definition: {} })),
      { append: true },
    )
    const tags = async (paging: { order: OrderKey; descending: boolean; marker?: string }) =>
      (await defs.tags.list(reader, 'L::a', { limit: 2, ...paging })).map(({ name }) => name)
    assert.deepEqual(await tags({ order: 'name', descending: false }), ['x', 'y'])
    assert.deepEqual(await tags({ order: 'name', descending: false, marker: 'y' }), ['z'])
    assert.deepEqual(await tags({ order: 'created_at', descending: true }), ['y', 'z'])
    assert.deepEqual(await tags({ order: 'created_at', descending: true, marker: 'z' }), ['x'])
  })

  test('namespaces are found by visibility and by resource type', async () => {
    const types = (...names: string[]) => ({
      association: names.map((name) => ({ name, definition: association })),
    })
    await defs.namespaces.create(systemActor, facts('F::1', { visibility: 'public' }), types('F::A'))
    await defs.namespaces.create(systemActor, facts('F::2'), types('F::A', 'F::B'))
    await defs.namespaces.create(systemActor, facts('F::3', { ownerId: 21 }), types('F::B'))
    const found = (listing: object) => namesOf(reader, listing)
    assert.deepEqual(await found({ resourceTypes: ['F::A'] }), ['F::1', 'F::2'])
    assert.deepEqual(await found({ resourceTypes: ['F::B', 'none'] }), ['F::2'])
    assert.deepEqual(await found({ resourceTypes: ['F::A', 'F::B'], visibility: 'public' }), ['F::1'])
    const [second] = await defs.namespaces.list(reader, {
      order: 'name',
      descending: false,
      limit: 5,
      resourceTypes: ['F::B'],
    })
    assert.deepEqual(
      second?.associations.map(({ name }) => name),
      ['F::A', 'F::B'],
    )
  })

  test('names and texts have limits', async () => {
    const long = '🐧'.repeat(81)
    const complaintsOf = async (draft: NamespaceDraft) =>
      (await complaints(defs.namespaces.create(systemActor, draft))).map(([field]) => field)
    assert.deepEqual(await complaintsOf(facts('')), ['namespace'])
    assert.deepEqual(await complaintsOf(facts('a\nb')), ['namespace'])
    assert.deepEqual(await complaintsOf(facts(long, { displayName: long, description: 'x'.repeat(501) })), [
      'namespace',
      'display_name',
      'description',
    ])
    await defs.namespaces.create(systemActor, facts('🐧'.repeat(80)))
    await defs.namespaces.create(systemActor, facts('S'))
    const refused = { name: long, definition: { prefix: long, propertiesTarget: long } }
    assert.deepEqual(
      (await complaints(defs.associations.add(systemActor, 'S', refused))).map(([field]) => field),
      ['name', 'prefix', 'properties_target'],
    )
  })

  test('a namespace holds so much and no more', async () => {
    await defs.namespaces.create(systemActor, facts('Q'))
    const tags = Array.from({ length: limits.entries.tag }, (_, n) => ({ name: `t${n}`, definition: {} }))
    await defs.tags.addAll(systemActor, 'Q', tags, { append: false })
    await assert.rejects(
      defs.tags.add(systemActor, 'Q', { name: 'more', definition: {} }),
      fails('quota', 'metadefs'),
    )
    const large = { type: 'string', title: 'x'.repeat(limits.characters / 2) }
    await defs.properties.add(systemActor, 'Q', { name: 'a', definition: large })
    await assert.rejects(
      defs.properties.add(systemActor, 'Q', { name: 'b', definition: large }),
      fails('quota', 'metadefs'),
    )
    await defs.properties.add(systemActor, 'Q', { name: 'b', definition: property })
    await assert.rejects(
      defs.properties.change(systemActor, 'Q', 'b', { name: 'b', definition: large }),
      fails('quota', 'metadefs'),
    )
  })

  test('every change leaves an entry in the audit log', async () => {
    await defs.namespaces.create(systemActor, facts('A'), { tag: [{ name: 't', definition: {} }] })
    await defs.namespaces.change(systemActor, 'A', facts('A', { displayName: 'A name' }))
    await defs.objects.add(systemActor, 'A', { name: 'o', definition: object })
    await defs.objects.change(systemActor, 'A', 'o', {
      name: 'o',
      definition: { ...object, description: 'words' },
    })
    await defs.objects.remove(systemActor, 'A', 'o')
    await defs.tags.addAll(systemActor, 'A', [{ name: 'u', definition: {} }], { append: false })
    await defs.tags.clear(systemActor, 'A')
    const history = async (kind: 'namespace' | Kind, id: string) =>
      (await t.catalogue.audit.history(`metadef-${kind}`, id, { limit: 10 })).map(
        ({ action, before, after }) => [action, before, after],
      )
    assert.deepEqual(await history('namespace', 'A'), [
      ['update', { displayName: null }, { displayName: 'A name' }],
      ['create', null, { ...facts('A'), tag: ['t'], property: [], object: [], association: [] }],
    ])
    const worded = { ...object, description: 'words' }
    assert.deepEqual(await history('object', 'A/o'), [
      ['delete', worded, null],
      ['update', { definition: object }, { definition: worded }],
      ['create', null, object],
    ])
    assert.deepEqual(await history('tag', 'A'), [
      ['clear', ['u'], null],
      ['replace', ['t'], ['u']],
    ])
  })

  test('pages are read from the index of their order, and filters have one', async () => {
    const plans = await plansOf(
      t.core,
      async (core) => {
        for (const order of ['name', 'created_at', 'updated_at'] as const) {
          await metadefs(core).namespaces.list(reader, { order, descending: true, limit: 2, marker: 'L::b' })
          await metadefs(core).tags.list(reader, 'L::a', { order, descending: true, limit: 2, marker: 'y' })
        }
      },
      ['seqscan', 'sort', 'bitmapscan'],
    )
    for (const plan of plans) assert.doesNotMatch(plan, /temp b-tree for order by|\bsort\b.*key/i, plan)
    for (const index of ['namespaces_created', 'namespaces_updated', 'entries_created', 'entries_updated'])
      assert.ok(
        plans.some((plan) => plan.includes(`metadef_${index}`)),
        `${index}\n${plans.join('\n\n')}`,
      )
    // The few that are found are sorted.
    const [filtered] = await plansOf(
      t.core,
      (core) =>
        metadefs(core).namespaces.list(reader, {
          order: 'created_at',
          descending: true,
          limit: 2,
          resourceTypes: ['F::A'],
        }),
      ['seqscan'],
    )
    assert.match(filtered!, /metadef_entries_name/)
  })
})
