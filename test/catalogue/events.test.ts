import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type Actor, systemActor } from '../../src/catalogue/actor.ts'
import { record } from '../../src/catalogue/audit.ts'
import type { Core } from '../../src/catalogue/core.ts'
import type { CatalogueEvent, EventBatch } from '../../src/catalogue/events/event.ts'
import { type EventLimits, events, type Subscription } from '../../src/catalogue/events/events.ts'
import type { Listener } from '../../src/catalogue/events/listener.ts'
import { Failure, isFailure } from '../../src/catalogue/failure.ts'
import type { Image } from '../../src/catalogue/images/image.ts'
import { memory } from '../../src/catalogue/people/memory.ts'
import { enqueue } from '../../src/catalogue/tasks/enqueue.ts'
import { taskQueue } from '../../src/catalogue/tasks/queue.ts'
import { type TestCore, testCore } from '../support/core.ts'
import { forEachDatabase } from '../support/databases.ts'

const limits: EventLimits = {
  perUser: 100,
  perProcess: 100,
  waiting: 50,
  missed: 20,
  lookEvery: 10,
  checkEvery: 60_000,
}

/** Takes batches until one has this event, and returns all that was told. */
async function until(listener: Listener, last: Partial<CatalogueEvent>): Promise<readonly CatalogueEvent[]> {
  const told: CatalogueEvent[] = []
  for (;;) {
    const batch = await listener.next(5_000)
    assert.ok(batch, 'the listener was ended')
    assert.ok(!batch.reset, 'everything was to be read again')
    if (batch.events.length === 0 && told.length > 0) assert.fail(`nothing more than ${JSON.stringify(told)}`)
    told.push(...batch.events)
    if (
      batch.events.some((event) => Object.entries(last).every(([key, value]) => event[key as 'id'] === value))
    )
      return told
  }
}

/** The first batch with something in it. */
async function something(listener: Listener): Promise<EventBatch> {
  for (;;) {
    const batch = await listener.next(5_000)
    assert.ok(batch, 'the listener was ended')
    if (batch.reset || batch.events.length > 0) return batch
  }
}

forEachDatabase((engine, _open, freshUrl) => {
  let t: TestCore
  let admin: Actor
  let eva: Actor
  let bob: Actor
  const open: Listener[] = []

  before(async () => {
    t = await testCore({ url: await freshUrl() })
    await t.apply({
      projects: [{ name: 'acme' }, { name: 'other' }],
      users: ['eva', 'bob', 'carol'].map((username) => ({ username })),
    })
    admin = await actor('admin', {})
    eva = await actor('eva', { acme: 'owner' })
    bob = await actor('bob', { other: 'owner' })
  })
  after(async () => {
    for (const listener of open) listener.end()
    await t.close()
  })

  async function actor(username: string, roles: Readonly<Record<string, string>>): Promise<Actor> {
    const { id, superAdmin } = await t.catalogue.users.view(systemActor, username)
    return { ...(await t.actor(roles)), userId: id, username, superAdmin }
  }

  function eventsOf(own: Partial<EventLimits> = {}, core: Core = t.core) {
    return events(core, memory(core), { ...limits, ...own })
  }

  const shared = () => (all ??= eventsOf())
  let all: ReturnType<typeof events> | undefined

  /** Has taken its first batch, and with it the place from which on it is told. */
  async function listen(
    actor: Actor,
    { from = shared(), ...more }: Partial<Subscription> & { from?: ReturnType<typeof events> } = {},
  ): Promise<Listener> {
    const listener = await from.listen(actor, { after: null, renew: async () => actor, ...more })
    open.push(listener)
    if (more.after === undefined) assert.deepEqual((await listener.next(0))?.events, [])
    return listener
  }

  const create = (actor: Actor, name: string): Promise<Image> => t.catalogue.images.create(actor, { name })
  const change = (actor: Actor, { uuid }: Image, patch: object) =>
    t.catalogue.images.change(actor, uuid, () => patch)

  describe('what is told', () => {
    test('changes in their order, of one thing only the last, and where that is', async () => {
      const first = await create(eva, 'before anybody listened')
      const listener = await listen(eva)
      const one = await create(eva, 'one')
      await until(listener, { id: one.uuid })
      await change(eva, first, { name: 'changed' })
      const two = await create(eva, 'two')
      const told = await until(listener, { id: two.uuid, action: 'create' })
      assert.deepEqual(told, [
        { kind: 'image', id: first.uuid, action: 'update' },
        { kind: 'image', id: two.uuid, action: 'create' },
      ])
      const quiet = await listener.next(0)
      const { newest } = await t.core.database.db
        .selectFrom('audit')
        .select((select) => select.fn.max('id').as('newest'))
        .executeTakeFirstOrThrow()
      assert.deepEqual(quiet, { position: Number(newest), reset: false, events: [] })
    })

    test('tasks: that they are there, how they go on, and their end', async () => {
      const queue = taskQueue(t.core)
      const mine = await listen(eva)
      const others = await listen(bob)
      const worker = { ...eva, projectId: eva.projectId }
      const id = await t.core.database.transaction((trx) =>
        enqueue(trx, worker, { kind: 'test', payload: {} }),
      )
      await until(mine, { kind: 'task', id, action: 'pending' })
      await queue.claim(['test'])
      await until(mine, { kind: 'task', id, action: 'running' })
      await queue.progress(id, 5, 10)
      await until(mine, { kind: 'task', id, action: 'running' })
      await queue.release(id, 0, false)
      await until(mine, { kind: 'task', id, action: 'pending' })
      await t.catalogue.tasks.cancel(eva, id)
      const told = await until(mine, { kind: 'task', id, action: 'cancelled' })
      assert.equal(told.length, 1)
      const marker = await create(bob, 'marker')
      assert.deepEqual(await until(others, { id: marker.uuid }), [
        { kind: 'image', id: marker.uuid, action: 'create' },
      ])
    })

    test('nothing is asked while nobody listens', async () => {
      let queries = 0
      const { db } = t.core.database
      const counted = db.withPlugin({
        transformQuery: ({ node }) => {
          queries++
          return node
        },
        transformResult: async ({ result }) => result,
      })
      const core = { ...t.core, database: { ...t.core.database, db: counted } }
      const own = eventsOf({ lookEvery: 2 }, core)
      const listener = await listen(eva, { from: own })
      assert.ok(queries > 0)
      const image = await create(eva, 'watched')
      await until(listener, { id: image.uuid })
      // A file that nobody has written is not read.
      await listener.next(20)
      const before = queries
      await pause(20)
      if (engine === 'sqlite') assert.equal(queries, before)
      listener.end()
      assert.equal(await listener.next(1000), null)
      await pause(20)
      const atLast = queries
      await create(eva, 'unwatched')
      await pause(20)
      assert.equal(queries, atLast)
    })
  })

  describe('who is told', () => {
    test('nobody hears of images that he cannot see, and everybody of losing sight of one', async () => {
      const listener = await listen(bob)
      /** What is told of the image until now. */
      async function told({ uuid }: Image): Promise<readonly (string | undefined)[]> {
        const marker = await create(bob, 'marker')
        const all = await until(listener, { id: marker.uuid })
        return all.filter(({ id }) => id === uuid).map(({ action }) => action)
      }
      const image = await create(eva, 'secret')
      await change(eva, image, { name: 'still secret' })
      assert.deepEqual(await told(image), [])
      await change(admin, image, { visibility: 'public' })
      assert.deepEqual(await told(image), ['update'])
      await change(admin, image, { visibility: 'private' })
      assert.deepEqual(await told(image), ['update'])
      await change(eva, image, { name: 'secret again' })
      await t.catalogue.images.remove(eva, image.uuid)
      assert.deepEqual(await told(image), [])
    })

    test('members hear of what is shared with them, of its change, of losing it and of its end', async () => {
      const image = await create(eva, 'shared')
      await change(eva, image, { visibility: 'shared' })
      const listener = await listen(bob)
      const { members } = t.catalogue
      await members.add(eva, image.uuid, bob.projectId!)
      await until(listener, { id: image.uuid, action: 'share' })
      await change(eva, image, { name: 'shared and changed' })
      await until(listener, { id: image.uuid, action: 'update' })
      await members.remove(eva, image.uuid, bob.projectId!)
      await until(listener, { id: image.uuid, action: 'unshare' })
      await change(eva, image, { name: 'not yours' })
      await members.add(eva, image.uuid, bob.projectId!)
      assert.equal((await until(listener, { id: image.uuid, action: 'share' })).length, 1)
      await t.catalogue.images.remove(eva, image.uuid)
      await until(listener, { id: image.uuid, action: 'delete' })
    })

    test('detached and moved images leave with a word', async () => {
      const image = await create(eva, 'attached')
      const listener = await listen(bob)
      const { attachments } = t.catalogue
      const other = { id: bob.projectId!, name: 'other' }
      await attachments.attach(admin, image.uuid, other)
      await until(listener, { id: image.uuid })
      // Both entries are of the same moment: one of them is told, whichever way they are cut.
      await listener.next(50)
      await attachments.detach(admin, image.uuid, other)
      await until(listener, { id: image.uuid })
    })

    test('of people administrators and those people themselves, of places whoever may look at places', async () => {
      const outsider = await actor('carol', {})
      const [boss, user, nobody] = [await listen(admin), await listen(bob), await listen(outsider)]
      await t.core.database.transaction(async (trx) => {
        await record(trx, admin, { action: 'update', kind: 'user', id: eva.userId! })
        await record(trx, admin, { action: 'login', kind: 'user', id: bob.userId! })
        await record(trx, admin, { action: 'update', kind: 'operating system', id: 7 })
        await record(trx, admin, { action: 'update', kind: 'setting', id: 'x' })
        await record(trx, admin, { action: 'update', kind: 'project', id: 'acme' })
        await record(trx, admin, { action: 'update', kind: 'project', id: 'Other' })
        await record(trx, admin, { action: 'update', kind: 'user', id: 'carol' })
        await record(trx, bob, { action: 'create', kind: 'token', id: 3 })
      })
      assert.deepEqual(await until(user, { kind: 'token' }), [
        { kind: 'operating-system' },
        { kind: 'project', id: 'Other', action: 'update' },
        { kind: 'token', id: '3', action: 'create' },
      ])
      assert.deepEqual(await until(nobody, { kind: 'user' }), [
        { kind: 'user', id: 'carol', action: 'update' },
      ])
      const told = (await until(boss, { kind: 'token' })).map(({ kind, id }) => `${kind} ${id}`)
      assert.deepEqual(told, [
        `user ${eva.userId}`,
        'operating-system 7',
        'setting x',
        'project acme',
        'project Other',
        'user carol',
        'token 3',
      ])
    })

    test('of a repository that is added or removed, whoever may import', async () => {
      const carol = await actor('carol', { acme: 'reader' })
      const [importer, reader] = [await listen(eva), await listen(carol)]
      for (const change of [
        () => t.catalogue.repositories.add(admin, { name: 'near', url: 'https://images.example.org' }),
        () => t.catalogue.repositories.remove(admin, 'near'),
      ]) {
        await change()
        assert.deepEqual(await until(importer, { kind: 'repository' }), [{ kind: 'repository' }])
      }
      const marker = await t.catalogue.images.create(admin, { name: 'marker', visibility: 'public' })
      const told = await until(reader, { id: marker.uuid })
      assert.deepEqual(
        told.map(({ kind }) => kind),
        ['image'],
      )
    })
  })

  describe('rights', () => {
    test('whose rights have ended is told so, and nothing more', async () => {
      let ended = false
      const renew = async () => {
        if (ended) throw new Failure('unauthenticated', 'The credentials are not valid.')
        return eva
      }
      const listener = await listen(eva, { renew, from: eventsOf({ checkEvery: 20 }) })
      const image = await create(eva, 'while it lasts')
      await until(listener, { id: image.uuid })
      ended = true
      await assert.rejects(
        async () => {
          for (;;) await listener.next(5_000)
        },
        (error) => isFailure(error, 'unauthenticated'),
      )
    })

    test('they are looked at when somebody’s rights were changed, and other rights mean to read everything', async () => {
      let present = eva
      const listener = await listen(eva, { renew: async () => present })
      present = { ...eva, roles: new Map([...eva.roles, ...bob.roles]) }
      await t.core.database.transaction((trx) =>
        record(trx, admin, { action: 'roles', kind: 'user', id: eva.userId! }),
      )
      assert.ok((await something(listener)).reset)
      const image = await create(bob, 'seen by both now')
      await until(listener, { id: image.uuid })
    })

    test('also when this process has forgotten who is who, which leaves no entry', async () => {
      const own = memory(t.core)
      const hearing = events(t.core, own, limits)
      let looked = 0
      const renew = async () => {
        looked++
        return eva
      }
      const listener = await listen(eva, { renew, from: hearing })
      own.forget()
      const image = await create(eva, 'after that')
      await until(listener, { id: image.uuid })
      assert.ok(looked > 0)
    })
  })

  describe('coming back', () => {
    async function present(): Promise<number> {
      const listener = await eventsOf().listen(eva, { after: null, renew: async () => eva })
      const { position } = (await listener.next(0))!
      listener.end()
      return position
    }

    test('what was missed is told, and that tasks may have changed', async () => {
      const place = await present()
      const one = await create(eva, 'missed')
      await create(bob, 'not for eva')
      const again = await listen(eva, { after: place, from: eventsOf() })
      const batch = await again.next(0)
      assert.deepEqual(batch?.events, [{ kind: 'image', id: one.uuid, action: 'create' }, { kind: 'task' }])
      assert.ok(batch!.position > place)
    })

    test('a reader that is behind tells the rest when it gets there', async () => {
      const slow = eventsOf({ lookEvery: 200 })
      await listen(eva, { from: slow })
      const one = await create(eva, 'not read yet')
      const place = await present()
      const two = await create(eva, 'not read either')
      const again = await listen(eva, { after: place, from: slow })
      const told = await until(again, { id: two.uuid })
      // Twice is better than never.
      assert.deepEqual(
        told.map(({ kind, id }) => id ?? kind),
        ['task', one.uuid, two.uuid],
      )
    })

    test('too much, or a position that there never was, means to read everything', async () => {
      const place = await present()
      for (let n = 0; n <= limits.missed; n++) await create(bob, `missed ${n}`)
      for (const after of [place, place + 1_000_000]) {
        const again = await listen(eva, { after, from: eventsOf() })
        const batch = await again.next(0)
        assert.deepEqual([batch!.reset, batch!.events], [true, []])
        assert.ok(batch!.position >= place + limits.missed)
      }
    })
  })

  describe('limits', () => {
    test('who takes nothing is told to read everything, and what comes after that', async () => {
      const listener = await listen(admin, { from: eventsOf({ waiting: 3 }) })
      await t.core.database.transaction(async (trx) => {
        for (let id = 0; id < 4; id++) await record(trx, admin, { action: 'update', kind: 'setting', id })
      })
      assert.deepEqual(await something(listener).then(({ reset, events }) => [reset, events]), [true, []])
      const next = await create(eva, 'after the flood')
      await until(listener, { id: next.uuid }).catch(() => assert.fail('told to read everything twice'))
    })

    test('so many listeners of one person, and so many of all', async () => {
      const own = eventsOf({ perUser: 2, perProcess: 3 })
      const [first] = [await listen(eva, { from: own }), await listen(eva, { from: own })]
      const isBusy = (error: unknown) => isFailure(error, 'busy') && error.detail.reason === 'streams'
      await assert.rejects(listen(eva, { from: own }), isBusy)
      await listen(bob, { from: own })
      await assert.rejects(listen(admin, { from: own }), isBusy)
      first.end()
      await listen(admin, { from: own })
    })

    test('a database that fails throws everybody out, and they can come back', async () => {
      let broken = false
      const { db } = t.core.database
      const fragile = db.withPlugin({
        transformQuery: ({ node }) => {
          if (broken) throw new Failure('unavailable', 'The database is gone.')
          return node
        },
        transformResult: async ({ result }) => result,
      })
      const core = { ...t.core, database: { ...t.core.database, db: fragile } }
      const own = eventsOf({}, core)
      const listener = await listen(eva, { from: own })
      broken = true
      await create(eva, 'unseen')
      await assert.rejects(listener.next(5_000), (error) => isFailure(error, 'unavailable'))
      await assert.rejects(listen(eva, { from: own }), (error) => isFailure(error, 'unavailable'))
      broken = false
      const again = await listen(eva, { from: own })
      const image = await create(eva, 'seen')
      await until(again, { id: image.uuid })
    })
  })

  if (engine === 'postgres')
    describe('entries that are committed late', () => {
      /** Writes an entry in a transaction that stays open until it is told to go on, or the test ends. */
      async function hold(context: TestContext): Promise<(commit: boolean) => Promise<void>> {
        const written = Promise.withResolvers<void>()
        const verdict = Promise.withResolvers<boolean>()
        const done = t.core.database
          .transaction(async (trx) => {
            await record(trx, admin, { action: 'update', kind: 'setting', id: 'late' })
            written.resolve()
            if (!(await verdict.promise)) throw new Error('rolled back')
          })
          .catch(() => {})
        const go = async (commit: boolean) => {
          verdict.resolve(commit)
          await done
        }
        context.after(() => go(false))
        await written.promise
        return go
      }
      const early = async (id: string) =>
        t.core.database.transaction((trx) => record(trx, admin, { action: 'update', kind: 'setting', id }))

      test('are told when they come, and nobody’s position passes them before', async (context) => {
        const listener = await listen(admin, { from: eventsOf() })
        const place = (await listener.next(0))!.position
        const go = await hold(context)
        await early('early')
        assert.equal((await until(listener, { id: 'early' })).length, 1)
        assert.equal((await listener.next(50))!.position, place)
        // Somebody who comes back elsewhere meanwhile, to a reader that begins anew.
        const elsewhere = await listen(admin, { after: place, from: eventsOf() })
        assert.deepEqual(
          (await elsewhere.next(0))!.events.map(({ id }) => id),
          ['early', undefined],
        )
        await go(true)
        assert.equal((await until(listener, { id: 'late' })).length, 1)
        await until(elsewhere, { id: 'late' })
        await reaches(listener, place + 2)
      })

      test('or not at all, where they are rolled back: then nobody waits for them', async (context) => {
        const listener = await listen(admin, { from: eventsOf() })
        const place = (await listener.next(0))!.position
        const go = await hold(context)
        await early('early again')
        await until(listener, { id: 'early again' })
        await go(false)
        await reaches(listener, place + 2)
      })

      async function reaches(listener: Listener, position: number): Promise<void> {
        for (let n = 0; n < 200; n++) if ((await listener.next(20))!.position >= position) return
        assert.fail(`the position ${position} is not reached`)
      }
    })
})
