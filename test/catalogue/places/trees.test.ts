import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Actor, systemActor } from '../../../src/catalogue/actor.ts'
import { type TestCore, testCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { activeImage, complaints, fails } from './support.ts'

forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  let owner: Actor
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    await t.apply({ projects: [{ id: 70, name: 'acme' }] })
    owner = await t.actor({ acme: 'owner' })
  })
  after(() => t.close())

  for (const kind of ['organizations', 'locations'] as const) {
    test(`${kind} have a title, which follows every name above them`, async () => {
      const nouns = t.catalogue[kind]
      const top = await nouns.create(systemActor, { name: `${kind} Top`, description: 'first' })
      const middle = await nouns.create(systemActor, { name: `${kind} Middle`, parentId: top.id })
      const leaf = await nouns.create(systemActor, { name: `${kind} Leaf`, parentId: middle.id })
      assert.deepEqual([top.ancestry, top.parentId, top.parentName], [null, null, null])
      assert.equal(leaf.title, `${kind} Top/${kind} Middle/${kind} Leaf`)
      assert.equal(leaf.ancestry, `${top.id}/${middle.id}`)
      assert.equal(leaf.parentName, `${kind} Middle`)
      await nouns.change(systemActor, top.id, { name: `${kind} Renamed` })
      const renamed = await nouns.view(systemActor, leaf.id)
      assert.equal(renamed.title, `${kind} Renamed/${kind} Middle/${kind} Leaf`)
      assert.equal(renamed.updatedAt, leaf.updatedAt)
      const filter = { field: 'title', pattern: `%RENAMED/%LEAF` } as const
      assert.deepEqual(
        (await nouns.list(systemActor, { filter })).map((one) => one.id),
        [leaf.id],
      )
      assert.equal(await nouns.count(systemActor, { filter }), 1)
      const moved = await nouns.change(systemActor, leaf.id, { parentId: null })
      assert.equal(moved.title, `${kind} Leaf`)
    })

    test(`${kind}: what is wrong is told`, async () => {
      const nouns = t.catalogue[kind]
      const top = await nouns.create(systemActor, { name: `${kind} A` })
      const below = await nouns.create(systemActor, { name: `${kind} B`, parentId: top.id })
      const create = (draft: object) => complaints(nouns.create(systemActor, draft))
      assert.deepEqual(await create({}), [['name', ["can't be blank"]]])
      assert.deepEqual(await create({ name: `${kind} a`, parentId: 4711 }), [
        ['name', ['has already been taken']],
        ['parent_id', ['does not exist']],
      ])
      for (const parentId of [top.id, below.id]) {
        const ring = await complaints(nouns.change(systemActor, top.id, { parentId }))
        assert.deepEqual(
          ring.map(([attribute]) => attribute),
          ['parent_id'],
        )
      }
      const singular = kind.slice(0, -1)
      await assert.rejects(
        nouns.remove(systemActor, top.id),
        (error: Error) =>
          fails('conflict', 'nested')(error) &&
          error.message === `Cannot delete ${kind} A because it has nested ${singular}.`,
      )
      await nouns.remove(systemActor, below.id)
      await nouns.remove(systemActor, top.id)
      await assert.rejects(nouns.view(systemActor, top.id), fails('not-found'))
      await assert.rejects(nouns.remove(systemActor, 1), fails('conflict', 'built-in'))
      await assert.rejects(nouns.create(owner, { name: 'x' }), fails('forbidden', 'permission'))
    })
  }

  test('compute resources, users and locations of an organization are written from its side, too', async () => {
    const { organizations, computeResources, accounts } = t.catalogue
    const resource = await computeResources.create(systemActor, { name: 'inherited', provider: 'EC2' })
    const login = { login: 'bob', email: 'bob@example.org', password: 'secret', authSourceId: 1 }
    const bob = await accounts.create(systemActor, { ...login, roles: ['member'], organizationIds: [70] })
    const top = await organizations.create(systemActor, {
      name: 'with things',
      computeResourceIds: [resource.id],
      userIds: [bob.id],
      placeIds: [1],
    })
    assert.deepEqual(top.computeResources, [
      { id: resource.id, name: 'inherited', provider: 'EC2', inherited: false },
    ])
    assert.deepEqual(top.users, [{ id: bob.id, username: 'bob' }])
    assert.deepEqual(
      top.places.map((one) => one.name),
      ['RegionOne'],
    )
    const child = await organizations.create(systemActor, { name: 'below things', parentId: top.id })
    assert.equal(child.computeResources[0]?.inherited, true)
    // He has his role in the new organization as well.
    const { roles } = (await t.catalogue.users.byId(bob.id))!
    assert.deepEqual([...roles.get(top.id)!], ['member'])
    const actor: Actor = { ...owner, userId: bob.id, roles }
    const seen = await organizations.list(actor, { order: [{ field: 'title' }] })
    assert.deepEqual(
      seen.map((one) => one.title),
      ['acme', 'with things', 'with things/below things'],
    )
    assert.deepEqual((await organizations.view(actor, top.id)).users, [])
    await assert.rejects(organizations.view(actor, 1), fails('not-found'))

    const emptied = await organizations.change(systemActor, top.id, {
      computeResourceIds: [],
      userIds: [],
      placeIds: [],
    })
    assert.deepEqual([emptied.computeResources, emptied.users, emptied.places], [[], [], []])
    assert.deepEqual([...(await t.catalogue.users.byId(bob.id))!.roles.keys()], [70])
    await assert.rejects(
      organizations.change(systemActor, top.id, { userIds: [4711] }),
      fails('invalid', 'association'),
    )
  })

  test('what still holds images stays; records of deleted images keep nothing back', async () => {
    const { organizations, locations, images } = t.catalogue
    const made = await organizations.create(systemActor, { name: 'holder' })
    const place = await locations.create(systemActor, { name: 'site' })
    const actor = await t.actor({ holder: 'owner' })
    const image = await activeImage(t, actor, { name: 'held', region: 'site' })
    await assert.rejects(organizations.remove(systemActor, made.id), fails('conflict', 'in-use'))
    await assert.rejects(locations.remove(systemActor, place.id), fails('conflict', 'in-use'))
    await locations.change(systemActor, place.id, { name: 'Site B' })
    assert.equal((await images.view(actor, image.uuid)).region, 'Site B')
    const query = {
      scopes: [{ own: made.id }],
      filter: { field: 'region', is: 'eq', value: 'site b' },
      order: [{ field: 'seq' }],
      limit: 9,
    } as const
    assert.equal((await images.list(actor, query)).length, 1)
    await images.remove(actor, image.uuid)
    await organizations.remove(systemActor, made.id)
    await locations.remove(systemActor, place.id)
  })

  test('the old list of locations still tells all', async () => {
    const all = await t.catalogue.locations.all()
    assert.deepEqual(all[0], {
      id: 1,
      name: 'RegionOne',
      description: 'Default location',
      enabled: true,
      isDefault: true,
    })
  })
})
