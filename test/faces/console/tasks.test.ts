import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Actor } from '../../../src/catalogue/actor.ts'
import { enqueue, type NewTask } from '../../../src/catalogue/tasks/enqueue.ts'
import { taskQueue } from '../../../src/catalogue/tasks/queue.ts'
import type { WireImage, WireTask } from '../../../src/faces/console/wire.ts'
import type { WireTaskItem, WireTaskLog, WireTaskPage } from '../../../src/faces/console/wire-tasks.ts'
import { type Api, type Call, refused, startApi } from './api.ts'

type Person = { readonly call: Call; readonly actor: Actor }

describe('console: tasks', () => {
  let api: Api
  let eva: Person
  let adam: Person
  let bob: Person
  let stranger: Person
  /** Of eva in acme: an import of an image that is there, one that ended badly, one by adam; and one by bob elsewhere. */
  let running: string
  let failed: string
  let waiting: string
  let others: string
  let image: WireImage

  before(async () => {
    api = await startApi()
    await api.server.project(7, 'acme')
    eva = await person('eva', 7, 'owner')
    adam = await person('adam', 7, 'member')
    bob = await person('bob', 1, 'owner')
    stranger = await person('stranger', 7, 'reader')
    image = (await eva.call('POST', '/images', { name: 'Debian', handle: 'debian' })).body as WireImage
    const queue = taskQueue(api.server.core)
    failed = await work(eva, { kind: 'delete-image', payload: {}, imageUuid: image.uuid, subject: 'debian' })
    await queue.claim(['delete-image'])
    await queue.end(failed, {
      state: 'failed',
      failure: 'It is in use.',
      result: { code: 'state', detail: {} },
    })
    running = await work(eva, {
      kind: 'import-url',
      payload: { url: 'http://user:password@example.org/disk.img' },
      imageUuid: image.uuid,
      subject: 'debian',
      work: {
        message: 'Import image',
        detail: "name='debian'",
        object: {
          type: 'image',
          id: image.uuid,
          name: 'debian',
          alias: 'Debian',
          ownerUserId: eva.actor.userId,
        },
        projectId: 7,
        bound: false,
      },
    })
    await queue.claim(['import-url'])
    await queue.progress(running, 250, 1000)
    waiting = await work(adam, { kind: 'import-url', payload: {} })
    others = await work(bob, { kind: 'import-url', payload: {} })
  })
  after(() => api.close())

  async function person(
    username: string,
    projectId: number,
    role: 'owner' | 'member' | 'reader',
  ): Promise<Person> {
    const userId = await api.server.user({ username, roles: { [projectId]: role } })
    const roles = new Map([[projectId, new Set([role])]])
    const actor: Actor = {
      userId,
      username,
      superAdmin: false,
      projectId,
      roles,
      face: 'glance',
      requestId: 'req-1',
    }
    return { call: api.as(`Bearer ${await api.server.token(userId)}`), actor }
  }

  function work({ actor }: Person, task: NewTask): Promise<string> {
    return api.server.core.database.transaction((trx) => enqueue(trx, actor, task))
  }

  async function list({ call }: { readonly call: Call }, query = ''): Promise<WireTaskPage> {
    const { status, body } = await call('GET', `/tasks${query}`)
    assert.equal(status, 200, JSON.stringify(body))
    return body as WireTaskPage
  }
  const idsOf = ({ tasks }: WireTaskPage) => tasks.map(({ id }) => id)

  test('a task says how far it is, on what it works and for whom, and nothing of where its bytes come from', async () => {
    const { body } = await eva.call('GET', `/tasks/${running}`)
    const { createdAt, startedAt, ...facts } = body as WireTaskItem
    assert.ok(createdAt <= startedAt!)
    assert.deepEqual(facts, {
      id: running,
      kind: 'import-url',
      image: image.uuid,
      imageName: 'Debian',
      subject: 'debian',
      state: 'running',
      progress: 250,
      progressTotal: 1000,
      unit: 'bytes',
      result: null,
      failure: null,
      attempts: 1,
      cancelRequested: false,
      username: 'eva',
      face: 'glance',
      project: { id: 7, name: 'acme' },
      requestId: 'req-1',
      finishedAt: null,
    })
    const ended = (await eva.call('GET', `/tasks/${failed}`)).body as WireTaskItem
    assert.deepEqual(
      [ended.state, ended.failure, ended.result, ended.unit],
      ['failed', 'It is in use.', { code: 'state', detail: {} }, null],
    )
  })

  test('everybody sees their own, and those of projects where they work on images; administrators see all', async () => {
    const { call } = { call: api.admin }
    assert.deepEqual(idsOf(await list({ call })), [others, waiting, running, failed])
    assert.deepEqual(idsOf(await list(eva)), [waiting, running, failed])
    assert.deepEqual(idsOf(await list(adam)), [waiting, running, failed])
    assert.deepEqual(idsOf(await list(bob)), [others])
    assert.deepEqual(await list(stranger), { tasks: [], total: 0, more: false })
    for (const path of [`/tasks/${running}`, `/tasks/${running}/log`])
      refused(await bob.call('GET', path), 404, 'not-found')
    refused(await bob.call('POST', `/tasks/${running}/cancel`), 404, 'not-found')
  })

  const filters: readonly [string, () => readonly string[]][] = [
    ['?state=running', () => [running]],
    ['?state=pending,failed', () => [waiting, failed]],
    ['?kind=import-url', () => [waiting, running]],
    ['?kind=none', () => []],
    ['?mine=true', () => [running, failed]],
    ['?mine=false', () => [waiting, running, failed]],
    ['?image=debian', () => [running, failed]],
    ['?kind=import-url&state=running&mine=true&image=debian', () => [running]],
  ]
  for (const [query, wanted] of filters)
    test(`the list with ${query}`, async () => {
      const page = await list(eva, query)
      assert.deepEqual(idsOf(page), wanted())
      assert.deepEqual([page.total, page.more], [wanted().length, false])
    })

  test('pages, and how many there are over all of them', async () => {
    const pages = [
      await list(eva, '?limit=2'),
      await list(eva, '?limit=2&offset=2'),
      await list(eva, '?offset=3'),
    ]
    assert.deepEqual(pages.map(idsOf), [[waiting, running], [failed], []])
    assert.deepEqual(
      pages.map(({ total }) => total),
      [3, 3, 3],
    )
  })

  for (const query of [
    'state=sleeping',
    'state=',
    'mine=maybe',
    'limit=0',
    'limit=1001',
    'offset=-1',
    'color=red',
  ])
    test(`the list with ?${query} is refused`, async () => {
      refused(await eva.call('GET', `/tasks?${query}`), 400, 'invalid')
    })

  test('of an image that is gone the tasks are found by its uuid, and its name is told no more', async () => {
    const gone = (await eva.call('POST', '/images', { name: 'short-lived' })).body as WireImage
    const id = await work(eva, {
      kind: 'copy-image',
      payload: {},
      imageUuid: gone.uuid,
      subject: 'short-lived',
    })
    await eva.call('DELETE', `/images/${gone.uuid}`)
    const [task] = (await list(eva, `?image=${gone.uuid}`)).tasks
    assert.deepEqual(
      [task?.id, task?.image, task?.imageName, task?.subject, task?.state],
      [id, gone.uuid, null, 'short-lived', 'cancelled'],
    )
    refused(await eva.call('GET', '/tasks?image=short-lived'), 404, 'not-found')
  })

  test('the log says what was begun, who stopped it, and what came of it', async () => {
    const own = await person('olga', 7, 'owner')
    const id = await work(own, {
      kind: 'verify',
      payload: {},
      work: {
        message: 'Import image',
        detail: "url='https://eva:secret@example.org/x.img?signature=secret' name='x'",
        object: { type: 'image', id: 'x', name: 'x', alias: 'x', ownerUserId: own.actor.userId },
        projectId: 7,
        bound: false,
      },
    })
    const cancelled = await eva.call('POST', `/tasks/${id}/cancel`)
    assert.equal((cancelled.body as WireTaskItem).state, 'cancelled')
    refused(await eva.call('POST', `/tasks/${id}/cancel`), 409, 'state')
    const log = async ({ call }: Person) => (await call('GET', `/tasks/${id}/log`)).body as WireTaskLog
    const { entries, deeds } = await log(own)
    assert.deepEqual(
      entries.map(({ at: _, ...entry }) => entry),
      [
        {
          state: 'pending',
          username: 'olga',
          message: 'Import image',
          detail: "url='https://example.org/x.img' name='x'",
        },
        { state: 'cancelled', username: 'olga', message: 'Import image', detail: 'revoked' },
      ],
    )
    assert.deepEqual(
      deeds.map(({ at: _, ...deed }) => deed),
      [{ action: 'cancel', username: 'eva', face: 'console' }],
    )
    // The owner of a project administers it; others read in the log what they did themselves.
    assert.equal((await log(eva)).entries.length, 2)
    assert.equal((await log(adam)).entries.length, 0)
    assert.equal((await log(adam)).deeds.length, 1)
  })

  test('verifying is begun, seen and stopped by administrators', async () => {
    const begun = await api.admin('POST', '/verify')
    assert.equal(begun.status, 202)
    const task = begun.body as WireTask
    assert.deepEqual([task.kind, task.state], ['verify', 'pending'])
    refused(await eva.call('POST', '/verify'), 403, 'forbidden', 'role')
    refused(await eva.call('GET', `/tasks/${task.id}`), 404, 'not-found')
    const page = await list({ call: api.admin }, '?state=pending&kind=verify')
    assert.deepEqual([idsOf(page), page.tasks[0]?.unit], [[task.id], 'contents'])
    const stopped = (await api.admin('POST', `/tasks/${task.id}/cancel`)).body as WireTaskItem
    assert.equal(stopped.state, 'cancelled')
  })
})
