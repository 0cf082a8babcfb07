import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import type { ImageDraft } from '../../../src/catalogue/images/draft.ts'
import type { WireDashboard } from '../../../src/faces/console/wire-dashboard.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { type Api, type Call, startApi } from './api.ts'

forEachDatabase((_engine, _open, freshUrl) => {
  let api: Api
  let eva: Call

  async function image(draft: ImageDraft, bytes?: string): Promise<void> {
    const { catalogue } = api.server
    const facts = { diskFormat: 'raw', containerFormat: 'bare', ...draft }
    const { uuid } = await catalogue.images.create(systemActor, facts)
    if (bytes === undefined) return
    const source = (async function* () {
      yield Buffer.from(bytes)
    })()
    await catalogue.bytes.receive(systemActor, uuid, source, { fallback: 'queued' })
  }

  before(async () => {
    api = await startApi({ databaseUrl: await freshUrl() })
    await api.server.project(2, 'acme')
    eva = await api.user({ username: 'eva', roles: { 2: 'reader' } })
    await image({ name: 'one', ownerId: 2, properties: { os_distro: 'Debian' } }, '12345')
    await image({ name: 'two', ownerId: 2, properties: { os_distro: 'debian' } }, '12345')
    await image({ name: 'three', ownerId: 2, diskFormat: 'qcow2' })
    await image({ name: 'others', ownerId: 1, visibility: 'public' }, '123')
  })
  after(() => api.close())

  const ask = async (as: Call) => (await as('GET', '/dashboard')).body as WireDashboard

  test('a user sees the numbers of its projects, and nothing of the stores', async () => {
    const { statuses, formats, systems, days, activity, space } = await ask(eva)
    assert.deepEqual(statuses, [
      { status: 'active', images: 2, bytes: 10 },
      { status: 'queued', images: 1, bytes: 0 },
    ])
    assert.deepEqual(formats, [
      { name: 'raw', images: 2 },
      { name: 'qcow2', images: 1 },
    ])
    assert.deepEqual(systems, [
      { name: 'debian', images: 2 },
      { name: '', images: 1 },
    ])
    assert.equal(days.length, 30)
    assert.equal(
      days.reduce((sum, { images }) => sum + images, 0),
      3,
    )
    assert.deepEqual(new Set(activity.map((entry) => entry.image.name)), new Set(['one', 'two', 'three']))
    assert.equal(space, null)
  })

  test('an administrator sees all of them, and what equal bytes save', async () => {
    const { statuses, activity, space } = await ask(api.admin)
    assert.deepEqual(statuses[0], { status: 'active', images: 3, bytes: 13 })
    assert.equal(activity[0]!.image.name, 'others')
    assert.deepEqual([space!.used, space!.saved], [8, 5])
    assert.equal(space!.stores[0]!.name, 'default')
  })

  test('nobody else sees anything', async () => {
    assert.equal((await api.as(null)('GET', '/dashboard')).status, 401)
    const lone = await api.user({ username: 'lone' })
    const { statuses, formats, activity } = await ask(lone)
    assert.deepEqual([statuses, formats, activity], [[], [], []])
  })
})
