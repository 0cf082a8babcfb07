import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { isLocal } from '../../../src/faces/console/local-caller.ts'
import type { WireWhoami } from '../../../src/faces/console/wire.ts'
import { type Api, basic, localSecret, password, refused, startApi } from './api.ts'

describe('console: who asks', () => {
  let api: Api
  before(async () => {
    api = await startApi()
    await password(
      api.server,
      await api.server.user({ username: 'eva', roles: { 1: 'member' } }),
      'pass:wörd',
    )
  })
  after(() => api.close())

  test('nobody, and nonsense, are not let in', async () => {
    for (const authorization of [null, 'Basic', 'Basic !!!', basic('', 'x'), 'Digest x', 'Bearer a b']) {
      const answer = await api.as(authorization)('GET', '/whoami')
      assert.equal(answer.status, 401, String(authorization))
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="Imageport"')
    }
  })

  test('name and password, also with a colon and beyond ASCII', async () => {
    const { body } = await api.as(basic('Eva', 'pass:wörd'))('GET', '/whoami')
    assert.equal((body as WireWhoami).username, 'eva')
  })

  test('the local secret is the administrator, or Imageport itself while there is none', async () => {
    const local = api.as(`Bearer ${localSecret}`)
    const before = (await local('GET', '/whoami')).body as WireWhoami
    assert.deepEqual([before.username, before.superAdmin], ['system', true])
    await api.server.user({ username: 'admin', superAdmin: true, defaultProjectId: 1 })
    const after = (await local('GET', '/whoami')).body as WireWhoami
    assert.deepEqual([after.username, after.superAdmin, after.project], ['admin', true, 'main'])
    refused(
      await api.as(`Bearer ${localSecret.slice(1)}`)('GET', '/whoami'),
      401,
      'unauthenticated',
      'unknown',
    )
  })

  test('failed logins are limited by name, successful ones never', async () => {
    const good = api.as(basic('eva', 'pass:wörd'))
    const bad = api.as(basic('mallory', 'guess'))
    const answers = await Promise.all(Array.from({ length: 14 }, () => bad('GET', '/whoami')))
    const counts = (status: number) => answers.filter((answer) => answer.status === status).length
    assert.deepEqual([counts(401), counts(429)], [10, 4])
    const busy = answers.find(({ status }) => status === 429)!
    refused(busy, 429, 'busy', 'logins')
    const wait = Number(busy.headers.get('retry-after'))
    assert.ok(wait > 0 && wait <= 60)
    const fine = await Promise.all(Array.from({ length: 12 }, () => good('GET', '/whoami')))
    assert.ok(fine.every(({ status }) => status === 200))
  })
})

test('console: behind a proxy the local secret is worth nothing to those who come from elsewhere', async () => {
  const api = await startApi({ server: { trustedProxies: ['127.0.0.1'] } })
  try {
    const call = api.as(`Bearer ${localSecret}`)
    assert.equal((await call('GET', '/whoami')).status, 200)
    const forwarded = { 'x-forwarded-for': '192.0.2.7' }
    refused(await call('GET', '/whoami', undefined, forwarded), 401, 'unauthenticated', 'unknown')
  } finally {
    await api.close()
  }
})

test('console: which connections come from this machine', () => {
  const cases: [string, string, boolean][] = [
    ['127.0.0.1', '127.0.0.1', true],
    ['::ffff:127.0.0.5', '::ffff:127.0.0.1', true],
    ['::1', '::1', true],
    ['192.0.2.5', '192.0.2.5', true],
    ['192.0.2.6', '192.0.2.5', false],
    ['', '', false],
  ]
  for (const [remoteAddress, localAddress, expected] of cases)
    assert.equal(isLocal({ remoteAddress, localAddress }), expected, remoteAddress)
})
