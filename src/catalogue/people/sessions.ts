import { randomBytes } from 'node:crypto'
import type { Core, Trx } from '../core.ts'
import { now, second } from '../time.ts'
import { insertCredential, type TokenData } from './credentials.ts'

/** By what somebody has proved who it is. */
export type Proof = 'password' | 'token'

type SessionData = TokenData & { readonly proof?: Proof }

/**
 * Sessions of people who have proved who they are: credentials of kind `session`, found with `users.byToken`. They live
 * in the database, so every process knows them; they are no change of the catalogue and leave no audit entry.
 * @param ended called when one must be forgotten at once
 */
export function sessions({ database, secrets }: Core, ended: () => void) {
  return {
    /**
     * Somebody has just signed in: begins a session. Its name, 32 hex digits, is in the answer and nowhere else.
     * @param networks addresses and CIDRs it may be used from; none: from anywhere
     */
    async openSession(
      userId: number,
      idleSeconds: number,
      proof: Proof,
      networks: readonly string[] = [],
    ): Promise<string> {
      const session = randomBytes(16).toString('hex')
      const at = now()
      await insertCredential(database.db, userId, {
        kind: 'session',
        lookup: secrets.lookup(session),
        data: { networks, proof } satisfies SessionData,
        expiresAt: at + idleSeconds * second,
        usedAt: at,
      })
      await database.db.updateTable('users').set({ last_login_at: at }).where('id', '=', userId).execute()
      return session
    },

    /** The session was used: it lives for so long again. One that has ended meanwhile stays ended. */
    async renewSession(session: string, idleSeconds: number): Promise<void> {
      const at = now()
      await database.db
        .updateTable('credentials')
        .set({ expires_at: at + idleSeconds * second, last_used_at: at })
        .where('kind', '=', 'session')
        .where('lookup', '=', secrets.lookup(session))
        .where('expires_at', '>', at)
        .execute()
    },

    async closeSession(session: string): Promise<void> {
      await database.db
        .deleteFrom('credentials')
        .where('kind', '=', 'session')
        .where('lookup', '=', secrets.lookup(session))
        .execute()
      ended()
    },

    /** What only somebody who was told it can know of a session: a page of another site, which can use it, does not. */
    proofOf: (session: string): string => secrets.lookup(`proof of session ${session}`),
  }
}

/** What was proved with a password or token that is no longer valid is proved no longer: its user's sessions and logins end. */
export async function endSessions(trx: Trx, userId: number): Promise<void> {
  await holdUser(trx, userId)
  await trx
    .deleteFrom('credentials')
    .where('user_id', '=', userId)
    .where('kind', 'in', ['session', 'danube-token', 'identity-token'])
    .execute()
}

/** A token is no longer valid, but the user's password still is: those sessions end that were not opened with it. */
export async function endTokenSessions(trx: Trx, userId: number): Promise<void> {
  await holdUser(trx, userId)
  const sessions = await trx
    .selectFrom('credentials')
    .select(['id', 'data_json'])
    .where('user_id', '=', userId)
    .where('kind', '=', 'session')
    .execute()
  const ended = sessions.filter(
    ({ data_json }) => (JSON.parse(data_json) as SessionData).proof !== 'password',
  )
  if (ended.length === 0) return
  await trx
    .deleteFrom('credentials')
    .where(
      'id',
      'in',
      ended.map(({ id }) => id),
    )
    .execute()
}

/**
 * Until the end of the transaction nobody else who calls this goes on: a login that is under way and the end of all logins
 * see each other.
 */
export async function holdUser(trx: Trx, userId: number): Promise<void> {
  await trx
    .updateTable('users')
    .set(({ ref }) => ({ last_login_at: ref('last_login_at') }))
    .where('id', '=', userId)
    .execute()
}
