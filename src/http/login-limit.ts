import { createHash } from 'node:crypto'
import { Failure, isFailure } from '../catalogue/failure.ts'
import { networkOf } from './network.ts'

export type LoginLimit = {
  /**
   * Carries out one login attempt. Only a failed one (`unauthenticated`) counts; when there were too many from this
   * address for this name, further ones are refused unseen until a minute has passed since the first.
   * @throws Failure `busy` (reason `logins`, with `retryAfterSeconds` seconds), or what `login` throws
   */
  attempt<T>(address: string, name: string, login: () => Promise<T>): Promise<T>
}

type Entry = { failures: number; underWay: number; until: number; waiters: (() => void)[] }

const rememberedAtMost = 10_000

/** For keys and tokens that people may have chosen: who asks with a wrong one asks often, and has no name. */
export const keyGuesses = { failures: 60, seconds: 60 }

/**
 * Slows down the guessing of passwords (one-catalogue.md section 5: "Failed logins are always limited, successful
 * ones never counted"). Each process counts for itself.
 */
export function loginLimit(
  { failures: maximum, seconds } = { failures: 10, seconds: 60 },
  most = rememberedAtMost,
): LoginLimit {
  // In the order in which they end, so that the first are the ones to forget.
  const entries = new Map<string, Entry>()

  function entryOf(key: string): Entry {
    const at = Date.now()
    const known = entries.get(key)
    if (known && (known.until > at || known.underWay > 0)) return known
    entries.delete(key)
    for (const [oldest, { until, underWay }] of entries) {
      if (until > at && entries.size < most) break
      if (underWay === 0) entries.delete(oldest)
    }
    const entry: Entry = { failures: 0, underWay: 0, until: at + seconds * 1000, waiters: [] }
    entries.set(key, entry)
    return entry
  }

  return {
    async attempt(address, name, login) {
      // A digest, because strangers choose the name, and how long it is.
      const key = createHash('sha256')
        .update(`${networkOf(address)} ${name.normalize('NFC').toLowerCase()}`)
        .digest('base64')
      let entry = entryOf(key)
      // Attempts under way may all fail: no more of them at once than may still fail, and the others wait.
      while (entry.failures + entry.underWay >= maximum) {
        if (entry.failures >= maximum) {
          const retryAfterSeconds = Math.max(1, Math.ceil((entry.until - Date.now()) / 1000))
          throw new Failure('busy', `Too many failed logins; try again in ${retryAfterSeconds} seconds.`, {
            reason: 'logins',
            retryAfterSeconds,
          })
        }
        const { waiters } = entry
        await new Promise<void>((resolve) => waiters.push(resolve))
        entry = entryOf(key)
      }
      entry.underWay++
      try {
        return await login()
      } catch (error) {
        if (isFailure(error, 'unauthenticated')) entry.failures++
        throw error
      } finally {
        entry.underWay--
        for (const wake of entry.waiters.splice(0)) wake()
      }
    },
  }
}
