import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react'
import type { WireSession } from '../../../src/faces/console/wire.ts'
import { get, keepProof, onSignedOut, post, remove } from '../api/client.ts'

export type SessionState = {
  /** Undefined while it is not known yet; null: nobody is signed in. */
  readonly session: WireSession | null | undefined
  /** @throws ApiError */
  signIn(username: string, password: string): Promise<void>
  signOut(): Promise<void>
}

const Context = createContext<SessionState | null>(null)

/** Who is signed in, for everything inside. */
export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const [session, setSession] = useState<WireSession | null>()
  const queries = useQueryClient()

  const enter = useCallback((given: WireSession) => {
    keepProof(given.proof)
    setSession(given)
  }, [])

  useEffect(() => {
    const look = () =>
      void get<WireSession | undefined>('/session').then((given) => (given ? enter(given) : setSession(null)))
    look()
    // There may be another session by now, in place of the one that was refused.
    return onSignedOut(look)
  }, [enter])

  const state = useMemo(
    (): SessionState => ({
      session,
      async signIn(username, password) {
        enter(await post<WireSession>('/session', { username, password }))
      },
      async signOut() {
        await remove('/session')
        queries.clear()
        setSession(null)
      },
    }),
    [session, enter, queries],
  )
  return <Context value={state}>{children}</Context>
}

export function useSessionState(): SessionState {
  const state = useContext(Context)
  if (!state) throw new Error('There is no SessionProvider around this.')
  return state
}

/** The signed in user; only for what is shown when there is one. */
export function useMe(): WireSession {
  const { session } = useSessionState()
  if (!session) throw new Error('Nobody is signed in.')
  return session
}
