import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Instant } from '../../database/schema.ts'

/** Names are unique where they are listed; things of one instant follow each other as they were entered. */
export const orders = ['name', 'created_at', 'updated_at'] as const
export type OrderKey = (typeof orders)[number]

export type Paging = {
  readonly order: OrderKey
  readonly descending: boolean
  /** The name of the last one of the page before. */
  readonly marker?: string
  readonly limit: number
}

type Place = {
  readonly id: number
  readonly name: string
  readonly created_at: Instant
  readonly updated_at: Instant
}

/** What comes behind a row, so that pages follow each other whatever is added meanwhile. @param table its name in the query */
export function behind(table: string, { order, descending }: Paging, last: Place): RawBuilder<SqlBool> {
  const comparison = descending ? sql`<` : sql`>`
  const [key, id] = [sql.ref(`${table}.${order}`), sql.ref(`${table}.id`)]
  if (order === 'name') return sql`${key} ${comparison} ${last.name}`
  return sql`(${key}, ${id}) ${comparison} (${last[order]}, ${last.id})`
}

export function inOrder(table: string, { order, descending }: Paging): RawBuilder<unknown> {
  const direction = descending ? sql` desc` : sql``
  const [key, id] = [sql.ref(`${table}.${order}`), sql.ref(`${table}.id`)]
  return order === 'name' ? sql`${key}${direction}` : sql`${key}${direction}, ${id}${direction}`
}
