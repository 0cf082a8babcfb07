import type { Actor } from '../actor.ts'
import { record } from '../audit.ts'
import type { Core, Query, Trx } from '../core.ts'
import { Failure } from '../failure.ts'
import { insertCredential } from './credentials.ts'
import { endSessions, holdUser } from './sessions.ts'

/** Takes the place of the password that the user has, if any, and ends what that one opened. */
export async function replacePassword(trx: Trx, userId: number, hash: string): Promise<void> {
  await trx.deleteFrom('credentials').where('user_id', '=', userId).where('kind', '=', 'password').execute()
  await endSessions(trx, userId)
  await insertCredential(trx, userId, { kind: 'password', hash })
}

/** `changed` is called when sessions that are remembered must be forgotten at once. */
export function passwords({ database, secrets }: Core, changed: () => void) {
  function hashOf(query: Query, userId: number) {
    return query
      .selectFrom('credentials')
      .select('hash')
      .where('user_id', '=', userId)
      .where('kind', '=', 'password')
      .executeTakeFirst()
  }

  return {
    /**
     * One's own password, by proving the old one. All sessions and logins end, the present one, too; tokens stay.
     * @throws Failure `unauthenticated` (reason `password`) when the old one is wrong
     */
    async changePassword(actor: Actor, old: string, wanted: string): Promise<void> {
      const { userId } = actor
      const before = userId === null ? undefined : await hashOf(database.db, userId)
      const matches = await secrets.matches(old, before?.hash ?? null)
      if (userId === null || !matches) throw wrong()
      const hash = await secrets.hash(wanted)
      await database.transaction(async (trx) => {
        // Of two at once the second one waits here, and then finds that what it proved is the password no more.
        await holdUser(trx, userId)
        const present = await hashOf(trx, userId)
        if (present?.hash !== before?.hash) throw wrong()
        await replacePassword(trx, userId, hash)
        await record(trx, actor, {
          action: 'credential',
          kind: 'user',
          id: userId,
          after: { kind: 'password' },
        })
      })
      changed()
    },
  }
}

function wrong(): Failure {
  return new Failure('unauthenticated', 'The old password is wrong.', { reason: 'password' })
}
