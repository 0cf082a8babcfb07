import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type {
  WireError,
  WireProject,
  WireProjectList,
  WireTokenList,
  WireUser,
  WireUserList,
  WireWhoami,
} from '../../../src/faces/console/wire.ts'
import type {
  WireApplicationCredentialList,
  WireGrantList,
  WireGroup,
  WireGroupList,
  WireMe,
  WireUserDetails,
} from '../../../src/faces/console/wire-people.ts'
import { type Api, basic, type Call, refused, startApi } from './api.ts'

describe('console: what the pages about people ask', () => {
  let api: Api
  let eva: Call
  before(async () => {
    api = await startApi()
    await api.server.project(20, 'acme', {
      label: 'Acme Ltd',
      settings: { quotaBytes: 5000, quotaImages: 2 },
    })
    await api.server.project(30, 'lab', { label: 'Laboratory', enabled: false })
    eva = await api.user({
      username: 'eva',
      firstName: 'Eva',
      lastName: 'Nováková',
      roles: { 20: 'member' },
      defaultProjectId: 20,
    })
    await api.server.user({ username: 'Bob_1', firstName: 'Bob', enabled: false })
  })
  after(() => api.close())

  const users = async (query: string) => (await api.admin('GET', `/users?${query}`)).body as WireUserList
  const grants = async (query: string, call = api.admin) =>
    ((await call('GET', `/grants?${query}`)).body as WireGrantList).grants.map(
      ({ project, user, group, role }) => `${user ?? `@${group}`} ${role} in ${project.name}`,
    )

  test('users are searched, filtered, counted and paged', async () => {
    const cases: [query: string, names: string[]][] = [
      ['', ['Bob_1', 'eva', 'root']],
      ['search=EV', ['eva']],
      ['search=nov', ['eva']],
      ['search=_', ['Bob_1']],
      ['search=%25', []],
      ['enabled=false', ['Bob_1']],
      ['enabled=true', ['eva', 'root']],
      ['superAdmin=true', ['root']],
      ['superAdmin=true&search=eva', []],
      ['group=none', []],
    ]
    for (const [query, names] of cases) {
      const found = await users(query)
      assert.deepEqual(
        found.users.map(({ username }) => username),
        names,
        query,
      )
      assert.equal(found.total, names.length, query)
    }
    const page = await users('offset=1&limit=1')
    assert.deepEqual([page.users.map(({ username }) => username), page.total], [['eva'], 3])
    for (const query of ['enabled=maybe', 'limit=0', 'limit=1001', 'offset=-1', 'colour=red'])
      refused(await api.admin('GET', `/users?${query}`), 400, 'invalid')
    refused(await eva('GET', '/users'), 403, 'forbidden', 'role')
  })

  test('projects are searched, with their quotas and what they use of them', async () => {
    const list = async (query: string, call = api.admin) =>
      (await call('GET', `/projects?${query}`)).body as WireProjectList
    const names = async (query: string, call = api.admin) =>
      (await list(query, call)).projects.map(({ name }) => name)
    assert.deepEqual(await names(''), ['acme', 'lab', 'main'])
    assert.deepEqual(await names('search=ltd'), ['acme'])
    assert.deepEqual(await names('search=LAB'), ['lab'])
    assert.deepEqual(await names('enabled=false'), ['lab'])
    assert.deepEqual(await names('', eva), ['acme'])
    assert.deepEqual(await names('search=main', eva), [])
    assert.equal((await list('limit=1&offset=1')).total, 3)

    const image = { project: 'acme', name: 'one', diskFormat: 'raw', containerFormat: 'bare' }
    const { uuid } = (await eva('POST', '/images', image)).body as { uuid: string }
    await eva('PUT', `/images/${uuid}/file`, new Uint8Array(1234).fill(7))
    await eva('POST', '/images', { ...image, name: 'two' })
    refused(await eva('POST', '/images', { ...image, name: 'three' }), 403, 'quota', 'images')
    const { body } = await api.admin('PATCH', '/projects/acme', { quotaStagedBytes: 700, quotaUploads: 3 })
    const { quotaBytes, usedBytes, quotaImages, usedImages, ...project } = body as WireProject
    assert.deepEqual([quotaBytes, usedBytes, quotaImages, usedImages], [5000, 1234, 2, 2])
    assert.deepEqual([project.quotaStagedBytes, project.usedStagedBytes], [700, 0])
    assert.deepEqual([project.quotaUploads, project.usedUploads], [3, 0])
    const [listed] = (await list('search=acme', eva)).projects
    assert.deepEqual(listed, body)
    for (const quotaUploads of [-1, 1.5, '3'])
      refused(await api.admin('PATCH', '/projects/acme', { quotaUploads }), 400, 'invalid')
  })

  test('a project goes when nothing needs it', async () => {
    await api.admin('POST', '/projects', { name: 'gone' })
    refused(await eva('DELETE', '/projects/acme'), 403, 'forbidden', 'permission')
    refused(await eva('DELETE', '/projects/gone'), 404, 'not-found')
    const message = refused(await api.admin('DELETE', '/projects/acme'), 409, 'conflict', 'in-use')
    assert.equal(message, 'acme is used by one')
    refused(await api.admin('DELETE', '/projects/main'), 409, 'conflict', 'built-in')
    assert.equal((await api.admin('DELETE', '/projects/GONE')).status, 204)
    refused(await api.admin('GET', '/projects/gone'), 404, 'not-found')
  })

  test('groups are made, searched, filled, given roles, and deleted', async () => {
    const made = await api.admin('POST', '/groups', {
      name: 'builders',
      label: 'Those who build',
      addUsers: ['EVA'],
      grant: [{ project: 'lab', role: 'reader' }],
    })
    assert.equal(made.status, 201)
    const { users: count, roles, label } = made.body as WireGroup
    assert.deepEqual([count, roles, label], [1, 1, 'Those who build'])
    refused(await api.admin('POST', '/groups', { name: 'builders' }), 409, 'conflict', 'exists')
    await api.admin('POST', '/groups', { name: 'artists' })

    const { groups, total } = (await api.admin('GET', '/groups?search=BUILD')).body as WireGroupList
    assert.deepEqual([groups.map(({ name }) => name), total], [['builders'], 1])
    const second = (await api.admin('GET', '/groups?limit=1&offset=1')).body as WireGroupList
    assert.deepEqual([second.groups.map(({ name }) => name), second.total], [['builders'], 2])
    assert.deepEqual(
      (await users('group=builders')).users.map(({ username }) => username),
      ['eva'],
    )
    assert.deepEqual(await grants('group=builders'), ['@builders reader in lab'])
    const who = (await eva('GET', '/whoami')).body as WireWhoami
    assert.deepEqual(who.roles.map(({ project, role }) => `${role} in ${project}`).toSorted(), [
      'member in acme',
      'reader in lab',
    ])

    const changed = await api.admin('PATCH', '/groups/builders', {
      addUsers: ['bob_1', 'root'],
      removeUsers: ['eva'],
      grant: [{ project: 'main', role: 'image_admin' }],
      revoke: [{ project: 'lab', role: 'reader' }],
    })
    assert.equal((changed.body as WireGroup).users, 2)
    assert.equal((changed.body as WireGroup).label, 'Those who build')
    assert.deepEqual(await grants('group=builders'), ['@builders image_admin in main'])
    for (const [change, status, code] of [
      [{ removeUsers: ['eva'] }, 404, 'not-found'],
      [{ addUsers: ['nobody'] }, 400, 'invalid'],
      [{ revoke: [{ project: 'lab', role: 'reader' }] }, 404, 'not-found'],
      [{ grant: [{ project: 'none', role: 'reader' }] }, 400, 'invalid'],
      [{ grant: [{ project: 'lab', role: 'king' }] }, 400, 'invalid'],
      [{ name: 'other' }, 400, 'invalid'],
    ] as const)
      refused(await api.admin('PATCH', '/groups/builders', change), status, code)
    refused(await api.admin('PATCH', '/groups/none', {}), 404, 'not-found')
    refused(await api.admin('GET', '/groups/none'), 404, 'not-found')
    for (const [method, path] of [
      ['GET', '/groups'],
      ['GET', '/groups/builders'],
      ['DELETE', '/groups/builders'],
    ] as const)
      refused(await eva(method, path), 403, 'forbidden', 'permission')
    refused(await eva('POST', '/groups', { name: 'mine' }), 403, 'forbidden', 'role')
    assert.equal((await api.admin('DELETE', '/groups/builders')).status, 204)
    refused(await api.admin('DELETE', '/groups/builders'), 404, 'not-found')
  })

  test('roles are told by user, group and project, one’s own to everybody', async () => {
    await api.admin('POST', '/groups', {
      name: 'readers',
      addUsers: ['eva'],
      grant: [{ project: 'main', role: 'reader' }],
    })
    await api.admin('PATCH', '/users/eva', { grant: [{ project: 'main', role: 'owner' }] })
    const own = ['eva member in acme', '@readers reader in main', 'eva owner in main']
    assert.deepEqual((await grants('user=eva', eva)).toSorted(), own.toSorted())
    assert.deepEqual((await grants('project=main')).toSorted(), own.slice(1).toSorted())
    const page = (await api.admin('GET', '/grants?user=Eva&limit=1')).body as WireGrantList
    assert.deepEqual(
      [page.total, page.grants],
      [3, [{ project: { name: 'acme', label: 'Acme Ltd' }, user: 'eva', group: null, role: 'member' }]],
    )
    await api.admin('PATCH', '/users/eva', { revoke: [{ project: 'MAIN', role: 'owner' }] })
    assert.deepEqual((await grants('user=eva')).length, 2)
    // What comes through a group is not the user's to lose.
    const change = { revoke: [{ project: 'main', role: 'reader' }] }
    refused(await api.admin('PATCH', '/users/eva', change), 404, 'not-found')
    refused(await eva('GET', '/grants?user=root'), 403, 'forbidden', 'role')
    refused(await eva('GET', '/grants?project=acme'), 403, 'forbidden', 'role')
    refused(await eva('GET', '/grants?group=readers'), 403, 'forbidden', 'permission')
    for (const query of ['', 'user=eva&project=main'])
      refused(await api.admin('GET', `/grants?${query}`), 400, 'invalid')
    refused(await api.admin('GET', '/grants?user=nobody'), 404, 'not-found')
  })

  test('of secrets it is told that they are there', async () => {
    await api.admin(
      'POST',
      '/apply',
      JSON.stringify({
        users: [
          { username: 'keys', password: 'geheim', apiKey: 'geheim-api', callbackKey: 'geheim-callback' },
        ],
      }),
    )
    const { body } = await api.admin('GET', '/users/keys')
    const { password, apiKey, callbackKey, sshKeys, external, groups, lastLoginAt } = body as WireUserDetails
    assert.deepEqual([password, apiKey, callbackKey, sshKeys, external], [true, true, true, 0, false])
    assert.deepEqual([groups, lastLoginAt], [[], null])
    assert.doesNotMatch(JSON.stringify(body), /geheim|argon/)
    const { password: none, apiKey: noKey } = (await eva('GET', '/users/eva')).body as WireUserDetails
    assert.deepEqual([none, noKey], [false, false])
  })

  test('the caller is told about itself and how its programs come in', async () => {
    const { username, groups, ways } = (await eva('GET', '/me')).body as WireMe
    assert.deepEqual([username, groups], ['eva', ['readers']])
    assert.deepEqual(
      ways.map(({ system, secret }) => [system, secret]),
      [
        ['imageport', 'token'],
        ['onecloudplanet', 'token'],
        ['foreman', 'token'],
        ['openstack', 'password'],
        ['danube', 'password'],
      ],
    )
    const text = JSON.stringify(ways)
    assert.ok(text.includes(`${api.server.url}/identity/v3`) && text.includes('/backend/api/openstack'))
    const { ways: root } = (await api.admin('GET', '/me')).body as WireMe
    assert.ok(JSON.stringify(root).includes('/backend/staffapi/openstack'))
  })

  test('what a user is called does not become part of a command', async () => {
    const odd = await api.user({ username: "eva'; rm -rf $HOME #", roles: { 20: 'reader' } })
    const { ways } = (await odd('GET', '/me')).body as WireMe
    for (const { system, command } of ways)
      if (['foreman', 'danube'].includes(system)) assert.ok(command.includes(`eva'\\''; rm`), command)
    const { file } = ways.find(({ system }) => system === 'openstack')!
    assert.ok(file!.text.includes(`username: "eva'; rm -rf $HOME #"`))
  })

  test('a user goes, but neither oneself nor the last administrator', async () => {
    await api.admin('POST', '/users', { username: 'temp', password: 'x' })
    refused(await eva('DELETE', '/users/temp'), 403, 'forbidden', 'role')
    refused(await eva('DELETE', '/users/eva'), 403, 'forbidden', 'permission')
    assert.equal((await api.admin('DELETE', '/users/TEMP')).status, 204)
    refused(await api.admin('GET', '/users/temp'), 404, 'not-found')
    refused(await api.admin('DELETE', '/users/root'), 409, 'conflict', 'self')
    for (const change of [{ superAdmin: false }, { enabled: false }])
      refused(await api.admin('PATCH', '/users/root', change), 409, 'conflict', 'last-admin')
    await api.admin('PATCH', '/users/eva', { superAdmin: true })
    const changed = await api.admin('PATCH', '/users/eva', { superAdmin: false })
    assert.equal((changed.body as WireUser).superAdmin, false)
  })

  test('tokens are counted and paged', async () => {
    for (let n = 1; n <= 3; n++) await eva('POST', '/users/eva/tokens', { label: `n${n}` })
    const { tokens, total } = (await eva('GET', '/users/eva/tokens?limit=2&offset=2')).body as WireTokenList
    assert.deepEqual([tokens.map(({ label }) => label), total], [['n2', 'n3'], 4])
    refused(await eva('POST', '/users/eva/tokens', { networks: ['10.0.0.0/99'] }), 400, 'invalid')
    refused(await eva('POST', '/users/eva/tokens', { lifeSeconds: 0 }), 400, 'invalid')
    refused(await eva('POST', '/users/eva/tokens', { lifeSeconds: 1e15 }), 400, 'invalid')
    const far = { label: 'far', networks: ['192.0.2.0/24'] }
    const made = await eva('POST', '/users/eva/tokens', far)
    assert.equal(made.headers.get('cache-control'), 'no-store')
    const holder = api.as(`Bearer ${(made.body as { token: string }).token}`)
    refused(await holder('GET', '/whoami'), 401, 'unauthenticated', 'address')
  })

  test('application credentials are seen and revoked', async () => {
    const { db } = api.server.core.database
    const { id: userId } = await db
      .selectFrom('users')
      .select('id')
      .where('username', '=', 'eva')
      .executeTakeFirstOrThrow()
    const id = '0123456789abcdef0123456789abcdef'
    await db
      .insertInto('credentials')
      .values({
        user_id: userId,
        kind: 'application-credential',
        lookup: id,
        hash: 'argon2id$geheim',
        label: 'terraform',
        project_id: 20,
        data_json: JSON.stringify({ description: 'ours', roles: ['member'], unrestricted: false }),
        created_at: 1,
        expires_at: null,
        last_used_at: null,
      })
      .execute()
    const path = '/users/eva/application-credentials'
    const { body } = await eva('GET', path)
    assert.deepEqual(body as WireApplicationCredentialList, {
      applicationCredentials: [
        {
          id,
          name: 'terraform',
          description: 'ours',
          project: 'acme',
          roles: ['member'],
          unrestricted: false,
          expiresAt: null,
        },
      ],
    })
    const other = await api.user({ username: 'other' })
    refused(await other('GET', path), 403, 'forbidden', 'role')
    refused(await other('DELETE', `${path}/${id}`), 403, 'forbidden', 'role')
    refused(await other('DELETE', `/users/other/application-credentials/${id}`), 404, 'not-found')
    assert.equal((await api.admin('DELETE', `${path}/${id}`)).status, 204)
    refused(await eva('DELETE', `${path}/${id}`), 404, 'not-found')
    assert.deepEqual((await api.admin('GET', path)).body, { applicationCredentials: [] })
    const entry = await db
      .selectFrom('audit')
      .select(['username', 'face', 'action'])
      .where('subject_id', '=', id)
      .execute()
    assert.deepEqual(entry, [{ username: 'root', face: 'console', action: 'delete' }])
  })

  test('one’s own password is changed by whoever knows the old one', async () => {
    await api.admin('POST', '/users', { username: 'petra', password: 'old secret' })
    const petra = api.as(basic('petra', 'old secret'))
    const change = { old: 'old secret', password: 'new secret' }
    const wrong = await petra('PUT', '/me/password', { ...change, old: 'guess' })
    refused(wrong, 403, 'forbidden', 'old-password')
    assert.deepEqual((wrong.body as WireError).error.detail.fields, { old: ['The old password is wrong.'] })
    refused(await petra('PUT', '/me/password', { ...change, password: '' }), 400, 'invalid')
    refused(await petra('PUT', '/me/password', { password: 'x' }), 400, 'invalid')
    assert.equal((await petra('PUT', '/me/password', change)).status, 204)
    refused(await petra('GET', '/whoami'), 401, 'unauthenticated', 'unknown')
    const renewed = api.as(basic('petra', 'new secret'))
    assert.equal((await renewed('GET', '/whoami')).status, 200)
    const { password } = (await renewed('GET', '/users/petra')).body as WireUserDetails
    assert.equal(password, true)
    const { id } = (await renewed('GET', '/me')).body as WireMe
    const history = await api.server.catalogue.audit.history('user', String(id), { limit: 1 })
    assert.deepEqual(
      [history[0]!.username, history[0]!.action, history[0]!.after],
      ['petra', 'credential', { kind: 'password' }],
    )
    // Who has none proves none.
    refused(await eva('PUT', '/me/password', { old: '', password: 'x' }), 403, 'forbidden', 'old-password')
  })

  test('guesses of the old password are limited', async () => {
    await api.admin('POST', '/users', { username: 'vera', password: 'secret' })
    const { id } = (await api.admin('GET', '/users/vera')).body as WireUser
    const vera = api.as(`Bearer ${await api.server.token(id)}`)
    const guess = { old: 'guess', password: 'mine' }
    for (let n = 0; n < 10; n++)
      refused(await vera('PUT', '/me/password', guess), 403, 'forbidden', 'old-password')
    refused(await vera('PUT', '/me/password', { ...guess, old: 'secret' }), 429, 'busy', 'logins')
  })
})
