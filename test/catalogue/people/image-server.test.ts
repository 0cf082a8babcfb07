import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import type { InstallationSettings } from '../../../src/catalogue/installation-settings.ts'
import { type TestCore, testCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { fails } from '../places/support.ts'

const zone = '11111111-1111-4111-8111-111111111111'
const linux = '22222222-2222-4222-8222-222222222222'

forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    await t.apply({
      projects: [{ name: 'acme' }],
      nodes: [{ hostname: 'node01' }],
      instances: [
        {
          uuid: zone,
          hostname: 'Images',
          project: 'acme',
          ostype: 5,
          node: 'node01',
          ips: ['192.0.2.7', '192.0.2.8'],
        },
        { uuid: linux, hostname: 'web', project: 'acme', ostype: 1 },
        { hostname: 'twin', project: 'acme', ostype: 5 },
        { uuid: '33333333-3333-4333-8333-333333333333', hostname: 'twin', project: 'main', ostype: 5 },
      ],
    })
  })
  after(() => t.close())

  const set = (installation: Partial<InstallationSettings>) =>
    t.catalogue.datacenterSettings.change(systemActor, 'main', { installation }, {})
  const change = (columns: { status?: string; ips_json?: string; node?: string | null }) =>
    t.core.database.db.updateTable('instances').set(columns).where('uuid', '=', zone).execute()
  const node = (status: string) =>
    t.core.database.db.updateTable('nodes').set({ status }).where('hostname', '=', 'node01').execute()

  test('without a machine Imageport itself is the image server, unless it is switched off', async () => {
    const { imageServer } = t.catalogue
    assert.deepEqual(await imageServer.view(), {
      state: 'usable',
      name: 'imageport',
      uuid: null,
      address: null,
    })
    assert.equal(await imageServer.demandUsable(), true)
    await set({ imageServer: false })
    assert.deepEqual(await imageServer.view(), { state: 'off', name: null, uuid: null, address: null })
    assert.equal(await imageServer.demandUsable(), false)
  })

  test('a machine is usable while it is up, has an address, and its node is online', async () => {
    const { imageServer } = t.catalogue
    await set({ imageServer: true, imageServerVm: zone })
    const usable = { state: 'usable', name: 'Images', uuid: zone, address: '192.0.2.7' }
    assert.deepEqual(await imageServer.view(), usable)
    await set({ imageServerNic: 2 })
    assert.equal((await imageServer.view()).address, '192.0.2.8')
    await set({ imageServerNic: 3 })
    assert.equal(await imageServer.state(), 'unavailable')
    await set({ imageServerNic: 1 })
    const unavailable = fails('unavailable')
    for (const status of ['running', 'stopped']) {
      await change({ status })
      assert.equal(await imageServer.demandUsable(), true)
    }
    for (const status of ['notcreated', 'stopping', 'running-', 'error']) {
      await change({ status })
      await assert.rejects(imageServer.demandUsable(), unavailable)
    }
    await change({ status: 'running', ips_json: '[]' })
    await assert.rejects(imageServer.demandUsable(), unavailable)
    await change({ ips_json: '["192.0.2.7"]' })
    for (const status of ['maintenance', 'unreachable']) {
      await node(status)
      assert.equal(await imageServer.state(), 'node-down')
      await assert.rejects(imageServer.demandUsable(), fails('state'))
    }
    // A machine that is down itself is what matters first.
    await change({ status: 'error' })
    assert.equal(await imageServer.state(), 'unavailable')
    await change({ status: 'running', node: null })
    assert.equal(await imageServer.state(), 'usable')
    await node('online')
  })

  test('a machine that is gone makes it unavailable', async () => {
    await set({ imageServerVm: '99999999-9999-4999-8999-999999999999' })
    assert.equal(await t.catalogue.imageServer.state(), 'unavailable')
    await set({ imageServerVm: null })
  })

  test('which machine may become the image server', async () => {
    const { imageServer } = t.catalogue
    const candidate = (text: string) => imageServer.candidate(systemActor, text)
    await change({ status: 'stopped' })
    assert.deepEqual(await candidate('images'), { uuid: zone })
    assert.deepEqual(await candidate(zone.toUpperCase()), { uuid: zone })
    assert.deepEqual(await candidate('web'), { unfit: 'ostype' })
    assert.deepEqual(await candidate('nobody'), { unfit: 'absent' })
    assert.deepEqual(await candidate('twin'), { uuid: '33333333-3333-4333-8333-333333333333' })
    await change({ status: 'notcreated' })
    assert.deepEqual(await candidate('images'), { unfit: 'status' })
    const nobody = { ...systemActor, userId: 9, superAdmin: false }
    await assert.rejects(imageServer.candidate(nobody, 'images'), fails('forbidden', 'permission'))
  })
})
