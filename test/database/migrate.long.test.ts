import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import { isFailure } from '../../src/catalogue/failure.ts'
import { type Migration, migrate } from '../../src/database/migrate.ts'
import { openDatabase } from '../../src/database/open.ts'
import { forEachDatabase } from '../support/databases.ts'
import { steps } from './steps.ts'

type Tables = {
  migrations: { name: string; applied_at: number }
  counters: { id: number; value: number }
  names: { id: number; name: string }
}

const child = fileURLToPath(new URL('child.ts', import.meta.url))
const names = Object.keys(steps)

forEachDatabase((engine, open, freshUrl) => {
  test('migrations run once, in order, and are written down', async () => {
    const opened = await open<Tables>()
    const before = Date.now() * 1000
    assert.deepEqual(await migrate(opened, { [names[0]!]: steps[names[0]!]! }), [names[0]])
    assert.deepEqual(await migrate(opened, steps), [names[1]])
    assert.deepEqual(await migrate(opened, steps), [])
    const rows = await opened.db.selectFrom('migrations').selectAll().orderBy('name').execute()
    assert.deepEqual(
      rows.map((row) => row.name),
      names,
    )
    for (const { applied_at } of rows) assert.ok(applied_at >= before && applied_at <= Date.now() * 1000)
    assert.deepEqual(await opened.db.selectFrom('names').select('name').execute(), [{ name: engine }])
  })

  test('a failure in the middle leaves nothing, and the next try starts again', async () => {
    const opened = await open<Tables>()
    const broken: Record<string, Migration> = {
      ...steps,
      '0003-broken': {
        async up(trx) {
          await sql`create table half (id bigint)`.execute(trx)
          await sql`create table half (id bigint)`.execute(trx)
        },
      },
    }
    await assert.rejects(migrate(opened, broken), (error) => {
      assert.ok(isFailure(error, 'unavailable'))
      assert.deepEqual([error.detail.reason, error.detail.id], ['migration', '0003-broken'])
      assert.match(error.message, /0003-broken .*unchanged.*half/)
      return true
    })
    for (const table of ['migrations', 'counters', 'names', 'half']) {
      await assert.rejects(
        sql`select 1 from ${sql.table(table)}`.execute(opened.db),
        /no such table|does not exist/,
      )
    }
    assert.deepEqual(await migrate(opened, steps), names)
  })

  test('a database of a newer program is refused and left alone', async () => {
    const opened = await open<Tables>()
    await migrate(opened, { ...steps, '0009-future': { up: async () => {} } })
    const added = { ...steps, '0003-ours': { up: () => assert.fail('must not run') } }
    await assert.rejects(migrate(opened, added), (error) => {
      assert.ok(isFailure(error, 'state'))
      assert.equal(error.detail.reason, 'database-newer')
      assert.match(error.message, /0009-future/)
      return true
    })
    const count = await opened.db.selectFrom('migrations').select('name').execute()
    assert.equal(count.length, 3)
  })

  test('a table can be rebuilt without losing what refers to it, and foreign keys hold afterwards', async () => {
    const opened = await open<Tables>()
    await migrate(opened, {
      '0001': {
        async up(trx) {
          await sql`create table parents (id bigint primary key)`.execute(trx)
          await sql`create table children (id bigint primary key,
            parent_id bigint references parents (id) on delete cascade)`.execute(trx)
          await sql`insert into parents values (1)`.execute(trx)
          await sql`insert into children values (1, 1)`.execute(trx)
        },
      },
      '0002': {
        async up(trx) {
          if (engine === 'postgres') return
          await sql`create table rebuilt (id bigint primary key, note text)`.execute(trx)
          await sql`insert into rebuilt (id) select id from parents`.execute(trx)
          await sql`drop table parents`.execute(trx)
          await sql`alter table rebuilt rename to parents`.execute(trx)
        },
      },
    })
    const { rows } = await sql`select parent_id from children`.execute(opened.db)
    assert.deepEqual(rows, [{ parent_id: 1 }])
    await assert.rejects(sql`insert into children values (2, 9)`.execute(opened.db), /foreign key/i)
  })

  test('several processes that start at once run each migration once', { timeout: 60_000 }, async () => {
    const url = await freshUrl()
    const run = promisify(execFile)
    const results = await Promise.all(
      Array.from({ length: 4 }, () => run(process.execPath, [child, 'migrate', url])),
    )
    const ran = results.map(({ stdout }) => JSON.parse(stdout))
    assert.deepEqual(ran.flat(), names, 'one process ran all of them, the others none')
    const opened = await open<Tables>({}, url)
    assert.deepEqual(await opened.db.selectFrom('names').select('name').execute(), [{ name: engine }])
  })

  test('processes that read and then write lose nothing', { timeout: 60_000 }, async () => {
    const url = await freshUrl()
    const opened = await open<Tables>({}, url)
    await migrate(opened, steps)
    await opened.db.insertInto('counters').values({ id: 1, value: 0 }).execute()
    const run = promisify(execFile)
    const rounds = 200
    await Promise.all([
      run(process.execPath, [child, 'increment', url, String(rounds)]),
      run(process.execPath, [child, 'increment', url, String(rounds)]),
    ])
    assert.deepEqual(await opened.db.selectFrom('counters').select('value').execute(), [
      { value: 2 * rounds },
    ])
  })
})

test('a migration that leaves a dangling reference is refused on SQLite, too', async () => {
  // Foreign keys are off while it runs; the check before the commit finds it.
  const opened = await openDatabase<Tables>('sqlite::memory:')
  const dangling: Migration = {
    async up(trx) {
      await sql`create table parents (id bigint primary key)`.execute(trx)
      await sql`create table children (parent_id bigint references parents (id))`.execute(trx)
      await sql`insert into children values (7)`.execute(trx)
    },
  }
  await assert.rejects(migrate(opened, { dangling }), /rows of children refer to missing rows of parents/)
  assert.deepEqual((await sql`select name from sqlite_master`.execute(opened.db)).rows, [])
  await opened.close()
})
