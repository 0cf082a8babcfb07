import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { documentOf } from '../../../../src/faces/foreman/apidoc/document.ts'
import { languages } from '../../../../src/faces/foreman/apidoc/texts/languages.ts'
import { apypie, type Doc, type DocParam } from './apypie.ts'

const documents = new Map(
  languages.map(({ code, texts }) => [code, JSON.parse(JSON.stringify(documentOf(texts))) as Doc]),
)
const english = documents.get('en')!
const client = apypie(english)

/** `name!:string` as `name`, `!` for required, `?` for nil, the type, and the members of a hash. */
const notation = (params: readonly DocParam[]): string =>
  params
    .map(({ name, required, allow_nil, expected_type, params: members }) => {
      const inner = members ? `{${notation(members)}}` : ''
      return `${name}${required ? '!' : ''}${allow_nil ? '?' : ''}:${expected_type}${inner}`
    })
    .join(' ')

const context = 'location_id:numeric organization_id:numeric'
const parents = 'compute_resource_id:string architecture_id:string operatingsystem_id:numeric'
const identifier =
  'Must be an identifier, string from 1 to 128 characters containing only alphanumeric characters, space, underscore(_), hypen(-) with no leading or trailing space.'

describe('the documentation of images is that of the published page', () => {
  const paths = (name: string) =>
    client.action('images', name).apis.map(({ http_method, api_url }) => `${http_method} ${api_url}`)
  const params = (name: string) => notation(client.action('images', name).params)

  test('index', () => {
    assert.deepEqual(paths('index'), [
      'GET /api/compute_resources/:compute_resource_id/images',
      'GET /api/operatingsystems/:operatingsystem_id/images',
      'GET /api/architectures/:architecture_id/images',
    ])
    assert.equal(
      params('index'),
      `${context} ${parents} search:string order:string page:numeric per_page:string`,
    )
    const { metadata } = client.action('images', 'index') as unknown as { metadata: unknown }
    assert.deepEqual(metadata, {
      search: [
        { name: 'architecture', type: 'integer' },
        { name: 'compute_resource', type: 'string' },
        { name: 'id', type: 'integer' },
        { name: 'name', type: 'string' },
        { name: 'operatingsystem', type: 'integer' },
        { name: 'user_data', values: ['true', 'false'] },
        { name: 'username', type: 'string' },
      ],
    })
  })

  test('show', () => {
    assert.deepEqual(paths('show'), [
      'GET /api/compute_resources/:compute_resource_id/images/:id',
      'GET /api/operatingsystems/:operatingsystem_id/images/:id',
      'GET /api/architectures/:architecture_id/images/:id',
    ])
    assert.equal(params('show'), `${context} id!:string ${parents}`)
  })

  test('create', () => {
    assert.deepEqual(paths('create'), ['POST /api/compute_resources/:compute_resource_id/images'])
    assert.equal(
      params('create'),
      `${context} compute_resource_id!:string image!:hash{name!:string username!:string uuid!:string ` +
        'password?:string compute_resource_id?:string architecture_id?:string operatingsystem_id?:numeric user_data?:boolean}',
    )
  })

  test('update', () => {
    assert.deepEqual(paths('update'), ['PUT /api/compute_resources/:compute_resource_id/images/:id'])
    assert.equal(
      params('update'),
      `${context} compute_resource_id!:string id!:string image!:hash{name:string username:string uuid:string ` +
        'password?:string compute_resource_id?:string architecture_id?:string operatingsystem_id?:numeric user_data?:boolean}',
    )
  })

  test('destroy', () => {
    assert.deepEqual(paths('destroy'), ['DELETE /api/compute_resources/:compute_resource_id/images/:id'])
    assert.equal(params('destroy'), `${context} compute_resource_id!:string id!:string`)
  })

  test('the sentences are those of 4.2, in every language', () => {
    for (const [code, document] of documents) {
      const { action } = apypie(document)
      const said = (method: string) =>
        Object.fromEntries(action('images', method).params.map(({ name, validator }) => [name, validator]))
      const list = said('index')
      assert.equal(list.search, 'Must be String', code)
      assert.equal(list.compute_resource_id, 'Must be String')
      assert.equal(list.operatingsystem_id, 'Must be a number.')
      assert.equal(list.page, 'Must be a number.')
      assert.equal(list.per_page, 'Must match regular expression <code>/\\A([1-9]\\d*|all)\\Z$/</code>.')
      assert.equal(list.location_id, 'Must be a Integer')
      assert.equal(said('create').compute_resource_id, identifier)
      assert.equal(said('update').id, identifier)
      assert.equal(said('create').image, 'Must be a Hash')
      const members = action('images', 'create').params.at(-1)!.params!
      assert.equal(members.at(-1)!.validator, "Must be 'true' or 'false'")
    }
  })
})

describe('every parameter', () => {
  for (const [code, { docs }] of documents)
    test(`has what clients read, in ${code}`, () => {
      const check = (param: DocParam, outer: string): void => {
        const full = outer === '' ? param.name : `${outer}[${param.name}]`
        assert.equal(param.full_name, full)
        assert.match(param.description, /^(?:|\n<p>[^<>]+<\/p>\n)$/, full)
        assert.match(param.expected_type, /^(?:string|numeric|boolean|hash|array)$/, full)
        assert.equal(
          param.expected_type === 'hash',
          param.params !== undefined && param.expected_type !== 'array',
        )
        param.params?.forEach((each) => {
          check(each, full)
        })
      }
      for (const { methods } of Object.values(docs.resources))
        for (const method of methods) {
          assert.deepEqual(
            method.params.slice(0, 2).map(({ name }) => name),
            ['location_id', 'organization_id'],
          )
          method.params.forEach((param) => {
            check(param, '')
          })
          for (const { api_url, short_description } of method.apis) {
            assert.match(api_url, /^\/api(?:\/[a-z_:]+)*$/)
            assert.notEqual(short_description, '')
          }
        }
    })

  test('only the words differ between languages', () => {
    const bare = (document: Doc): string =>
      JSON.stringify(document, (key, value) =>
        ['description', 'short_description', 'full_description', 'info'].includes(key) ? '' : value,
      )
    for (const document of documents.values()) assert.equal(bare(document), bare(english))
  })
})

describe('what clients need', () => {
  test('hammer finds every resource it loads commands for', () => {
    const real =
      'home ping images compute_resources operatingsystems architectures organizations locations users'
    for (const name of `${real} auth_sources roles hosts`.split(' '))
      assert.ok(english.docs.resources[name]!.methods.length > 0, name)
    for (const name of 'hostgroups domains media subnets smart_proxies usergroups provisioning_templates ptables'.split(
      ' ',
    ))
      assert.deepEqual(english.docs.resources[name]!.methods, [], name)
  })

  test('the Ansible collection finds hosts#update, and no plugin', () => {
    assert.ok(Array.isArray(client.action('hosts', 'update').params))
    const plugins =
      'subscriptions ansible_roles discovery_rules scap_contents snapshots scc_accounts remote_execution_features templates'
    assert.deepEqual(
      client.resources.filter((name) => plugins.split(' ').includes(name)),
      [],
    )
  })

  test('the requests of the image module (foreman.md 10.1)', () => {
    assert.deepEqual(
      client.call('images', 'index', {
        compute_resource_id: 980190962,
        search: 'name="x"',
        per_page: 2 ** 32,
      }),
      {
        method: 'GET',
        path: '/api/compute_resources/980190962/images',
        payload: { search: 'name="x"', per_page: 2 ** 32 },
      },
    )
    const image = {
      name: 'CentOS',
      username: 'root',
      uuid: 'u-1',
      compute_resource_id: 980190962,
      architecture_id: 501905019,
      operatingsystem_id: 309172073,
      user_data: true,
    }
    assert.deepEqual(client.call('images', 'create', { ...image, unknown: 1 }), {
      method: 'POST',
      path: '/api/compute_resources/980190962/images',
      payload: { image },
    })
    assert.deepEqual(
      client.call('images', 'update', { id: 13, compute_resource_id: 980190962, username: 'root' }),
      {
        method: 'PUT',
        path: '/api/compute_resources/980190962/images/13',
        payload: { image: { username: 'root', compute_resource_id: 980190962 } },
      },
    )
    assert.deepEqual(client.call('images', 'destroy', { id: 13, compute_resource_id: 980190962 }), {
      method: 'DELETE',
      path: '/api/compute_resources/980190962/images/13',
      payload: {},
    })
    assert.throws(() => client.call('images', 'create', { compute_resource_id: 1, name: 'x' }), /missing/)
  })

  test('resource_info picks the nested route by its parent', () => {
    for (const [parent, id] of [
      ['compute_resource', 980190962],
      ['operatingsystem', 309172073],
      ['architecture', 501905019],
    ] as const)
      assert.equal(
        client.call('images', 'index', { [`${parent}_id`]: id }).path,
        `/api/${parent}s/${id}/images`,
      )
    assert.equal(client.call('operatingsystems', 'index', {}).path, '/api/operatingsystems')
    assert.equal(client.call('users', 'index', { role_id: 3 }).path, '/api/roles/3/users')
  })

  test('the requests of other modules (foreman.md 10.2)', () => {
    const resource = {
      name: 'kvm1',
      provider: 'Libvirt',
      url: 'qemu:///system',
      display_type: 'VNC',
      location_ids: [7],
      organization_ids: [6],
    }
    assert.deepEqual(client.call('compute_resources', 'create', resource).payload, {
      compute_resource: resource,
    })
    const system = {
      name: 'Fedora',
      major: '40',
      family: 'Redhat',
      password_hash: 'SHA512',
      architecture_ids: [1],
    }
    assert.deepEqual(client.call('operatingsystems', 'create', system).payload, { operatingsystem: system })
    assert.deepEqual(client.call('locations', 'create', { name: 'Lab', parent_id: 3 }).payload, {
      location: { name: 'Lab', parent_id: 3 },
    })
    assert.deepEqual(client.call('organizations', 'update', { id: 4, description: 'x' }), {
      method: 'PUT',
      path: '/api/organizations/4',
      payload: { organization: { description: 'x' } },
    })
    const user = { login: 'bob', password: 's', mail: 'bob@example.com', auth_source_id: 1, role_ids: [2] }
    assert.deepEqual(client.call('users', 'create', user).payload, { user })
  })

  test('examples can be parsed', () => {
    const [create] = client.examples('images', 'create')
    assert.equal(create!.method, 'POST')
    assert.equal(create!.path, '/api/compute_resources/980190962/images')
    assert.equal(create!.request.image.name, 'TestImage')
    assert.equal(create!.status, 201)
    assert.equal(create!.answer.architecture_name, 'sparc')
    const [list] = client.examples('images', 'index')
    assert.equal(list!.request, undefined)
    assert.deepEqual(
      list!.answer.results.map(({ id }: { id: number }) => id),
      [980190962, 298486374],
    )
  })
})
