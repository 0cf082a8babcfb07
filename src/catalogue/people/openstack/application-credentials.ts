import { randomBytes } from 'node:crypto'
import type { Instant } from '../../../database/schema.ts'
import { demandDirectory } from '../../access.ts'
import type { Actor } from '../../actor.ts'
import { record } from '../../audit.ts'
import type { Core, Trx } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { now } from '../../time.ts'
import { insertCredential } from '../credentials.ts'
import type { Memory } from '../memory.ts'
import { type Caller, demandSelf } from './caller.ts'
import {
  type ApplicationCredential,
  type CredentialFacts,
  credentialRow,
  credentialRows,
  toCredential,
} from './credential.ts'
import { actorOf } from './identity.ts'
import { userIdOf } from './lookups.ts'
import { type WireRole, wireRoles } from './rights.ts'

export type CredentialDraft = {
  readonly name: string
  readonly description: string
  /** Null: one is made. */
  readonly secret: string | null
  /** Names of the wire; null: all that the caller's token has. */
  readonly roles: readonly string[] | null
  readonly unrestricted: boolean
  readonly expiresAt: Instant | null
}

/** One user's; nobody needs more, and so a list of them needs no pages. */
const atMost = 100

/**
 * Application credentials (glance.md 25.4, 25.5). Users are named by their ids on the wire.
 * Every refusal of another's is the Failure `forbidden`, whether there is such a user or not.
 */
export function applicationCredentials({ database, secrets }: Core, { forget }: Memory) {
  async function find(caller: Caller, user: string, id: string): Promise<ApplicationCredential> {
    demandSelf(caller, user)
    const userId = await userIdOf(database.db, user)
    const [row] = await credentialRow(database.db, { id })
    if (!row || row.user_id !== userId) throw credentialNotFound(id)
    return toCredential(row)
  }

  async function end(actor: Actor, { id, name, userId, projectId }: ApplicationCredential): Promise<void> {
    await database.transaction(async (trx) => {
      const { numDeletedRows } = await trx
        .deleteFrom('credentials')
        .where('kind', '=', 'application-credential')
        .where('lookup', '=', id)
        .executeTakeFirst()
      if (Number(numDeletedRows) === 0) throw credentialNotFound(id)
      await record(trx, actor, {
        action: 'delete',
        kind: 'application-credential',
        id,
        before: { name, userId, projectId },
      })
    })
    forget()
  }

  return {
    /**
     * Makes one for the project of the caller's token; its secret is in the answer and nowhere else.
     * @throws Failure `forbidden` (reasons `role`, `restricted`), `invalid`, `conflict` (reason `exists`), `quota`
     */
    async create(
      caller: Caller,
      user: string,
      draft: CredentialDraft,
    ): Promise<{ credential: ApplicationCredential; secret: string }> {
      const { identity } = caller.token
      // Nobody makes one in another's name, not even an administrator.
      if (identity.user.id !== user) throw notYours()
      demandUnrestricted(caller)
      const facts: CredentialFacts = {
        description: draft.description,
        roles: passedOn(caller, draft.roles),
        unrestricted: draft.unrestricted,
      }
      const projectId = checked(caller, draft)
      const secret = draft.secret ?? randomBytes(64).toString('base64url')
      const hash = await secrets.hash(secret)
      const id = randomBytes(16).toString('hex')
      await database.transaction(async (trx) => {
        if (database.engine === 'postgres')
          await trx.selectFrom('users').select('id').where('id', '=', identity.userId).forUpdate().execute()
        await demandRoom(trx, identity.userId, draft.name)
        await insertCredential(trx, identity.userId, {
          kind: 'application-credential',
          lookup: id,
          hash,
          label: draft.name,
          projectId,
          data: facts,
          expiresAt: draft.expiresAt,
        })
        await record(trx, actorOf(identity, 'identity', caller.requestId), {
          action: 'create',
          kind: 'application-credential',
          id,
          after: {
            ...facts,
            name: draft.name,
            userId: identity.userId,
            projectId,
            expiresAt: draft.expiresAt,
          },
        })
      })
      return { credential: await find(caller, user, id), secret }
    },

    /** By name. @throws Failure `forbidden`, `not-found` */
    async list(
      caller: Caller,
      user: string,
      { name }: { readonly name?: string } = {},
    ): Promise<ApplicationCredential[]> {
      demandSelf(caller, user)
      let query = credentialRows(database.db).where('user_id', '=', await userIdOf(database.db, user))
      if (name !== undefined) query = query.where('credentials.label', '=', name)
      return (await query.orderBy('credentials.label').limit(atMost).execute()).map(toCredential)
    },

    /** @throws Failure `forbidden`, `not-found` */
    view: find,

    /** Ends it and all of its tokens at once. @throws Failure `forbidden` (reasons `role`, `restricted`), `not-found` */
    async remove(caller: Caller, user: string, id: string): Promise<void> {
      const found = await find(caller, user, id)
      demandUnrestricted(caller)
      await end(actorOf(caller.token.identity, 'identity', caller.requestId), found)
    },

    /** A user's by name, for those who have no token: one's own, administrators anybody's. @throws Failure `forbidden` */
    async ofUser(actor: Actor, userId: number): Promise<ApplicationCredential[]> {
      if (actor.userId !== userId) demandDirectory(actor)
      const rows = await credentialRows(database.db)
        .where('user_id', '=', userId)
        .orderBy('credentials.label')
        .limit(atMost)
        .execute()
      return rows.map(toCredential)
    },

    /** As `remove`, for those who have no token. @throws Failure `forbidden`, `not-found` */
    async revoke(actor: Actor, userId: number, id: string): Promise<void> {
      if (actor.userId !== userId) demandDirectory(actor)
      const [row] = await credentialRow(database.db, { id })
      if (!row || row.user_id !== userId) throw credentialNotFound(id)
      await end(actor, toCredential(row))
    },
  }
}

/** What a program was given must not make or take away what others are given. @throws Failure `forbidden` */
function demandUnrestricted({ token: { applicationCredential } }: Caller): void {
  if (applicationCredential === null || applicationCredential.unrestricted) return
  throw new Failure('forbidden', 'A restricted application credential manages no application credentials.', {
    reason: 'restricted',
  })
}

/** The roles of a new one, which are never more than the caller's token has. @throws Failure `invalid` */
function passedOn({ token: { identity } }: Caller, wanted: readonly string[] | null): WireRole[] {
  const own = wireRoles.filter((role) => identity.roles.has(role))
  if (wanted === null) return own
  const roles = wireRoles.filter((role) => wanted.some((name) => name.toLowerCase() === role))
  const strange = wanted.find((name) => !own.some((role) => role === name.toLowerCase()))
  if (strange !== undefined) throw invalid(`You have no role ${strange} to pass on.`)
  if (roles.length === 0) throw invalid('An application credential needs a role.')
  return roles
}

/** @returns the project. @throws Failure `invalid` */
function checked({ token: { identity } }: Caller, { name, secret, expiresAt }: CredentialDraft): number {
  if (identity.projectId === null) throw invalid('An application credential is for the project of a token.')
  if (name.trim() === '' || name.length > 255) throw invalid('A name has 1 to 255 characters.')
  if (secret === '') throw invalid('The secret must not be empty.')
  if (expiresAt !== null && expiresAt <= now()) throw invalid('The expiry lies in the past.')
  return identity.projectId
}

/** @throws Failure `conflict`, `quota` */
async function demandRoom(trx: Trx, userId: number, name: string): Promise<void> {
  const own = await trx
    .selectFrom('credentials')
    .select('label')
    .where('user_id', '=', userId)
    .where('kind', '=', 'application-credential')
    .execute()
  if (own.some(({ label }) => label === name))
    throw new Failure('conflict', `There is an application credential named ${name} already.`, {
      subject: 'application-credential',
      id: name,
      reason: 'exists',
    })
  if (own.length >= atMost)
    throw new Failure('quota', `A user has at most ${atMost} application credentials.`, {
      reason: 'application-credentials',
    })
}

const invalid = (message: string) => new Failure('invalid', message, { subject: 'application-credential' })

const notYours = () =>
  new Failure('forbidden', 'Application credentials are made for oneself.', { reason: 'role' })

function credentialNotFound(id: string): Failure {
  return new Failure('not-found', `Could not find application credential ${id}.`, {
    subject: 'application-credential',
    id,
  })
}
