import { Failure } from '../catalogue/failure.ts'
import type { OpenedDatabase, OpenOptions } from './opened.ts'
import { openSqlite } from './sqlite.ts'

/**
 * Opens `sqlite:/path/file.db`, `sqlite::memory:` or `postgres://user:password@host/name`.
 *
 * @throws Failure invalid — the URL cannot be understood; unavailable — the file or server cannot be reached
 */
export async function openDatabase<DB>(url: string, options: OpenOptions = {}): Promise<OpenedDatabase<DB>> {
  if (/^postgres(ql)?:\/\//.test(url)) {
    // Loaded on demand: most installations never need its client.
    const { openPostgres } = await import('./postgres.ts')
    return openPostgres<DB>(url, options)
  }
  const path = /^sqlite:(.+)$/s.exec(url)?.[1]
  if (path !== undefined) return openSqlite<DB>(path, options)
  // Without the URL itself: it may be a mistyped one with a password in it.
  throw new Failure('invalid', 'The database URL must begin with sqlite: or postgres://.', {
    subject: 'database',
    reason: 'database-url',
  })
}
