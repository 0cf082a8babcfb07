import type { FastifyRequest } from 'fastify'
import { type Actor, systemActor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { Failure, isFailure } from '../../catalogue/failure.ts'
import type { Account } from '../../catalogue/people/users.ts'
import type { LoginLimit } from '../../http/login-limit.ts'
import { toActor } from './caller.ts'
import { isLocal, sameSecret } from './local-caller.ts'

export type AuthParts = {
  readonly catalogue: Catalogue
  readonly localToken: string
  readonly logins: LoginLimit
  /** Who the request's session speaks for; null where it carries none. */
  readonly bySession: (request: FastifyRequest) => Promise<Account | null>
}

/** The user in whose name the holder of the local secret acts. */
const localUser = 'admin'

/**
 * Who asks: `Authorization: Basic` with name and password, `Bearer` with a token, `Bearer` with the local secret, or the
 * session of a browser.
 * @throws Failure `unauthenticated`, `busy` (reason `logins`), `forbidden` (reason `session-proof`)
 */
export async function authenticate(request: FastifyRequest, parts: AuthParts): Promise<Actor> {
  const { scheme, value } = credentialsOf(request)
  switch (scheme) {
    case 'basic':
      return toActor(await byPassword(request, parts, value), request.id)
    case 'bearer':
      if (isLocalHolder(request, parts, value)) return localActor(parts.catalogue, request.id)
      return toActor(await byToken(request, parts, value), request.id)
    default: {
      const account = await parts.bySession(request)
      if (account) return toActor(account, request.id)
      throw new Failure('unauthenticated', 'Name and password, or a token, are needed.', {
        reason: 'missing',
      })
    }
  }
}

/** Is a session all that this request comes with? */
export function hasOnlySession(request: FastifyRequest): boolean {
  return credentialsOf(request).scheme === null
}

/** What `Authorization` says; the scheme is null where it says nothing that counts here. */
function credentialsOf({ headers: { authorization = '' } }: FastifyRequest) {
  const [, name = '', value = ''] = /^(\S+) +(\S+) *$/.exec(authorization) ?? []
  const scheme = (['basic', 'bearer'] as const).find((known) => known === name.toLowerCase()) ?? null
  return { scheme, value }
}

async function byPassword(
  request: FastifyRequest,
  { catalogue, logins }: AuthParts,
  value: string,
): Promise<Account> {
  const text = Buffer.from(value, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 1)
    throw new Failure('unauthenticated', 'The credentials are not valid.', { reason: 'malformed' })
  const username = text.slice(0, colon)
  return logins.attempt(request.ip, username, () =>
    catalogue.users.byPassword(username, text.slice(colon + 1)),
  )
}

/** Tokens cannot be guessed, so a valid one is never made to wait for the failures of others at its address. */
async function byToken(
  request: FastifyRequest,
  { catalogue, logins }: AuthParts,
  value: string,
): Promise<Account> {
  try {
    return await catalogue.users.byToken('token', value, request.ip)
  } catch (error) {
    if (!isFailure(error, 'unauthenticated')) throw error
    return logins.attempt(request.ip, '', () => Promise.reject(error))
  }
}

/** Both ends are looked at, because the connection may come from a proxy on this machine. */
function isLocalHolder(request: FastifyRequest, { localToken }: AuthParts, value: string): boolean {
  const { socket } = request
  const asked = { remoteAddress: request.ip, localAddress: socket.localAddress ?? '' }
  return sameSecret(value, localToken) && isLocal(socket) && isLocal(asked)
}

/** Whoever holds the secret could change the database by hand: the rights do not depend on what it says of `admin`. */
async function localActor(catalogue: Catalogue, requestId: string): Promise<Actor> {
  const itself: Actor = { ...systemActor, face: 'console', requestId }
  try {
    const account = await catalogue.users.view(systemActor, localUser)
    return { ...toActor(account, requestId), superAdmin: true }
  } catch (error) {
    if (isFailure(error, 'not-found')) return itself
    throw error
  }
}
