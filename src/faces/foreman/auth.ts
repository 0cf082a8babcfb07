import type { FastifyRequest } from 'fastify'
import type { Actor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { isFailure } from '../../catalogue/failure.ts'
import { fold } from '../../catalogue/fold.ts'
import type { Account } from '../../catalogue/people/users.ts'
import type { LoginLimit } from '../../http/login-limit.ts'
import { accountDisabled, sessionExpired, unableToAuthenticate } from './failures.ts'
import type { SessionKeeper } from './sessions.ts'

export type AuthParts = {
  readonly catalogue: Catalogue
  readonly logins: LoginLimit
  readonly sessions: SessionKeeper
}

/** Who asks, and the session that the answer tells the client of; null where it knows it already. */
export type Login = { readonly account: Account; readonly session: string | null }

/**
 * Basic with login and password or personal access token, or the session cookie alone (foreman.md 8.1). A session
 * spares its own user the password check, as it does in Foreman.
 * @throws Refusal 401; Failure `busy` (reason `logins`)
 */
export async function authenticate(request: FastifyRequest, parts: AuthParts): Promise<Login> {
  const cookie = sessionOf(request.headers.cookie)
  const given = basic(request.headers.authorization)
  const known = cookie === null ? null : await bySession(request, parts, cookie, given === null)
  if (given === null) {
    if (known === null) throw unableToAuthenticate()
    return { account: known, session: null }
  }
  if (known && fold(known.username) === fold(given.login)) return { account: known, session: cookie }
  const { account, byToken } = await parts.logins
    .attempt(request.ip, '', () => byLogin(request, parts, given))
    .catch((error) => {
      if (!isFailure(error, 'unauthenticated')) throw error
      throw error.detail.reason === 'disabled' ? accountDisabled() : unableToAuthenticate(given.login)
    })
  return { account, session: await parts.sessions.open(account.id, request.ip, byToken) }
}

type Given = { readonly login: string; readonly password: string }

/** Null for any other scheme. */
function basic(authorization: string | undefined): Given | null {
  const [, value] = /^basic +(\S+) *$/i.exec(authorization ?? '') ?? []
  if (value === undefined) return null
  const text = Buffer.from(value, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0
    ? { login: text, password: '' }
    : { login: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** `_session_id=` with 32 hex digits; anything else is no session of ours. */
function sessionOf(cookies: string | undefined): string | null {
  return /(?:^|;\s*)_session_id=([0-9a-f]{32})(?:;|$)/.exec(cookies ?? '')?.[1] ?? null
}

/** @throws Refusal 401 for a session that ended, when there is nothing else to go by */
async function bySession(
  request: FastifyRequest,
  { catalogue, sessions }: AuthParts,
  session: string,
  alone: boolean,
): Promise<Account | null> {
  try {
    const account = await catalogue.users.byToken('session', session, request.ip)
    await sessions.used(session)
    return account
  } catch (error) {
    if (!isFailure(error, 'unauthenticated')) throw error
    if (alone && error.detail.reason === 'expired') throw sessionExpired()
    if (alone && error.detail.reason === 'disabled') throw accountDisabled()
    return null
  }
}

/** A token is looked for first: it costs nothing, and a password check is made to be slow. */
async function byLogin(
  request: FastifyRequest,
  { catalogue }: AuthParts,
  { login, password }: Given,
): Promise<{ account: Account; byToken: boolean }> {
  try {
    const account = await catalogue.users.byToken('token', password, request.ip)
    if (fold(account.username) === fold(login)) return { account, byToken: true }
  } catch (error) {
    if (!isFailure(error, 'unauthenticated') || error.detail.reason === 'disabled') throw error
  }
  return { account: await catalogue.users.byPassword(login, password), byToken: false }
}

/** In the name of the own project; an organization as context takes its place. */
export function toActor(account: Account, requestId: string): Actor {
  const { defaultProjectId, roles, superAdmin } = account
  const own = defaultProjectId !== null && (superAdmin || roles.has(defaultProjectId))
  return {
    userId: account.id,
    username: account.username,
    superAdmin,
    projectId: own ? defaultProjectId : (roles.keys().next().value ?? null),
    roles,
    face: 'foreman',
    requestId,
  }
}

/** The header that tells a client its session (8.1). */
export function sessionCookie(session: string, secure: boolean): string {
  return `_session_id=${session}; path=/; HttpOnly; SameSite=Lax${secure ? '; secure' : ''}`
}
