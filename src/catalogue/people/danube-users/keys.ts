import { randomBytes } from 'node:crypto'
import type { Actor } from '../../actor.ts'
import { record } from '../../audit.ts'
import type { Core, Trx } from '../../core.ts'
import { fold } from '../../fold.ts'
import { mainProjectId } from '../../images/cleanup.ts'
import { logDetail, logDone } from '../../tasks/log.ts'
import { now } from '../../time.ts'
import { insertCredential } from '../credentials.ts'
import { demandSelf } from './rules.ts'
import { type DanubeUser, findDanubeUser, userNamed } from './user.ts'

/** A key that was just made; its text is here and nowhere else. Null: that one was not made. */
export type NewKeys = { readonly apiKey: string | null; readonly callbackKey: string | null }

/** Keys of a user: the one it asks with (`ES-API-KEY`), and the one that signs its task callbacks (danube.md 2.8, 4.4). */
export function keys({ database, secrets }: Core, changed: () => void) {
  /** A user has one; what was there, however it came, ends. */
  async function replaceApiKey(trx: Trx, userId: number, text: string): Promise<void> {
    await trx.deleteFrom('credentials').where('user_id', '=', userId).where('kind', '=', 'api-key').execute()
    await insertCredential(trx, userId, { kind: 'api-key', lookup: secrets.lookup(text), label: 'apikeys' })
  }

  return {
    /**
     * Makes new keys in place of the old ones. Users make their own, administrators anybody's.
     * @throws Failure `forbidden` (reason `permission`), `not-found`.
     */
    async makeKeys(
      actor: Actor,
      username: string,
      wanted: { readonly apiKey: boolean; readonly callbackKey: boolean },
    ): Promise<{ user: DanubeUser; made: NewKeys }> {
      demandSelf(actor, (await userNamed(database.db, username))?.id)
      const made: NewKeys = {
        apiKey: wanted.apiKey ? randomBytes(20).toString('hex') : null,
        callbackKey: wanted.callbackKey ? randomBytes(20).toString('hex') : null,
      }
      const user = await database.transaction(async (trx) => {
        const before = await findDanubeUser(trx, username)
        if (made.apiKey !== null) await replaceApiKey(trx, before.id, made.apiKey)
        if (made.callbackKey !== null)
          await trx
            .updateTable('users')
            .set({ callback_key: secrets.encrypt(made.callbackKey), updated_at: now() })
            .where('id', '=', before.id)
            .execute()
        const masked = {
          ...(made.apiKey === null ? {} : { api_key: '***' }),
          ...(made.callbackKey === null ? {} : { callback_key: '***' }),
        }
        if (Object.keys(masked).length > 0) {
          await record(trx, actor, {
            action: 'credential',
            kind: 'user',
            id: fold(before.username),
            after: masked,
          })
          await logDone(trx, actor, {
            message: 'Update user API keys',
            detail: logDetail(masked),
            object: { type: 'user', id: before.id, name: before.username, alias: '', ownerUserId: before.id },
            projectId: mainProjectId,
            bound: false,
          })
        }
        return findDanubeUser(trx, username)
      })
      changed()
      return { user, made }
    },
  }
}
