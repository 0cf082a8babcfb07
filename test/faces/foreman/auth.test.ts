import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { pino } from 'pino'
import { systemActor } from '../../../src/catalogue/actor.ts'
import { catalogueOf } from '../../../src/catalogue/catalogue.ts'
import { foremanFace } from '../../../src/faces/foreman/index.ts'
import { createServer } from '../../../src/http/server.ts'
import { basic, images, startWorld, type World } from './world.ts'

const unable = (login: string) => ({ error: { message: `Unable to authenticate user ${login}` } })
const cookieOf = (headers: Headers) => headers.get('set-cookie')?.split(';', 1)[0] ?? ''

describe('authentication (8.1)', () => {
  let world: World
  before(async () => {
    world = await startWorld()
    await world.apply({ users: [{ username: 'Eva', password: 'pa:ss wörd', superAdmin: true }] })
  })
  after(() => world.close())

  const nobody = (headers: Record<string, string>) => ({ as: 'nobody' as const, headers })

  test('a password, with the login in any case of letters, and colons and umlauts in it', async () => {
    for (const login of ['Eva', 'eva', 'EVA'])
      await world.expect('GET', images, nobody(basic(login, 'pa:ss wörd')), 200)
    await world.expect('GET', images, nobody(basic('eva', 'pa:ss')), 401, unable('eva'))
  })

  test('a personal access token in place of the password, of its own user only', async () => {
    await world.expect('GET', images, nobody(basic('admin', world.tokens.admin)), 200)
    await world.expect('GET', images, nobody(basic('viewer', world.tokens.admin)), 401, unable('viewer'))
    await world.expect(
      'GET',
      images,
      nobody({ authorization: `Bearer ${world.tokens.admin}` }),
      401,
      unable(''),
    )
  })

  test('credentials that are none', async () => {
    for (const authorization of ['Basic', 'Basic !', 'Basic Og==', 'Negotiate x', ''])
      await world.expect('GET', images, nobody({ authorization }), 401)
    await world.expect('GET', images, nobody({ authorization: `Basic ${btoa('bob')}` }), 401, unable('bob'))
    await world.expect('GET', images, nobody({ cookie: '_session_id=0123' }), 401, unable(''))
    await world.expect('GET', images, nobody({ cookie: `_session_id=${'0'.repeat(32)}` }), 401, unable(''))
  })

  test('a session takes the place of the credentials, for writing, too', async () => {
    const first = await world.ask('GET', '/status', nobody(basic('admin', world.tokens.admin)))
    assert.match(
      first.headers.get('set-cookie')!,
      /^_session_id=[0-9a-f]{32}; path=\/; HttpOnly; SameSite=Lax$/,
    )
    const cookie = cookieOf(first.headers)
    const { headers } = await world.expect('GET', images, nobody({ cookie: `a=b; ${cookie}` }), 200)
    assert.equal(headers.get('set-cookie'), null, 'no new cookie')
    await world.expect('POST', '/architectures', { ...nobody({ cookie }), json: { name: 'riscv64' } }, 201)
  })

  test('a session is its own user and nobody else, whatever else is sent', async () => {
    const first = await world.ask('GET', '/status', nobody(basic('viewer', world.tokens.viewer)))
    const cookie = cookieOf(first.headers)
    const both = { cookie, ...basic('admin', world.tokens.admin) }
    await world.expect('POST', '/architectures', { ...nobody(both), json: { name: 'ppc64le' } }, 201)
    await world.expect('POST', '/architectures', { ...nobody({ cookie }), json: { name: 's390x' } }, 403)
  })

  test('who logs in with every request does not fill the database', async () => {
    for (let i = 0; i < 3; i++) await world.ask('GET', '/status', { as: 'clerk' })
    const rows = await world.core.database.db
      .selectFrom('credentials')
      .select('id')
      .where('kind', '=', 'session')
      .where('user_id', '=', world.ids.clerk)
      .execute()
    assert.equal(rows.length, 1)
  })

  test('a session that nobody used for an hour is over, with an empty body', async () => {
    const cookie = cookieOf((await world.ask('GET', '/status', { as: 'manager' })).headers)
    const at = Date.now() * 1000
    const set = (expires_at: number) =>
      world.core.database.db
        .updateTable('credentials')
        .set({ expires_at })
        .where('kind', '=', 'session')
        .where('user_id', '=', world.ids.manager)
        .execute()
    await set(at + 10_000_000)
    await world.expect('GET', '/status', nobody({ cookie }), 200)
    const [{ expires_at: prolonged }] = (await world.core.database.db
      .selectFrom('credentials')
      .select('expires_at')
      .where('kind', '=', 'session')
      .where('user_id', '=', world.ids.manager)
      .execute()) as [{ expires_at: number }]
    assert.ok(prolonged >= at + 3590 * 1_000_000, 'used, so it lives for an hour again')
    await set(at - 1)
    // An account found by its session is remembered for one second.
    world.catalogue.users.forget()
    const { status, text } = await world.ask('GET', '/status', nobody({ cookie }))
    assert.deepEqual({ status, text }, { status: 401, text: '' })
    await world.expect('GET', '/status', nobody({ cookie, ...basic('manager', world.tokens.manager) }), 200)
  })

  test('a disabled user has no session any more', async () => {
    const id = await world.user({ username: 'gone' })
    const token = await world.token(id)
    const cookie = cookieOf((await world.ask('GET', '/status', nobody(basic('gone', token)))).headers)
    await world.expect('GET', '/status', nobody({ cookie }), 200)
    await world.core.database.db.updateTable('users').set({ enabled: 0 }).where('id', '=', id).execute()
    // An account found by its session is remembered for one second.
    world.catalogue.users.forget()
    const disabled = { error: { message: 'User account is disabled, please contact your administrator' } }
    await world.expect('GET', '/status', nobody({ cookie }), 401, disabled)
  })

  test('another process knows the session, too', async () => {
    const cookie = cookieOf((await world.ask('GET', '/status', { as: 'clerk' })).headers)
    const parts = {
      catalogue: catalogueOf(world.core),
      installation: { version: '0' },
      featuresOff: new Set<string>(),
    }
    const app = await createServer([foremanFace()], parts, {
      logger: pino({ level: 'silent' }),
      trustedProxies: [],
      publicUrl: null,
      idleSeconds: 20,
    })
    const { statusCode } = await app.inject({ url: `/api${images}`, headers: { cookie } })
    await app.close()
    assert.equal(statusCode, 200)
  })

  test('a new password and a revoked token end the sessions', async () => {
    const ask = { as: 'nobody' as const, headers: basic('eva', 'pa:ss wörd') }
    const cookie = cookieOf((await world.ask('GET', '/status', ask)).headers)
    await world.expect('GET', '/status', nobody({ cookie }), 200)
    await world.expect('PUT', '/users/Eva', { json: { user: { password: 'new' } } }, 200)
    await world.expect('GET', '/status', nobody({ cookie }), 401, unable(''))
    await world.expect('GET', '/status', ask, 401)

    const token = await world.token(world.ids.viewer)
    const first = await world.ask('GET', '/status', nobody(basic('viewer', token)))
    const viewer = cookieOf(first.headers)
    const page = { offset: 0, limit: 100 }
    const { tokens } = await world.catalogue.users.tokens(systemActor, world.ids.viewer, page)
    await world.catalogue.users.revokeToken(systemActor, world.ids.viewer, tokens.at(-1)!.id)
    await world.expect('GET', '/status', nobody({ cookie: viewer }), 401)
    const again = await world.ask('GET', '/status', { as: 'viewer' })
    assert.notEqual(cookieOf(again.headers), viewer, 'a dead session is not handed out')
    await world.expect('GET', '/status', nobody({ cookie: cookieOf(again.headers) }), 200)
  })

  test('sessions are kept as digests', async () => {
    const cookie = cookieOf((await world.ask('GET', '/status', { as: 'lone' })).headers)
    const [, session] = cookie.split('=') as [string, string]
    const rows = await world.core.database.db
      .selectFrom('credentials')
      .selectAll()
      .where('kind', '=', 'session')
      .execute()
    assert.ok(rows.length > 0 && !JSON.stringify(rows).includes(session))
  })

  test('what needs no credentials, and what needs them without any permission', async () => {
    await world.expect('GET', '/ping', nobody({}), 200)
    await world.expect('GET', '/ping/', nobody({}), 200)
    await world.expect('GET', '/apidoc/apipie_checksum', nobody({}), 200)
    await world.expect('GET', '/api/status', nobody({}), 401)
    await world.expect('GET', '/api', nobody({}), 401)
    await world.expect('GET', '/status', { as: 'lone' }, 200)
    await world.expect('GET', '/api', { as: 'lone' }, 200)
  })
})

describe('guessing passwords', () => {
  let world: World
  before(async () => {
    world = await startWorld({ server: { trustedProxies: ['127.0.0.1'] } })
  })
  after(() => world.close())

  test('after 30 failed logins an address hears of nothing else for a while, others do not notice', async () => {
    const from = (address: string, password: string) => ({
      as: 'nobody' as const,
      headers: { 'x-forwarded-for': address, ...basic('admin', password) },
    })
    for (let i = 0; i < 30; i++)
      await world.expect('GET', images, from('192.0.2.1', 'wrong'), 401, unable('admin'))
    const tooMany = { error: { message: 'Too many tries, please try again in a few minutes.' } }
    await world.expect('GET', images, from('192.0.2.1', 'wrong'), 401, tooMany)
    await world.expect('GET', images, from('192.0.2.1', world.tokens.admin), 401, tooMany)
    await world.expect('GET', images, from('192.0.2.2', world.tokens.admin), 200)
  })
})

describe('behind TLS', () => {
  test('the cookie is for secure connections only', async (context) => {
    const world = await startWorld({ server: { trustedProxies: ['127.0.0.1'] } })
    context.after(() => world.close())
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.9' }
    const reply = await world.ask('GET', '/status', { headers })
    assert.match(reply.headers.get('set-cookie')!, /; SameSite=Lax; secure$/)
    const cookie = cookieOf(reply.headers)
    const from = (address: string) => ({ 'x-forwarded-for': address, cookie })
    // Born of a token, which may itself be bound to addresses, it is bound to its own.
    await world.expect('GET', '/status', { as: 'nobody', headers: from('192.0.2.9') }, 200)
    await world.expect('GET', '/status', { as: 'nobody', headers: from('192.0.2.10') }, 401)
  })
})
