import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { parseInstant } from '../../../src/catalogue/time.ts'
import { denied, images, type Person, startWorld, type World } from './world.ts'

let world: World
const staffImages = '/backend/staffapi/openstack/images'

/** Names in the order of the answer. */
const names = (body: { objects: { name: string }[] }) => body.objects.map(({ name }) => name).join(' ')

before(async () => {
  world = await startWorld({
    settings: { cleanup: { enabled: true, days: 14, formats: ['raw', 'iso'] } },
  })
  const day = (number: number) => parseInstant(`2024-01-0${number}T10:00:00.25Z`)!
  await world.image(
    {
      name: 'Alpha',
      createdAt: day(1),
      minDisk: 10,
      tags: ['Web', 'prod'],
      properties: { os_distro: 'CentOS', os_version: '7' },
    },
    'aaaa',
  )
  await world.image({
    name: 'beta image',
    createdAt: day(2),
    diskFormat: 'qcow2',
    minRam: 512,
    protected: true,
    properties: {
      image_type: 'backup',
      instance_uuid: '81ddeb48-937b-4e54-8b37-091bfcabf18e',
      hw_qemu_guest_agent: 'Yes',
    },
  })
  await world.image({
    name: 'Gamma',
    createdAt: day(3),
    diskFormat: 'iso',
    region: 'pl-waw-1',
    visibility: 'shared',
    properties: { hypervisor_type: 'kvm', architecture: 'x86_64' },
  })
  await world.image({
    name: 'delta 100%',
    createdAt: day(4),
    visibility: 'community',
    properties: { block_device_mapping: '[{"snapshot_id":null},{"snapshot_id":"s-1"}]' },
  })
  const hidden = { visibility: 'public', hidden: true } as const
  await world.image({ name: 'epsilon', createdAt: day(5), ...hidden })
  await world.image({ name: 'others-private', ownerId: 3 })
  await world.image({ name: 'others-public', ownerId: 3, visibility: 'public' })
  await world.image({ name: 'others-hidden', ownerId: 3, ...hidden })
  await world.image({ name: 'others-community', ownerId: 3, visibility: 'community' })
  await world.image({ name: 'template', ownerId: 1, visibility: 'public' })
  const shared = { ownerId: 3, visibility: 'shared' } as const
  for (const name of ['accepted', 'pending', 'unshared']) {
    const image = await world.image({ name: `others-${name}`, ...shared })
    if (name === 'unshared') continue
    const path = `${images}/${image.uuid}/members`
    await world.expect('POST', path, { as: 'omar', json: { client: 2 } }, 201)
    if (name === 'accepted')
      await world.expect('PUT', `${path}/2`, { as: 'eva', json: { status: 'accepted' } }, 200)
  }
  const gone = await world.image({ name: 'gone', createdAt: day(6) })
  await world.expect('DELETE', `${images}/${gone.uuid}`, { as: 'eva' }, 204)
  assert.equal(gone.status, 'queued')
})
after(() => world.close())

describe('the envelope', () => {
  test('has eight keys in order', async () => {
    const { body, text } = await world.expect('GET', images, { as: 'eva' }, 200)
    assert.equal(
      Object.keys(body).join(),
      'count,next,previous,objects,totalCount,pageNo,permissions,filter_options',
    )
    assert.deepEqual(
      [body.count, body.totalCount, body.pageNo, body.next, body.previous],
      [5, 5, 1, null, null],
    )
    assert.equal(names(body), 'epsilon delta 100% Gamma beta image Alpha')
    assert.equal(text.includes('": '), false)
    for (const image of body.objects) assert.equal(Object.keys(image).length, 32)
  })

  test('pages', async () => {
    const url = `${world.url}/backend/api${images}`
    const first = await world.expect('GET', `${images}?page_size=2`, { as: 'eva' }, 200)
    assert.equal(first.body.next, `${url}?page=2&page_size=2`)
    assert.equal(first.body.previous, null)
    const second = await world.expect(
      'GET',
      `${images}/?page_size=2&page=2&filtering=client:2`,
      { as: 'eva' },
      200,
    )
    assert.equal(second.body.next, `${url}/?filtering=client%3A2&page=3&page_size=2`)
    assert.equal(second.body.previous, `${url}/?filtering=client%3A2&page_size=2`)
    assert.deepEqual([second.body.count, second.body.pageNo, names(second.body)], [5, 2, 'Gamma beta image'])
    const last = await world.expect('GET', `${images}?page_size=2&page=last`, { as: 'eva' }, 200)
    assert.deepEqual([last.body.pageNo, last.body.next, names(last.body)], [3, null, 'Alpha'])
    await world.expect('GET', `${images}?page=2`, { as: 'eva' }, 404, { detail: 'Invalid page.' })
    await world.expect('GET', `${images}?page=0`, { as: 'eva' }, 404, { detail: 'Invalid page.' })
  })

  test('nothing matches', async () => {
    const { body } = await world.expect('GET', `${images}?filtering=name:nothing`, { as: 'eva' }, 200)
    assert.deepEqual([body.count, body.totalCount, body.pageNo, body.objects, body.next], [0, 0, 1, [], null])
  })

  test('walking the pages meets every image once', async () => {
    const seen: string[] = []
    let next: string | null = `${images}?page_size=3&ordering=region`
    while (next) {
      const { body }: { body: { next: string | null; objects: { id: string }[] } } = await world.expect(
        'GET',
        next,
        { as: 'eva' },
        200,
      )
      seen.push(...body.objects.map(({ id }) => id))
      next = body.next?.slice(world.url.length) ?? null
    }
    assert.equal(new Set(seen).size, 5)
    assert.equal(seen.length, 5)
  })
})

describe('filters, over the own images', () => {
  const all = 'epsilon delta 100% Gamma beta image Alpha'
  const rows: [filtering: string, found: string][] = [
    ['name:alpha', 'Alpha'],
    ['name:beta image', 'beta image'],
    ['name:*A', 'Gamma Alpha'],
    ['name:al*', 'Alpha'],
    ['name:*lt*', 'delta 100%'],
    ['name:*%', 'delta 100%'],
    ['name:_lpha', ''],
    ['name__ne:alpha', 'epsilon delta 100% Gamma beta image'],
    ['name__ne:*a', 'epsilon delta 100% beta image'],
    ['os_distro__ne:centos', 'epsilon delta 100% Gamma beta image'],
    ['os_distro:centos', 'Alpha'],
    ['os_version:7', 'Alpha'],
    ['os_distro__isnull:false', 'Alpha'],
    ['os_distro__isnull:true', 'epsilon delta 100% Gamma beta image'],
    ['name__contains:A%I', ''],
    ['name__icontains:MM', 'Gamma'],
    ['name__startswith:BETA ', 'beta image'],
    ['name__endswith:100%', 'delta 100%'],
    ['name__in:alpha,gamma,x', 'Gamma Alpha'],
    ['status:active', 'Alpha'],
    ['status:queued', 'epsilon delta 100% Gamma beta image'],
    ['status:deleted', 'gone'],
    ['status__in:active,deleted', 'gone Alpha'],
    ['status__ne:active', 'epsilon delta 100% Gamma beta image'],
    ['status:bogus', ''],
    ['status:saving', ''],
    ['hypervisor_type:kvm', 'Gamma'],
    ['hypervisor_type__ne:kvm', 'epsilon delta 100% beta image Alpha'],
    ['hypervisor_type:bogus', ''],
    ['architecture:X86_64', 'Gamma'],
    ['type:backup', 'beta image'],
    ['type:snapshot', 'delta 100%'],
    ['volume_snapshot_uuid:s-1', 'delta 100%'],
    ['instance_uuid:81ddeb48-937b-4e54-8b37-091bfcabf18e', 'beta image'],
    ['container_format:bare', all],
    ['disk_format:ISO', 'Gamma'],
    ['is_iso:true', 'Gamma'],
    ['is_iso__ne:true', 'epsilon delta 100% beta image Alpha'],
    ['region:pl-waw-1', 'Gamma'],
    ['size:4', 'Alpha'],
    ['size__isnull:true', 'epsilon delta 100% Gamma beta image'],
    ['size__ne:4', 'epsilon delta 100% Gamma beta image'],
    ['min_disk__gte:10', 'Alpha'],
    ['min_disk__gt:10', ''],
    ['min_ram__lt:512', 'epsilon delta 100% Gamma Alpha'],
    ['min_ram__lte:512', all],
    ['min_ram__in:512,1', 'beta image'],
    ['protected:true', 'beta image'],
    ['protected__ne:1', 'epsilon delta 100% Gamma Alpha'],
    ['hw_qemu_guest_agent:yes', 'beta image'],
    ['created_at:2024-01-03T10:00:00Z', 'Gamma'],
    ['created_at__gt:2024-01-03T10:00:00Z', 'epsilon delta 100%'],
    ['created_at__lte:2024-01-02T10:00:00', 'beta image Alpha'],
    ['created_at__gte:2024-01-05T12:00:00+02:00', 'epsilon'],
    ['created_at__lt:2024-01-02', 'Alpha'],
    ['deleted_at__isnull:false', ''],
    ['cleanup_date__isnull:true', 'epsilon beta image'],
    ['cleanup_date:2024-01-15T10:00:00Z', 'Alpha'],
    ['client:2', all],
    ['client__id:2', all],
    ['client:3', ''],
    ['client__ne:2', ''],
    ['client__isnull:true', ''],
    ['tags:web', 'Alpha'],
    ['tags__contains:PROD', 'Alpha'],
    ['tags:pro', ''],
    ['tags__ne:web', 'epsilon delta 100% Gamma beta image'],
    ['tags__in:prod,x', 'Alpha'],
    ['visibility:private', 'beta image Alpha'],
    ['visibility__ne:private', 'epsilon delta 100% Gamma'],
    ['visibility:bogus', ''],
    ['type:template+status:active', 'Alpha'],
    ['status:active type:template', 'Alpha'],
    ['status:active+type:backup', ''],
  ]
  for (const [filtering, found] of rows)
    test(filtering, async () => {
      const { body } = await world.expect(
        'GET',
        `${images}?filtering=${encodeURIComponent(filtering)}`,
        { as: 'eva' },
        200,
      )
      assert.equal(names(body), found)
      assert.equal(body.count, body.objects.length)
    })

  test('an id, in any case', async () => {
    const { body } = await world.expect('GET', `${images}?filtering=name:alpha`, { as: 'eva' }, 200)
    const id = body.objects[0].id.toUpperCase()
    assert.equal(
      names((await world.expect('GET', `${images}?filtering=id:${id}`, { as: 'eva' }, 200)).body),
      'Alpha',
    )
  })

  test('the last of several filterings counts, and unknown parameters are ignored', async () => {
    const path = `${images}?filtering=bogus&filtering=name:alpha&wow=1`
    assert.equal(names((await world.expect('GET', path, { as: 'eva' }, 200)).body), 'Alpha')
  })

  test('many values and terms are no trouble', async () => {
    const many = Array.from({ length: 1500 }, (_, index) => index).join()
    await world.expect('GET', `${images}?filtering=id__in:${many}`, { as: 'eva' }, 200)
    const filters = Array.from({ length: 50 }, () => 'name__ne:x').join('%2B')
    await world.expect('GET', `${images}?filtering=${filters}`, { as: 'eva' }, 200)
    await world.expect(
      'GET',
      `${images}?filtering=client__in:${[...Array(200).keys()].join()}`,
      { as: 'eva' },
      200,
    )
  })

  for (const part of [
    'nonsense',
    'bogus:1',
    'min_disk:abc',
    'protected:maybe',
    'created_at__gte:soon',
    'name__gte:x',
  ])
    test(`400 for ${part}`, async () => {
      await world.expect('GET', `${images}?filtering=${part}`, { as: 'eva' }, 400, {
        detail: `Invalid filter: ${part}`,
      })
    })
})

describe('search', () => {
  // Ids are searched, too, and are random: no term here may be made of hex digits, unless it is in the text anyway.
  const rows: [search: string, found: string][] = [
    ['alpha', 'Alpha'],
    ['CENTOS 7', 'Alpha'],
    ['centos,xyz', ''],
    ['"beta image"', 'beta image'],
    ['"image beta"', ''],
    ['image beta', 'beta image'],
    ['P', 'epsilon Alpha'],
    ['100%', 'delta 100%'],
    ['%', 'delta 100%'],
    ['"', ''],
    ['', 'epsilon delta 100% Gamma beta image Alpha'],
  ]
  for (const [search, found] of rows)
    test(search, async () => {
      const { body } = await world.expect(
        'GET',
        `${images}?search=${encodeURIComponent(search)}`,
        { as: 'eva' },
        200,
      )
      assert.equal(names(body), found)
    })

  test('together with filters', async () => {
    const { body } = await world.expect('GET', `${images}?search=m&filtering=is_iso:true`, { as: 'eva' }, 200)
    assert.equal(names(body), 'Gamma')
  })
})

describe('ordering', () => {
  const rows: [ordering: string, found: string][] = [
    ['name', 'Alpha beta image delta 100% epsilon Gamma'],
    ['-name', 'Gamma epsilon delta 100% beta image Alpha'],
    ['display_name', 'Alpha beta image delta 100% epsilon Gamma'],
    ['created_at', 'Alpha beta image Gamma delta 100% epsilon'],
    ['-min_disk,name', 'Alpha beta image delta 100% epsilon Gamma'],
    ['os_distro,name', 'beta image delta 100% epsilon Gamma Alpha'],
    ['-os_distro,name', 'Alpha beta image delta 100% epsilon Gamma'],
    ['-status,name', 'beta image delta 100% epsilon Gamma Alpha'],
    ['disk_format,name', 'Gamma beta image Alpha delta 100% epsilon'],
    ['bogus', 'epsilon delta 100% Gamma beta image Alpha'],
    ['bogus,name', 'Alpha beta image delta 100% epsilon Gamma'],
  ]
  for (const [ordering, found] of rows)
    test(ordering, async () => {
      const { body } = await world.expect('GET', `${images}?ordering=${ordering}`, { as: 'eva' }, 200)
      assert.equal(names(body), found)
    })
})

describe('scope', () => {
  const rows: [as: Person, filtering: string, found: string][] = [
    ['eva', 'visibility:private', 'Alpha,beta image'],
    ['eva', 'visibility:shared', 'Gamma,others-accepted'],
    ['eva', 'visibility:public', 'epsilon,others-public,template'],
    ['eva', 'visibility:community', 'delta 100%,others-community'],
    ['eva', 'visibility__in:public,private', 'Alpha,beta image,epsilon,others-public,template'],
    ['eva', 'visibility__in:PUBLIC', 'epsilon,others-public,template'],
    ['eva', 'visibility:public+visibility:private', ''],
    ['eva', 'visibility__ne:private', 'Gamma,delta 100%,epsilon'],
    ['eva', 'visibility:public+client__isnull:true', 'template'],
    ['rita', 'visibility:public', 'epsilon,others-public,template'],
    ['omar', 'visibility:public', 'others-hidden,others-public,template'],
    [
      'omar',
      '',
      'others-accepted,others-community,others-hidden,others-pending,others-private,others-public,others-unshared',
    ],
  ]
  for (const [as, filtering, found] of rows)
    test(`${as}: ${filtering || 'no filter'}`, async () => {
      const { body } = await world.expect(
        'GET',
        `${images}?filtering=${encodeURIComponent(filtering)}`,
        { as },
        200,
      )
      const listed = body.objects.map(({ name }: { name: string }) => name).sort()
      assert.equal(listed.join(), found)
      assert.equal(body.count, listed.length)
    })

  test('staff see all clients, hidden images included, and narrow by client', async () => {
    const all = await world.expect('GET', staffImages, { as: 'staff' }, 200)
    assert.equal(all.body.count, 13)
    const one = await world.expect('GET', `${staffImages}?filtering=client:3`, { as: 'staff' }, 200)
    assert.equal(one.body.count, 7)
    const deleted = await world.expect('GET', `${staffImages}?filtering=status:deleted`, { as: 'staff' }, 200)
    assert.equal(names(deleted.body), 'gone')
    assert.equal(typeof deleted.body.objects[0].deleted_at, 'string')
    // A deleted image is there for staff, and 404 for its owner.
    const { id } = deleted.body.objects[0]
    assert.equal(
      (await world.expect('GET', `${staffImages}/${id}`, { as: 'staff' }, 200)).body.status,
      'deleted',
    )
    await world.expect('GET', `${images}/${id}`, { as: 'eva' }, 404)
  })
})

describe('facts of an image', () => {
  const image = async (name: string) =>
    (
      await world.expect(
        'GET',
        `${images}?filtering=${encodeURIComponent(`name:${name}`)}`,
        { as: 'eva' },
        200,
      )
    ).body.objects[0]

  test('the clean-up date is the creation and some days, for unprotected private images of a listed format', async () => {
    assert.equal((await image('alpha')).cleanup_date, '2024-01-15T10:00:00Z')
    assert.equal((await image('beta image')).cleanup_date, null)
    assert.equal((await image('epsilon')).cleanup_date, null)
  })

  test('types and what follows from properties', async () => {
    const beta = await image('beta image')
    assert.deepEqual(
      [beta.type, beta.hw_qemu_guest_agent, beta.properties.hw_qemu_guest_agent, beta.instance_uuid],
      ['backup', true, 'Yes', '81ddeb48-937b-4e54-8b37-091bfcabf18e'],
    )
    assert.equal(beta.related_instance, null)
    const delta = await image('delta*')
    assert.deepEqual([delta.type, delta.volume_snapshot_uuid], ['snapshot', 's-1'])
    const gamma = await image('gamma')
    assert.deepEqual([gamma.hypervisor_type, gamma.architecture, gamma.properties], ['kvm', 'x86_64', {}])
    assert.deepEqual((await image('alpha')).tags, ['Web', 'prod'])
  })
})

describe('feature switches', () => {
  test('they force keys to false and answer 403', async () => {
    const off = await startWorld({
      parts: {
        featuresOff: new Set([
          'openstack.images.showcommunity',
          'openstack.images.showshared',
          'openstack.images.updatecreate',
          'openstack.images.download',
          'openstack.images.copy',
        ]),
      },
    })
    try {
      await off.image({ name: 'theirs', ownerId: 3, visibility: 'community' })
      const own = await off.image({ name: 'own', visibility: 'community' }, 'data')
      const list = await off.expect('GET', `${images}?filtering=visibility:community`, { as: 'eva' }, 200)
      assert.equal(names(list.body), 'own')
      assert.deepEqual(list.body.permissions, {
        'images.list': true,
        'images.retrieve': true,
        'images.create': false,
        'images.destroy': true,
        'images.download': false,
        'images.update': false,
        'images.deactivate': true,
        'images.reactivate': true,
      })
      const path = `${images}/${own.uuid}`
      const words = (detail: string) => ({ detail })
      await off.expect(
        'POST',
        images,
        { as: 'eva', json: {} },
        403,
        words('Image creation not allowed, please contact support.'),
      )
      await off.expect(
        'POST',
        staffImages,
        { as: 'staff', json: {} },
        403,
        words('Image creation not allowed, check logs for details.'),
      )
      await off.expect('POST', images, { as: 'rita', json: {} }, 403, denied)
      await off.expect('PATCH', path, { as: 'eva', json: {} }, 403, words('Image editing not allowed'))
      await off.expect('GET', `${path}/download`, { as: 'eva' }, 403, words('Image download not allowed'))
      await off.expect('GET', `${path}/download`, { as: 'rita' }, 403, denied)
    } finally {
      await off.close()
    }
  })

  test('openstack.images forces all of them', async () => {
    const off = await startWorld({ parts: { featuresOff: new Set(['openstack.images']) } })
    try {
      const { uuid } = await off.image({}, 'data')
      await off.expect('GET', images, { as: 'eva' }, 403, denied)
      await off.expect('DELETE', `${images}/${uuid}`, { as: 'eva' }, 403, denied)
      await off.expect('POST', `${images}/${uuid}/deactivate`, { as: 'eva' }, 403, {
        detail: 'Image deactivation not allowed',
      })
      await off.expect('POST', `${images}/${uuid}/reactivate`, { as: 'eva' }, 403, {
        detail: 'Image reactivation not allowed',
      })
      const { body } = await off.expect('GET', `${images}/permissions`, { as: 'eva' }, 200)
      assert.ok(Object.values(body).every((value) => value === false))
    } finally {
      await off.close()
    }
  })

  test('copy and upload have switches of their own, which are no keys', async () => {
    const off = await startWorld({
      parts: { featuresOff: new Set(['openstack.images.copy', 'openstack.images.file_uploads']) },
    })
    try {
      const { uuid } = await off.image({}, 'data')
      const { body } = await off.expect('GET', `${images}/permissions`, { as: 'eva' }, 200)
      assert.ok(Object.values(body).every((value) => value === true))
      await off.expect('POST', `${images}/${uuid}/copy-image`, { as: 'eva', json: {} }, 403, {
        detail: 'Image copy not allowed.',
      })
      const form = new FormData()
      for (const [name, value] of Object.entries({
        name: 'x',
        source: 'file',
        disk_format: 'raw',
        region: 'ua-central-1',
      }))
        form.set(name, value)
      form.set('file', new Blob(['data']), 'x.raw')
      await off.expect('POST', images, { as: 'eva', form }, 403, {
        detail: 'Image creation not allowed, please contact support.',
      })
      assert.equal((await off.expect('GET', images, { as: 'eva' }, 200)).body.count, 1)
    } finally {
      await off.close()
    }
  })
})
