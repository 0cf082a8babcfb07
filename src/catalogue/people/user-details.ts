import type { CredentialKind, Instant } from '../../database/schema.ts'
import { demandDirectory } from '../access.ts'
import type { Actor } from '../actor.ts'
import type { Core } from '../core.ts'
import { Failure } from '../failure.ts'

/** What else there is to know of a user. Of secrets only that they are there. */
export type UserDetails = {
  /** Names of the groups it is in. */
  readonly groups: readonly string[]
  readonly lastLoginAt: Instant | null
  /** Known from an external Keystone, which checks its password. */
  readonly external: boolean
  readonly password: boolean
  readonly apiKey: boolean
  /** Signs the callbacks of Danube's tasks. */
  readonly callbackKey: boolean
  readonly sshKeys: number
}

export function userDetails({ database: { db } }: Core) {
  return {
    /** One's own, administrators anybody's. @throws Failure `forbidden`, `not-found` */
    async details(actor: Actor, userId: number): Promise<UserDetails> {
      if (actor.userId !== userId) demandDirectory(actor)
      const user = await db
        .selectFrom('users')
        .select(['last_login_at', 'keystone_id', 'callback_key'])
        .where('id', '=', userId)
        .executeTakeFirst()
      if (!user)
        throw new Failure('not-found', `There is no user ${userId}.`, {
          subject: 'user',
          id: String(userId),
        })
      const groups = await db
        .selectFrom('group_users')
        .innerJoin('groups', 'groups.id', 'group_users.group_id')
        .select('groups.name')
        .where('group_users.user_id', '=', userId)
        .orderBy('groups.name')
        .execute()
      const credentials = await db
        .selectFrom('credentials')
        .select(['kind', (select) => select.fn.countAll<number>().as('count')])
        .where('user_id', '=', userId)
        .groupBy('kind')
        .execute()
      const count = (kind: CredentialKind) => Number(credentials.find((row) => row.kind === kind)?.count ?? 0)
      return {
        groups: groups.map(({ name }) => name),
        lastLoginAt: user.last_login_at,
        external: user.keystone_id !== null,
        password: count('password') > 0,
        apiKey: count('api-key') > 0,
        callbackKey: user.callback_key !== null,
        sshKeys: count('ssh-key'),
      }
    },
  }
}
