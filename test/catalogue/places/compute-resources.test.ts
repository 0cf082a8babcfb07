import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Actor, systemActor } from '../../../src/catalogue/actor.ts'
import { type TestCore, testCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { activeImage, complaints, fails } from './support.ts'

forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  let owner: Actor
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    await t.apply({
      projects: [
        { id: 70, name: 'acme' },
        { id: 80, name: 'other' },
      ],
    })
    owner = await t.actor({ acme: 'owner' })
  })
  after(() => t.close())

  const create = (draft: object, context = {}) =>
    t.catalogue.computeResources.create(systemActor, draft, context)
  const libvirt = { provider: 'libvirt', url: 'qemu+ssh://host/system' }

  test('one is created, changed and removed; its password is never told', async () => {
    const { computeResources } = t.catalogue
    const made = await create({
      ...libvirt,
      name: 'kvm1',
      password: 'secret',
      attributes: { display_type: 'spice', bogus: 'x' },
      organizationIds: [70],
    })
    assert.equal(made.provider, 'Libvirt')
    assert.deepEqual(made.attributes, { display_type: 'spice', set_console_password: true })
    assert.deepEqual(
      made.organizations.map((one) => one.title),
      ['acme'],
    )
    // The only location there is.
    assert.deepEqual(
      made.locations.map((one) => one.title),
      ['RegionOne'],
    )
    const patch = {
      name: 'kvm2',
      provider: 'LIBVIRT',
      attributes: { set_console_password: false },
      locationIds: [],
    }
    const changed = await computeResources.change(systemActor, made.id, patch)
    assert.equal(changed.name, 'kvm2')
    assert.deepEqual(changed.attributes, { display_type: 'spice', set_console_password: false })
    assert.deepEqual(changed.locations, [])
    const same = await computeResources.change(systemActor, made.id, { name: 'kvm2', password: 'secret' })
    assert.equal(same.updatedAt, changed.updatedAt)
    const removed = await computeResources.remove(systemActor, made.id)
    assert.deepEqual([removed.name, removed.organizations, removed.locations], ['kvm2', [], []])
    await assert.rejects(computeResources.view(systemActor, made.id), fails('not-found'))
    const history = await t.catalogue.audit.history('compute resource', String(made.id), { limit: 9 })
    assert.deepEqual(
      history.map((entry) => entry.action),
      ['delete', 'update', 'create'],
    )
    assert.ok(!JSON.stringify(history).includes('secret'))
  })

  test('what is wrong is told attribute by attribute', async () => {
    await create({ ...libvirt, name: 'taken' })
    const blankUrl = await complaints(create({ provider: 'Libvirt', name: '' }))
    assert.deepEqual(blankUrl, [
      ['name', ["can't be blank"]],
      ['url', ['is invalid', "can't be blank"]],
    ])
    assert.deepEqual(await complaints(create({ ...libvirt, name: 'taken', url: 'no url' })), [
      ['name', ['has already been taken']],
      ['url', ['is invalid']],
    ])
    const made = await create({ ...libvirt, name: 'fixed' })
    const other = t.catalogue.computeResources.change(systemActor, made.id, { provider: 'EC2' })
    assert.deepEqual(await complaints(other), [['provider', ['cannot be changed']]])
    await assert.rejects(create({ name: 'x' }), fails('invalid', 'provider-missing'))
    for (const provider of ['bogus', 'Catalogue'])
      await assert.rejects(create({ name: 'x', provider }), fails('invalid', 'provider'))
    await assert.rejects(
      create({ ...libvirt, name: 'x', locationIds: [99] }),
      fails('invalid', 'association'),
    )
  })

  test('its registrations go with it, but not while it has instances', async () => {
    const made = await create({ ...libvirt, name: 'in use', organizationIds: [70] })
    await t.apply({
      architectures: [{ id: 5, name: 'x86_64' }],
      operatingSystems: [{ id: 5, name: 'centos', major: '5' }],
      registrations: [
        {
          name: 'r',
          uuid: 'u',
          computeResource: 'in use',
          operatingSystem: 'centos 5',
          architecture: 'x86_64',
        },
      ],
      instances: [
        {
          uuid: '81ddeb48-937b-4e54-8b37-091bfcabf18e',
          hostname: 'web01',
          project: 'acme',
          computeResource: 'in use',
        },
      ],
    })
    await assert.rejects(
      t.catalogue.computeResources.remove(systemActor, made.id),
      fails('conflict', 'in-use'),
    )
    await t.catalogue.instances.remove(systemActor, '81ddeb48-937b-4e54-8b37-091bfcabf18e')
    const removed = await t.catalogue.computeResources.remove(systemActor, made.id)
    assert.deepEqual(
      removed.images.map((one) => one.name),
      ['r'],
    )
    const left = await t.core.database.db
      .selectFrom('registrations')
      .select('id')
      .where('compute_resource_id', '=', made.id)
      .execute()
    assert.deepEqual(left, [])
  })

  test("the catalogue is everybody's, and stays as it is", async () => {
    const { computeResources } = t.catalogue
    const stranger = await t.actor({ other: 'reader' })
    assert.equal((await computeResources.view(stranger, 1, { projectId: 80 })).name, 'catalogue')
    await assert.rejects(
      computeResources.change(systemActor, 1, { name: 'x' }),
      fails('conflict', 'built-in'),
    )
    await assert.rejects(computeResources.change(owner, 1, { name: 'x' }), fails('conflict', 'built-in'))
    await assert.rejects(computeResources.remove(systemActor, 1), fails('conflict', 'built-in'))
    await computeResources.change(systemActor, 1, { name: 'catalogue' })
  })

  test('the catalogue offers active images that the caller may see; records offer nothing', async () => {
    const { computeResources, images } = t.catalogue
    const visible = await activeImage(t, owner, { name: 'offered' })
    const off = await activeImage(t, owner, { name: 'switched off' })
    await images.deactivate(owner, off.uuid)
    await images.create(owner, { name: 'no bytes' })
    const stranger = await t.actor({ other: 'owner' })
    assert.deepEqual(await computeResources.availableImages(owner, 1), [
      { uuid: visible.uuid, name: 'offered' },
    ])
    assert.deepEqual(await computeResources.availableImages(stranger, 1), [])
    const made = await create({ ...libvirt, name: 'offers nothing' })
    assert.deepEqual(await computeResources.availableImages(systemActor, made.id), [])
  })

  describe('who sees which', () => {
    let ids: Readonly<Record<string, number>>
    before(async () => {
      const { organizations, locations } = t.catalogue
      const parent = await organizations.create(systemActor, { name: 'parent' })
      const child = await organizations.create(systemActor, { name: 'child', parentId: parent.id })
      const north = await locations.create(systemActor, { name: 'north' })
      const lab = await locations.create(systemActor, { name: 'lab', parentId: north.id })
      ids = { parent: parent.id, child: child.id, north: north.id, lab: lab.id }
      const place = (name: string, organizations: string[], places: string[]) =>
        create({
          name,
          provider: 'EC2',
          organizationIds: organizations.map((one) => ids[one]!),
          locationIds: places.map((one) => ids[one]!),
        })
      await place('cr-parent-north', ['parent'], ['north'])
      await place('cr-child-lab', ['child'], ['lab'])
      await place('cr-child', ['child'], [])
      await place('cr-lab', [], ['lab'])
      await place('cr-nowhere', [], [])
    })

    const names = async (actor: Actor, context: object = {}) => {
      const filter = {
        any: [
          { field: 'name', pattern: 'cr-%' },
          { field: 'id', is: 'eq', value: 1 },
        ],
      } as const
      const found = await t.catalogue.computeResources.list(actor, {
        context,
        filter,
        order: [{ field: 'name' }],
      })
      assert.equal(await t.catalogue.computeResources.count(actor, { context, filter }), found.length)
      return found.map((one) => one.name.replace('cr-', '')).join(' ')
    }
    /** A user of these organizations and locations, as the database has him. */
    async function user(organizations: readonly string[], places: readonly string[]): Promise<Actor> {
      const login = `u${[...organizations, ...places].join('-')}`
      const made = await t.catalogue.accounts.create(systemActor, {
        login,
        email: 'u@example.org',
        password: 'secret',
        authSourceId: 1,
        roles: ['reader'],
        organizationIds: organizations.map((one) => ids[one]!),
        locationIds: places.map((one) => ids[one]!),
      })
      const { roles } = (await t.catalogue.users.byId(made.id))!
      return { ...owner, userId: made.id, username: login, roles }
    }

    test('administrators see all, and in a context what belongs to it', async () => {
      assert.equal(await names(systemActor), 'catalogue child child-lab lab nowhere parent-north')
      assert.equal(
        await names(systemActor, { projectId: ids.parent }),
        'catalogue child child-lab parent-north',
      )
      assert.equal(
        await names(systemActor, { projectId: ids.child }),
        'catalogue child child-lab parent-north',
      )
      assert.equal(
        await names(systemActor, { locationId: ids.north }),
        'catalogue child-lab lab parent-north',
      )
      const both = { projectId: ids.child, locationId: ids.lab }
      assert.equal(await names(systemActor, both), 'catalogue child-lab parent-north')
    })

    test('others see what is in one of their organizations and one of their locations', async () => {
      assert.equal(await names(await user(['parent'], ['north'])), 'catalogue child-lab parent-north')
      const low = await user(['child'], ['lab'])
      assert.equal(await names(low), 'catalogue child-lab')
      // In a context, what is assigned above it is there as well.
      assert.equal(
        await names(low, { projectId: ids.child, locationId: ids.lab }),
        'catalogue child-lab parent-north',
      )
      assert.equal(await names(low, { projectId: ids.parent }), 'catalogue')
      assert.equal(await names(await user(['parent'], [])), 'catalogue')
    })

    test('who has no role sees nothing at all', async () => {
      const nobody: Actor = { ...owner, roles: new Map() }
      await assert.rejects(t.catalogue.computeResources.list(nobody, {}), fails('forbidden', 'permission'))
    })

    test('managers change what a resource is called, not where it is', async () => {
      const { computeResources } = t.catalogue
      const made = await create({ ...libvirt, name: 'managed', organizationIds: [70], locationIds: [1] })
      const manager: Actor = { ...owner, userId: (await user(['child'], ['north'])).userId }
      await t.core.database.db
        .insertInto('user_locations')
        .values({ user_id: manager.userId!, location_id: 1 })
        .execute()
      const patch = { description: 'ours', attributes: { display_type: 'spice' } }
      assert.equal((await computeResources.change(manager, made.id, patch)).description, 'ours')
      for (const forbidden of [
        { url: 'qemu:///system' },
        { username: 'root' },
        { password: 'x' },
        { attributes: { server: 'elsewhere' } },
        { organizationIds: [70, 80] },
      ])
        await assert.rejects(
          computeResources.change(manager, made.id, forbidden),
          fails('forbidden', 'connection'),
        )
      await assert.rejects(computeResources.remove(manager, made.id), fails('forbidden', 'permission'))
      await assert.rejects(
        computeResources.create(manager, { ...libvirt, name: 'x' }),
        fails('forbidden', 'permission'),
      )
      const reader: Actor = { ...manager, roles: new Map([[70, new Set(['reader' as const])]]) }
      await assert.rejects(computeResources.change(reader, made.id, patch), fails('forbidden', 'permission'))
    })

    test('they are searched by their class and by where they are', async () => {
      const found = async (filter: object) =>
        (
          await t.catalogue.computeResources.list(systemActor, {
            filter: filter as never,
            order: [{ field: 'name' }],
          })
        ).map((one) => one.name)
      assert.deepEqual(await found({ field: 'location', is: 'eq', value: 'lab' }), ['cr-child-lab', 'cr-lab'])
      assert.deepEqual(await found({ field: 'organization', pattern: 'PAR%' }), ['cr-parent-north'])
      assert.deepEqual(await found({ field: 'organization_id', is: 'eq', value: ids.child! }), [
        'cr-child',
        'cr-child-lab',
      ])
      assert.deepEqual(await found({ field: 'type', is: 'eq', value: 'Foreman::Model::Catalogue' }), [
        'catalogue',
      ])
      const nowhere = {
        all: [
          { field: 'location', missing: true },
          { field: 'organization', missing: true },
        ],
      }
      assert.deepEqual(await found(nowhere), ['catalogue', 'cr-nowhere'])
    })
  })
})
