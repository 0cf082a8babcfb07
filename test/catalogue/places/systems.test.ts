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
    await t.apply({ projects: [{ id: 70, name: 'acme' }] })
    owner = await t.actor({ acme: 'owner' })
  })
  after(() => t.close())

  describe('operating systems', () => {
    const create = (draft: object) => t.catalogue.systems.create(systemActor, draft)

    test('one is created with what follows from its name, changed and removed', async () => {
      const { architectures, systems } = t.catalogue
      const x86 = await architectures.create(systemActor, { name: 'x86_64' })
      const made = await create({ name: 'Fedora', major: '40', architectureIds: [x86.id, x86.id] })
      assert.deepEqual(
        [made.title, made.minor, made.family, made.passwordHash, made.description, made.releaseName],
        ['Fedora 40', '', 'Redhat', 'SHA512', null, null],
      )
      assert.deepEqual(made.architectures, [{ id: x86.id, name: 'x86_64' }])
      assert.deepEqual(made.images, [])
      const same = await systems.change(systemActor, made.id, { major: '40', architectureIds: [x86.id] })
      assert.equal(same.updatedAt, made.updatedAt)
      const changed = await systems.change(systemActor, made.id, {
        minor: '1',
        description: 'The hat',
        architectureIds: [],
      })
      assert.equal(changed.title, 'The hat')
      assert.deepEqual(changed.architectures, [])
      assert.equal((await systems.change(systemActor, made.id, { description: '' })).title, 'Fedora 40.1')
      await systems.remove(systemActor, made.id)
      await assert.rejects(systems.view(systemActor, made.id), fails('not-found'))
      await architectures.remove(systemActor, x86.id)
    })

    test('what is wrong is told attribute by attribute', async () => {
      const cases: readonly [object, [string, string[]][]][] = [
        [
          {},
          [
            ['name', ["can't be blank"]],
            ['major', ['is not a number', 'Operating System version is required']],
          ],
        ],
        [
          { name: 'a b', major: 'five' },
          [
            ['name', ["can't contain spaces."]],
            ['major', ['is not a number']],
          ],
        ],
        [
          { name: 'a', major: '-1', minor: 'x' },
          [
            ['major', ['is not a number']],
            ['minor', ['is not a number']],
          ],
        ],
        [{ name: 'debian', major: '12' }, [['release_name', ["can't be blank"]]]],
      ]
      for (const [draft, expected] of cases) assert.deepEqual(await complaints(create(draft)), expected)
      const unknown = await complaints(create({ name: 'a', major: '1', family: 'Amiga' }))
      assert.deepEqual(
        unknown.map(([attribute]) => attribute),
        ['type'],
      )
    })

    test('name with version, and title, are taken once', async () => {
      await create({ name: 'rocky', major: '9', minor: '1' })
      assert.deepEqual(await complaints(create({ name: 'rocky', major: '9', minor: '1' })), [
        ['name', ['Operating system version already exists']],
        ['title', ['has already been taken']],
      ])
      const titled = create({ name: 'other', major: '1', description: 'rocky 9.1' })
      assert.deepEqual(await complaints(titled), [['title', ['has already been taken']]])
      await create({ name: 'rocky', major: '9', minor: '2' })
    })

    test('a release name is stored in lower case', async () => {
      const made = await create({ name: 'Debian', major: '12', releaseName: 'Bookworm' })
      assert.deepEqual([made.releaseName, made.family], ['bookworm', 'Debian'])
    })

    test('an unknown architecture is told by its id, and nothing is written', async () => {
      const draft = { name: 'nowhere', major: '1', architectureIds: [4711] }
      await assert.rejects(
        create(draft),
        (error: Error) =>
          fails('invalid', 'association')(error) &&
          error.message === "Couldn't find Architecture with 'id'=4711",
      )
      const filter = { field: 'name', is: 'eq', value: 'nowhere' } as const
      assert.equal(await t.catalogue.systems.count(systemActor, { filter }), 0)
    })

    test('they are searched by their own facts and by architecture', async () => {
      const arm = await t.catalogue.architectures.create(systemActor, { name: 'armv7' })
      const made = await create({
        name: 'gentoo',
        major: '1',
        description: 'Gentoo Linux',
        architectureIds: [arm.id],
      })
      const found = async (filter: object) =>
        (await t.catalogue.systems.list(systemActor, { filter: filter as never })).map((one) => one.id)
      for (const filter of [
        { field: 'architecture', is: 'eq', value: 'armv7' },
        { field: 'title', pattern: '%GENTOO l%' },
        { field: 'description', pattern: 'gentoo%' },
        {
          all: [
            { field: 'name', is: 'eq', value: 'gentoo' },
            { field: 'minor', is: 'eq', value: '' },
          ],
        },
      ])
        assert.deepEqual(await found(filter), [made.id], JSON.stringify(filter))
      assert.deepEqual(await found({ field: 'medium', is: 'eq', value: 'x' }), [])
      const nested = await t.catalogue.systems.list(systemActor, { architectureId: arm.id })
      assert.deepEqual(
        nested.map((one) => one.id),
        [made.id],
      )
      const back = await t.catalogue.architectures.list(systemActor, { operatingSystemId: made.id })
      assert.deepEqual(
        back.map((one) => one.name),
        ['armv7'],
      )
    })

    test('its registrations go with it, but not while an image has it', async () => {
      const made = await create({ name: 'suse', major: '15' })
      const x86 = await t.catalogue.architectures.create(systemActor, { name: 'i386' })
      const resource = await t.catalogue.computeResources.create(systemActor, {
        name: 'for suse',
        provider: 'EC2',
      })
      const scope = { parent: { kind: 'compute-resource', id: resource.id } } as const
      await t.catalogue.registrations.create(systemActor, scope, {
        name: 'n',
        uuid: 'u',
        username: 'root',
        operatingSystemId: made.id,
        architectureId: x86.id,
      })
      assert.equal((await t.catalogue.systems.view(systemActor, made.id)).images.length, 1)
      const image = await activeImage(t, owner, {
        name: 'suse image',
        properties: { os_distro: 'suse', os_version: '15' },
      })
      await assert.rejects(
        t.catalogue.systems.remove(systemActor, made.id),
        (error: { detail?: unknown }) => {
          assert.ok(fails('conflict', 'in-use')(error))
          assert.deepEqual(error.detail, {
            reason: 'in-use',
            fields: { base: ['suse 15 is used by suse image'] },
          })
          return true
        },
      )
      await t.catalogue.images.remove(owner, image.uuid)
      await t.catalogue.systems.remove(systemActor, made.id)
      assert.equal(await t.catalogue.registrations.count(systemActor, scope), 0)
    })

    test('everybody with a role sees them; administrators write them', async () => {
      const reader = await t.actor({ acme: 'reader' })
      await t.catalogue.systems.list(reader, {})
      await assert.rejects(
        t.catalogue.systems.create(owner, { name: 'x', major: '1' }),
        fails('forbidden', 'permission'),
      )
      await assert.rejects(t.catalogue.systems.change(owner, 1, {}), fails('forbidden', 'permission'))
      await assert.rejects(t.catalogue.systems.remove(owner, 1), fails('forbidden', 'permission'))
      const nobody = await t.actor({})
      await assert.rejects(t.catalogue.systems.list(nobody, {}), fails('forbidden', 'permission'))
    })
  })

  describe('architectures', () => {
    test('one is created, changed and removed', async () => {
      const { architectures, systems } = t.catalogue
      const system = await systems.create(systemActor, { name: 'plan9', major: '4' })
      const made = await architectures.create(systemActor, {
        name: ' mips ',
        operatingSystemIds: [system.id],
      })
      assert.equal(made.name, 'mips')
      assert.deepEqual(made.operatingSystems, [{ id: system.id, name: 'plan9', title: 'plan9 4' }])
      const same = await architectures.change(systemActor, made.id, { name: 'mips' })
      assert.equal(same.updatedAt, made.updatedAt)
      const changed = await architectures.change(systemActor, made.id, {
        name: 'mips64',
        operatingSystemIds: [],
      })
      assert.deepEqual([changed.name, changed.operatingSystems], ['mips64', []])
      const removed = await architectures.remove(systemActor, made.id)
      assert.equal(removed.name, 'mips64')
      await assert.rejects(architectures.view(systemActor, made.id), fails('not-found'))
    })

    test('names are there, without spaces, and taken once', async () => {
      const create = (name: string | null) => t.catalogue.architectures.create(systemActor, { name })
      await create('riscv64')
      for (const [name, message] of [
        [null, "can't be blank"],
        ['  ', "can't be blank"],
        ['a b', "can't contain spaces."],
        ['riscv64', 'has already been taken'],
        ['x'.repeat(256), 'is too long (maximum is 255 characters)'],
      ] as const)
        assert.deepEqual(await complaints(create(name)), [['name', [message]]])
      const twins = await Promise.allSettled([create('twin'), create('twin')])
      assert.deepEqual(twins.map((one) => one.status).sort(), ['fulfilled', 'rejected'])
    })

    test('one that an image has stays', async () => {
      const image = await activeImage(t, owner, { name: 'on sparc', properties: { architecture: 'sparc' } })
      const filter = { field: 'name', is: 'eq', value: 'sparc' } as const
      const [sparc] = await t.catalogue.architectures.list(systemActor, { filter })
      await assert.rejects(
        t.catalogue.architectures.remove(systemActor, sparc!.id),
        fails('conflict', 'in-use'),
      )
      await t.catalogue.images.remove(owner, image.uuid)
      await t.catalogue.architectures.remove(systemActor, sparc!.id)
    })
  })
})
