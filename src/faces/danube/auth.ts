import type { FastifyRequest } from 'fastify'
import { type Actor, anonymous } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { type FailureDetail, isFailure } from '../../catalogue/failure.ts'
import type { Account } from '../../catalogue/people/users.ts'
import type { LoginLimit } from '../../http/login-limit.ts'
import { permissionDenied, refuse } from './failures.ts'

export type AuthParts = {
  readonly catalogue: Catalogue
  /** Slows down the guessing of API keys, which people choose. */
  readonly keys: LoginLimit
}

export type Scheme = 'token' | 'api-key'
export type Caller = { readonly account: Account; readonly scheme: Scheme; readonly actor: Actor }

export const notProvided = () => refuse(403, 'Authentication credentials were not provided.')

/**
 * Who asks: an API key, and then nothing else, or a session token (danube.md 5.1). Null: nobody, which a token that has
 * expired is as well.
 * @throws Refusal 403 (5.4); Failure `busy` (reason `logins`)
 */
export async function authenticate(request: FastifyRequest, parts: AuthParts): Promise<Caller | null> {
  const key = request.headers['es-api-key']
  // A header that came twice is a list, joined by Node.
  if (typeof key === 'string' && key !== '')
    return callerOf(await byKey(request, parts, key), 'api-key', request.id, parts)
  const token = tokenOf(request.headers.authorization)
  const account = token === null ? null : await byToken(request, parts, token)
  return account && callerOf(account, 'token', request.id, parts)
}

/** Null for no header, and for one of another scheme. @throws Refusal 403 */
function tokenOf(header: string | undefined): string | null {
  const [scheme = '', ...parts] = (header ?? '').split(/\s+/).filter((word) => word !== '')
  if (scheme.toLowerCase() !== 'token') return null
  if (parts.length === 0) throw refuse(403, 'Invalid token header. No credentials provided.')
  if (parts.length > 1) throw refuse(403, 'Invalid token header. Token string should not contain spaces.')
  return parts[0]!
}

async function byToken(
  request: FastifyRequest,
  { catalogue }: AuthParts,
  token: string,
): Promise<Account | null> {
  try {
    return await catalogue.users.byToken('danube-token', token, request.ip)
  } catch (error) {
    if (!isFailure(error, 'unauthenticated')) throw error
    if (error.detail.reason === 'expired') return null
    throw refused(error.detail, 'Invalid token.')
  }
}

/** A valid key is never made to wait for the failures of others at its address. */
async function byKey(request: FastifyRequest, { catalogue, keys }: AuthParts, key: string): Promise<Account> {
  try {
    return await catalogue.users.byToken('api-key', key, request.ip)
  } catch (error) {
    if (!isFailure(error, 'unauthenticated')) throw error
    return keys
      .attempt(request.ip, '', () => Promise.reject(error))
      .catch((failure) => {
        throw isFailure(failure, 'unauthenticated') ? refused(error.detail, 'Invalid API key') : failure
      })
  }
}

function refused({ reason }: FailureDetail, unknown: string) {
  return refuse(403, reason === 'disabled' ? 'User inactive or deleted.' : unknown)
}

/** @throws Refusal 403 */
export async function callerOf(
  account: Account,
  scheme: Scheme,
  requestId: string,
  { catalogue }: Pick<AuthParts, 'catalogue'>,
): Promise<Caller> {
  if (!account.apiAccess) throw refuse(403, 'User account is not allowed to access API')
  const roles = await catalogue.datacenterRoles.of(account)
  const actor: Actor = {
    userId: account.id,
    username: account.username,
    superAdmin: account.superAdmin,
    projectId: account.defaultProjectId,
    roles,
    face: 'danube',
    requestId,
  }
  return { account, scheme, actor }
}

/** Of a caller who has just logged in, or of nobody. */
export function actorOf(account: Account | null, requestId: string): Actor {
  const nobody = anonymous('danube', requestId)
  return account ? { ...nobody, userId: account.id, username: account.username } : nobody
}

/** @throws Refusal 403 `Permission denied` */
export function demandSuperAdmin(actor: Actor): void {
  if (!actor.superAdmin) throw permissionDenied()
}
