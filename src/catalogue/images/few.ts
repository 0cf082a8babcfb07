import { type RawBuilder, sql } from 'kysely'
import type { Core } from '../core.ts'
import { compile, type Filter, type Searchable } from '../search.ts'
import { type ImageField, lookups } from './fields.ts'
import type { Part } from './scopes.ts'

/** Beyond so many it costs less to walk the images in their order than to collect and sort what was found. */
const fewAtMost = 1_000

/** What is found by one value of them has an index of its own; the name's is that of its folded form. */
const telling: ReadonlySet<string> = new Set<ImageField>(['name', 'md5', 'sha512', 'instanceUuid'])

/**
 * On SQLite, which cannot guess it: where a condition finds few images, they are where to begin. PostgreSQL has
 * statistics.
 * @returns the same parts, beginning there
 */
export async function fromFew(
  { database: { db, engine } }: Core,
  parts: readonly Part[],
  filter: Filter | undefined,
  table: Searchable,
): Promise<readonly Part[]> {
  const found = filter && engine === 'sqlite' ? findsFew(filter, table) : null
  if (!found || parts.length === 0) return parts
  const { rows } = await sql<{ seq: number }>`select seq from (${found}) limit ${fewAtMost + 1}`.execute(db)
  if (rows.length > fewAtMost) return parts
  // A tag in two spellings finds an image twice.
  const seqs = [...new Set(rows.map(({ seq }) => seq))]
  const few = sql`select value as seq from json_each(${JSON.stringify(seqs)})`
  return parts.map(({ condition, source }) =>
    source ? { source, condition: sql`${condition} and images.seq in (${few})` } : { source: few, condition },
  )
}

/** A select of the seqs of all images for which one of the conditions is true that all have to be; null without a telling one. */
function findsFew(filter: Filter, table: Searchable): RawBuilder<unknown> | null {
  if ('all' in filter) {
    for (const part of filter.all) {
      const found = findsFew(part, table)
      if (found) return found
    }
    return null
  }
  if ('tag' in filter) return lookups.tag(filter.tag, filter.caseless === true)
  if ('property' in filter) return lookups.property(filter.property, filter.value)
  if (!('field' in filter && 'is' in filter) || filter.is !== 'eq' || !telling.has(filter.field)) return null
  const condition = compile(filter, table)
  if (filter.field !== 'name') return sql`select seq from images where ${condition}`
  return filter.caseless ? sql`select seq from images where deleted in (0, 1) and ${condition}` : null
}
