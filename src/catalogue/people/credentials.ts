import type { CredentialKind } from '../../database/schema.ts'
import type { Query } from '../core.ts'
import { now } from '../time.ts'

export type NewCredential = {
  readonly kind: CredentialKind
  /** Keyed digest of a token or key, by which it is found. */
  readonly lookup?: string
  /** Of what people choose: argon2id. */
  readonly hash?: string
  readonly label?: string
  /** Where it counts; none: everywhere. */
  readonly projectId?: number | null
  /** What else the kind needs. */
  readonly data?: object
  /** Instant; none: until it is taken away. */
  readonly expiresAt?: number | null
  readonly usedAt?: number
}

/** What is kept beside a token or session. */
export type TokenData = { readonly networks?: readonly string[] }

/** Enters a credential; its text is nowhere. @returns its id */
export async function insertCredential(
  query: Query,
  userId: number,
  credential: NewCredential,
): Promise<number> {
  const {
    kind,
    lookup = null,
    hash = null,
    label = '',
    projectId = null,
    data = {},
    expiresAt = null,
    usedAt = null,
  } = credential
  const { id } = await query
    .insertInto('credentials')
    .values({
      user_id: userId,
      kind,
      lookup,
      hash,
      label,
      project_id: projectId,
      data_json: JSON.stringify(data),
      created_at: now(),
      expires_at: expiresAt,
      last_used_at: usedAt,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}
