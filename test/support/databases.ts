import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe } from 'node:test'
import type { Engine } from '../../src/database/dialect.ts'
import { openDatabase } from '../../src/database/open.ts'
import type { OpenedDatabase, OpenOptions } from '../../src/database/opened.ts'
import { freshPostgresUrl } from './postgres.ts'

/**
 * The engines on which suites for both run: all, unless IMAGEPORT_TEST_ENGINES names some. `npm test -- fast` runs
 * SQLite's only, `npm test` both.
 */
export const engines: readonly Engine[] = (['sqlite', 'postgres'] as const).filter((engine) =>
  (process.env.IMAGEPORT_TEST_ENGINES ?? engine).split(',').includes(engine),
)

/** What people call them. */
export const engineNames: Readonly<Record<Engine, string>> = { sqlite: 'SQLite', postgres: 'PostgreSQL' }

/** Opens a new, empty database (SQLite: in memory), or the one at `url` once more. Closed after the suite. */
export type Open = <DB>(options?: OpenOptions, url?: string) => Promise<OpenedDatabase<DB>>

/** The URL of a new database that several handles and processes can open (SQLite: a file). */
export type FreshUrl = () => Promise<string>

/**
 * Declares a suite once for each engine.
 *
 * @example
 * forEachDatabase((engine, open) => {
 *   test('an image is found by its id', async () => {
 *     const opened = await open<Database>()
 *     await migrate(opened, migrations)
 *   })
 * })
 */
export function forEachDatabase(suite: (engine: Engine, open: Open, freshUrl: FreshUrl) => void): void {
  for (const engine of engines) {
    describe(engine, () => {
      const { open, freshUrl } = databasesOf(engine)
      suite(engine, open, freshUrl)
    })
  }
}

/** The same for suites about one engine; call it inside of `describe`, whose end closes everything. */
export function databasesOf(engine: Engine): { readonly open: Open; readonly freshUrl: FreshUrl } {
  const closers: (() => Promise<void>)[] = []
  let dir: Promise<string> | undefined
  let files = 0

  after(async () => {
    for (const close of closers) await close()
    if (dir) await rm(await dir, { recursive: true })
  })

  async function freshUrl(): Promise<string> {
    if (engine === 'postgres') return freshPostgresUrl()
    dir ??= mkdtemp(join(tmpdir(), 'imageport-database-'))
    return `sqlite:${join(await dir, `${++files}.db`)}`
  }

  async function open<DB>(options: OpenOptions = {}, url?: string): Promise<OpenedDatabase<DB>> {
    const place = url ?? (engine === 'sqlite' ? 'sqlite::memory:' : await freshUrl())
    const opened = await openDatabase<DB>(place, { poolSize: 5, ...options })
    closers.push(() => opened.close())
    return opened
  }

  return { open, freshUrl }
}
