import { sql } from 'kysely'
import type { Query, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { now } from '../time.ts'
import {
  type Definitions,
  demandSoundEntry,
  type Entry,
  type EntryDraft,
  type Kind,
  limits,
  words,
} from './entry.ts'
import { demandResourceTypes } from './resource-types.ts'

/** Everything in a namespace, by kind and in the order of the names. */
export type Contents = { readonly [K in Kind]: readonly Entry<K>[] }
export type ContentsDraft = { readonly [K in Kind]?: readonly EntryDraft<K>[] }

type Row = {
  readonly name: string
  readonly definition_json: string
  readonly created_at: number
  readonly updated_at: number
}

export function toEntry<K extends Kind>(row: Row): Entry<K> {
  return {
    name: row.name,
    definition: JSON.parse(row.definition_json) as Definitions[K],
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

export async function contentsOf(query: Query, namespaceId: number): Promise<Contents> {
  const rows = await query
    .selectFrom('metadef_entries')
    .selectAll()
    .where('namespace_id', '=', namespaceId)
    .orderBy('kind')
    .orderBy('name')
    .execute()
  const of = <K extends Kind>(kind: K) => rows.filter((row) => row.kind === kind).map(toEntry<K>)
  return { association: of('association'), property: of('property'), object: of('object'), tag: of('tag') }
}

/** The associations of each of these namespaces, by their ids; in the order of the names. */
export async function associationsOf(
  query: Query,
  namespaceIds: readonly number[],
): Promise<Map<number, Entry<'association'>[]>> {
  if (namespaceIds.length === 0) return new Map()
  const rows = await query
    .selectFrom('metadef_entries')
    .selectAll()
    .where('kind', '=', 'association')
    .where('namespace_id', 'in', namespaceIds)
    .orderBy('name')
    .execute()
  const grouped = Map.groupBy(rows, (row) => row.namespace_id)
  return new Map([...grouped].map(([id, own]) => [id, own.map(toEntry<'association'>)]))
}

/**
 * Enters things into a namespace, whose row the transaction has locked.
 * @throws Failure `invalid`, `conflict` (a name is taken or comes twice), `quota`
 */
export async function insertEntries<K extends Kind>(
  trx: Trx,
  namespaceId: number,
  kind: K,
  drafts: readonly EntryDraft<K>[],
): Promise<void> {
  if (drafts.length === 0) return
  demandCount(kind, drafts.length)
  for (const draft of drafts) demandSoundEntry(kind, draft)
  const names = drafts.map(({ name }) => name)
  const twice = names.find((name, place) => names.indexOf(name) !== place)
  if (twice !== undefined) throw taken(kind, twice)
  await demandFree(trx, namespaceId, kind, names)
  if (kind === 'association') await demandResourceTypes(trx, names)
  const at = now()
  await trx
    .insertInto('metadef_entries')
    .values(
      drafts.map(({ name, definition }) => ({
        namespace_id: namespaceId,
        kind,
        name,
        definition_json: JSON.stringify(definition),
        created_at: at,
        updated_at: at,
      })),
    )
    .execute()
  await demandRoom(trx, namespaceId)
}

/** @throws Failure `conflict` */
export async function demandFree(
  trx: Trx,
  namespaceId: number,
  kind: Kind,
  names: readonly string[],
): Promise<void> {
  const row = await trx
    .selectFrom('metadef_entries')
    .select('name')
    .where('namespace_id', '=', namespaceId)
    .where('kind', '=', kind)
    .where('name', 'in', names)
    .limit(1)
    .executeTakeFirst()
  if (row) throw taken(kind, row.name)
}

/** Looks at what has been written. @throws Failure `quota` (reason `metadefs`) */
export async function demandRoom(trx: Trx, namespaceId: number): Promise<void> {
  const rows = await trx
    .selectFrom('metadef_entries')
    .select('kind')
    .select((select) => select.fn.countAll<number>().as('entries'))
    .select(sql<number>`sum(length(name) + length(definition_json))`.as('characters'))
    .where('namespace_id', '=', namespaceId)
    .groupBy('kind')
    .execute()
  for (const { kind, entries } of rows) demandCount(kind, Number(entries))
  const characters = rows.reduce((sum, row) => sum + Number(row.characters), 0)
  if (characters > limits.characters)
    throw full(`The definitions of a metadata namespace have at most ${limits.characters} characters in all.`)
}

function demandCount(kind: Kind, entries: number): void {
  const most = limits.entries[kind]
  if (entries > most)
    throw full(`A metadata namespace has at most ${most} of this: ${words[kind]}. Attempted: ${entries}.`)
}

const full = (message: string) => new Failure('quota', message, { reason: 'metadefs' })

function taken(kind: Kind, name: string): Failure {
  return new Failure('conflict', `There is a ${words[kind]} ${name} already.`, {
    subject: `metadef-${kind}`,
    id: name,
    reason: 'exists',
  })
}
