import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type {
  WireApplied,
  WireNewToken,
  WireProject,
  WireProjectList,
  WireTokenList,
  WireUser,
  WireUserList,
  WireWhoami,
} from '../../../src/faces/console/wire.ts'
import { type Api, basic, type Call, refused, startApi } from './api.ts'

describe('console: people, projects and what is applied', () => {
  let api: Api
  let plain: Call
  before(async () => {
    api = await startApi()
    plain = await api.user({ username: 'plain', roles: { 1: 'member' }, defaultProjectId: 1 })
  })
  after(() => api.close())

  test('users are made, changed, given roles and shut out', async () => {
    await api.admin('POST', '/projects', { name: 'acme', label: 'Acme Ltd', quotaImages: 3 })
    const made = await api.admin('POST', '/users', {
      username: 'eva',
      password: 'first secret',
      email: 'eva@example.org',
      grant: [{ project: 'acme', role: 'member' }],
    })
    assert.equal(made.status, 201)
    assert.deepEqual((made.body as WireUser).roles, [{ project: 'acme', role: 'member' }])
    refused(await api.admin('POST', '/users', { username: 'EVA' }), 409, 'conflict', 'exists')

    const eva = api.as(basic('eva', 'first secret'))
    const who = (await eva('GET', '/whoami')).body as WireWhoami
    assert.deepEqual([who.username, who.superAdmin, who.project], ['eva', false, 'acme'])

    const changed = await api.admin('PATCH', '/users/Eva', {
      password: 'second secret',
      grant: [{ project: 'main', role: 'reader' }],
      revoke: [{ project: 'acme', role: 'member' }],
    })
    assert.deepEqual((changed.body as WireUser).roles, [{ project: 'main', role: 'reader' }])
    assert.equal((changed.body as WireUser).username, 'eva')
    assert.equal((changed.body as WireUser).email, 'eva@example.org')
    refused(await eva('GET', '/whoami'), 401, 'unauthenticated', 'unknown')
    assert.equal((await api.as(basic('eva', 'second secret'))('GET', '/whoami')).status, 200)

    refused(
      await api.admin('PATCH', '/users/eva', { revoke: [{ project: 'acme', role: 'owner' }] }),
      404,
      'not-found',
    )
    refused(
      await api.admin('PATCH', '/users/eva', { grant: [{ project: 'none', role: 'owner' }] }),
      400,
      'invalid',
    )
    refused(await api.admin('PATCH', '/users/nobody', { email: '' }), 404, 'not-found')
    await api.admin('PATCH', '/users/eva', { enabled: false })
    refused(await api.as(basic('eva', 'second secret'))('GET', '/whoami'), 401, 'unauthenticated', 'disabled')

    const { users } = (await api.admin('GET', '/users')).body as WireUserList
    assert.deepEqual(
      users.map(({ username }) => username),
      ['eva', 'plain', 'root'],
    )
  })

  test('tokens are shown once, work until they are revoked, and are everybody’s own', async () => {
    const made = (await plain('POST', '/users/plain/tokens', { label: 'ci', lifeSeconds: 60 }))
      .body as WireNewToken
    const holder = api.as(`Bearer ${made.token}`)
    assert.equal((await holder('GET', '/whoami')).status, 200)
    const { tokens } = (await plain('GET', '/users/plain/tokens')).body as WireTokenList
    const shown = tokens.find(({ id }) => id === made.id)!
    assert.equal(shown.label, 'ci')
    assert.ok(!JSON.stringify(tokens).includes(made.token))
    refused(await plain('POST', '/users/root/tokens', {}), 403, 'forbidden', 'role')
    assert.equal((await plain('DELETE', `/users/plain/tokens/${made.id}`)).status, 204)
    refused(await holder('GET', '/whoami'), 401, 'unauthenticated', 'unknown')
    refused(await plain('DELETE', `/users/plain/tokens/${made.id}`), 404, 'not-found')
    refused(await plain('DELETE', '/users/plain/tokens/x'), 404, 'not-found')
  })

  test('projects are seen by their people and written by administrators', async () => {
    const made = await api.admin('POST', '/projects', { name: 'lab', quotaBytes: 1000 })
    assert.equal(made.status, 201)
    const changed = (await api.admin('PATCH', '/projects/LAB', { quotaBytes: null, label: 'Lab' }))
      .body as WireProject
    assert.deepEqual([changed.name, changed.label, changed.quotaBytes], ['lab', 'Lab', null])
    refused(await api.admin('POST', '/projects', { name: 'Lab' }), 409, 'conflict', 'exists')
    refused(
      await api.admin('POST', '/projects', { name: 'other', id: changed.id }),
      409,
      'conflict',
      'exists',
    )
    refused(await api.admin('POST', '/projects', { name: 'other', id: 2 ** 31 }), 400, 'invalid')
    refused(await plain('POST', '/projects', { name: 'mine' }), 403, 'forbidden', 'role')
    refused(await plain('GET', '/projects/lab'), 404, 'not-found')
    const { projects, total } = (await plain('GET', '/projects')).body as WireProjectList
    assert.deepEqual([projects.map(({ name }) => name), total], [['main'], 1])
    refused(await plain('GET', '/users'), 403, 'forbidden', 'role')
    assert.equal((await plain('GET', '/users/plain')).status, 200)
    refused(await plain('GET', '/users/root'), 403, 'forbidden', 'role')
  })

  test('a bootstrap file is applied as a whole or not at all', async () => {
    const good =
      'projects:\n  - name: filed\nusers:\n  - username: filed\n    roles: [{ project: filed, role: owner }]\n'
    const { applied } = (await api.admin('POST', '/apply?file=site.yaml', good)).body as WireApplied
    assert.deepEqual(
      applied.map(({ what, did }) => `${what} ${did}`),
      ['project filed created', 'user filed created', 'roles of user filed changed'],
    )
    assert.deepEqual((await api.admin('POST', '/apply', good)).body, { applied: [] })
    const bad = `projects:\n  - name: halfway\nusers:\n  - username: x\n    rolls: []\n`
    const message = refused(
      await api.admin('POST', '/apply?file=site.yaml', bad),
      400,
      'invalid',
      'bootstrap',
    )
    assert.equal(message, 'site.yaml, line 5: users[0].rolls: is not a known key')
    refused(await api.admin('GET', '/projects/halfway'), 404, 'not-found')
    refused(await plain('POST', '/apply', good), 403, 'forbidden', 'role')
  })

  test('an import from an address that policy refuses says so', async () => {
    const { status, body } = await api.admin('POST', '/imports', {
      url: 'http://127.0.0.1:9/disk.raw',
      name: 'x',
      diskFormat: 'raw',
      containerFormat: 'bare',
    })
    assert.ok(status === 403 || status === 400, JSON.stringify(body))
  })
})
