import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Actor, systemActor } from '../../../src/catalogue/actor.ts'
import { usageOf } from '../../../src/catalogue/bytes/usage.ts'
import { type TestCore, testCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { fails } from '../places/support.ts'

const page = { offset: 0, limit: 100 }

forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    await t.apply({
      projects: [
        { id: 70, name: 'acme', label: 'Acme Ltd' },
        { id: 80, name: 'Labs', enabled: false },
      ],
      users: [
        {
          username: 'eva',
          password: 'secret',
          firstName: 'Eva',
          roles: [{ project: 'acme', role: 'member' }],
        },
        { username: 'Bob_1', email: 'bob@example.org', enabled: false },
      ],
      groups: [{ name: 'readers', users: ['eva'], roles: [{ project: 'Labs', role: 'reader' }] }],
    })
  })
  after(() => t.close())

  async function actorOf(username: string): Promise<Actor> {
    const { id, roles, superAdmin } = await t.catalogue.users.view(systemActor, username)
    return { userId: id, username, superAdmin, projectId: null, roles, face: 'system', requestId: null }
  }

  test('users are found by parts of what names them', async () => {
    const names = async (question: object) => {
      const { users, total } = await t.catalogue.users.list(systemActor, { ...page, ...question })
      assert.equal(total, users.length)
      return users.map(({ username }) => username)
    }
    assert.deepEqual(await names({}), ['admin', 'Bob_1', 'eva'])
    assert.deepEqual(await names({ search: 'EV' }), ['eva'])
    assert.deepEqual(await names({ search: 'B@EX' }), ['Bob_1'])
    assert.deepEqual(await names({ search: '_' }), ['Bob_1'])
    assert.deepEqual(await names({ enabled: true, superAdmin: false }), ['eva'])
    assert.deepEqual(await names({ group: 'readers' }), ['eva'])
    await assert.rejects(t.catalogue.users.list(await actorOf('eva'), page), fails('forbidden', 'role'))
  })

  test('roles of a user come from itself and its groups', async () => {
    const { grants } = t.catalogue
    const eva = await actorOf('eva')
    const own = await grants.list(eva, { ...page, user: eva.userId! })
    assert.deepEqual(own, {
      total: 2,
      grants: [
        { project: { name: 'acme', label: 'Acme Ltd' }, user: 'eva', group: null, role: 'member' },
        { project: { name: 'Labs', label: 'Labs' }, user: null, group: 'readers', role: 'reader' },
      ],
    })
    const second = await grants.list(systemActor, { offset: 1, limit: 1, user: eva.userId! })
    assert.deepEqual(second, { total: 2, grants: [own.grants[1]] })
    assert.deepEqual(await grants.list(systemActor, { ...page, project: 80 }), {
      total: 1,
      grants: [own.grants[1]],
    })
    await assert.rejects(grants.list(eva, { ...page, project: 80 }), fails('forbidden', 'role'))
  })

  test('groups are counted with their people and roles, and changed one by one', async () => {
    const { groups, directory } = t.catalogue
    const { id } = await groups.summary(systemActor, 'readers')
    const { groups: found, total } = await groups.page(systemActor, { ...page, search: 'READ' })
    assert.deepEqual(
      [total, found.map(({ name, users, roles }) => [name, users, roles])],
      [1, [['readers', 1, 1]]],
    )
    assert.equal((await groups.page(systemActor, { ...page, search: 'x' })).total, 0)
    const change = { addUsers: ['BOB_1'], grant: [{ project: 'ACME', role: 'owner' }] } as const
    await directory.saveGroup(systemActor, 'change', { name: 'readers' }, change)
    const after = await groups.summary(systemActor, 'readers')
    assert.deepEqual([after.id, after.users, after.roles], [id, 2, 2])
    const back = { removeUsers: ['bob_1'], revoke: [{ project: 'acme', role: 'owner' }] } as const
    await directory.saveGroup(systemActor, 'change', { name: 'readers' }, back)
    await assert.rejects(
      directory.saveGroup(systemActor, 'change', { name: 'readers' }, back),
      fails('not-found'),
    )
    assert.equal((await groups.summary(systemActor, 'readers')).users, 1)
    const history = await t.catalogue.audit.history('group', String(id), { limit: 9 })
    assert.deepEqual(
      history.map(({ action }) => action),
      ['members', 'roles', 'members', 'roles', 'members', 'roles'],
    )
  })

  test('projects are searched, and what several use is read at once', async () => {
    const { projects } = t.catalogue
    const names = async (question: object, actor = systemActor) =>
      (await projects.list(actor, { ...page, ...question })).projects.map(({ name }) => name)
    assert.deepEqual(await names({ byName: true }), ['acme', 'Labs', 'main'])
    assert.deepEqual(await names({}), ['main', 'acme', 'Labs'])
    assert.deepEqual(await names({ search: 'LTD' }), ['acme'])
    assert.deepEqual(await names({ search: 'lab', enabled: true }), [])
    assert.deepEqual(await names({ enabled: false }, await actorOf('eva')), ['Labs'])
    const draft = { diskFormat: 'raw', containerFormat: 'bare' } as const
    await t.catalogue.images.create(systemActor, { ...draft, name: 'a', ownerId: 70 })
    await t.catalogue.images.create(systemActor, { ...draft, name: 'b', ownerId: 70 })
    await t.catalogue.images.create(systemActor, { ...draft, name: 'c', ownerId: 80 })
    const usages = await projects.usages(systemActor, [80, 1, 70])
    assert.deepEqual(
      usages.map(({ images }) => images),
      [1, 0, 2],
    )
    assert.deepEqual(usages[2], await usageOf(t.core.database.db, 70))
    assert.deepEqual(await projects.usages(systemActor, []), [])
    await assert.rejects(projects.usages(await actorOf('eva'), [70, 1]), fails('not-found'))
  })

  test('of two who change one password by the same proof, one succeeds', async () => {
    const { users } = t.catalogue
    const eva = await actorOf('eva')
    const session = await users.openSession(eva.userId!, 60, 'password')
    await assert.rejects(users.changePassword(eva, 'guess', 'x'), fails('unauthenticated', 'password'))
    await users.byToken('session', session, '')
    const outcomes = await Promise.allSettled(
      ['one', 'two', 'three'].map((text) => users.changePassword(eva, 'secret', text)),
    )
    const won = outcomes.findIndex(({ status }) => status === 'fulfilled')
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
    await users.byPassword('eva', ['one', 'two', 'three'][won]!)
    await assert.rejects(users.byToken('session', session, ''), fails('unauthenticated', 'unknown'))
    const kept = t.core.database.db.selectFrom('credentials').select('id').where('user_id', '=', eva.userId)
    assert.equal((await kept.where('kind', '=', 'password').execute()).length, 1)
  })

  test('a token that is revoked takes the sessions with it that it opened, and no others', async () => {
    const { users } = t.catalogue
    const eva = await actorOf('eva')
    const draft = { kind: 'token', label: 'ci', lifeSeconds: null } as const
    const { id } = await users.createToken(eva, eva.userId!, draft)
    const proven = await users.openSession(eva.userId!, 60, 'password')
    const opened = await users.openSession(eva.userId!, 60, 'token')
    await users.revokeToken(eva, eva.userId!, id)
    assert.equal((await users.byToken('session', proven, '')).username, 'eva')
    await assert.rejects(users.byToken('session', opened, ''), fails('unauthenticated', 'unknown'))
  })

  test('the last administrator stays one', async () => {
    const { directory } = t.catalogue
    for (const facts of [{ superAdmin: false }, { enabled: false }])
      await assert.rejects(
        directory.saveUser(systemActor, 'change', { username: 'admin', ...facts }),
        fails('conflict', 'last-admin'),
      )
  })

  test('the health of the installation is for administrators', async () => {
    const { parts, migrations } = await t.catalogue.health.of(systemActor)
    assert.deepEqual(
      parts.map(({ name, works }) => [name, works]),
      [
        ['database', true],
        ['store default', true],
      ],
    )
    assert.ok(migrations.length > 0)
    await assert.rejects(t.catalogue.health.of(await actorOf('eva')), fails('forbidden', 'role'))
  })
})
