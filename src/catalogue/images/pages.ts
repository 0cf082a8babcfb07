import { type RawBuilder, type SelectQueryBuilder, type SqlBool, sql } from 'kysely'
import { prepared } from '../../database/prepared.ts'
import type { Core, Query } from '../core.ts'
import { compileOrder, compileTerms, type Order, orderTerms } from '../search.ts'
import { imageFields } from './fields.ts'
import { type Part, rowsOf } from './scopes.ts'

export type Page = { readonly order: readonly Order[]; readonly limit: number; readonly offset?: number }

type Placed<Row> = Row & { readonly position: number }

/**
 * Reads pages of images that are in any of some parts.
 * @param select the columns, from `images` and whatever is joined to it
 * @param narrow they are few and may be read from an index alone
 */
export function pageReader<DB, TB extends keyof DB, Row>(
  { database: { db, engine } }: Core,
  select: (query: Query) => SelectQueryBuilder<DB, TB, Row>,
  { narrow }: { readonly narrow: boolean },
): (parts: readonly Part[], page: Page) => Promise<Row[]> {
  const selected = select(db)
  // A part of a query, which plugins see as a whole.
  const ofPage = select(db.withoutPlugins()).where(sql<SqlBool>`images.seq = page.seq`)
  const bySeq = prepared((query: Query, { seqs }: { seqs: string }) =>
    select(query)
      .select(sql<number>`images.seq`.as('position'))
      .where(sql<SqlBool>`images.seq in (select value from json_each(${seqs}))`),
  )

  return async (parts, page) => {
    const [first] = parts
    if (!first) return []
    const order = compileOrder(page.order, imageFields, engine)
    if (parts.length === 1 && !first.source && (narrow || engine === 'postgres'))
      return selected
        .where(first.condition)
        .orderBy(order)
        .limit(page.limit)
        .offset(page.offset ?? 0)
        .execute()
    const { seqs, sorted } = seqsOf(parts, page, engine)
    if (engine === 'postgres') {
      const { rows } =
        await sql<Row>`select wide.* from (${seqs}) as page cross join lateral ${ofPage} as wide
        order by ${sorted}`.execute(db)
      return rows
    }
    // SQLite reads a page in two steps, between which nobody else has the connection. The second one is the same for
    // all lists: building the text of so many columns takes longer than reading them.
    return db.connection().execute(async (own) => {
      const { rows } = await seqs.execute(own)
      const found = await bySeq(own, { seqs: JSON.stringify(rows.map(({ seq }) => seq)) })
      // Kysely does not see through a selection whose columns are not known here.
      const at = new Map((found as unknown as Placed<Row>[]).map((row) => [row.position, row]))
      return rows.map(({ seq }) => at.get(seq)!)
    })
  }
}

/**
 * The seqs of one page, and the order in which they are: of each part no more is read than a page holds, and what is in
 * several parts is there once. Ordered by the seq at last, in which every index of SQLite ends, so that it merges the
 * parts as it reads them; PostgreSQL is told how many of each will do.
 */
function seqsOf(
  parts: readonly Part[],
  { order, limit, offset = 0 }: Page,
  engine: 'sqlite' | 'postgres',
): { readonly seqs: RawBuilder<{ readonly seq: number }>; readonly sorted: RawBuilder<unknown> } {
  const terms = orderTerms(order, imageFields)
  const names = terms.map((_, n) => sql.ref(`key${n}`))
  const bySeq = { value: sql.ref('seq'), descending: terms.at(-1)?.descending ?? false, nullable: false }
  const sorted = compileTerms([...terms.map((term, n) => ({ ...term, value: names[n]! })), bySeq], engine)
  const keys = terms.map(({ value }, n) => sql`, ${value} as ${names[n]!}`)
  const arms = parts.map((part) => sql`select images.seq as seq${sql.join(keys, sql``)} from ${rowsOf(part)}`)
  const cut = sql`order by ${sorted} limit cast(${limit} as bigint) offset cast(${offset} as bigint)`
  if (engine === 'sqlite') return { seqs: sql`${sql.join(arms, sql` union `)} ${cut}`, sorted }
  const few = arms.map(
    (arm) => sql`(select * from (${arm}) as part order by ${sorted} limit ${limit + offset})`,
  )
  return {
    seqs: sql`select distinct on (${sql.join([...names, sql.ref('seq')])}) *
      from (${sql.join(few, sql` union all `)}) as parts ${cut}`,
    sorted,
  }
}
