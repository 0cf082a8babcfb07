import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Kysely, sql } from 'kysely'
import { isFailure } from '../../src/catalogue/failure.ts'
import { ftsPhrase, isForeignKeyViolation, isUniqueViolation } from '../../src/database/dialect.ts'
import { migrate } from '../../src/database/migrate.ts'
import { openDatabase } from '../../src/database/open.ts'
import type { OpenedDatabase } from '../../src/database/opened.ts'
import { gate } from '../suites/database.ts'
import { databasesOf } from '../support/databases.ts'
import { steps } from './steps.ts'

type Tables = { counters: { id: number; value: number } }

const pathOf = (url: string) => url.slice('sqlite:'.length)

describe('the SQLite database', () => {
  const { open, freshUrl } = databasesOf('sqlite')

  test('has the settings on which durability and integrity rest', async () => {
    const url = await freshUrl()
    const settings = async (synchronous?: 'full' | 'normal') => {
      const { db } = await open<Tables>(synchronous ? { synchronous } : {}, url)
      const value = async (name: string) =>
        Object.values((await sql<object>`pragma ${sql.raw(name)}`.execute(db)).rows[0] ?? {})[0]
      return [await value('journal_mode'), await value('synchronous'), await value('foreign_keys')]
    }
    assert.deepEqual(await settings(), ['wal', 2, 1])
    assert.deepEqual(await settings('normal'), ['wal', 1, 1])
    assert.equal((await stat(pathOf(url))).mode & 0o777, 0o600)
  })

  test('a file that cannot be opened is one clear failure', async () => {
    const missing = pathOf(await freshUrl())
    const garbage = `${missing}.txt`
    await writeFile(garbage, 'this is no database at all, although it is a file. '.repeat(100))
    const folder = `${missing}.d`
    await mkdir(folder)
    for (const path of [`${missing}/none/file.db`, garbage, folder]) {
      await assert.rejects(openDatabase(`sqlite:${path}`), (error) => {
        assert.ok(isFailure(error, 'unavailable'))
        assert.equal(error.detail.reason, 'database-open')
        assert.ok(error.message.includes(path))
        return true
      })
    }
    assert.match(await readFile(garbage, 'utf8'), /^this is no database/, 'the file is not touched')
  })

  test('a lock that is held too long is the failure busy, and this process goes on meanwhile', async () => {
    const url = await freshUrl()
    const holder = await open<Tables>({}, url)
    await migrate(holder, steps)
    const waiter = await open<Tables>({ busyTimeout: 100 }, url)
    const held = gate()
    const begun = gate()
    const holding = holder.transaction(async () => {
      begun.open()
      await held.opened
    })
    await begun.opened
    let ticks = 0
    const clock = setInterval(() => ticks++, 5)
    await assert.rejects(
      waiter.transaction(async () => assert.fail('must not run')),
      (error) => isFailure(error, 'busy'),
    )
    const single = waiter.db.insertInto('counters').values({ id: 1, value: 1 }).execute()
    await assert.rejects(single, (error) => isFailure(error, 'busy'))
    clearInterval(clock)
    assert.ok(ticks >= 10, `the event loop ran ${ticks} times in 200 ms`)
    // Readers do not wait for a writer.
    assert.deepEqual(await waiter.db.selectFrom('counters').selectAll().execute(), [])
    held.open()
    await holding
    await waiter.db.insertInto('counters').values({ id: 1, value: 1 }).execute()
  })

  test('kept statements stay few, and follow changes of the tables', async () => {
    const url = await freshUrl()
    const { db } = await open<Tables>({ statementCache: 2 }, url)
    const other = await open<Tables>({}, url)
    await sql`create table t (a integer, b integer)`.execute(db)
    await sql`insert into t values (1, 2)`.execute(db)
    const all = async () => (await sql`select * from t`.execute(db)).rows
    assert.deepEqual(await all(), [{ a: 1, b: 2 }])
    // Own change, then another connection's.
    await sql`alter table t rename column b to c`.execute(db)
    assert.deepEqual(await all(), [{ a: 1, c: 2 }])
    await sql`alter table t add column d integer default 3`.execute(other.db)
    assert.deepEqual(await all(), [{ a: 1, c: 2, d: 3 }])
    for (let n = 0; n < 10; n++) {
      assert.deepEqual((await sql`select ${sql.lit(n)} as n`.execute(db)).rows, [{ n }])
    }
    assert.deepEqual(await all(), [{ a: 1, c: 2, d: 3 }])
  })

  test('a transaction that SQLite itself rolled back reports the cause', async () => {
    const { db, transaction } = await open<Tables>()
    await sql`create table t (a integer unique on conflict rollback)`.execute(db)
    await assert.rejects(
      transaction(async (trx) => {
        for (let n = 0; n < 2; n++) await sql`insert into t values (1)`.execute(trx)
      }),
      /UNIQUE constraint failed/,
    )
    assert.deepEqual((await sql`select * from t`.execute(db)).rows, [])
  })

  /** A table, and two handles on its file: one that writes, and one that sees only what is committed. */
  async function observed(): Promise<{
    writer: OpenedDatabase<Tables>
    committed: () => Promise<number[]>
    path: string
  }> {
    const url = await freshUrl()
    const [writer, other] = [await open<Tables>({}, url), await open<Tables>({}, url)]
    await migrate(writer, steps)
    const committed = async () =>
      (await other.db.selectFrom('counters').select('id').orderBy('id').execute()).map(({ id }) => id)
    return { writer, committed, path: pathOf(url) }
  }

  const insert = (trx: Kysely<Tables>, id: number) =>
    trx.insertInto('counters').values({ id, value: 0 }).execute()

  test('transactions of one round of the event loop share a commit, which each of them awaits', async () => {
    const { writer, committed, path } = await observed()
    const before = (await stat(`${path}-wal`)).size
    const ids = Array.from({ length: 50 }, (_, n) => n)
    await Promise.all(
      ids.map(async (id) => {
        await writer.transaction((trx) => insert(trx, id))
        assert.deepEqual(await committed(), ids)
      }),
    )
    // Each commit of its own would write one page at least; together they are a page or two.
    const pages = ((await stat(`${path}-wal`)).size - before) / 4096
    assert.ok(pages < 10, `${pages} pages were written`)
  })

  test('more transactions than one commit takes are all done', async () => {
    const { writer, committed } = await observed()
    const ids = Array.from({ length: 200 }, (_, n) => n)
    await Promise.all(ids.map((id) => writer.transaction((trx) => insert(trx, id))))
    assert.deepEqual(await committed(), ids)
  })

  test('a query of no transaction waits for the commit of those that run', async () => {
    const { writer, committed } = await observed()
    const ended = gate()
    const begun = gate()
    const writing = writer.transaction(async (trx) => {
      await insert(trx, 1)
      begun.open()
      await ended.opened
    })
    await begun.opened
    const reading = writer.db.selectFrom('counters').select('id').execute()
    const joining = writer.transaction((trx) => insert(trx, 2))
    ended.open()
    assert.deepEqual(
      (await reading).map(({ id }) => id),
      await committed(),
    )
    await Promise.all([writing, joining])
    assert.deepEqual(await committed(), [1, 2])
  })

  test('what requests read before they write does not keep their transactions from sharing a commit', async () => {
    const { writer, path } = await observed()
    const before = (await stat(`${path}-wal`)).size
    await Promise.all(
      Array.from({ length: 50 }, async (_, id) => {
        await writer.ping()
        await writer.transaction((trx) => insert(trx, id))
      }),
    )
    const pages = ((await stat(`${path}-wal`)).size - before) / 4096
    assert.ok(pages < 10, `${pages} pages were written`)
  })

  test('what fails because of another transaction fails only when that one is committed', async () => {
    const { writer, committed } = await observed()
    const first = writer.transaction((trx) => insert(trx, 1))
    await assert.rejects(
      writer.transaction((trx) => insert(trx, 1)),
      (error) => isUniqueViolation(error) !== false,
    )
    assert.deepEqual(await committed(), [1])
    await first
  })

  test('a long transaction does not keep those from their commit that ended before it began', async () => {
    const { writer, committed } = await observed()
    await writer.transaction((trx) => insert(trx, 1))
    const held = gate()
    const begun = gate()
    const long = writer.transaction(async (trx) => {
      await insert(trx, 2)
      begun.open()
      await held.opened
    })
    await begun.opened
    assert.deepEqual(await committed(), [1])
    held.open()
    await long
    assert.deepEqual(await committed(), [1, 2])
  })

  test('one that fills the disk takes nobody with it', async () => {
    const { writer, committed } = await observed()
    await sql`create table t (a text)`.execute(writer.db)
    await sql`pragma max_page_count = 20`.execute(writer.db)
    let runs = 0
    const small = writer.transaction(async (trx) => {
      runs++
      await insert(trx, 1)
    })
    const filling = writer.transaction(async (trx) => {
      for (;;) await sql`insert into t values (${'x'.repeat(3000)})`.execute(trx)
    })
    await assert.rejects(filling, (error) => isFailure(error, 'no-space'))
    await small
    assert.equal(runs, 2, 'the small one was undone with the other, and run again')
    assert.deepEqual(await committed(), [1])
  })

  test('of those whose common commit fails only the one fails whose fault it is', async () => {
    const { writer, committed } = await observed()
    await sql`create table parents (id integer primary key)`.execute(writer.db)
    await sql`create table children (parent integer references parents (id))`.execute(writer.db)
    let runs = 0
    const counted = (id: number) =>
      writer.transaction(async (trx) => {
        runs++
        await insert(trx, id)
      })
    const [one, dangling, two] = await Promise.allSettled([
      counted(1),
      writer.transaction(async (trx) => {
        await sql`pragma defer_foreign_keys = on`.execute(trx)
        await sql`insert into children values (7)`.execute(trx)
      }),
      counted(2),
    ])
    assert.deepEqual([one.status, two.status], ['fulfilled', 'fulfilled'])
    assert.ok(dangling.status === 'rejected' && isForeignKeyViolation(dangling.reason))
    assert.equal(runs, 4, 'each was undone with the others, and run again alone')
    assert.deepEqual(await committed(), [1, 2])
    assert.deepEqual((await sql`select * from children`.execute(writer.db)).rows, [])
  })

  test('closing waits for the commit', async () => {
    const { writer, committed } = await observed()
    const writing = [1, 2].map((id) => writer.transaction((trx) => insert(trx, id)))
    await writer.close()
    assert.deepEqual(await committed(), [1, 2])
    await Promise.all(writing)
  })

  test('a full disk is the failure no-space, and changes nothing', async () => {
    const { db, transaction } = await open<Tables>()
    await sql`create table t (a text)`.execute(db)
    await sql`pragma max_page_count = 10`.execute(db)
    const filling = transaction(async (trx) => {
      for (;;) await sql`insert into t values (${'x'.repeat(3000)})`.execute(trx)
    })
    await assert.rejects(filling, (error) => isFailure(error, 'no-space'))
    assert.deepEqual((await sql`select count(*) as n from t`.execute(db)).rows, [{ n: 0 }])
  })

  test('the trigram table finds substrings in any case', async () => {
    const { db } = await open<Tables>()
    await sql`create virtual table found using fts5 (name, tokenize = 'trigram')`.execute(db)
    for (const name of ['Debian "12" Übung', 'Ubuntu 24'])
      await sql`insert into found values (${name})`.execute(db)
    for (const [text, count] of [
      ['n "1', 1],
      ['übUNG', 1],
      ['bian OR ubuntu', 0],
      ['untu', 1],
    ] as const) {
      const { rows } = await sql`select name from found where found match ${ftsPhrase(text)}`.execute(db)
      assert.equal(rows.length, count, text)
    }
  })

  test('what was acknowledged survives kill -9', { timeout: 30_000 }, async () => {
    const url = await freshUrl()
    const opened = await open<Tables>({}, url)
    await migrate(opened, steps)
    const script = fileURLToPath(new URL('child.ts', import.meta.url))
    const child = spawn(process.execPath, [script, 'commit', url], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(child, 'exit')
    let last = 0
    try {
      for await (const line of createInterface({ input: child.stdout })) {
        last = Number(line)
        if (last === 300) child.kill('SIGKILL')
      }
    } finally {
      child.kill('SIGKILL')
    }
    assert.equal((await ended)[1], 'SIGKILL')
    assert.ok(last >= 300)
    const ids = await opened.db.selectFrom('counters').select('id').orderBy('id').execute()
    assert.ok(ids.length >= last, `${last} rows were acknowledged, ${ids.length} are there`)
    assert.deepEqual((await sql`pragma integrity_check`.execute(opened.db)).rows, [{ integrity_check: 'ok' }])
    // The lock died with its holder.
    await opened.db.insertInto('counters').values({ id: 0, value: 0 }).execute()
  })
})
