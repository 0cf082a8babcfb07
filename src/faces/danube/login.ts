import { isFailure } from '../../catalogue/failure.ts'
import type { Account } from '../../catalogue/people/users.ts'
import { toMicros } from '../../catalogue/time.ts'
import type { LoginLimit } from '../../http/login-limit.ts'
import { actorOf } from './auth.ts'
import { fields } from './fields.ts'
import { type Answer, bare, type Context, type Route } from './route.ts'

export type LoginParts = {
  readonly logins: LoginLimit
  /** Life of a session token in seconds; it is not prolonged. */
  readonly tokenSeconds: number
}

/** Logging in and out, and whether anybody is there (danube.md 5.2, 5.3, 4.4). */
export function loginRoutes(own: LoginParts): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/accounts/login',
      summary: 'Log in',
      scope: 'main',
      group: 'u',
      open: true,
      handle: (context) => login(context, own),
    },
    {
      method: 'GET',
      path: '/accounts/logout',
      summary: 'Log out',
      scope: 'main',
      group: 'u',
      handle: logout,
    },
    {
      method: 'GET',
      path: '/ping',
      summary: 'Is the service there?',
      scope: 'main',
      group: 'u',
      open: true,
      slashed: true,
      handle: async () => bare('pong'),
    },
  ]
}

async function login({ data, request, parts, enter }: Context, own: LoginParts): Promise<Answer> {
  const read = fields(data)
  const username = read.text('username', { required: true, pattern: null })
  const password = read.text('password', { required: true, pattern: null })
  if (username === undefined || password === undefined) return failed(read.errors())
  let account: Account
  try {
    account = await own.logins.attempt(request.ip, username, () =>
      parts.catalogue.users.byPassword(username, password),
    )
  } catch (error) {
    if (!isFailure(error, 'unauthenticated')) throw error
    return failed(
      error.detail.reason === 'disabled'
        ? 'User account is disabled.'
        : 'Unable to log in with provided credentials.',
    )
  }
  if (!account.apiAccess) return failed('User account is not allowed to access API.')
  const actor = { ...actorOf(account, request.id), userId: account.id, superAdmin: account.superAdmin }
  const { text, expiresAt } = await parts.catalogue.loginTokens.open(actor, own.tokenSeconds)
  request.danube.caller = { account, scheme: 'token', actor }
  // Clients learn from the answer where they are.
  enter(await parts.catalogue.datacenterAccess.current(account.defaultProjectId))
  return bare({
    token: text,
    expires: toMicros(expiresAt).replace('Z', '+00:00'),
    detail: 'Welcome to Danube Cloud API.',
  })
}

const failed = (detail: string | object): Answer => ({
  kind: 'bare',
  body: { detail },
  status: 400,
  nameless: true,
})

async function logout({ actor, account, parts, enter }: Context): Promise<Answer> {
  if (account) {
    await parts.catalogue.loginTokens.close({ ...actor, userId: account.id })
    enter(await parts.catalogue.datacenterAccess.current(account.defaultProjectId))
  }
  return bare({ detail: 'Bye.' })
}
