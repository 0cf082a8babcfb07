import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { migrate } from '../../src/database/migrate.ts'
import { migrations } from '../../src/database/migrations/index.ts'
import type { Database } from '../../src/database/schema.ts'
import { forEachDatabase } from '../support/databases.ts'

const before = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '0003'))

/** Name, operating system, and what IMGAPI calls both. */
const images: readonly [string, string | null, string, string][] = [
  ['ubuntu-22.04', 'ubuntu', 'ubuntu-22.04', 'linux'],
  ['Ümläut (LTS) 🐧', null, '-ml-ut -LTS- -', 'other'],
  ['', 'windows', 'uuid-2', 'windows'],
  ['with [brackets]^', 'freebsd', 'with -brackets--', 'bsd'],
]

forEachDatabase((_engine, open) => {
  test('images that were there before are found by what IMGAPI calls them', async () => {
    const opened = await open<Database>()
    await migrate(opened, before)
    for (const [n, [name, distro]] of images.entries())
      await sql`insert into images (uuid, handle, name, status, external, visibility, min_disk, min_ram, protected, hidden,
        tags_json, tags_fold_json, properties_json, bound, unregistered, created_at, updated_at, name_fold, label_fold, type,
        os_distro_fold, region_fold, guest_agent, search_text)
        values (${`uuid-${n}`}, ${`handle-${n}`}, ${name}, 'queued', 0, 'private', 0, 0, 0, 0, '[]', '[]', '{}', 0, 0, 1, 1,
        ${name}, ${name}, 'template', ${distro}, '', 0, ${name})`.execute(opened.db)
    await migrate(opened, migrations)
    const rows = await opened.db
      .selectFrom('images')
      .select(['name', 'os_distro_fold', 'imgapi_name', 'imgapi_os'])
      .orderBy('seq')
      .execute()
    assert.deepEqual(
      rows.map((row) => [row.name, row.os_distro_fold, row.imgapi_name, row.imgapi_os]),
      images,
    )
  })
})
