import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Ask, basic, bigcompute, images, startWorld, unknownRoute, type World } from './world.ts'

const message = (text: string) => ({ error: { message: text } })
const rejected = (text: string) => ({ error: { message: text, class: 'ScopedSearch::QueryNotSupported' } })
const invalid = (name: string, text: string) => ({
  error: {
    message: `Invalid parameter '${name}' ${text}`,
    class: 'Apipie::ParamInvalid',
    parameter_name: name,
  },
})
const mediaType = (given: string, shown: string) => ({
  headers: { 'content-type': given },
  body: '{}',
  answer: message(
    `Media type in 'Content-Type: ${shown}' is unsupported in API v2 for POST and PUT requests. ` +
      "Please use 'Content-Type: application/json'.",
  ),
})
const denied = (permission: string) => ({
  error: {
    message: 'Access denied',
    details: `Missing one of the required permissions: ${permission}`,
    missing_permissions: [permission],
  },
})
const missingImage = (id: string) => message(`Resource image not found by id '${id}'`)
const duplicate = {
  name: 'centos-1',
  uuid: 'string-of-uuid',
  username: 'root',
  architecture_id: 501905019,
  operatingsystem_id: 309172073,
}
const taken = (id: number | null) => ({
  error: {
    id,
    errors: { name: ['has already been taken'], uuid: ['has already been taken'] },
    full_messages: ['Name has already been taken', 'UUID has already been taken'],
  },
})

/** foreman.md 5.1, row by row: what is asked, status, exact body. */
const rows: readonly (readonly [
  name: string,
  method: string,
  path: string,
  ask: Ask,
  status: number,
  body: unknown,
])[] = [
  ['no credentials', 'GET', images, { as: 'nobody' }, 401, message('Unable to authenticate user ')],
  [
    'a wrong password',
    'GET',
    images,
    { as: 'nobody', headers: basic('admin', 'wrong') },
    401,
    message('Unable to authenticate user admin'),
  ],
  [
    'an unknown user',
    'GET',
    images,
    { as: 'nobody', headers: basic('bob', 'x') },
    401,
    message('Unable to authenticate user bob'),
  ],
  ['a permission is missing', 'GET', images, { as: 'lone' }, 403, denied('view_images')],
  ['creating is not permitted', 'POST', images, { as: 'viewer', json: {} }, 403, denied('create_images')],
  ['changing is not permitted', 'PUT', `${images}/1`, { as: 'viewer', json: {} }, 403, denied('edit_images')],
  ['deleting is not permitted', 'DELETE', `${images}/1`, { as: 'viewer' }, 403, denied('destroy_images')],
  ['an unknown image', 'GET', `${images}/99`, {}, 404, missingImage('99')],
  ['an image by its name', 'GET', `${images}/centos-1`, {}, 404, missingImage('centos-1')],
  [
    'an image under another parent',
    'GET',
    '/compute_resources/928692541/images/980190962',
    {},
    404,
    missingImage('980190962'),
  ],
  ['a list of an unknown parent', 'GET', '/compute_resources/9/images', {}, 404, missingImage('')],
  [
    'a creation in an unknown parent',
    'POST',
    '/compute_resources/9/images',
    { json: {} },
    404,
    missingImage(''),
  ],
  [
    'a compute resource by its name',
    'GET',
    '/compute_resources/bigcompute/images',
    {},
    404,
    missingImage(''),
  ],
  ['an image in an unknown parent', 'GET', '/compute_resources/9/images/5', {}, 404, missingImage('5')],
  [
    'a change in an unknown parent',
    'PUT',
    '/compute_resources/9/images/5',
    { json: {} },
    404,
    missingImage('5'),
  ],
  ['a deletion in an unknown parent', 'DELETE', '/compute_resources/9/images/5', {}, 404, missingImage('5')],
  ['an unknown operating system', 'GET', '/operatingsystems/none/images', {}, 404, missingImage('')],
  ['an unknown architecture', 'GET', '/architectures/none/images/7', {}, 404, missingImage('7')],
  [
    'an invisible parent',
    'GET',
    '/compute_resources/928692541/images',
    { as: 'viewer' },
    404,
    missingImage(''),
  ],
  [
    'another resource',
    'GET',
    '/compute_resources/x',
    {},
    404,
    message("Resource compute_resource not found by id 'x'"),
  ],
  [
    'an operating system',
    'GET',
    '/operatingsystems/x',
    {},
    404,
    message("Resource operatingsystem not found by id 'x'"),
  ],
  [
    'an unknown organization',
    'GET',
    `${images}?organization_id=99`,
    {},
    404,
    { message: 'Organization with id 99 not found' },
  ],
  [
    'an unknown location',
    'GET',
    `${images}?location_id=x`,
    {},
    404,
    { message: 'Location with id x not found' },
  ],
  [
    'an organization of others',
    'GET',
    `${images}?organization_id=1`,
    { as: 'viewer' },
    404,
    { message: 'Organization with id 1 not found' },
  ],
  ['an unknown route', 'GET', '/images', { as: 'nobody' }, 404, unknownRoute],
  ['an unknown version', 'GET', '/api/v3/compute_resources', {}, 404, unknownRoute],
  ['an unknown version, too', 'GET', '/api/v1/compute_resources', {}, 404, unknownRoute],
  ['a wrong method', 'DELETE', images, {}, 404, unknownRoute],
  ['another wrong method', 'POST', `${images}/1`, { json: {} }, 404, unknownRoute],
  ['OPTIONS', 'OPTIONS', images, {}, 404, unknownRoute],
  ['no media type', 'POST', images, mediaType('', ''), 415, mediaType('', '').answer],
  [
    'text',
    'POST',
    images,
    mediaType('text/plain', 'text/plain'),
    415,
    mediaType('text/plain', 'text/plain').answer,
  ],
  [
    'text in an update',
    'PUT',
    `${images}/9`,
    mediaType('text/plain', 'text/plain'),
    415,
    mediaType('text/plain', 'text/plain').answer,
  ],
  [
    'no media type at all',
    'PUT',
    `${images}/9`,
    mediaType('nonsense', 'nonsense'),
    415,
    mediaType('nonsense', 'nonsense').answer,
  ],
  ['a duplicate', 'POST', images, { json: { image: duplicate } }, 422, taken(null)],
  [
    'a duplicate by change',
    'PUT',
    `${images}/298486374`,
    { json: { image: duplicate } },
    422,
    taken(298486374),
  ],
  [
    'a named association',
    'POST',
    images,
    { json: { image: { architecture_name: 'nope' } } },
    422,
    message('Could not find architecture with name: nope'),
  ],
  [
    'a named operating system',
    'POST',
    images,
    { json: { image: { operatingsystem_name: 'nope' } } },
    422,
    message('Could not find operatingsystem with name: nope'),
  ],
  [
    'a named compute resource',
    'PUT',
    `${images}/298486374`,
    { json: { image: { compute_resource_name: 'nope' } } },
    422,
    message('Could not find compute_resource with name: nope'),
  ],
  [
    'a field that is not searchable',
    'GET',
    `${images}?search=bogus%20%3D%201`,
    {},
    400,
    rejected("Field 'bogus' not recognized for searching!"),
  ],
  [
    'an order by an unknown field',
    'GET',
    `${images}?order=bogus`,
    {},
    400,
    rejected("the field 'bogus' in the order statement is not valid field for search"),
  ],
  [
    'an order by two fields',
    'GET',
    `${images}?order=name,%20id%20desc`,
    {},
    400,
    rejected("the field 'name,' in the order statement is not valid field for search"),
  ],
  [
    'an order that begins with a space',
    'GET',
    `${images}?order=%20name`,
    {},
    400,
    rejected("the field '' in the order statement is not valid field for search"),
  ],
  ['page 0', 'GET', `${images}?page=0`, {}, 400, invalid('page', 'value "0": Must be a number.')],
  ['a negative page', 'GET', `${images}?page=-1`, {}, 400, invalid('page', 'value "-1": Must be a number.')],
  [
    'a page that is a word',
    'GET',
    `${images}?page=abc`,
    {},
    400,
    invalid('page', 'value "abc": Must be a number.'),
  ],
  ['half a page', 'GET', `${images}?page=1.5`, {}, 400, invalid('page', 'value "1.5": Must be a number.')],
  ['several pages', 'GET', `${images}?page[]=1`, {}, 400, invalid('page', 'value ["1"]: Must be a number.')],
  ...['0', '-1', 'abc', 'ALL', '1.5'].map(
    (value) =>
      [
        `per_page=${value}`,
        'GET',
        `${images}?per_page=${value}`,
        {},
        400,
        invalid(
          'per_page',
          `value "${value}": Must match regular expression <code>/\\A([1-9]\\d*|all)\\Z$/</code>.`,
        ),
      ] as const,
  ),
  [
    'a search that is a list',
    'GET',
    `${images}?search[]=x`,
    {},
    400,
    invalid('search', 'value ["x"]: Must be String'),
  ],
  [
    'an order that is an object',
    'GET',
    `${images}?order[a]=x`,
    {},
    400,
    invalid('order', 'value {"a"=>"x"}: Must be String'),
  ],
  ...[
    ['text', '"text"'],
    [5, '5'],
    [true, 'true'],
    [[], '[]'],
  ].map(
    ([image, shown]) =>
      [
        'an image that is no object',
        'POST',
        images,
        { json: { image } },
        400,
        invalid('image', `value ${shown}: Must be a Hash`),
      ] as const,
  ),
  ...['yes', 2, 'no', 'banana', [], {}].map(
    (user_data) =>
      [
        `user_data ${JSON.stringify(user_data)}`,
        'PUT',
        `${images}/298486374`,
        { json: { image: { user_data } } },
        400,
        invalid('user_data', `value ${JSON.stringify(user_data)}: Must be 'true' or 'false'`),
      ] as const,
  ),
]

describe('errors', () => {
  let world: World
  before(async () => {
    world = await startWorld()
  })
  after(() => world.close())

  for (const [name, method, path, ask, status, body] of rows)
    test(`${name}: ${status}`, async () => {
      await world.expect(method, path, ask, status, body)
    })

  test('a disabled user', async () => {
    const id = await world.user({ username: 'ivan', enabled: false, roles: { 2: 'owner' } })
    const headers = basic('ivan', await world.token(id))
    const body = message('User account is disabled, please contact your administrator')
    await world.expect('GET', images, { as: 'nobody', headers }, 401, body)
  })

  test('malformed JSON, whatever the method and even without credentials', async () => {
    const ask: Ask = { as: 'nobody', body: '{"image": ', headers: { 'content-type': 'application/json' } }
    for (const [method, path] of [
      ['POST', images],
      ['PUT', `${images}/5`],
      ['PATCH', `${images}/5`],
      ['DELETE', `${images}/5`],
    ] as const) {
      const { status, body } = await world.ask(method, path, ask)
      assert.equal(status, 400)
      assert.equal(body.status, 400)
      assert.match(body.error, /^There was a problem in the JSON you submitted: ./)
    }
  })

  describe('the order of the checks (5.3)', () => {
    const broken: Ask = { body: '{', headers: { 'content-type': 'application/json' } }
    const text: Ask = { body: 'x', headers: { 'content-type': 'text/plain' } }
    const steps: readonly (readonly [string, string, string, Ask, number])[] = [
      ['malformed JSON before authentication', 'POST', images, { ...broken, as: 'nobody' }, 400],
      ['authentication before permission', 'POST', images, { ...text, as: 'nobody' }, 401],
      ['permission before context', 'POST', `${images}?organization_id=99`, { ...text, as: 'viewer' }, 403],
      ['context before media type', 'POST', `${images}?organization_id=99`, text, 404],
      ['media type before parent', 'POST', '/compute_resources/9/images', text, 415],
      ['parent before search', 'GET', '/compute_resources/9/images?search=bogus%3D1&page=0', {}, 404],
      ['parent before the body', 'POST', '/compute_resources/9/images', { json: { image: 5 } }, 404],
      ['record before the body', 'PUT', `${images}/99`, { json: { image: 5 } }, 404],
      [
        'the form of parameters before validation',
        'POST',
        images,
        { json: { image: { user_data: 'x' } } },
        400,
      ],
    ]
    for (const [name, method, path, ask, status] of steps)
      test(name, async () => {
        await world.expect(method, path, ask, status)
      })
  })

  test('headers of answers that got past the checks, and the checksum on all of them', async () => {
    const told: readonly (readonly [string, Ask, boolean])[] = [
      [images, {}, true],
      [`${images}/99`, {}, true],
      [`${images}?page=0`, {}, true],
      [images, { as: 'nobody' }, false],
      [images, { as: 'lone' }, false],
      [`${images}?organization_id=99`, {}, false],
    ]
    for (const [path, ask, past] of told) {
      const { headers } = await world.ask('GET', path, ask)
      assert.equal(headers.get('foreman_version'), past ? '3.12.0' : null, path)
      assert.equal(headers.get('foreman_api_version'), past ? '2' : null, path)
      assert.equal(headers.get('foreman_current_organization'), past ? '; ANY' : null, path)
      assert.equal(headers.get('foreman_current_location'), past ? '; ANY' : null, path)
      assert.match(headers.get('apipie-checksum')!, /^[0-9a-f]{40}$/, path)
      assert.equal(headers.get('www-authenticate'), null)
    }
    const { headers } = await world.ask('GET', '/images')
    assert.equal(headers.get('apipie-checksum'), null)
  })

  test('every language is accepted', async () => {
    for (const language of ['de', 'xx-YY;q=2', '*', ',,,', 'zh-CN,zh;q=0.9'])
      await world.expect('GET', `${images}/99?locale=de`, { headers: { 'accept-language': language } }, 404)
  })

  test('the id of a parent is not taken from anywhere else', async () => {
    const { body } = await world.ask('GET', `${images}?operatingsystem_id=309172074`)
    assert.deepEqual([body.total, body.results], [0, []])
    const both = await world.ask('GET', `${images}?architecture_id=501905019&operatingsystem_id=309172073`)
    assert.equal(both.body.total, 2)
    const overridden = await world.ask('GET', `${images}?compute_resource_id=928692541`)
    assert.equal(overridden.body.total, 2, `the path says ${bigcompute}`)
    await world.expect('GET', `${images}/980190962?architecture_id=331892513`, {}, 404)
  })
})
