import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemActor } from '../../src/catalogue/actor.ts'
import { applyBootstrap } from '../../src/catalogue/bootstrap/apply.ts'
import { isFailure } from '../../src/catalogue/failure.ts'
import { type TestCore, testCore } from '../support/core.ts'
import { forEachDatabase } from '../support/databases.ts'

/** The example of one-catalogue.md section 5, with every key of it. */
const example = `
projects:      [{ id: 2, name: acme, label: "Acme Ltd", access: private }]
locations:     [{ id: 3, name: ua-central-1, description: Kyiv, default: true }]
users:
  - username: eva
    password: secret
    firstName: Eva
    lastName: Novak
    email: eva@example.org
    superAdmin: false
    apiKey: "0123456789"
    tokens: ["stc0000000000000000000000000000000000001"]
    callbackKey: "9876543210"
    enabled: true
    apiAccess: true
    defaultProject: main
    roles: [{ project: acme, role: image_admin }]
groups:        [{ name: builders, users: [eva], roles: [{ project: acme, role: image_import_admin }] }]
architectures:    [{ id: 501905019, name: x86_64 }]
operatingSystems: [{ id: 309172073, name: centos, major: "5", minor: "3" }]
computeResources: [{ id: 980190962, name: bigcompute, provider: Libvirt, url: "qemu:///system" }]
registrations:    [{ id: 980190962, computeResource: bigcompute, operatingSystem: "centos 5.3", architecture: x86_64, name: centos-1, uuid: string-of-uuid, username: root }]
nodes:         [{ hostname: node01, status: online }]
instances:        [{ uuid: 81ddeb48-937b-4e54-8b37-091bfcabf18e, hostname: web01, project: acme, owner: eva, computeResource: bigcompute, node: node01, status: running, ostype: 1, ips: [192.0.2.7],
                     disks: [{ size: 10240, image: centos-7 }, { size: 2048, file: web01-data.qcow2 }], snapshots: [{ name: before-upgrade, disk: 1, status: ok }] }]
settings:      { imageServer: true, repositories: { other: "https://images.example.org/" } }
`

forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  before(async () => {
    t = await testCore({ url: await freshUrl() })
  })
  after(() => t.close())

  const apply = (text: string) => applyBootstrap(t.core, systemActor, text, 'site.yaml')
  async function refused(text: string): Promise<string> {
    const error = await apply(text).then(
      () => assert.fail('it was applied'),
      (found: unknown) => found,
    )
    assert.ok(isFailure(error, 'invalid'), String(error))
    return error.message
  }

  test('the contract’s example is applied, and applied again changes nothing', async () => {
    assert.ok((await apply(example)).length > 10)
    assert.deepEqual(await apply(example), [])
    const account = await t.catalogue.users.byToken(
      'token',
      'stc0000000000000000000000000000000000001',
      '127.0.0.1',
    )
    assert.equal(account.username, 'eva')
    assert.deepEqual([...account.roles.get(2)!].sort(), ['image_admin', 'image_import_admin'])
    assert.equal((await t.catalogue.users.byToken('api-key', '0123456789', '127.0.0.1')).id, account.id)
    assert.equal((await t.catalogue.users.byPassword('Eva', 'secret')).id, account.id)
    const { db } = t.core.database
    const registration = await db
      .selectFrom('registrations')
      .selectAll()
      .where('id', '=', 980190962)
      .executeTakeFirst()
    assert.equal(registration?.operating_system_id, 309172073)
    assert.equal((await db.selectFrom('disks').selectAll().execute()).length, 2)
    const row = await db
      .selectFrom('users')
      .select('callback_key')
      .where('id', '=', account.id)
      .executeTakeFirstOrThrow()
    assert.notEqual(row.callback_key, '9876543210')
    assert.equal(t.core.secrets.decrypt(row.callback_key!), '9876543210')
  })

  test('an id that was given by hand does not collide with the next one that is made', async () => {
    await apply('projects: [{ name: next-one }]')
    const { id } = await t.catalogue.projects.named(systemActor, 'next-one')
    assert.ok(id > 2)
  })

  test('secrets are nowhere in clear: not in the database, not in the audit log', async () => {
    const { db } = t.core.database
    const dump = JSON.stringify([
      await db.selectFrom('credentials').selectAll().execute(),
      await db.selectFrom('users').selectAll().execute(),
      await db.selectFrom('audit').selectAll().execute(),
    ])
    for (const secret of ['stc00000', '0123456789', '9876543210', '"secret"'])
      assert.ok(!dump.includes(secret), secret)
  })

  test('an entry that exists is changed only in the keys that are given', async () => {
    assert.deepEqual(await apply('users: [{ username: eva, email: new@example.org }]'), [
      { what: 'user eva', did: 'changed' },
    ])
    const account = await t.catalogue.users.byPassword('eva', 'secret')
    assert.equal(account.email, 'new@example.org')
    assert.equal(account.lastName, 'Novak')
    await apply('users: [{ username: admin, apiKey: "abc" }]')
    assert.equal((await t.catalogue.users.byPassword('admin', 'test-password')).superAdmin, true)
  })

  test('a list inside an entry is replaced as a whole', async () => {
    assert.deepEqual(await apply('users: [{ username: eva, tokens: [other-token], roles: [] }]'), [
      { what: 'token of user eva', did: 'changed' },
      { what: 'token of user eva', did: 'created' },
      { what: 'roles of user eva', did: 'changed' },
    ])
    const { id } = await t.catalogue.users.view(systemActor, 'eva')
    const entries = await t.catalogue.audit.history('user', `${id}`, { limit: 3 })
    assert.deepEqual(entries.map(({ action, before, after }) => [action, before, after]).slice(1), [
      ['credential', null, { kind: 'token' }],
      ['credential', { kind: 'token' }, null],
    ])
    await assert.rejects(
      t.catalogue.users
        .byToken('token', 'stc0000000000000000000000000000000000001', '127.0.0.1')
        .then(async () => {
          t.catalogue.users.forget()
          return t.catalogue.users.byToken('token', 'stc0000000000000000000000000000000000001', '127.0.0.1')
        }),
      (error) => isFailure(error, 'unauthenticated'),
    )
    const account = await t.catalogue.users.byToken('token', 'other-token', '127.0.0.1')
    assert.deepEqual([...(account.roles.get(2) ?? [])], ['image_import_admin'])
  })

  test('an operating system is the one of its name and version, whatever it is called', async () => {
    const system = (more: string) => apply(`operatingSystems: [{ name: plan9, major: "4"${more} }]`)
    const shown = async () => {
      const { db } = t.core.database
      const rows = db.selectFrom('operating_systems').select(['title', 'title_fold', 'description'])
      return rows.where('name', '=', 'plan9').execute()
    }
    assert.deepEqual(await system(''), [{ what: 'operating system plan9 4', did: 'created' }])
    for (const title of ['Plan 9 Fourth', 'Fourth Edition']) {
      const more = `, description: ${title}`
      assert.deepEqual(await system(more), [{ what: `operating system ${title}`, did: 'changed' }])
      assert.deepEqual(await system(more), [])
      assert.deepEqual(await system(''), [])
      assert.deepEqual(await shown(), [{ title, title_fold: title.toLowerCase(), description: title }])
    }
  })

  test('images are described with their ids and dates, and keep them', async () => {
    const text = `images: [{ uuid: 4747270D-61c9-4bb6-9b01-f6dd915f0560, name: u, project: acme, diskFormat: raw,
      containerFormat: bare, createdAt: 2024-03-20T07:52:50Z, updatedAt: "2024-03-20T09:08:42Z", properties: { os_distro: centos } }]`
    await apply(text)
    assert.deepEqual(await apply(text), [])
    const image = await t.catalogue.images.view(systemActor, '4747270d-61c9-4bb6-9b01-f6dd915f0560')
    assert.equal(new Date(image.createdAt / 1000).toISOString(), '2024-03-20T07:52:50.000Z')
    assert.equal(new Date(image.updatedAt / 1000).toISOString(), '2024-03-20T09:08:42.000Z')
  })

  describe('mistakes name key and line, and leave nothing', () => {
    const mistakes: readonly [string, RegExp][] = [
      [
        'projects:\n  - name: good\n  - { nmae: bad }',
        /^site\.yaml, line 3: projects\[1\]\.name: must be string$/m,
      ],
      [
        'projects:\n  - name: good\n    colour: red',
        /^site\.yaml, line 3: projects\[0\]\.colour: is not a known key$/m,
      ],
      ['people: []', /^site\.yaml, line 1: people: is not a known key$/m],
      [
        'users:\n- username: x\n  roles:\n  - { project: main, role: king }',
        /^site\.yaml, line 4: users\[0\]\.roles\[0\]\.role: must be one of admin, owner/m,
      ],
      [
        'users:\n- username: x\n  roles:\n  - { project: nowhere, role: owner }',
        /^site\.yaml, line 2: users\[0\]: There is no project "nowhere"\.$/m,
      ],
      [
        'projects:\n- name: twin\n- name: TWIN',
        /^site\.yaml, line 3: projects\[1\]: Another one has the same name already\.$/m,
      ],
      [
        'projects: [{ id: 1, name: second }]',
        /^site\.yaml, line 1: projects\[0\]: Another one has the same id already\.$/m,
      ],
      [
        'users: [{ id: 1, username: second }]',
        /^site\.yaml, line 1: users\[0\]: Another one has the same id already\.$/m,
      ],
      [
        'operatingSystems: [{ name: a, major: "1" }, { name: b, major: "2" }, { name: b, major: "2", description: a 1 }]',
        /^site\.yaml, line 1: operatingSystems\[2\]: Another one has the same title already\.$/m,
      ],
      ['instances: [{ project: main }]', /^site\.yaml, line 1: instances\[0\]: needs uuid or hostname$/m],
      [
        'projects: [{ name: x, createdAt: yesterday }]',
        /^site\.yaml, line 1: projects\[0\]\.createdAt: is not an ISO 8601 date$/m,
      ],
      ['projects: [', /^site\.yaml, line 1: /m],
      ['- a list', /^site\.yaml, line 1: must be object$/m],
      [
        'registrations: [{ computeResource: x, operatingSystem: y, architecture: z, name: n, uuid: u }]',
        /There is no compute resource "x"/,
      ],
      ['{"projects": [{"name": 5}]}', /^site\.yaml, line 1: projects\[0\]\.name: must be string$/m],
    ]
    for (const [text, message] of mistakes)
      test(text.replaceAll('\n', '⏎'), async () => {
        const { db } = t.core.database
        const before = await db.selectFrom('audit').select('id').execute()
        assert.match(await refused(text), message)
        assert.equal((await db.selectFrom('audit').select('id').execute()).length, before.length)
      })

    test('what comes before the mistake is not applied either', async () => {
      await refused('projects: [{ name: half }]\nusers: [{ username: h, defaultProject: nowhere }]')
      await assert.rejects(t.catalogue.projects.named(systemActor, 'half'), (error) =>
        isFailure(error, 'not-found'),
      )
    })

    test('only administrators may apply one', async () => {
      const actor = await t.actor({ main: 'owner' })
      await assert.rejects(applyBootstrap(t.core, actor, 'projects: [{ name: x }]', 'f'), (error) =>
        isFailure(error, 'forbidden'),
      )
    })
  })
})
