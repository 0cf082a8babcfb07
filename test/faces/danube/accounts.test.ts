import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type World, worlds } from './world.ts'

const denied = { detail: 'Permission denied' }
const notFound = { detail: 'User not found' }
const success = (result: unknown) => ({ status: 'SUCCESS', result })
const failure = (result: unknown) => ({ status: 'FAILURE', result })
const required = ['This field is required.']
const own = ["You don't have permission to modify this attribute."]

const draft = {
  email: 'eva@example.org',
  first_name: 'Eva',
  last_name: 'Novak',
  password: 'a long password',
}

for (const [engine, start] of worlds)
  describe(`users on ${engine}`, () => {
    let w: World
    before(async () => {
      w = await start()
      await w.group('builders', { users: [], roles: { 2: 'image_admin' } })
    })
    after(() => w.close())

    const login = (username: string, password: string) =>
      w.ask('POST', '/accounts/login', { as: 'nobody', json: { username, password } })
    const withToken = (token: string) =>
      ({ as: 'nobody', headers: { authorization: `Token ${token}` } }) as const

    test('made, signed in, changed and removed', async () => {
      const { body } = await w.expect('POST', '/accounts/user/eva@example.org/', { json: draft }, 201)
      const shown = {
        api_key: null,
        callback_key: null,
        dc_bound: false,
        username: 'eva@example.org',
        current_dc: 'main',
        email: 'eva@example.org',
        first_name: 'Eva',
        last_name: 'Novak',
        is_super_admin: false,
        is_active: true,
        api_access: true,
        groups: [],
        created: body.result.created,
      }
      assert.deepEqual(body.result, shown)
      assert.deepEqual(Object.keys(body.result), Object.keys(shown))
      assert.match(shown.created, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{6})?Z$/)
      const path = '/accounts/user/eva@example.org'
      await w.expect('POST', path, { json: {} }, 406, { detail: 'User already exists' })
      await w.expect('GET', path, {}, 200, success(shown))
      const { token } = (await login('eva@example.org', 'a long password')).body
      await w.expect('GET', path, withToken(token), 200, success(shown))
      const json = {
        last_name: 'Nova',
        groups: ['builders'],
        current_dc: 'acme',
        dc_bound: 'true',
        is_super_admin: 'false',
        password: 'another password',
      }
      const changed = {
        ...shown,
        last_name: 'Nova',
        groups: ['builders'],
        current_dc: 'acme',
        dc_bound: true,
      }
      await w.expect('PUT', path, { json }, 200, success(changed))
      // The new password ended what the old one opened.
      await w.expect('GET', path, withToken(token), 403, { detail: 'Invalid token.' })
      assert.equal((await login('eva@example.org', 'a long password')).status, 400)
      const again = (await login('eva@example.org', 'another password')).body.token
      assert.equal((await w.ask('GET', '/image', withToken(again))).status, 200)
      await w.expect(
        'PUT',
        path,
        { json: { is_active: false } },
        200,
        success({ ...changed, is_active: false }),
      )
      await w.expect('GET', path, withToken(again), 403, { detail: 'User inactive or deleted.' })
      await w.expect('DELETE', path, { json: {} }, 200, success(null))
      await w.expect('GET', path, {}, 404, notFound)
      await w.expect('DELETE', path, {}, 404, notFound)
    })

    test('names, objects and order', async () => {
      const names = ['admin', 'chief', 'importer', 'keeper', 'lone', 'member']
      await w.expect('GET', '/accounts/user', {}, 200, success(names))
      await w.expect('GET', '/accounts/user?order_by=-username', {}, 200, success(names.toReversed()))
      const { body } = await w.ask('GET', '/accounts/user/?full=true&order_by=username')
      assert.deepEqual(
        body.result.map((user: { username: string }) => user.username),
        names,
      )
      await w.expect('GET', '/accounts/user?order_by=email', {}, 412, {
        detail: 'Invalid order_by; Possible sort fields are: username, created',
      })
    })

    for (const [what, json, errors] of [
      [
        'nothing said',
        {},
        { email: required, first_name: required, last_name: required, password: required },
      ],
      [
        'wrong values',
        {
          ...draft,
          email: 'nowhere',
          first_name: '<b>',
          last_name: 'x'.repeat(31),
          password: '',
          groups: ['nobodies'],
          current_dc: 'nowhere',
        },
        {
          email: ['Enter a valid email address.'],
          first_name: ['Invalid value.'],
          last_name: ['Ensure this value has at most 30 characters (it has 31).'],
          password: required,
          groups: ['Object with name=nobodies does not exist.'],
          current_dc: ['Object with name=nowhere does not exist.'],
        },
      ],
    ] as const)
      test(`refused: ${what}`, async () => {
        await w.expect('POST', '/accounts/user/wrong', { json }, 400, failure(errors))
        await w.expect('GET', '/accounts/user/wrong', {}, 404, notFound)
      })

    test('a change is judged alike', async () => {
      await w.expect('PUT', '/accounts/user/lone', { json: { email: null, password: null } }, 400, {
        status: 'FAILURE',
        result: { email: required, password: required },
      })
    })

    test('others see and change themselves only', async () => {
      const as = { as: 'lone' } as const
      await w.expect('GET', '/accounts/user', as, 200, success(['lone']))
      const { body } = await w.ask('GET', '/accounts/user?full=1', as)
      await w.expect('GET', '/accounts/user/lone', as, 200, success(body.result[0]))
      for (const username of ['admin', 'nobody']) {
        await w.expect('GET', `/accounts/user/${username}`, as, 403, denied)
        await w.expect('PUT', `/accounts/user/${username}`, { ...as, json: {} }, 403, denied)
        await w.expect('POST', `/accounts/user/${username}`, { ...as, json: draft }, 403, denied)
        await w.expect('DELETE', `/accounts/user/${username}`, as, 403, denied)
        await w.expect('GET', `/accounts/user/${username}/apikeys`, as, 403, denied)
        await w.expect(
          'PUT',
          `/accounts/user/${username}/apikeys`,
          { ...as, json: { api_key: true } },
          403,
          denied,
        )
      }
      await w.expect('DELETE', '/accounts/user/lone', as, 403, denied)
      const json = { first_name: 'Lo', current_dc: 'park' }
      await w.expect('PUT', '/accounts/user/lone', { ...as, json }, 200, {
        status: 'SUCCESS',
        result: { ...body.result[0], ...json },
      })
      // The new current datacenter is in force at once.
      const vms = await w.ask('GET', '/task/log', as)
      assert.equal(vms.headers.get('es_dc'), 'park')
      await w.expect(
        'PUT',
        '/accounts/user/lone',
        { ...as, json: { is_super_admin: true, groups: ['builders'], api_access: false } },
        400,
        failure({ is_super_admin: own, api_access: own, groups: own }),
      )
      // Neither groups nor datacenters can be found out by trying.
      await w.expect('PUT', '/accounts/user/lone', { ...as, json: { groups: ['nobodies'] } }, 400, {
        status: 'FAILURE',
        result: { groups: own },
      })
      for (const name of ['vault', 'nowhere'])
        await w.expect('PUT', '/accounts/user/lone', { ...as, json: { current_dc: name } }, 400, {
          status: 'FAILURE',
          result: { current_dc: [`Object with name=${name} does not exist.`] },
        })
    })

    test('keys are made by token only, and shown once', async () => {
      const path = '/accounts/user/keeper/apikeys'
      const as = { as: 'keeper' } as const
      const none = { api_key: null, callback_key: null }
      await w.expect('GET', path, as, 200, success(none))
      await w.expect('PUT', path, { ...as, json: {} }, 200, success(none))
      const { body } = await w.expect('PUT', path, { ...as, json: { api_key: true } }, 200)
      const key = body.result.api_key
      assert.match(key, /^[0-9a-f]{40}$/)
      assert.equal(body.result.callback_key, null)
      const byKey = { as: 'nobody', headers: { 'es-api-key': key } } as const
      await w.expect('GET', '/accounts/user/keeper', byKey, 200)
      await w.expect('GET', path, byKey, 403, denied)
      await w.expect('PUT', path, { ...byKey, json: { api_key: true } }, 403, denied)
      const masked = { api_key: '***', callback_key: null }
      await w.expect('GET', path, as, 200, success(masked))
      assert.equal((await w.ask('GET', '/accounts/user/keeper', as)).body.result.api_key, '***')
      const second = await w.expect('PUT', path, { ...as, json: { callback_key: 'true' } }, 200)
      assert.equal(second.body.result.api_key, '***')
      assert.match(second.body.result.callback_key, /^[0-9a-f]{40}$/)
      await w.expect('PUT', path, { json: { api_key: 1 } }, 200)
      await w.expect('GET', '/accounts/user/keeper', byKey, 403, { detail: 'Invalid API key' })
      await w.expect('PUT', '/accounts/user/nobody/apikeys', { json: { api_key: true } }, 404, notFound)
      const log = JSON.stringify((await w.ask('GET', '/task/log')).body)
      assert.ok(!log.includes(key))
    })

    test('the last administrator and oneself stay', async () => {
      await w.expect('DELETE', '/accounts/user/admin', {}, 428, { detail: 'You cannot delete yourself' })
      const last = { detail: 'Last administrator cannot be deleted or disabled' }
      await w.expect('PUT', '/accounts/user/admin', { json: { is_super_admin: false } }, 428, last)
      await w.expect('PUT', '/accounts/user/admin', { json: { is_active: false } }, 400, {
        status: 'FAILURE',
        result: { is_active: ['You cannot disable yourself.'] },
      })
      await w.expect('GET', '/accounts/user/admin', {}, 200)
    })

    test('a user who has something stays, and what it has is told', async () => {
      await w.apply({ instances: [{ hostname: 'web01', project: 'acme', owner: 'chief' }] })
      await w.expect('DELETE', '/accounts/user/chief', {}, 400, {
        status: 'FAILURE',
        result: {
          detail: 'Cannot delete user, because he has relations to some objects.',
          relations: { Datacenter: ['acme'], VM: ['web01'] },
        },
      })
    })

    test('nobody asks without credentials, and odd names are no paths', async () => {
      await w.expect('GET', '/accounts/user', { as: 'nobody' }, 403, {
        detail: 'Authentication credentials were not provided.',
      })
      const odd = await w.ask('GET', '/accounts/user/a%20b')
      assert.deepEqual([odd.status, odd.text], [404, 'Resource not found'])
    })
  })
