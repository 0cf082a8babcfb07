import assert from 'node:assert/strict'
import { test } from 'node:test'
import { offerColumns } from '../../src/catalogue/repositories/offer-facts.ts'
import { migrate } from '../../src/database/migrate.ts'
import { migrations } from '../../src/database/migrations/index.ts'
import type { Database } from '../../src/database/schema.ts'
import { forEachDatabase } from '../support/databases.ts'

const before = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '0009'))

const manifests: readonly Record<string, unknown>[] = [
  { name: 'Debian 12', version: '20240101', type: 'zvol', os: 'linux', files: [{ size: 7 }] },
  { name: ['x'], os: null, files: 'none', description: 'a\0b' },
  { name: 'Ü'.repeat(5000), description: '🐧'.repeat(5000), files: [null] },
]
const many = 1203

forEachDatabase((_engine, open) => {
  test('what was read from repositories before can be searched', async () => {
    const opened = await open<Database>()
    const { db } = opened
    await migrate(opened, before)
    await db
      .insertInto('repositories')
      .values({
        name: 'shop',
        url: 'https://shop.test',
        refreshed_at: 1,
        image_count: many,
        failure: null,
        refreshing_until: null,
      })
      .execute()
    const offers = Array.from({ length: many }, (_, n) => ({
      uuid: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
      manifest: manifests[n % manifests.length]!,
    }))
    for (let at = 0; at < many; at += 200)
      await db
        .insertInto('repository_images')
        .values(
          offers.slice(at, at + 200).map(({ uuid, manifest }) => ({
            repository: 'shop',
            uuid,
            published: '',
            manifest_json: JSON.stringify(manifest),
          })) as never,
        )
        .execute()
    await migrate(opened, migrations)
    const rows = await db
      .selectFrom('repository_images')
      .select(['name_fold', 'type', 'os', 'search_text', 'size'])
      .orderBy('uuid')
      .execute()
    assert.deepEqual(
      rows,
      offers.map((offer) => offerColumns(offer)),
    )
  })
})
