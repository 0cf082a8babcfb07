import assert from 'node:assert/strict'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { enqueue } from '../../../src/catalogue/tasks/enqueue.ts'
import { processes } from '../../../src/catalogue/tasks/processes.ts'
import { now } from '../../../src/catalogue/time.ts'
import { migrations } from '../../../src/database/migrations/index.ts'
import type { WireHealth, WireSetting } from '../../../src/faces/console/wire-settings.ts'
import { filesStore } from '../../../src/store/files.ts'
import { type Api, type Call, refused, startApi } from './api.ts'

const settings: readonly WireSetting[] = [
  { name: 'IMAGEPORT_PORT', value: 2222, secret: false, unit: null, from: 'environment', place: null },
  { name: 'IMAGEPORT_ADMIN_PASSWORD', value: true, secret: true, unit: null, from: 'default', place: null },
]

/** Lets time pass, in milliseconds. */
function clock(t: TestContext): (milliseconds: number) => void {
  const real = performance.now.bind(performance)
  let ahead = 0
  t.mock.method(performance, 'now', () => real() + ahead)
  return (milliseconds) => {
    ahead += milliseconds
  }
}

describe('console: settings and health', () => {
  let api: Api
  let plain: Call
  let directory: string
  before(async () => {
    const stores = (where: string) => {
      directory = where
      return ['fast', 'bulk'].map((name) => filesStore({ name, directory: join(where, name) }))
    }
    api = await startApi({ stores, readOnly: ['bulk'] }, { settings })
    plain = await api.user({ username: 'plain', roles: { 1: 'owner' } })
  })
  after(() => api.close())

  const health = async () => (await api.admin('GET', '/health')).body as WireHealth

  test('administrators see the settings, nobody else does', async () => {
    assert.deepEqual((await api.admin('GET', '/settings')).body, { settings })
    refused(await plain('GET', '/settings'), 403, 'forbidden', 'role')
    refused(await api.as(null)('GET', '/settings'), 401, 'unauthenticated', 'missing')
    refused(await plain('GET', '/health'), 403, 'forbidden', 'role')
    refused(await api.as(null)('GET', '/health'), 401, 'unauthenticated', 'missing')
  })

  test('health tells of parts, stores, processes, tasks and migrations', async (t) => {
    const pass = clock(t)
    const { core } = api.server
    await processes(core).enter(true)
    const silent = now() - 60_000_000
    await core.database.db
      .insertInto('processes')
      .values({ id: 'silent', started_at: silent, lease_until: silent + 30_000_000 })
      .execute()
    await core.database.transaction((trx) => enqueue(trx, systemActor, { kind: 'verify', payload: {} }))
    pass(10_000)
    const found = await health()
    assert.equal(found.version, '0.0.0-test')
    assert.deepEqual(found.parts, [
      { name: 'database', works: true },
      { name: 'store fast', works: true },
      { name: 'store bulk', works: true },
    ])
    for (const { free, total } of found.stores) assert.ok(free! > 0 && total! >= free!, `${free} of ${total}`)
    assert.deepEqual(
      found.stores.map(({ name, isDefault, readOnly }) => [name, isDefault, readOnly]),
      [
        ['fast', true, false],
        ['bulk', false, true],
      ],
    )
    assert.deepEqual(
      found.processes.map(({ id, lives, isThis }) => [id, lives, isThis]),
      [
        ['silent', false, false],
        [core.processId, true, true],
      ],
    )
    const [, own] = found.processes
    assert.equal(own!.seenAt, own!.startedAt)
    assert.equal(found.tasks.find(({ state }) => state === 'pending')!.count, 1)
    assert.deepEqual(
      found.migrations.map(({ name }) => name),
      Object.keys(migrations).toSorted(),
    )
    assert.ok(found.migrations.every(({ appliedAt }) => Date.parse(appliedAt) > Date.now() - 60_000))
  })

  test('a store that is gone is told, and the rest still is', async (t) => {
    const pass = clock(t)
    await rename(join(directory, 'bulk'), join(directory, 'gone'))
    pass(20_000)
    const { parts, stores } = await health()
    assert.deepEqual(
      parts.map(({ works }) => works),
      [true, true, false],
    )
    assert.ok(stores[0]!.free! > 0)
    assert.deepEqual([stores[1]!.free, stores[1]!.total], [null, null])
    await rename(join(directory, 'gone'), join(directory, 'bulk'))
    pass(20_000)
    assert.ok((await health()).parts.every(({ works }) => works))
  })
})
