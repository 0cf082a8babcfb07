import { randomBytes } from 'node:crypto'
import { record } from '../../audit.ts'
import type { Core, Trx } from '../../core.ts'
import { Failure, isFailure } from '../../failure.ts'
import { day, now, second } from '../../time.ts'
import { insertCredential } from '../credentials.ts'
import type { Memory } from '../memory.ts'
import { rolesOf } from '../roles-of.ts'
import type { Caller } from './caller.ts'
import { actorOf } from './identity.ts'
import { findProject, type Ref } from './lookups.ts'
import { demandStillProven, type Proof, type ProofParts, type Proven, proofs } from './proof.ts'
import { rightsIn } from './rights.ts'
import { type IdentityToken, readToken, type TokenFacts, type TokenScope, unauthenticated } from './token.ts'

/** What a token is asked for. `default`: nothing is said, so that the user's default project counts. */
export type WantedScope =
  | { readonly kind: 'project'; readonly project: Ref }
  | { readonly kind: 'default' | 'unscoped' | 'system' | 'domain' }

export type TokenRequest = {
  readonly proof: Proof
  readonly scope: WantedScope
  readonly lifeSeconds: number
  readonly requestId: string
}

export type IssuedToken = { readonly text: string; readonly token: IdentityToken }

/** How long after its end a token can still be validated by a service (glance.md 25.3). */
const expiredFor = 2 * day

/** A token is 32 random bytes behind a prefix, by which people and scanners know what they have found. */
const tokenPattern = /^imageport-[A-Za-z0-9_-]{43}$/

/** Tokens of the embedded Identity (glance.md 25.2, 25.3, 25.5): credentials of kind `identity-token`. */
export function identityTokens(core: Core, memory: Memory, byPassword: ProofParts['byPassword']) {
  const { database, secrets } = core
  const known = memory.recall<IdentityToken>()
  const prove = proofs(core, { byPassword, tokenOf })

  const load = (text: string): Promise<IdentityToken> =>
    known(text, async () => {
      if (!tokenPattern.test(text)) throw unauthenticated('unknown')
      return readToken(database.db, secrets.lookup(text))
    })

  /**
   * The token as it is now; the same object as long as nothing is known to have changed.
   * @throws Failure `unauthenticated`
   */
  async function tokenOf(text: string): Promise<IdentityToken> {
    const token = await load(text)
    if (token.identity.expiresAt <= now()) throw unauthenticated('expired')
    return token
  }

  /** Whatever the token is, its owner and administrators may look at it and end it. @throws Failure `not-found`, `forbidden` */
  async function subject(caller: Caller, text: string, mayHaveExpired: boolean): Promise<IdentityToken> {
    const { identity } = caller.token
    const trusted = identity.superAdmin || identity.roles.has('service')
    const token = await load(text).catch((error) => {
      throw isFailure(error, 'unauthenticated') ? tokenNotFound() : error
    })
    const until = token.identity.expiresAt + (mayHaveExpired && trusted ? expiredFor : 0)
    if (until <= now()) throw tokenNotFound()
    if (!trusted && identity.userId !== token.identity.userId)
      throw new Failure('forbidden', 'This token belongs to somebody else.', { reason: 'role' })
    return token
  }

  return {
    tokenOf,

    /**
     * Issues a token; its text is in the answer and nowhere else.
     * @throws Failure `unauthenticated`, whatever was wrong; `forbidden` (reason `delegated`)
     */
    async issue({ proof, scope, lifeSeconds, requestId }: TokenRequest): Promise<IssuedToken> {
      const proven = await prove(proof)
      const text = `imageport-${randomBytes(32).toString('base64url')}`
      const lookup = secrets.lookup(text)
      const issuedAt = now()
      const token = await database.transaction(async (trx) => {
        await demandStillProven(trx, proven)
        const target = await targetOf(trx, proven, scope)
        await insertCredential(trx, proven.userId, {
          kind: 'identity-token',
          lookup,
          projectId: target.projectId,
          data: factsOf(proof, proven, target.scope),
          expiresAt: Math.min(
            issuedAt + lifeSeconds * second,
            proven.parent?.identity.expiresAt ?? Number.POSITIVE_INFINITY,
            proven.credential?.expiresAt ?? Number.POSITIVE_INFINITY,
          ),
        })
        // Says no to everything that is disabled or not the user's, and then nothing was written.
        const issued = await readToken(trx, lookup)
        if (issued.identity.expiresAt <= issuedAt) throw unauthenticated('expired')
        if (!proven.parent)
          await trx
            .updateTable('users')
            .set({ last_login_at: issuedAt })
            .where('id', '=', proven.userId)
            .execute()
        await record(trx, actorOf(issued.identity, 'identity', requestId), {
          action: 'login',
          kind: 'user',
          id: proven.userId,
          after: { ...shown(issued), expiresAt: issued.identity.expiresAt },
        })
        return issued
      })
      return { text, token }
    },

    /** Another's token, or one's own. @throws Failure `not-found` (also when it has ended), `forbidden` */
    validate: (caller: Caller, text: string, { allowExpired = false } = {}): Promise<IdentityToken> =>
      subject(caller, text, allowExpired),

    /** Ends a token at once. @throws Failure `not-found`, `forbidden` */
    async revoke(caller: Caller, text: string): Promise<void> {
      const token = await subject(caller, text, false)
      await database.transaction(async (trx) => {
        const { numDeletedRows } = await trx
          .deleteFrom('credentials')
          .where('kind', '=', 'identity-token')
          .where('lookup', '=', secrets.lookup(text))
          .executeTakeFirst()
        if (Number(numDeletedRows) === 0) throw tokenNotFound()
        await record(trx, actorOf(caller.token.identity, 'identity', caller.requestId), {
          action: 'logout',
          kind: 'user',
          id: token.identity.userId,
          before: shown(token),
        })
      })
      memory.forget()
    },
  }
}

/** What the audit log tells of a token. */
const shown = ({ scope, methods, auditIds, identity }: IdentityToken) => ({
  methods,
  auditIds,
  scope,
  projectId: identity.projectId,
})

function factsOf(proof: Proof, { parent, credential }: Proven, scope: TokenScope): TokenFacts {
  const auditId = randomBytes(16).toString('base64url')
  return {
    scope,
    methods: [...new Set([proof.method, ...(parent?.methods ?? [])])],
    auditIds: [auditId, ...(parent?.auditIds.slice(-1) ?? [])],
    ...(credential ? { credential: credential.id } : {}),
  }
}

type Target = { readonly scope: TokenScope; readonly projectId: number | null }

/** Where the token will count. @throws Failure `unauthenticated` */
async function targetOf(trx: Trx, { userId, credential }: Proven, wanted: WantedScope): Promise<Target> {
  if (credential) {
    // It says itself where it counts.
    if (wanted.kind !== 'default') throw unauthenticated('scope')
    return { scope: 'project', projectId: credential.projectId }
  }
  switch (wanted.kind) {
    case 'project': {
      const project = await findProject(trx, wanted.project)
      if (!project) throw unauthenticated('unknown')
      return { scope: 'project', projectId: project.id }
    }
    case 'default':
      return defaultTarget(trx, userId)
    case 'unscoped':
    case 'system':
      return { scope: wanted.kind, projectId: null }
    case 'domain':
      throw unauthenticated('scope')
  }
}

/** The user's default project where it has a role there, else no project. */
async function defaultTarget(trx: Trx, userId: number): Promise<Target> {
  const project = await trx
    .selectFrom('users')
    .innerJoin('projects', 'projects.id', 'users.default_project_id')
    .select(['projects.id', 'users.super_admin'])
    .where('users.id', '=', userId)
    .where('projects.enabled', '=', 1)
    .executeTakeFirst()
  const own = project && (await rolesOf(trx, userId)).get(project.id)
  return project && rightsIn(project.id, own ?? [], project.super_admin === 1, null)
    ? { scope: 'project', projectId: project.id }
    : { scope: 'unscoped', projectId: null }
}

function tokenNotFound(): Failure {
  return new Failure('not-found', 'Could not find token.', { subject: 'token' })
}
