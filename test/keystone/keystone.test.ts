import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { describe, test } from 'node:test'
import { isFailure } from '../../src/catalogue/failure.ts'
import { closedPort, listen } from '../outbound/servers.ts'
import { certificate } from '../support/certificate.ts'
import { type Scripted, scripted, second, stamp, start, tokenBody } from './scripted.ts'

const reason = (code: string, why: string) => (error: unknown) =>
  isFailure(error, code as never) && error.detail.reason === why
const unknown = reason('unauthenticated', 'unknown')
const unavailable = reason('unavailable', 'identity')

/** Questions about tokens of users. */
const questions = (k: Scripted) => k.asked.filter((one) => one.startsWith('GET')).length

describe('a good token', () => {
  test('is asked about with the service token, and what Keystone says is told', async (t) => {
    const k = await scripted(t)
    k.tokens.set('good', tokenBody())
    const token = await k.client.validate('good')
    assert.deepEqual(token, {
      user: { id: 'u1', name: 'demo', domain: { id: 'default', name: 'Default' } },
      project: { id: 'p1', name: 'demo', domain: { id: 'default', name: 'Default' } },
      scope: 'project',
      roles: ['member', 'reader'],
      services: null,
      accessRules: null,
      expiresAt: start + 3600 * second,
    })
    assert.deepEqual(k.asked, ['POST', 'GET good'])
    assert.equal(k.headers[1]!['x-auth-token'], 'service-1')
    assert.equal(k.headers[1]!['openstack-identity-access-rules'], '1')
    assert.deepEqual(k.logins, [
      {
        auth: {
          identity: {
            methods: ['password'],
            password: { user: { name: 'glance', domain: { name: 'Default' }, password: 'secret' } },
          },
          scope: { project: { name: 'service', domain: { name: 'Default' } } },
        },
      },
    ])
  })

  test('brings its catalogue only where that is wanted', async (t) => {
    const endpoint = { id: 'e1', interface: 'public', region: 'RegionOne', url: 'http://images.example.org' }
    const catalog = [
      { id: 's1', type: 'image', name: 'glance', endpoints: [{ ...endpoint, region_id: 'RegionOne' }] },
      { id: 's2', type: 'none', endpoints: [{ ...endpoint, region: null }] },
    ]
    for (const services of [true, false]) {
      const k = await scripted(t, { services })
      const paths: (string | undefined)[] = []
      k.takeOver = ({ url }) => paths.push(url) === 0
      k.tokens.set('good', tokenBody(services ? { catalog } : {}))
      const found = (await k.client.validate('good')).services
      assert.equal(paths[1], `/identity/v3/auth/tokens${services ? '' : '?nocatalog'}`)
      const expected = [
        { id: 's1', type: 'image', name: 'glance', endpoints: [endpoint] },
        { id: 's2', type: 'none', name: '', endpoints: [{ ...endpoint, region: '' }] },
      ]
      assert.deepEqual(found, services ? expected : null)
    }
  })

  const scopes: [what: string, body: object, expected: object][] = [
    ['no project', { project: undefined, roles: undefined }, { scope: 'unscoped', project: null, roles: [] }],
    [
      'the system',
      { project: undefined, system: { all: true } },
      { scope: 'system', project: null, roles: ['member', 'reader'] },
    ],
    [
      'a domain',
      { project: undefined, domain: { id: 'd1', name: 'acme' } },
      { scope: 'domain', project: null, roles: ['member', 'reader'] },
    ],
    [
      'an application credential without rules',
      { application_credential: { id: 'a', name: 'a', restricted: true } },
      { accessRules: null },
    ],
    [
      'an application credential with rules',
      {
        application_credential: {
          id: 'a',
          name: 'a',
          restricted: true,
          access_rules: [{ id: 'x', service: 'image', method: 'GET', path: '/v2/images' }],
        },
      },
      { accessRules: [{ service: 'image', method: 'GET', path: '/v2/images' }] },
    ],
    [
      'an application credential with rules that lack something',
      {
        application_credential: {
          access_rules: [{ id: 'x', service: null, method: null, path: '/v2/images' }, { service: 'image' }],
        },
      },
      {
        accessRules: [
          { service: null, method: null, path: '/v2/images' },
          { service: 'image', method: null, path: null },
        ],
      },
    ],
  ]
  for (const [what, body, expected] of scopes)
    test(`can be one for ${what}`, async (t) => {
      const k = await scripted(t)
      k.tokens.set('good', tokenBody(body))
      const token = await k.client.validate('good')
      assert.deepEqual({ ...token, ...expected }, token)
    })
})

describe('what is remembered', () => {
  test('a good token, as the same object, for as long as is set', async (t) => {
    const k = await scripted(t)
    k.tokens.set('good', tokenBody())
    const token = await k.client.validate('good')
    k.tokens.clear()
    k.time += 299 * second
    assert.equal(await k.client.validate('good'), token)
    k.time += 1 * second
    await assert.rejects(k.client.validate('good'), unknown)
    assert.equal(questions(k), 2)
  })

  test('a good token, but not beyond its own end', async (t) => {
    const k = await scripted(t)
    k.tokens.set('good', tokenBody({ expires_at: stamp(10) }))
    await k.client.validate('good')
    k.time += 10 * second
    // Keystone's clock is behind ours.
    await assert.rejects(k.client.validate('good'), reason('unauthenticated', 'expired'))
    assert.equal(questions(k), 2)
  })

  test('nothing, where that is set', async (t) => {
    const k = await scripted(t, { cacheSeconds: 0 })
    k.tokens.set('good', tokenBody())
    await k.client.validate('good')
    k.tokens.clear()
    await assert.rejects(k.client.validate('good'), unknown)
    k.tokens.set('good', tokenBody())
    await k.client.validate('good')
    assert.deepEqual(k.asked, ['POST', 'GET good', 'GET good', 'GET good'])
  })

  test('a bad token, for five seconds', async (t) => {
    const k = await scripted(t)
    await assert.rejects(k.client.validate('bad'), unknown)
    k.time += 4.9 * second
    await assert.rejects(k.client.validate('bad'), unknown)
    assert.equal(questions(k), 1)
    k.tokens.set('bad', tokenBody())
    k.time += 0.1 * second
    await k.client.validate('bad')
  })

  test('no trouble', async (t) => {
    const k = await scripted(t)
    k.tokens.set('good', tokenBody())
    k.takeOver = ({ method }, response) => method === 'GET' && Boolean(response.writeHead(500).end())
    await assert.rejects(k.client.validate('good'), unavailable)
    k.takeOver = () => false
    await k.client.validate('good')
  })

  test('a burst with one token asks once', async (t) => {
    const k = await scripted(t)
    k.tokens.set('good', tokenBody())
    const all = await Promise.all(Array.from({ length: 50 }, () => k.client.validate('good')))
    assert.equal(new Set(all).size, 1)
    assert.deepEqual(k.asked, ['POST', 'GET good'])
  })

  test('good tokens answer while Keystone is down, others do not', async (t) => {
    const k = await scripted(t)
    k.tokens.set('good', tokenBody())
    await k.client.validate('good')
    k.takeOver = ({ socket }) => Boolean(socket.destroy())
    await k.client.validate('good')
    await assert.rejects(k.client.validate('other'), unavailable)
  })
})

describe('refused without asking', () => {
  const texts = ['', 'a'.repeat(8193), 'a\r\nX-Auth-Token: b', 'ключ', 'a b']
  for (const text of texts)
    test(JSON.stringify(text.slice(0, 20)), async (t) => {
      const k = await scripted(t)
      await assert.rejects(k.client.validate(text), unknown)
      assert.deepEqual(k.asked, [])
    })

  test('but one of 8 KiB is asked about', async (t) => {
    const k = await scripted(t)
    k.tokens.set('a'.repeat(8192), tokenBody())
    await k.client.validate('a'.repeat(8192))
  })
})

describe('an expired token', () => {
  test('is asked about in other words for a service, and not remembered', async (t) => {
    const k = await scripted(t)
    k.tokens.set('old', tokenBody({ expires_at: stamp(-60) }))
    const urls: (string | undefined)[] = []
    k.takeOver = ({ url }) => urls.push(url) === 0
    const token = await k.client.validate('old', { allowExpired: true })
    assert.equal(token.expiresAt, start - 60 * second)
    assert.equal(urls[1], '/identity/v3/auth/tokens?nocatalog&allow_expired=1')
    await assert.rejects(k.client.validate('old'), reason('unauthenticated', 'expired'))
    await k.client.validate('old', { allowExpired: true })
    assert.equal(questions(k), 3)
  })

  test('that is refused to a user is not refused to a service for that', async (t) => {
    const k = await scripted(t)
    k.takeOver = ({ url, method }, response) =>
      method === 'GET' && !url!.includes('allow_expired') && Boolean(response.writeHead(404).end('{}'))
    k.tokens.set('old', tokenBody({ expires_at: stamp(-60) }))
    await assert.rejects(k.client.validate('old'), unknown)
    await k.client.validate('old', { allowExpired: true })
  })
})

describe('the service token', () => {
  test('is used until a minute before its end', async (t) => {
    const k = await scripted(t, { cacheSeconds: 0 })
    k.tokens.set('good', tokenBody())
    await k.client.validate('good')
    k.time += 3539 * second
    await k.client.validate('good')
    assert.equal(k.logins.length, 1)
    k.time += 1 * second
    await k.client.validate('good')
    assert.equal(k.logins.length, 2)
    assert.equal(k.headers.at(-1)!['x-auth-token'], 'service-2')
  })

  test('is used for half of its life where that is short', async (t) => {
    const k = await scripted(t, { cacheSeconds: 0 })
    k.serviceSeconds = 10
    k.tokens.set('good', tokenBody())
    await k.client.validate('good')
    k.time += 4 * second
    await k.client.validate('good')
    assert.equal(k.logins.length, 1)
    k.time += 1 * second
    await k.client.validate('good')
    assert.equal(k.logins.length, 2)
  })

  test('is had once by a burst of different tokens', async (t) => {
    const k = await scripted(t)
    const texts = Array.from({ length: 20 }, (_, index) => `good-${index}`)
    for (const text of texts) k.tokens.set(text, tokenBody())
    await Promise.all(texts.map((text) => k.client.validate(text)))
    assert.equal(k.logins.length, 1)
    // All of them find that it was revoked, and share the next one.
    k.serviceTokens.clear()
    k.time += 301 * second
    await Promise.all(texts.map((text) => k.client.validate(text)))
    assert.equal(k.logins.length, 2)
  })

  for (const status of [401, 403])
    test(`that is answered ${status} is replaced once; then Keystone cannot be asked`, async (t) => {
      const k = await scripted(t)
      k.takeOver = ({ method }, response) => method === 'GET' && Boolean(response.writeHead(status).end('{}'))
      await assert.rejects(k.client.validate('good'), unavailable)
      assert.deepEqual(k.asked, ['POST', 'GET good', 'POST', 'GET good'])
      assert.match(String(k.troubles[0]), new RegExp(`Keystone answers ${status}`))
    })

  test('that is not given makes no flood of logins', async (t) => {
    const k = await scripted(t)
    k.takeOver = ({ method }, response) => method === 'POST' && Boolean(response.writeHead(401).end('{}'))
    await assert.rejects(k.client.validate('good'), unavailable)
    await assert.rejects(k.client.validate('good'), unavailable)
    assert.deepEqual(k.asked, ['POST'])
    assert.match(String(k.troubles[0]), /Keystone answers 401 when glance logs in to service/)
    assert.doesNotMatch(String(k.troubles), /secret/)
    k.takeOver = () => false
    k.tokens.set('good', tokenBody())
    k.time += 5 * second
    await k.client.validate('good')
  })
})

describe('a Keystone that fails', () => {
  const answers: [what: string, answer: (response: ServerResponse) => void][] = [
    ['500', (response) => response.writeHead(500).end('{}')],
    ['503', (response) => response.writeHead(503).end('{}')],
    ['400', (response) => response.writeHead(400).end('{}')],
    [
      'a redirect',
      (response) => response.writeHead(301, { location: 'http://127.0.0.1/identity/v3/auth/tokens' }).end(),
    ],
    ['no JSON', (response) => response.writeHead(200).end('<html>')],
    ['JSON of another shape', (response) => response.writeHead(200).end('{"token": {"user": null}}')],
    ['a token without an end', (response) => response.writeHead(200).end(endless)],
    ['an answer that is too long', (response) => response.writeHead(200).end(`"${'a'.repeat(300 * 1024)}"`)],
    ['an answer that breaks off', (response) => response.write('{"tok', () => response.destroy())],
  ]
  const endless = JSON.stringify({ token: tokenBody({ expires_at: undefined }) })
  for (const [what, answer] of answers)
    test(`with ${what} is unavailable, and nobody is let in or turned away`, async (t) => {
      const k = await scripted(t)
      k.tokens.set('good', tokenBody())
      k.takeOver = ({ method }, response) => {
        if (method === 'GET') answer(response)
        return method === 'GET'
      }
      await assert.rejects(k.client.validate('good'), unavailable)
      assert.equal(k.troubles.length, 1)
      k.takeOver = () => false
      await k.client.validate('good')
    })

  test('by not listening is tried four times', async (t) => {
    const k = await scripted(t, { url: `http://127.0.0.1:${await closedPort()}/v3` })
    await assert.rejects(k.client.validate('good'), unavailable)
    assert.equal((k.troubles[0] as NodeJS.ErrnoException).code, 'ECONNREFUSED')
  })

  test('by dropping connections is tried four times', async (t) => {
    const k = await scripted(t)
    k.tokens.set('good', tokenBody())
    let left = 3
    k.takeOver = ({ method, socket }) => method === 'GET' && left-- > 0 && Boolean(socket.destroy())
    await k.client.validate('good')
    assert.deepEqual(k.asked, ['POST', 'GET good', 'GET good', 'GET good', 'GET good'])
    left = 4
    await assert.rejects(k.client.validate('other'), unavailable)
  })

  test('by being slow is given up', async (t) => {
    const k = await scripted(t, { timeoutMs: 100 })
    k.takeOver = ({ method }) => method === 'GET'
    await assert.rejects(k.client.validate('good'), unavailable)
    assert.equal(questions(k), 1)
  })
})

for (const path of ['/identity', '/identity/', '/identity/v3', '/identity/v3/'])
  test(`the address may be ${path}`, async (t) => {
    const k = await scripted(t, {}, path)
    k.tokens.set('good', tokenBody())
    await k.client.validate('good')
  })

test('a certificate is trusted where it is said, and nowhere else', async (t) => {
  const own = certificate(t)
  if (!own) return t.skip('there is no openssl')
  const server = createServer(own, (_request, response) => response.writeHead(500).end())
  const port = await listen(t, server)
  t.after(() => server.closeAllConnections())
  const url = `https://127.0.0.1:${port}/v3`
  for (const [options, trouble] of [
    [{ url, ca: own.cert }, /Keystone answers 500/],
    [{ url }, /certificate/],
  ] as const) {
    const k = await scripted(t, options)
    await assert.rejects(k.client.validate('good'), unavailable)
    assert.match(String(k.troubles[0]), trouble)
  }
})
