import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { type Actor, systemActor } from '../../../src/catalogue/actor.ts'
import { endTask } from '../../../src/catalogue/tasks/end.ts'
import { enqueue } from '../../../src/catalogue/tasks/enqueue.ts'
import type { Work } from '../../../src/catalogue/tasks/log.ts'
import { parseTaskId, taskIdOf } from '../../../src/faces/danube/task-id.ts'
import { type Repository, startRepository } from './repository.ts'
import { type Person, startWorld, type World, worlds } from './world.ts'

const denied = { detail: 'Permission denied' }
const gone = { detail: 'Task does not exist (anymore)' }
const notCancelled = { detail: 'Task cannot be canceled' }

for (const [engine, start] of worlds)
  describe(`tasks on ${engine} (danube.md 2)`, () => {
    let world: World
    let repository: Repository
    before(async () => {
      repository = await startRepository()
      world = await start({ importAllow: '127.0.0.0/8' })
    })
    after(async () => {
      await repository?.close()
      await world?.close()
    })

    /** A task of a kind that nobody carries out: it stays pending. */
    async function waiting(as: Person, projectId = 2, owner: Person = as): Promise<string> {
      const { database } = world.core
      const actor: Actor = { ...systemActor, userId: world.ids[as], username: as, projectId, face: 'danube' }
      const work: Work = {
        message: 'Import image',
        detail: "alias='x'",
        object: {
          type: 'image',
          id: randomUUID(),
          name: 'waiting',
          alias: 'x',
          ownerUserId: world.ids[owner],
        },
        projectId,
        bound: false,
      }
      const id = await database.transaction((trx) =>
        enqueue(trx, actor, { kind: 'never', subject: 'waiting', payload: {}, work }),
      )
      const row = await database.db
        .selectFrom('tasks')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      return taskIdOf({
        id,
        kind: 'never',
        userId: row.user_id,
        ownerUserId: row.owner_user_id,
        projectId: row.project_id,
      })
    }
    async function importing(as: Person = 'importer') {
      const { promise: when, resolve: go } = Promise.withResolvers<void>()
      const { manifestUrl } = repository.add({ when })
      const handle = `task-${randomUUID().slice(0, 8)}`
      const { body } = await world.ask('POST', `/image/${handle}`, {
        as,
        json: { manifest_url: manifestUrl, dc: 'acme' },
      })
      return { id: body.task_id as string, handle, go }
    }

    test('pending, started, done: states with their codes, under both names', async () => {
      const { id, handle, go } = await importing()
      for (const path of ['status', 'state', 'status/', 'state/']) {
        const { status, body, headers } = await world.ask('GET', `/task/${id}/${path}`, { as: 'importer' })
        assert.equal(status, 201)
        assert.ok(['PENDING', 'STARTED'].includes(body.status))
        assert.deepEqual(Object.keys(body), ['task_id', 'status', 'result'])
        assert.deepEqual([body.task_id, body.result], [id, null])
        assert.equal(headers.get('es_task_response'), 'true')
        assert.equal(headers.get('es_task_id'), id)
      }
      const undone = await world.ask('GET', `/task/${id}/done/`, { as: 'importer' })
      assert.deepEqual([undone.status, undone.text], [201, `{"task_id":"${id}","done":false}`])
      // Only the status itself is a task's answer (0.5).
      assert.equal(undone.headers.get('es_task_response'), null)
      const listed = await world.ask('GET', '/task?dc=acme', { as: 'importer' })
      assert.deepEqual(listed.body, [id])
      // Pending, but in another datacenter than the current one.
      await world.expect('GET', `/task/${id}`, { as: 'importer' }, 404, { detail: 'Task does not exist' })
      const details = await world.ask('GET', `/dc/acme/task/${id}`, { as: 'importer' })
      assert.equal(details.status, 200)
      const { time, ...told } = details.body
      assert.ok(Math.abs(time - Date.now() / 1000) < 60)
      assert.deepEqual(told, { view: 'image_manage', method: 'POST', name: handle, task_id: id })
      go()
      await world.ended(id)
      const { status, body } = await world.ask('GET', `/task/${id}/status`, { as: 'importer' })
      assert.deepEqual([status, body.status, body.result.returncode], [200, 'SUCCESS', 0])
      const done = await world.ask('GET', `/task/${id}/done`, { as: 'importer' })
      assert.deepEqual([done.status, done.body], [200, { task_id: id, done: true }])
      await world.expect('GET', `/task/${id}?dc=acme`, { as: 'importer' }, 404, {
        detail: 'Task does not exist',
      })
      assert.deepEqual((await world.ask('GET', '/task?dc=acme', { as: 'importer' })).body, [])
    })

    test('with ES-STREAM the status waits for the end', async () => {
      const { id, go } = await importing()
      setTimeout(go, 300)
      const headers = { 'es-stream': 'es', accept: 'application/json; indent=4' }
      const reply = await world.ask('GET', `/task/${id}/status/`, { as: 'importer', headers })
      assert.equal(reply.status, 201)
      assert.equal(reply.headers.get('es_stream'), 'True')
      assert.match(reply.text, /^ *200\n\{\n {4}"task_id": "[^"]+",\n {4}"status": "SUCCESS",/)
    })

    test('who may look: creator, owner, administrators of the datacenter', async () => {
      const id = await waiting('importer', 2, 'lone')
      for (const [as, status] of [
        ['importer', 201],
        ['lone', 201],
        ['chief', 201],
        ['keeper', 201],
        ['admin', 201],
        ['member', 403],
      ] as const)
        assert.equal((await world.ask('GET', `/task/${id}/status`, { as })).status, status, as)
      await world.expect('GET', `/task/${id}/done`, { as: 'member' }, 403, denied)
      await world.expect('GET', `/task/${id}/status`, { as: 'nobody' }, 403)
      // The owner who is not the creator may look on, and no more; who may not even look may not cancel, either.
      for (const as of ['lone', 'member'] as const)
        await world.expect('PUT', `/task/${id}/cancel`, { as, json: {} }, 403, denied)
      await world.expect('PUT', `/dc/acme/task/${id}/cancel`, { as: 'importer', json: {} }, 410)
      const another = await waiting('importer', 2, 'lone')
      await world.expect('PUT', `/dc/acme/task/${another}/cancel`, { as: 'chief', json: {} }, 410)
    })

    test('ids that nothing is known of, and what is no id', async () => {
      const admin = world.ids.admin
      const { body } = await world.ask('GET', '/image/?x=1')
      const dummy = body.task_id
      const tails = ['12345678-0000-1111-aaaa', '0000-1111-aaaa-12345678']
      for (const id of tails.map((tail) => `${admin}e${admin}d1-${tail}`)) {
        await world.expect('GET', `/task/${id}/status`, {}, 201, { status: 'PENDING', result: null })
        assert.deepEqual((await world.ask('GET', `/task/${id}/done`)).body, { task_id: id, done: false })
        await world.expect('GET', `/task/${id}`, {}, 404, { detail: 'Task does not exist' })
        await world.expect('PUT', `/task/${id}/cancel`, { json: {} }, 406, notCancelled)
        await world.expect('DELETE', `/task/${id}`, { json: { force: true } }, 404, {
          detail: 'Task does not exist',
        })
      }
      await world.expect('GET', `/task/${dummy}/status`, {}, 404, gone)
      await world.expect('GET', `/task/${dummy}/done`, {}, 404, gone)
      await world.expect('PUT', `/task/${dummy}/cancel`, { json: {} }, 406, notCancelled)
      for (const bad of [
        'x',
        '1e1u1-12345678-1111-1111',
        `${admin}e${admin}d77-12345678-0000-1111-aaaa`,
        '1z1u1-12345678-0000-1111-aaaa',
      ])
        for (const path of ['', '/status', '/done'])
          await world.expect('GET', `/task/${bad}${path}`, {}, 403, denied)
      const { status, text } = await world.ask('GET', '/task/a_b/status')
      assert.deepEqual([status, text], [404, 'Resource not found'])
    })

    test('another user or datacenter in a known id makes it an unknown one', async () => {
      const id = await waiting('keeper')
      const [, tail] = [id, id.slice(id.indexOf('-'))]
      const other = `${world.ids.admin}e${world.ids.admin}u2${tail}`
      await world.expect('PUT', `/dc/acme/task/${other}/cancel`, { json: {} }, 406, notCancelled)
      // Nor does management go by the id of work.
      const managing = id.replace('e', 'm')
      await world.expect('PUT', `/dc/acme/task/${managing}/cancel`, { json: {} }, 406, notCancelled)
      await world.expect('GET', `/task/${managing}/status`, {}, 201, { status: 'PENDING', result: null })
      await world.expect('PUT', `/dc/acme/task/${id}/cancel`, { json: {} }, 410)
    })

    test('cancel: only where the task is, only while it is pending; what it did is taken back', async () => {
      const { id, handle } = await importing()
      await world.expect('PUT', `/task/${id}/cancel/`, { as: 'importer', json: {} }, 406, notCancelled)
      const reply = await world.ask('PUT', `/task/${id}/cancel/`, {
        as: 'importer',
        json: { dc: 'acme', force: 'true' },
      })
      assert.ok(reply.status === 410 || reply.status === 201, reply.text)
      assert.equal(reply.headers.get('es_task_response'), 'true')
      await world.ended(id)
      const { status, body } = await world.ask('GET', `/task/${id}/status`, { as: 'importer' })
      assert.deepEqual([status, body.status], [410, 'REVOKED'])
      assert.ok(['terminated', 'revoked'].includes(body.result))
      await world.expect('GET', `/image/${handle}`, { as: 'importer' }, 404, { detail: 'Image not found' })
      await world.expect('PUT', `/task/${id}/cancel`, { json: { dc: 'acme' } }, 406, notCancelled)
      const waits = await waiting('keeper')
      await world.expect('PUT', `/task/${waits}/cancel`, { json: { dc: 'acme' } }, 410, {
        status: 'REVOKED',
        result: 'revoked',
      })
    })

    test('cancel: work that does not let go within a second is told as pending, to es as well', async () => {
      const id = await waiting('keeper')
      const { db } = world.core.database
      const { id: taskId } = await db
        .selectFrom('tasks')
        .select('id')
        .where('id', 'like', `${parseTaskId(id)!.tail}-%`)
        .executeTakeFirstOrThrow()
      const running = { state: 'running', process_id: world.core.processId, started_at: 1 } as const
      await db.updateTable('tasks').set(running).where('id', '=', taskId).execute()
      for (const more of [{}, { 'es-stream': 'es' }] as Record<string, string>[]) {
        const begun = performance.now()
        const ask = { as: 'keeper', json: {}, headers: more } as const
        const { status, text, headers } = await world.ask('PUT', `/dc/acme/task/${id}/cancel`, ask)
        assert.ok(performance.now() - begun > 900)
        assert.deepEqual([status, text], [201, `{"task_id":"${id}","status":"STARTED","result":null}`])
        assert.deepEqual([headers.get('es_stream'), headers.get('es_task_response')], [null, 'true'])
      }
      assert.ok(await endTask(world.core, taskId, { state: 'running' }, { state: 'cancelled' }))
      await world.expect('PUT', `/dc/acme/task/${id}/cancel`, { as: 'keeper', json: {} }, 406, notCancelled)
    })

    test('delete: administrators only, by force only', async () => {
      const id = await waiting('keeper')
      await world.expect(
        'DELETE',
        `/dc/acme/task/${id}`,
        { as: 'keeper', json: { force: true } },
        403,
        denied,
      )
      await world.expect('DELETE', `/task/${id}`, { json: { force: true } }, 404, {
        detail: 'Task does not exist',
      })
      await world.expect('DELETE', `/dc/acme/task/${id}`, { json: {} }, 406, {
        detail: 'Safe task deletion is not implemented',
      })
      const { status, text } = await world.ask('DELETE', `/dc/acme/task/${id}`, { json: { force: true } })
      assert.deepEqual([status, text], [200, '"Delete pending"'])
      await world.expect('GET', `/task/${id}/status`, {}, 410)
    })

    test('lists: administrators see all of the datacenter, others their own', async () => {
      const [one, two] = [await waiting('importer'), await waiting('member')]
      const elsewhere = await waiting('member', 3)
      const list = async (as: Person, dc: string) => (await world.ask('GET', `/dc/${dc}/task/`, { as })).body
      assert.deepEqual(await list('chief', 'acme'), [one, two])
      assert.deepEqual(await list('member', 'acme'), [two])
      assert.deepEqual(await list('member', 'park'), [elsewhere])
      assert.deepEqual(await list('lone', 'park'), [])
      // The log likewise.
      const logged = async (as: Person) => {
        const { body } = await world.ask('GET', '/dc/acme/task/log?page=1', { as })
        return body.results.map(({ task }: { task: string }) => task)
      }
      assert.deepEqual(await logged('member'), [two])
      // What somebody else does to one's own things is one's own affair, too.
      const theirs = await waiting('importer', 3, 'lone')
      const { body: park } = await world.ask('GET', '/dc/park/task/log?page=1', { as: 'lone' })
      assert.deepEqual(
        park.results.map(({ task }: { task: string }) => task),
        [theirs],
      )
      assert.deepEqual((await logged('chief')).slice(0, 2), [two, one])
      await world.expect('PUT', `/dc/park/task/${theirs}/cancel`, { json: {} }, 410)
      for (const id of [one, two]) await world.expect('PUT', `/dc/acme/task/${id}/cancel`, { json: {} }, 410)
      await world.expect('PUT', `/dc/park/task/${elsewhere}/cancel`, { json: {} }, 410)
    })

    test('results are kept for an hour', async () => {
      const id = await waiting('keeper')
      await world.expect('PUT', `/dc/acme/task/${id}/cancel`, { json: {} }, 410)
      await world.core.database.db
        .updateTable('tasks')
        .set((update) => ({ finished_at: update('finished_at', '-', 3_601_000_000) }))
        .where('kind', '=', 'never')
        .execute()
      await world.expect('GET', `/task/${id}/status`, {}, 404, gone)
    })
  })

describe('the task log (danube.md 2.5)', () => {
  let world: World
  let repository: Repository
  before(async () => {
    repository = await startRepository()
    world = await startWorld({ importAllow: '127.0.0.0/8' })
  })
  after(async () => {
    await repository?.close()
    await world?.close()
  })

  test('two entries of each task, one of what is done at once', async () => {
    const { uuid, manifestUrl } = repository.add()
    const json = {
      manifest_url: manifestUrl,
      dc: 'acme',
      access: '3',
      tags: ['b', 'a'],
      alias: 'Logged',
      cb_url: 'nonsense',
    }
    const { body } = await world.ask('POST', '/image/logged', { as: 'importer', json })
    await world.ended(body.task_id)
    await world.expect('PUT', '/image/logged', { json: { owner: 'keeper' } }, 200)
    const attached = await world.expect('POST', '/dc/park/image/logged', { json: {} }, 201)
    const { status, body: log } = await world.ask('GET', '/task/log?page=1&dc=acme', { as: 'chief' })
    assert.equal(status, 200)
    assert.deepEqual(Object.keys(log), ['count', 'next', 'previous', 'results'])
    assert.deepEqual([log.count, log.next, log.previous], [3, null, null])
    for (const entry of log.results)
      assert.deepEqual(Object.keys(entry), [
        ...[
          'time',
          'task',
          'status',
          'username',
          'msg',
          'detail',
          'object_name',
          'object_alias',
          'object_type',
          'flag',
        ],
      ])
    const [update, success, pending] = log.results
    assert.deepEqual(
      [
        pending.task,
        pending.status,
        pending.username,
        pending.msg,
        pending.flag,
        pending.object_type,
        pending.object_name,
      ],
      [body.task_id, 'PENDING', 'importer', 'Import image', 1, 'image', 'logged'],
    )
    assert.equal(pending.object_alias, 'Logged')
    assert.match(
      pending.detail,
      new RegExp(
        `^alias='Logged' version='1.2' access=3 desc='A base image' resize=true deploy=true tags='a,b' dc='acme' manifest_url='${manifestUrl}' file_url='${manifestUrl}/file' .*cb_url`,
      ),
    )
    assert.deepEqual([success.task, success.status, success.msg], [body.task_id, 'SUCCESS', 'Import image'])
    assert.match(success.detail, /^Successfully imported image logged \(transferred 5 bytes/)
    assert.deepEqual(
      [update.status, update.msg, update.detail, update.flag],
      ['SUCCESS', 'Update image', "owner='keeper'", 3],
    )
    assert.match(update.task, new RegExp(`^${world.ids.admin}d`))
    const detached = await world.expect('DELETE', '/dc/park/image/logged', { json: {} }, 200)
    const park = await world.ask('GET', '/dc/park/task/log?page=1')
    assert.deepEqual(
      park.body.results.map((one: Record<string, unknown>) => [one.task, one.msg, one.flag, one.status]),
      [
        [detached.body.task_id, 'Remove server image from datacenter', 2, 'SUCCESS'],
        [attached.body.task_id, 'Add server image to datacenter', 1, 'SUCCESS'],
      ],
    )
    assert.match(attached.body.task_id, /d3-/)
    assert.ok(uuid)
    // In `main` an administrator sees what belongs to no datacenter as well: the binding that was lost is among it.
    const main = await world.ask('GET', '/task/log?page=1')
    assert.ok(
      main.body.results.some(
        (one: { msg: string; detail: string }) =>
          one.msg === 'Update image' && one.detail === 'dc_bound=false',
      ),
    )
    assert.ok(main.body.results.some((one: { task: string }) => one.task === body.task_id))
  })

  test('without a page: the latest, with an offset as zone', async () => {
    const { body } = await world.ask('GET', '/task/log/', {})
    assert.deepEqual(Object.keys(body), ['results'])
    assert.ok(body.results.length <= 10)
    const [first] = body.results
    assert.deepEqual(Object.keys(first), [
      ...[
        'time',
        'task',
        'status',
        'task_type',
        'flag',
        'username',
        'object_type',
        'object_name',
        'object_alias',
        'msg',
        'detail',
      ],
    ])
    assert.match(first.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$/)
    const times = body.results.map((one: { time: string }) => one.time)
    assert.deepEqual(times, times.toSorted().toReversed())
  })

  test('filters, and what is wrong with them', async () => {
    const list = async (query: string) => (await world.ask('GET', `/task/log?page=1&${query}`)).body.results
    for (const one of await list('status=SUCCESS')) assert.equal(one.status, 'SUCCESS')
    for (const one of await list('object_type=image&object_name=OGG')) assert.equal(one.object_name, 'logged')
    assert.ok((await list('object_type=image&object_name=OGG')).length > 0)
    assert.deepEqual(await list('object_type=image&object_name=o%25g'), [])
    assert.deepEqual(await list('date_to=2001-01-01'), [])
    assert.ok((await list('date_from=2001-1-1&hide_auto=true&order_by=time')).length > 0)
    assert.deepEqual(await list('show_running=true'), [])
    for (const [query, body] of [
      [
        'object_name=x',
        { object_type: ['object_type attribute is required when filtering by object_name.'] },
      ],
      ['status=DONE', { status: ['Select a valid choice. DONE is not one of the available choices.'] }],
      [
        'object_type=cat',
        { object_type: ['Select a valid choice. cat is not one of the available choices.'] },
      ],
      ['date_from=2001-02-30', { date_from: ['Enter a valid date.'] }],
    ] as const)
      await world.expect('GET', `/task/log?page=1&${query}`, {}, 400, body)
    for (const page of ['0', '99', 'x', '-1', ''])
      await world.expect('GET', `/task/log?page=${page}`, {}, 404, { detail: 'Invalid page.' })
    await world.expect('GET', '/task/log?page=1&order_by=msg', {}, 412, {
      detail: 'Invalid order_by; Possible sort fields are: time',
    })
  })

  test('a hundred on a page, with links to the others', async () => {
    const { db } = world.core.database
    const [row] = await db.selectFrom('task_log').selectAll().limit(1).execute()
    const { id: _id, ...copy } = row!
    for (let n = 0; n < 250; n++)
      await db
        .insertInto('task_log')
        .values({ ...copy, at: copy.at + n, project_id: 4, bound: 1, object_type: 'dc' })
        .execute()
    const page = async (query: string) => (await world.ask('GET', `/dc/vault/task/log/?${query}`)).body
    const second = await page('page=2&object_type=dc')
    // There is no such parameter as `page_size`.
    assert.equal((await page('page=1&page_size=7&limit=7')).results.length, 100)
    assert.deepEqual([second.count, second.results.length], [250, 100])
    assert.equal(second.next, `${world.url}/api/dc/vault/task/log/?page=3&object_type=dc`)
    assert.equal(second.previous, `${world.url}/api/dc/vault/task/log/?page=1&object_type=dc`)
    const last = await page('page=last')
    assert.deepEqual([last.results.length, last.next], [50, null])
    await db.deleteFrom('task_log').where('project_id', '=', 4).execute()
  })

  test('statistics, for administrators of the datacenter', async () => {
    const { body } = await world.expect('GET', '/dc/acme/task/log/stats?last=3600', { as: 'keeper' }, 200)
    assert.deepEqual(body, { _last: 3600, pending: 0, revoked: 0, succeeded: 2, failed: 0 })
    assert.equal((await world.ask('GET', '/task/log/stats')).body._last, 86_400)
    await world.expect('GET', '/dc/acme/task/log/stats', { as: 'member' }, 403, denied)
    await world.expect('GET', '/task/log/stats?last=x', {}, 412, { detail: 'Invalid "last" parameter' })
  })

  test('ordinary users see what they did themselves', async () => {
    const { body } = await world.ask('GET', '/dc/acme/task/log?page=1', { as: 'member' })
    assert.deepEqual(body.results, [])
  })
})
