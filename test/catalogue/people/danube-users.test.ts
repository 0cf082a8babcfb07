import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Actor, systemActor } from '../../../src/catalogue/actor.ts'
import type { DanubeUserDraft } from '../../../src/catalogue/people/danube-users/rules.ts'
import { type TestCore, testCore } from '../../support/core.ts'
import { forEachDatabase } from '../../support/databases.ts'
import { fails } from '../places/support.ts'
import { wrong } from './support.ts'

const draft: DanubeUserDraft = {
  email: 'someone@example.org',
  firstName: 'Some',
  lastName: 'One',
  password: 'a secret of theirs',
  superAdmin: false,
  enabled: true,
  apiAccess: true,
  groups: [],
  boundProjectId: null,
  currentDatacenter: 'main',
}

forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  let admin: Actor
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    await t.apply({
      projects: [
        { id: 20, name: 'acme' },
        { id: 21, name: 'hidden' },
      ],
      groups: [{ name: 'builders', roles: [{ project: 'acme', role: 'image_admin' }] }],
    })
    admin = { ...systemActor, userId: 1, username: 'admin' }
  })
  after(() => t.close())

  const as = (user: { id: number; username: string }): Actor => ({
    ...systemActor,
    userId: user.id,
    username: user.username,
    superAdmin: false,
  })

  test('a user is made, signs in, is changed and removed; no secret is told', async () => {
    const { danubeUsers, users, audit } = t.catalogue
    const made = await danubeUsers.create(admin, 'eva', {
      ...draft,
      groups: ['builders'],
      boundProjectId: 20,
    })
    const { id, createdAt: _at, ...shown } = made
    assert.deepEqual(shown, {
      username: 'eva',
      email: 'someone@example.org',
      firstName: 'Some',
      lastName: 'One',
      superAdmin: false,
      enabled: true,
      apiAccess: true,
      hasApiKey: false,
      hasCallbackKey: false,
      boundProjectId: 20,
      currentDatacenter: 'main',
      groups: ['builders'],
    })
    const account = await users.byPassword('eva', 'a secret of theirs')
    assert.deepEqual([...account.roles.get(20)!], ['image_admin'])
    await assert.rejects(danubeUsers.create(admin, 'EVA', draft), fails('conflict', 'exists'))
    await assert.rejects(danubeUsers.demandFree(admin, 'eva'), fails('conflict', 'exists'))
    const changed = await danubeUsers.change(admin, 'eva', {
      lastName: 'Novak',
      groups: [],
      boundProjectId: null,
      currentDatacenter: 'acme',
      apiAccess: false,
      password: 'another secret',
    })
    assert.deepEqual(
      [
        changed.lastName,
        changed.groups,
        changed.boundProjectId,
        changed.currentDatacenter,
        changed.apiAccess,
      ],
      ['Novak', [], null, 'acme', false],
    )
    await assert.rejects(users.byPassword('eva', 'a secret of theirs'), fails('unauthenticated'))
    assert.equal((await users.byPassword('eva', 'another secret')).id, id)
    await danubeUsers.remove(admin, 'eva')
    await assert.rejects(danubeUsers.view(admin, 'eva'), fails('not-found'))
    const told = JSON.stringify([
      await audit.history('user', 'eva', { limit: 20 }),
      await t.core.database.db.selectFrom('task_log').selectAll().execute(),
      await t.core.database.db.selectFrom('audit').selectAll().execute(),
    ])
    for (const secret of ['secret', 'argon2']) assert.ok(!told.includes(secret), secret)
  })

  test('another password ends what the old one opened', async () => {
    const { danubeUsers, users, loginTokens } = t.catalogue
    const eva = await danubeUsers.create(admin, 'opener', draft)
    const { text } = await loginTokens.open({ ...as(eva), userId: eva.id }, 60)
    assert.equal((await users.byToken('danube-token', text, '192.0.2.1')).id, eva.id)
    await danubeUsers.change(admin, 'opener', { password: 'new' })
    await assert.rejects(
      users.byToken('danube-token', text, '192.0.2.1'),
      fails('unauthenticated', 'unknown'),
    )
  })

  test('keys are made anew, shown once, and the old ones end', async () => {
    const { danubeUsers, users } = t.catalogue
    const eva = await danubeUsers.create(admin, 'keyed', draft)
    const both = { apiKey: true, callbackKey: true }
    const first = await danubeUsers.makeKeys(as(eva), 'keyed', both)
    assert.deepEqual([first.user.hasApiKey, first.user.hasCallbackKey], [true, true])
    assert.match(first.made.apiKey!, /^[0-9a-f]{40}$/)
    assert.equal((await users.byToken('api-key', first.made.apiKey!, '192.0.2.1')).id, eva.id)
    const second = await danubeUsers.makeKeys(admin, 'keyed', { apiKey: true, callbackKey: false })
    assert.equal(second.made.callbackKey, null)
    assert.notEqual(second.made.apiKey, first.made.apiKey)
    await assert.rejects(users.byToken('api-key', first.made.apiKey!, '192.0.2.1'), fails('unauthenticated'))
    const { callback_key } = await t.core.database.db
      .selectFrom('users')
      .select('callback_key')
      .where('id', '=', eva.id)
      .executeTakeFirstOrThrow()
    assert.equal(t.core.secrets.decrypt(callback_key!), first.made.callbackKey)
    const none = await danubeUsers.makeKeys(as(eva), 'keyed', { apiKey: false, callbackKey: false })
    assert.deepEqual(none.made, { apiKey: null, callbackKey: null })
    const told = JSON.stringify(await t.core.database.db.selectFrom('audit').selectAll().execute())
    assert.ok(!told.includes(first.made.apiKey!) && !told.includes(first.made.callbackKey!))
  })

  test('others see and change themselves only, and not what makes them mighty', async () => {
    const { danubeUsers } = t.catalogue
    const ivo = await danubeUsers.create(admin, 'ivo', draft)
    const self = as(ivo)
    const refused = fails('forbidden', 'permission')
    assert.deepEqual(await danubeUsers.names(self, []), ['ivo'])
    assert.deepEqual(
      (await danubeUsers.list(self, [])).map((user) => user.username),
      ['ivo'],
    )
    assert.equal((await danubeUsers.view(self, 'ivo')).id, ivo.id)
    for (const name of ['admin', 'nobody']) {
      await assert.rejects(danubeUsers.view(self, name), refused)
      await assert.rejects(danubeUsers.change(self, name, {}), refused)
      await assert.rejects(danubeUsers.makeKeys(self, name, { apiKey: true, callbackKey: false }), refused)
    }
    await assert.rejects(danubeUsers.create(self, 'new', draft), refused)
    await assert.rejects(danubeUsers.demandFree(self, 'new'), refused)
    await assert.rejects(danubeUsers.remove(self, 'ivo'), refused)
    const may = ["You don't have permission to modify this attribute."]
    await assert.rejects(
      danubeUsers.change(self, 'ivo', {
        superAdmin: true,
        enabled: false,
        apiAccess: false,
        groups: ['builders'],
        boundProjectId: 20,
      }),
      wrong({ is_super_admin: may, is_active: may, api_access: may, groups: may, dc_bound: may }),
    )
    // What stays as it is may be said.
    const changed = await danubeUsers.change(self, 'ivo', { superAdmin: false, groups: [], firstName: 'Ivo' })
    assert.deepEqual([changed.firstName, changed.superAdmin], ['Ivo', false])
  })

  test('nobody lets himself into a datacenter by choosing it', async () => {
    const { danubeUsers } = t.catalogue
    const self = as(await danubeUsers.create(admin, 'chooser', draft))
    await assert.rejects(
      danubeUsers.change(self, 'chooser', { currentDatacenter: 'hidden' }),
      wrong({ current_dc: ['Object with name=hidden does not exist.'] }),
    )
    const chosen = await danubeUsers.change(admin, 'chooser', { currentDatacenter: 'hidden' })
    assert.equal(chosen.currentDatacenter, 'hidden')
    assert.equal((await danubeUsers.change(self, 'chooser', { currentDatacenter: 'hidden' })).id, self.userId)
  })

  test('the last administrator and oneself are protected', async () => {
    const { danubeUsers } = t.catalogue
    const last = fails('conflict', 'last-admin')
    await assert.rejects(danubeUsers.remove(admin, 'admin'), fails('conflict', 'self'))
    await assert.rejects(danubeUsers.remove(systemActor, 'admin'), last)
    await assert.rejects(danubeUsers.change(systemActor, 'admin', { superAdmin: false }), last)
    await assert.rejects(danubeUsers.change(systemActor, 'admin', { enabled: false }), last)
    await assert.rejects(
      danubeUsers.change(admin, 'admin', { enabled: false }),
      wrong({ is_active: ['You cannot disable yourself.'] }),
    )
    await danubeUsers.create(admin, 'deputy', { ...draft, superAdmin: true })
    assert.equal((await danubeUsers.change(systemActor, 'deputy', { enabled: false })).enabled, false)
    await danubeUsers.remove(admin, 'deputy')
  })

  test('a user who has something stays', async () => {
    const { danubeUsers } = t.catalogue
    const rich = await danubeUsers.create(admin, 'rich', draft)
    await t.apply({ instances: [{ hostname: 'web', project: 'acme', owner: 'rich' }] })
    await t.catalogue.datacenters.change(admin, 'acme', { ownerId: rich.id })
    const image = await t.catalogue.images.create(
      { ...admin, userId: rich.id },
      { ownerId: 20, name: 'disk' },
    )
    await assert.rejects(danubeUsers.remove(admin, 'rich'), (error) => {
      assert.ok(fails('conflict', 'relations')(error))
      const { fields } = (error as { detail: { fields: object } }).detail
      assert.deepEqual(fields, { Datacenter: ['acme'], Image: [image.handle], VM: ['web'] })
      return true
    })
    await t.catalogue.images.remove(admin, image.uuid)
    await t.catalogue.datacenters.change(admin, 'acme', { ownerId: 1 })
    await t.core.database.db.deleteFrom('instances').execute()
    await danubeUsers.remove(admin, 'rich')
  })

  test('an unknown group is told, and nothing is written', async () => {
    await assert.rejects(
      t.catalogue.danubeUsers.create(admin, 'wrong', { ...draft, groups: ['nobodies'] }),
      wrong({ groups: ['Object with name=nobodies does not exist.'] }),
    )
    assert.equal(await t.catalogue.danubeUsers.exists('wrong'), false)
  })
})
