import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { denied, images, missing, startWorld, type World } from './world.ts'

let world: World
const staffInstances = '/backend/staffapi/openstack/instances'
const instance = '81ddeb48-937b-4e54-8b37-091bfcabf18e'
before(async () => {
  world = await startWorld()
  await world.project(5, 'tidy', {
    label: 'Tidy Up Ltd',
    settings: { cleanup: { enabled: true, days: 3, formats: ['iso'] } },
  })
})
after(() => world.close())

test('create options have 13 keys in order', async () => {
  const { body } = await world.expect('GET', `${images}/create_options`, { as: 'eva' }, 200)
  assert.deepEqual(Object.keys(body), [
    'regions',
    'container_formats',
    'disk_formats',
    'visibilities',
    'os_distros',
    'selected_region',
    'hypervisor_types',
    'statuses',
    'cleanup_enabled',
    'cleanup_days',
    'cleanup_formats',
    'allowed_formats',
    'architectures',
  ])
  assert.deepEqual(body.regions, [
    { id: 'ua-central-1', description: 'Kyiv' },
    { id: 'pl-waw-1', description: 'Warsaw' },
  ])
  assert.equal(body.container_formats.join(), 'ami,ari,aki,bare,ovf,ova,docker')
  assert.equal(body.disk_formats.join(), 'ami,ari,aki,vhd,vmdk,raw,qcow2,vdi,iso')
  assert.equal(body.visibilities.join(), 'private,shared,community')
  assert.equal(
    body.os_distros.slice(0, 8).join(),
    'almalinux,rockylinux,altlinux,arch,centos,cirros,debian,dos',
  )
  assert.equal(body.os_distros.at(-1), 'windows')
  assert.equal(body.selected_region, 'ua-central-1')
  assert.equal(body.hypervisor_types.join(), 'hyperv,ironic,lxc,qemu,uml,vmware,xen,kvm,lxd')
  assert.deepEqual([body.cleanup_enabled, body.cleanup_days, body.cleanup_formats.length], [false, 14, 9])
  assert.equal(body.allowed_formats.join(), 'iso,mdf,img,dmg,bin,nrg,qcow2')
  assert.deepEqual(body.architectures.slice(0, 2), [
    ['i686', 'i686'],
    ['x86_64', 'x86_64'],
  ])
  const options = await world.expect('GET', `${images}/filter_options`, { as: 'rita' }, 200)
  assert.deepEqual(body.statuses, options.body.status)
  const staff = await world.expect(
    'GET',
    '/backend/staffapi/openstack/images/create_options',
    { as: 'staff' },
    200,
  )
  assert.equal(staff.body.visibilities.join(), 'private,shared,community,public')
  await world.expect('GET', `${images}/create_options`, { as: 'rita' }, 403, denied)
})

test("the clean-up is the client's own", async () => {
  const headers = {
    authorization: `Token ${await world.token(await world.user({ username: 'tidy', roles: { 5: 'owner' } }))}`,
  }
  const { body } = await world.expect('GET', `${images}/create_options`, { headers }, 200)
  assert.deepEqual([body.cleanup_enabled, body.cleanup_days, body.cleanup_formats], [true, 3, ['iso']])
})

test('filter options are the object of the list', async () => {
  const list = await world.expect('GET', images, { as: 'eva' }, 200)
  const { text } = await world.expect('GET', `${images}/filter_options`, { as: 'eva' }, 200)
  assert.equal(text, JSON.stringify(list.body.filter_options))
  assert.equal(Object.keys(list.body.filter_options).join(), 'status,hypervisor_type,visibility')
})

test('a price is asked for with three parameters and not known', async () => {
  const path = `${images}/get_price`
  const required = ['This field is required.']
  await world.expect('GET', path, { as: 'eva' }, 400, {
    disk_format: required,
    region: required,
    visibility: required,
  })
  await world.expect('GET', `${path}?disk_format=raw&region=x`, { as: 'eva' }, 400, { visibility: required })
  await world.expect('GET', `${path}?disk_format=raw&region=x&visibility=private`, { as: 'eva' }, 200, {
    estimated_cost_display: '',
  })
  await world.expect('GET', path, { as: 'rita' }, 403, denied)
})

describe('instances', () => {
  const json = { name: 'web01', client: 2, region: 'ua-central-1' }

  test('staff register, rename and remove them; images show them while they are there', async () => {
    const properties = { instance_uuid: instance }
    const own = await world.image({
      name: 'one',
      properties: { ...properties, image_type: 'backup' },
      createdAt: 1e15,
    })
    await world.image({
      name: 'two',
      properties: { ...properties, block_device_mapping: '[{"snapshot_id":"s"}]' },
      createdAt: 2e15,
    })
    await world.image({ name: 'theirs', ownerId: 3, visibility: 'public', properties })
    const related = async () =>
      (await world.expect('GET', `${images}/${own.uuid}`, { as: 'eva' }, 200)).body.related_instance
    const snapshots = `${images}/get_snapshots_for_instance`
    const none = { detail: 'Cannot get snapshots for non existing instance.' }
    assert.equal(await related(), null)
    await world.expect('GET', `${snapshots}?instance_uuid=${instance}`, { as: 'eva' }, 404, none)
    await world.expect('GET', `${snapshots}?instance_uuid=x`, { as: 'eva' }, 404, none)
    await world.expect('GET', snapshots, { as: 'eva' }, 400, { instance_uuid: ['This field is required.'] })
    await world.expect('GET', snapshots, { as: 'lone' }, 409, { detail: 'Client does not have any project.' })

    const made = await world.expect('PUT', `${staffInstances}/${instance}`, { as: 'staff', json }, 200)
    assert.equal(made.text, `{"id":"${instance}","name":"web01","client":2,"region":"ua-central-1"}`)
    assert.deepEqual(await related(), { id: instance, name: 'web01' })
    await world.expect(
      'PUT',
      `${staffInstances}/${instance}`,
      { as: 'staff', json: { ...json, name: 'web02' } },
      200,
    )
    assert.deepEqual(await related(), { id: instance, name: 'web02' })

    const { body } = await world.expect('GET', `${snapshots}?instance_uuid=${instance}`, { as: 'eva' }, 200)
    assert.equal(Object.keys(body).join(), 'objects,volume_snapshots_count')
    assert.deepEqual(
      body.objects.map(({ name }: { name: string }) => name),
      ['two', 'one'],
    )
    assert.equal(body.volume_snapshots_count, 1)
    await world.expect('GET', `${snapshots}?instance_uuid=${instance}`, { as: 'omar' }, 404, none)

    // An entry of another client counts as absent.
    await world.expect(
      'PUT',
      `${staffInstances}/${instance}`,
      { as: 'staff', json: { ...json, client: 3 } },
      200,
    )
    assert.equal(await related(), null)
    assert.equal(
      (await world.expect('DELETE', `${staffInstances}/${instance}`, { as: 'staff' }, 204)).text,
      '',
    )
    await world.expect('DELETE', `${staffInstances}/${instance}`, { as: 'staff' }, 404, missing)
  })

  test('refusals', async () => {
    const required = ['This field is required.']
    const path = `${staffInstances}/${instance}`
    await world.expect('PUT', path, { as: 'staff', json: {} }, 400, {
      name: required,
      client: required,
      region: required,
    })
    await world.expect('PUT', path, { as: 'staff', json: { ...json, client: 999 } }, 400, {
      client: ['Client does not exist'],
    })
    await world.expect('PUT', path, { as: 'staff', json: { ...json, region: 'x' } }, 400, {
      region: ['"x" is not a valid choice.'],
    })
    await world.expect('PUT', `${staffInstances}/x`, { as: 'staff', json }, 404, missing)
    await world.expect('PUT', path, { as: 'eva', json }, 403, denied)
    await world.expect('PUT', `/openstack/instances/${instance}`, { as: 'eva', json }, 404, missing)
  })
})

test('regions are a plain paged list', async () => {
  const { body } = await world.expect('GET', '/openstack/regions?page_size=2', { as: 'rita' }, 200)
  assert.equal(Object.keys(body).join(), 'count,next,previous,objects,totalCount,pageNo')
  assert.deepEqual(
    [body.count, body.next],
    [3, `${world.url}/backend/api/openstack/regions?page=2&page_size=2`],
  )
  assert.equal(
    Object.keys(body.objects[0]).join(),
    'id,description,enabled,enable_volumes,enable_snapshots,is_default',
  )
  const all = await world.expect('GET', '/openstack/regions', { as: 'rita' }, 200)
  assert.deepEqual(
    all.body.objects.map((region: { id: string; enabled: boolean; is_default: boolean }) => [
      region.id,
      region.enabled,
      region.is_default,
    ]),
    [
      ['ua-central-1', true, true],
      ['pl-waw-1', true, false],
      ['closed-1', false, false],
    ],
  )
  await world.expect('GET', '/openstack/regions', {}, 401)
})

test('clients', async () => {
  const { body } = await world.expect('GET', '/clients/2', { as: 'eva' }, 200)
  const { date_created, roles, ...rest } = body
  assert.match(date_created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  assert.deepEqual(rest, {
    id: 2,
    name: 'Acme Ltd',
    first_name: 'Acme',
    last_name: 'Ltd',
    company: '',
    long_name: 'Acme Ltd #2',
    users: [world.ids.eva, world.ids.rita, world.ids.both],
    has_openstack_services: true,
    status: 'active',
  })
  assert.deepEqual(roles, [{ id: 2, name: 'owner', display_name: 'Account Owner' }])
  await world.expect('GET', '/clients/3', { as: 'eva' }, 404, missing)
  await world.expect('GET', '/clients/x', { as: 'eva' }, 404, missing)
  const both = await world.expect('GET', '/clients', { as: 'both' }, 200)
  assert.deepEqual(
    both.body.objects.map(({ id }: { id: number }) => id),
    [2, 3],
  )
  assert.equal((await world.expect('GET', '/clients', { as: 'lone' }, 200)).body.count, 0)
  assert.equal((await world.expect('GET', '/clients/4', { as: 'ivan' }, 200)).body.status, 'suspended')
  const staff = await world.expect('GET', '/backend/staffapi/clients', { as: 'staff' }, 200)
  assert.equal(staff.body.count, 5)
  const billed = await world.expect(
    'GET',
    '/backend/staffapi/clients?external_billing_id=42',
    { as: 'staff' },
    200,
  )
  assert.equal(billed.body.count, 0)
})

test('the current user sees the switches and the version', async () => {
  const { body } = await world.expect('GET', '/current-user', { as: 'lone' }, 200)
  assert.equal(Object.keys(body.features).length, 11)
  assert.ok(Object.values(body.features).every((value) => value === true))
  assert.equal(body.version.backend_version, '0.0.0-test')
  assert.match(body.uuid, /^[0-9a-f-]{36}$/)
})
