import type { FastifyRequest } from 'fastify'
import { type Actor, anonymous } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { isFailure } from '../../catalogue/failure.ts'
import { isInside } from '../../catalogue/people/networks.ts'
import type { Account } from '../../catalogue/people/users.ts'
import type { HeldRole } from '../../catalogue/roles.ts'
import type { LoginLimit } from '../../http/login-limit.ts'
import { unauthorized } from './failures.ts'
import { isSignedBy, readSignature } from './signature.ts'

/** Who asks; `account` is null without credentials. */
export type Caller = { readonly account: Account | null; readonly actor: Actor }

export type AuthParts = {
  readonly catalogue: Catalogue
  readonly logins: LoginLimit
  /** Addresses and CIDRs of compute nodes, which have no credentials and see private images all the same. */
  readonly privateNetworks: readonly string[]
}

/** How far clocks may differ, in seconds. */
const skew = 300

/** danube.md 7.1: a signature, or nothing. @throws Refusal 401, Failure `busy` (reason `logins`) */
export async function authenticate(request: FastifyRequest, parts: AuthParts): Promise<Caller> {
  if (request.headers.authorization === undefined) return { account: null, actor: stranger(request, parts) }
  const signature = readSignature({
    method: request.method,
    url: request.url,
    headers: request.headers,
  })
  if (!signature) throw unauthorized('The Authorization header is no signature of the date.')
  const at = Date.parse(signature.date)
  if (!(Math.abs(Date.now() - at) <= skew * 1000))
    throw unauthorized(`The signed date is not within ${skew} seconds of this server's.`)
  const account = await parts.logins
    .attempt(request.ip, signature.username, () =>
      parts.catalogue.sshKeys.bySignature(signature.username, (key) => isSignedBy(signature, key)),
    )
    .catch((error) => {
      if (!isFailure(error, 'unauthenticated')) throw error
      throw unauthorized(
        error.detail.reason === 'disabled' ? 'The user is disabled.' : 'The signature is not valid.',
      )
    })
  return knownCaller(parts.catalogue, account, request.id)
}

export async function knownCaller(
  catalogue: Catalogue,
  account: Account,
  requestId: string,
): Promise<Caller & { readonly account: Account }> {
  return { account, actor: toActor(account, await rolesOf(catalogue, account), requestId) }
}

/**
 * A compute node by its address, or anybody. What an Imageport fetches it fetches for somebody else, who is no compute
 * node because its server is one: else an import from our own address would bring in what is private.
 */
function stranger(request: FastifyRequest, { privateNetworks }: AuthParts): Actor {
  const actor = anonymous('imgapi', request.id)
  if (/\bimageport\b/i.test(request.headers.via ?? '')) return actor
  return isInside(request.ip, privateNetworks) ? { ...actor, reads: 'everything' } : actor
}

/** What one may do with images in Danube, which this protocol belongs to, one may do here as well. */
async function rolesOf(catalogue: Catalogue, account: Account): Promise<Actor['roles']> {
  const roles = new Map<number, Set<HeldRole>>([...account.roles].map(([id, held]) => [id, new Set(held)]))
  for (const [id, held] of await catalogue.datacenterRoles.of(account))
    for (const role of held) roles.set(id, (roles.get(id) ?? new Set()).add(role))
  return roles
}

function toActor(account: Account, roles: Actor['roles'], requestId: string): Actor {
  const { defaultProjectId, superAdmin } = account
  const own = defaultProjectId !== null && (superAdmin || roles.has(defaultProjectId))
  return {
    userId: account.id,
    username: account.username,
    superAdmin,
    projectId: own ? defaultProjectId : (roles.keys().next().value ?? null),
    roles,
    face: 'imgapi',
    requestId,
  }
}
