import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { padded } from '../../database/padded.ts'
import type { Core, Query } from '../core.ts'

/** What of an audit entry decides who is told of it. */
export type AuditRow = {
  readonly id: number
  readonly user_id: number | null
  readonly action: string
  readonly subject_kind: string
  readonly subject_id: string
  readonly before_json: string | null
}

export type AuditNews = {
  readonly rows: readonly AuditRow[]
  /** There are more rows now. */
  readonly more: boolean
  /** Some rows can no longer be told apart from those that were told already. */
  readonly lost: boolean
}

/** Ids that nobody has seen: of entries that were rolled back, or will be committed after those with higher ids. */
type Gap = {
  readonly from: number
  readonly to: number
  /** Transactions that may fill it have lower ids than this one. Undefined: that was not asked yet. */
  readonly until: number | undefined
}

/** So many at once; a listener's own limits are far below. */
const rowsAtMost = 1000
/** More gaps than this mean that something is odd: then everybody reads everything again. */
const gapsAtMost = 200
/** How far back of the newest entry gaps are looked for at the beginning. */
const lookBack = 10_000

const columns = ['id', 'user_id', 'action', 'subject_kind', 'subject_id', 'before_json'] as const

/**
 * Reads the audit log as it grows. On SQLite, which has one writer, ids are committed in their order. On PostgreSQL they
 * are not: a transaction that took a low id may be committed long after one with a higher id. Each id that is missing is
 * therefore looked for until every transaction that was under way when it was missed has ended.
 */
export function auditReader({ database }: Core) {
  const { db } = database
  const ordered = database.engine === 'sqlite'
  let last = 0
  let gaps: readonly Gap[] = []

  async function snapshot(): Promise<{ oldest: number; next: number }> {
    const { rows } = await sql<{ oldest: number; next: number }>`
      select pg_snapshot_xmin(now)::text::bigint as oldest, pg_snapshot_xmax(now)::text::bigint as next
      from pg_current_snapshot() as now`.execute(db)
    return rows[0]!
  }

  /** The newest entries' missing ids, where a transaction is under way that may still bring them. */
  async function findGaps(): Promise<readonly Gap[]> {
    const { oldest, next } = await snapshot()
    if (oldest === next) return []
    const { rows } = await sql<{ from: number; to: number }>`
      select previous + 1 as "from", id - 1 as "to" from
        (select id, lag(id) over (order by id) as previous from audit where id > ${last - lookBack} and id <= ${last}) as ids
      where id > previous + 1 order by id desc limit ${gapsAtMost}`.execute(db)
    return rows.reverse().map((gap) => ({ ...gap, until: undefined }))
  }

  return {
    /** From now on: what comes after the newest entry, and what is still missing before it. */
    async start(): Promise<void> {
      last = await newestEntry(db)
      gaps = ordered ? [] : await findGaps()
    },

    /** Every entry up to here has been read. */
    position: () => (gaps[0] ? gaps[0].from - 1 : last),

    /** What has come since. */
    async read(): Promise<AuditNews> {
      // Before the rows: what has ended by then is what they show.
      const under = gaps.length > 0 ? await snapshot() : null
      const dated = gaps.map((gap) => ({ ...gap, until: gap.until ?? under!.next }))
      const rows = await db
        .selectFrom('audit')
        .select(columns)
        .where(isNews(last, dated))
        .orderBy('id')
        .limit(rowsAtMost + 1)
        .execute()
      const more = rows.length > rowsAtMost
      if (more) rows.pop()
      const found = rows.map(({ id }) => id)
      // As long as there are more rows it is not known which of the gaps are empty.
      const open = more ? dated : dated.filter(({ until }) => until > under!.oldest)
      const all = ordered ? [] : [...open.flatMap((gap) => without(gap, found)), ...missing(last, found)]
      gaps = all.slice(-gapsAtMost)
      last = Math.max(last, found.at(-1) ?? 0)
      return { rows, more, lost: all.length > gapsAtMost }
    },

    /**
     * The entries after `position` that have been passed already, which none are where another process was further than
     * this one is. Undefined where they are more than so many, or there never was such a position.
     */
    async since(position: number, atMost: number): Promise<readonly AuditRow[] | undefined> {
      if (position > last) return position > (await newestEntry(db)) ? undefined : []
      const rows = await db
        .selectFrom('audit')
        .select(columns)
        .where('id', '>', position)
        .where('id', '<=', last)
        .orderBy('id')
        .limit(atMost + 1)
        .execute()
      return rows.length > atMost ? undefined : rows
    },
  }
}

/** The id of the newest entry, 0 where there is none. */
export async function newestEntry(query: Query): Promise<number> {
  const { newest } = await query
    .selectFrom('audit')
    .select((select) => select.fn.max('id').as('newest'))
    .executeTakeFirstOrThrow()
  return Number(newest ?? 0)
}

function isNews(last: number, gaps: readonly Gap[]): RawBuilder<SqlBool> {
  const inside = padded(gaps).map(({ from, to }) => sql`id between ${from} and ${to}`)
  return sql`(${sql.join([sql`id > ${last}`, ...inside], sql` or `)})`
}

/** Ids between `last` and those found that are not there. */
function missing(last: number, found: readonly number[]): Gap[] {
  const gaps: Gap[] = []
  let expected = last + 1
  for (const id of found) {
    if (id > expected) gaps.push({ from: expected, to: id - 1, until: undefined })
    if (id >= expected) expected = id + 1
  }
  return gaps
}

/** What is left of a gap. */
function without(gap: Gap, found: readonly number[]): Gap[] {
  const left: Gap[] = []
  let { from } = gap
  for (const id of found) {
    if (id < from || id > gap.to) continue
    if (id > from) left.push({ ...gap, from, to: id - 1 })
    from = id + 1
  }
  return from > gap.to ? left : [...left, { ...gap, from }]
}
