import type { Asking } from './ask.ts'
import { readToken } from './token.ts'

/** Whom Imageport is to Keystone: a user who may validate the tokens of others. */
export type ServiceAccount = {
  readonly username: string
  /** Name of the user's domain. */
  readonly userDomain: string
  readonly password: string
  readonly project: string
  /** Name of the project's domain. */
  readonly projectDomain: string
}

export type ServiceToken = {
  /** The present token, or a new one when that is about to end. @throws an Error when Keystone gives none */
  present(): Promise<string>
  /** A new one in place of one that Keystone did not take; one for all who ask at once. @throws as `present` */
  instead(refused: string): Promise<string>
}

type Held = { readonly text: string; readonly renewAt: number }

const second = 1_000_000
/** How long before its end a token is replaced (glance.md section 26, step 5). */
const margin = 60 * second
/** For how long a refused login is not tried again: some Keystones lock accounts that keep trying. */
const pause = 5 * second

/** @param now microseconds since 1970 */
export function serviceToken(asking: Asking, account: ServiceAccount, now: () => number): ServiceToken {
  let held: Held | null = null
  let coming: Promise<Held> | null = null
  let refusal: { readonly error: Error; readonly until: number } | null = null

  async function login(): Promise<Held> {
    const at = now()
    if (refusal && refusal.until > at) throw refusal.error
    const { status, body, header } = await asking.ask({
      method: 'POST',
      path: '/v3/auth/tokens?nocatalog',
      body: loginOf(account),
    })
    const text = header('x-subject-token')
    if (status !== 201 || text === null) {
      const { username, project } = account
      const error = new Error(`Keystone answers ${status} when ${username} logs in to ${project}`)
      if (status < 500) refusal = { error, until: at + pause }
      throw error
    }
    const { expiresAt } = readToken(body)
    // One that lives shorter than the margin would be replaced before every use.
    return { text, renewAt: expiresAt - Math.min(margin, (expiresAt - at) / 2) }
  }

  async function renewed(): Promise<string> {
    coming ??= login().finally(() => {
      coming = null
    })
    held = await coming
    return held.text
  }

  return {
    present: async () => (held && held.renewAt > now() ? held.text : renewed()),
    instead: async (refused) => (held && held.text !== refused ? held.text : renewed()),
  }
}

function loginOf({ username, userDomain, password, project, projectDomain }: ServiceAccount): object {
  const user = { name: username, domain: { name: userDomain }, password }
  return {
    auth: {
      identity: { methods: ['password'], password: { user } },
      scope: { project: { name: project, domain: { name: projectDomain } } },
    },
  }
}
