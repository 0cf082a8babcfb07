import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Actor, systemActor } from '../../../src/catalogue/actor.ts'
import type { GroupFacts } from '../../../src/catalogue/people/groups/groups.ts'
import {
  carriedBy,
  type GroupPermission,
  groupPermissions,
  nearestRole,
} from '../../../src/catalogue/people/groups/permissions.ts'
import { type TestCore, testCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { fails } from '../places/support.ts'
import { wrong } from './support.ts'

const facts: GroupFacts = { label: 'A group', permissions: [], users: [], boundProjectId: null }

test('the role that is nearest to some permissions', () => {
  const cases: [GroupPermission[], string][] = [
    [[], 'reader'],
    [['image_admin', 'image_import_admin'], 'reader'],
    [['admin'], 'owner'],
    [['admin', 'image_import_admin'], 'owner'],
    [['admin', 'image_admin', 'network_admin'], 'image_admin'],
    [[...groupPermissions], 'image_import_admin'],
  ]
  for (const [permissions, role] of cases) assert.equal(nearestRole(permissions), role)
  for (const role of ['owner', 'image_admin', 'image_import_admin'])
    assert.equal(nearestRole(carriedBy(role)), role)
  assert.deepEqual([carriedBy('member'), carriedBy('reader')], [[], []])
})

forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    await t.apply({
      projects: [
        { id: 20, name: 'acme' },
        { id: 21, name: 'other' },
      ],
      users: [
        { id: 50, username: 'Eva' },
        { id: 51, username: 'ivo' },
      ],
    })
  })
  after(() => t.close())

  const rolesOf = async (userId: number) =>
    Object.fromEntries(
      [...(await t.catalogue.users.byId(userId))!.roles].map(([project, held]) => [
        project,
        [...held].sort(),
      ]),
    )
  const nobody: Actor = { ...systemActor, userId: 51, username: 'ivo', superAdmin: false }

  test('a group is made, changed and removed', async () => {
    const { groups, audit } = t.catalogue
    const made = await groups.create(systemActor, 'builders', {
      label: 'Builders',
      permissions: ['image_admin', 'admin', 'admin'],
      users: ['eva', 'EVA'],
      boundProjectId: 20,
    })
    const { id: _id, createdAt: _at, ...shown } = made
    assert.deepEqual(shown, {
      name: 'builders',
      label: 'Builders',
      permissions: ['admin', 'image_admin'],
      users: ['Eva'],
      boundProjectId: 20,
    })
    await assert.rejects(groups.create(systemActor, 'builders', facts), fails('conflict', 'exists'))
    await assert.rejects(groups.demandFree(systemActor, 'builders'), fails('conflict', 'exists'))
    const changed = await groups.change(systemActor, 'builders', {
      users: ['ivo', 'Eva'],
      boundProjectId: null,
    })
    assert.deepEqual(
      [changed.users, changed.boundProjectId, changed.label],
      [['Eva', 'ivo'], null, 'Builders'],
    )
    assert.deepEqual(await groups.names(systemActor, [{ field: 'name', descending: false }]), ['builders'])
    assert.deepEqual(await groups.list(systemActor, []), [changed])
    await groups.remove(systemActor, 'builders')
    await assert.rejects(groups.view(systemActor, 'builders'), fails('not-found'))
    const history = await audit.history('group', 'builders', { limit: 9 })
    assert.deepEqual(
      history.map((entry) => entry.action),
      ['delete', 'update', 'create'],
    )
  })

  test('an unknown user is told, and nothing is written', async () => {
    const { groups } = t.catalogue
    const refused = wrong({ users: ['Object with username=nobody does not exist.'] })
    await assert.rejects(groups.create(systemActor, 'wrong', { ...facts, users: ['nobody'] }), refused)
    assert.equal(await groups.exists('wrong'), false)
    await groups.create(systemActor, 'right', { ...facts, users: ['Eva'] })
    await assert.rejects(groups.change(systemActor, 'right', { users: ['ivo', 'nobody'] }), refused)
    assert.deepEqual((await groups.view(systemActor, 'right')).users, ['Eva'])
    await groups.remove(systemActor, 'right')
  })

  test('attached to a datacenter its users have the nearest role there, which follows the permissions', async () => {
    const { groups } = t.catalogue
    await groups.create(systemActor, 'team', {
      ...facts,
      permissions: ['admin', 'image_admin'],
      users: ['Eva'],
    })
    assert.deepEqual(await rolesOf(50), {})
    await groups.attach(systemActor, 'acme', 'team')
    await groups.attach(systemActor, 'other', 'team')
    assert.deepEqual(await rolesOf(50), { 20: ['image_admin'], 21: ['image_admin'] })
    await assert.rejects(groups.attach(systemActor, 'acme', 'team'), fails('conflict', 'exists'))
    await groups.change(systemActor, 'team', { permissions: ['admin', 'dns_admin'] })
    assert.deepEqual(await rolesOf(50), { 20: ['owner'], 21: ['owner'] })
    assert.deepEqual((await groups.view(systemActor, 'team')).permissions, ['admin', 'dns_admin'])
    await groups.change(systemActor, 'team', { label: 'other words' })
    assert.deepEqual(await rolesOf(50), { 20: ['owner'], 21: ['owner'] })
    assert.deepEqual(
      (await groups.attached(systemActor, 'acme', [])).map((group) => group.name),
      ['team'],
    )
    await groups.detach(systemActor, 'other', 'team')
    assert.deepEqual(await rolesOf(50), { 20: ['owner'] })
    await assert.rejects(groups.detach(systemActor, 'other', 'team'), fails('not-found'))
    await assert.rejects(groups.viewAttached(systemActor, 'other', 'team'), fails('not-found'))
    assert.equal((await groups.viewAttached(systemActor, 'acme', 'team')).name, 'team')
    await groups.remove(systemActor, 'team')
    assert.deepEqual(await rolesOf(50), {})
  })

  test('a group of a bootstrap file carries what its roles say, until Danube says otherwise', async () => {
    const { groups } = t.catalogue
    const file = {
      groups: [
        {
          name: 'filed',
          users: ['Eva'],
          roles: [
            { project: 'acme', role: 'image_import_admin' },
            { project: 'other', role: 'member' },
          ],
        },
      ],
    }
    await t.apply(file)
    const carried = ['admin', 'image_admin', 'image_import_admin']
    assert.deepEqual((await groups.view(systemActor, 'filed')).permissions, carried)
    // Other changes leave roles that Danube has no words for.
    await groups.change(systemActor, 'filed', { label: 'words', users: ['Eva', 'ivo'] })
    assert.deepEqual(await rolesOf(51), { 20: ['image_import_admin'], 21: ['member'] })
    await groups.change(systemActor, 'filed', { permissions: ['admin'] })
    assert.deepEqual(await rolesOf(51), { 20: ['owner'], 21: ['owner'] })
    await t.apply(file)
    assert.deepEqual((await groups.view(systemActor, 'filed')).permissions, carried)
    assert.deepEqual(await rolesOf(50), { 20: ['image_import_admin'], 21: ['member'] })
  })

  test('only administrators see and write groups; admins of a datacenter see its own', async () => {
    const { groups } = t.catalogue
    const refused = fails('forbidden', 'permission')
    await assert.rejects(groups.names(nobody, []), refused)
    await assert.rejects(groups.list(nobody, []), refused)
    await assert.rejects(groups.view(nobody, 'filed'), refused)
    await assert.rejects(groups.demandFree(nobody, 'new'), refused)
    await assert.rejects(groups.create(nobody, 'new', facts), refused)
    await assert.rejects(groups.change(nobody, 'filed', {}), refused)
    await assert.rejects(groups.remove(nobody, 'filed'), refused)
    await assert.rejects(groups.attach(nobody, 'acme', 'filed'), refused)
    await assert.rejects(groups.detach(nobody, 'acme', 'filed'), refused)
    await assert.rejects(groups.attached(nobody, 'acme', []), fails('not-found'))
    await assert.rejects(groups.attached(nobody, 'main', []), refused)
    const admin: Actor = { ...nobody, roles: new Map([[1, new Set(['datacenter admin' as const])]]) }
    assert.deepEqual(await groups.attached(admin, 'main', []), [])
  })
})
