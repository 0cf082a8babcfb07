import { prepared } from '../../../database/prepared.ts'
import type { Instant } from '../../../database/schema.ts'
import type { Query } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { now } from '../../time.ts'
import { rolesOf } from '../roles-of.ts'
import { credentialRow, toCredential } from './credential.ts'
import { type OpenstackIdentity, openstackId } from './identity.ts'
import { noRights, type Rights, rightsIn, systemRights } from './rights.ts'

/** What a token is for: one project, everything, or only to get such a token. */
export type TokenScope = 'project' | 'system' | 'unscoped'

/** A token of the embedded Identity, and who it speaks for. */
export type IdentityToken = {
  readonly identity: OpenstackIdentity
  readonly scope: TokenScope
  /** How it was got, and before that the token that it was got with. */
  readonly methods: readonly string[]
  /** Its own, and that of the first token it descends from. */
  readonly auditIds: readonly string[]
  readonly issuedAt: Instant
  readonly applicationCredential: {
    readonly id: string
    readonly name: string
    readonly unrestricted: boolean
  } | null
}

/** What is kept beside a token. */
export type TokenFacts = Pick<IdentityToken, 'scope' | 'methods' | 'auditIds'> & {
  /** Id of the application credential that it was got with. */
  readonly credential?: string
}

const byLookup = prepared((query: Query, { lookup }: { lookup: string }) =>
  query
    .selectFrom('credentials')
    .innerJoin('users', 'users.id', 'credentials.user_id')
    .leftJoin('projects', 'projects.id', 'credentials.project_id')
    .select([
      'credentials.user_id',
      'credentials.project_id',
      'credentials.data_json',
      'credentials.created_at',
      'credentials.expires_at',
      'users.uuid',
      'users.keystone_id',
      'users.username',
      'users.super_admin',
      'users.enabled',
      'projects.uuid as project_uuid',
      'projects.keystone_id as project_keystone_id',
      'projects.name as project_name',
      'projects.enabled as project_enabled',
    ])
    .where('credentials.kind', '=', 'identity-token')
    .where('credentials.lookup', '=', lookup),
)
type Row = Awaited<ReturnType<typeof byLookup>>[number]

/**
 * The token with this digest and what it is worth now: roles are those of today. Its own end is not looked at, because it
 * comes without anybody writing.
 * @throws Failure `unauthenticated`: there is none, or its user, project, role or application credential is gone or disabled
 */
export async function readToken(query: Query, lookup: string): Promise<IdentityToken> {
  const [row] = await byLookup(query, { lookup })
  if (!row) throw unauthenticated('unknown')
  if (row.enabled === 0) throw unauthenticated('disabled')
  const facts = JSON.parse(row.data_json) as TokenFacts
  const credential = await credentialOf(query, facts)
  const rights = await rightsOf(query, row, facts.scope, credential)
  const project =
    row.project_id === null
      ? null
      : {
          id: openstackId({ uuid: row.project_uuid!, keystone_id: row.project_keystone_id }),
          name: row.project_name!,
        }
  return {
    identity: {
      userId: row.user_id,
      projectId: row.project_id,
      user: { id: openstackId(row), name: row.username },
      project,
      ...rights,
      // Where they are depends on how this server is reached; only its face knows.
      services: null,
      expiresAt: row.expires_at!,
    },
    scope: facts.scope,
    methods: facts.methods,
    auditIds: facts.auditIds,
    issuedAt: row.created_at,
    applicationCredential: credential && {
      id: credential.id,
      name: credential.name,
      unrestricted: credential.unrestricted,
    },
  }
}

type Credential = ReturnType<typeof toCredential>

async function credentialOf(query: Query, { credential }: TokenFacts): Promise<Credential | null> {
  if (credential === undefined) return null
  const [row] = await credentialRow(query, { id: credential })
  if (!row || (row.expires_at !== null && row.expires_at <= now())) throw unauthenticated('unknown')
  return toCredential(row)
}

/** @throws Failure `unauthenticated` */
async function rightsOf(
  query: Query,
  row: Row,
  scope: TokenScope,
  credential: Credential | null,
): Promise<Rights> {
  if (scope === 'unscoped') return noRights
  const superAdmin = row.super_admin === 1
  if (scope === 'system') {
    if (!superAdmin) throw unauthenticated('role')
    return systemRights
  }
  const projectId = row.project_id
  if (projectId === null || row.project_enabled !== 1) throw unauthenticated('disabled')
  const own = (await rolesOf(query, row.user_id)).get(projectId) ?? []
  const rights = rightsIn(projectId, own, superAdmin, credential?.roles ?? null)
  if (!rights) throw unauthenticated('role')
  return rights
}

/** Faces say the same of all of them; `reason` is for the log and for tests. */
export function unauthenticated(reason: 'unknown' | 'expired' | 'disabled' | 'role' | 'scope'): Failure {
  return new Failure('unauthenticated', 'The request you have made requires authentication.', { reason })
}
