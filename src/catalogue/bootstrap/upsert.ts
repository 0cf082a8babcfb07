import { sql } from 'kysely'
import type { Database } from '../../database/schema.ts'
import type { Actor } from '../actor.ts'
import { record } from '../audit.ts'
import type { Core, Trx } from '../core.ts'
import { withoutSecrets } from '../images/without-secrets.ts'
import { now } from '../time.ts'

/** What one application of a bootstrap file did. */
export type Applied = { readonly what: string; readonly did: 'created' | 'changed' }

export type Application = {
  readonly trx: Trx
  readonly core: Core
  readonly actor: Actor
  readonly applied: Applied[]
}

type Value = string | number | null

/** How a section's entries are kept: table, the noun for the audit log, and the column that identifies an entry. */
export type Target = {
  readonly table: keyof Database
  readonly kind: string
  readonly key: string
}

/**
 * Creates an entry, or changes the given columns of it where they differ.
 * @param given what the file says; absent keys (undefined) are left alone
 * @param initial what a new row holds besides
 * @param secret columns that stay out of the audit log
 * @returns whether anything was written
 */
export async function upsert(
  { trx, core, actor, applied }: Application,
  { table, kind, key }: Target,
  keyValue: Value,
  shown: string,
  given: Readonly<Record<string, Value | undefined>>,
  initial: Readonly<Record<string, Value>>,
  secret: readonly string[] = [],
): Promise<void> {
  const columns = Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, Value] => entry[1] !== undefined),
  )
  const { rows } = await sql<Record<string, Value>>`
    select * from ${sql.table(table)} where ${sql.ref(key)} = ${keyValue}`.execute(trx)
  const before = rows[0]
  const at = now()
  const hide = (facts: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(facts).map(([name, value]) => {
        if (secret.includes(name)) return [name, '***']
        return [name, name === 'url' && typeof value === 'string' ? withoutSecrets(value) : value]
      }),
    )
  if (!before) {
    const row: Record<string, Value> = {
      created_at: at,
      updated_at: columns.created_at ?? at,
      ...initial,
      [key]: keyValue,
      ...columns,
    }
    await sql`insert into ${sql.table(table)} (${sql.join(Object.keys(row).map((name) => sql.ref(name)))})
      values (${sql.join(Object.values(row))})`.execute(trx)
    // An id that was written by hand does not move PostgreSQL's counter by itself.
    if (row.id !== undefined && core.database.engine === 'postgres')
      await sql`select setval(pg_get_serial_sequence(${table}, 'id'), greatest(
        (select max(id) from ${sql.table(table)}), 1))`.execute(trx)
    await record(trx, actor, { action: 'create', kind, id: keyValue ?? '', after: hide(row) })
    applied.push({ what: `${kind} ${shown}`, did: 'created' })
    return
  }
  const changes = Object.entries(columns).filter(([name, value]) => before[name] !== value)
  if (changes.length === 0) return
  const change = Object.fromEntries(changes)
  const written = { updated_at: at, ...change }
  await sql`update ${sql.table(table)} set ${sql.join(
    Object.entries(written).map(([name, value]) => sql`${sql.ref(name)} = ${value}`),
  )} where ${sql.ref(key)} = ${keyValue}`.execute(trx)
  const old = Object.fromEntries(changes.map(([name]) => [name, before[name]]))
  await record(trx, actor, {
    action: 'update',
    kind,
    id: keyValue ?? '',
    before: hide(old),
    after: hide(change),
  })
  applied.push({ what: `${kind} ${shown}`, did: 'changed' })
}
