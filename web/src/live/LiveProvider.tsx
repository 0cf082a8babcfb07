import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import { get } from '../api/client.ts'
import { useMe } from '../app/session.tsx'
import { keysOf } from './keys.ts'
import { refresher } from './refresher.ts'
import { openStream, type StreamState } from './stream.ts'

/** Nobody is told of an interruption that is shorter. Milliseconds. */
const patience = 2_000
/** Without the stream everything that is shown is asked for again so often. */
const pollEvery = 15_000

const Context = createContext<StreamState>('connecting')

/** Keeps everything inside up to date, whoever changes it and through whichever face. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const queries = useQueryClient()
  const { position } = useMe()
  const [state, setState] = useState<StreamState>('connecting')

  useEffect(() => {
    const refresh = refresher(queries)
    const close = openStream(position, {
      onEvent: (event) => keysOf(event).forEach(refresh.touch),
      onReset: refresh.everything,
      onState: setState,
      // Where the session has ended the answer leads to the sign-in page; what else is wrong shows elsewhere.
      onRefused: () => void get('/whoami').catch(() => {}),
    })
    return () => {
      close()
      refresh.stop()
    }
  }, [queries, position])

  const settled = useSettled(state)
  useEffect(() => {
    if (settled !== 'waiting') return
    const timer = setInterval(() => {
      if (!document.hidden) void queries.invalidateQueries()
    }, pollEvery)
    return () => clearInterval(timer)
  }, [settled, queries])

  return <Context value={settled}>{children}</Context>
}

/** The state, where it has lasted: a stream that comes back at once was never gone. */
function useSettled(state: StreamState): StreamState {
  const [settled, setSettled] = useState(state)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(state), state === 'waiting' ? patience : 0)
    return () => clearTimeout(timer)
  }, [state])
  return settled
}

/** Is what the pages show kept up to date? */
export function useLiveState(): StreamState {
  return useContext(Context)
}
