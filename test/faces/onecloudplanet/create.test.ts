import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type Ask, images, startWorld, type World } from './world.ts'

let world: World
let source: Server
let origin: string
const staffImages = '/backend/staffapi/openstack/images'
const plain = { name: 'disk', source: 'url', disk_format: 'raw', region: 'ua-central-1' }

before(async () => {
  source = createServer((request, response) => {
    response.statusCode = request.url === '/missing' ? 404 : 200
    response.end('bytes')
  })
  await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(source.address() as AddressInfo).port}`
  world = await startWorld({ importAllow: '127.0.0.1' })
})
after(async () => {
  await world.close()
  source.close()
})

const count = async () =>
  (await world.expect('GET', `${staffImages}?filtering=status__ne:x`, { as: 'staff' }, 200)).body.count

function formOf(fields: Record<string, string | string[]>, file?: string | Blob): FormData {
  const form = new FormData()
  for (const [name, values] of Object.entries(fields))
    for (const value of [values].flat()) form.append(name, value)
  if (file !== undefined) form.set('file', new Blob([file]), 'disk.raw')
  return form
}

describe('the answer', () => {
  test('is an echo of 15 keys and not the image', async () => {
    const { body } = await world.expect(
      'POST',
      images,
      { as: 'eva', json: { ...plain, url: `${origin}/disk` } },
      201,
    )
    const { id, ...echo } = body
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/)
    assert.equal(
      JSON.stringify(echo),
      JSON.stringify({
        name: 'disk',
        min_disk: 0,
        min_ram: 0,
        region: 'ua-central-1',
        container_format: 'bare',
        disk_format: 'raw',
        visibility: 'private',
        protected: false,
        architecture: null,
        os_distro: null,
        os_version: null,
        source: 'url',
        hypervisor_type: '',
        tags: [],
      }),
    )
    const image = await world.expect('GET', `${images}/${id}`, { as: 'eva' }, 200)
    assert.deepEqual(
      [image.body.status, image.body.size, image.body.hypervisor_type, image.body.client],
      ['queued', null, null, { id: 2, name: 'Acme Ltd', display: 'Acme Ltd #2' }],
    )
  })

  test('says what was asked for', async () => {
    const json = {
      ...plain,
      url: `${origin}/disk`,
      container_format: 'ovf',
      min_disk: 3,
      min_ram: '512',
      visibility: 'community',
      protected: true,
      architecture: 'x86_64',
      os_distro: 'centos',
      hypervisor_type: 'kvm',
      tags: ['b', 'a', 'b'],
      properties: { z: '1', os_version: '9', os_distro: 'ignored', a: '2' },
    }
    const { body } = await world.expect('POST', `${images}/?active_client=2`, { as: 'eva', json }, 201)
    const image = (await world.expect('GET', `${images}/${body.id}`, { as: 'eva' }, 200)).body
    for (const answer of [body, image]) {
      assert.deepEqual(
        [
          answer.min_disk,
          answer.min_ram,
          answer.visibility,
          answer.protected,
          answer.architecture,
          answer.os_distro,
          answer.os_version,
          answer.hypervisor_type,
          answer.container_format,
        ],
        [3, 512, 'community', true, 'x86_64', 'centos', '9', 'kvm', 'ovf'],
      )
      assert.deepEqual(answer.tags, ['a', 'b'])
    }
    assert.equal(JSON.stringify(image.properties), '{"z":"1","a":"2"}')
  })

  test('multipart reads words and numbers as what they mean', async () => {
    const form = formOf(
      {
        ...plain,
        source: 'file',
        protected: 'true',
        min_disk: '4',
        architecture: 'null',
        os_distro: '',
        os_version: '9',
        hypervisor_type: '',
        tags: ['x', 'w'],
        properties: '{"k":"v"}',
      },
      'some bytes',
    )
    const { body } = await world.expect('POST', images, { as: 'eva', form }, 201)
    const image = (await world.expect('GET', `${images}/${body.id}`, { as: 'eva' }, 200)).body
    assert.deepEqual(
      [
        body.protected,
        body.min_disk,
        body.architecture,
        body.os_distro,
        body.os_version,
        body.hypervisor_type,
      ],
      [true, 4, null, null, '9', ''],
    )
    assert.deepEqual(
      [image.status, image.size, image.tags, image.properties],
      ['active', 10, ['w', 'x'], { k: 'v' }],
    )
  })

  test('multipart with a URL, and tags as a JSON list', async () => {
    const form = formOf({ ...plain, url: `${origin}/disk`, tags: '["b","a"]' })
    const { body } = await world.expect('POST', images, { as: 'eva', form }, 201)
    assert.deepEqual([body.source, body.tags], ['url', ['a', 'b']])
  })
})

describe('bad input', () => {
  const required = ['This field is required.']
  const json = (change: object, drop: string[] = []): Ask => ({
    as: 'eva',
    json: Object.fromEntries(
      Object.entries({ ...plain, url: `${origin}/disk`, ...change }).filter(([name]) => !drop.includes(name)),
    ),
  })
  const rows: [what: string, ask: () => Ask, body: object][] = [
    [
      'nothing at all',
      () => ({ as: 'eva' }),
      { name: required, source: required, disk_format: required, region: required },
    ],
    [
      'an empty object',
      () => ({ as: 'eva', json: {} }),
      { name: required, source: required, disk_format: required, region: required },
    ],
    [
      'everything at once',
      () =>
        json({
          name: ' ',
          source: 'tape',
          disk_format: 'x',
          region: 'x',
          min_disk: -1,
          min_ram: 'x',
          protected: 'maybe',
          visibility: 'x',
          container_format: 'x',
          hypervisor_type: 'x',
          tags: 'x',
          properties: [],
        }),
      {
        name: ['This field may not be blank.'],
        source: ['"tape" is not a valid choice.'],
        disk_format: ['"x" is not a valid choice.'],
        region: ['"x" is not a valid choice.'],
        min_disk: ['Ensure this value is greater than or equal to 0.'],
        min_ram: ['A valid integer is required.'],
        protected: ['Must be a valid boolean.'],
        visibility: ['"x" is not a valid choice.'],
        container_format: ['"x" is not a valid choice.'],
        hypervisor_type: ['Invalid hypervisor type selected'],
        tags: ['Expected a list of items but got type "str".'],
        properties: ['Expected a dictionary of items but got type "list".'],
      },
    ],
    [
      'null',
      () => json({ name: null, min_disk: null }),
      { name: ['This field may not be null.'], min_disk: ['This field may not be null.'] },
    ],
    [
      'a long name',
      () => json({ name: 'x'.repeat(256) }),
      { name: ['Ensure this field has no more than 255 characters.'] },
    ],
    ['NUL', () => json({ name: 'a\0' }), { name: ['Null characters are not allowed.'] }],
    ['public', () => json({ visibility: 'public' }), { visibility: ['"public" is not a valid choice.'] }],
    [
      'a format of other faces',
      () => json({ disk_format: 'vhdx' }),
      { disk_format: ['"vhdx" is not a valid choice.'] },
    ],
    [
      'a closed region',
      () => json({ region: 'closed-1' }),
      { region: ['"closed-1" is not a valid choice.'] },
    ],
    [
      'a reserved property',
      () => json({ properties: { status: 'x', os_glance_y: '1' } }),
      { properties: ['"status" is a reserved name.', '"os_glance_y" is a reserved name.'] },
    ],
    [
      'a property that is no text',
      () => json({ properties: { a: { b: 1 } } }),
      { properties: ['Not a valid string.'] },
    ],
    [
      'a property beyond ASCII',
      () => json({ properties: { a: 'é' } }),
      { properties: ['Only ASCII characters are allowed for properties and values'] },
    ],
    [
      'a hypervisor among the properties',
      () => json({ properties: { hypervisor_type: 'x' } }),
      { hypervisor_type: ['Invalid hypervisor type selected'] },
    ],
    ['no URL', () => json({}, ['url']), { url: required }],
    ['a blank URL', () => json({ url: '' }), { url: ['This field may not be blank.'] }],
    ['what is no URL', () => json({ url: 'not a url' }), { url: ['Enter a valid URL.'] }],
    ['no host', () => json({ url: 'http://' }), { url: ['Enter a valid URL.'] }],
    ['no file in JSON', () => json({ source: 'file' }), { file: ['No file was submitted.'] }],
    [
      'no file part',
      () => ({ as: 'eva', form: formOf({ ...plain, source: 'file' }) }),
      { file: ['No file was submitted.'] },
    ],
    [
      'an empty file',
      () => ({ as: 'eva', form: formOf({ ...plain, source: 'file' }, '') }),
      { file: ['The submitted file is empty.'] },
    ],
    [
      'text instead of a file',
      () => ({ as: 'eva', form: formOf({ ...plain, source: 'file', file: 'x' }) }),
      { file: ['No file was submitted.'] },
    ],
    [
      'broken JSON in a form',
      () => ({ as: 'eva', form: formOf({ ...plain, url: `${origin}/disk`, properties: '{x' }) }),
      { properties: ['Expected a dictionary of items but got type "str".'] },
    ],
    ['an unreachable URL', () => json({ url: 'http://127.0.0.1:1/x' }), { url: ['URL is not accessible'] }],
    ['404 there', () => json({ url: `${origin}/missing` }), { url: ['URL is not accessible'] }],
    ['loopback', () => json({ url: 'http://localhost:6553/' }), { url: ['URL is not accessible'] }],
    [
      'link-local',
      () => json({ url: 'http://169.254.169.254/latest/meta-data' }),
      { url: ['URL is not accessible'] },
    ],
    ['a private range', () => json({ url: 'http://10.0.0.1/x' }), { url: ['URL is not accessible'] }],
    ['another scheme', () => json({ url: 'ftp://example.org/x' }), { url: ['URL is not accessible'] }],
    ['a local file', () => json({ url: 'file:///etc/passwd' }), { url: ['URL is not accessible'] }],
    [
      'a list',
      () => ({ as: 'eva', json: [] }),
      { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] },
    ],
    [
      'a text',
      () => ({ as: 'eva', json: 'x' }),
      { non_field_errors: ['Invalid data. Expected a dictionary, but got str.'] },
    ],
  ]
  for (const [what, ask, body] of rows)
    test(what, async () => {
      const earlier = await count()
      await world.expect('POST', images, ask(), 400, body)
      assert.equal(await count(), earlier, 'nothing is left behind')
    })

  test('unreadable bodies', async () => {
    const type = (value: string) => ({ 'content-type': value })
    for (const [body, value] of [
      ['{x', 'application/json'],
      ['\u{fffd}{', 'application/json; charset=utf-8'],
    ] as const) {
      const reply = await world.expect('POST', images, { as: 'eva', body, headers: type(value) }, 400)
      assert.match(reply.body.detail, /^JSON parse error - ./)
    }
    const form = await world.expect(
      'POST',
      images,
      { as: 'eva', body: 'x', headers: type('multipart/form-data') },
      400,
    )
    assert.match(form.body.detail, /^Multipart form parse error - ./)
    const cut = '--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nx'
    const broken = await world.expect(
      'POST',
      images,
      { as: 'eva', body: cut, headers: type('multipart/form-data; boundary=b') },
      400,
    )
    assert.match(broken.body.detail, /^Multipart form parse error - ./)
    for (const value of ['text/plain', 'application/x-www-form-urlencoded', 'nonsense'])
      await world.expect('POST', images, { as: 'eva', body: 'x', headers: type(value) }, 415, {
        detail: `Unsupported media type "${value}" in request.`,
      })
    await world.expect('POST', images, { as: 'eva', json: { name: 'x'.repeat(2 ** 20) } }, 413)
  })

  test('too many and too large fields', async () => {
    const many = formOf(Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`f${index}`, 'x'])))
    await world.expect('POST', images, { as: 'eva', form: many }, 400)
    const large = formOf({ name: 'x'.repeat(300_000) })
    await world.expect('POST', images, { as: 'eva', form: large }, 400, { name: ['This value is too long.'] })
  })

  test('a file that is not the last part leaves nothing', async () => {
    const form = formOf({ ...plain, source: 'file', protected: 'true' }, 'bytes')
    form.append('min_disk', '1')
    const earlier = await count()
    await world.expect('POST', images, { as: 'eva', form }, 400, {
      file: ['This must be the last part of the form.'],
    })
    assert.equal(await count(), earlier)
  })

  test('a file that is not what it is declared to be is killed', async () => {
    const form = formOf({ ...plain, name: 'fake', source: 'file', disk_format: 'qcow2' }, 'no qcow2')
    const reply = await world.expect('POST', images, { as: 'eva', form }, 400)
    assert.deepEqual(Object.keys(reply.body), ['file'])
    const { body } = await world.expect('GET', `${images}?filtering=name:fake`, { as: 'eva' }, 200)
    assert.equal(body.objects[0].status, 'killed')
    await world.expect('DELETE', `${images}/${body.objects[0].id}`, { as: 'eva' }, 204)
  })
})

describe('staff', () => {
  const ask = (change: object): Ask => ({ as: 'staff', json: { ...plain, url: `${origin}/disk`, ...change } })
  const clientOf = async (id: string) =>
    (await world.expect('GET', `${staffImages}/${id}`, { as: 'staff' }, 200)).body.client

  test('create for the provider or for a client, public ones too', async () => {
    const own = await world.expect('POST', staffImages, ask({ visibility: 'public' }), 201)
    assert.equal(await clientOf(own.body.id), null)
    const none = await world.expect('POST', staffImages, ask({ client: null }), 201)
    assert.equal(await clientOf(none.body.id), null)
    const given = await world.expect('POST', staffImages, ask({ client: 3 }), 201)
    assert.deepEqual(await clientOf(given.body.id), { id: 3, name: 'other', display: 'other #3' })
    const named = await world.expect('POST', `${staffImages}?active_client=3`, ask({}), 201)
    assert.equal((await clientOf(named.body.id)).id, 3)
  })

  test('but not for what is no client', async () => {
    await world.expect('POST', staffImages, ask({ client: 999 }), 400, { client: ['Client does not exist'] })
    await world.expect('POST', staffImages, ask({ client: 1e30 }), 400, {
      client: ['A valid integer is required.'],
    })
    await world.expect('POST', staffImages, ask({ client: 'x' }), 400, {
      client: ['A valid integer is required.'],
    })
    await world.expect('POST', `${staffImages}?active_client=999`, ask({}), 400, {
      client: ['Client does not exist'],
    })
    await world.expect('POST', staffImages, ask({ client: 4 }), 400, {
      client: ['Unable to find a project for the specified client'],
    })
  })

  test('what an end-user says of a client does not count', async () => {
    const { body } = await world.expect(
      'POST',
      images,
      { as: 'eva', json: { ...plain, url: `${origin}/disk`, client: 3 } },
      201,
    )
    assert.equal((await clientOf(body.id)).id, 2)
  })
})

describe('limits', () => {
  test('a quota, a largest size, and too many at once', async () => {
    const small = await startWorld({ settings: { maxImageBytes: 100, maxUploads: 0 } })
    try {
      const form = () => formOf({ ...plain, source: 'file', protected: 'true' }, 'x'.repeat(50))
      await small.expect('POST', images, { as: 'eva', form: form() }, 409, {
        detail: 'Too many uploads in parallel, try again later',
      })
      const { body } = await small.expect('GET', images, { as: 'eva' }, 200)
      assert.equal(body.count, 0, 'nothing is left behind, although it would have been protected')
    } finally {
      await small.close()
    }
    const quota = await startWorld({ settings: { maxImageBytes: 100, quotaImages: 2, quotaBytes: 150 } })
    try {
      const ask = (size: number) => ({
        as: 'eva' as const,
        form: formOf({ ...plain, source: 'file' }, 'x'.repeat(size)),
      })
      await quota.expect('POST', images, ask(101), 413, { detail: 'Image too big' })
      await quota.expect('POST', images, ask(100), 201)
      const exceeded = { detail: 'Image creation not allowed, please contact support.' }
      // Fewer bytes are left than one image may have.
      const over = await quota.ask('POST', images, ask(60))
      assert.equal(over.status, 403, over.text)
      assert.deepEqual(over.body, exceeded)
      await quota.expect('POST', images, ask(50), 201)
      await quota.expect('POST', images, ask(1), 403, exceeded)
      const { body } = await quota.expect('GET', `${images}?ordering=created_at`, { as: 'eva' }, 200)
      assert.deepEqual(
        body.objects.map(({ status }: { status: string }) => status),
        ['killed', 'active', 'killed', 'active'],
      )
    } finally {
      await quota.close()
    }
  })
})
