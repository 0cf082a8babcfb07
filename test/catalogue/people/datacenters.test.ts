import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Actor, systemActor } from '../../../src/catalogue/actor.ts'
import type { DatacenterFacts } from '../../../src/catalogue/people/datacenters/datacenters.ts'
import { choicesOf } from '../../../src/catalogue/people/datacenters/settings.ts'
import { type TestCore, testCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { fails } from '../places/support.ts'
import { wrong } from './support.ts'

const byName = [{ field: 'name', descending: false }]
const facts: DatacenterFacts = {
  label: 'Alias',
  site: 'dc.example.org',
  ownerId: null,
  access: 'private',
  description: 'words',
}

forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  let eva: Actor
  let ivo: Actor
  let lone: Actor
  const someone = (userId: number, username: string): Actor => ({
    ...systemActor,
    userId,
    username,
    superAdmin: false,
  })

  before(async () => {
    t = await testCore({ url: await freshUrl() })
    await t.apply({
      projects: [
        { id: 20, name: 'open', access: 'public' },
        { id: 21, name: 'evas' },
        { id: 22, name: 'grouped' },
        { id: 23, name: 'chosen' },
        { id: 24, name: 'hidden' },
      ],
      users: [
        { id: 50, username: 'eva', roles: [{ project: 'evas', role: 'reader' }] },
        { id: 51, username: 'ivo' },
        { id: 52, username: 'lone', defaultProject: 'chosen' },
      ],
      groups: [{ name: 'builders', users: ['ivo'], roles: [{ project: 'grouped', role: 'image_admin' }] }],
    })
    eva = someone(50, 'eva')
    ivo = someone(51, 'ivo')
    lone = someone(52, 'lone')
  })
  after(() => t.close())

  const rolesIn = async (userId: number, projectId: number) => [
    ...((await t.catalogue.users.byId(userId))!.roles.get(projectId) ?? []),
  ]

  test('everybody sees what is public, owned, chosen before, or where it or its group has a role', async () => {
    const { datacenters } = t.catalogue
    const seen = (actor: Actor) => datacenters.names(actor, byName)
    assert.deepEqual(await seen(eva), ['evas', 'main', 'open'])
    assert.deepEqual(await seen(ivo), ['grouped', 'main', 'open'])
    assert.deepEqual(await seen(lone), ['chosen', 'main', 'open'])
    assert.deepEqual(await seen(systemActor), ['chosen', 'evas', 'grouped', 'hidden', 'main', 'open'])
    await assert.rejects(datacenters.view(eva, 'hidden'), fails('not-found'))
    assert.equal(await datacenters.isVisible(eva, 'hidden'), false)
    assert.equal(await datacenters.isVisible(systemActor, 'hidden'), true)
    await assert.rejects(datacenters.find(eva, 'no-such'), fails('not-found'))
    const descending = await datacenters.names(eva, [{ field: 'name', descending: true }])
    assert.deepEqual(descending, ['open', 'main', 'evas'])
  })

  test('groups and counters are told to administrators only', async () => {
    const { datacenters } = t.catalogue
    assert.deepEqual((await datacenters.view(systemActor, 'grouped')).groups, ['builders'])
    assert.equal((await datacenters.view(ivo, 'grouped', true)).groups, null)
    assert.equal((await datacenters.view(ivo, 'grouped', true)).counters, null)
    const all = await datacenters.list(systemActor, byName, true)
    assert.deepEqual(
      all.map((one) => [one.name, one.groups, one.counters?.vms]),
      [
        ['chosen', [], 0],
        ['evas', [], 0],
        ['grouped', ['builders'], 0],
        ['hidden', [], 0],
        ['main', [], 0],
        ['open', [], 0],
      ],
    )
  })

  test('counters count instances, their nodes, disks and snapshots', async () => {
    await t.apply({
      projects: [{ id: 30, name: 'counted' }],
      nodes: [{ hostname: 'node01' }],
      instances: [
        {
          hostname: 'a',
          project: 'counted',
          node: 'node01',
          disks: [{ size: 100 }, { size: 20 }],
          snapshots: [{ name: 's', disk: 1 }],
        },
        { hostname: 'b', project: 'counted', node: 'node01', disks: [{ size: 7 }] },
        { hostname: 'c', project: 'counted' },
      ],
    })
    const { counters } = await t.catalogue.datacenters.view(systemActor, 'counted', true)
    assert.deepEqual(counters, { vms: 3, nodes: 1, snapshots: 1, sizeVms: 127, sizeSnapshots: 100 })
  })

  test('who owns a datacenter: the one that was said, else the first with that role, else an administrator', async () => {
    const { datacenters } = t.catalogue
    const ownerOf = async (name: string) => (await datacenters.view(systemActor, name)).owner?.username
    assert.equal(await ownerOf('hidden'), 'admin')
    await t.apply({
      projects: [{ id: 31, name: 'shared' }],
      users: [
        { id: 61, username: 'second', roles: [{ project: 'shared', role: 'owner' }] },
        { id: 60, username: 'first', roles: [{ project: 'shared', role: 'owner' }] },
      ],
    })
    assert.equal(await ownerOf('shared'), 'first')
    await datacenters.change(systemActor, 'shared', { ownerId: 61 })
    assert.equal(await ownerOf('shared'), 'second')
  })

  test('the role comes and goes with the ownership, but not one that was there before', async () => {
    const { datacenters } = t.catalogue
    const { id } = await datacenters.create(systemActor, 'owned', { ...facts, ownerId: 50 })
    assert.deepEqual(await rolesIn(50, id), ['owner'])
    await datacenters.change(systemActor, 'owned', { ownerId: 51 })
    assert.deepEqual([await rolesIn(50, id), await rolesIn(51, id)], [[], ['owner']])
    await t.apply({ users: [{ username: 'lone', roles: [{ project: 'owned', role: 'owner' }] }] })
    await datacenters.change(systemActor, 'owned', { ownerId: 52 })
    assert.deepEqual([await rolesIn(51, id), await rolesIn(52, id)], [[], ['owner']])
    await datacenters.change(systemActor, 'owned', { ownerId: 51 })
    assert.deepEqual([await rolesIn(51, id), await rolesIn(52, id)], [['owner'], ['owner']])
    // The owner sees it although it has nothing else there.
    assert.equal((await datacenters.view(ivo, 'owned')).owner?.username, 'ivo')
    // What the project's settings hold besides stays.
    await t.catalogue.datacenterSettings.change(systemActor, 'owned', { imageLimit: 3 }, {})
    await datacenters.change(systemActor, 'owned', { ownerId: 50 })
    assert.equal((await t.catalogue.datacenterSettings.view(systemActor, 'owned')).imageLimit, 3)
    await assert.rejects(
      datacenters.change(systemActor, 'owned', { ownerId: 999 }),
      wrong({ owner: ['There is no such user.'] }),
    )
    assert.equal((await datacenters.view(systemActor, 'owned')).owner?.username, 'eva')
  })

  test('a datacenter is made, changed and removed, with audit and task log', async () => {
    const { datacenters, audit } = t.catalogue
    const made = await datacenters.create(systemActor, 'fresh', facts)
    assert.deepEqual(
      [made.label, made.site, made.access, made.description, made.groups],
      ['Alias', 'dc.example.org', 'private', 'words', []],
    )
    await assert.rejects(datacenters.create(systemActor, 'fresh', facts), fails('conflict', 'exists'))
    // Names that differ in case only would be one in the other faces.
    await assert.rejects(datacenters.demandFree(systemActor, 'FRESH'), fails('conflict', 'exists'))
    await datacenters.change(systemActor, 'fresh', { access: 'public', label: 'New' })
    await datacenters.change(systemActor, 'fresh', {})
    await datacenters.remove(systemActor, 'fresh')
    await assert.rejects(datacenters.view(systemActor, 'fresh'), fails('not-found'))
    const history = await audit.history('project', 'fresh', { limit: 9 })
    assert.deepEqual(
      history.map((entry) => entry.action),
      ['delete', 'update', 'create'],
    )
    assert.deepEqual(history[1]!.after, { access: 'public', label: 'New' })
    const logged = await t.core.database.db
      .selectFrom('task_log')
      .select(['message', 'detail', 'flag', 'bound', 'project_id'])
      .where('object_name', '=', 'fresh')
      .orderBy('id')
      .execute()
    assert.deepEqual(
      logged.map((entry) => [entry.message, entry.detail, entry.flag]),
      [
        ['Create datacenter', "alias='Alias' site='dc.example.org' owner='admin' access=3 desc='words'", 1],
        ['Update datacenter', "alias='New' access=1", 3],
        ['Update datacenter', '', 3],
        ['Delete datacenter', '', 2],
      ],
    )
    assert.ok(logged.every((entry) => entry.bound === 0 && entry.project_id === 1))
  })

  test('two that are made at once: one is told that it exists', async () => {
    const both = await Promise.allSettled([
      t.catalogue.datacenters.create(systemActor, 'twin', facts),
      t.catalogue.datacenters.create(systemActor, 'twin', facts),
    ])
    assert.deepEqual(both.map((one) => one.status).sort(), ['fulfilled', 'rejected'])
    const lost = both.find((one) => one.status === 'rejected')
    assert.ok(fails('conflict', 'exists')(lost?.reason))
  })

  describe('what a datacenter holds keeps it', () => {
    before(() =>
      t.apply({
        projects: [
          { name: 'with-vm' },
          { name: 'with-node' },
          { name: 'with-image' },
          { name: 'parent' },
          { name: 'child' },
        ],
        instances: [
          { hostname: 'vm', project: 'with-vm' },
          { hostname: 'vm', project: 'with-node', node: 'node01' },
        ],
        images: [{ uuid: '7e7d1f7c-4c61-4f0a-9e3d-0c6a1b1f3a01', project: 'with-image', name: 'disk' }],
      }),
    )
    for (const [name, reason] of [
      ['main', 'built-in'],
      ['with-vm', 'instances'],
      ['with-node', 'nodes'],
      ['with-image', 'images'],
      ['parent', 'nested'],
    ] as const)
      test(`${name}: ${reason}`, async () => {
        const { db } = t.core.database
        if (name === 'parent') {
          const { id } = await t.catalogue.datacenters.find(systemActor, 'parent')
          await db.updateTable('projects').set({ parent_id: id }).where('name', '=', 'child').execute()
        }
        await assert.rejects(t.catalogue.datacenters.remove(systemActor, name), fails('conflict', reason))
        assert.ok(await t.catalogue.datacenters.find(systemActor, name))
      })
    test('an image that was deleted does not', async () => {
      const uuid = '7e7d1f7c-4c61-4f0a-9e3d-0c6a1b1f3a01'
      await t.catalogue.images.remove(systemActor, uuid)
      await t.catalogue.datacenters.remove(systemActor, 'with-image')
    })
  })

  test('only administrators write', async () => {
    const { datacenters, datacenterSettings } = t.catalogue
    const refused = fails('forbidden', 'permission')
    await assert.rejects(datacenters.demandFree(eva, 'new'), refused)
    await assert.rejects(datacenters.forChange(eva, 'evas'), refused)
    await assert.rejects(datacenters.create(eva, 'new', facts), refused)
    await assert.rejects(datacenters.change(eva, 'evas', { label: 'x' }), refused)
    await assert.rejects(datacenters.remove(eva, 'evas'), refused)
    await assert.rejects(datacenterSettings.forChange(eva, 'evas'), refused)
    await assert.rejects(datacenterSettings.change(eva, 'evas', {}, {}), refused)
  })

  test('owner and admins read settings; readers and strangers do not', async () => {
    const { datacenterSettings } = t.catalogue
    const admin: Actor = { ...ivo, roles: new Map([[22, new Set(['datacenter admin' as const])]]) }
    assert.deepEqual(await datacenterSettings.view(admin, 'grouped'), {
      name: 'grouped',
      imageLimit: null,
      logUserCallbacks: true,
      installation: null,
    })
    await t.catalogue.datacenters.change(systemActor, 'evas', { ownerId: 50 })
    assert.equal((await datacenterSettings.view(eva, 'evas')).name, 'evas')
    await assert.rejects(datacenterSettings.view(ivo, 'grouped'), fails('forbidden', 'permission'))
    await assert.rejects(datacenterSettings.view(eva, 'hidden'), fails('not-found'))
  })

  test('settings of a datacenter are its own; those of the installation are set in main', async () => {
    const { datacenterSettings } = t.catalogue
    const first = await datacenterSettings.view(systemActor, 'main')
    assert.deepEqual(first.installation, {
      imageServer: true,
      imageServerVm: null,
      imageServerNic: 1,
      imageSources: [],
      repositories: { danube: 'https://images.danube.cloud', joyent: 'https://images.joyent.com' },
    })
    const installation = { imageServerNic: 2, imageSources: ['http://images.example.org'] }
    const elsewhere = await datacenterSettings.change(
      systemActor,
      'open',
      { imageLimit: 5, logUserCallbacks: false, installation },
      { VMS_IMAGE_LIMIT: 5 },
    )
    assert.deepEqual(elsewhere, { name: 'open', imageLimit: 5, logUserCallbacks: false, installation: null })
    assert.deepEqual((await datacenterSettings.view(systemActor, 'main')).installation, first.installation)
    const changed = await datacenterSettings.change(systemActor, 'main', { installation }, {})
    assert.deepEqual(changed.installation, { ...first.installation, ...installation })
    const history = await t.catalogue.audit.history('setting', 'imageServerNic', { limit: 9 })
    assert.deepEqual([history.length, history[0]?.after], [1, 2])
    await datacenterSettings.change(
      systemActor,
      'main',
      { installation: { imageServerNic: 1, imageSources: [] } },
      {},
    )
  })

  test('a repository that is gone or elsewhere loses what was fetched from it, whoever says so', async () => {
    const { db } = t.core.database
    const urls = { a: 'http://a.example.org', b: 'http://b.example.org', c: 'http://c.example.org' }
    const fill = async () => {
      await db.deleteFrom('repositories').execute()
      for (const [name, url] of Object.entries(urls))
        await db
          .insertInto('repositories')
          .values({ name, url, refreshed_at: 1, image_count: 0, failure: null, refreshing_until: null })
          .execute()
    }
    const left = async () =>
      (await db.selectFrom('repositories').select('name').orderBy('name').execute()).map((row) => row.name)
    const moved = { a: urls.a, b: 'http://elsewhere.example.org' }
    const write = (repositories: Record<string, string>) =>
      t.catalogue.datacenterSettings.change(systemActor, 'main', { installation: { repositories } }, {})
    await write(urls)
    await fill()
    await write(moved)
    assert.deepEqual(await left(), ['a'])
    await write(urls)
    await fill()
    await t.apply({ settings: { repositories: moved } })
    assert.deepEqual(await left(), ['a'])
  })

  test('what is said nowhere has its default', () => {
    assert.deepEqual(choicesOf('{}'), { imageLimit: null, logUserCallbacks: true })
    assert.deepEqual(choicesOf('{"imageLimit":0,"logUserCallbacks":false,"cleanup":{}}'), {
      imageLimit: 0,
      logUserCallbacks: false,
    })
  })
})
