import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { systemActor } from '../../src/catalogue/actor.ts'
import { catalogueOf } from '../../src/catalogue/catalogue.ts'
import type { Core } from '../../src/catalogue/core.ts'
import { Failure, isFailure } from '../../src/catalogue/failure.ts'
import { enqueue, type NewTask } from '../../src/catalogue/tasks/enqueue.ts'
import { processes } from '../../src/catalogue/tasks/processes.ts'
import { taskQueue } from '../../src/catalogue/tasks/queue.ts'
import { type Task, taskChannel } from '../../src/catalogue/tasks/task.ts'
import { outbound } from '../../src/outbound/outbound.ts'
import type { Kind } from '../../src/work/kind.ts'
import { type Runner, startRunner } from '../../src/work/runner.ts'
import { type TestCore, testCore } from '../support/core.ts'
import { forEachDatabase } from '../support/databases.ts'

forEachDatabase((engine, _open, freshUrl) => {
  let t: TestCore
  const fetcher = outbound({ allow: [] })
  const runners: Runner[] = []
  before(async () => {
    t = await testCore({ url: await freshUrl() })
    await processes(t.core).enter(true)
  })
  afterEach(async () => {
    await Promise.all(runners.splice(0).map((runner) => runner.stop()))
  })
  after(async () => {
    await fetcher.close()
    await t.close()
  })

  /** A worker; with `processId`, as another process. */
  async function work(
    kinds: readonly Kind[],
    { parallel = 4, processId = t.core.processId } = {},
  ): Promise<Runner> {
    const core: Core = { ...t.core, processId }
    if (processId !== t.core.processId) await processes(core).enter(false)
    const parts = { core, catalogue: catalogueOf(core), outbound: fetcher }
    const runner = await startRunner(kinds, parts, { parallel, pollSeconds: 0.2, log: () => {} })
    runners.push(runner)
    return runner
  }

  async function add(kind: string, more: Partial<NewTask> = {}): Promise<string> {
    const id = await t.core.database.transaction((trx) =>
      enqueue(trx, systemActor, { kind, payload: {}, ...more }),
    )
    await t.core.database.notify(taskChannel)
    return id
  }

  async function ended(id: string): Promise<Task> {
    for (let i = 0; i < 400; i++) {
      const task = await t.catalogue.tasks.view(systemActor, id)
      if (task.state !== 'pending' && task.state !== 'running') return task
      await pause(20)
    }
    return assert.fail('the task did not end')
  }

  const kind = (name: string, run: Kind['run'], more: Partial<Kind> = {}): Kind => ({ name, run, ...more })

  test('what a task is said to be part of may be more than anybody can count', async () => {
    const endless = kind('endless', async ({ progress }) => progress(1, 3 * Number.MAX_SAFE_INTEGER))
    await work([endless])
    const { state, progressTotal } = await ended(await add('endless'))
    assert.deepEqual([state, progressTotal], ['succeeded', Number.MAX_SAFE_INTEGER])
  })

  test('a task is carried out, with its progress, result and times', async () => {
    await work([
      kind('adds', async ({ task, progress }) => {
        progress(7, 9)
        return { sum: (task.payload as { a: number }).a + 1 }
      }),
    ])
    const task = await ended(await add('adds', { payload: { a: 1 } }))
    assert.equal(task.state, 'succeeded')
    assert.deepEqual(task.result, { sum: 2 })
    assert.deepEqual([task.progress, task.progressTotal, task.attempts], [7, 9, 1])
    assert.ok(task.createdAt <= task.startedAt! && task.startedAt! <= task.finishedAt!)
  })

  test('what cannot be done fails with a reason, and inner errors keep their details', async () => {
    await work([
      kind('refuses', async () => {
        throw new Failure('upstream', 'The other server said no.', { reason: 'status' })
      }),
      kind('breaks', async () => {
        throw new Error('secret inner detail')
      }),
    ])
    const refused = await ended(await add('refuses'))
    assert.equal(refused.failure, 'The other server said no.')
    assert.deepEqual(refused.result, { code: 'upstream', detail: { reason: 'status' } })
    const broken = await ended(await add('breaks'))
    assert.equal(broken.state, 'failed')
    assert.doesNotMatch(broken.failure!, /secret/)
  })

  test('a task that could not be ended is ended when it can be, by the process that still lives', async () => {
    const image = { image_uuid: randomUUID() }
    await work([
      kind('import-url', async () => {
        throw new Failure('upstream', 'The other server said no.', { reason: 'status' })
      }),
    ])
    // Without an image nothing can be taken back.
    const id = await add('import-url')
    for (let i = 0; i < 100 && (await t.catalogue.tasks.view(systemActor, id)).state === 'pending'; i++)
      await pause(10)
    await pause(200)
    assert.equal((await t.catalogue.tasks.view(systemActor, id)).state, 'running')
    await t.core.database.db.updateTable('tasks').set(image).where('id', '=', id).execute()
    assert.equal((await ended(id)).state, 'failed')
  })

  test('cancelling: a waiting task ends at once, a running one lets go', async () => {
    const waiting = await add('not-handled-here')
    await t.catalogue.tasks.cancel(systemActor, waiting)
    assert.equal((await ended(waiting)).state, 'cancelled')
    await assert.rejects(t.catalogue.tasks.cancel(systemActor, waiting), (error) => isFailure(error, 'state'))

    let begun = () => {}
    const running = new Promise<void>((resolve) => {
      begun = resolve
    })
    await work([
      kind('waits', ({ signal }) => {
        begun()
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new Error('aborted'))),
        )
      }),
    ])
    const id = await add('waits')
    await running
    await t.catalogue.tasks.cancel(systemActor, id)
    assert.equal((await ended(id)).state, 'cancelled')
  })

  test('a stopping worker hands its task back, and another carries it out', async () => {
    let runs = 0
    const twice = kind('twice', async ({ signal }) => {
      if (++runs === 2) return 'done'
      await new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(new Error('aborted'))),
      )
    })
    const first = await work([twice])
    const id = await add('twice')
    while (runs === 0) await pause(5)
    await first.stop()
    assert.equal((await t.catalogue.tasks.view(systemActor, id)).state, 'pending')
    await work([twice])
    const task = await ended(id)
    assert.deepEqual([task.state, task.attempts], ['succeeded', 1])
  })

  test('what may succeed later is tried again', async () => {
    let runs = 0
    await work([
      kind(
        'later',
        async () => {
          if (++runs === 1) throw new Failure('unavailable', 'Not now.')
          return runs
        },
        { retry: (error) => isFailure(error, 'unavailable') },
      ),
    ])
    assert.equal((await ended(await add('later'))).result, 2)
  })

  test('a task of a dead process is free again; one that kills too often fails', async () => {
    const dead: Core = { ...t.core, processId: randomUUID() }
    await processes(dead).enter(false)
    const id = await add('deadly', { maxAttempts: 2 })
    assert.equal((await taskQueue(dead).claim(['deadly']))?.id, id)
    assert.equal(await taskQueue(t.core).reap(), 0)
    await t.core.database.db
      .updateTable('processes')
      .set({ lease_until: 1 })
      .where('id', '=', dead.processId)
      .execute()
    assert.equal(await taskQueue(t.core).reap(), 1)
    // The dead one cannot do anything any more.
    assert.equal(await taskQueue(dead).progress(id, 1, 1), false)
    await taskQueue(dead).end(id, { state: 'succeeded' })
    assert.equal((await t.catalogue.tasks.view(systemActor, id)).state, 'pending')
    assert.equal((await taskQueue(dead).claim(['deadly']))?.attempts, 2)
    assert.equal(await taskQueue(t.core).reap(), 0)
    assert.equal((await t.catalogue.tasks.view(systemActor, id)).state, 'failed')
  })

  test('several processes share the work and none does another’s', async () => {
    const carriedOut: string[] = []
    const counted = kind('counted', async ({ task }) => {
      carriedOut.push(task.id)
      await pause(5)
    })
    for (let i = 0; i < (engine === 'postgres' ? 3 : 2); i++)
      await work([counted], { parallel: 5, processId: randomUUID() })
    const ids = await Promise.all(Array.from({ length: 60 }, () => add('counted')))
    await Promise.all(ids.map(ended))
    assert.deepEqual(carriedOut.toSorted(), ids.toSorted())
  })

  describe('who sees tasks', () => {
    test('their maker, those who work in its project, administrators', async () => {
      await t.apply({ projects: [{ name: 'mine' }, { name: 'yours' }] })
      const mine = { ...(await t.actor({ mine: 'member' })), userId: 100 }
      const colleague = { ...mine, userId: 101 }
      const reader = { ...(await t.actor({ mine: 'reader' })), userId: 102 }
      const stranger = { ...(await t.actor({ yours: 'owner' })), userId: 103 }
      const id = await t.core.database.transaction((trx) => enqueue(trx, mine, { kind: 'idle', payload: {} }))
      for (const [actor, sees] of [
        [mine, true],
        [colleague, true],
        [systemActor, true],
        [reader, false],
        [stranger, false],
      ] as const) {
        const listed = await t.catalogue.tasks.list(actor, { kind: 'idle', limit: 10 })
        assert.equal(
          listed.some((task) => task.id === id),
          sees,
        )
        const viewed = t.catalogue.tasks.view(actor, id)
        if (sees) await viewed
        else await assert.rejects(viewed, (error) => isFailure(error, 'not-found'))
      }
    })
  })
})
