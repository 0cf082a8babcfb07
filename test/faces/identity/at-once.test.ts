import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { byPassword, denied, project, startWorld, type World } from './world.ts'

/** What ends tokens besides their time (glance.md 25.3, 25.5): each change counts for the next request. */
forEachDatabase((_engine, _open, freshUrl) => {
  let world: World
  before(async () => {
    world = await startWorld({ databaseUrl: await freshUrl() })
  })
  after(() => world.close())

  const context = { address: '', method: 'GET', path: '/' }
  const identityOf = (token: string) => world.catalogue.openstack.identityOf(token, context)
  const works = async (token: string) => {
    await world.expect('GET', '/auth/projects', { token }, 200)
  }
  const isOver = async (token: string) => {
    await world.expect('GET', '/auth/projects', { token }, 401, denied)
    await assert.rejects(identityOf(token), { code: 'unauthenticated' })
  }
  const change = (facts: object) => world.apply({ users: [facts] })
  /** As an operation on projects would. */
  async function enableProject(name: string, enabled: 0 | 1): Promise<void> {
    await world.core.database.db.updateTable('projects').set({ enabled }).where('name', '=', name).execute()
    world.catalogue.users.forget()
  }
  let made = 0
  /** Somebody of one's own, a member of acme, so that tests do not meet. */
  async function somebody(): Promise<string> {
    const username = `user${++made}`
    await change({ username, password: 'first', roles: [{ project: 'acme', role: 'member' }] })
    return username
  }
  async function login(username: string, scope: unknown = project('acme')): Promise<string> {
    const { status, headers } = await world.auth(byPassword(username, 'first'), scope)
    assert.equal(status, 201)
    return headers.get('x-subject-token')!
  }

  describe('what ends a token', () => {
    test('its user is disabled', async () => {
      const username = await somebody()
      const token = await login(username)
      await works(token)
      await change({ username, enabled: false })
      await isOver(token)
    })

    test('its user is deleted', async () => {
      const username = await somebody()
      const token = await login(username)
      await works(token)
      await world.catalogue.danubeUsers.remove(systemActor, username)
      await isOver(token)
    })

    test('its project is disabled; tokens of others work on', async () => {
      await world.apply({ projects: [{ name: 'closing' }] })
      const username = await somebody()
      await change({
        username,
        roles: ['acme', 'closing'].map((name) => ({ project: name, role: 'member' })),
      })
      const [token, other] = [await login(username, project('closing')), await login(username)]
      await works(token)
      await enableProject('closing', 0)
      await isOver(token)
      await works(other)
    })

    test('the last role in its project is taken away; less than that changes what it is worth', async () => {
      const username = await somebody()
      const [token, unscoped] = [await login(username), await login(username, 'unscoped')]
      assert.deepEqual([...(await identityOf(token)).roles], ['member', 'reader'])
      await change({ username, roles: [{ project: 'acme', role: 'reader' }] })
      assert.deepEqual([...(await identityOf(token)).roles], ['reader'])
      await change({ username, roles: [] })
      await isOver(token)
      await works(unscoped)
    })

    test('its user is in the group that has the role no more', async () => {
      const username = await somebody()
      await change({ username, roles: [] })
      const group = { name: 'builders', users: [username], roles: [{ project: 'acme', role: 'member' }] }
      await world.apply({ groups: [group] })
      const token = await login(username)
      await works(token)
      await world.apply({ groups: [{ ...group, users: [] }] })
      await isOver(token)
    })

    test('its user is an administrator no more', async () => {
      const username = await somebody()
      await change({ username, superAdmin: true, roles: [] })
      const [everywhere, one] = [await login(username, { system: { all: true } }), await login(username)]
      assert.equal((await identityOf(everywhere)).superAdmin, true)
      assert.equal((await identityOf(one)).superAdmin, true)
      await change({ username, superAdmin: false })
      await isOver(everywhere)
      await isOver(one)
    })

    test('the password is changed, whoever does it', async () => {
      const username = await somebody()
      const token = await login(username)
      await works(token)
      const { id } = await world.catalogue.users.view(systemActor, username)
      await world.catalogue.accounts.change(systemActor, id, { password: 'second' })
      await isOver(token)
      await change({ username, password: 'first' })
      const later = await login(username)
      await works(later)
      await change({ username, password: 'third' })
      await isOver(later)
    })
  })

  test('a login with a password that is changed meanwhile gives nothing', async () => {
    const username = await somebody()
    const { id } = await world.catalogue.users.view(systemActor, username)
    const asked = { scope: { kind: 'unscoped' }, lifeSeconds: 60, requestId: 'req-x' } as const
    const user = { name: username, domain: { id: 'default' } }
    for (let i = 0; i < 5; i++) {
      const [login] = await Promise.allSettled([
        world.catalogue.openstack.issue({
          ...asked,
          proof: { method: 'password', user, password: i % 2 === 0 ? 'first' : 'second' },
        }),
        world.catalogue.accounts.change(systemActor, id, { password: i % 2 === 0 ? 'second' : 'first' }),
      ])
      // Whichever was first: no token that was had with the old password is left.
      if (login.status === 'fulfilled') await isOver(login.value.text)
    }
  })

  test('who asks again and again is the same object until something changes', async () => {
    const token = await login(await somebody())
    const first = await identityOf(token)
    assert.equal(await identityOf(token), first)
    await change({ username: 'omar', firstName: `Omar ${made}` })
    const second = await identityOf(token)
    assert.notEqual(second, first)
    assert.deepEqual(second, first)
  })
})
