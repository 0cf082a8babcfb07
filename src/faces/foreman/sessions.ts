import type { Catalogue } from '../../catalogue/catalogue.ts'

/** A session that nobody uses for so long ends (foreman.md 8.1). */
export const idleSeconds = 60 * 60

/** As many failed logins from one address in so many seconds, and it is refused (5.1). */
export const bruteForce = { failures: 30, seconds: 5 * 60 }

/** A session's life is prolonged once in so many milliseconds, not with each request. */
const renewEvery = 60_000
const rememberedAtMost = 10_000

export type SessionKeeper = {
  /**
   * The session for somebody who has just logged in. Who logs in with every request, as curl does, is given the same one
   * for a minute: a row for each request would fill the database. A session that a token opened is bound to the address,
   * as the token may be.
   */
  open(userId: number, address: string, byToken: boolean): Promise<string>
  used(session: string): Promise<void>
}

type Remembered<T> = Map<string, { readonly value: T; readonly until: number }>

export function sessionKeeper(catalogue: Catalogue, clock: () => number = Date.now): SessionKeeper {
  const opened: Remembered<Promise<string>> = new Map()
  const renewed: Remembered<Promise<void>> = new Map()

  function remember<T>(map: Remembered<Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
    const at = clock()
    const known = map.get(key)
    if (known && known.until > at) return known.value
    if (map.size >= rememberedAtMost) map.clear()
    const value = make()
    map.set(key, { value, until: at + renewEvery })
    value.catch(() => map.delete(key))
    return value
  }

  const isAlive = (session: string, address: string) =>
    catalogue.users.byToken('session', session, address).then(
      () => true,
      () => false,
    )

  return {
    async open(userId, address, byToken) {
      const key = `${userId} ${byToken} ${address}`
      const [proof, networks] = byToken ? (['token', [address]] as const) : (['password', []] as const)
      const make = () => catalogue.users.openSession(userId, idleSeconds, proof, networks)
      const session = await remember(opened, key, make)
      // It may have been ended meanwhile, by a new password or a revoked token.
      if (await isAlive(session, address)) return session
      opened.delete(key)
      return remember(opened, key, make)
    },

    used: (session) => remember(renewed, session, () => catalogue.users.renewSession(session, idleSeconds)),
  }
}
