import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  byPassword,
  byToken,
  denied,
  domain,
  type Person,
  password,
  project,
  startWorld,
  type World,
} from './world.ts'

let world: World
before(async () => {
  world = await startWorld({ tokenSeconds: 1800 })
  await world.location('ua-central-1')
})
after(() => world.close())

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/
const hex = /^[0-9a-f]{32}$/
const rolesOf = (body: { token: { roles: { name: string }[] } }) => body.token.roles.map(({ name }) => name)

describe('a token of a project (glance.md 25.2)', () => {
  test('says everything that clients read', async () => {
    const { status, headers, body } = await world.auth(byPassword('eva'), project('acme'))
    assert.equal(status, 201)
    assert.match(headers.get('x-subject-token')!, /^[A-Za-z0-9_-]{40,210}$/)
    assert.equal(headers.get('vary'), 'X-Auth-Token')
    assert.match(headers.get('x-openstack-request-id')!, /^req-/)
    const { catalog, roles, audit_ids, issued_at, expires_at, ...rest } = body.token
    assert.deepEqual(rest, {
      methods: ['password'],
      user: {
        id: world.users.eva,
        name: 'eva',
        domain: { id: 'default', name: 'Default' },
        password_expires_at: null,
      },
      project: { id: world.projects.acme, name: 'acme', domain: { id: 'default', name: 'Default' } },
      is_domain: false,
    })
    assert.equal(audit_ids.length, 1)
    assert.match(audit_ids[0], /^[A-Za-z0-9_-]{22}$/)
    assert.match(issued_at, time)
    assert.match(expires_at, time)
    assert.ok(Math.abs(Date.parse(expires_at) - Date.parse(issued_at) - 1_800_000) < 1000)
    assert.deepEqual(rolesOf(body), ['member', 'reader'])
    for (const { id } of roles) assert.match(id, hex)
    assert.equal(catalog.length, 2)
  })

  test('its catalogue leads to this server, in the region of the default location', async () => {
    const { body } = await world.auth(byPassword('eva'), project('acme'))
    const shown = body.token.catalog.map(({ type, name, endpoints }: Record<string, never>) => ({
      type,
      name,
      endpoints: (endpoints as unknown as Record<string, string>[]).map(({ id, ...rest }) => {
        assert.match(id!, hex)
        return rest
      }),
    }))
    const endpoints = (url: string) =>
      ['public', 'internal', 'admin'].map((face) => ({
        interface: face,
        region: 'ua-central-1',
        region_id: 'ua-central-1',
        url,
      }))
    assert.deepEqual(shown, [
      { type: 'identity', name: 'keystone', endpoints: endpoints(`${world.url}/identity/v3`) },
      { type: 'image', name: 'glance', endpoints: endpoints(world.url) },
    ])
    const again = await world.auth(byPassword('omar'), project('other'))
    assert.deepEqual(again.body.token.catalog, body.token.catalog)
  })

  test('?nocatalog leaves the catalogue out', async () => {
    const { body } = await world.auth(byPassword('eva'), project('acme'), '?nocatalog')
    assert.equal(body.token.project.name, 'acme')
    assert.equal('catalog' in body.token, false)
  })

  const roles: [person: Person, where: string, roles: string[]][] = [
    ['eva', 'acme', ['member', 'reader']],
    ['eva', 'other', ['reader']],
    ['rita', 'acme', ['reader']],
    ['omar', 'other', ['member', 'reader']],
    ['chief', 'acme', ['admin', 'member', 'reader']],
    ['root', 'acme', ['admin', 'member', 'reader']],
    ['root', 'main', ['admin', 'member', 'reader']],
  ]
  for (const [person, where, names] of roles)
    test(`${person} in ${where} has ${names}`, async () => {
      const { body } = await world.auth(byPassword(person), project(where))
      assert.deepEqual(rolesOf(body), names)
    })

  test('what counts in the catalogue is what one has in that project, and nothing of the others', async () => {
    const context = { address: '', method: 'GET', path: '/' }
    const of = async (person: Person, scope: unknown) => {
      const token = await world.login(person, scope)
      const { held, superAdmin, projectId } = await world.catalogue.openstack.identityOf(token, context)
      return { held: [...held].map(([id, names]) => [id, [...names]]), superAdmin, projectId }
    }
    const { db } = world.core.database
    const ids = Object.fromEntries(
      (await db.selectFrom('projects').select(['name', 'id']).execute()).map(({ name, id }) => [name, id]),
    )
    const row = (where: string, name: string, superAdmin: boolean) => ({
      held: [[ids[where], [name]]],
      superAdmin,
      projectId: ids[where],
    })
    assert.deepEqual(await of('eva', 'other'), row('other', 'reader', false))
    assert.deepEqual(await of('omar', 'other'), row('other', 'owner', false))
    assert.deepEqual(await of('chief', 'acme'), row('acme', 'admin', true))
    assert.deepEqual(await of('root', 'acme'), row('acme', 'admin', true))
    assert.deepEqual(await of('root', { system: { all: true } }), {
      held: [],
      superAdmin: true,
      projectId: null,
    })
    // Also an administrator's says nothing without a scope.
    assert.deepEqual(await of('root', 'unscoped'), { held: [], superAdmin: false, projectId: null })
  })
})

describe('who and where can be said in several ways', () => {
  const secret = password('eva')
  const users: [what: string, user: () => object][] = [
    ['id', () => ({ id: world.users.eva, password: secret })],
    ['name and id of the domain', () => ({ name: 'eva', domain: { id: 'default' }, password: secret })],
    ['name and name of the domain', () => ({ name: 'eva', domain: { name: 'Default' }, password: secret })],
    ['a name in other letters', () => ({ name: 'EVA', domain: { name: 'default' }, password: secret })],
  ]
  for (const [what, user] of users)
    test(`a user by ${what}`, async () => {
      const { status, body } = await world.auth({ methods: ['password'], password: { user: user() } })
      assert.equal(status, 201)
      assert.equal(body.token.user.name, 'eva')
    })

  const scopes: [what: string, scope: () => object][] = [
    ['id', () => ({ project: { id: world.projects.other } })],
    ['name and id of the domain', () => ({ project: { name: 'other', domain: { id: 'default' } } })],
    ['name and name of the domain', () => ({ project: { name: 'other', domain: { name: 'Default' } } })],
  ]
  for (const [what, scope] of scopes)
    test(`a project by ${what}`, async () => {
      const { status, body } = await world.auth(byPassword('eva'), scope())
      assert.equal(status, 201)
      assert.equal(body.token.project.name, 'other')
    })

  test('any media type will do', async () => {
    const body = JSON.stringify({ auth: { identity: byPassword('eva') } })
    for (const type of ['text/plain', 'application/json; charset=utf-8', 'x/y'])
      await world.expect('POST', '/auth/tokens', { body, headers: { 'content-type': type } }, 201)
  })
})

describe('scopes', () => {
  const bare = ['methods', 'user', 'audit_ids', 'issued_at', 'expires_at']

  test('without one, the default project', async () => {
    const { body } = await world.auth(byPassword('eva'))
    assert.equal(body.token.project.name, 'acme')
  })

  for (const person of ['omar', 'lone'] as const)
    test(`without one, ${person} has no role in the default project: unscoped`, async () => {
      const { status, body } = await world.auth(byPassword(person))
      assert.equal(status, 201)
      assert.deepEqual(Object.keys(body.token), bare)
    })

  test('an administrator has every project as its default', async () => {
    const { body } = await world.auth(byPassword('root'))
    assert.equal(body.token.project.name, 'main')
  })

  for (const scope of ['unscoped', { unscoped: {} }])
    test(`${JSON.stringify(scope)}: no project, no roles, no catalogue`, async () => {
      const { status, body } = await world.auth(byPassword('eva'), scope)
      assert.equal(status, 201)
      assert.deepEqual(Object.keys(body.token), bare)
    })

  test('the system, for an administrator', async () => {
    const { status, body } = await world.auth(byPassword('root'), { system: { all: true } })
    assert.equal(status, 201)
    assert.deepEqual(body.token.system, { all: true })
    assert.deepEqual(rolesOf(body), ['admin', 'member', 'reader'])
    assert.equal('project' in body.token, false)
    assert.equal('is_domain' in body.token, false)
    assert.equal(body.token.catalog.length, 2)
  })
})

describe('always the same 401', () => {
  // Fewer than ten rows for each name, which would be made to wait.
  const rows: [what: string, identity: () => unknown, scope?: unknown][] = [
    ['a wrong password', () => byPassword('eva', 'wrong')],
    ['an empty password', () => byPassword('eva', '')],
    ['an unknown user', () => byPassword('nobody')],
    [
      'an unknown id of a user',
      () => ({ methods: ['password'], password: { user: { id: 'f'.repeat(32), password: 'x' } } }),
    ],
    ['an id that is none', () => ({ methods: ['password'], password: { user: { id: '1', password: 'x' } } })],
    [
      'a user of another domain',
      () => ({
        methods: ['password'],
        password: { user: { name: 'eva', domain: { id: 'other' }, password: password('eva') } },
      }),
    ],
    ['a disabled user', () => byPassword('gone')],
    ['an unknown project', () => byPassword('root'), project('nothing')],
    ['an unknown id of a project', () => byPassword('root'), { project: { id: 'f'.repeat(32) } }],
    [
      'a project of another domain',
      () => byPassword('eva'),
      { project: { name: 'acme', domain: { name: 'Other' } } },
    ],
    ['a project without a role', () => byPassword('rita'), project('other')],
    ['a disabled project', () => byPassword('eva'), project('asleep')],
    ['a disabled project, for an administrator', () => byPassword('root'), project('asleep')],
    ['the system, for others', () => byPassword('eva'), { system: { all: true } }],
    ['the system, for an admin of one project', () => byPassword('chief'), { system: { all: true } }],
    ['a domain', () => byPassword('root'), { domain: { id: 'default' } }],
    ['a trust', () => byPassword('root'), { 'OS-TRUST:trust': { id: 'x' } }],
    ['an unknown method', () => ({ methods: ['totp'], totp: { user: { id: 'x', passcode: '1' } } })],
    ['no method', () => ({ methods: [] })],
    ['two methods', () => ({ ...byPassword('eva'), ...byToken('x'), methods: ['password', 'token'] })],
    ['a bad token', () => byToken('x')],
    ['an empty token', () => byToken('')],
    [
      'an unknown application credential',
      () => ({
        methods: ['application_credential'],
        application_credential: { id: 'f'.repeat(32), secret: 'x' },
      }),
    ],
  ]
  for (const [what, identity, scope] of rows)
    test(what, async () => {
      const { status, headers, body } = await world.auth(identity(), scope)
      assert.deepEqual({ status, body }, { status: 401, body: denied })
      assert.equal(headers.get('www-authenticate'), `Keystone uri="${world.url}/identity"`)
      assert.equal(headers.get('x-subject-token'), null)
    })

  test('and nothing of it is kept', async () => {
    const rows = await world.core.database.db
      .selectFrom('credentials')
      .innerJoin('users', 'users.id', 'credentials.user_id')
      .select('username')
      .where('kind', '=', 'identity-token')
      .where('username', '=', 'gone')
      .execute()
    assert.deepEqual(rows, [])
  })
})

describe('400 for what cannot be understood', () => {
  const user = { name: 'eva', domain, password: 'x' }
  const rows: [what: string, body: unknown][] = [
    ['no auth', {}],
    ['auth is no object', { auth: [] }],
    ['no identity', { auth: {} }],
    ['no methods', { auth: { identity: {} } }],
    ['methods are no list', { auth: { identity: { methods: 'password', password: { user } } } }],
    ['methods are no words', { auth: { identity: { methods: [1], 1: {} } } }],
    ['a method without its object', { auth: { identity: { methods: ['password'] } } }],
    ['a method that every object has', { auth: { identity: { methods: ['constructor'] } } }],
    ['an unknown method without its object', { auth: { identity: { methods: ['totp'] } } }],
    ['no user', { auth: { identity: { methods: ['password'], password: {} } } }],
    ['no password', { auth: { identity: { methods: ['password'], password: { user: { id: 'x' } } } } }],
    [
      'a password that is no text',
      { auth: { identity: { methods: ['password'], password: { user: { ...user, password: 1 } } } } },
    ],
    [
      'a name without a domain',
      { auth: { identity: { methods: ['password'], password: { user: { name: 'eva', password: 'x' } } } } },
    ],
    [
      'a domain without id and name',
      { auth: { identity: { methods: ['password'], password: { user: { ...user, domain: {} } } } } },
    ],
    [
      'neither id nor name',
      { auth: { identity: { methods: ['password'], password: { user: { password: 'x' } } } } },
    ],
    ['a name with NUL', { auth: { identity: byPassword('e\0va') } }],
    ['no id of the token', { auth: { identity: { methods: ['token'], token: {} } } }],
    [
      'no secret',
      { auth: { identity: { methods: ['application_credential'], application_credential: { id: 'x' } } } },
    ],
    [
      'a named credential without its user',
      {
        auth: {
          identity: {
            methods: ['application_credential'],
            application_credential: { name: 'x', secret: 'y' },
          },
        },
      },
    ],
    ['an empty scope', { auth: { identity: byPassword('eva'), scope: {} } }],
    ['a scope that is nothing', { auth: { identity: byPassword('eva'), scope: null } }],
    ['an unknown scope', { auth: { identity: byPassword('eva'), scope: { galaxy: {} } } }],
    [
      'two scopes',
      { auth: { identity: byPassword('eva'), scope: { ...project('acme'), system: { all: true } } } },
    ],
    [
      'a project without a domain',
      { auth: { identity: byPassword('eva'), scope: { project: { name: 'acme' } } } },
    ],
    ['a part of the system', { auth: { identity: byPassword('root'), scope: { system: { all: false } } } }],
  ]
  for (const [what, body] of rows)
    test(what, async () => {
      const reply = await world.expect('POST', '/auth/tokens', { json: body }, 400)
      assert.equal(reply.body.error.code, 400)
      assert.equal(reply.body.error.title, 'Bad Request')
    })

  for (const [what, body] of [
    ['not JSON', '{'],
    ['a list', '[]'],
    ['a word', '"auth"'],
    ['nothing', ''],
    ['no UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
  ] as const)
    test(what, async () => {
      await world.expect('POST', '/auth/tokens', { body }, 400)
    })

  test('deep JSON is looked at only as far as it is asked for', async () => {
    const deep = `{"auth":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
    await world.expect('POST', '/auth/tokens', { body: deep }, 400)
  })

  test('more than anybody needs to say is 413', async () => {
    const reply = await world.expect('POST', '/auth/tokens', { body: `"${'x'.repeat(70_000)}"` }, 413)
    assert.equal(reply.body.error.code, 413)
  })
})

describe('a token for a token', () => {
  test('has both methods, the first audit id and no later end', async () => {
    const first = await world.auth(byPassword('eva'), 'unscoped')
    const text = first.headers.get('x-subject-token')!
    const second = await world.auth(byToken(text), project('acme'))
    assert.equal(second.status, 201)
    assert.deepEqual(second.body.token.methods, ['token', 'password'])
    assert.equal(second.body.token.audit_ids.length, 2)
    assert.equal(second.body.token.audit_ids[1], first.body.token.audit_ids[0])
    assert.equal(second.body.token.expires_at, first.body.token.expires_at)
    const third = await world.auth(byToken(second.headers.get('x-subject-token')!), project('other'))
    assert.deepEqual(third.body.token.methods, ['token', 'password'])
    assert.equal(third.body.token.audit_ids.length, 2)
    assert.equal(third.body.token.audit_ids[1], first.body.token.audit_ids[0])
    assert.equal(third.body.token.expires_at, first.body.token.expires_at)
    assert.deepEqual(rolesOf(third.body), ['reader'])
  })

  test('gives nothing that its user has not', async () => {
    const text = await world.login('rita')
    assert.equal((await world.auth(byToken(text), project('other'))).status, 401)
    assert.equal((await world.auth(byToken(text), { system: { all: true } })).status, 401)
  })
})

describe('guessing', () => {
  test('after ten failures of one name the next one is told to wait; other names are not', async () => {
    await world.apply({ users: [{ username: 'prey', password: 'right' }] })
    for (let i = 0; i < 10; i++) assert.equal((await world.auth(byPassword('prey', `${i}`))).status, 401)
    const refused = await world.auth(byPassword('prey', 'right'))
    assert.equal(refused.status, 429)
    assert.equal(refused.body.error.code, 429)
    assert.equal(refused.body.error.title, 'Too Many Requests')
    const seconds = Number(refused.headers.get('retry-after'))
    assert.ok(seconds > 0 && seconds <= 60, `${seconds}`)
    assert.equal((await world.auth(byPassword('eva'))).status, 201)
  })
})

describe('what is written down', () => {
  test('a login is in the audit log, without the token', async () => {
    const { headers, body } = await world.auth(byPassword('eva'), project('acme'))
    const text = headers.get('x-subject-token')!
    const id = (
      await world.core.database.db
        .selectFrom('users')
        .select('id')
        .where('username', '=', 'eva')
        .executeTakeFirstOrThrow()
    ).id
    const [entry] = await world.catalogue.audit.history('user', String(id), { limit: 1 })
    assert.equal(entry!.action, 'login')
    assert.equal(entry!.face, 'identity')
    assert.equal(entry!.username, 'eva')
    assert.equal(entry!.requestId, headers.get('x-openstack-request-id'))
    assert.deepEqual((entry!.after as { auditIds: string[] }).auditIds, body.token.audit_ids)
    for (const secret of [text, password('eva')]) assert.ok(!JSON.stringify(entry).includes(secret))
  })

  test('the database holds no token', async () => {
    const text = await world.login('eva')
    const rows = await world.core.database.db
      .selectFrom('credentials')
      .selectAll()
      .where('kind', '=', 'identity-token')
      .execute()
    assert.ok(rows.length > 0)
    assert.ok(!JSON.stringify(rows).includes(text.slice('imageport-'.length)))
  })
})
