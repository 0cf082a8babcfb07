import type { Selectable } from 'kysely'
import { prepared } from '../../../database/prepared.ts'
import type { CredentialsTable, Instant } from '../../../database/schema.ts'
import type { Query } from '../../core.ts'
import type { WireRole } from './rights.ts'

/** Some of a user's roles in one project, for programs that are not to have its password (glance.md 25.4). */
export type ApplicationCredential = {
  /** 32 hex digits. */
  readonly id: string
  readonly name: string
  readonly description: string
  readonly userId: number
  readonly projectId: number
  /** Without those that they imply. */
  readonly roles: readonly WireRole[]
  /** May its tokens make and delete application credentials? */
  readonly unrestricted: boolean
  readonly expiresAt: Instant | null
}

/** What is kept beside it. */
export type CredentialFacts = Pick<ApplicationCredential, 'description' | 'roles' | 'unrestricted'>

export function toCredential(row: Selectable<CredentialsTable>): ApplicationCredential {
  const { description, roles, unrestricted } = JSON.parse(row.data_json) as CredentialFacts
  return {
    id: row.lookup!,
    name: row.label,
    description,
    userId: row.user_id,
    projectId: row.project_id!,
    roles,
    unrestricted,
    expiresAt: row.expires_at,
  }
}

/** Its row by its id, which is no secret. */
export const credentialRow = prepared((query: Query, { id }: { id: string }) =>
  query
    .selectFrom('credentials')
    .selectAll()
    .where('kind', '=', 'application-credential')
    .where('lookup', '=', id),
)
