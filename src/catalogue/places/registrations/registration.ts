import { type SqlBool, sql } from 'kysely'
import { type Engine, ftsPhrase } from '../../../database/dialect.ts'
import type { Instant } from '../../../database/schema.ts'
import type { Query } from '../../core.ts'
import { type Fields, type Filter, literalOf, type Searchable } from '../../search.ts'
import { catalogueResource } from '../visibility.ts'
import type { RegistrationScope } from './scope.ts'

/** A template on a compute resource: what Foreman calls an image (one-catalogue.md section 2). */
export type Registration = {
  readonly id: number
  readonly name: string
  readonly uuid: string
  readonly username: string
  readonly hasPassword: boolean
  readonly userData: boolean | null
  readonly iamRole: string | null
  readonly computeResource: { readonly id: number; readonly name: string; readonly provider: string }
  readonly operatingSystem: { readonly id: number; readonly title: string }
  readonly architecture: { readonly id: number; readonly name: string }
  /** It is the image itself, and follows it (one-catalogue.md 4.9). */
  readonly automatic: boolean
  /** The catalogue image that `uuid` names. */
  readonly imageSeq: number | null
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

/**
 * Registrations with everything that their lists may ask about. Left joins let the list lead; both databases leave
 * out those that a query does not use.
 */
export function joinedRegistrations(query: Query) {
  return query
    .selectFrom('registrations')
    .leftJoin('compute_resources', 'compute_resources.id', 'registrations.compute_resource_id')
    .leftJoin('operating_systems', 'operating_systems.id', 'registrations.operating_system_id')
    .leftJoin('architectures', 'architectures.id', 'registrations.architecture_id')
    .leftJoin('images', 'images.seq', 'registrations.image_seq')
}

/**
 * The same to be counted below a parent. A count looks up every row that is joined (SQLite leaves out only what a list
 * does not show), and what is in one compute resource other than the catalogue needs none of them.
 */
export function countedRegistrations(query: Query, { kind, id }: RegistrationScope['parent']) {
  const joined = joinedRegistrations(query)
  if (kind !== 'compute-resource' || id === catalogueResource.id) return joined
  return query.selectFrom('registrations') as unknown as typeof joined
}

/** The same with the names that are shown beside them. */
export function selectRegistrations(query: Query) {
  return joinedRegistrations(query).select([
    'registrations.id',
    'registrations.name',
    'registrations.uuid',
    'registrations.username',
    'registrations.user_data',
    'registrations.iam_role',
    'registrations.automatic',
    'registrations.image_seq',
    'registrations.created_at',
    'registrations.updated_at',
    sql<0 | 1>`case when registrations.password is null then 0 else 1 end`.as('has_password'),
    'registrations.compute_resource_id',
    'registrations.operating_system_id',
    'registrations.architecture_id',
    'compute_resources.name as compute_resource_name',
    'compute_resources.provider',
    'operating_systems.title as operating_system_title',
    'architectures.name as architecture_name',
  ])
}
export type SelectedRegistration = Awaited<
  ReturnType<ReturnType<typeof selectRegistrations>['executeTakeFirstOrThrow']>
>

export function toRegistration(row: SelectedRegistration): Registration {
  return {
    id: row.id,
    name: row.name,
    uuid: row.uuid,
    username: row.username,
    hasPassword: row.has_password === 1,
    userData: row.user_data === null ? null : row.user_data === 1,
    iamRole: row.iam_role,
    // Foreign keys: what a left join calls nullable is always there.
    computeResource: {
      id: row.compute_resource_id,
      name: row.compute_resource_name!,
      provider: row.provider!,
    },
    operatingSystem: { id: row.operating_system_id, title: row.operating_system_title! },
    architecture: { id: row.architecture_id, name: row.architecture_name! },
    automatic: row.automatic === 1,
    imageSeq: row.image_seq,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

/** The searchable fields of foreman.md 7.6; `user_data` holds 1 and 0. */
export const registrationFields = {
  id: { column: 'registrations.id', kind: 'number' },
  name: { column: 'registrations.name', folded: 'registrations.name_fold', kind: 'text' },
  username: { column: 'registrations.username', folded: 'registrations.username_fold', kind: 'text' },
  compute_resource: {
    column: 'compute_resources.name',
    folded: 'compute_resources.name_fold',
    kind: 'text',
  },
  architecture: { column: 'registrations.architecture_id', kind: 'number' },
  operatingsystem: { column: 'registrations.operating_system_id', kind: 'number' },
  user_data: { column: 'registrations.user_data', kind: 'number', nullable: true },
} as const satisfies Fields

/**
 * Registrations as something to search in. On PostgreSQL each folded column has a trigram index of its own, which its
 * `like` uses; on SQLite one index holds both, and is asked beside the `like`.
 */
export function searchableRegistrations(engine: Engine): Searchable {
  const fields = registrationFields
  if (engine === 'postgres') return { fields }
  return {
    fields,
    texts: new Set(['registrations.name_fold', 'registrations.username_fold']),
    text: (folded) => sql`registrations.id in (select rowid from registration_text
      where registration_text match ${ftsPhrase(folded)})`,
  }
}

/** Beyond so many it costs less to walk the registrations in their order than to collect and sort what was found. */
const fewAtMost = 3_000

/**
 * On SQLite, which cannot guess it: where the text index finds few, they are where to begin. Then a Searchable that
 * holds what was found, so that it is looked for once; null where the index does not help so much.
 */
export async function foundByText(
  query: Query,
  filter: Filter,
  searchable: Searchable,
): Promise<Searchable | null> {
  const literal = literalOf(filter, searchable)
  if (literal === null) return null
  const { rows } = await sql<{ id: number }>`select rowid as id from registration_text
    where registration_text match ${ftsPhrase(literal)} limit ${fewAtMost + 1}`.execute(query)
  if (rows.length > fewAtMost) return null
  const ids = JSON.stringify(rows.map(({ id }) => id))
  const text = (folded: string) =>
    folded === literal
      ? sql<SqlBool>`registrations.id in (select value from json_each(${ids}))`
      : searchable.text!(folded)
  return { ...searchable, text }
}
