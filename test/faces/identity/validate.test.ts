import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { expireCredentials } from '../../../src/catalogue/people/tokens.ts'
import { now, second } from '../../../src/catalogue/time.ts'
import { byPassword, denied, project, startWorld, type World } from './world.ts'

let world: World
before(async () => {
  world = await startWorld()
})
after(() => world.close())

const hour = 3600 * second

/** Moves the end of a token, as time would. */
async function endedAt(text: string, instant: number): Promise<void> {
  const { database, secrets } = world.core
  await database.db
    .updateTable('credentials')
    .set({ expires_at: instant })
    .where('lookup', '=', secrets.lookup(text))
    .execute()
}

describe('validation (glance.md 25.3)', () => {
  test("one's own token, by itself and by another of one's own", async () => {
    const issued = await world.auth(byPassword('eva'), project('acme'))
    const subject = issued.headers.get('x-subject-token')!
    for (const token of [subject, await world.login('eva', 'other'), await world.login('eva', 'unscoped')]) {
      const reply = await world.expect('GET', '/auth/tokens', { token, subject }, 200, issued.body)
      assert.equal(reply.headers.get('x-subject-token'), subject)
      assert.equal(reply.headers.get('vary'), 'X-Auth-Token')
    }
  })

  for (const [person, scope] of [
    ['root', 'main'],
    ['root', { system: { all: true } }],
    ['chief', 'acme'],
  ] as const)
    test(`another's, by ${person} in ${JSON.stringify(scope)}`, async () => {
      const issued = await world.auth(byPassword('eva'), project('acme'))
      const subject = issued.headers.get('x-subject-token')!
      const token = await world.login(person, scope)
      await world.expect('GET', '/auth/tokens', { token, subject }, 200, issued.body)
    })

  for (const [person, scope] of [
    ['rita', 'acme'],
    ['omar', 'other'],
    ['root', 'unscoped'],
  ] as const)
    test(`another's is 403 for ${person} in ${scope}`, async () => {
      const subject = await world.login('eva', 'acme')
      const token = await world.login(person, scope)
      const reply = await world.expect('GET', '/auth/tokens', { token, subject }, 403)
      assert.equal(reply.body.error.title, 'Forbidden')
      await world.expect('DELETE', '/auth/tokens', { token, subject }, 403)
      await world.expect('HEAD', '/auth/tokens', { token, subject }, 403)
      await world.expect('GET', '/auth/tokens', { token: subject, subject }, 200)
    })

  test('what is no token, or none any more, is 404', async () => {
    const token = await world.login('root')
    const ended = await world.login('eva')
    await endedAt(ended, now() - 1)
    for (const subject of ['x', `imageport-${'A'.repeat(43)}`, ended])
      for (const method of ['GET', 'HEAD', 'DELETE']) {
        const reply = await world.expect(method, '/auth/tokens', { token, subject }, 404)
        assert.equal(reply.headers.get('x-subject-token'), null)
        if (method !== 'HEAD') assert.equal(reply.body.error.code, 404)
      }
  })

  test('no subject is 404', async () => {
    const token = await world.login('root')
    for (const method of ['GET', 'HEAD', 'DELETE']) await world.expect(method, '/auth/tokens', { token }, 404)
  })

  test('an ended token is nobody', async () => {
    const token = await world.login('eva')
    await endedAt(token, now() - 1)
    await world.expect('GET', '/auth/tokens', { token, subject: token }, 401, denied)
  })

  test('HEAD answers like GET, without a body', async () => {
    const token = await world.login('eva')
    const get = await world.ask('GET', '/auth/tokens', { token, subject: token })
    const head = await world.expect('HEAD', '/auth/tokens', { token, subject: token }, 200)
    assert.equal(head.text, '')
    for (const name of ['content-type', 'content-length', 'x-subject-token', 'vary'])
      assert.equal(head.headers.get(name), get.headers.get(name), name)
  })

  test('?nocatalog', async () => {
    const token = await world.login('eva')
    const { body } = await world.expect('GET', '/auth/tokens?nocatalog', { token, subject: token }, 200)
    assert.equal('catalog' in body.token, false)
    assert.equal(body.token.project.name, 'acme')
  })
})

describe('?allow_expired', () => {
  test('up to 48 hours after the end, and for services only', async () => {
    const root = await world.login('root')
    const eva = await world.login('eva')
    const ended = await world.login('eva')
    await endedAt(ended, now() - 47 * hour)
    const path = '/auth/tokens?allow_expired=1'
    const { body } = await world.expect('GET', path, { token: root, subject: ended }, 200)
    assert.equal(body.token.user.name, 'eva')
    await world.expect('HEAD', path, { token: root, subject: ended }, 200)
    await world.expect('GET', '/auth/tokens', { token: root, subject: ended }, 404)
    await world.expect('GET', '/auth/tokens?allow_expired=0', { token: root, subject: ended }, 404)
    await world.expect('GET', path, { token: eva, subject: ended }, 404)
    await world.expect('GET', path, { token: ended, subject: ended }, 401)
    await endedAt(ended, now() - 48 * hour)
    await world.expect('GET', path, { token: root, subject: ended }, 404)
  })

  test('not after revocation', async () => {
    const root = await world.login('root')
    const token = await world.login('eva')
    await world.expect('DELETE', '/auth/tokens', { token, subject: token }, 204)
    await world.expect('GET', '/auth/tokens?allow_expired=1', { token: root, subject: token }, 404)
  })

  test('such tokens are kept so long, and then removed', async () => {
    const [kept, over] = [await world.login('lone'), await world.login('lone')]
    await endedAt(kept, now() - 47 * hour)
    await endedAt(over, now() - 49 * hour)
    await expireCredentials(world.core)
    const left = await world.core.database.db
      .selectFrom('credentials')
      .select('lookup')
      .where('lookup', 'in', [kept, over].map(world.core.secrets.lookup))
      .execute()
    assert.deepEqual(left, [{ lookup: world.core.secrets.lookup(kept) }])
  })
})

describe('revocation', () => {
  test('is 204 and counts at once, in every use', async () => {
    const root = await world.login('root')
    const token = await world.login('eva')
    await world.expect('GET', '/auth/tokens', { token, subject: token }, 200)
    const reply = await world.expect('DELETE', '/auth/tokens', { token, subject: token }, 204)
    assert.equal(reply.text, '')
    await world.expect('GET', '/auth/tokens', { token: root, subject: token }, 404)
    await world.expect('GET', '/auth/projects', { token }, 401, denied)
    await world.expect('DELETE', '/auth/tokens', { token: root, subject: token }, 404)
    const again = await world.auth({ methods: ['token'], token: { id: token } })
    assert.deepEqual({ status: again.status, body: again.body }, { status: 401, body: denied })
  })

  test('an administrator revokes anybody', async () => {
    const token = await world.login('eva')
    await world.expect('DELETE', '/auth/tokens', { token: await world.login('root'), subject: token }, 204)
    await world.expect('GET', '/auth/projects', { token }, 401)
  })

  test('is in the audit log, without the token', async () => {
    const { headers, body } = await world.auth(byPassword('rita'))
    const token = headers.get('x-subject-token')!
    await world.expect('DELETE', '/auth/tokens', { token, subject: token }, 204)
    const entry = await world.core.database.db
      .selectFrom('audit')
      .selectAll()
      .where('action', '=', 'logout')
      .orderBy('id', 'desc')
      .executeTakeFirstOrThrow()
    assert.equal(entry.username, 'rita')
    assert.deepEqual(JSON.parse(entry.before_json!).auditIds, body.token.audit_ids)
    assert.ok(!JSON.stringify(entry).includes(token))
  })

  test('takes only that token along', async () => {
    const first = await world.login('eva')
    const { headers } = await world.auth({ methods: ['token'], token: { id: first } }, project('other'))
    const second = headers.get('x-subject-token')!
    await world.expect('DELETE', '/auth/tokens', { token: second, subject: first }, 204)
    await world.expect('GET', '/auth/projects', { token: second }, 200)
  })
})
