import { sql } from 'kysely'
import type { Instant } from '../../../database/schema.ts'
import type { Query } from '../../core.ts'
import type { Field, Searchable } from '../../search.ts'
import type { Named } from '../registrations/names.ts'

/** An operating system: a name with a version (foreman.md 9.2). */
export type System = {
  readonly id: number
  readonly name: string
  readonly major: string
  readonly minor: string
  readonly description: string | null
  readonly family: string | null
  readonly releaseName: string | null
  readonly passwordHash: string
  /** The description, or else the name with the version. */
  readonly title: string
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

export type DescribedSystem = System & { readonly architectures: readonly Named[] }
/** With what hangs on it; images as far as the caller may see them. */
export type SystemView = DescribedSystem & { readonly images: readonly Named[] }

/** Operating systems with the folded forms of what is searched; there are few, so these need no columns. */
export function selectSystems(query: Query) {
  return query.selectFrom(
    query
      .selectFrom('operating_systems')
      .selectAll()
      .select([
        sql<string>`lower(name)`.as('name_fold'),
        sql<string | null>`lower(description)`.as('description_fold'),
        sql<string | null>`lower(family)`.as('family_fold'),
      ])
      .as('operating_systems'),
  )
}

type SystemRow = {
  readonly [K in
    | 'id'
    | 'name'
    | 'major'
    | 'minor'
    | 'password_hash'
    | 'title'
    | 'created_at'
    | 'updated_at']: K extends 'id' | `${string}_at` ? number : string
} & {
  readonly description: string | null
  readonly family: string | null
  readonly release_name: string | null
}

export function toSystem(row: SystemRow): System {
  return {
    id: row.id,
    name: row.name,
    major: row.major,
    minor: row.minor,
    description: row.description,
    family: row.family,
    releaseName: row.release_name,
    passwordHash: row.password_hash,
    title: row.title,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

const text = (name: string, folded?: string): Field => ({
  column: `operating_systems.${name}`,
  kind: 'text',
  ...(folded ? { folded: `operating_systems.${folded}` } : {}),
})

/** Media, templates and parameters of other parts of Foreman: an operating system here has none. */
const none: Field = { column: 'operating_systems.id', kind: 'text', many: () => sql`1 = 0` }

/** The searchable fields of foreman.md 9.2. */
export const searchableSystems: Searchable = {
  fields: {
    id: { column: 'operating_systems.id', kind: 'number' },
    name: text('name', 'name_fold'),
    major: text('major'),
    minor: text('minor'),
    description: { ...text('description', 'description_fold'), nullable: true },
    family: { ...text('family', 'family_fold'), nullable: true },
    title: text('title', 'title_fold'),
    architecture: {
      column: 'architectures.name',
      folded: 'architectures.name_fold',
      kind: 'text',
      many: (condition) => sql`exists (select 1 from operating_system_architectures
        inner join architectures on architectures.id = operating_system_architectures.architecture_id
        where operating_system_architectures.operating_system_id = operating_systems.id and ${condition})`,
    },
    medium: none,
    template: none,
    params: none,
  },
}
