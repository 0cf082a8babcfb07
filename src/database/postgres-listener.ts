import pg from 'pg'

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
    fresh.on('notification', ({ channel, payload }) => {
      for (const heard of [...(channels.get(channel) ?? [])]) heard(payload ?? '')
    })
    fresh.on('error', trouble)
    await fresh.connect()
    fresh.on('end', () => !closed && reconnectLater())
    for (const channel of channels.keys()) await fresh.query(`listen ${pg.escapeIdentifier(channel)}`)
    failures = 0
    return fresh
  }

  function reconnectLater(): void {
    client = undefined
    const pause = Math.min(10_000, 100 * 2 ** failures++)
    retry = setTimeout(async () => {
      client = connect()
      try {
        await client
        for (const heard of [...channels.values()].flatMap((each) => [...each])) heard('')
      } catch (error) {
        trouble(error as Error)
        if (!closed) reconnectLater()
      }
    }, pause)
    // A process that has nothing else to do need not wait for this.
    retry.unref()
  }

  return {
    async listen(channel, heard) {
      const entry: Heard = (payload) => heard(payload)
      const present = channels.get(channel) ?? new Set()
      channels.set(channel, present.add(entry))
      client ??= connect()
      const connected = await client
      await connected.query(`listen ${pg.escapeIdentifier(channel)}`)
      return async () => {
        present.delete(entry)
      }
    },
    async close() {
      closed = true
      clearTimeout(retry)
      channels.clear()
      const connected = await client?.catch(() => undefined)
      await connected?.end()
    },
  }
}
