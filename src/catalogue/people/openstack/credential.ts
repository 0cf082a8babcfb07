import { prepared } from '../../../database/prepared.ts'
import type { Instant } from '../../../database/schema.ts'
import type { Query } from '../../core.ts'
import { openstackId } from './identity.ts'
import type { WireRole } from './rights.ts'

/** Some of a user's roles in one project, for programs that are not to have its password (glance.md 25.4). */
export type ApplicationCredential = {
  /** 32 hex digits. */
  readonly id: string
  readonly name: string
  readonly description: string
  readonly userId: number
  readonly projectId: number
  /** Id of the project on the wire. */
  readonly project: string
  /** As they were chosen; those that they imply come with them. */
  readonly roles: readonly WireRole[]
  /** May its tokens make and delete application credentials? */
  readonly unrestricted: boolean
  readonly expiresAt: Instant | null
}

/** What is kept beside it. */
export type CredentialFacts = Pick<ApplicationCredential, 'description' | 'roles' | 'unrestricted'>

/** All of them, with what else their description needs. */
export function credentialRows(query: Query) {
  return query
    .selectFrom('credentials')
    .innerJoin('projects', 'projects.id', 'credentials.project_id')
    .selectAll('credentials')
    .select(['projects.uuid', 'projects.keystone_id'])
    .where('kind', '=', 'application-credential')
}
export type CredentialRow = Awaited<ReturnType<ReturnType<typeof credentialRows>['execute']>>[number]

/** By its id, which is no secret. */
export const credentialRow = prepared((query: Query, { id }: { id: string }) =>
  credentialRows(query).where('lookup', '=', id),
)

export function toCredential(row: CredentialRow): ApplicationCredential {
  const { description, roles, unrestricted } = JSON.parse(row.data_json) as CredentialFacts
  return {
    id: row.lookup!,
    name: row.label,
    description,
    userId: row.user_id,
    projectId: row.project_id!,
    project: openstackId(row),
    roles,
    unrestricted,
    expiresAt: row.expires_at,
  }
}
