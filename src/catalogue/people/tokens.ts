import { randomBytes } from 'node:crypto'
import type { CredentialKind } from '../../database/schema.ts'
import { demandDirectory } from '../access.ts'
import type { Actor } from '../actor.ts'
import { record } from '../audit.ts'
import type { Core } from '../core.ts'
import { Failure } from '../failure.ts'
import { day, now, second } from '../time.ts'
import { insertCredential, type TokenData } from './credentials.ts'
import { demandNetworks } from './networks.ts'
import { endTokenSessions } from './sessions.ts'

export type Token = {
  readonly id: number
  readonly label: string
  readonly createdAt: number
  readonly expiresAt: number | null
  readonly networks: readonly string[]
}

export type NewToken = {
  readonly kind: CredentialKind
  readonly label: string
  readonly lifeSeconds: number | null
  readonly networks?: readonly string[]
  readonly text?: string
}

/** Tokens that people make for themselves and revoke. `revoked` is told when one must be forgotten at once. */
export function tokens({ database, secrets }: Core, revoked: () => void) {
  return {
    /**
     * Makes a token; its text is in the answer and nowhere else. Users make their own, administrators anybody's.
     * `lifeSeconds` null: until it is revoked; `networks`: addresses and CIDRs it may be used from, none: anywhere.
     * @throws Failure `forbidden`, `invalid` (field `networks`).
     */
    async createToken(actor: Actor, userId: number, token: NewToken): Promise<Token & { text: string }> {
      if (actor.userId !== userId) demandDirectory(actor)
      const networks = token.networks ?? []
      demandNetworks(networks)
      const text = token.text ?? randomBytes(20).toString('hex')
      const at = now()
      const expiresAt = token.lifeSeconds === null ? null : at + token.lifeSeconds * second
      const id = await database.transaction(async (trx) => {
        const id = await insertCredential(trx, userId, {
          kind: token.kind,
          lookup: secrets.lookup(text),
          label: token.label,
          data: { networks } satisfies TokenData,
          expiresAt,
        })
        await record(trx, actor, {
          action: 'create',
          kind: 'token',
          id,
          after: { userId, label: token.label, expiresAt, networks },
        })
        return id
      })
      return { id, label: token.label, createdAt: at, expiresAt, networks, text }
    },

    /** The oldest first. @throws Failure `forbidden` */
    async tokens(
      actor: Actor,
      userId: number,
      { offset, limit }: { readonly offset: number; readonly limit: number },
    ): Promise<{ tokens: Token[]; total: number }> {
      if (actor.userId !== userId) demandDirectory(actor)
      const own = database.db
        .selectFrom('credentials')
        .where('user_id', '=', userId)
        .where('kind', '=', 'token')
      const { total } = await own
        .select((select) => select.fn.countAll<number>().as('total'))
        .executeTakeFirstOrThrow()
      const rows = await own
        .select(['id', 'label', 'created_at', 'expires_at', 'data_json'])
        .orderBy('id')
        .limit(limit)
        .offset(offset)
        .execute()
      const tokens = rows.map((row) => ({
        id: row.id,
        label: row.label,
        createdAt: row.created_at,
        expiresAt: row.expires_at,
        networks: (JSON.parse(row.data_json) as TokenData).networks ?? [],
      }))
      return { tokens, total: Number(total) }
    },

    /** What was opened with it ends, too. @throws Failure `forbidden`, `not-found`. */
    async revokeToken(actor: Actor, userId: number, id: number): Promise<void> {
      if (actor.userId !== userId) demandDirectory(actor)
      await database.transaction(async (trx) => {
        const { numDeletedRows } = await trx
          .deleteFrom('credentials')
          .where('id', '=', id)
          .where('user_id', '=', userId)
          .where('kind', '=', 'token')
          .executeTakeFirst()
        if (Number(numDeletedRows) === 0)
          throw new Failure('not-found', `No token found with ID ${id}`, { subject: 'token', id: String(id) })
        await endTokenSessions(trx, userId)
        await record(trx, actor, { action: 'delete', kind: 'token', id, before: { userId } })
      })
      revoked()
    },
  }
}

/**
 * Removes credentials that ended more than two days ago: until then "expired" can be told from "unknown", and tokens of
 * Identity can still be validated by those who may (glance.md 25.3, `allow_expired`).
 */
export async function expireCredentials({ database }: Core): Promise<void> {
  await database.db
    .deleteFrom('credentials')
    .where('expires_at', '<', now() - 2 * day)
    .execute()
}
