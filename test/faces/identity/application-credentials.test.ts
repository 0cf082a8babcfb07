import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { now, second } from '../../../src/catalogue/time.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { denied, domain, type Person, project, type Reply, startWorld, type World } from './world.ts'

forEachDatabase((_engine, _open, freshUrl) => {
  let world: World
  before(async () => {
    world = await startWorld({ databaseUrl: await freshUrl() })
  })
  after(() => world.close())

  const path = (person: Person) => `/users/${world.users[person]}/application_credentials`
  let made = 0
  const fresh = () => `program ${++made}`
  const isDenied = ({ status, body }: Reply) =>
    assert.deepEqual({ status, body }, { status: 401, body: denied })

  async function create(token: string, facts: object = {}, person: Person = 'eva'): Promise<Reply> {
    return world.ask('POST', path(person), {
      token,
      json: { application_credential: { name: fresh(), ...facts } },
    })
  }
  async function made1(facts: object = {}, person: Person = 'eva', scope: unknown = 'acme') {
    const { status, body, text } = await create(await world.login(person, scope), facts, person)
    assert.equal(status, 201, text)
    return body.application_credential as Record<string, string> & { roles: { name: string }[] }
  }
  const byCredential = (fields: object) => ({
    methods: ['application_credential'],
    application_credential: fields,
  })
  async function login({
    id,
    secret,
  }: Record<string, unknown>): Promise<{ token: string; body: Reply['body'] }> {
    const { status, headers, body, text } = await world.auth(byCredential({ id, secret }))
    assert.equal(status, 201, text)
    return { token: headers.get('x-subject-token')!, body }
  }
  const rolesOf = (body: Reply['body']) => body.token.roles.map(({ name }: { name: string }) => name)

  describe('making one (glance.md 25.4)', () => {
    test('the answer has its secret, and no other answer has', async () => {
      const token = await world.login('eva', 'acme')
      const name = fresh()
      const json = { application_credential: { name, description: 'of tests' } }
      const reply = await world.expect('POST', path('eva'), { token, json }, 201)
      const { id, secret, roles, ...rest } = reply.body.application_credential
      assert.match(id, /^[0-9a-f]{32}$/)
      assert.match(secret, /^[A-Za-z0-9_-]{86}$/)
      assert.deepEqual(
        roles.map(({ name, domain_id }: Record<string, unknown>) => ({ name, domain_id })),
        [
          { name: 'member', domain_id: null },
          { name: 'reader', domain_id: null },
        ],
      )
      assert.deepEqual(rest, {
        name,
        description: 'of tests',
        user_id: world.users.eva,
        project_id: world.projects.acme,
        expires_at: null,
        unrestricted: false,
        system: null,
        links: { self: `${world.url}/identity/v3${path('eva')}/${id}` },
      })
      const own = { id, roles, ...rest }
      await world.expect('GET', `${path('eva')}/${id}`, { token }, 200, { application_credential: own })
      const list = await world.expect(
        'GET',
        `${path('eva')}?name=${encodeURIComponent(name)}`,
        { token },
        200,
      )
      assert.deepEqual(list.body.application_credentials, [own])
      const stored = await world.core.database.db
        .selectFrom('credentials')
        .select('hash')
        .where('lookup', '=', id)
        .executeTakeFirstOrThrow()
      assert.match(stored.hash!, /^argon2id\$/)
    })

    test('it is in the audit log, without its secret, and so is its end', async () => {
      const { id, secret } = await made1({ secret: 'a secret of mine' })
      const token = await world.login('eva', 'acme')
      await world.expect('DELETE', `${path('eva')}/${id}`, { token }, 204)
      const entries = await world.catalogue.audit.history('application-credential', id!, { limit: 9 })
      assert.deepEqual(
        entries.map(({ action, username, face }) => ({ action, username, face })),
        ['delete', 'create'].map((action) => ({ action, username: 'eva', face: 'identity' })),
      )
      assert.ok(!JSON.stringify(entries).includes(secret!))
    })

    test('one’s own secret, a date, some of the roles by name or id', async () => {
      const token = await world.login('eva', 'acme')
      const own = await world.ask('GET', '/auth/tokens', { token, subject: token })
      const reader = own.body.token.roles.find(({ name }: { name: string }) => name === 'reader')
      for (const role of [{ name: 'reader' }, { name: 'Reader' }, { id: reader.id }, reader]) {
        const found = await made1({ secret: 'my own', roles: [role], expires_at: '2199-01-02T03:04:05' })
        assert.equal(found.secret, 'my own')
        assert.equal(found.expires_at, '2199-01-02T03:04:05.000000Z')
        assert.deepEqual(rolesOf((await login(found)).body), ['reader'])
      }
    })

    test('one that is to end in a thousand years is one, and is listed', async () => {
      const found = await made1({ expires_at: '9999-12-31T23:59:59.500000Z' })
      assert.match(found.expires_at!, /^9999-12-31T23:59:59\.\d{6}Z$/)
      await login(found)
      const token = await world.login('eva', 'acme')
      const { body } = await world.expect('GET', path('eva'), { token }, 200)
      const [listed] = body.application_credentials.filter(({ id }: { id: string }) => id === found.id)
      assert.equal(listed.expires_at, found.expires_at)
    })

    test('what clients say by null is not said', async () => {
      const nothing = {
        description: null,
        secret: null,
        roles: null,
        unrestricted: null,
        expires_at: null,
        access_rules: null,
      }
      const found = await made1(nothing)
      assert.equal(found.description, '')
      assert.equal(found.expires_at, null)
    })

    const wrong: [what: string, facts: object][] = [
      ['no name', { name: undefined }],
      ['an empty name', { name: ' ' }],
      ['a long name', { name: 'x'.repeat(256) }],
      ['a name that is no text', { name: 1 }],
      ['an empty secret', { secret: '' }],
      ['a secret that is no text', { secret: 1 }],
      ['a role that one has not', { roles: [{ name: 'admin' }] }],
      ['a role among others', { roles: [{ name: 'member' }, { name: 'service' }] }],
      ['an unknown id of a role', { roles: [{ id: 'f'.repeat(32) }] }],
      ['no role', { roles: [] }],
      ['roles that are no objects', { roles: ['member'] }],
      ['roles that are no list', { roles: { name: 'member' } }],
      ['unrestricted that is no yes or no', { unrestricted: 'true' }],
      ['no date', { expires_at: 'tomorrow' }],
      ['a date that nobody can write', { expires_at: '9999-12-31T23:59:59-01:00' }],
      ['a date in the past', { expires_at: '2001-01-01T00:00:00Z' }],
      [
        'rules that would not be kept',
        { access_rules: [{ path: '/v2/images', method: 'GET', service: 'image' }] },
      ],
      ['rules that allow nothing', { access_rules: [] }],
    ]
    test('400 for what cannot be', async () => {
      const token = await world.login('eva', 'acme')
      for (const [what, facts] of wrong) assert.equal((await create(token, facts)).status, 400, what)
      await world.expect('POST', path('eva'), { token, json: {} }, 400)
      await world.expect('POST', path('eva'), { token, body: '{' }, 400)
      await world.expect('POST', path('eva'), { token }, 400)
    })

    test('a token without a project makes none', async () => {
      for (const [person, scope] of [
        ['eva', 'unscoped'],
        ['root', { system: { all: true } }],
      ] as const)
        assert.equal((await create(await world.login(person, scope), {}, person)).status, 400)
    })

    test('a name is used once; also of two at once only one is made', async () => {
      const token = await world.login('eva', 'acme')
      const name = fresh()
      const replies = await Promise.all([create(token, { name }), create(token, { name })])
      assert.deepEqual(replies.map(({ status }) => status).sort(), [201, 409])
      assert.equal((await create(await world.login('omar', 'other'), { name }, 'omar')).status, 201)
    })

    test('nobody makes one for another, whatever the body says', async () => {
      for (const person of ['omar', 'root'] as const) {
        const token = await world.login(person, person === 'root' ? 'acme' : 'other')
        assert.equal((await create(token, {}, 'eva')).status, 403)
      }
      const said = {
        user_id: world.users.root,
        project_id: world.projects.main,
        user: { id: world.users.root },
      }
      const found = await made1(said)
      assert.equal(found.user_id, world.users.eva)
      assert.equal(found.project_id, world.projects.acme)
      assert.equal((await login(found)).body.token.user.name, 'eva')
    })
  })

  describe('reading and deleting', () => {
    test('others’ are 403, administrators see and delete them, and what is not there is 404', async () => {
      const { id } = await made1()
      const omar = await world.login('omar', 'other')
      await world.expect('GET', path('eva'), { token: omar }, 403)
      await world.expect('GET', `${path('eva')}/${id}`, { token: omar }, 403)
      await world.expect('DELETE', `${path('eva')}/${id}`, { token: omar }, 403)
      await world.expect('GET', `${path('omar')}/${id}`, { token: omar }, 404)
      await world.expect('DELETE', `${path('omar')}/${id}`, { token: omar }, 404)
      const root = await world.login('root')
      await world.expect('GET', `${path('eva')}/${id}`, { token: root }, 200)
      await world.expect('GET', `${path('omar')}/${id}`, { token: root }, 404)
      await world.expect('DELETE', `${path('eva')}/${id}`, { token: root }, 204)
      await world.expect('GET', `${path('eva')}/${id}`, { token: root }, 404)
      await world.expect('GET', `/users/${'f'.repeat(32)}/application_credentials`, { token: root }, 404)
    })
  })

  describe('a token of one (glance.md 25.2)', () => {
    test('is for its project, and says where it comes from', async () => {
      const found = await made1()
      const { body } = await login(found)
      assert.deepEqual(body.token.methods, ['application_credential'])
      assert.equal(body.token.project.name, 'acme')
      assert.equal(body.token.is_domain, false)
      assert.deepEqual(rolesOf(body), ['member', 'reader'])
      assert.deepEqual(body.token.application_credential, {
        id: found.id,
        name: found.name,
        restricted: true,
      })
      const free = await login(await made1({ unrestricted: true }))
      assert.equal(free.body.token.application_credential.restricted, false)
    })

    test('by name, with its user', async () => {
      const { name, secret } = await made1()
      for (const user of [{ id: world.users.eva }, { name: 'eva', domain }]) {
        const { status, body } = await world.auth(byCredential({ name, secret, user }))
        assert.equal(status, 201)
        assert.equal(body.token.application_credential.name, name)
      }
      isDenied(await world.auth(byCredential({ name, secret, user: { id: world.users.omar } })))
      isDenied(await world.auth(byCredential({ name, secret, user: { name: 'nobody', domain } })))
    })

    test('a credential that is not the named user’s is none (CVE-2026-42998)', async () => {
      const { id, secret } = await made1()
      assert.equal(
        (await world.auth(byCredential({ id, secret, user: { id: world.users.eva } }))).status,
        201,
      )
      for (const user of [{ id: world.users.root }, { id: 'f'.repeat(32) }, { name: 'omar', domain }])
        isDenied(await world.auth(byCredential({ id, secret, user })))
    })

    test('a wrong secret, another’s secret, and any scope are the same 401', async () => {
      const [one, two] = [await made1(), await made1()]
      isDenied(await world.auth(byCredential({ id: one.id, secret: 'wrong' })))
      isDenied(await world.auth(byCredential({ id: one.id, secret: two.secret })))
      isDenied(await world.auth(byCredential({ id: one.id, secret: '' })))
      for (const scope of [project('acme'), project('other'), 'unscoped', { system: { all: true } }])
        isDenied(await world.auth(byCredential({ id: one.id, secret: one.secret }), scope))
    })

    test('guessing secrets is slowed down', async () => {
      const { id, secret } = await made1()
      for (let i = 0; i < 10; i++) isDenied(await world.auth(byCredential({ id, secret: `${i}` })))
      assert.equal((await world.auth(byCredential({ id, secret }))).status, 429)
    })

    test('gives no other token (CVE-2026-80182)', async () => {
      for (const unrestricted of [false, true]) {
        const { token } = await login(await made1({ unrestricted }))
        for (const scope of [project('other'), project('acme'), 'unscoped', undefined]) {
          const { status, body } = await world.auth({ methods: ['token'], token: { id: token } }, scope)
          assert.equal(status, 403)
          assert.equal(body.error.title, 'Forbidden')
        }
      }
    })

    test('lives no longer than the credential', async () => {
      const { database } = world.core
      const found = await made1({ expires_at: new Date(Date.now() + 600_000).toISOString() })
      const { token, body } = await login(found)
      assert.equal(body.token.expires_at, found.expires_at)
      await database.db
        .updateTable('credentials')
        .set({ expires_at: now() - second })
        .where('lookup', '=', found.id!)
        .execute()
      world.catalogue.users.forget()
      await world.expect('GET', '/auth/projects', { token }, 401, denied)
      isDenied(await world.auth(byCredential({ id: found.id, secret: found.secret })))
    })

    test('ends with the credential', async () => {
      const found = await made1()
      const { token } = await login(found)
      await world.expect('GET', '/auth/projects', { token }, 200)
      await world.expect(
        'DELETE',
        `${path('eva')}/${found.id}`,
        { token: await world.login('eva', 'acme') },
        204,
      )
      await world.expect('GET', '/auth/projects', { token }, 401, denied)
      isDenied(await world.auth(byCredential({ id: found.id, secret: found.secret })))
    })

    test('the password may change: the credential works on, its tokens do not', async () => {
      await world.apply({ users: [{ username: 'omar', password: 'secret of omar' }] })
      const found = await made1({}, 'omar', 'other')
      const { token } = await login(found)
      await world.apply({ users: [{ username: 'omar', password: 'secret of omar' }] })
      await world.expect('GET', '/auth/projects', { token }, 200)
      const { id } = await world.catalogue.users.view(systemActor, 'omar')
      await world.catalogue.accounts.change(systemActor, id, { password: 'another' })
      await world.expect('GET', '/auth/projects', { token }, 401)
      await login(found)
      await world.catalogue.accounts.change(systemActor, id, { password: 'secret of omar' })
    })
  })

  describe('what it passes on is all that counts', () => {
    const context = { address: '', method: 'GET', path: '/' }

    test('an administrator’s with the role reader reads in one project and no more', async () => {
      const found = await made1({ roles: [{ name: 'reader' }] }, 'root', 'acme')
      const { token, body } = await login(found)
      assert.deepEqual(rolesOf(body), ['reader'])
      const { superAdmin, held, roles, projectId } = await world.catalogue.openstack.identityOf(
        token,
        context,
      )
      assert.deepEqual(
        { superAdmin, held: [...held].map(([id, names]) => [id, [...names]]), roles: [...roles] },
        { superAdmin: false, held: [[projectId, ['reader']]], roles: ['reader'] },
      )
      await world.expect('GET', '/projects', { token }, 403)
      await world.expect('GET', '/auth/system', { token }, 200, {
        system: [],
        links: { self: `${world.url}/identity/v3/auth/system`, previous: null, next: null },
      })
      const own = await world.expect('GET', '/auth/projects', { token }, 200)
      assert.deepEqual(
        own.body.projects.map(({ name }: { name: string }) => name),
        ['acme'],
      )
      await world.expect('GET', `/projects/${world.projects.main}`, { token }, 403)
      const eva = await world.login('eva')
      await world.expect('GET', '/auth/tokens', { token, subject: eva }, 403)
    })

    test('an administrator’s with the role member is one, also where he has only a weaker role by himself', async () => {
      const as = (roles: object[]) => world.apply({ users: [{ username: 'root', roles }] })
      await as([{ project: 'acme', role: 'reader' }])
      const { token, body } = await login(await made1({ roles: [{ name: 'member' }] }, 'root', 'acme'))
      await as([])
      assert.deepEqual(rolesOf(body), ['member', 'reader'])
      await as([{ project: 'acme', role: 'reader' }])
      const { held, superAdmin } = await world.catalogue.openstack.identityOf(token, context)
      await as([])
      assert.deepEqual([...held.values()].flatMap((names) => [...names]).sort(), ['member', 'reader'])
      assert.equal(superAdmin, false)
    })

    test('an owner’s with the role reader is no owner', async () => {
      const found = await made1({ roles: [{ name: 'reader' }] }, 'omar', 'other')
      const { token } = await login(found)
      const { held } = await world.catalogue.openstack.identityOf(token, context)
      assert.deepEqual(
        [...held.values()].map((names) => [...names]),
        [['reader']],
      )
      const all = await login(await made1({}, 'omar', 'other'))
      const whole = await world.catalogue.openstack.identityOf(all.token, context)
      assert.deepEqual(
        [...whole.held.values()].map((names) => [...names]),
        [['owner']],
      )
    })

    test('and never more than its user has today', async () => {
      const roles = (...names: string[]) =>
        world.apply({
          users: [
            {
              username: 'pat',
              password: 'secret of pat',
              roles: names.map((role) => ({ project: 'acme', role })),
            },
          ],
        })
      await roles('member')
      const { status, headers } = await world.auth(
        {
          methods: ['password'],
          password: { user: { name: 'pat', domain, password: 'secret of pat' } },
        },
        project('acme'),
      )
      assert.equal(status, 201)
      const own = await world.ask('GET', '/auth/tokens', {
        token: headers.get('x-subject-token')!,
        subject: headers.get('x-subject-token')!,
      })
      const user = own.body.token.user.id
      const reply = await world.ask('POST', `/users/${user}/application_credentials`, {
        token: headers.get('x-subject-token')!,
        json: { application_credential: { name: 'x', roles: [{ name: 'member' }] } },
      })
      const found = reply.body.application_credential
      assert.deepEqual(rolesOf((await login(found)).body), ['member', 'reader'])
      await roles('reader')
      const { token, body } = await login(found)
      assert.deepEqual(rolesOf(body), ['reader'])
      await roles()
      await world.expect('GET', '/auth/projects', { token }, 401)
      isDenied(await world.auth(byCredential({ id: found.id, secret: found.secret })))
      await roles('admin')
      assert.deepEqual(rolesOf((await login(found)).body), ['member', 'reader'])
    })

    test('a restricted one makes and deletes none (CVE-2026-33551, -43001, -80184)', async () => {
      const found = await made1()
      const { token } = await login(found)
      assert.equal((await create(token)).status, 403)
      assert.equal((await create(token, { unrestricted: true })).status, 403)
      await world.expect('DELETE', `${path('eva')}/${found.id}`, { token }, 403)
      await world.expect('GET', `${path('eva')}/${found.id}`, { token }, 200)
    })

    test('an unrestricted one makes some that pass on no more than it does itself', async () => {
      const { token } = await login(await made1({ unrestricted: true, roles: [{ name: 'reader' }] }))
      assert.equal((await create(token, { roles: [{ name: 'member' }] })).status, 400)
      const { status, body } = await create(token)
      assert.equal(status, 201)
      assert.deepEqual(
        body.application_credential.roles.map(({ name }: { name: string }) => name),
        ['reader'],
      )
      assert.equal(body.application_credential.project_id, world.projects.acme)
      await world.expect('DELETE', `${path('eva')}/${body.application_credential.id}`, { token }, 204)
    })
  })

  test('a user has a hundred at most', async () => {
    const token = await world.login('rita', 'acme')
    const { id } = await world.catalogue.users.view(systemActor, 'rita')
    const project_id = (await world.catalogue.projects.named(systemActor, 'acme')).id
    await world.core.database.db
      .insertInto('credentials')
      .values(
        Array.from({ length: 100 }, (_, i) => ({
          user_id: id,
          kind: 'application-credential' as const,
          lookup: `${i}`.padStart(32, '0'),
          hash: null,
          label: `many ${i}`,
          project_id,
          data_json: JSON.stringify({ description: '', roles: ['reader'], unrestricted: false }),
          created_at: 0,
          expires_at: null,
          last_used_at: null,
        })),
      )
      .execute()
    const { status, body } = await create(token, {}, 'rita')
    assert.equal(status, 403)
    assert.match(body.error.message, /at most 100/)
    const list = await world.expect('GET', path('rita'), { token }, 200)
    assert.equal(list.body.application_credentials.length, 100)
  })
})
