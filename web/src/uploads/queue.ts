import { speedometer } from './speed.ts'
import { transfer } from './transfer.ts'

/** What this page does about an upload whose file it has. */
export type Activity = {
  readonly phase: 'waiting' | 'sending' | 'paused' | 'broken'
  /** Bytes that are over there. */
  readonly sent: number
  /** Bytes per second; null while that cannot be said. */
  readonly speed: number | null
  /** Why it is broken. */
  readonly problem: Error | null
}

type Entry = { readonly file: File; activity: Activity; stop: AbortController | null }

/** More at once would only share the same line. */
const parallel = 2
/** How often a change of numbers alone is shown. Milliseconds. */
const shownEvery = 250

/**
 * The files that are being sent, and those that wait. It belongs to no page: whoever goes to another one lets it go on.
 * @param onOver told when the bytes of one are over there or it broke; what it was doing is known until that is settled
 */
export function uploadQueue(onOver: () => Promise<void>) {
  const entries = new Map<string, Entry>()
  const listeners = new Set<() => void>()
  let shown: ReadonlyMap<string, Activity> = new Map()

  function tell(): void {
    shown = new Map([...entries].map(([id, { activity }]) => [id, activity]))
    for (const listener of listeners) listener()
  }

  function change(id: string, changed: Partial<Activity>): void {
    const entry = entries.get(id)
    if (!entry) return
    entry.activity = { ...entry.activity, ...changed }
    tell()
  }

  function begin(): void {
    for (const [id, entry] of entries) {
      const busy = [...entries.values()].filter(({ activity }) => activity.phase === 'sending').length
      if (busy >= parallel) return
      if (entry.activity.phase === 'waiting') void send(id, entry)
    }
  }

  async function send(id: string, entry: Entry): Promise<void> {
    const stop = new AbortController()
    const speed = speedometer()
    let told = 0
    entry.stop = stop
    change(id, { phase: 'sending', speed: null, problem: null })
    try {
      await transfer(entry.file, id, {
        signal: stop.signal,
        onProgress(sent) {
          const at = performance.now()
          const present = speed.note(at, sent)
          if (at - told < shownEvery && sent < entry.file.size) return
          told = at
          change(id, { sent, speed: present })
        },
      })
      await onOver()
      entries.delete(id)
      tell()
    } catch (error) {
      // Whoever stopped it has said what it is now.
      if (!stop.signal.aborted) {
        const problem = error instanceof Error ? error : new Error(String(error))
        change(id, { phase: 'broken', speed: null, problem })
        await onOver()
      }
    } finally {
      begin()
    }
  }

  function halt(id: string): void {
    entries.get(id)?.stop?.abort()
  }

  return {
    subscribe(listener: () => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    /** What is being done, by the ids of uploads; a new map after each change. */
    snapshot: () => shown,

    /** @param received bytes that the server has already */
    add(id: string, file: File, received: number): void {
      if (entries.has(id)) return
      const activity = { phase: 'waiting', sent: received, speed: null, problem: null } as const
      entries.set(id, { file, activity, stop: null })
      tell()
      begin()
    },

    pause(id: string): void {
      change(id, { phase: 'paused', speed: null })
      halt(id)
      begin()
    },

    /** Also for one that is broken. */
    resume(id: string): void {
      change(id, { phase: 'waiting', problem: null })
      begin()
    },

    /** Lets go of an upload; what the server has of it is another matter. */
    drop(id: string): void {
      halt(id)
      entries.delete(id)
      tell()
      begin()
    },

    /** Lets go of all. */
    end(): void {
      for (const id of entries.keys()) halt(id)
      entries.clear()
      tell()
    },
  }
}
export type UploadQueue = ReturnType<typeof uploadQueue>
