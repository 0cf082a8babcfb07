import { unknown } from './people.ts'
import type { Application } from './upsert.ts'

export async function idOf(
  { trx }: Application,
  table: 'compute_resources' | 'operating_systems' | 'architectures' | 'locations',
  column: 'name' | 'title',
  kind: string,
  name: string,
): Promise<number> {
  const row = (await trx
    .selectFrom(table)
    .select('id')
    .where(column as 'name', '=', name)
    .executeTakeFirst()) as { id: number } | undefined
  if (!row) throw unknown(kind, name)
  return row.id
}

export async function maybeId(
  ...args: [...(Parameters<typeof idOf> extends [...infer First, string] ? First : never), string | undefined]
): Promise<number | undefined> {
  const [application, table, column, kind, name] = args
  return name === undefined ? undefined : idOf(application, table, column, kind, name)
}
