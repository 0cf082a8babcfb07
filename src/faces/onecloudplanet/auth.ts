import type { Actor } from '../../catalogue/actor.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { isFailure } from '../../catalogue/failure.ts'
import { mainProjectId } from '../../catalogue/images/cleanup.ts'
import type { Account } from '../../catalogue/people/users.ts'
import type { Role } from '../../catalogue/roles.ts'
import type { LoginLimit } from '../../http/login-limit.ts'
import { notPermitted, type Refusal, refuse } from './failures.ts'

/** The two trees of this wire: `/backend/api` for end-users, `/backend/staffapi` for staff (onecloudplanet.md 3.5). */
export type Side = 'user' | 'staff'

/** Who asks, as this wire sees it. */
export type Caller = {
  readonly staff: boolean
  readonly account: Account
  /** Acts for the active client alone; staff for everybody, in the name of the provider. */
  readonly actor: Actor
  /** The same caller with all of its clients, for looking at these. */
  readonly everywhere: Actor
  /** Did the request name the client (`?active_client=`)? */
  readonly named: boolean
}

export type Asked = {
  readonly authorization: string | undefined
  readonly activeClient: string | undefined
  readonly address: string
  readonly side: Side
  readonly requestId: string
}

const schemes: readonly string[] = ['openapitoken', 'token']

/**
 * From the header to the caller: onecloudplanet.md 3.1, 3.2, 3.4.
 * @throws Refusal 401, 403 or 400, in this order; Failure `busy` (reason `logins`)
 */
export async function authenticate(catalogue: Catalogue, logins: LoginLimit, asked: Asked): Promise<Caller> {
  const token = tokenOf(asked.authorization)
  return callerOf(await accountOf(catalogue, logins, token, asked.address), asked)
}

/** @throws Refusal 403 or 400 */
export function callerOf(
  account: Account,
  asked: Pick<Asked, 'side' | 'activeClient' | 'requestId'>,
): Caller {
  const staff = asked.side === 'staff'
  if (staff && !account.superAdmin) throw notPermitted()
  const roles = clientsOf(account)
  const projectId = activeClient(asked.activeClient, staff, roles)
  const base = {
    userId: account.id,
    username: account.username,
    face: 'onecloudplanet',
    requestId: asked.requestId,
  } as const
  const named = Boolean(asked.activeClient)
  if (staff) {
    const actor: Actor = { ...base, superAdmin: true, projectId, roles }
    return { staff, account, actor, everywhere: actor, named }
  }
  const own = projectId === null ? undefined : roles.get(projectId)
  const actor: Actor = {
    ...base,
    superAdmin: false,
    projectId,
    roles: new Map(own && projectId !== null ? [[projectId, own]] : []),
  }
  return { staff, account, actor, everywhere: { ...actor, roles }, named }
}

/** @throws Refusal 401 with the literal of the framework. */
function tokenOf(header: string | undefined): string {
  const [scheme = '', ...words] = (header ?? '').split(/\s+/).filter((word) => word !== '')
  if (!schemes.includes(scheme.toLowerCase()))
    throw unauthenticated('Authentication credentials were not provided.')
  const [token] = words
  if (token === undefined) throw unauthenticated('Invalid token header. No credentials provided.')
  if (words.length > 1) throw unauthenticated('Invalid token header. Token string should not contain spaces.')
  return token
}

/** Some people choose their tokens, so guessing is slowed down; a valid one never waits for the failures of others. */
async function accountOf(
  catalogue: Catalogue,
  logins: LoginLimit,
  token: string,
  address: string,
): Promise<Account> {
  try {
    return await catalogue.users.byToken('token', token, address)
  } catch (error) {
    if (!isFailure(error, 'unauthenticated')) throw error
    await logins
      .attempt(address, '', () => Promise.reject(error))
      .catch((failure) => {
        if (failure !== error) throw failure
      })
    if (error.detail.reason === 'expired') throw unauthenticated('Expired token.')
    if (error.detail.reason === 'address')
      throw unauthenticated('Unable to authenticate due to IP address restriction')
    if (error.detail.reason === 'disabled') throw unauthenticated('User inactive or deleted.')
    throw unauthenticated('Invalid token.')
  }
}

function unauthenticated(detail: string): Refusal {
  return refuse(401, detail, { 'www-authenticate': 'OpenAPIToken' })
}

/**
 * The clients of a user and its roles there. "A staff token acts as an end-user of its own client": staff own the
 * clients they belong to, and at least their default one.
 */
function clientsOf(account: Account): ReadonlyMap<number, ReadonlySet<Role>> {
  if (!account.superAdmin) return account.roles
  const ids = new Set([...account.roles.keys(), account.defaultProjectId ?? mainProjectId])
  return new Map([...ids].map((id) => [id, new Set<Role>([...(account.roles.get(id) ?? []), 'owner'])]))
}

/** The named client, else the first one; null when there is none. Staff act for the provider unless they name one. */
function activeClient(
  parameter: string | undefined,
  staff: boolean,
  roles: Caller['actor']['roles'],
): number | null {
  if (!parameter) return staff ? mainProjectId : (firstOf(roles.keys()) ?? null)
  if (!/^\s*[+-]?\d{1,15}\s*$/.test(parameter)) throw refuse(400, 'Invalid active_client')
  const id = Number(parameter)
  if (!staff && !roles.has(id)) throw notPermitted()
  return id
}

function firstOf(ids: Iterable<number>): number | undefined {
  return [...ids].sort((a, b) => a - b)[0]
}
