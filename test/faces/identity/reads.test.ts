import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Person, startWorld, type World } from './world.ts'

let world: World
before(async () => {
  world = await startWorld()
})
after(() => world.close())

const place = () => `${world.url}/identity/v3`
const links = (path: string) => ({ self: `${place()}${path}`, previous: null, next: null })
const shown = (name: string, enabled = true) => ({
  id: world.projects[name],
  name,
  domain_id: 'default',
  description: '',
  enabled,
  parent_id: 'default',
  is_domain: false,
  tags: [],
  options: {},
  links: { self: `${place()}/projects/${world.projects[name]}` },
})
const named = (body: { projects?: { name: string }[]; users?: { name: string }[] }) =>
  (body.projects ?? body.users)!.map(({ name }) => name)

describe('what one has (glance.md 25.4)', () => {
  test('GET /auth/projects: enabled ones with a role there', async () => {
    const path = '/auth/projects'
    const body = { projects: [shown('acme'), shown('other')], links: links(path) }
    for (const scope of ['acme', 'other', 'unscoped'])
      await world.expect('GET', path, { token: await world.login('eva', scope) }, 200, body)
  })

  const rows: [person: Person, scope: string, names: string[]][] = [
    ['omar', 'other', ['other']],
    ['rita', 'acme', ['acme']],
    ['chief', 'acme', ['acme']],
    ['lone', 'unscoped', []],
    ['root', 'unscoped', ['main', 'acme', 'other']],
  ]
  for (const [person, scope, names] of rows)
    test(`the projects of ${person} are ${names}`, async () => {
      const { body } = await world.expect(
        'GET',
        '/auth/projects',
        { token: await world.login(person, scope) },
        200,
      )
      assert.deepEqual(named(body), names)
    })

  test('GET /auth/domains: none', async () => {
    const body = { domains: [], links: links('/auth/domains') }
    await world.expect('GET', '/auth/domains', { token: await world.login('root') }, 200, body)
  })

  test('GET /auth/system', async () => {
    const of = (person: Person, scope: unknown) => async (system: object[]) => {
      const body = { system, links: links('/auth/system') }
      await world.expect('GET', '/auth/system', { token: await world.login(person, scope) }, 200, body)
    }
    await of('root', 'unscoped')([{ all: true }])
    await of('eva', 'acme')([])
    await of('chief', 'acme')([])
  })

  test('GET /auth/catalog: that of the token, and 403 without a scope', async () => {
    const token = await world.login('eva', 'acme')
    const own = await world.expect('GET', '/auth/tokens', { token, subject: token }, 200)
    const body = { catalog: own.body.token.catalog, links: links('/auth/catalog') }
    await world.expect('GET', '/auth/catalog', { token }, 200, body)
    await world.expect('GET', '/auth/catalog', { token: await world.login('eva', 'unscoped') }, 403)
  })
})

describe('projects', () => {
  test("one's own, also those that the token is not for", async () => {
    const token = await world.login('eva', 'acme')
    for (const name of ['acme', 'other'])
      await world.expect('GET', `/projects/${world.projects[name]}`, { token }, 200, { project: shown(name) })
  })

  test('what is not there and what is not one’s own are the same', async () => {
    const token = await world.login('rita', 'acme')
    const refused = {
      error: {
        code: 403,
        message: 'You are not authorized to perform the requested action. Only an administrator may do this.',
        title: 'Forbidden',
      },
    }
    for (const id of [
      world.projects.other,
      world.projects.main,
      'f'.repeat(32),
      'acme',
      'x',
      '%20',
      world.projects.acme!.toUpperCase(),
    ])
      await world.expect('GET', `/projects/${id}`, { token }, 403, refused)
  })

  test('an administrator sees them all, and 404 for what is not there', async () => {
    const token = await world.login('root')
    await world.expect('GET', `/projects/${world.projects.acme}`, { token }, 200, { project: shown('acme') })
    await world.expect('GET', `/projects/${world.projects.asleep}`, { token }, 200, {
      project: shown('asleep', false),
    })
    for (const id of ['acme', 'f'.repeat(32), "'; drop table projects --"])
      await world.expect('GET', `/projects/${encodeURIComponent(id)}`, { token }, 404)
  })

  test('the list is for administrators', async () => {
    for (const [person, scope] of [
      ['eva', 'acme'],
      ['omar', 'other'],
      ['lone', 'unscoped'],
      ['root', 'unscoped'],
    ] as const) {
      const token = await world.login(person, scope)
      for (const path of ['/projects', '/projects?name=acme', `/projects?user_id=${world.users.eva}`])
        await world.expect('GET', path, { token }, 403)
    }
  })

  const lists: [query: string, names: string[]][] = [
    ['', ['main', 'acme', 'other', 'asleep']],
    ['?name=acme', ['acme']],
    ['?name=ACME', ['acme']],
    ['?name=acm', []],
    ['?name=', []],
    ['?name=acme&domain_id=default', ['acme']],
    ['?name=acme&domain_id=elsewhere', []],
    ['?enabled=false', ['asleep']],
    ['?enabled=true', ['main', 'acme', 'other']],
    ['?whatever=1', ['main', 'acme', 'other', 'asleep']],
  ]
  for (const [query, names] of lists)
    test(`GET /projects${query}`, async () => {
      const { body } = await world.expect(
        'GET',
        `/projects${query}`,
        { token: await world.login('root') },
        200,
      )
      assert.deepEqual(named(body), names)
      assert.deepEqual(body.links, links(`/projects${query}`))
    })

  test('pages', async () => {
    const token = await world.login('root')
    const found: string[] = []
    let path: string | null = '/projects?limit=3'
    while (path) {
      const { body }: { body: { links: { next: string | null } } } = await world.expect(
        'GET',
        path,
        { token },
        200,
      )
      found.push(...named(body as never))
      path = body.links.next?.slice(place().length) ?? null
    }
    assert.deepEqual(found, ['main', 'acme', 'other', 'asleep'])
    for (const query of ['limit=0', 'limit=-1', 'limit=x', 'marker=x'])
      await world.expect('GET', `/projects?${query}`, { token }, 400)
  })
})

describe('users', () => {
  const eva = () => ({
    id: world.users.eva,
    name: 'eva',
    domain_id: 'default',
    description: '',
    email: 'eva@example.org',
    enabled: true,
    default_project_id: world.projects.acme,
    options: {},
    password_expires_at: null,
    links: { self: `${place()}/users/${world.users.eva}` },
  })

  test('oneself, and for administrators everybody', async () => {
    for (const person of ['eva', 'root'] as const)
      await world.expect('GET', `/users/${world.users.eva}`, { token: await world.login(person) }, 200, {
        user: eva(),
      })
  })

  test('others are 403, whether they are there or not', async () => {
    const token = await world.login('eva')
    for (const id of [world.users.root, world.users.omar, 'f'.repeat(32), 'root']) {
      await world.expect('GET', `/users/${id}`, { token }, 403)
      await world.expect('GET', `/users/${id}/projects`, { token }, 403)
    }
    await world.expect('GET', '/users', { token }, 403)
    await world.expect('GET', '/users?name=eva', { token }, 403)
  })

  test('lists for administrators', async () => {
    const token = await world.login('root')
    const all = await world.expect('GET', '/users', { token }, 200)
    assert.deepEqual(named(all.body), ['eva', 'omar', 'rita', 'chief', 'root', 'lone', 'gone'])
    await world.expect('GET', '/users?name=Eva', { token }, 200, {
      users: [eva()],
      links: links('/users?name=Eva'),
    })
    const disabled = await world.expect('GET', '/users?enabled=0', { token }, 200)
    assert.deepEqual(named(disabled.body), ['gone'])
    const page = await world.expect('GET', `/users?limit=2&marker=${world.users.eva}`, { token }, 200)
    assert.deepEqual(named(page.body), ['omar', 'rita'])
    assert.equal(page.body.links.next, `${place()}/users?limit=2&marker=${world.users.rita}`)
    await world.expect('GET', `/users/${'f'.repeat(32)}`, { token }, 404)
  })

  test('their projects', async () => {
    const path = `/users/${world.users.eva}/projects`
    const own = await world.expect('GET', path, { token: await world.login('eva', 'other') }, 200)
    assert.deepEqual(named(own.body), ['acme', 'other', 'asleep'])
    const seen = await world.expect('GET', path, { token: await world.login('root') }, 200)
    assert.deepEqual(named(seen.body), ['acme', 'other', 'asleep'])
    await world.expect('GET', `/users/${'f'.repeat(32)}/projects`, { token: await world.login('root') }, 404)
  })
})

describe('domains', () => {
  const domain = () => ({
    id: 'default',
    name: 'Default',
    description: '',
    enabled: true,
    tags: [],
    options: {},
    links: { self: `${place()}/domains/default` },
  })

  test('the one that there is', async () => {
    await world.expect('GET', '/domains/default', { token: await world.login('eva') }, 200, {
      domain: domain(),
    })
    await world.expect('GET', '/domains/Default', { token: await world.login('root') }, 404)
  })

  test('the list is for administrators', async () => {
    await world.expect('GET', '/domains', { token: await world.login('eva') }, 403)
    const token = await world.login('root')
    for (const [query, domains] of [
      ['', [domain()]],
      ['?name=Default', [domain()]],
      ['?name=other', []],
    ] as const)
      await world.expect('GET', `/domains${query}`, { token }, 200, {
        domains,
        links: links(`/domains${query}`),
      })
  })
})

test('what a query says of the caller is not believed (glance.md 25.5)', async () => {
  const token = await world.login('eva', 'acme')
  const claims = `user_id=${world.users.root}&project_id=${world.projects.main}&is_admin=true&roles=admin&user.id=${world.users.omar}`
  await world.expect('GET', `/projects?${claims}`, { token }, 403)
  await world.expect('GET', `/users/${world.users.omar}?${claims}`, { token }, 403)
  await world.expect('GET', `/users/${world.users.omar}/application_credentials?${claims}`, { token }, 403)
  const headers = { 'x-roles': 'admin', 'x-user-id': world.users.root!, 'x-identity-status': 'Confirmed' }
  await world.expect('GET', '/projects', { token, headers }, 403)
  await world.expect('GET', '/projects', { headers }, 401)
})
