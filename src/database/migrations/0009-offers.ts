import { type Kysely, sql } from 'kysely'

function statements(engine: 'sqlite' | 'postgres'): string[] {
  const { int, text } =
    engine === 'sqlite' ? { int: 'integer', text: 'text' } : { int: 'bigint', text: 'text collate "C"' }
  return [
    ...['name_fold', 'type', 'os', 'search_text'].map(
      (column) => `alter table repository_images add column ${column} ${text} not null default ''`,
    ),
    `alter table repository_images add column size ${int} not null default 0`,
    'create index repository_images_name on repository_images (repository, name_fold, uuid)',
    'create index repository_images_size on repository_images (repository, size, uuid)',
    'create index repository_images_type on repository_images (repository, type, published, uuid)',
    'create index repository_images_os on repository_images (repository, os, published, uuid)',
  ]
}

type Row = { readonly repository: string; readonly uuid: string; readonly manifest_json: string }

/** What was read before is found, too, by what its manifests say. */
// biome-ignore lint/suspicious/noExplicitAny: as below
async function describe(trx: Kysely<any>): Promise<void> {
  let after = { repository: '', uuid: '' }
  for (;;) {
    const rows: readonly Row[] = await trx
      .selectFrom('repository_images')
      .select(['repository', 'uuid', 'manifest_json'])
      .where(sql<boolean>`(repository, uuid) > (${after.repository}, ${after.uuid})`)
      .orderBy('repository')
      .orderBy('uuid')
      .limit(500)
      .execute()
    const last = rows.at(-1)
    if (!last) return
    for (const { repository, uuid, manifest_json } of rows)
      await trx
        .updateTable('repository_images')
        .set(columnsOf(uuid, JSON.parse(manifest_json)))
        .where('repository', '=', repository)
        .where('uuid', '=', uuid)
        .execute()
    after = last
  }
}

/** As the catalogue wrote them when this migration was made. */
function columnsOf(uuid: string, manifest: Readonly<Record<string, unknown>>): object {
  const text = (key: string) => {
    const value = Object.hasOwn(manifest, key) ? manifest[key] : ''
    return typeof value === 'string' && value.isWellFormed() && !value.includes('\0') ? value : ''
  }
  const file: unknown = Array.isArray(manifest.files) ? manifest.files[0] : undefined
  const size = (file as { readonly size?: unknown } | null | undefined)?.size
  const texts = [text('name'), text('version'), text('description'), uuid].join(' ')
  return {
    name_fold: text('name').normalize('NFC').toLowerCase().slice(0, 200).toWellFormed(),
    type: text('type').slice(0, 100).toWellFormed(),
    os: text('os').slice(0, 100).toWellFormed(),
    search_text: texts.normalize('NFC').toLowerCase().slice(0, 2000).toWellFormed(),
    size: Number.isSafeInteger(size) && Number(size) > 0 ? Number(size) : 0,
  }
}

/** What a repository offers can be searched and sorted. */
export const offers = {
  // A migration runs before the types of schema.ts hold, hence `any`.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  async up(trx: Kysely<any>, engine: 'sqlite' | 'postgres'): Promise<void> {
    for (const statement of statements(engine)) await sql.raw(statement).execute(trx)
    await describe(trx)
  },
}
