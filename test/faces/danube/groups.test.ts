import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type World, worlds } from './world.ts'

const denied = { detail: 'Permission denied' }
const notFound = { detail: 'Group not found' }
const exists = { detail: 'Group already exists' }
const success = (result: unknown) => ({ status: 'SUCCESS', result })
const failure = (result: unknown) => ({ status: 'FAILURE', result })

for (const [engine, start] of worlds)
  describe(`groups on ${engine}`, () => {
    let w: World
    before(async () => {
      w = await start()
    })
    after(() => w.close())

    test('the permissions that there are', async () => {
      await w.expect('GET', '/accounts/permission/', { as: 'lone' }, 200, {
        status: 'SUCCESS',
        result: [
          'admin',
          'network_admin',
          'image_admin',
          'image_import_admin',
          'template_admin',
          'iso_admin',
          'user_admin',
          'dns_admin',
          'monitoring_admin',
        ],
      })
    })

    test('made, shown, changed and removed', async () => {
      const json = {
        alias: 'Builders',
        permissions: 'image_admin,admin',
        users: ['lone'],
        dc_bound: true,
        dc: 'acme',
      }
      const { body } = await w.expect('POST', '/accounts/group/builders/', { json }, 201)
      const made = body.result
      const shown = {
        name: 'builders',
        alias: 'Builders',
        permissions: ['admin', 'image_admin'],
        users: ['lone'],
        dc_bound: true,
        created: made.created,
      }
      assert.deepEqual(made, shown)
      assert.deepEqual(Object.keys(made), Object.keys(shown))
      await w.expect('POST', '/accounts/group/builders', { json: {} }, 406, exists)
      await w.expect('GET', '/accounts/group', {}, 200, success(['builders']))
      await w.expect('GET', '/accounts/group?full=1', {}, 200, success([shown]))
      await w.expect('GET', '/accounts/group/builders', {}, 200, success(shown))
      const changed = { ...shown, users: [], dc_bound: false }
      await w.expect('PUT', '/accounts/group/builders', { json: { users: null, dc_bound: false } }, 200, {
        status: 'SUCCESS',
        result: changed,
      })
      await w.expect('DELETE', '/accounts/group/builders', {}, 200, success(null))
      await w.expect('GET', '/accounts/group/builders', {}, 404, notFound)
      await w.expect('PUT', '/accounts/group/builders', { json: {} }, 404, notFound)
      await w.expect('DELETE', '/accounts/group/builders', {}, 404, notFound)
    })

    test('defaults', async () => {
      const { body } = await w.expect('POST', '/accounts/group/plain', {}, 201)
      const { created: _created, ...rest } = body.result
      assert.deepEqual(rest, { name: 'plain', alias: 'plain', permissions: [], users: [], dc_bound: false })
      await w.expect('DELETE', '/accounts/group/plain', {}, 200)
    })

    for (const [json, errors] of [
      [
        { permissions: ['admin', 'king'], users: ['nobody', 'lone'], alias: '<' },
        {
          alias: ['Invalid value.'],
          permissions: ['Object with name=king does not exist.'],
          users: ['Object with username=nobody does not exist.'],
        },
      ],
      [
        { permissions: { a: 1 }, users: 7 },
        { permissions: ['Invalid value.'], users: ['Invalid value.'] },
      ],
    ])
      test(`refused: ${JSON.stringify(json)}`, async () => {
        await w.expect('POST', '/accounts/group/wrong', { json }, 400, failure(errors))
        await w.expect('GET', '/accounts/group/wrong', {}, 404, notFound)
      })

    test('a datacenter that is none cannot bind', async () => {
      await w.expect('POST', '/accounts/group/wrong', { json: { dc_bound: true, dc: 'nowhere' } }, 404, {
        detail: 'Datacenter not found',
      })
    })

    test('attached to a datacenter it makes its users image admins there, until it is detached', async () => {
      const json = { permissions: ['admin', 'image_admin'], users: ['lone'] }
      const { body } = await w.expect('POST', '/accounts/group/team', { json }, 201)
      await w.expect('GET', '/image', { as: 'lone' }, 403, denied)
      await w.expect('POST', '/dc/acme/group/team', {}, 201, success(body.result))
      await w.expect('POST', '/dc/acme/group/team', {}, 406, exists)
      await w.expect('GET', '/image', { as: 'lone' }, 200, success([]))
      await w.expect('GET', '/dc/acme/group', { as: 'lone' }, 200, success(['team']))
      await w.expect('GET', '/dc/acme/group?full=1', { as: 'chief' }, 200, success([body.result]))
      await w.expect('GET', '/dc/acme/group/team', { as: 'chief' }, 200, success(body.result))
      assert.deepEqual((await w.ask('GET', '/dc/acme')).body.result.groups, ['team'])
      // Less in the group is less in the datacenter.
      await w.expect('PUT', '/accounts/group/team', { json: { permissions: ['image_admin'] } }, 200)
      await w.expect('GET', '/image', { as: 'lone' }, 403, denied)
      await w.expect('GET', '/dc/acme/group', { as: 'lone' }, 403, denied)
      await w.expect('GET', '/dc/acme', { as: 'lone' }, 200)
      await w.expect('DELETE', '/dc/acme/group/team', { json: {} }, 200, success(null))
      await w.expect('GET', '/dc/acme', { as: 'lone' }, 404, { detail: 'Datacenter not found' })
      await w.expect('DELETE', '/dc/acme/group/team', {}, 404, notFound)
      await w.expect('GET', '/dc/acme/group/team', {}, 404, notFound)
      await w.expect('POST', '/dc/nowhere/group/team', {}, 404, { detail: 'Datacenter not found' })
      await w.expect('POST', '/dc/acme/group/nobodies', {}, 404, notFound)
      await w.expect('DELETE', '/accounts/group/team', {}, 200)
    })

    test('only administrators see and write groups', async () => {
      await w.group('secret', { users: ['chief'], roles: { 2: 'owner' } })
      for (const [method, path] of [
        ['GET', '/accounts/group'],
        ['GET', '/accounts/group/secret'],
        ['GET', '/accounts/group/nobodies'],
        ['POST', '/accounts/group/new'],
        ['POST', '/accounts/group/secret'],
        ['PUT', '/accounts/group/secret'],
        ['DELETE', '/accounts/group/secret'],
        ['POST', '/dc/acme/group/secret'],
        ['DELETE', '/dc/acme/group/secret'],
        ['GET', '/dc/park/group'],
      ] as const)
        await w.expect(method, path, { as: 'chief', ...(method === 'GET' ? {} : { json: {} }) }, 403, denied)
      await w.expect('GET', '/dc/acme/group', { as: 'member' }, 403, denied)
      await w.expect('GET', '/dc/acme/group', { as: 'lone' }, 404, { detail: 'Datacenter not found' })
      await w.expect('GET', '/accounts/group', { as: 'nobody' }, 403)
    })
  })
