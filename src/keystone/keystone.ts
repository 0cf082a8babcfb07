import { createHash } from 'node:crypto'
import { Failure } from '../catalogue/failure.ts'
import { type Answer, type AskOptions, asking } from './ask.ts'
import { type Cache, cache } from './cache.ts'
import { type ServiceAccount, serviceToken } from './service-token.ts'
import { type KeystoneToken, readToken } from './token.ts'

export type KeystoneOptions = Omit<AskOptions, 'url' | 'retryMs'> & {
  /** The address of Identity, with or without `/v3`. */
  readonly url: string
  readonly account: ServiceAccount
  /** For how long a token is not asked about again; 0: each time. */
  readonly cacheSeconds: number
  /** Whether the catalogue of a token is wanted. */
  readonly services: boolean
  /** Hears why Keystone could not be asked: callers learn only that it could not. */
  readonly onTrouble: (error: unknown) => void
  readonly retryMs?: number
  /** Microseconds since 1970; for tests. */
  readonly now?: () => number
}

export type KeystoneClient = {
  /**
   * What Keystone says of a token; the same object as long as it is not asked again.
   * @param allowExpired also one that has ended within Keystone's window, for services that work for longer
   * @throws Failure `unauthenticated` (reason `unknown`, `expired`), `unavailable` (reason `identity`)
   */
  validate(token: string, options?: { readonly allowExpired?: boolean }): Promise<KeystoneToken>
  close(): Promise<void>
}

const second = 1_000_000
/** Longer ones are nobody's (glance.md section 26, step 2). */
const longestToken = 8192
/** For how long a token that is not valid is not asked about again, at most; seconds. */
const refusedSeconds = 5
/** Bytes of what Keystone said of the tokens that are remembered, and how many these are. */
const goodLimits = { entries: 10_000, size: 32 * 1024 * 1024 }
const badLimits = { entries: 10_000, size: 0 }

/** Validates tokens as Keystone's own middleware does (glance.md section 26). */
export function keystone(options: KeystoneOptions): KeystoneClient {
  const now = options.now ?? (() => Date.now() * 1000)
  const url = new URL(options.url.replace(/\/v3\/*$/, ''))
  const { ask, close } = asking({ ...options, url, retryMs: options.retryMs ?? 100 })
  const service = serviceToken({ ask, close }, options.account, now)
  const good: Cache<KeystoneToken> = cache(goodLimits)
  const bad: Cache<true> = cache(badLimits)
  const underWay = new Map<string, Promise<KeystoneToken>>()

  async function question(token: string, allowExpired: boolean): Promise<Answer> {
    const query = [...(options.services ? [] : ['nocatalog']), ...(allowExpired ? ['allow_expired=1'] : [])]
    const path = `/v3/auth/tokens${query.length > 0 ? `?${query.join('&')}` : ''}`
    const askAs = (own: string) =>
      ask({
        method: 'GET',
        path,
        headers: { 'x-auth-token': own, 'x-subject-token': token, 'openstack-identity-access-rules': '1' },
      })
    const own = await service.present()
    const answer = await askAs(own)
    if (answer.status !== 401 && answer.status !== 403) return answer
    return askAs(await service.instead(own))
  }

  /** Null: Keystone knows no such token. */
  async function validated(
    token: string,
    allowExpired: boolean,
  ): Promise<{ readonly token: KeystoneToken; readonly size: number } | null> {
    try {
      const { status, body } = await question(token, allowExpired)
      if (status === 404) return null
      if (status !== 200) throw new Error(`Keystone answers ${status} to a question about a token`)
      return { token: readToken(body), size: body.length }
    } catch (error) {
      options.onTrouble(error)
      throw new Failure(
        'unavailable',
        'Tokens cannot be validated just now.',
        { reason: 'identity' },
        { cause: error },
      )
    }
  }

  async function fetched(text: string, key: string, allowExpired: boolean): Promise<KeystoneToken> {
    const found = await validated(text, allowExpired)
    const at = now()
    const until = (seconds: number) => at + Math.min(options.cacheSeconds, seconds) * second
    if (found === null) {
      bad.keep(refusalKey(key, allowExpired), true, until(refusedSeconds), at)
      throw unauthenticated('unknown')
    }
    const { token, size } = found
    // Clocks differ: what has ended by ours has ended.
    if (token.expiresAt <= at && !allowExpired) throw unauthenticated('expired')
    good.keep(key, token, Math.min(until(Number.POSITIVE_INFINITY), token.expiresAt), at, size)
    return token
  }

  return {
    async validate(text, { allowExpired = false } = {}) {
      // Only what can stand in a header.
      if (text.length > longestToken || !/^[\x21-\x7e]+$/.test(text)) throw unauthenticated('unknown')
      const key = createHash('sha256').update(text).digest('base64')
      const known = good.find(key, now())
      if (known) return known
      const refusal = refusalKey(key, allowExpired)
      if (bad.find(refusal, now())) throw unauthenticated('unknown')
      let coming = underWay.get(refusal)
      if (!coming) {
        coming = fetched(text, key, allowExpired).finally(() => underWay.delete(refusal))
        underWay.set(refusal, coming)
      }
      return coming
    },
    close,
  }
}

/** What one question refuses, the other may allow. */
function refusalKey(key: string, allowExpired: boolean): string {
  return allowExpired ? `${key} expired` : key
}

function unauthenticated(reason: 'unknown' | 'expired'): Failure {
  return new Failure('unauthenticated', 'The request you have made requires authentication.', { reason })
}
