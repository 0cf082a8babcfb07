import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { now, second } from '../../../src/catalogue/time.ts'
import { done, type Route } from '../../../src/faces/danube/route.ts'
import { type Ask, type World, worlds } from './world.ts'

const routes: readonly Route[] = [
  {
    method: 'GET',
    path: '/image/me',
    summary: 'Who asks, and what it is where',
    scope: 'main',
    group: 'u',
    handle: async ({ account, actor, scheme }) =>
      done({
        name: account?.username,
        scheme,
        super: actor.superAdmin,
        roles: Object.fromEntries([...actor.roles].map(([id, roles]) => [id, [...roles]])),
      }),
  },
]

const credentials = 'Authentication credentials were not provided.'
const unable = 'Unable to log in with provided credentials.'

for (const [engine, start] of worlds)
  describe(`who asks, on ${engine}`, () => {
    let world: World
    let key: string
    const password = 'a password with ünicode'

    before(async () => {
      world = await start({ danube: { routes, tokenSeconds: 3600 } })
      key = await world.apiKey('keeper')
      await world.apply({
        users: [
          { username: 'eva', password },
          { username: 'gone', password, enabled: false },
          { username: 'barred', password, apiAccess: false },
        ],
      })
    })
    after(() => world.close())

    const login = (json: unknown, headers: Record<string, string> = {}) =>
      world.ask('POST', '/accounts/login/', { as: 'nobody', json, headers })
    const me = (headers: Record<string, string>) => world.ask('GET', '/image/me', { as: 'nobody', headers })
    const token = (text: string) => me({ authorization: `Token ${text}` })

    describe('login', () => {
      test('gives a token of 40 digits for an hour', async () => {
        const before = Date.now()
        const { status, body, headers } = await login({ username: 'eva', password })
        assert.equal(status, 200)
        assert.deepEqual(Object.keys(body), ['token', 'expires', 'detail'])
        assert.match(body.token, /^[0-9a-f]{40}$/)
        assert.match(body.expires, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$/)
        const life = Date.parse(body.expires.replace(/\d{3}\+/, '+')) - before
        assert.ok(life > 3_590_000 && life < 3_620_000, String(life))
        assert.equal(body.detail, 'Welcome to Danube Cloud API.')
        assert.deepEqual(
          ['es_username', 'es_version', 'es_dc', 'es_task_id'].map((name) => headers.get(name)),
          ['eva', '4.6', 'main', null],
        )
        assert.equal((await token(body.token)).body.result.name, 'eva')
      })

      test('replaces the token before it, and leaves an entry', async () => {
        const first = (await login({ username: 'eva', password })).body.token
        const second = (await login({ username: 'EVA', password })).body.token
        assert.deepEqual((await token(first)).body, { detail: 'Invalid token.' })
        assert.equal((await token(second)).status, 200)
        const { db } = world.core.database
        const { id } = await db
          .selectFrom('users')
          .select('id')
          .where('username', '=', 'eva')
          .executeTakeFirstOrThrow()
        const kept = await db
          .selectFrom('credentials')
          .selectAll()
          .where('user_id', '=', id)
          .where('kind', '=', 'danube-token')
          .execute()
        assert.equal(kept.length, 1)
        assert.ok(!JSON.stringify(kept).includes(second))
        const [entry] = await world.catalogue.audit.history('user', String(id), { limit: 1 })
        assert.deepEqual([entry?.action, entry?.face, entry?.username], ['login', 'danube', 'eva'])
        assert.ok(!JSON.stringify(entry).includes(second))
      })

      test('tells the datacenter in force: the one that was chosen before', async () => {
        const choose = (current_dc: string) =>
          world.expect('PUT', '/accounts/user/eva', { json: { current_dc } }, 200)
        await choose('park')
        const others: Record<string, string>[] = [{}, { authorization: `Token ${world.tokens.keeper}` }]
        for (const headers of others) {
          const reply = await login({ username: 'eva', password }, headers)
          assert.deepEqual([reply.status, reply.headers.get('es_dc')], [200, 'park'])
          const out = await world.ask('GET', '/accounts/logout', {
            as: 'nobody',
            headers: { authorization: `Token ${reply.body.token}` },
          })
          assert.deepEqual([out.status, out.headers.get('es_dc')], [200, 'park'])
        }
        await choose('main')
      })

      test('several at once leave one token', async () => {
        const replies = await Promise.all(
          Array.from({ length: 5 }, () => login({ username: 'eva', password })),
        )
        const alive = await Promise.all(replies.map(async ({ body }) => (await token(body.token)).status))
        assert.deepEqual(alive.sort(), [200, 403, 403, 403, 403])
      })

      const refused: [what: string, json: unknown, detail: unknown][] = [
        ['a wrong password', { username: 'eva', password: 'x' }, unable],
        ['an unknown user', { username: 'nobody', password }, unable],
        ['a disabled user', { username: 'gone', password }, 'User account is disabled.'],
        [
          'a user without access',
          { username: 'barred', password },
          'User account is not allowed to access API.',
        ],
        ['nothing', {}, { username: ['This field is required.'], password: ['This field is required.'] }],
        ['no password', { username: 'eva', password: '' }, { password: ['This field is required.'] }],
        ['null', { username: null, password }, { username: ['This field is required.'] }],
        ['a number', { username: 7, password: 8 }, unable],
        ['an object', { username: {}, password }, { username: ['Invalid value.'] }],
        ['an array', [], { username: ['This field is required.'], password: ['This field is required.'] }],
      ]
      for (const [what, json, detail] of refused)
        test(`with ${what}`, async () => {
          const { status, body, headers } = await login(json)
          assert.deepEqual([status, body], [400, { detail }])
          assert.deepEqual(
            [...headers.keys()].filter((name) => name.startsWith('es_')),
            [],
          )
        })

      test('with a token in the header', async () => {
        const wrong = await login({ username: 'eva', password }, { authorization: 'Token nonsense' })
        assert.deepEqual([wrong.status, wrong.body], [403, { detail: 'Invalid token.' }])
        const right = await login(
          { username: 'eva', password },
          { authorization: `Token ${world.tokens.keeper}` },
        )
        assert.deepEqual([right.status, right.headers.get('es_username')], [200, 'eva'])
      })

      test('too many failed ones are slowed down', async () => {
        for (let i = 0; i < 10; i++)
          assert.equal((await login({ username: 'guessed', password: String(i) })).status, 400)
        const { status, body, headers } = await login({ username: 'guessed', password })
        assert.equal(status, 429)
        const seconds = Number(headers.get('retry-after'))
        assert.ok(seconds > 0 && seconds <= 60)
        assert.deepEqual(body, { detail: `Request was throttled. Expected available in ${seconds} seconds.` })
        assert.equal((await login({ username: 'eva', password })).status, 200)
      })
    })

    test('logout ends the token', async () => {
      const { body } = await login({ username: 'eva', password })
      const headers = { authorization: `Token ${body.token}` }
      const out = await world.expect('GET', '/accounts/logout', { as: 'nobody', headers }, 200, {
        detail: 'Bye.',
      })
      assert.equal(out.headers.get('es_username'), 'eva')
      await world.expect('GET', '/accounts/logout/', { as: 'nobody', headers }, 403, {
        detail: 'Invalid token.',
      })
      await world.expect('GET', '/accounts/logout/', { as: 'nobody' }, 403, { detail: credentials })
    })

    test('a new password ends the token', async () => {
      const { body } = await login({ username: 'eva', password })
      await world.apply({ users: [{ username: 'eva', password: 'another' }] })
      world.catalogue.users.forget()
      assert.deepEqual((await token(body.token)).body, { detail: 'Invalid token.' })
      await world.apply({ users: [{ username: 'eva', password }] })
    })

    describe('credentials', () => {
      const spaced = 'Invalid token header. Token string should not contain spaces.'
      const cases: [
        what: string,
        headers: () => Record<string, string>,
        answer: string | { name: string; scheme: string },
      ][] = [
        ['none', () => ({}), credentials],
        [
          'a token',
          () => ({ authorization: `Token ${world.tokens.member}` }),
          { name: 'member', scheme: 'token' },
        ],
        [
          'the word in any case',
          () => ({ authorization: `tOkEn  ${world.tokens.member} ` }),
          { name: 'member', scheme: 'token' },
        ],
        [
          'another scheme',
          () => ({ authorization: `Basic ${Buffer.from('eva:x').toString('base64')}` }),
          credentials,
        ],
        ['a token as bearer', () => ({ authorization: `Bearer ${world.tokens.member}` }), credentials],
        ['no token', () => ({ authorization: 'Token' }), 'Invalid token header. No credentials provided.'],
        ['two tokens', () => ({ authorization: 'Token a b' }), spaced],
        ['an unknown token', () => ({ authorization: `Token ${'0'.repeat(40)}` }), 'Invalid token.'],
        ['a key', () => ({ 'es-api-key': key }), { name: 'keeper', scheme: 'api-key' }],
        ['an empty key', () => ({ 'es-api-key': '' }), credentials],
        ['an unknown key', () => ({ 'ES-API-KEY': 'x' }), 'Invalid API key'],
        ['a key as token', () => ({ authorization: `Token ${key}` }), 'Invalid token.'],
        ['a token as key', () => ({ 'es-api-key': world.tokens.member }), 'Invalid API key'],
        [
          'a key and a token',
          () => ({ 'es-api-key': key, authorization: `Token ${world.tokens.member}` }),
          { name: 'keeper', scheme: 'api-key' },
        ],
        [
          'a wrong key and a token',
          () => ({ 'es-api-key': 'wrong', authorization: `Token ${world.tokens.member}` }),
          'Invalid API key',
        ],
        [
          'a key and a wrong token',
          () => ({ 'es-api-key': key, authorization: 'Token a b' }),
          { name: 'keeper', scheme: 'api-key' },
        ],
      ]
      for (const [what, headers, answer] of cases)
        test(what, async () => {
          const reply = await me(headers())
          if (typeof answer !== 'string') {
            const { name, scheme } = reply.body.result
            return assert.deepEqual([reply.status, { name, scheme }], [200, answer])
          }
          assert.deepEqual([reply.status, reply.body], [403, { detail: answer }])
          assert.equal(reply.headers.get('www-authenticate'), null)
          assert.equal(reply.headers.get('es_version'), '4.6')
          assert.ok(!reply.headers.has('es_username'))
        })

      const change = async (facts: object) => {
        await world.core.database.db
          .updateTable('users')
          .set(facts)
          .where('id', '=', world.ids.keeper)
          .execute()
        world.catalogue.users.forget()
      }
      for (const [facts, back, detail] of [
        [{ enabled: 0 }, { enabled: 1 }, 'User inactive or deleted.'],
        [{ api_access: 0 }, { api_access: 1 }, 'User account is not allowed to access API'],
      ] as const)
        test(`of an account with ${JSON.stringify(facts)}`, async () => {
          await change(facts)
          for (const headers of [{ 'es-api-key': key }, { authorization: `Token ${world.tokens.keeper}` }]) {
            const { status, body } = await me(headers as unknown as Record<string, string>)
            assert.deepEqual([status, body], [403, { detail }])
          }
          await change(back)
        })

      test('that have expired', async () => {
        const brief = { ...systemActor, userId: await world.user({ username: 'brief' }) }
        const old = await world.catalogue.loginTokens.open(brief, 0)
        assert.deepEqual((await token(old.text)).body, { detail: credentials })
        // Whoever logs in may still send it.
        const again = await login({ username: 'eva', password }, { authorization: `Token ${old.text}` })
        assert.equal(again.status, 200)
        const fresh = await world.catalogue.loginTokens.open(brief, 3600)
        assert.equal((await token(fresh.text)).status, 200)
        await world.core.database.db
          .updateTable('credentials')
          .set({ expires_at: now() - second })
          .where('user_id', '=', brief.userId)
          .execute()
        world.catalogue.users.forget()
        assert.deepEqual((await token(fresh.text)).body, { detail: credentials })
      })

      test('keys that are guessed are slowed down, and right ones are not', async () => {
        for (let i = 0; i < 70; i++) await me({ 'es-api-key': `guess ${i}` })
        assert.equal((await me({ 'es-api-key': 'guess' })).status, 429)
        assert.equal((await me({ 'es-api-key': key })).status, 200)
      })
    })

    describe('roles in datacenters', () => {
      const roles = async (ask: Ask) => (await world.ask('GET', '/image/me', ask)).body.result.roles
      const [admin, imageAdmin, importAdmin] = [
        'datacenter admin',
        'datacenter image_admin',
        'datacenter image_import_admin',
      ]
      const own: [as: NonNullable<Ask['as']>, roles: object][] = [
        ['lone', {}],
        ['member', { 2: [] }],
        ['chief', { 2: [admin] }],
        ['keeper', { 2: [admin, imageAdmin] }],
        ['importer', { 2: [admin, imageAdmin, importAdmin] }],
      ]
      for (const [as, wanted] of own)
        test(`${as} has its own`, async () => assert.deepEqual(await roles({ as }), wanted))

      test('administrators are asked for none', async () => {
        const { body } = await world.ask('GET', '/image/me')
        assert.equal(body.result.super, true)
      })

      const groups: [
        what: string,
        groups: { roles: Record<number, string>; permissions?: string[] }[],
        wanted: object,
      ][] = [
        ['a built-in role', [{ roles: { 4: 'image_admin' } }], { 4: [admin, imageAdmin] }],
        ['the strongest role', [{ roles: { 4: 'admin' } }], { 4: [admin, imageAdmin, importAdmin] }],
        ['an ordinary role', [{ roles: { 4: 'reader' } }], { 4: [] }],
        [
          'permissions instead',
          [{ roles: { 4: 'image_import_admin' }, permissions: ['admin'] }],
          { 4: [admin] },
        ],
        ['no permissions', [{ roles: { 4: 'image_import_admin' }, permissions: [] }], { 4: [] }],
        ['others', [{ roles: { 4: 'member' }, permissions: ['network_admin', 'admin'] }], { 4: [admin] }],
        [
          'half of what it takes',
          [{ roles: { 4: 'member' }, permissions: ['image_admin', 'image_import_admin'] }],
          { 4: [] },
        ],
        ['a gap', [{ roles: { 4: 'member' }, permissions: ['admin', 'image_import_admin'] }], { 4: [admin] }],
        [
          'two groups together',
          [
            { roles: { 4: 'member' }, permissions: ['admin'] },
            { roles: { 4: 'member' }, permissions: ['image_admin'] },
          ],
          { 4: [admin, imageAdmin] },
        ],
        [
          'several datacenters',
          [{ roles: { 3: 'member', 4: 'member' }, permissions: ['admin', 'image_admin'] }],
          { 3: [admin, imageAdmin], 4: [admin, imageAdmin] },
        ],
      ]
      for (const [what, given, wanted] of groups)
        test(`through a group: ${what}`, async (t) => {
          const { db } = world.core.database
          const ids = await Promise.all(
            given.map((one) => world.group(randomUUID(), { users: ['lone'], ...one })),
          )
          t.after(async () => {
            await db.deleteFrom('groups').where('id', 'in', ids).execute()
            world.catalogue.users.forget()
          })
          assert.deepEqual(await roles({ as: 'lone' }), wanted)
        })

      test('a group completes what the owner lacks', async (t) => {
        const id = await world.group(randomUUID(), {
          users: ['chief'],
          roles: { 2: 'member' },
          permissions: ['image_admin'],
        })
        t.after(() => world.core.database.db.deleteFrom('groups').where('id', '=', id).execute())
        assert.deepEqual(await roles({ as: 'chief' }), { 2: [admin, imageAdmin] })
      })
    })
  })
