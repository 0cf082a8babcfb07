import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sql } from 'kysely'
import { isFailure } from '../../src/catalogue/failure.ts'
import { openDatabase } from '../../src/database/open.ts'
import { gate, type Tables, withTables } from '../suites/database.ts'
import { databasesOf, engines } from '../support/databases.ts'

if (engines.includes('postgres'))
  describe('the PostgreSQL database', () => {
    const { open, freshUrl } = databasesOf('postgres')
    const silent = { onTrouble: () => {} }

    test('a server that cannot be used is one failure that keeps the password', {
      timeout: 20_000,
    }, async () => {
      const url = await freshUrl()
      const wrongPassword = url.replace(/:[^:@]+@/, ':geheim%25wort@')
      const cases: [string, RegExp][] = [
        [wrongPassword, /password authentication failed/],
        [wrongPassword.replace(/\d+\/test_\d+$/, '1/test'), /ECONNREFUSED/],
        [wrongPassword.replace('127.0.0.1', 'nowhere.invalid'), /nowhere\.invalid/],
        [url.replace(/test_\d+$/, 'absent'), /"absent" does not exist/],
      ]
      for (const [bad, words] of cases) {
        await assert.rejects(openDatabase(bad), (error) => {
          assert.ok(isFailure(error, 'unavailable'), bad)
          assert.equal(error.detail.reason, 'database-open')
          assert.match(error.message, words)
          assert.doesNotMatch(error.message, /geheim/)
          return true
        })
      }
    })

    test('a deadlock is resolved by running one of the two again', { timeout: 20_000 }, async () => {
      const opened = await withTables(await open<Tables>())
      const blank = { owner_id: null, name: null, size: 0, data: null }
      await opened.db
        .insertInto('things')
        .values([1, 2].map((id) => ({ id, ...blank })))
        .execute()
      let attempts = 0
      const ready = [gate(), gate()]
      const both = [1, 2].map((mine) =>
        opened.transaction(async (trx) => {
          attempts++
          const add = (id: number) =>
            trx
              .updateTable('things')
              .set((eb) => ({ size: eb('size', '+', 1) }))
              .where('id', '=', id)
              .execute()
          await add(mine)
          // Both hold one row before either asks for the other's.
          ready[mine - 1]!.open()
          await ready[2 - mine]!.opened
          await add(3 - mine)
        }),
      )
      await Promise.all(both)
      assert.equal(attempts, 3)
      const rows = await opened.db.selectFrom('things').select('size').execute()
      assert.deepEqual(rows, [{ size: 2 }, { size: 2 }])
    })

    test('after five attempts the error is the answer, and other errors are not tried again', async () => {
      const { transaction } = await open<Tables>()
      for (const [state, expected] of [
        ['40001', 5],
        ['22012', 1],
      ] as const) {
        let attempts = 0
        const raise = sql.raw(`do $$ begin raise exception using errcode = '${state}'; end $$`)
        const failing = transaction(async (trx) => {
          attempts++
          await raise.execute(trx)
        })
        await assert.rejects(failing, { code: state })
        assert.equal(attempts, expected)
      }
    })

    test('a commit that the server turned into a rollback is an error', async () => {
      const { transaction, db } = await withTables(await open<Tables>())
      const swallowed = transaction(async (trx) => {
        await trx.insertInto('owners').values({ id: 1, name: 'a' }).execute()
        await sql`select 1/0`.execute(trx).catch(() => {})
      })
      await assert.rejects(swallowed)
      assert.deepEqual(await db.selectFrom('owners').selectAll().execute(), [])
    })

    test('prepared queries survive a change of their table by another process', async () => {
      const url = await freshUrl()
      const opened = await withTables(await open<Tables>({ poolSize: 1 }, url))
      const other = await open<Tables>({}, url)
      await opened.db.insertInto('owners').values({ id: 1, name: 'a' }).execute()
      const all = () => opened.db.selectFrom('owners').selectAll().execute()
      const inside = () => opened.transaction((trx) => trx.selectFrom('owners').selectAll().execute())
      for (let time = 0; time < 3; time++) assert.deepEqual(await all(), [{ id: 1, name: 'a' }])
      const named = await sql`select 1 from pg_prepared_statements where statement like '%"owners"%'`.execute(
        opened.db,
      )
      assert.equal(named.rows.length, 1)
      await sql`alter table owners add column age bigint default 3`.execute(other.db)
      assert.deepEqual(await all(), [{ id: 1, name: 'a', age: 3 }])
      for (let time = 0; time < 3; time++) await inside()
      await sql`alter table owners drop column age`.execute(other.db)
      assert.deepEqual(await inside(), [{ id: 1, name: 'a' }])
    })

    test('the server keeps no more prepared statements than it may', async () => {
      const { db } = await open<Tables>({ poolSize: 1, statementCache: 3 })
      for (let n = 0; n < 30; n++) {
        for (let time = 0; time < 2; time++) {
          assert.deepEqual((await sql`select ${sql.lit(n)}::int as n`.execute(db)).rows, [{ n }])
        }
      }
      const { rows } = await sql`select count(*) as n from pg_prepared_statements`.execute(db)
      assert.deepEqual(rows, [{ n: 3 }])
    })

    test('a lost connection fails its query, and the next one works', { timeout: 20_000 }, async () => {
      const url = await freshUrl()
      const opened = await open<Tables>(silent, url)
      const other = await open<Tables>({}, url)
      const { rows } = await sql<{
        name: string
      }>`select current_setting('application_name') as name`.execute(opened.db)
      assert.deepEqual(rows, [{ name: 'imageport' }])
      const begun = gate()
      const sleeping = opened.transaction(async (trx) => {
        begun.open()
        await sql`select pg_sleep(20)`.execute(trx)
      })
      // Heard from the beginning: the connection may be gone before the killer has its answer.
      const failing = assert.rejects(sleeping, (error) => isFailure(error, 'unavailable'))
      await begun.opened
      const kill = sql<{ n: number }>`select count(pg_terminate_backend(pid)) as n from pg_stat_activity
      where query like '%pg_sleep(20)%' and pid <> pg_backend_pid() and datname = current_database()`
      while ((await kill.execute(other.db)).rows[0]?.n === 0);
      await failing
      await opened.ping()
    })

    test('a listener whose connection broke hears again, and is told so', { timeout: 20_000 }, async () => {
      const url = await freshUrl()
      const troubles: Error[] = []
      const opened = await open<Tables>({ onTrouble: (error) => troubles.push(error) }, url)
      const other = await open<Tables>({}, url)
      const heard: string[] = []
      const again = gate()
      const after = gate()
      await opened.listen('work', (payload) => {
        heard.push(payload)
        ;(payload === '' ? again : after).open()
      })
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen "work"'`.execute(
        other.db,
      )
      await again.opened
      await other.notify('work', 'after')
      await after.opened
      assert.deepEqual(heard, ['', 'after'])
      assert.ok(troubles.length > 0)
    })

    test('a pool that is used up is the failure busy', async () => {
      // Long enough to connect on a busy machine, too.
      const opened = await open<Tables>({ poolSize: 1, connectTimeout: 2000 })
      const held = gate()
      const begun = gate()
      const holding = opened.transaction(async () => {
        begun.open()
        await held.opened
      })
      await begun.opened
      await assert.rejects(opened.ping(), (error) => isFailure(error, 'busy'))
      held.open()
      await holding
      await opened.ping()
    })
  })
