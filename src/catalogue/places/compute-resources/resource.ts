import { sql } from 'kysely'
import type { Instant } from '../../../database/schema.ts'
import type { Query } from '../../core.ts'
import type { Field, Searchable } from '../../search.ts'
import type { Named } from '../registrations/names.ts'
import type { TreeName } from '../trees/tree.ts'

/** Where images are used (one-catalogue.md section 2, foreman.md 9.1). Of its password is told only whether there is one. */
export type ComputeResource = {
  readonly id: number
  readonly name: string
  readonly provider: string
  readonly url: string | null
  readonly description: string | null
  readonly username: string | null
  readonly hasPassword: boolean
  readonly attributes: ResourceAttributes
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

/** Whatever a provider needs besides; which of them one has is the provider's affair. */
export const attributeNames = [
  'access_key',
  'caching_enabled',
  'datacenter',
  'display_type',
  'domain',
  'keyboard_layout',
  'ovirt_quota',
  'project_domain_id',
  'project_domain_name',
  'public_key',
  'region',
  'server',
  'set_console_password',
  'tenant',
  'use_v4',
] as const
export type AttributeName = (typeof attributeNames)[number]
export type ResourceAttributes = Readonly<Partial<Record<AttributeName, string | boolean | null>>>

/** With where it is assigned. */
export type PlacedComputeResource = ComputeResource & {
  readonly organizations: readonly TreeName[]
  readonly locations: readonly TreeName[]
}
/** With what hangs on it; images as far as the caller may see them. */
export type ComputeResourceView = PlacedComputeResource & { readonly images: readonly Named[] }

/** With the class that Foreman's search calls `type`, and folded forms; there are few, so these need no columns. */
export function selectResources(query: Query) {
  return query.selectFrom(
    query
      .selectFrom('compute_resources')
      .selectAll()
      .select([
        sql<string>`'Foreman::Model::' || provider`.as('type'),
        sql<string>`lower('Foreman::Model::' || provider)`.as('type_fold'),
        sql<string>`lower(provider)`.as('provider_fold'),
        sql<string | null>`lower(description)`.as('description_fold'),
        sql<string | null>`lower(url)`.as('url_fold'),
      ])
      .as('compute_resources'),
  )
}

type ResourceRow = {
  readonly id: number
  readonly name: string
  readonly provider: string
  readonly url: string | null
  readonly description: string | null
  readonly username: string | null
  readonly password: string | null
  readonly attributes_json: string
  readonly created_at: Instant
  readonly updated_at: Instant
}

export function toResource(row: ResourceRow): ComputeResource {
  return {
    id: row.id,
    name: row.name,
    provider: row.provider,
    url: row.url,
    description: row.description,
    username: row.username,
    hasPassword: row.password !== null,
    attributes: JSON.parse(row.attributes_json) as ResourceAttributes,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

/** A fact of the projects or locations that a resource is assigned to. */
function place(table: 'projects' | 'locations', column: string, kind: Field['kind']): Field {
  const key = table === 'projects' ? 'project_id' : 'location_id'
  return {
    column: `${table}.${column}`,
    ...(kind === 'text' ? { folded: `${table}.${column}_fold` } : {}),
    kind,
    many: (condition) => sql`exists (select 1 from compute_resource_places
      inner join ${sql.table(table)} on ${sql.ref(`${table}.id`)} = ${sql.ref(`compute_resource_places.${key}`)}
      where compute_resource_places.compute_resource_id = compute_resources.id and ${condition})`,
  }
}

/** The searchable fields of foreman.md 9.1, and what people besides look for. */
export const searchableComputeResources: Searchable = {
  fields: {
    id: { column: 'compute_resources.id', kind: 'number' },
    name: { column: 'compute_resources.name', folded: 'compute_resources.name_fold', kind: 'text' },
    type: { column: 'compute_resources.type', folded: 'compute_resources.type_fold', kind: 'text' },
    provider: {
      column: 'compute_resources.provider',
      folded: 'compute_resources.provider_fold',
      kind: 'text',
    },
    description: {
      column: 'compute_resources.description',
      folded: 'compute_resources.description_fold',
      kind: 'text',
      nullable: true,
    },
    url: {
      column: 'compute_resources.url',
      folded: 'compute_resources.url_fold',
      kind: 'text',
      nullable: true,
    },
    location: place('locations', 'name', 'text'),
    location_id: place('locations', 'id', 'number'),
    organization: place('projects', 'name', 'text'),
    organization_id: place('projects', 'id', 'number'),
  },
}
