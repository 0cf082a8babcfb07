import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { debianPackage } from '../../support/debian.ts'
import { type Imageport, place, startImageport, tokens } from '../../support/imageport.ts'
import { startKeystone, type TestKeystone } from '../../support/keystone.ts'
import { client } from '../../support/onecloudplanet.ts'

const skip = (await debianPackage('python3-keystone')) ? false : 'Keystone cannot be installed here'
const identityUrl = 'https://identity.example.org/v3'
const password = 'secret'

type Headers = Readonly<Record<string, string>>

describe('a real Keystone', { skip }, () => {
  let keystone: TestKeystone
  /** One that asks about each token each time, and one that remembers. */
  let asking: Imageport
  let remembering: Imageport
  const places: Awaited<ReturnType<typeof place>>[] = []
  /** Id of the project `acme`, which both Imageports know as their own. */
  let acme: string
  let park: string
  const ids: Record<string, string> = {}

  before(async () => {
    keystone = (await startKeystone())!
    ;[acme, park] = [await keystone.createProject('acme'), await keystone.createProject('park')]
    for (const [name, role, project] of [
      ['eva', 'member', acme],
      ['ivan', 'member', acme],
      ['rita', 'reader', acme],
      ['otto', 'auditor', acme],
      ['olga', 'member', park],
      ['root', 'admin', park],
      ['nova', 'service', park],
    ] as const) {
      ids[name] = await keystone.createUser(name, password, { default_project_id: project })
      await keystone.assign(ids[name], role, project)
    }
    const start = async (env: NodeJS.ProcessEnv) => {
      const at = await place()
      places.push(at)
      return startImageport(at.dataDir, { ...keystone.settings, ...env })
    }
    ;[asking, remembering] = await Promise.all([
      start({ IMAGEPORT_KEYSTONE_CACHE_SECONDS: '0', IMAGEPORT_KEYSTONE_PUBLIC_URL: identityUrl }),
      start({}),
    ])
  })
  after(async () => {
    await Promise.all([asking?.stop(), remembering?.stop()])
    await Promise.all(places.map((at) => at.remove()))
    await keystone?.stop()
  })

  const tokenOf = async (user: string, more: { scope?: 'unscoped' | 'system' } = {}) =>
    (await keystone.token({ user, password, ...more })).text

  async function send(
    token: string | null,
    method: string,
    path: string,
    { body, headers = {}, to = asking }: { body?: object; headers?: Headers; to?: Imageport } = {},
  ) {
    const answer = await fetch(to.url + path, {
      method,
      headers: {
        accept: 'application/json',
        ...(token === null ? {} : { 'x-auth-token': token }),
        ...headers,
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await answer.text()
    // biome-ignore lint/suspicious/noExplicitAny: what is expected of it, the tests say themselves
    const json: any = text.startsWith('{') ? JSON.parse(text) : null
    return { status: answer.status, headers: answer.headers, json }
  }
  const list = async (token: string | null, headers: Headers = {}) =>
    (await send(token, 'GET', '/v2/images', { headers })).status
  const create = (token: string, facts: object = {}) =>
    send(token, 'POST', '/v2/images', {
      body: { name: 'one', disk_format: 'raw', container_format: 'bare', ...facts },
    })

  test('tells those without a token where to get one', async () => {
    for (const token of [null, 'nobodys', 'a'.repeat(9000)]) {
      const { status, headers } = await send(token, 'GET', '/v2/images')
      assert.equal(status, 401)
      assert.equal(headers.get('www-authenticate'), `Keystone uri="${identityUrl}"`)
    }
    const { headers } = await send(null, 'GET', '/v2/images', { to: remembering })
    assert.equal(headers.get('www-authenticate'), `Keystone uri="${keystone.url}"`)
  })

  test('identity headers of callers count for nothing', async () => {
    const claims = {
      'x-identity-status': 'Confirmed',
      'x-user-id': ids.root!,
      'x-project-id': park,
      'x-roles': 'admin',
      'x-service-roles': 'service',
    }
    assert.equal(await list(null, claims), 401)
    const made = await create(await tokenOf('olga'), { visibility: 'private' })
    const seen = await send(await tokenOf('eva'), 'GET', `/v2/images/${made.json.id}`, { headers: claims })
    assert.equal(seen.status, 404)
  })

  test('roles in the project decide', async () => {
    const [eva, ivan, rita, otto, olga, root] = await Promise.all(
      ['eva', 'ivan', 'rita', 'otto', 'olga', 'root'].map((name) => tokenOf(name)),
    )
    const made = await create(eva!)
    assert.equal(made.status, 201)
    assert.equal(made.json.owner, acme)
    const image = `/v2/images/${made.json.id}`
    const statuses = async (method: string, path: string, ...who: string[]) =>
      Promise.all(who.map(async (token) => (await send(token, method, path)).status))
    assert.deepEqual(
      await statuses('GET', image, ivan!, rita!, otto!, olga!, root!),
      [200, 200, 404, 404, 200],
    )
    assert.deepEqual(await statuses('GET', '/v2/images', eva!, rita!, otto!, root!), [200, 200, 403, 200])
    assert.equal((await create(rita!)).status, 403)
    assert.equal((await create(otto!)).status, 403)
    assert.deepEqual(await statuses('DELETE', image, rita!, olga!, ivan!), [403, 404, 204])
  })

  test('a project of the same name is the same, in all faces', async () => {
    const { json } = await create(await tokenOf('eva'), { name: 'written by OpenStack' })
    const seen = await client(asking.url, tokens.eva).view(json.id)
    assert.deepEqual([seen.name, seen.status], ['written by OpenStack', 'queued'])
  })

  test('a user of the same name is somebody else', async () => {
    const project = await keystone.createProject('elsewhere')
    const { users } = (await keystone.request('GET', '/users?name=admin')).body
    await keystone.assign(users[0].id, 'member', project)
    const { text } = await keystone.token({ user: 'admin', password: keystone.adminPassword, project })
    const { json } = await create(await tokenOf('eva'), { visibility: 'private' })
    assert.equal((await send(text, 'GET', `/v2/images/${json.id}`)).status, 404)
    assert.equal((await create(text)).json.owner, project)
  })

  test('without a project there is next to nothing; an administrator of the system has everything', async () => {
    const unscoped = await tokenOf('eva', { scope: 'unscoped' })
    assert.equal(await list(unscoped), 403)
    assert.equal((await create(unscoped)).status, 403)
    assert.equal((await send(unscoped, 'GET', '/v2/schemas/image')).status, 200)
    await keystone.assign(ids.root!, 'admin')
    const { json } = await create(await tokenOf('olga'), { visibility: 'private' })
    const system = await tokenOf('root', { scope: 'system' })
    assert.equal((await send(system, 'GET', `/v2/images/${json.id}`)).status, 200)
  })

  test('a revoked token ends at once where nothing is remembered, and later where it is', async () => {
    const token = await tokenOf('eva')
    const remembered = () => send(token, 'GET', '/v2/images', { to: remembering })
    assert.deepEqual([await list(token), (await remembered()).status], [200, 200])
    await keystone.revoke(token)
    assert.deepEqual([await list(token), (await remembered()).status], [401, 200])
  })

  test('who is disabled is refused: user, project, role', async () => {
    const project = await keystone.createProject('passing')
    const user = await keystone.createUser('passenger', password, { default_project_id: project })
    const enter = async () => {
      await keystone.assign(user, 'member', project)
      await keystone.change('user', user, { enabled: true })
      await keystone.change('project', project, { enabled: true })
      // Keystone's tokens tell whole seconds, so what ended in this second would end the new one, too.
      await delay(1000 - (Date.now() % 1000) + 20)
      const token = await tokenOf('passenger')
      assert.equal(await list(token), 200)
      return token
    }
    for (const leave of [
      () => keystone.change('user', user, { enabled: false }),
      () => keystone.change('project', project, { enabled: false }),
      () => keystone.unassign(user, 'member', project),
      () => keystone.remove('user', user),
    ]) {
      const token = await enter()
      await leave()
      assert.equal(await list(token), 401)
    }
  })

  test('an application credential reaches what its rules name', async () => {
    const eva = await tokenOf('eva')
    const made = await keystone.request(
      'POST',
      `/users/${ids.eva}/application_credentials`,
      {
        application_credential: {
          name: 'listing',
          access_rules: [
            { service: 'image', method: 'GET', path: '/v2/images' },
            { service: 'image', method: 'GET', path: '/v2/images/*/members' },
          ],
        },
      },
      eva,
    )
    assert.equal(made.status, 201)
    const { id, secret } = made.body.application_credential
    const { text } = await keystone.tokenFor({
      identity: { methods: ['application_credential'], application_credential: { id, secret } },
    })
    const { json } = await create(eva, { visibility: 'shared' })
    const image = `/v2/images/${json.id}`
    assert.equal((await send(text, 'GET', '/v2/images?limit=1')).status, 200)
    assert.equal((await send(text, 'GET', `${image}/members`)).status, 200)
    assert.equal((await send(text, 'GET', image)).status, 401)
    assert.equal((await send(text, 'DELETE', image)).status, 401)
    assert.equal((await create(text)).status, 401)
    // A service that works for its user was asked by it.
    const headers = { 'x-service-token': await tokenOf('nova') }
    assert.equal((await send(text, 'GET', image, { headers })).status, 200)
  })

  test('what was shared with a project before anybody came from it is shared with it', async () => {
    const project = await keystone.createProject('late')
    const user = await keystone.createUser('latecomer', password, { default_project_id: project })
    await keystone.assign(user, 'member', project)
    const eva = await tokenOf('eva')
    const { json } = await create(eva, { visibility: 'shared' })
    const members = `/v2/images/${json.id}/members`
    assert.equal((await send(eva, 'POST', members, { body: { member: project } })).status, 200)
    const late = await tokenOf('latecomer')
    const accepted = await send(late, 'PUT', `${members}/${project}`, { body: { status: 'accepted' } })
    assert.equal(accepted.status, 200)
    const listed = await send(late, 'GET', `/v2/images?visibility=shared&id=${json.id}`)
    assert.deepEqual(
      listed.json.images.map((image: { id: string }) => image.id),
      [json.id],
    )
  })

  test('an expired token ends, except for what a service does with it', async () => {
    await keystone.halt()
    await keystone.start({ tokenSeconds: 6 })
    const { text: token, body } = await keystone.token({ user: 'eva', password })
    assert.equal(await list(token), 200)
    await keystone.halt()
    await keystone.start()
    const { json } = await create(await tokenOf('eva'), { visibility: 'private' })
    await delay(Math.max(0, Date.parse(body.expires_at) - Date.now()) + 100)
    assert.equal(await list(token), 401)
    const image = `/v2/images/${json.id}`
    const as = async (user: string) => ({ headers: { 'x-service-token': await tokenOf(user) } })
    assert.equal((await send(token, 'GET', image, await as('nova'))).status, 200)
    assert.equal((await send(token, 'GET', image, await as('ivan'))).status, 401)
    assert.equal((await send(token, 'GET', image, { headers: { 'x-service-token': 'nobodys' } })).status, 401)
  })

  test('while Keystone is down, known tokens go on and others are asked to come again', async () => {
    const [known, other] = [await tokenOf('eva'), await tokenOf('ivan')]
    const status = async (token: string, to: Imageport) =>
      (await send(token, 'GET', '/v2/images', { to })).status
    assert.deepEqual([await status(known, remembering), await status(known, asking)], [200, 200])
    await keystone.halt()
    assert.deepEqual([await status(known, remembering), await status(other, remembering)], [200, 503])
    assert.equal(await status(known, asking), 503)
    assert.equal(await status('nobodys', asking), 503)
    assert.match(asking.output(), /Keystone cannot be asked/)
    await keystone.start()
    assert.deepEqual([await status(other, remembering), await status(known, asking)], [200, 200])
    assert.equal(await status('nobodys', asking), 401)
  })

  test('secrets and tokens are in no log', async () => {
    const token = await tokenOf('eva')
    assert.equal(await list(token), 200)
    const logged = asking.output() + remembering.output()
    assert.ok(!logged.includes(token))
    assert.ok(!logged.includes(keystone.settings.IMAGEPORT_KEYSTONE_PASSWORD!))
  })
})
