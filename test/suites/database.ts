import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Kysely, sql } from 'kysely'
import { isFailure } from '../../src/catalogue/failure.ts'
import {
  type Engine,
  ftsPhrase,
  isForeignKeyViolation,
  isUniqueViolation,
  likeEscape,
  nullsFirst,
} from '../../src/database/dialect.ts'
import type { OpenedDatabase } from '../../src/database/opened.ts'
import { prepared, preparedInsert } from '../../src/database/prepared.ts'
import type { FreshUrl, Open } from '../support/databases.ts'

export type Tables = {
  owners: { id: number; name: string }
  things: {
    id: number
    owner_id: number | null
    name: string | null
    size: number | bigint
    data: Uint8Array | null
  }
}

/** Two tables that every test of this suite may fill as it likes. */
export async function withTables(opened: OpenedDatabase<Tables>): Promise<OpenedDatabase<Tables>> {
  const { db, engine } = opened
  const text = sql.raw(engine === 'sqlite' ? 'text' : 'text collate "C"')
  const bytes = sql.raw(engine === 'sqlite' ? 'blob' : 'bytea')
  await sql`create table owners (id bigint primary key, name ${text} not null)`.execute(db)
  await sql`create table things (id bigint primary key, owner_id bigint references owners (id), name ${text},
    size bigint not null default 0, data ${bytes}, unique (owner_id, name))`.execute(db)
  return opened
}

/** A promise and the means to end it: lets a test hold a transaction open. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

const thing = (id: number, more: Partial<Tables['things']> = {}) => ({
  id,
  owner_id: null,
  name: null,
  size: 0,
  data: null,
  ...more,
})

const thingById = prepared((db: Kysely<Tables>, p: { id: number }) =>
  db.selectFrom('things').select(['id', 'name']).where('id', '=', p.id),
)

const insertThing = preparedInsert((db: Kysely<Tables>, row: ReturnType<typeof thing>) =>
  db
    .insertInto('things')
    .values(row)
    .onConflict((conflict) => conflict.doNothing()),
)

/** What every database has to do in the same way. */
export function databaseSuite(engine: Engine, open: Open, freshUrl: FreshUrl): void {
  const fresh = async () => withTables(await open<Tables>())

  test('parameters and results mean the same on both engines', async () => {
    const { db } = await fresh()
    const data = Uint8Array.of(0, 1, 255)
    const yes = true as unknown as number
    const row = thing(1, { name: 'é', size: yes, data })
    assert.equal((await db.insertInto('things').values(row).executeTakeFirst()).numInsertedOrUpdatedRows, 1n)
    const [found] = await db.selectFrom('things').selectAll().execute()
    assert.deepEqual({ ...found, data: [...found!.data!] }, { ...row, size: 1, data: [0, 1, 255] })
    assert.equal(Object.getPrototypeOf(found), Object.prototype)
    const counted =
      await sql`select count(*) as n, sum(size) as total, exists (select 1) as some, 1.5 as half,
      null as none from things`.execute(db)
    assert.deepEqual(counted.rows, [{ n: 1, total: 1, some: 1, half: 1.5, none: null }])
    assert.equal((await db.updateTable('things').set({ size: 2 }).executeTakeFirst()).numUpdatedRows, 1n)
    assert.equal((await db.deleteFrom('things').where('id', '=', 5).executeTakeFirst()).numDeletedRows, 0n)
  })

  test('an integer is a bigint only where a number would not be exact', async () => {
    const { db } = await fresh()
    const huge = 9_007_199_254_740_993n
    const safe = Number.MAX_SAFE_INTEGER
    // The end of the year 9999, in microseconds.
    const late = 253_402_300_799_000_000
    const inserted = await db
      .insertInto('things')
      .values([thing(1, { size: huge }), thing(2, { size: safe }), thing(3, { size: late })])
      .returning(['id', 'size'])
      .execute()
    assert.deepEqual(inserted, [
      { id: 1, size: huge },
      { id: 2, size: safe },
      { id: 3, size: late },
    ])
    // Twice, because the first time prepares the statement.
    for (let time = 0; time < 2; time++) {
      assert.deepEqual(await db.selectFrom('things').select(['id', 'size']).orderBy('id').execute(), inserted)
    }
  })

  test('values that the drivers would take differently are refused', async () => {
    const { db } = await fresh()
    for (const value of [
      undefined,
      new Date(),
      Number.NaN,
      Number.POSITIVE_INFINITY,
      { a: 1 },
      ['a'],
      Symbol(),
    ]) {
      await assert.rejects(sql`select ${value} as x`.execute(db), TypeError)
    }
    await assert.rejects(sql`select ${'a\0b'} as x`.execute(db), (error) => isFailure(error, 'invalid'))
    await assert.rejects(sql`select 1; select 2`.execute(db), /first of these statements|multiple commands/)
  })

  test('a prepared query takes new parameters each time, inside and outside of transactions', async () => {
    const opened = await fresh()
    assert.equal(await insertThing(opened.db, thing(1, { name: 'a' })), 1)
    assert.equal(await opened.transaction((trx) => insertThing(trx, thing(2, { name: 'b' }))), 1)
    assert.equal(await insertThing(opened.db, thing(2, { name: 'c' })), 0)
    assert.deepEqual(await thingById(opened.db, { id: 1 }), [{ id: 1, name: 'a' }])
    assert.deepEqual(await thingById(opened.db, { id: 2 }), [{ id: 2, name: 'b' }])
    assert.deepEqual(await thingById(opened.db, { id: 3 }), [])
    assert.deepEqual(await opened.transaction((trx) => thingById(trx, { id: 1 })), [{ id: 1, name: 'a' }])
  })

  test('a throw rolls everything back, and the next transaction works', async () => {
    const opened = await fresh()
    await assert.rejects(
      opened.transaction(async (trx) => {
        await trx.insertInto('things').values(thing(1)).execute()
        throw new Error('changed my mind')
      }),
      /changed my mind/,
    )
    await assert.rejects(
      opened.transaction(async (trx) => {
        await trx.insertInto('things').values(thing(2)).execute()
        await trx.insertInto('things').values(thing(2)).execute()
      }),
      (error) => isUniqueViolation(error) !== false,
    )
    assert.deepEqual(await opened.db.selectFrom('things').selectAll().execute(), [])
    assert.equal(await opened.transaction(async () => 'done'), 'done')
  })

  test('of transactions that run side by side each is done wholly or not at all', async () => {
    const opened = await fresh()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, n) =>
        opened.transaction(async (trx) => {
          await trx
            .insertInto('things')
            .values(thing(2 * n))
            .execute()
          if (n % 4 === 1) throw new Error(`number ${n} changed its mind`)
          // A key that is taken: the database fails instead of the work.
          const second = n % 4 === 3 ? 2 * n : 2 * n + 1
          await trx.insertInto('things').values(thing(second)).execute()
          return n
        }),
      ),
    )
    const done = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    assert.deepEqual(
      done,
      Array.from({ length: 20 }, (_, n) => 2 * n),
    )
    for (const [n, outcome] of outcomes.entries())
      if (outcome.status === 'rejected') {
        if (n % 4 === 1) assert.equal(outcome.reason.message, `number ${n} changed its mind`)
        else assert.ok(isUniqueViolation(outcome.reason), String(outcome.reason))
      }
    const ids = (await opened.db.selectFrom('things').select('id').orderBy('id').execute()).map(
      ({ id }) => id,
    )
    assert.deepEqual(
      ids,
      done.flatMap((n) => [2 * n, 2 * n + 1]),
    )
  })

  test('nobody sees what is not committed', async () => {
    const opened = await fresh()
    const { opened: allowed, open: allow } = gate()
    const begun = gate()
    const writing = opened.transaction(async (trx) => {
      await trx.insertInto('things').values(thing(1)).execute()
      begun.open()
      await allowed
    })
    await begun.opened
    const reading = opened.db.selectFrom('things').selectAll().execute()
    // The only SQLite connection is taken, so the reader comes after the commit; PostgreSQL shows the old state.
    if (engine === 'sqlite') allow()
    assert.equal((await reading).length, engine === 'sqlite' ? 1 : 0)
    allow()
    await writing
    assert.equal((await opened.db.selectFrom('things').selectAll().execute()).length, 1)
  })

  test('inside a transaction everything but `trx` is refused instead of waiting for ever', async () => {
    const opened = await fresh()
    const refused = /only its own `trx`/
    let later: Promise<unknown> = Promise.resolve()
    await opened.transaction(async (trx) => {
      await assert.rejects(opened.db.selectFrom('things').selectAll().execute(), refused)
      await assert.rejects(opened.ping(), refused)
      await assert.rejects(
        opened.transaction(async () => {}),
        refused,
      )
      await trx.insertInto('things').values(thing(1)).execute()
      later = new Promise((resolve) => setTimeout(resolve, 20)).then(() => opened.ping())
    })
    await later
    assert.equal((await opened.db.selectFrom('things').selectAll().execute()).length, 1)
  })

  test('two handles that count up lose nothing', async () => {
    const url = await freshUrl()
    const handles = [await withTables(await open<Tables>({}, url)), await open<Tables>({}, url)]
    await handles[0]!.db.insertInto('things').values(thing(1)).execute()
    const rounds = handles.flatMap((handle) =>
      Array.from({ length: 20 }, () =>
        handle.transaction(async (trx) => {
          const query = trx.selectFrom('things').select('size').where('id', '=', 1)
          const { size } = await (engine === 'postgres' ? query.forUpdate() : query).executeTakeFirstOrThrow()
          await trx
            .updateTable('things')
            .set({ size: Number(size) + 1 })
            .execute()
        }),
      ),
    )
    await Promise.all(rounds)
    assert.equal((await handles[1]!.db.selectFrom('things').select('size').executeTakeFirst())?.size, 40)
  })

  test('savepoints undo a part', async () => {
    const { db } = await fresh()
    const trx = await db.startTransaction().execute()
    await trx.insertInto('things').values(thing(1)).execute()
    const saved = await trx.savepoint('before "two"').execute()
    await saved.insertInto('things').values(thing(2)).execute()
    await saved.rollbackToSavepoint('before "two"').execute()
    await saved.releaseSavepoint('before "two"').execute()
    await trx.commit().execute()
    assert.deepEqual(await db.selectFrom('things').select('id').execute(), [{ id: 1 }])
  })

  test('violations are told apart', async () => {
    const { db } = await fresh()
    const caught = (query: { execute(): Promise<unknown> }) =>
      query.execute().then(
        () => assert.fail('no violation'),
        (error: unknown) => error,
      )
    await db.insertInto('owners').values({ id: 1, name: 'a' }).execute()
    await db
      .insertInto('things')
      .values(thing(1, { owner_id: 1, name: 'x' }))
      .execute()

    const key = await caught(db.insertInto('things').values(thing(1)))
    assert.deepEqual(pick(isUniqueViolation(key)), { table: 'things', columns: ['id'] })
    const pair = await caught(db.insertInto('things').values(thing(2, { owner_id: 1, name: 'x' })))
    assert.deepEqual(pick(isUniqueViolation(pair)), { table: 'things', columns: ['owner_id', 'name'] })
    await sql`create unique index owners_fold on owners (lower(name))`.execute(db)
    const fold = isUniqueViolation(await caught(db.insertInto('owners').values({ id: 2, name: 'A' })))
    assert.equal(fold ? fold.constraint : undefined, 'owners_fold')

    const orphan = await caught(db.insertInto('things').values(thing(3, { owner_id: 9 })))
    const parent = await caught(db.deleteFrom('owners').where('id', '=', 1))
    for (const error of [orphan, parent]) {
      assert.equal(isForeignKeyViolation(error), true)
      assert.equal(isUniqueViolation(error), false)
    }
    assert.equal(isForeignKeyViolation(key), false)
    for (const other of [null, undefined, 'text', new Error('UNIQUE constraint failed: a.b')]) {
      assert.equal(isUniqueViolation(other), false)
    }
  })

  test('NULLs come first ascending and last descending', async () => {
    const { db } = await fresh()
    const names = ['b', null, 'a', 'B']
    await db
      .insertInto('things')
      .values(names.map((name, id) => thing(id, { name })))
      .execute()
    for (const [direction, expected] of [
      ['asc', [null, 'B', 'a', 'b']],
      ['desc', ['b', 'a', 'B', null]],
    ] as const) {
      const rows = await db
        .selectFrom('things')
        .select('name')
        .orderBy((eb) => nullsFirst(engine, eb.ref('name'), direction))
        .execute()
      assert.deepEqual(
        rows.map((row) => row.name),
        expected,
      )
    }
  })

  test('escaped text is found literally', async () => {
    const { db } = await fresh()
    const names = ['50%_a\\b', '50xxa\\b', '50%_ab']
    await db
      .insertInto('things')
      .values(names.map((name, id) => thing(id, { name })))
      .execute()
    const pattern = `%${likeEscape('%_a\\')}%`
    const { rows } = await sql`select name from things where name like ${pattern} escape '\\'`.execute(db)
    assert.deepEqual(rows, [{ name: '50%_a\\b' }])
    assert.equal(ftsPhrase('a "b'), '"a ""b"')
  })

  test('listeners are woken, after the commit and not at all after a rollback', {
    timeout: 10_000,
  }, async () => {
    const opened = await fresh()
    const heard: string[] = []
    const first = gate()
    const last = gate()
    const stop = await opened.listen('Work "new"', (payload) => {
      heard.push(payload)
      if (payload === 'inside') first.open()
      if (payload === 'end') last.open()
    })
    const other = gate()
    // A listener may use the database at once, although the notifier was in a transaction.
    await opened.listen('other', () => void opened.ping().then(other.open))
    await opened.transaction(async () => {
      await opened.notify('Work "new"', 'inside')
      await opened.notify('other')
      await new Promise((resolve) => setTimeout(resolve, 20))
      assert.deepEqual(heard, [])
    })
    await first.opened
    await other.opened
    await assert.rejects(
      opened.transaction(async () => {
        await opened.notify('Work "new"', 'never')
        throw new Error('no')
      }),
    )
    await opened.notify('unheard', 'x')
    await opened.notify('Work "new"')
    await opened.notify('Work "new"', 'end')
    await last.opened
    assert.deepEqual(heard, ['inside', '', 'end'])
    await stop()
    await opened.notify('Work "new"', 'late')
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(heard.includes('late'), false)
  })

  test('after closing nothing works, and closing waits for what is on its way', async () => {
    const opened = await fresh()
    await opened.ping()
    const slow = opened.transaction(async (trx) => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      await trx.insertInto('things').values(thing(1)).execute()
      return 'committed'
    })
    await new Promise((resolve) => setTimeout(resolve, 5))
    await opened.close()
    assert.equal(await slow, 'committed')
    await assert.rejects(opened.ping())
    await opened.close()
  })
}

function pick(violation: ReturnType<typeof isUniqueViolation>) {
  return violation && { table: violation.table, columns: violation.columns }
}
