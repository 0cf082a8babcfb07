import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { centos1, centos2, listOf } from './fixture.ts'
import { bigcompute, images, onBothDatabases, type World } from './world.ts'

type Named = { readonly id: number; readonly name: string }

onBothDatabases('lists (2.1, section 6)', (start) => {
  let world: World
  before(async () => {
    world = await start()
  })
  after(() => world.close())

  const rows: readonly (readonly [query: string, more: object, results: readonly object[]])[] = [
    ['page=2', { page: 2, total: 2, subtotal: 2 }, []],
    ['page=2&per_page=1', { page: 2, per_page: 1, total: 2, subtotal: 2 }, [centos2]],
    ['per_page=1&page=1&page=2', { page: 2, per_page: 1, total: 2, subtotal: 2 }, [centos2]],
    ['page=&per_page=', {}, [centos1, centos2]],
    ['per_page=all', { per_page: 2 }, [centos1, centos2]],
    ['per_page=all&page=7', { per_page: 2, page: 7 }, [centos1, centos2]],
    ['per_page=all&search=root', { per_page: 2, total: 2, subtotal: 1, search: 'root' }, [centos1]],
    ['per_page=4294967296', { per_page: 4294967296 }, [centos1, centos2]],
    ['per_page=1000&page=1', { per_page: 1000 }, [centos1, centos2]],
    [
      'page=99999999999&per_page=99999999999',
      { page: 99999999999, per_page: 99999999999, total: 2, subtotal: 2 },
      [],
    ],
    ['search=', { search: '' }, [centos1, centos2]],
    ['search=%20', { search: ' ' }, [centos1, centos2]],
    ['search=name%20~%20MyString', { total: 2, subtotal: 0, search: 'name ~ MyString' }, []],
    ['order=', {}, [centos1, centos2]],
    ['order=%20', {}, [centos1, centos2]],
    ['order=name', { sort: { by: 'name', order: 'ASC' } }, [centos1, centos2]],
    ['order=name+desc', { sort: { by: 'name', order: 'desc' } }, [centos2, centos1]],
    ['order=name+DESC', { sort: { by: 'name', order: 'DESC' } }, [centos2, centos1]],
    ['order=name+bogus', { sort: { by: 'name', order: 'bogus' } }, [centos1, centos2]],
    ['order=name+DESC+NULLS+LAST', { sort: { by: 'name', order: 'DESC' } }, [centos1, centos2]],
    ['order=id', { sort: { by: 'id', order: 'ASC' } }, [centos2, centos1]],
    ['order=compute_resource', { sort: { by: 'compute_resource', order: 'ASC' } }, [centos2, centos1]],
    ['anything=else&x[]=1', {}, [centos1, centos2]],
  ]
  for (const [query, more, results] of rows)
    test(query, async () => {
      const whole = { total: 2, subtotal: 2, ...more }
      await world.expect('GET', `${images}?${query}`, {}, 200, listOf(results, whole))
    })

  test('fields that cannot be ordered by', async () => {
    for (const field of ['uuid', 'created_at', 'NAME'])
      await world.expect('GET', `${images}?order=${field}`, {}, 400)
  })

  test('names are in the order of their code points', async () => {
    const image = { username: 'u', operatingsystem_id: 309172073, architecture_id: 501905019 }
    for (const name of ['b', 'B', 'a', 'ä', 'Z'])
      await world.expect(
        'POST',
        '/compute_resources/928692541/images',
        { json: { image: { ...image, name, uuid: name } } },
        201,
      )
    const { body } = await world.ask('GET', '/compute_resources/928692541/images')
    assert.deepEqual(
      body.results.map((one: Named) => one.name),
      ['B', 'Z', 'a', 'b', 'ä'],
    )
  })

  test('what is not set comes first, last when the order descends', async () => {
    const path = '/compute_resources/928692541/images'
    const { body } = await world.ask('GET', path)
    const [first, second] = body.results as [Named, Named]
    await world.expect('PUT', `${path}/${first.id}`, { json: { image: { user_data: null } } }, 200)
    await world.expect('PUT', `${path}/${second.id}`, { json: { image: { user_data: true } } }, 200)
    const names = async (order: string) =>
      (await world.ask('GET', `${path}?order=${order}`)).body.results.map((one: Named) => one.name)
    assert.deepEqual(await names('user_data'), ['B', 'b', 'a', 'ä', 'Z'])
    assert.deepEqual(await names('user_data%20desc'), ['Z', 'b', 'a', 'ä', 'B'])
  })

  test('other resources page and sort alike', async () => {
    const { body } = await world.ask('GET', '/architectures?order=name%20desc&per_page=1')
    assert.deepEqual([body.total, body.per_page, body.results[0].name], [2, 1, 'x86_64'])
    await world.expect('GET', '/architectures?page=0', {}, 400)
    await world.expect('GET', '/architectures?search=bogus%3D1', {}, 400)
    await world.expect('GET', '/users?order=role', {}, 400)
  })
})

/** foreman.md 6.3. Organizations: main (1), acme (2) with lab (10), empty (11). */
onBothDatabases('context', (start) => {
  let world: World
  let lab: number
  let elsewhere: number
  let inLab: number
  before(async () => {
    world = await start()
    const made = async (path: string, json: object) => {
      const { status, body, text } = await world.ask('POST', path, { json })
      assert.equal(status, 201, text)
      return body.id as number
    }
    lab = await made('/organizations', { organization: { name: 'Läb', parent_id: 2 } })
    elsewhere = await made('/locations', { location: { name: 'elsewhere' } })
    inLab = await made('/compute_resources', {
      compute_resource: {
        name: 'lab-kvm',
        provider: 'Libvirt',
        url: 'qemu:///',
        organization_ids: [lab],
        location_ids: [1],
      },
    })
    await world.core.database.db
      .insertInto('user_locations')
      .values(
        [world.ids.viewer, world.ids.manager, world.ids.clerk].map((user_id) => ({
          user_id,
          location_id: 1,
        })),
      )
      .execute()
  })
  after(() => world.close())

  const seen = async (query: string, as: 'admin' | 'viewer' = 'admin') => {
    const { body, text } = await world.ask('GET', `/compute_resources?${query}`, { as })
    assert.ok(body.results, text)
    return body.results.map((one: Named) => one.name)
  }

  test('without any, administrators see everything and others what is theirs', async () => {
    const all = ['amazon123', 'bigcompute', 'catalogue', 'lab-kvm']
    assert.deepEqual(await seen(''), all)
    assert.deepEqual(await seen('organization_id=&location_id='), all)
    assert.deepEqual(await seen('', 'viewer'), ['bigcompute', 'catalogue', 'lab-kvm'])
  })

  test('in an organization: its own, and those of what is above and below', async () => {
    for (const organization of ['2', '2-acme', 'acme'])
      assert.deepEqual(await seen(`organization_id=${organization}`), ['bigcompute', 'catalogue', 'lab-kvm'])
    assert.deepEqual(await seen(`organization_id=${lab}`), ['bigcompute', 'catalogue', 'lab-kvm'])
    assert.deepEqual(await seen('organization_id=1'), ['catalogue'])
    assert.deepEqual(await seen(`organization_id=2&location_id=${elsewhere}`), ['catalogue'])
    assert.deepEqual(await seen('location_id=1'), ['bigcompute', 'catalogue', 'lab-kvm'])
  })

  test('the headers say which', async () => {
    const { headers } = await world.ask('GET', `/compute_resources?organization_id=${lab}&location_id=1`)
    // Header bytes are what they are; fetch reads them as Latin-1.
    const text = Buffer.from(headers.get('foreman_current_organization')!, 'latin1').toString('utf8')
    assert.equal(text, `${lab}; Läb`)
    assert.equal(headers.get('foreman_current_location'), '1; ua-central-1')
  })

  test('an organization by its title', async () => {
    assert.deepEqual(await seen(`organization_id=${encodeURIComponent('acme/Läb')}`), [
      'bigcompute',
      'catalogue',
      'lab-kvm',
    ])
  })

  test('what nobody has', async () => {
    for (const [query, body] of [
      ['organization_id=2x', 'Organization with id 2x not found'],
      ['organization_id=0', 'Organization with id 0 not found'],
      ['location_id=nowhere', 'Location with id nowhere not found'],
      ['location_id[]=1', 'Location with id ["1"] not found'],
      ['organization_id=%00', 'Organization with id \0 not found'],
    ] as const)
      await world.expect('GET', `/compute_resources?${query}`, {}, 404, { message: body })
    await world.expect('GET', '/status?organization_id=2', { as: 'lone' }, 404)
  })

  test('in a body, too', async () => {
    const json = { organization_id: 99, architecture: { name: 'never' } }
    await world.expect('POST', '/architectures', { json }, 404, {
      message: 'Organization with id 99 not found',
    })
  })

  test('images follow: one of an invisible compute resource is not there', async () => {
    const image = { username: 'u', operatingsystem_id: 309172073, architecture_id: 501905019 }
    const json = { image: { ...image, name: 'ami', uuid: 'ami' } }
    const made = await world.ask('POST', '/compute_resources/928692541/images', { json })
    const total = async (query: string, as: 'admin' | 'viewer') =>
      (await world.ask('GET', `/architectures/x86_64/images?${query}`, { as })).body.total
    assert.equal(await total('', 'admin'), 3)
    assert.equal(await total('', 'viewer'), 2)
    assert.equal(await total('organization_id=1', 'admin'), 0)
    const path = `/architectures/x86_64/images/${made.body.id}`
    await world.expect('GET', path, { as: 'viewer' }, 404)
    await world.expect('GET', `${path}?organization_id=2`, {}, 404)
    await world.expect('GET', `${images}?organization_id=1`, {}, 404)
    await world.expect('GET', `/compute_resources/${bigcompute}/images/980190962?organization_id=2`, {}, 200)
  })

  test('a new compute resource belongs to the context it was made in', async () => {
    const json = {
      organization_id: 2,
      location_id: elsewhere,
      compute_resource: { name: 'placed', provider: 'Libvirt', url: 'qemu:///' },
    }
    const { body, text } = await world.ask('POST', '/compute_resources', { json })
    assert.deepEqual(
      [body.organizations, body.locations].map((places) => places?.map((one: Named) => one.id)),
      [[2], [elsewhere]],
      text,
    )
    await world.expect('GET', `/compute_resources/${inLab}?organization_id=1`, {}, 404)
  })
})
