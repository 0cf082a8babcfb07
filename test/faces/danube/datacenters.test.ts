import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type World, worlds } from './world.ts'

const denied = { detail: 'Permission denied' }
const notFound = { detail: 'Datacenter not found' }
const success = (result: unknown) => ({ status: 'SUCCESS', result })
const failure = (result: unknown) => ({ status: 'FAILURE', result })
const dated = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{6})?Z$/

for (const [engine, start] of worlds)
  describe(`datacenters on ${engine}`, () => {
    let w: World
    before(async () => {
      w = await start()
      // PostgreSQL gives ids that were written by hand once more, unless a bootstrap file wrote them.
      await w.apply({ projects: [{ id: 9, name: 'counted' }] })
      await w.expect('DELETE', '/dc/counted', {}, 200)
    })
    after(() => w.close())

    test('names, objects, and counters for administrators', async () => {
      await w.expect('GET', '/dc/', {}, 200, success(['acme', 'main', 'park', 'vault']))
      await w.expect('GET', '/dc/?order_by=-name', {}, 200, success(['vault', 'park', 'main', 'acme']))
      await w.expect('GET', '/dc/?order_by=size', {}, 412, {
        detail: 'Invalid order_by; Possible sort fields are: name, created',
      })
      const { body } = await w.ask('GET', '/dc/?full=True')
      const acme = body.result[0]
      assert.match(acme.created, dated)
      const shown = {
        name: 'acme',
        alias: 'Acme Ltd',
        site: '',
        owner: 'chief',
        access: 3,
        desc: '',
        created: acme.created,
      }
      assert.deepEqual(acme, { ...shown, groups: [] })
      assert.deepEqual(Object.keys(acme), [...Object.keys(shown), 'groups'])
      const counters = {
        vms: 0,
        nodes: 0,
        snapshots: 0,
        backups: 0,
        real_vms: 0,
        size_vms: 0,
        size_snapshots: 0,
        size_backups: 0,
      }
      await w.expect('GET', '/dc/acme/?extended=1', {}, 200, success({ ...shown, groups: [], ...counters }))
      // `full` has no effect on one.
      await w.expect('GET', '/dc/acme?full=1', { as: 'chief' }, 200, success(shown))
      await w.expect('GET', '/dc/acme?extended=1', { as: 'chief' }, 200, success(shown))
      await w.expect('GET', '/dc/acme/', { as: 'keeper' }, 200, success(shown))
    })

    test('who sees what', async () => {
      for (const person of ['chief', 'importer', 'keeper', 'member'] as const)
        await w.expect('GET', '/dc', { as: person }, 200, success(['acme', 'main', 'park']))
      await w.expect('GET', '/dc', { as: 'lone' }, 200, success(['main', 'park']))
      await w.expect('GET', '/dc/acme', { as: 'lone' }, 404, notFound)
      await w.expect('GET', '/dc/nowhere', {}, 404, notFound)
      await w.expect('GET', '/dc', { as: 'nobody' }, 403, {
        detail: 'Authentication credentials were not provided.',
      })
    })

    test('made with defaults, changed, and removed', async () => {
      const { body, headers } = await w.expect(
        'POST',
        '/dc/dc02/',
        { json: { site: 'dc02.example.org' } },
        201,
      )
      const made = body.result
      assert.deepEqual(made, {
        name: 'dc02',
        alias: 'dc02',
        site: 'dc02.example.org',
        owner: 'admin',
        access: 3,
        desc: '',
        created: made.created,
        groups: [],
      })
      assert.equal(headers.get('es_task_id'), body.task_id)
      assert.match(body.task_id, new RegExp(`^${w.ids.admin}d${w.ids.admin}u1-`))
      await w.expect('POST', '/dc/dc02', { json: {} }, 406, { detail: 'Datacenter already exists' })
      const json = { alias: 'Two', access: '1', owner: 'chief', desc: 'words', site: 'a:1.b', name: 'other' }
      const changed = { ...made, alias: 'Two', access: 1, owner: 'chief', desc: 'words', site: 'a:1.b' }
      await w.expect('PUT', '/dc/dc02', { json }, 200, success(changed))
      await w.expect('PUT', '/dc/dc02', { json: { desc: null } }, 200, success({ ...changed, desc: '' }))
      await w.expect('PUT', '/dc/dc02', {}, 200, success({ ...changed, desc: '' }))
      // The new owner is its admin from now on.
      await w.expect('GET', '/dc/dc02/settings', { as: 'chief' }, 200)
      await w.expect('DELETE', '/dc/dc02', { json: {} }, 200, success(null))
      await w.expect('GET', '/dc/dc02', {}, 404, notFound)
      await w.expect('DELETE', '/dc/dc02', {}, 404, notFound)
      await w.expect('PUT', '/dc/dc02', { json: {} }, 404, notFound)
    })

    test('the task log tells of it in main, by the id of the answer', async () => {
      const { body } = await w.ask('POST', '/dc/logged', { json: { site: 'dc.example.org', access: 1 } })
      const log = await w.ask('GET', '/task/log')
      const { time: _time, ...entry } = log.body.results[0]
      assert.deepEqual(
        [entry.task, entry.status, entry.object_type, entry.object_name, entry.msg, entry.flag, entry.detail],
        [
          body.task_id,
          'SUCCESS',
          'dc',
          'logged',
          'Create datacenter',
          1,
          "alias='logged' site='dc.example.org' owner='admin' access=1 desc=''",
        ],
      )
      await w.expect('DELETE', '/dc/logged', {}, 200)
    })

    describe('what is wrong is told field by field', () => {
      const site = 'dc.example.org'
      const cases: [string, string, object, object][] = [
        ['nothing said', 'dc03', {}, { site: ['This field is required.'] }],
        ['an empty site', 'dc03', { site: '' }, { site: ['This field is required.'] }],
        ['a short site', 'dc03', { site: 'ab' }, { site: ['Invalid value.'] }],
        ['a site in capitals', 'dc03', { site: 'DC.example' }, { site: ['Invalid value.'] }],
        ['a name that begins badly', '.dc', { site }, { name: ['Invalid value.'] }],
        [
          'a long name',
          'a-datacenter-name',
          { site },
          { name: ['Ensure this value has at most 16 characters (it has 17).'] },
        ],
        [
          'everything at once',
          'dc03',
          { alias: '<b>', owner: 'nobody', access: 4, desc: 'x'.repeat(129) },
          {
            alias: ['Invalid value.'],
            access: ['Select a valid choice. 4 is not one of the available choices.'],
            desc: ['Ensure this value has at most 128 characters (it has 129).'],
            owner: ['Object with username=nobody does not exist.'],
            site: ['This field is required.'],
          },
        ],
        ['no owner', 'dc03', { site, owner: null }, { owner: ['This field is required.'] }],
        ['an owner that is none', 'dc03', { site, owner: 'None' }, { owner: ['This field is required.'] }],
        ['an access that is no number', 'dc03', { site, access: 'x' }, { access: ['Enter a whole number.'] }],
      ]
      for (const [what, name, json, errors] of cases)
        test(what, async () => {
          await w.expect('POST', `/dc/${name}`, { json }, 400, failure(errors))
        })

      test('and a change is judged alike', async () => {
        await w.expect('PUT', '/dc/acme', { json: { alias: '', access: 2 } }, 400, {
          status: 'FAILURE',
          result: {
            alias: ['This field is required.'],
            access: ['Select a valid choice. 2 is not one of the available choices.'],
          },
        })
      })
      test('a body that is none says nothing', async () => {
        await w.expect(
          'POST',
          '/dc/dc03',
          { body: '{"site":' },
          400,
          failure({ site: ['This field is required.'] }),
        )
      })
    })

    test('only administrators write, whether there is such a datacenter or not', async () => {
      for (const person of ['chief', 'importer', 'lone'] as const)
        for (const method of ['POST', 'PUT', 'DELETE'])
          for (const name of ['acme', 'nowhere'])
            await w.expect(method, `/dc/${name}`, { as: person, json: {} }, 403, denied)
    })

    test('what a datacenter holds keeps it', async () => {
      await w.apply({
        instances: [
          { hostname: 'vm1', project: 'park' },
          { hostname: 'vm2', project: 'vault', node: 'node01' },
        ],
        images: [{ uuid: '1d6e8c1a-7a0b-4a0e-8d7b-5c3f0f2f9a10', name: 'disk', project: 'acme' }],
      })
      for (const [name, detail] of [
        ['main', 'Default datacenter cannot be deleted'],
        ['park', 'Datacenter has VMs'],
        ['vault', 'Datacenter has nodes'],
        ['acme', 'Datacenter has images'],
      ])
        await w.expect('DELETE', `/dc/${name}`, {}, 428, { detail })
    })

    test('other verbs and names', async () => {
      const reply = await w.expect('POST', '/dc', {}, 405, { detail: 'Method "POST" not allowed.' })
      assert.match(reply.headers.get('allow') ?? '', /GET/)
      const unknown = await w.ask('GET', '/dc/a%20b')
      assert.deepEqual([unknown.status, unknown.text], [404, 'Resource not found'])
    })
  })
