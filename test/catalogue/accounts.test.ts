import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Actor, systemActor } from '../../src/catalogue/actor.ts'
import { type TestCore, testCore } from '../support/core.ts'
import { forEachDatabase } from '../support/databases.ts'
import { complaints, fails } from './places/support.ts'

forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    await t.apply({
      projects: [
        { id: 70, name: 'acme' },
        { id: 80, name: 'other' },
      ],
    })
  })
  after(() => t.close())

  const draft = (login: string | null, more = {}) => ({
    login,
    email: 'someone@example.org',
    password: 'secret',
    authSourceId: 1,
    ...more,
  })
  const create = (login: string | null, more = {}) =>
    t.catalogue.accounts.create(systemActor, draft(login, more))
  const roles = async (id: number) =>
    [...(await t.catalogue.users.byId(id))!.roles]
      .map(([project, held]) => `${project}:${[...held].sort()}`)
      .sort()

  test('a user is created, signs in, is changed and removed', async () => {
    const { accounts, users } = t.catalogue
    const made = await create(' Eva ', {
      firstName: 'Eva',
      locale: 'de',
      defaultProjectId: 70,
      defaultLocationId: 1,
    })
    assert.equal(made.login, 'Eva')
    assert.deepEqual(
      [made.locale, made.mailEnabled, made.defaultProjectId, made.defaultLocationId],
      ['de', true, 70, 1],
    )
    assert.equal((await users.byPassword('eva', 'secret')).id, made.id)
    const changed = await accounts.change(systemActor, made.id, {
      password: 'new',
      lastName: 'Novak',
      enabled: false,
    })
    assert.deepEqual([changed.firstName, changed.lastName, changed.locale], ['Eva', 'Novak', 'de'])
    await assert.rejects(users.byPassword('eva', 'new'), fails('unauthenticated', 'disabled'))
    const history = await t.catalogue.audit.history('user', String(made.id), { limit: 9 })
    assert.ok(!JSON.stringify(history).includes('secret') && !JSON.stringify(history).includes('argon'))
    await accounts.remove(systemActor, made.id)
    await assert.rejects(accounts.view(systemActor, made.id), fails('not-found'))
    await assert.rejects(users.byPassword('eva', 'new'), fails('unauthenticated', 'unknown'))
  })

  test('what is wrong is told attribute by attribute', async () => {
    assert.deepEqual(await complaints(t.catalogue.accounts.create(systemActor, {})), [
      ['login', ["can't be blank"]],
      ['mail', ["can't be blank"]],
      ['auth_source_id', ["can't be blank"]],
      ['password', ["can't be blank"]],
    ])
    assert.deepEqual(
      await complaints(create('ADMIN', { email: 'nowhere', authSourceId: 7, defaultProjectId: 4711 })),
      [
        ['login', ['has already been taken']],
        ['mail', ['is invalid']],
        ['auth_source_id', ['does not exist']],
        ['default_organization_id', ['does not exist']],
      ],
    )
    assert.deepEqual(await complaints(create('two words')), [['login', ['is invalid']]])
  })

  test('roles are held in each organization, and wait where there is none', async () => {
    const { accounts } = t.catalogue
    const { id } = await create('roaming', { roles: ['reader'], organizationIds: [] })
    assert.deepEqual(await roles(id), [])
    assert.deepEqual((await accounts.view(systemActor, id)).roles, ['reader'])
    await accounts.change(systemActor, id, { organizationIds: [70, 80] })
    assert.deepEqual(await roles(id), ['70:reader', '80:reader'])
    await accounts.change(systemActor, id, { roles: ['member', 'reader'] })
    assert.deepEqual(await roles(id), ['70:member,reader', '80:member,reader'])
    await accounts.change(systemActor, id, { organizationIds: [80], roles: ['member'] })
    assert.deepEqual(await roles(id), ['80:member'])
    const without = await accounts.change(systemActor, id, { roles: [] })
    assert.deepEqual([without.roles, without.organizations.map((one) => one.id)], [[], [80]])
    await accounts.change(systemActor, id, { roles: ['owner'], organizationIds: [] })
    assert.deepEqual(await roles(id), [])
    assert.deepEqual((await accounts.view(systemActor, id)).roles, ['owner'])
  })

  test('roles that differ from project to project survive what does not speak of them', async () => {
    await t.apply({
      users: [
        {
          username: 'mixed',
          roles: [
            { project: 'acme', role: 'owner' },
            { project: 'other', role: 'reader' },
          ],
        },
      ],
    })
    const { accounts } = t.catalogue
    const filter = { field: 'login', is: 'eq', value: 'mixed' } as const
    const [mixed] = await accounts.list(systemActor, { filter })
    await accounts.change(systemActor, mixed!.id, {
      firstName: 'M',
      roles: ['reader', 'owner'],
      organizationIds: [80, 70],
    })
    assert.deepEqual(await roles(mixed!.id), ['70:owner', '80:reader'])
  })

  test('the last administrator stays one; nobody removes himself', async () => {
    const { accounts } = t.catalogue
    for (const patch of [{ superAdmin: false }, { enabled: false }])
      await assert.rejects(accounts.change(systemActor, 1, patch), fails('conflict', 'last-admin'))
    await assert.rejects(accounts.remove(systemActor, 1), fails('conflict', 'last-admin'))
    const second = await create('second', { superAdmin: true })
    const himself: Actor = { ...systemActor, userId: second.id }
    await assert.rejects(accounts.remove(himself, second.id), fails('conflict', 'self'))
    await accounts.remove(systemActor, second.id)
  })

  test('others see themselves, and write nobody', async () => {
    const { accounts } = t.catalogue
    const made = await create('alone', { roles: ['owner'], organizationIds: [70] })
    const actor: Actor = { ...(await t.actor({ acme: 'owner' })), userId: made.id }
    assert.deepEqual(
      (await accounts.list(actor, {})).map((one) => one.login),
      ['alone'],
    )
    assert.equal(await accounts.count(actor, {}), 1)
    await assert.rejects(accounts.view(actor, 1), fails('not-found'))
    await assert.rejects(
      accounts.change(actor, made.id, { superAdmin: true }),
      fails('forbidden', 'permission'),
    )
    await assert.rejects(accounts.create(actor, draft('x')), fails('forbidden', 'permission'))
  })

  test('users are searched by what they are and where they belong', async () => {
    const made = await create('found', {
      firstName: 'Find',
      email: 'find@example.org',
      roles: ['image_admin'],
      organizationIds: [80],
      locationIds: [1],
      enabled: false,
    })
    await t.apply({ groups: [{ name: 'finders', users: ['found'] }] })
    const found = async (...filters: object[]) => {
      const filter = { all: [{ field: 'login', is: 'eq', value: 'found' }, ...filters] } as never
      return (await t.catalogue.accounts.list(systemActor, { filter })).map((one) => one.id)
    }
    for (const filter of [
      { field: 'firstname', pattern: 'FIN_' },
      { field: 'mail', pattern: '%@example%' },
      { field: 'disabled', is: 'eq', value: 1 },
      { field: 'admin', is: 'eq', value: 0 },
      { field: 'role', is: 'eq', value: 'image_admin' },
      { field: 'organization', is: 'eq', value: 'other' },
      { field: 'organization_id', is: 'eq', value: 80 },
      { field: 'location', is: 'eq', value: 'RegionOne' },
      { field: 'usergroup', pattern: 'FIND%' },
      { field: 'last_login_on', missing: true },
      { field: 'auth_source', is: 'eq', value: 'Internal' },
    ])
      assert.deepEqual(await found(filter), [made.id], JSON.stringify(filter))
    assert.deepEqual(await found({ field: 'organization', is: 'eq', value: 'acme' }), [])
  })
})
