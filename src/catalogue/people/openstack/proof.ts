import type { Core, Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { holdUser } from '../sessions.ts'
import type { Account } from '../users.ts'
import { type ApplicationCredential, credentialRow, credentialRows, toCredential } from './credential.ts'
import { findUser, type Ref } from './lookups.ts'
import { type IdentityToken, unauthenticated } from './token.ts'

/** How somebody shows who it is (glance.md 25.2). */
export type Proof =
  | { readonly method: 'password'; readonly user: Ref; readonly password: string }
  | { readonly method: 'token'; readonly token: string }
  | {
      readonly method: 'application_credential'
      readonly credential: { readonly id: string } | { readonly name: string }
      readonly secret: string
      /** Whose it is; a credential that is named needs it. */
      readonly user: Ref | null
    }

export type Proven = {
  readonly userId: number
  /** The token that was shown. */
  readonly parent: IdentityToken | null
  readonly credential: ApplicationCredential | null
  /** The row of `credentials` that it was proved with, without which the proof is worth nothing any more. */
  readonly rowId: number
}

export type ProofParts = {
  readonly byPassword: (username: string, password: string) => Promise<Account>
  readonly tokenOf: (text: string) => Promise<IdentityToken>
}

/**
 * Checks a proof. Whatever is wrong with it, the answer is the same and takes as long.
 * @throws Failure `unauthenticated`; `forbidden` for the token of an application credential, which must not become another
 */
export function proofs({ database, secrets }: Core, { byPassword, tokenOf }: ProofParts) {
  async function passwordOf(user: Ref, password: string): Promise<Proven> {
    const row = await findUser(database.db, user)
    const stored = await database.db
      .selectFrom('credentials')
      .select('id')
      .where('user_id', '=', row?.id ?? 0)
      .where('kind', '=', 'password')
      .executeTakeFirst()
    // Nobody has an empty name: it takes as long as any other that is not known.
    const { id } = await byPassword(row?.username ?? '', password)
    return proven(id, stored)
  }

  async function parentOf(token: string): Promise<Proven> {
    const parent = await tokenOf(token)
    if (parent.applicationCredential)
      throw new Failure('forbidden', 'A token of an application credential gives no other token.', {
        reason: 'delegated',
      })
    const stored = await database.db
      .selectFrom('credentials')
      .select('id')
      .where('kind', '=', 'identity-token')
      .where('lookup', '=', secrets.lookup(token))
      .executeTakeFirst()
    return proven(parent.identity.userId, stored, { parent })
  }

  async function credentialOf(
    named: { readonly id: string } | { readonly name: string },
    secret: string,
    user: Ref | null,
  ): Promise<Proven> {
    const owner = user && (await findUser(database.db, user))
    const row =
      'id' in named ? (await credentialRow(database.db, named))[0] : await nameOf(owner?.id, named.name)
    const matches = await secrets.matches(secret, row?.hash ?? null)
    // One that is not the named user's is as good as none.
    if (!row || !matches || (user && row.user_id !== owner?.id)) throw unauthenticated('unknown')
    return proven(row.user_id, row, { credential: toCredential(row) })
  }

  async function nameOf(userId: number | undefined, name: string) {
    if (userId === undefined) return undefined
    return credentialRows(database.db)
      .where('user_id', '=', userId)
      .where('credentials.label', '=', name)
      .executeTakeFirst()
  }

  return (proof: Proof): Promise<Proven> => {
    switch (proof.method) {
      case 'password':
        return passwordOf(proof.user, proof.password)
      case 'token':
        return parentOf(proof.token)
      case 'application_credential':
        return credentialOf(proof.credential, proof.secret, proof.user)
    }
  }
}

/** @throws Failure `unauthenticated` when what was shown has just gone */
function proven(
  userId: number,
  row: { readonly id: number } | undefined,
  { parent = null, credential = null }: Partial<Pick<Proven, 'parent' | 'credential'>> = {},
): Proven {
  if (!row) throw unauthenticated('unknown')
  return { userId, parent, credential, rowId: row.id }
}

/** In the transaction that relies on it. @throws Failure `unauthenticated` when the proof has been taken back meanwhile */
export async function demandStillProven(trx: Trx, { userId, rowId }: Proven): Promise<void> {
  await holdUser(trx, userId)
  const row = await trx.selectFrom('credentials').select('id').where('id', '=', rowId).executeTakeFirst()
  if (!row) throw unauthenticated('unknown')
}
