import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Actor, systemActor } from '../../../src/catalogue/actor.ts'
import type { RegistrationScope } from '../../../src/catalogue/places/registrations/scope.ts'
import { type TestCore, testCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { activeImage, complaints, fails } from './support.ts'

const bigcompute = 980190962
const amazon = 928692541
const centos = 309172073
const debian = 12
const x86 = 501905019
const arm = 331892513
const onBig: RegistrationScope = { parent: { kind: 'compute-resource', id: bigcompute } }
const inCatalogue: RegistrationScope = { parent: { kind: 'compute-resource', id: 1 } }
const long = 'x'.repeat(256)

forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  let owner: Actor
  let member: Actor
  let reader: Actor
  let stranger: Actor
  let next = 0
  /** A draft that nothing is wrong with, unlike any other. */
  const draft = (more = {}) => {
    next++
    return {
      name: `template ${next}`,
      uuid: `uuid-${next}`,
      username: 'root',
      operatingSystemId: centos,
      architectureId: x86,
      ...more,
    }
  }
  const create = (more = {}, actor = systemActor, scope = onBig) =>
    t.catalogue.registrations.create(actor, scope, draft(more))
  const automatic = async (uuid: string) => {
    const filter = {
      field: 'name',
      is: 'eq',
      value: (await t.catalogue.images.view(systemActor, uuid)).name,
    } as const
    const [found] = await t.catalogue.registrations.list(systemActor, { ...inCatalogue, filter })
    return found!
  }

  before(async () => {
    t = await testCore({ url: await freshUrl() })
    await t.apply({
      projects: [
        { id: 70, name: 'acme' },
        { id: 80, name: 'other' },
      ],
      architectures: [
        { id: x86, name: 'x86_64' },
        { id: arm, name: 'aarch64' },
      ],
      operatingSystems: [
        { id: centos, name: 'centos', major: '5', minor: '3' },
        { id: debian, name: 'debian', major: '12' },
      ],
      computeResources: [
        { id: bigcompute, name: 'bigcompute', provider: 'Libvirt', url: 'qemu:///system' },
        { id: amazon, name: 'amazon-east', provider: 'EC2' },
      ],
    })
    await t.catalogue.computeResources.change(systemActor, bigcompute, {
      organizationIds: [70],
      locationIds: [1],
    })
    owner = await t.actor({ acme: 'owner' })
    member = await t.actor({ acme: 'member' })
    reader = await t.actor({ acme: 'reader' })
    stranger = await t.actor({ other: 'owner' })
  })
  after(() => t.close())

  describe('writing', () => {
    test('a registration is created, viewed, changed and removed; every step is in the audit log', async () => {
      const made = await create({ name: '  spaced  ', password: ' secret ', userData: true })
      assert.equal(made.name, 'spaced')
      assert.deepEqual(made.computeResource, { id: bigcompute, name: 'bigcompute', provider: 'Libvirt' })
      assert.deepEqual(made.operatingSystem, { id: centos, title: 'centos 5.3' })
      assert.deepEqual(made.architecture, { id: x86, name: 'x86_64' })
      assert.equal(made.userData, true)
      assert.equal(made.automatic, false)
      assert.deepEqual(await t.catalogue.registrations.view(systemActor, onBig, made.id), made)

      const changed = await t.catalogue.registrations.change(systemActor, onBig, made.id, {
        username: 'centos',
        architectureId: arm,
        userData: null,
      })
      assert.equal(changed.username, 'centos')
      assert.deepEqual(changed.architecture, { id: arm, name: 'aarch64' })
      assert.equal(changed.userData, null)
      assert.ok(changed.updatedAt > made.updatedAt)
      assert.equal(changed.createdAt, made.createdAt)

      const stored = await t.core.database.db
        .selectFrom('registrations')
        .select('password')
        .where('id', '=', made.id)
        .executeTakeFirstOrThrow()
      assert.ok(!stored.password!.includes('secret'))
      const removed = await t.catalogue.registrations.remove(systemActor, onBig, made.id)
      assert.deepEqual(removed, { ...changed, password: 'secret' })
      await assert.rejects(t.catalogue.registrations.remove(systemActor, onBig, made.id), fails('not-found'))
      const history = await t.catalogue.audit.history('registration', String(made.id), { limit: 10 })
      assert.deepEqual(
        history.map((entry) => entry.action),
        ['delete', 'update', 'create'],
      )
      assert.ok(!JSON.stringify(history).includes('secret'))
    })

    test('everything that is wrong is told at once, in the order of the contract', async () => {
      const nothing = t.catalogue.registrations.create(systemActor, onBig, {})
      assert.deepEqual(await complaints(nothing), [
        ['username', ["can't be blank"]],
        ['operatingsystem_id', ["can't be blank"]],
        ['architecture_id', ["can't be blank"]],
        ['name', ["can't be blank"]],
        ['uuid', ["can't be blank"]],
      ])
      const tooMuch = t.catalogue.registrations.create(systemActor, onBig, {
        name: long,
        uuid: long,
        username: long,
        iamRole: long,
        password: long,
        operatingSystemId: 4711,
        architectureId: 4711,
      })
      assert.deepEqual(
        (await complaints(tooMuch)).map(([attribute]) => attribute),
        ['uuid', 'username', 'name', 'iam_role', 'password', 'operatingsystem_id', 'architecture_id'],
      )
    })

    test('255 characters are not too many, also where each takes two units', async () => {
      const { name } = await create({ name: '😀'.repeat(255) })
      assert.equal([...name].length, 255)
    })

    test('name and uuid are taken once: by system and resource, with regard to case', async () => {
      const { name, uuid } = await create({ name: 'Unique-1' })
      const twins = await complaints(create({ name, uuid }))
      assert.deepEqual(twins, [
        ['name', ['has already been taken']],
        ['uuid', ['has already been taken']],
      ])
      await create({ name: 'unique-1' })
      await create({ name, operatingSystemId: debian })
      await create({ name, uuid }, systemActor, { parent: { kind: 'compute-resource', id: amazon } })
    })

    test('of four that are created at once with one name, one wins', async () => {
      const results = await Promise.allSettled([1, 2, 3, 4].map(() => create({ name: 'raced' })))
      assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1)
      for (const result of results)
        if (result.status === 'rejected') assert.ok(fails('invalid')(result.reason), String(result.reason))
    })

    test('what does not change changes nothing', async () => {
      const made = await create({ password: 'p' })
      assert.deepEqual(await t.catalogue.registrations.change(systemActor, onBig, made.id, {}), made)
      const same = { name: made.name, password: 'p', computeResourceId: bigcompute }
      assert.deepEqual(await t.catalogue.registrations.change(systemActor, onBig, made.id, same), made)
    })

    test('a registration moves to another compute resource', async () => {
      const made = await create()
      const patch = { computeResourceId: amazon }
      const moved = await t.catalogue.registrations.change(systemActor, onBig, made.id, patch)
      assert.equal(moved.computeResource.name, 'amazon-east')
      await assert.rejects(t.catalogue.registrations.view(systemActor, onBig, made.id), fails('not-found'))
    })

    test('the parent decides: the body cannot name another one', async () => {
      const made = await create({ computeResourceId: amazon })
      assert.equal(made.computeResource.id, bigcompute)
      const underSystem = await t.catalogue.registrations.create(
        systemActor,
        { parent: { kind: 'operating-system', id: debian } },
        draft({ operatingSystemId: centos, computeResourceId: amazon }),
      )
      assert.equal(underSystem.operatingSystem.id, debian)
      assert.equal(underSystem.computeResource.id, amazon)
    })

    test('a registration is found only below what it belongs to', async () => {
      const { id } = await create()
      const under = (parent: RegistrationScope['parent'], more = {}) =>
        t.catalogue.registrations.view(systemActor, { parent, ...more }, id)
      await under({ kind: 'operating-system', id: centos })
      await under({ kind: 'architecture', id: x86 }, { computeResourceId: bigcompute })
      for (const [parent, more, subject] of [
        [{ kind: 'operating-system', id: debian }, {}, 'registration'],
        [{ kind: 'architecture', id: arm }, {}, 'registration'],
        [{ kind: 'compute-resource', id: amazon }, {}, 'registration'],
        [{ kind: 'architecture', id: x86 }, { computeResourceId: amazon }, 'registration'],
        [{ kind: 'compute-resource', id: 4711 }, {}, 'compute-resource'],
        [{ kind: 'operating-system', id: Number.NaN }, {}, 'operating-system'],
      ] as const)
        await assert.rejects(
          under(parent, more),
          (error: { detail?: { subject?: string } }) =>
            fails('not-found')(error) && error.detail?.subject === subject,
        )
    })
  })

  describe('the catalogue registers its images', () => {
    test('a change of the registration is a change of the image', async () => {
      const image = await activeImage(t, owner, {
        name: 'golden',
        properties: { os_distro: 'centos', os_version: '5.3' },
      })
      const made = await automatic(image.uuid)
      assert.equal(made.automatic, true)
      assert.equal(made.operatingSystem.id, centos)
      assert.equal(made.username, 'root')
      const changed = await t.catalogue.registrations.change(owner, inCatalogue, made.id, {
        name: 'platinum',
        operatingSystemId: debian,
        architectureId: arm,
        username: 'debian',
        password: 'of the registration',
        userData: true,
      })
      assert.deepEqual(
        [changed.name, changed.operatingSystem.title, changed.architecture.name, changed.username],
        ['platinum', 'debian 12', 'aarch64', 'debian'],
      )
      assert.equal(changed.automatic, true)
      assert.equal(changed.userData, true)
      const after = await t.catalogue.images.view(owner, image.uuid)
      assert.equal(after.name, 'platinum')
      assert.deepEqual(after.properties, {
        os_distro: 'debian',
        os_version: '12',
        architecture: 'aarch64',
        os_admin_user: 'debian',
      })
      await t.catalogue.images.change(owner, image.uuid, () => ({ name: 'again' }))
      const again = await automatic(image.uuid)
      assert.equal(again.id, made.id)
      assert.equal(again.userData, true)
    })

    test('a change keeps the system that was chosen, however it writes its version', async () => {
      await t.apply({ operatingSystems: [{ id: 2204, name: 'ubuntu', major: '22.04' }] })
      const image = await activeImage(t, owner, { name: 'jammy' })
      const { id } = await automatic(image.uuid)
      const patch = { operatingSystemId: 2204 }
      const changed = await t.catalogue.registrations.change(owner, inCatalogue, id, patch)
      assert.equal(changed.operatingSystem.id, 2204)
      await t.catalogue.images.change(owner, image.uuid, () => ({ name: 'jammy too' }))
      assert.equal((await automatic(image.uuid)).operatingSystem.id, 2204)
    })

    test('the system of an image is the one that is called what it says, however it is kept', async () => {
      const systems = [
        { id: 2404, name: 'kubuntu', major: '24.04' },
        { id: 125, name: 'Bookworm', major: '12', description: 'Debian 12.5' },
        { id: 99, name: 'Red Hat', major: '9' },
      ]
      await t.apply({ operatingSystems: systems })
      for (const [distro, version, id] of [
        ['kubuntu', '24.04', 2404],
        ['Debian', '12.5', 125],
        ['Red', 'Hat 9', 99],
      ] as const) {
        const properties = { os_distro: distro, os_version: version }
        const image = await activeImage(t, owner, { name: `called ${distro}`, properties })
        assert.equal((await automatic(image.uuid)).operatingSystem.id, id)
        await t.catalogue.images.change(owner, image.uuid, () => ({ name: `still ${distro}` }))
        assert.equal((await automatic(image.uuid)).operatingSystem.id, id)
        assert.deepEqual((await t.catalogue.images.view(owner, image.uuid)).properties, properties)
      }
    })

    test('what Foreman calls blank is not shown to it', async () => {
      const properties = { os_distro: ' ', architecture: '\t', os_admin_user: ' \u00a0' }
      const image = await activeImage(t, owner, { name: ' \u3000', properties })
      const registered = await t.catalogue.registrations.list(systemActor, inCatalogue)
      const found = registered.find(({ uuid }) => uuid === image.uuid)!
      assert.deepEqual(
        [found.name, found.username, found.operatingSystem.title, found.architecture.name],
        [image.uuid, 'root', 'unknown', 'x86_64'],
      )
      // What was shown can be written, and changes nothing.
      const { name, username } = found
      await t.catalogue.registrations.change(owner, inCatalogue, found.id, { name, username })
      const after = await t.catalogue.images.view(owner, image.uuid)
      assert.deepEqual([after.name, after.properties], [' \u3000', properties])
    })

    test('the system `unknown` is that of an image that does not say', async () => {
      const image = await activeImage(t, owner, {
        name: 'who knows',
        properties: { os_distro: 'debian', os_version: '12' },
      })
      const nameless = await automatic((await activeImage(t, owner, { name: 'no facts' })).uuid)
      assert.equal(nameless.operatingSystem.title, 'unknown')
      const { id } = await automatic(image.uuid)
      await t.catalogue.registrations.change(owner, inCatalogue, id, {
        operatingSystemId: nameless.operatingSystem.id,
      })
      assert.deepEqual((await t.catalogue.images.view(owner, image.uuid)).properties, {})
    })

    test('the uuid of an automatic registration stays; the image of another project needs its rights', async () => {
      const image = await activeImage(t, owner, { name: 'mine', visibility: 'shared' })
      const { id } = await automatic(image.uuid)
      assert.deepEqual(
        await complaints(
          t.catalogue.registrations.change(owner, inCatalogue, id, { uuid: 'anything else' }),
        ).then((all) => all.map(([attribute]) => attribute)),
        ['uuid'],
      )
      const other = await activeImage(t, owner, { name: 'the other' })
      assert.equal(
        (await t.catalogue.registrations.list(stranger, inCatalogue)).some((one) => one.id === id),
        false,
      )
      await assert.rejects(
        t.catalogue.registrations.change(stranger, inCatalogue, id, { name: 'x' }),
        fails('not-found'),
      )
      await t.catalogue.members.add(owner, image.uuid, 80)
      assert.ok((await t.catalogue.registrations.list(stranger, inCatalogue)).some((one) => one.id === id))
      await assert.rejects(
        t.catalogue.registrations.change(stranger, inCatalogue, id, { name: 'x' }),
        fails('forbidden', 'owner'),
      )
      await assert.rejects(t.catalogue.registrations.remove(stranger, inCatalogue, id), fails('forbidden'))
      assert.equal((await t.catalogue.images.view(owner, other.uuid)).name, 'the other')
    })

    test('one that was deleted stays away until its uuid is registered again', async () => {
      const image = await activeImage(t, owner, { name: 'leaving' })
      const { id } = await automatic(image.uuid)
      const before = await t.catalogue.images.view(owner, image.uuid)
      await t.catalogue.registrations.remove(owner, inCatalogue, id)
      const left = await t.catalogue.images.view(owner, image.uuid)
      assert.deepEqual({ ...left, unregistered: false }, before)
      await t.catalogue.images.change(owner, image.uuid, () => ({ name: 'changed' }))
      await t.catalogue.images.deactivate(owner, image.uuid)
      await t.catalogue.images.reactivate(owner, image.uuid)
      assert.equal(await automatic(image.uuid), undefined)

      const back = await create({ name: 'own name', uuid: image.uuid.toUpperCase() }, owner, inCatalogue)
      assert.equal(back.uuid, image.uuid)
      assert.equal(back.automatic, false)
      assert.equal(back.imageSeq, image.seq)
      await t.catalogue.registrations.change(owner, inCatalogue, back.id, { name: 'still its own' })
      assert.equal((await t.catalogue.images.view(owner, image.uuid)).name, 'changed')
      await t.catalogue.images.change(owner, image.uuid, () => ({ name: 'changed twice' }))
      const own = await t.catalogue.registrations.view(owner, inCatalogue, back.id)
      assert.equal(own.name, 'still its own')

      await t.catalogue.registrations.remove(owner, inCatalogue, back.id)
      await t.catalogue.images.change(owner, image.uuid, () => ({ name: 'leaving' }))
      assert.equal(await automatic(image.uuid), undefined)
    })

    test('only what the catalogue has can be registered there', async () => {
      const notFound = [['uuid', ['could not be found in catalogue']]]
      assert.deepEqual(await complaints(create({}, systemActor, inCatalogue)), notFound)
      const queued = await t.catalogue.images.create(owner, { name: 'no bytes yet' })
      assert.deepEqual(await complaints(create({ uuid: queued.uuid }, owner, inCatalogue)), notFound)
      const hidden = await activeImage(t, owner, { name: 'not yours' })
      assert.deepEqual(await complaints(create({ uuid: hidden.uuid }, stranger, inCatalogue)), [
        ['uuid', ['has already been taken', 'could not be found in catalogue']],
      ])
      await assert.doesNotReject(create({ uuid: hidden.uuid }))
    })

    test('images that share a name all appear; what is written through Foreman may not take it', async () => {
      const one = await activeImage(t, owner, { name: 'common' })
      await activeImage(t, owner, { name: 'common' })
      const filter = { field: 'name', is: 'eq', value: 'common' } as const
      const both = await t.catalogue.registrations.list(owner, { ...inCatalogue, filter })
      assert.equal(both.length, 2)
      const third = await automatic((await activeImage(t, owner, { name: 'uncommon' })).uuid)
      const renamed = t.catalogue.registrations.change(owner, inCatalogue, third.id, { name: 'common' })
      assert.deepEqual(await complaints(renamed), [['name', ['has already been taken']]])
      const first = both.find((registration) => registration.uuid === one.uuid)!
      await t.catalogue.registrations.change(owner, inCatalogue, first.id, { username: 'cloud' })
    })

    test('a registration that moves away is remembered, and the image stays', async () => {
      const image = await activeImage(t, owner, { name: 'traveller' })
      const { id } = await automatic(image.uuid)
      const moved = await t.catalogue.registrations.change(owner, inCatalogue, id, {
        computeResourceId: bigcompute,
      })
      assert.equal(moved.automatic, false)
      assert.equal(moved.imageSeq, image.seq)
      await t.catalogue.images.change(owner, image.uuid, () => ({ name: 'traveller still' }))
      assert.equal(await automatic(image.uuid), undefined)
      assert.equal((await t.catalogue.registrations.view(owner, onBig, id)).name, 'traveller')
      const home = await t.catalogue.registrations.change(owner, onBig, id, { computeResourceId: 1 })
      assert.equal(home.automatic, false)
    })
  })

  describe('who may do what', () => {
    test('each role on a resource of its project', async () => {
      const { id } = await create({ name: 'for the roles' })
      const { registrations } = t.catalogue
      const deeds: readonly [string, (actor: Actor) => Promise<unknown>][] = [
        ['list', (actor) => registrations.list(actor, onBig)],
        ['view', (actor) => registrations.view(actor, onBig, id)],
        [
          'change',
          (actor) => registrations.change(actor, onBig, id, { username: `by ${actor.username}${next++}` }),
        ],
        ['create', (actor) => create({}, actor).then((made) => registrations.remove(actor, onBig, made.id))],
      ]
      for (const [actor, allowed] of [
        [owner, ['list', 'view', 'change', 'create']],
        [member, ['list', 'view', 'change', 'create']],
        [reader, ['list', 'view']],
      ] as const)
        for (const [name, deed] of deeds)
          if ((allowed as readonly string[]).includes(name)) await deed(actor)
          else await assert.rejects(deed(actor), fails('forbidden', 'permission'), name)
      await assert.rejects(registrations.remove(reader, onBig, id), fails('forbidden', 'permission'))
    })

    test('a resource of another project does not exist', async () => {
      const { id } = await create()
      await assert.rejects(t.catalogue.registrations.list(stranger, onBig), fails('not-found'))
      await assert.rejects(t.catalogue.registrations.view(stranger, onBig, id), fails('not-found'))
      const underSystem: RegistrationScope = { parent: { kind: 'operating-system', id: centos } }
      await assert.rejects(t.catalogue.registrations.view(stranger, underSystem, id), fails('not-found'))
      const there = { computeResourceId: bigcompute }
      await assert.rejects(create(there, stranger, underSystem), fails('not-found'))
      const own = await create()
      assert.deepEqual(
        await complaints(
          t.catalogue.registrations.change(owner, onBig, own.id, { computeResourceId: amazon }),
        ),
        [['compute_resource_id', ['does not exist']]],
      )
    })

    test('a context leaves out what is not assigned to it', async () => {
      await create({ name: 'in context' })
      const underSystem = { parent: { kind: 'operating-system', id: centos } } as const
      const filter = { field: 'name', is: 'eq', value: 'in context' } as const
      const count = (context: object) =>
        t.catalogue.registrations.count(systemActor, { ...underSystem, filter, context })
      assert.equal(await count({}), 1)
      assert.equal(await count({ projectId: 70, locationId: 1 }), 1)
      assert.equal(await count({ projectId: 80 }), 0)
      await assert.rejects(
        t.catalogue.registrations.list(systemActor, { ...onBig, context: { projectId: 80 } }),
        fails('not-found'),
      )
    })

    test('hidden images of others are in no list', async () => {
      const image = await activeImage(t, owner, { name: 'hidden one', hidden: true })
      const filter = { field: 'name', is: 'eq', value: 'hidden one' } as const
      await t.catalogue.images.change(systemActor, image.uuid, () => ({ visibility: 'public' }))
      const { id } = await automatic(image.uuid)
      assert.equal(await t.catalogue.registrations.count(stranger, { ...inCatalogue, filter }), 0)
      assert.equal(await t.catalogue.registrations.count(owner, { ...inCatalogue, filter }), 1)
      assert.equal((await t.catalogue.registrations.view(stranger, inCatalogue, id)).uuid, image.uuid)
    })
  })

  test('lists are filtered, sorted and cut; counts tell all of them', async () => {
    const resource = await t.catalogue.computeResources.create(systemActor, {
      name: 'to list',
      provider: 'EC2',
    })
    const scope: RegistrationScope = { parent: { kind: 'compute-resource', id: resource.id } }
    for (const [name, userData] of [
      ['b', true],
      ['A', null],
      ['ä', false],
      ['c_d', true],
    ] as const)
      await create({ name, userData, username: name === 'A' ? 'admin' : 'root' }, systemActor, scope)
    const names = async (query: object) =>
      (await t.catalogue.registrations.list(systemActor, { ...scope, ...query })).map((one) => one.name)
    const byName = { order: [{ field: 'name' }, { field: 'id' }] }
    assert.deepEqual(await names(byName), ['A', 'b', 'c_d', 'ä'])
    assert.deepEqual(await names({ ...byName, offset: 1, limit: 2 }), ['b', 'c_d'])
    assert.deepEqual(await names({ order: [{ field: 'user_data' }, { field: 'id' }] }), [
      'A',
      'ä',
      'b',
      'c_d',
    ])
    const descending = { order: [{ field: 'user_data', descending: true }, { field: 'id' }] }
    assert.deepEqual(await names(descending), ['b', 'c_d', 'ä', 'A'])
    assert.deepEqual(await names({ ...byName, filter: { field: 'name', pattern: '%Ä%' } }), ['ä'])
    assert.deepEqual(await names({ ...byName, filter: { field: 'username', pattern: '%oot%' } }), [
      'b',
      'c_d',
      'ä',
    ])
    const filter = { field: 'user_data', is: 'eq', value: 1 } as const
    assert.equal(await t.catalogue.registrations.count(systemActor, { ...scope, filter }), 2)
    assert.equal(await t.catalogue.registrations.count(systemActor, scope), 4)
    await assert.rejects(names({ order: [{ field: 'password' }] }), fails('invalid', 'field'))
  })
})
