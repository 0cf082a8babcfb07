import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type Person, startWorld, v20, v21, type World } from './world.ts'

let world: World
let id: string
before(async () => {
  world = await startWorld()
})
after(() => world.close())
beforeEach(async () => {
  const properties = { foo: 'bar', 'a/b': 'slash', 'c~d': 'tilde' }
  const image = await world.image({ name: 'before', visibility: 'private', tags: ['old'], properties })
  id = image.uuid
})

function patch(operations: unknown, as: Person = 'eva', type = v21) {
  return { as, body: JSON.stringify(operations), headers: { 'content-type': type } }
}

const show = async () => (await world.expect('GET', `/images/${id}`, { as: 'root' }, 200)).body

/** Fails unless the image is still what it was, to the byte. */
async function unchanged(work: () => Promise<unknown>): Promise<void> {
  const before = await show()
  await work()
  assert.deepEqual(await show(), before)
}

describe('media types', () => {
  for (const type of [
    'application/json',
    'application/json-patch+json',
    'text/plain',
    'application/openstack-images-v2.2-json-patch',
  ])
    test(`${type} is 415`, async () => {
      const reply = await world.expect('PATCH', `/images/${id}`, patch([], 'eva', type), 415)
      assert.equal(reply.headers.get('accept-patch'), `${v20}, ${v21}`)
    })

  for (const type of [v20, v21, `${v21}; charset=utf-8`, v21.toUpperCase()])
    test(`${type} is understood, and no operations change nothing`, () =>
      unchanged(async () => {
        const { body } = await world.expect('PATCH', `/images/${id}`, patch([], 'eva', type), 200)
        assert.deepEqual(body, await show())
      }))
})

describe('how operations are written (8.1)', () => {
  const rows: readonly (readonly [string, unknown, string, string])[] = [
    ['an object', {}, v21, 'Request body must be a JSON array of operation objects.'],
    ['a text in the array', ['x'], v21, 'Operations must be JSON objects.'],
    ['an array in the array', [[]], v21, 'Operations must be JSON objects.'],
    ['no verb', [{ path: '/name', value: 'x' }], v21, '"op"'],
    ['no path', [{ op: 'add', value: 'x' }], v21, '"path"'],
    ['test', [{ op: 'test', path: '/name', value: 'before' }], v21, 'add, remove, replace'],
    ['move', [{ op: 'move', path: '/name', from: '/foo' }], v21, 'add, remove, replace'],
    ['copy', [{ op: 'copy', path: '/name', from: '/foo' }], v21, 'add, remove, replace'],
    ['a verb that is no text', [{ op: 1, path: '/name', value: 'x' }], v21, 'add, remove, replace'],
    ['a path that is no text', [{ op: 'add', path: 1, value: 'x' }], v21, 'pointer'],
    [
      'no value to replace',
      [{ op: 'replace', path: '/name' }],
      v21,
      'Operation "replace" requires a member named "value".',
    ],
    [
      'no value to add',
      [{ op: 'add', path: '/name' }],
      v21,
      'Operation "add" requires a member named "value".',
    ],
    ['no slash', [{ op: 'remove', path: 'foo' }], v21, 'does not start with "/"'],
    ['a slash at the end', [{ op: 'remove', path: '/foo/' }], v21, '"/"'],
    ['only a slash', [{ op: 'remove', path: '/' }], v21, '"/"'],
    ['two slashes', [{ op: 'replace', path: '//name', value: 'x' }], v21, '"/"'],
    ['an empty segment', [{ op: 'remove', path: '/a//b' }], v21, '"/"'],
    ['an odd tilde', [{ op: 'remove', path: '/c~d' }], v21, '"~"'],
    ['a tilde at the end', [{ op: 'remove', path: '/c~' }], v21, '"~"'],
    [
      'a single tag',
      [{ op: 'add', path: '/tags/-', value: 'x' }],
      v21,
      "Invalid JSON pointer for this resource: '/tags/-'",
    ],
    [
      'two segments',
      [{ op: 'replace', path: '/foo/bar', value: 'x' }],
      v21,
      "Invalid JSON pointer for this resource: '/foo/bar'",
    ],
    [
      'locations without a place',
      [{ op: 'add', path: '/locations', value: {} }],
      v21,
      'Invalid JSON pointer',
    ],
    [
      'one location replaced',
      [{ op: 'replace', path: '/locations/0', value: {} }],
      v21,
      'Invalid JSON pointer',
    ],
    ['the older form without a verb', [{ value: 'x' }], v20, 'exactly one'],
    ['the older form with two', [{ add: '/x', replace: '/x', value: 'x' }], v20, 'exactly one'],
    ['the newer form in the older', [{ op: 'replace', path: '/name', value: 'x' }], v20, 'exactly one'],
    [
      'the older form without a value',
      [{ replace: '/name' }],
      v20,
      'Operation "replace" requires a member named "value".',
    ],
  ]
  for (const [what, operations, type, text] of rows)
    test(`${what} is refused`, () =>
      unchanged(() => world.expect('PATCH', `/images/${id}`, patch(operations, 'eva', type), 400, text)))

  test('escapes in paths are read', async () => {
    const operations = [
      { op: 'replace', path: '/a~1b', value: '1' },
      { op: 'remove', path: '/c~0d' },
      { op: 'add', path: '/e~01f', value: '2' },
    ]
    const { body } = await world.expect('PATCH', `/images/${id}`, patch(operations), 200)
    assert.deepEqual([body['a/b'], body['c~d'], body['e~1f']], ['1', undefined, '2'])
  })

  test('a property may be called like a part of every object', async () => {
    const body = `[{"op":"add","path":"/__proto__","value":"x"},{"op":"add","path":"/constructor","value":"y"}]`
    const headers = { 'content-type': v21 }
    const reply = await world.expect('PATCH', `/images/${id}`, { as: 'eva', body, headers }, 200)
    assert.ok(reply.text.includes('"__proto__":"x"') && reply.text.includes('"constructor":"y"'))
    const missing = [{ op: 'replace', path: '/toString', value: 'x' }]
    await world.expect('PATCH', `/images/${id}`, patch(missing), 409, 'Property toString does not exist.')
  })
})

describe('what operations do (8.2)', () => {
  type Row = readonly [
    what: string,
    operations: readonly object[],
    status: number,
    text?: string,
    type?: string,
    as?: Person,
  ]
  const one = (op: string, path: string, value?: unknown) => [
    { op, path, ...(value === undefined ? {} : { value }) },
  ]
  const older = (op: string, path: string, value?: unknown) => [
    { [op]: path, ...(value === undefined ? {} : { value }) },
  ]
  const values: Readonly<Record<string, unknown>> = {
    name: 'after',
    visibility: 'community',
    protected: true,
    os_hidden: true,
    min_disk: 7,
    min_ram: 8,
    disk_format: 'iso',
    container_format: null,
  }

  for (const [name, value] of Object.entries(values)) {
    for (const op of ['add', 'replace'])
      test(`${op} sets ${name}`, async () => {
        const { body } = await world.expect('PATCH', `/images/${id}`, patch(one(op, `/${name}`, value)), 200)
        assert.deepEqual(body[name], value)
        assert.deepEqual(await show(), body)
      })
    test(`the older replace sets ${name}`, async () => {
      const asked = patch(older('replace', `/${name}`, value), 'eva', v20)
      assert.deepEqual((await world.expect('PATCH', `/images/${id}`, asked, 200)).body[name], value)
    })
  }

  const readOnly = [
    'status',
    'checksum',
    'size',
    'virtual_size',
    'id',
    'created_at',
    'updated_at',
    'self',
    'file',
    'schema',
    'direct_url',
    'os_hash_algo',
    'os_hash_value',
    'stores',
  ]
  const rows: readonly Row[] = [
    ...Object.entries(values).map(
      ([name, value]): Row => [
        `older add of ${name}`,
        older('add', `/${name}`, value),
        409,
        `Property ${name} already present.`,
        v20,
      ],
    ),
    ...[...Object.keys(values), 'tags', 'owner'].map(
      (name): Row => [
        `remove of ${name}`,
        one('remove', `/${name}`),
        403,
        `Property ${name} may not be removed.`,
      ],
    ),
    ...readOnly.flatMap((name): Row[] =>
      (['add', 'replace', 'remove'] as const).map((op) => [
        `${op} of ${name}`,
        one(op, `/${name}`, op === 'remove' ? undefined : 'x'),
        403,
        `Attribute '${name}' is read-only.`,
      ]),
    ),
    ...['location', 'deleted', 'deleted_at', 'os_glance_foo', 'os_glancefoo'].flatMap((name): Row[] =>
      (['add', 'replace', 'remove'] as const).map((op) => [
        `${op} of ${name}`,
        one(op, `/${name}`, op === 'remove' ? undefined : 'x'),
        403,
        `Attribute '${name}' is reserved.`,
      ]),
    ),
    ['older add of a property', older('add', '/foo', 'x'), 409, 'Property foo already present.', v20],
    ['replace of a missing property', one('replace', '/nope', 'x'), 409, 'Property nope does not exist.'],
    ['remove of a missing property', one('remove', '/nope'), 409, 'Property nope does not exist.'],
    [
      'older remove of a missing property',
      older('remove', '/nope'),
      409,
      'Property nope does not exist.',
      v20,
    ],
    ['a property that is a number', one('add', '/foo', 1), 400, "'foo'"],
    ['a property that is null', one('replace', '/foo', null), 400, "'foo'"],
    ['a flag that is a text', one('replace', '/protected', 'true'), 400, "'protected'"],
    ['a number that is a text', one('replace', '/min_ram', '1'), 400, "'min_ram'"],
    ['a negative number', one('replace', '/min_ram', -1), 400, 'Cannot be a negative value'],
    ['a large number', one('replace', '/min_disk', 2147483648), 400, 'out of range'],
    ['a long name', one('replace', '/name', 'x'.repeat(256)), 400, "'name'"],
    ['no such visibility', one('replace', '/visibility', 'secret'), 400, "'visibility'"],
    ['no such format', one('replace', '/disk_format', 'vhdy'), 400, "'disk_format'"],
    ['tags that are none', one('replace', '/tags', 'x'), 400, "'tags'"],
    ['a long value', one('add', '/long', 'x'.repeat(65_536)), 400, 'long'],
    ['a long name of a property', one('add', `/${'x'.repeat(256)}`, 'x'), 400, '255 characters'],
    ['public', one('replace', '/visibility', 'public'), 403, 'publicize_image'],
    ['another owner', one('replace', '/owner', 'f'.repeat(32)), 403, "Owner can't be updated by non admin."],
    [
      'another owner added',
      one('add', '/owner', 'f'.repeat(32)),
      403,
      "Owner can't be updated by non admin.",
    ],
    ['an unknown owner', one('replace', '/owner', 'nobody'), 400, 'nobody', v21, 'root'],
    [
      'a location',
      one('add', '/locations/-', { url: 'http://x/', metadata: {} }),
      403,
      "It's not allowed to add locations if locations are invisible.",
    ],
    [
      'a location removed',
      one('remove', '/locations/0'),
      403,
      "It's not allowed to remove locations if locations are invisible.",
    ],
    [
      'locations replaced',
      one('replace', '/locations', [{ url: 'http://x/', metadata: {} }]),
      403,
      "It's not allowed to replace locations if locations are invisible.",
    ],
    ['no locations', one('replace', '/locations', []), 403, 'Cannot set locations to empty list.'],
    [
      'too many tags',
      one(
        'replace',
        '/tags',
        Array.from({ length: 129 }, (_, n) => `${n}`),
      ),
      413,
      'Attempted: 129, Maximum: 128',
    ],
    [
      'too many properties',
      Array.from({ length: 126 }, (_, n) => ({ op: 'add', path: `/p${n}`, value: '' })),
      413,
      'Attempted: 129, Maximum: 128',
    ],
    // Everything is looked at before anything is done, and done together or not at all.
    [
      'a wrong one behind a good one',
      [...one('replace', '/name', 'after'), ...one('remove', '/nope')],
      409,
      'nope',
    ],
    [
      'a read-only one behind a missing one',
      [...one('remove', '/nope'), ...one('replace', '/status', 'active')],
      403,
      'read-only',
    ],
    [
      'a wrong value behind a missing one',
      [...one('remove', '/nope'), ...one('replace', '/min_ram', 'x')],
      400,
      'min_ram',
    ],
    ['a reader', one('replace', '/name', 'after'), 403, 'modify_image', v21, 'rita'],
    ['one who cannot see it', one('replace', '/name', 'after'), 404, 'No image found with ID', v21, 'omar'],
  ]
  for (const [what, operations, status, text, type = v21, as = 'eva'] of rows)
    test(`${what} is ${status}`, () =>
      unchanged(() => world.expect('PATCH', `/images/${id}`, patch(operations, as, type), status, text)))

  test('operations follow each other', async () => {
    const operations = [
      { op: 'add', path: '/new', value: '1' },
      { op: 'replace', path: '/new', value: '2' },
      { op: 'remove', path: '/foo' },
      { op: 'add', path: '/foo', value: '3' },
      { op: 'replace', path: '/tags', value: ['b', 'a', 'b'] },
      { op: 'add', path: '/name', value: 'twice' },
    ]
    const { body } = await world.expect('PATCH', `/images/${id}`, patch(operations), 200)
    assert.deepEqual([body.new, body.foo, body.tags, body.name], ['2', '3', ['a', 'b'], 'twice'])
  })

  test('the older form adds, replaces and removes properties, and sets tags', async () => {
    const operations = [
      { add: '/new', value: '1' },
      { replace: '/foo', value: '2' },
      { remove: '/a~1b' },
      { add: '/tags', value: ['x'] },
    ]
    const { body } = await world.expect('PATCH', `/images/${id}`, patch(operations, 'eva', v20), 200)
    assert.deepEqual([body.new, body.foo, body['a/b'], body.tags], ['1', '2', undefined, ['x']])
  })

  test('an administrator changes owner and gives it to all', async () => {
    const operations = [
      ...one('replace', '/owner', world.projects.other),
      ...one('add', '/visibility', 'public'),
    ]
    const { body } = await world.expect('PATCH', `/images/${id}`, patch(operations, 'root'), 200)
    assert.deepEqual([body.owner, body.visibility], [world.projects.other, 'public'])
    await world.expect(
      'PATCH',
      `/images/${id}`,
      patch(one('replace', '/name', 'mine'), 'eva'),
      403,
      'modify_image',
    )
  })

  for (const status of ['active', 'deactivated'] as const)
    test(`formats are fixed in an image that is ${status}`, async () => {
      const { uuid } = await world.image({}, 'bytes')
      if (status === 'deactivated')
        await world.expect('POST', `/images/${uuid}/actions/deactivate`, { as: 'eva' }, 204)
      for (const name of ['disk_format', 'container_format'])
        for (const op of ['add', 'replace'])
          await world.expect(
            'PATCH',
            `/images/${uuid}`,
            patch(one(op, `/${name}`, name === 'disk_format' ? 'raw' : 'bare')),
            403,
            `Attribute ${name} can be only replaced for a queued image.`,
          )
      await world.expect('PATCH', `/images/${uuid}`, patch(one('replace', '/name', 'still')), 200)
    })

  test('an image that is gone cannot be changed', async () => {
    await world.expect('DELETE', `/images/${id}`, { as: 'eva' }, 204)
    for (const as of ['eva', 'root'] as const)
      await world.expect('PATCH', `/images/${id}`, patch(one('replace', '/name', 'x'), as), 404, id)
  })

  test('of two changes at once none is lost', async () => {
    await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        world.expect('PATCH', `/images/${id}`, patch(one('add', `/n${n}`, 'x')), 200),
      ),
    )
    const body = await show()
    assert.equal(Object.keys(body).filter((name) => /^n\d$/.test(name)).length, 8)
  })
})
