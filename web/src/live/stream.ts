import type { WireEvent } from '../../../src/faces/console/wire-events.ts'
import { apiPath } from '../api/client.ts'

/** `waiting`: nothing is heard now, and it is tried again. */
export type StreamState = 'connecting' | 'live' | 'waiting'

export type StreamHandlers = {
  onEvent(event: WireEvent): void
  /** Too much has changed to be told one by one. */
  onReset(): void
  onState(state: StreamState): void
  /** The server does not let us listen; it may be that the session has ended. */
  onRefused(): void
}

/** Milliseconds until the first new attempt where the browser makes none by itself, and at most; each waits twice as long. */
const firstPause = 2_000
const longestPause = 60_000

/** A window that nobody looks at leaves its connection to others: browsers have six for one server. Milliseconds. */
const hiddenFor = 30_000

/**
 * Listens to what changes, for as long as the window is seen.
 * @param position where what the window shows begins
 * @returns what ends it
 */
export function openStream(
  position: number,
  { onEvent, onReset, onState, onRefused }: StreamHandlers,
): () => void {
  let source: EventSource | undefined
  let lastId = String(position)
  let attempts = 0
  let timer: number | undefined

  function connect(): void {
    clearTimeout(timer)
    source?.close()
    // An address, because a new EventSource has no Last-Event-ID of its own; once it has one, that one counts.
    source = new EventSource(apiPath('/events', { after: lastId }))
    source.addEventListener('ready', (message) => {
      attempts = 0
      keepPlace(message)
      onState('live')
    })
    source.addEventListener('message', (message) => {
      keepPlace(message)
      onEvent(JSON.parse(message.data) as WireEvent)
    })
    source.addEventListener('reset', (message) => {
      keepPlace(message)
      onReset()
    })
    source.addEventListener('end', refused)
    source.addEventListener('error', () => {
      onState('waiting')
      // Else the browser comes back by itself.
      if (source?.readyState === EventSource.CLOSED) refused()
    })
  }

  function keepPlace({ lastEventId }: MessageEvent): void {
    lastId = lastEventId
  }

  function refused(): void {
    source?.close()
    onState('waiting')
    onRefused()
    const pause = Math.min(longestPause, firstPause * 2 ** attempts++)
    // Not all windows at the same moment.
    timer = window.setTimeout(connect, pause * (0.5 + Math.random()))
  }

  function look(): void {
    clearTimeout(timer)
    if (!document.hidden) {
      if (source?.readyState !== EventSource.OPEN) connect()
    } else timer = window.setTimeout(() => source?.close(), hiddenFor)
  }

  document.addEventListener('visibilitychange', look)
  onState('connecting')
  connect()
  return () => {
    document.removeEventListener('visibilitychange', look)
    clearTimeout(timer)
    source?.close()
  }
}
