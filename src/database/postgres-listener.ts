import pg from 'pg'
import { postgresFailure } from './postgres-driver.ts'

type Heard = (payload: string) => void

export type PostgresListener = {
  listen(channel: string, heard: Heard): Promise<() => Promise<void>>
  close(): Promise<void>
}

/**
 * One connection, opened at the first `listen`, that hears all channels. When it breaks it is opened again, with
 * growing pauses up to 10 s, and every listener hears an empty payload, because messages may have been missed.
 */
export function postgresListener(
  newClient: () => pg.Client,
  trouble: (error: Error) => void,
): PostgresListener {
  const channels = new Map<string, Set<Heard>>()
  let client: Promise<pg.Client> | undefined
  let closed = false
  let failures = 0
  let retry: NodeJS.Timeout | undefined

  async function connect(): Promise<pg.Client> {
    const fresh = newClient()
    fresh.on('error', trouble)
    fresh.on('notification', ({ channel, payload }) => {
      for (const heard of [...(channels.get(channel) ?? [])]) heard(payload ?? '')
    })
    try {
      await fresh.connect()
      for (const channel of channels.keys()) await fresh.query(listenTo(channel))
    } catch (error) {
      await fresh.end()
      throw error
    }
    // Only now: until here the caller learns of a failure.
    fresh.on('end', () => {
      client = undefined
      if (!closed) reconnectLater()
    })
    failures = 0
    return fresh
  }

  function connected(): Promise<pg.Client> {
    client ??= connect().catch((error) => {
      client = undefined
      throw postgresFailure(error)
    })
    return client
  }

  function reconnectLater(): void {
    retry = setTimeout(
      async () => {
        try {
          await connected()
          for (const heard of [...channels.values()].flatMap((each) => [...each])) heard('')
        } catch (error) {
          trouble(error as Error)
          if (!closed) reconnectLater()
        }
      },
      Math.min(10_000, 100 * 2 ** failures++),
    )
    // A process that has nothing else to do need not wait for this.
    retry.unref()
  }

  return {
    async listen(channel, heard) {
      // A wrapper of its own, so that one function may listen twice and stop once.
      const entry: Heard = (payload) => heard(payload)
      const present = channels.get(channel) ?? new Set()
      channels.set(channel, present.add(entry))
      try {
        await (await connected()).query(listenTo(channel))
      } catch (error) {
        present.delete(entry)
        throw postgresFailure(error)
      }
      return async () => {
        present.delete(entry)
      }
    },
    async close() {
      closed = true
      clearTimeout(retry)
      channels.clear()
      const last = await client?.catch(() => undefined)
      await last?.end()
    },
  }
}

function listenTo(channel: string): string {
  return `listen ${pg.escapeIdentifier(channel)}`
}
