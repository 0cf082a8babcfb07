import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Actor, systemActor } from '../../../src/catalogue/actor.ts'
import { isFailure } from '../../../src/catalogue/failure.ts'
import type { InstanceQuery } from '../../../src/catalogue/places/instances/lists.ts'
import { type TestCore, testCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const usual: InstanceQuery = { descending: false, offset: 0, limit: 100 }

forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  let manager: Actor
  let owner: Actor
  let stranger: Actor
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    await t.apply({
      projects: [{ name: 'acme' }, { name: 'other' }],
      users: [{ username: 'eva' }],
      nodes: [{ hostname: 'node01' }, { hostname: 'node02' }],
      instances: [
        ...Array.from({ length: 12 }, (_, n) => ({
          uuid: uuid(n),
          // Two of each name, in different cases.
          hostname: `${n % 2 ? 'Web' : 'web'}-${Math.floor(n / 2)}`,
          project: n % 2 ? 'acme' : 'other',
          node: `node0${(n % 2) + 1}`,
          status: n < 6 ? 'running' : 'stopped',
          ips: [`192.0.2.${n + 1}`],
          ...(n === 4 ? { owner: 'eva' } : {}),
        })),
        {
          uuid: uuid(50),
          hostname: '100%_sure',
          project: 'acme',
          disks: [{ size: 8 }, { size: 16 }],
          snapshots: Array.from({ length: 7 }, (_, n) => ({
            name: `s${n}`,
            disk: (n % 2) + 1,
            createdAt: `2024-01-0${n + 1}T00:00:00Z`,
          })),
        },
      ],
    })
    const eva = await t.catalogue.users.view(systemActor, 'eva')
    manager = await t.actor({ acme: 'image_admin' })
    owner = { ...(await t.actor({ acme: 'image_admin', other: 'member' })), userId: eva.id }
    stranger = { ...(await t.actor({ other: 'member' })), userId: 999 }
    const { db } = t.core.database
    await db.updateTable('instances').set({ status: 'running-' }).where('uuid', '=', uuid(0)).execute()
  })
  after(() => t.close())

  const numbers = async (query: Partial<InstanceQuery>, actor: Actor = systemActor) => {
    const found = await t.catalogue.instanceLists.search(actor, { ...usual, ...query })
    return [found.total, ...found.instances.map((instance) => Number(instance.uuid.slice(-3)))]
  }

  test('pages hold every instance once, in the order of their names', async () => {
    const [, ...all] = await numbers({})
    assert.deepEqual(all, [50, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    const pages: number[] = []
    for (let offset = 0; offset < 13; offset += 5) {
      const [total, ...page] = await numbers({ offset, limit: 5, descending: true })
      assert.equal(total, 13)
      pages.push(...page)
    }
    assert.deepEqual(pages, all.toReversed())
  })

  test('they are found by what they are called and where they are', async () => {
    assert.deepEqual(await numbers({ text: 'WEB-1' }), [2, 2, 3])
    assert.deepEqual(await numbers({ text: '0%_s' }), [1, 50])
    assert.deepEqual(await numbers({ text: 'b_1' }), [0])
    assert.deepEqual(await numbers({ text: '192.0.2.12' }), [1, 11])
    assert.deepEqual(await numbers({ text: uuid(7).toUpperCase() }), [1, 7])
    assert.deepEqual(await numbers({ status: 'running', node: 'node01' }), [3, 0, 2, 4])
    const { id } = await t.catalogue.projects.named(systemActor, 'other')
    assert.deepEqual(await numbers({ projectId: id, status: 'stopped', text: 'web-4' }), [1, 8])
  })

  test('each sees what is managed, and what is owned elsewhere', async () => {
    assert.deepEqual(await numbers({}, manager), [7, 50, 1, 3, 5, 7, 9, 11])
    assert.deepEqual(await numbers({}, owner), [8, 50, 1, 3, 4, 5, 7, 9, 11])
    assert.deepEqual(await numbers({}, stranger), [0])
    assert.deepEqual(await numbers({}, { ...stranger, roles: new Map() }), [0])
    const { instanceLists } = t.catalogue
    assert.deepEqual(await instanceLists.nodes(systemActor), ['node01', 'node02'])
    assert.deepEqual(await instanceLists.nodes(manager), ['node02'])
    assert.equal((await instanceLists.view(owner, uuid(4))).hostname, 'web-2')
    for (const [actor, id] of [
      [manager, uuid(4)],
      [stranger, uuid(4)],
      [systemActor, uuid(99)],
      [systemActor, 'web-1'],
    ] as const)
      await assert.rejects(instanceLists.view(actor, id), (error) => isFailure(error, 'not-found'))
  })

  test('snapshots are shown newest first, page by page, of all disks or one', async () => {
    const names = async (disk: number | undefined, offset: number, limit: number) => {
      const page = { disk, offset, limit }
      const { snapshots, total } = await t.catalogue.instanceLists.snapshots(manager, uuid(50), page)
      return [total, ...snapshots.map(({ name }) => name)]
    }
    assert.deepEqual(await names(undefined, 0, 3), [7, 's6', 's5', 's4'])
    assert.deepEqual(await names(undefined, 6, 3), [7, 's0'])
    assert.deepEqual(await names(2, 0, 9), [3, 's5', 's3', 's1'])
    await assert.rejects(names(3, 0, 9), (error) => isFailure(error, 'invalid'))
    const page = { offset: 0, limit: 9 }
    const hidden = t.catalogue.instanceLists.snapshots(stranger, uuid(50), page)
    await assert.rejects(hidden, (error) => isFailure(error, 'not-found'))
  })
})
