import { randomBytes } from 'node:crypto'
import type { Actor } from '../actor.ts'
import { record } from '../audit.ts'
import type { Core } from '../core.ts'
import { now, second } from '../time.ts'
import { insertCredential } from './credentials.ts'

export type LoginToken = { readonly text: string; readonly expiresAt: number }

/**
 * Tokens that a login gives (danube.md 5.2): credentials of kind `danube-token`, found with `users.byToken`. A user has
 * one at most, and its life is not prolonged. `revoked` is told when one must be forgotten at once.
 */
export function loginTokens({ database, secrets }: Core, revoked: () => void) {
  return {
    /** Somebody has just proved who it is: 40 hex digits, which are in the answer and nowhere else. */
    async open(actor: Actor & { readonly userId: number }, lifeSeconds: number): Promise<LoginToken> {
      const text = randomBytes(20).toString('hex')
      const at = now()
      const expiresAt = at + lifeSeconds * second
      await database.transaction(async (trx) => {
        // First, so that of two logins at once the second one waits here and then finds the token of the first.
        await trx.updateTable('users').set({ last_login_at: at }).where('id', '=', actor.userId).execute()
        await trx
          .deleteFrom('credentials')
          .where('user_id', '=', actor.userId)
          .where('kind', '=', 'danube-token')
          .execute()
        await insertCredential(trx, actor.userId, {
          kind: 'danube-token',
          lookup: secrets.lookup(text),
          expiresAt,
        })
        await record(trx, actor, { action: 'login', kind: 'user', id: actor.userId, after: { expiresAt } })
      })
      revoked()
      return { text, expiresAt }
    },

    /** Ends the user's login; nothing where there is none. */
    async close(actor: Actor & { readonly userId: number }): Promise<void> {
      await database.transaction(async (trx) => {
        const { numDeletedRows } = await trx
          .deleteFrom('credentials')
          .where('user_id', '=', actor.userId)
          .where('kind', '=', 'danube-token')
          .executeTakeFirst()
        if (Number(numDeletedRows) === 0) return
        await record(trx, actor, { action: 'logout', kind: 'user', id: actor.userId })
      })
      revoked()
    },
  }
}
