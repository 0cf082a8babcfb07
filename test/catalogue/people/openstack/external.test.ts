import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { sql } from 'kysely'
import { systemActor } from '../../../../src/catalogue/actor.ts'
import type { Core, Keystone } from '../../../../src/catalogue/core.ts'
import { Failure } from '../../../../src/catalogue/failure.ts'
import { actorOf, openstackId } from '../../../../src/catalogue/people/openstack/identity.ts'
import type { AccessRule, KeystoneOwned, KeystoneToken } from '../../../../src/keystone/token.ts'
import { type TestCore, testCore } from '../../../support/core.ts'
import { forEachDatabase } from '../../../support/databases.ts'
import { plansOf } from '../../../support/plans.ts'
import { fails } from '../../places/support.ts'

const defaultDomain = { id: 'default', name: 'Default' }
const elsewhere = { id: 'd1', name: 'Elsewhere' }
const someId = () => randomUUID().replaceAll('-', '')

/** What Keystone would say, by the text of the token; `expired` ones only to services. */
const said = new Map<string, { readonly token: KeystoneToken; readonly expired: boolean }>()
const keystone: Keystone = {
  async validate(text, { allowExpired = false } = {}) {
    const found = said.get(text)
    if (found && (!found.expired || allowExpired)) return found.token
    throw new Failure('unauthenticated', '', { reason: 'unknown' })
  },
}

type Facts = {
  readonly user?: Partial<KeystoneOwned>
  readonly project?: Partial<KeystoneOwned> | null
  readonly roles?: readonly string[]
  readonly scope?: KeystoneToken['scope']
  readonly rules?: readonly AccessRule[]
  readonly expired?: boolean
}

/** The text of a token for somebody and something new, but for what is given. */
function tokenFor({
  user,
  project,
  roles = ['member', 'reader'],
  rules,
  expired,
  ...more
}: Facts = {}): string {
  const text = randomUUID()
  const scope = more.scope ?? (project === null ? 'unscoped' : 'project')
  const token: KeystoneToken = {
    user: { id: someId(), name: `user-${text}`, domain: defaultDomain, ...user },
    project:
      scope === 'project'
        ? { id: someId(), name: `project-${text}`, domain: defaultDomain, ...project }
        : null,
    scope,
    roles: scope === 'unscoped' ? [] : roles,
    services: null,
    accessRules: rules ?? null,
    expiresAt: Date.now() * 1000 + 3600_000_000,
  }
  said.set(text, { token, expired: expired ?? false })
  return text
}

forEachDatabase((_engine, _open, freshUrl) => {
  let t: TestCore
  before(async () => {
    t = await testCore({ url: await freshUrl(), keystone })
  })
  after(() => t.close())

  const context = { address: '127.0.0.1', method: 'GET', path: '/v2/images' }
  const identityOf = (token: string, more: { serviceToken?: string; method?: string; path?: string } = {}) =>
    t.catalogue.openstack.identityOf(token, { ...context, ...more })
  const admitted = (facts?: Facts) => identityOf(tokenFor(facts))
  const userRow = (id: number) =>
    t.core.database.db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  const projectRow = (id: number | null) =>
    t.core.database.db.selectFrom('projects').selectAll().where('id', '=', id!).executeTakeFirstOrThrow()
  const localProject = async (name: string) => {
    await t.apply({ projects: [{ name }] })
    return t.catalogue.projects.named(systemActor, name)
  }

  describe('somebody who was not here before', () => {
    test('gets records of the ids and names of Keystone', async () => {
      const [user, project] = [someId(), someId()]
      const identity = await admitted({
        user: { id: user, name: 'Eva' },
        project: { id: project, name: 'Acme Ltd' },
      })
      const [userNow, projectNow] = [await userRow(identity.userId), await projectRow(identity.projectId)]
      assert.deepEqual(
        [userNow.username, userNow.api_access, userNow.super_admin, userNow.enabled],
        ['Eva@Default', 0, 0, 1],
      )
      assert.deepEqual(
        [projectNow.name, projectNow.label, projectNow.enabled, projectNow.access],
        ['Acme Ltd', 'Acme Ltd', 1, 'private'],
      )
      assert.deepEqual([openstackId(userNow), openstackId(projectNow)], [user, project])
      assert.deepEqual(
        [userNow.uuid.replaceAll('-', ''), projectNow.uuid.replaceAll('-', '')],
        [user, project],
      )
      assert.deepEqual(identity.user, { id: user, name: 'Eva@Default' })
      assert.deepEqual(identity.project, { id: project, name: 'Acme Ltd' })
      const credentials = t.core.database.db
        .selectFrom('credentials')
        .selectAll()
        .where('user_id', '=', identity.userId)
      assert.deepEqual(await credentials.execute(), [])
    })

    test('is written to the audit log once', async () => {
      const token = tokenFor({ project: { name: 'audited' } })
      const identity = await identityOf(token)
      await identityOf(token)
      const [user, ...more] = await t.catalogue.audit.history('user', `${identity.userId}`, { limit: 9 })
      assert.deepEqual([user?.action, user?.username, more], ['create', 'system', []])
      const [project, ...others] = await t.catalogue.audit.history('project', 'audited', { limit: 9 })
      assert.deepEqual([project?.action, others], ['create', []])
      assert.deepEqual(project?.after, {
        id: identity.projectId,
        name: 'audited',
        keystoneId: identity.project!.id,
        images: 0,
      })
    })

    test('may have ids that are no uuids', async () => {
      const identity = await admitted({ user: { id: 'ldap:eva' }, project: { id: 'P'.repeat(64) } })
      assert.equal(openstackId(await userRow(identity.userId)), 'ldap:eva')
      assert.equal(openstackId(await projectRow(identity.projectId)), 'P'.repeat(64))
    })

    test('is made once, however many tokens come at once', async () => {
      const [user, project] = [
        { id: someId(), name: 'crowd' },
        { id: someId(), name: 'crowd' },
      ]
      const all = await Promise.all(Array.from({ length: 10 }, () => admitted({ user, project })))
      assert.equal(new Set(all.map(({ userId }) => userId)).size, 1)
      assert.equal(new Set(all.map(({ projectId }) => projectId)).size, 1)
    })
  })

  for (const [table, column, index] of [
    ['users', 'keystone_id', 'users_keystone'],
    ['projects', 'keystone_id', 'projects_keystone'],
    ['image_strangers', 'member_id', 'image_strangers_member'],
  ] as const)
    test(`${table} are found by an index`, async () => {
      const ask = ({ database: { db } }: Core) =>
        db.selectFrom(table).selectAll().where(sql.ref(column), '=', sql.val('x')).execute()
      const [plan] = await plansOf(t.core, ask, ['seqscan'])
      assert.match(plan!, new RegExp(`\\b${index}\\b`))
    })

  describe('a user', () => {
    test('is never one that was here before, whatever the names', async () => {
      const local = await t.catalogue.users.byPassword('admin', 'test-password')
      const identity = await admitted({ user: { name: 'admin' } })
      assert.notEqual(identity.userId, local.id)
      assert.equal(identity.user.name, 'admin@Default')
      assert.equal(identity.superAdmin, false)
      assert.equal((await userRow(local.id)).keystone_id, null)
    })

    test('is not one that was here before with the same uuid either', async () => {
      const local = await t.catalogue.users.byPassword('admin', 'test-password')
      const identity = await admitted({ user: { id: local.uuid.replaceAll('-', '') } })
      assert.notEqual(identity.userId, local.id)
      assert.notEqual((await userRow(identity.userId)).uuid, local.uuid)
    })

    test('gets its id into the name where that is taken', async () => {
      await t.apply({ users: [{ username: 'IVAN@default' }] })
      const id = someId()
      const identity = await admitted({ user: { id, name: 'ivan' } })
      assert.equal(identity.user.name, `ivan@Default-${id}`)
    })

    test('is renamed after Keystone', async () => {
      const id = someId()
      const before = await admitted({ user: { id, name: 'olga' } })
      const after = await admitted({ user: { id, name: 'olha' } })
      assert.equal(after.userId, before.userId)
      assert.equal(after.user.name, 'olha@Default')
      assert.equal((await userRow(after.userId)).username_fold, 'olha@default')
      const [entry] = await t.catalogue.audit.history('user', `${after.userId}`, { limit: 1 })
      assert.deepEqual(
        [entry?.action, entry?.before, entry?.after],
        ['update', { username: 'olga@Default' }, { username: 'olha@Default' }],
      )
    })
  })

  describe('a project', () => {
    test('of the same name is the same one, in the default domain', async () => {
      const local = await localProject('Linked')
      const id = someId()
      const identity = await admitted({ project: { id, name: 'linked' } })
      assert.equal(identity.projectId, local.id)
      const row = await projectRow(local.id)
      assert.deepEqual([row.name, row.keystone_id, row.keystone_name], ['Linked', id, null])
      const [entry] = await t.catalogue.audit.history('project', 'Linked', { limit: 1 })
      assert.deepEqual([entry?.action, entry?.after], ['link', { keystoneId: id, images: 0 }])
    })

    test('that is linked keeps its name', async () => {
      const local = await localProject('kept')
      const id = someId()
      await admitted({ project: { id, name: 'kept' } })
      const identity = await admitted({ project: { id, name: 'changed' } })
      assert.equal(identity.projectId, local.id)
      assert.equal((await projectRow(local.id)).name, 'kept')
    })

    test('that is linked is nobody else', async () => {
      const local = await localProject('once')
      await admitted({ project: { name: 'once' } })
      const second = await admitted({ project: { name: 'Once' } })
      assert.notEqual(second.projectId, local.id)
      assert.equal((await projectRow(second.projectId)).name, 'Once@Default')
    })

    test('of another domain is another one', async () => {
      const local = await localProject('shared name')
      const id = someId()
      const identity = await admitted({ project: { name: 'shared name', domain: elsewhere } })
      assert.notEqual(identity.projectId, local.id)
      assert.equal((await projectRow(identity.projectId)).name, 'shared name@Elsewhere')
      const third = await admitted({ project: { id, name: 'Shared Name', domain: elsewhere } })
      assert.equal((await projectRow(third.projectId)).name, `Shared Name@Elsewhere-${id}`)
    })

    test('of the same uuid is the same one, whatever its name', async () => {
      const local = await localProject('by uuid')
      const id = local.uuid.replaceAll('-', '')
      const identity = await admitted({ project: { id, name: 'elsewhere', domain: elsewhere } })
      assert.equal(identity.projectId, local.id)
      assert.equal((await projectRow(local.id)).name, 'by uuid')
    })

    test('that was made is renamed after Keystone, to a name that is free', async () => {
      const id = someId()
      const before = await admitted({ project: { id, name: 'old name' } })
      await localProject('new name')
      const after = await admitted({ project: { id, name: 'New Name' } })
      assert.equal(after.projectId, before.projectId)
      const row = await projectRow(after.projectId)
      assert.deepEqual([row.name, row.label], ['New Name@Default', 'New Name'])
    })

    for (const kind of ['made', 'linked'])
      test(`that is ${kind} has the images that were shared with it before`, async () => {
        const name = `sharing ${kind}`
        if (kind === 'linked') await localProject(name)
        const owner = await admitted()
        const actor = actorOf(owner, 'glance', 'req-1')
        const { uuid } = await t.catalogue.images.create(actor, { name: 'shared', visibility: 'shared' })
        const id = someId()
        await t.catalogue.openstackMembers.add(actor, uuid, id)
        const known = await t.catalogue.openstackMembers.view(actor, uuid, id)
        const identity = await admitted({ project: { id, name } })
        const { db } = t.core.database
        const image = await db
          .selectFrom('images')
          .select('seq')
          .where('uuid', '=', uuid)
          .executeTakeFirstOrThrow()
        const rows = db.selectFrom('image_members').selectAll().where('image_seq', '=', image.seq)
        assert.deepEqual(await rows.execute(), [
          {
            image_seq: image.seq,
            project_id: identity.projectId,
            status: 'pending',
            created_at: known.createdAt,
            updated_at: known.updatedAt,
          },
        ])
        const strangers = db.selectFrom('image_strangers').selectAll().where('member_id', '=', id)
        assert.deepEqual(await strangers.execute(), [])
        assert.equal((await t.catalogue.openstackMembers.view(actor, uuid, id)).openstackId, id)
      })
  })

  describe('an identity', () => {
    test('is the same object for the same word of Keystone, whatever is written', async () => {
      const token = tokenFor()
      const first = await identityOf(token)
      await localProject(`written ${token}`)
      assert.equal(await identityOf(token), first)
      const { token: again } = said.get(token)!
      said.set(token, { token: { ...again, roles: ['reader'] }, expired: false })
      const second = await identityOf(token)
      assert.notEqual(second, first)
      assert.deepEqual([...second.roles], ['reader'])
      assert.equal(second.projectId, first.projectId)
    })

    test('tells the services of the token', async () => {
      const token = tokenFor()
      const endpoint = { id: 'e', interface: 'public', region: 'RegionOne', url: 'http://images.example.org' }
      const services = [{ id: 's', type: 'image', name: 'glance', endpoints: [endpoint] }]
      said.set(token, { token: { ...said.get(token)!.token, services }, expired: false })
      assert.deepEqual((await identityOf(token)).services, services)
    })

    for (const what of ['users', 'projects'] as const)
      test(`is refused while one of its ${what} is disabled here`, async () => {
        const token = tokenFor()
        const identity = await identityOf(token)
        const enable = async (enabled: 0 | 1) => {
          const id = what === 'users' ? identity.userId : identity.projectId!
          await t.core.database.db.updateTable(what).set({ enabled }).where('id', '=', id).execute()
          // What another process writes may be seen a second later.
          t.catalogue.users.forget()
        }
        await enable(0)
        await assert.rejects(identityOf(token), fails('unauthenticated', 'disabled'))
        await enable(1)
        assert.equal(await identityOf(token), identity)
      })

    const all = ['admin', 'member', 'reader']
    const rights: [roles: string[], expanded: string[], held: string[], superAdmin: boolean][] = [
      [all, all, all, true],
      [['Admin'], all, ['admin'], true],
      [['manager'], ['manager', 'member', 'reader'], ['member'], false],
      [['MEMBER', 'Reader'], ['member', 'reader'], ['member', 'reader'], false],
      // As in a token of an application credential.
      [['member'], ['member', 'reader'], ['member'], false],
      [['reader'], ['reader'], ['reader'], false],
      [['service'], ['service'], [], false],
      [['creator', 'owner', 'image_admin'], ['creator', 'owner', 'image_admin'], [], false],
      [[], [], [], false],
    ]
    for (const [roles, expanded, held, superAdmin] of rights)
      test(`with the roles ${roles.join(', ') || 'of nobody'}`, async () => {
        const identity = await admitted({ roles })
        assert.deepEqual([...identity.roles], expanded)
        assert.deepEqual([...(identity.held.get(identity.projectId!) ?? [])], held)
        assert.equal(identity.held.size, held.length === 0 ? 0 : 1)
        assert.equal(identity.superAdmin, superAdmin)
      })

    const scopes: [scope: KeystoneToken['scope'], roles: string[], kept: string[], superAdmin: boolean][] = [
      ['unscoped', ['admin'], [], false],
      ['domain', ['admin'], [], false],
      ['system', ['reader'], ['reader'], false],
      ['system', ['admin', 'reader'], ['admin', 'reader', 'member'], true],
    ]
    for (const [scope, roles, kept, superAdmin] of scopes)
      test(`of a token that is ${scope}, with ${roles.join(', ')}`, async () => {
        const identity = await admitted({ scope, roles })
        assert.deepEqual([identity.projectId, identity.project], [null, null])
        assert.deepEqual([...identity.roles], kept)
        assert.equal(identity.held.size, 0)
        assert.equal(identity.superAdmin, superAdmin)
      })
  })

  describe('access rules of an application credential', () => {
    const rules = [{ service: 'image', method: 'GET', path: '/v2/images' }]

    test('let through what they name, and nothing else', async () => {
      const token = tokenFor({ rules })
      const identity = await identityOf(token)
      for (const [method, path] of [
        ['POST', '/v2/images'],
        ['GET', '/v2/images/1'],
      ] as const)
        await assert.rejects(identityOf(token, { method, path }), fails('unauthenticated'))
      assert.equal(await identityOf(token), identity)
    })

    test('let nothing through where there are none', async () => {
      await assert.rejects(admitted({ rules: [] }), fails('unauthenticated'))
    })

    test('do not bind a service that passes the token on', async () => {
      const token = tokenFor({ rules: [] })
      await identityOf(token, { serviceToken: tokenFor({ roles: ['service'] }) })
      await assert.rejects(identityOf(token, { serviceToken: tokenFor() }), fails('unauthenticated'))
    })
  })

  describe('a service token', () => {
    test('lets an expired token pass, where it has the role', async () => {
      const old = tokenFor({ expired: true })
      await assert.rejects(identityOf(old), fails('unauthenticated'))
      await assert.rejects(
        identityOf(old, { serviceToken: tokenFor({ roles: ['admin'] }) }),
        fails('unauthenticated'),
      )
      const identity = await identityOf(old, { serviceToken: tokenFor({ roles: ['Service', 'admin'] }) })
      assert.deepEqual([...identity.roles], ['member', 'reader', 'service'])
      assert.equal(identity.superAdmin, false)
    })

    test('gives its role to the request that it comes with, and to no other', async () => {
      const [token, serviceToken] = [tokenFor(), tokenFor({ roles: ['service'] })]
      const passedOn = await identityOf(token, { serviceToken })
      const own = await identityOf(token)
      assert.ok(passedOn.roles.has('service') && !own.roles.has('service'))
      assert.equal(await identityOf(token, { serviceToken }), passedOn)
    })

    test('that is not valid makes the request so', async () => {
      await assert.rejects(identityOf(tokenFor(), { serviceToken: 'nobody' }), fails('unauthenticated'))
      const expired = tokenFor({ roles: ['service'], expired: true })
      await assert.rejects(identityOf(tokenFor(), { serviceToken: expired }), fails('unauthenticated'))
    })
  })
})
