import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { now } from '../../../src/catalogue/time.ts'
import type { WireSession, WireWhoami } from '../../../src/faces/console/wire.ts'
import { type Answer, type Api, type Call, password, refused, startApi } from './api.ts'

const eightHours = 8 * 60 * 60

type Signed = {
  /** As a browser sends it. */
  readonly cookie: string
  readonly proof: string
  /** With the cookie and the proof. */
  readonly call: Call
}

describe('console: sessions of browsers', () => {
  let api: Api
  let nobody: Call
  let evaId: number
  before(async () => {
    api = await startApi()
    nobody = api.as(null)
    evaId = await api.server.user({ username: 'eva', roles: { 1: 'member' }, defaultProjectId: 1 })
    await password(api.server, evaId, 'secret')
    await password(api.server, await api.server.user({ username: 'bob', roles: { 1: 'member' } }), 'secret')
  })
  after(() => api.close())

  const login = (username: string, text: string, headers: Record<string, string> = {}) =>
    nobody('POST', '/session', { username, password: text }, headers)

  function cookieOf({ headers }: Answer): string {
    return headers.getSetCookie()[0]!.split(';', 1)[0]!
  }

  async function signIn(username: string, text = 'secret'): Promise<Signed> {
    const answer = await login(username, text)
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    const { proof } = answer.body as WireSession
    const cookie = cookieOf(answer)
    const call: Call = (method, path, body, headers = {}) =>
      nobody(method, path, body, { cookie, 'x-imageport-session': proof, ...headers })
    return { cookie, proof, call }
  }

  /** What the database holds of a user's sessions. */
  const sessionsOf = (userId: number) =>
    api.server.core.database.db
      .selectFrom('credentials')
      .selectAll()
      .where('user_id', '=', userId)
      .where('kind', '=', 'session')

  test('signing in gives a cookie that scripts cannot read, and a proof', async () => {
    const answer = await login('Eva', 'secret')
    assert.equal(answer.status, 200)
    const { proof, position, ...who } = answer.body as WireSession
    assert.equal(typeof position, 'number')
    assert.deepEqual(who, {
      username: 'eva',
      superAdmin: false,
      project: 'main',
      roles: [{ project: 'main', role: 'member' }],
      version: '0.0.0-test',
    })
    const [cookie, ...others] = answer.headers.getSetCookie()
    assert.deepEqual(others, [])
    const [, session] =
      /^imageport_session=([0-9a-f]{32}); Path=\/ui; Max-Age=28800; HttpOnly; SameSite=Strict$/.exec(cookie!)!
    assert.ok(session && !JSON.stringify(answer.body).includes(session), 'the session is in the cookie alone')
    assert.equal(answer.headers.get('cache-control'), 'private, no-cache')
    const sent = { cookie: `theme=dark; imageport_session=${session}; other=1` }
    assert.equal(((await nobody('GET', '/whoami', undefined, sent)).body as WireWhoami).username, 'eva')
    // Whoever reads the database finds neither.
    const rows = JSON.stringify(await sessionsOf(evaId).execute())
    assert.ok(!rows.includes(session) && !rows.includes(proof))
  })

  test('a page that is opened anew learns who is signed in', async () => {
    const { call, proof } = await signIn('eva')
    const { status, body } = await call('GET', '/session')
    assert.deepEqual(
      [status, (body as WireSession).proof, (body as WireSession).username],
      [200, proof, 'eva'],
    )
    for (const cookie of ['', 'imageport_session=', `imageport_session=${'0'.repeat(32)}`])
      assert.equal((await nobody('GET', '/session', undefined, { cookie })).status, 204, cookie)
  })

  test('a wrong password, somebody unknown and somebody shut out get no cookie', async () => {
    await password(api.server, await api.server.user({ username: 'out', enabled: false }), 'secret')
    for (const [username, text, reason] of [
      ['eva', 'Secret', 'unknown'],
      ['nobody', 'secret', 'unknown'],
      ['out', 'secret', 'disabled'],
    ] as const) {
      const answer = await login(username, text)
      refused(answer, 401, 'unauthenticated', reason)
      assert.deepEqual(answer.headers.getSetCookie(), [])
      // A browser would ask for the password in a window of its own.
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="Imageport"')
    }
    for (const body of [
      {},
      { username: 'eva' },
      { username: 'eva', password: '' },
      { username: 1, password: 'x' },
      { username: 'eva', password: 'x', toString: 1 },
    ])
      refused(await nobody('POST', '/session', body), 400, 'invalid')
    refused(
      await nobody('POST', '/session', { username: 'eva', password: 'secret', admin: true }),
      400,
      'invalid',
    )
    assert.equal((await nobody('POST', '/session', '{', { 'content-type': 'application/json' })).status, 400)
  })

  test('failed attempts are limited for each name', async () => {
    for (let n = 0; n < 10; n++) refused(await login('victim', 'guess'), 401, 'unauthenticated', 'unknown')
    const busy = await login('VICTIM', 'guess')
    refused(busy, 429, 'busy', 'logins')
    assert.ok(Number(busy.headers.get('retry-after')) > 0)
    await signIn('eva')
  })

  test('a change needs the proof of its own session', async () => {
    const { cookie, proof, call } = await signIn('eva')
    const other = await signIn('bob')
    const without: readonly Record<string, string>[] = [
      { cookie },
      { cookie, 'x-imageport-session': '' },
      { cookie, 'x-imageport-session': proof.slice(1) },
      { cookie, 'x-imageport-session': other.proof },
      { cookie, 'x-imageport-session': cookie.split('=')[1]! },
    ]
    for (const headers of without)
      for (const [method, path] of [
        ['POST', '/images'],
        ['POST', '/users/eva/tokens'],
        ['DELETE', '/users/eva/tokens/1'],
        ['PUT', '/me/password'],
      ] as const)
        refused(await nobody(method, path, {}, headers), 403, 'forbidden', 'session-proof')
    // Looking needs none, and an own credential in the request stands for itself.
    assert.equal((await nobody('GET', '/images', undefined, { cookie })).status, 200)
    assert.equal((await api.admin('POST', '/images', { name: 'by a token' }, { cookie })).status, 201)
    refused(
      await api.as('Bearer nonsense')('GET', '/whoami', undefined, { cookie }),
      401,
      'unauthenticated',
      'unknown',
    )
    assert.equal((await call('POST', '/images', { name: 'by a session' })).status, 201)
  })

  test('what another site begins is refused, reading as well', async () => {
    const { call } = await signIn('eva')
    for (const from of ['cross-site', 'same-site', 'anything']) {
      const headers = { 'sec-fetch-site': from }
      refused(await call('GET', '/whoami', undefined, headers), 403, 'forbidden', 'session-proof')
      refused(await call('POST', '/images', {}, headers), 403, 'forbidden', 'session-proof')
      const answer = await login('eva', 'secret', headers)
      refused(answer, 403, 'forbidden', 'session-proof')
      assert.deepEqual(answer.headers.getSetCookie(), [])
    }
    for (const from of ['same-origin', 'none'])
      assert.equal((await call('GET', '/whoami', undefined, { 'sec-fetch-site': from })).status, 200)
  })

  test('signing out ends the session, and needs the proof', async () => {
    const { cookie, call } = await signIn('eva')
    const second = await signIn('eva')
    refused(await nobody('DELETE', '/session', undefined, { cookie }), 403, 'forbidden', 'session-proof')
    assert.equal((await call('GET', '/whoami')).status, 200)
    const out = await call('DELETE', '/session')
    assert.equal(out.status, 204)
    assert.deepEqual(out.headers.getSetCookie(), [
      'imageport_session=; Path=/ui; Max-Age=0; HttpOnly; SameSite=Strict',
    ])
    refused(await call('GET', '/whoami'), 401, 'unauthenticated', 'unknown')
    assert.equal((await call('GET', '/session')).status, 204)
    assert.equal((await second.call('GET', '/whoami')).status, 200, 'the session of another browser goes on')
    assert.equal((await nobody('DELETE', '/session')).status, 204)
  })

  test('a session that nobody uses ends, and one that is used lives on', async () => {
    const { call, cookie } = await signIn('bob')
    const { db } = api.server.core.database
    const own = (
      await db.selectFrom('users').select('id').where('username', '=', 'bob').executeTakeFirstOrThrow()
    ).id
    const expire = async (inSeconds: number) => {
      await db
        .updateTable('credentials')
        .set({ expires_at: now() + inSeconds * 1_000_000 })
        .where('user_id', '=', own)
        .where('kind', '=', 'session')
        .execute()
      api.server.catalogue.users.forget()
    }
    await expire(60)
    const used = await call('GET', '/whoami')
    assert.equal(used.status, 200)
    // The browser keeps the cookie as long, and is not told so each time.
    const told = /^(imageport_session=[0-9a-f]{32}); Path=\/ui; Max-Age=28800; HttpOnly; SameSite=Strict$/
    assert.equal(told.exec(used.headers.getSetCookie().join())?.[1], cookie)
    assert.deepEqual((await call('GET', '/whoami')).headers.getSetCookie(), [])
    const renewed = await sessionsOf(own).orderBy('id', 'desc').executeTakeFirstOrThrow()
    assert.ok(renewed.expires_at! > now() + (eightHours - 10) * 1_000_000)
    await expire(-1)
    refused(await call('GET', '/whoami'), 401, 'unauthenticated', 'expired')
    assert.equal((await call('GET', '/session')).status, 204)
    refused(await call('POST', '/images', {}), 401, 'unauthenticated', 'expired')
  })

  test('another password ends all sessions; the old one must be told', async () => {
    const { call } = await signIn('bob')
    const elsewhere = await signIn('bob')
    const change = { old: 'secret', password: 'better secret' }
    refused(await call('PUT', '/me/password', { ...change, old: 'guess' }), 403, 'forbidden', 'old-password')
    refused(await call('PATCH', '/users/BOB', { password: 'mine' }), 403, 'forbidden', 'own-password')
    assert.equal((await elsewhere.call('GET', '/whoami')).status, 200)
    assert.equal((await call('PUT', '/me/password', change)).status, 204)
    for (const ended of [call, elsewhere.call])
      refused(await ended('GET', '/whoami'), 401, 'unauthenticated', 'unknown')
    refused(await login('bob', 'secret'), 401, 'unauthenticated', 'unknown')
    const again = await signIn('bob', 'better secret')
    // An administrator needs no old one, and ends them as well.
    await api.admin('PATCH', '/users/bob', { password: 'secret' })
    refused(await again.call('GET', '/whoami'), 401, 'unauthenticated', 'unknown')
  })

  test('whoever is shut out is out at once', async () => {
    const { call } = await signIn('bob')
    await api.admin('PATCH', '/users/bob', { enabled: false })
    refused(await call('GET', '/whoami'), 401, 'unauthenticated', 'disabled')
    await api.admin('PATCH', '/users/bob', { enabled: true })
    assert.equal((await call('GET', '/whoami')).status, 200)
  })

  test('an administrator’s own password is not for a browser that was left open', async () => {
    await password(api.server, await api.server.user({ username: 'boss', superAdmin: true }), 'secret')
    const { call } = await signIn('boss')
    refused(await call('PATCH', '/users/boss', { password: 'mine' }), 403, 'forbidden', 'own-password')
    // Saying something that is no password and no token is no way around it.
    for (const authorization of ['x', 'Digest x'])
      refused(
        await call('PATCH', '/users/boss', { password: 'mine' }, { authorization }),
        403,
        'forbidden',
        'own-password',
      )
    assert.equal((await call('PATCH', '/users/boss', { lastName: 'Boss' })).status, 200)
    assert.equal((await call('PATCH', '/users/bob', { password: 'secret' })).status, 200)
  })
})

describe('console: sessions behind a proxy', () => {
  const cases: [name: string, trustedProxies: string[], headers: Record<string, string>, secure: boolean][] =
    [
      ['a trusted one that speaks TLS', ['127.0.0.1'], { 'x-forwarded-proto': 'https' }, true],
      ['a trusted one that does not', ['127.0.0.1'], { 'x-forwarded-proto': 'http' }, false],
      ['anybody else, who says so', [], { 'x-forwarded-proto': 'https' }, false],
    ]
  for (const [name, trustedProxies, headers, secure] of cases)
    test(`${name}: the cookie is ${secure ? '' : 'not '}for TLS only`, async () => {
      const api = await startApi({ server: { trustedProxies } })
      try {
        await password(api.server, await api.server.user({ username: 'eva' }), 'secret')
        const body = { username: 'eva', password: 'secret' }
        const answer = await api.as(null)('POST', '/session', body, headers)
        assert.equal(answer.status, 200)
        const [cookie] = answer.headers.getSetCookie()
        assert.equal(cookie!.endsWith('; HttpOnly; SameSite=Strict; Secure'), secure)
        assert.equal(/Secure/.test(cookie!), secure)
      } finally {
        await api.close()
      }
    })
})
