import type { Actor } from '../actor.ts'
import type { Core } from '../core.ts'
import { Failure } from '../failure.ts'
import type { Memory } from '../people/memory.ts'
import { hearingsOf } from './audience.ts'
import { type AuditRow, auditReader, newestEntry } from './audit-reader.ts'
import type { Hearing } from './event.ts'
import { createListener, type Hearer, type Listener } from './listener.ts'
import { taskReader } from './task-reader.ts'

export type EventLimits = {
  /** Listeners at once, of one person and of this process. */
  readonly perUser: number
  readonly perProcess: number
  /** Events that wait for one listener. */
  readonly waiting: number
  /** Entries that somebody who comes back is told of one by one. */
  readonly missed: number
  /** Milliseconds between two looks, and between two checks of a listener's rights. */
  readonly lookEvery: number
  readonly checkEvery: number
}

const usual: EventLimits = {
  perUser: 16,
  perProcess: 500,
  waiting: 200,
  missed: 500,
  lookEvery: 500,
  checkEvery: 15_000,
}

export type Subscription = {
  /** The listener's rights as they are now. @throws Failure `unauthenticated` when they have ended */
  renew(): Promise<Actor>
  /** Where the listener has been before; null: what comes from now on. */
  readonly after: number | null
}

/** Entries about these may change what others may do. */
const people: ReadonlySet<string> = new Set([
  'api-key',
  'application-credential',
  'group',
  'organization',
  'project',
  'token',
  'user',
])

/**
 * Tells what changes, whichever face or process changes it: from the audit log, and from the tasks. There is one reader for
 * all listeners of a process, and none where nobody listens. A listener hears of what its actor may see.
 */
export function events(core: Core, remembered: Memory, limits: EventLimits = usual) {
  const listening = new Set<{ readonly actor: Actor }>()
  let reader: Promise<Reader> | undefined

  /** @throws Failure `busy` (reason `streams`) */
  function enter(actor: Actor): () => void {
    const own = [...listening].filter(({ actor: { userId } }) => userId === actor.userId)
    if (own.length >= limits.perUser || listening.size >= limits.perProcess)
      throw new Failure('busy', 'Too many windows listen to changes already.', {
        reason: 'streams',
        retryAfterSeconds: 60,
      })
    const entry = { actor }
    listening.add(entry)
    return () => {
      if (!listening.delete(entry) || listening.size > 0) return
      const idle = reader
      reader = undefined
      // One that did not come into being has told why already.
      void idle?.then(({ stop }) => stop()).catch(() => {})
    }
  }

  return {
    /** From which position on somebody hears of everything that changes from now on. */
    position: () => newestEntry(core.database.db),

    /** @throws Failure `busy` (reason `streams`) */
    async listen(actor: Actor, subscription: Subscription): Promise<Listener> {
      const leave = enter(actor)
      try {
        reader ??= startReader(core, remembered, limits)
        const present = await reader
        return await present.join(actor, subscription, leave)
      } catch (error) {
        leave()
        throw error
      }
    },
  }
}

type Reader = Awaited<ReturnType<typeof startReader>>

async function startReader(core: Core, remembered: Memory, limits: EventLimits) {
  const { database } = core
  const hearers = new Map<Hearer, { readonly subscription: Subscription; checkAt: number }>()
  const entries = auditReader(core)
  const tasks = taskReader(core)
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let seenVersion = database.version()
  let seenChanges = remembered.changes()
  await entries.start()
  await tasks.start()

  function arm(ms: number): void {
    if (!stopped) timer = setTimeout(look, ms).unref()
  }

  async function look(): Promise<void> {
    try {
      arm((await lookOnce()) ? 0 : limits.lookEvery)
    } catch (error) {
      // Whoever listens comes back with its position, to a reader that begins anew.
      for (const hearer of [...hearers.keys()]) hearer.fail(error)
    }
  }

  /** @returns whether there is more to be read at once */
  async function lookOnce(): Promise<boolean> {
    const version = database.version()
    const isQuiet = version !== null && version === seenVersion
    const { rows, more, lost } = isQuiet ? nothing : await entries.read()
    const heard = isQuiet ? [] : [...(await hearingsOf(database.db, rows)), ...(await tasks.read())]
    // Of other processes' changes this one's memory does not know.
    if (rows.some(({ subject_kind }) => people.has(subject_kind))) remembered.forget()
    await check(remembered.changes() !== seenChanges)
    for (const hearer of hearers.keys()) {
      if (lost) hearer.reset()
      tell(hearer, heard)
      hearer.advance(entries.position())
    }
    seenVersion = version
    return more
  }

  /** Renews the rights of those whose turn it is, or of everybody. */
  async function check(all: boolean): Promise<void> {
    seenChanges = remembered.changes()
    const at = performance.now()
    const due = [...hearers].filter(([, { checkAt }]) => all || checkAt <= at)
    await Promise.all(
      due.map(async ([hearer, state]) => {
        state.checkAt = at + limits.checkEvery
        try {
          hearer.become(await state.subscription.renew())
        } catch (error) {
          hearer.fail(error)
        }
      }),
    )
  }

  /** What somebody who comes back has missed. Tasks leave no trace of what they did meanwhile. */
  async function catchUp(hearer: Hearer, after: number): Promise<void> {
    const missed = await entries.since(after, limits.missed)
    if (!missed) return hearer.reset()
    tell(hearer, [...(await hearingsOf(database.db, missed)), () => ({ kind: 'task' })])
  }

  arm(limits.lookEvery)

  return {
    async join(actor: Actor, subscription: Subscription, leave: () => void): Promise<Listener> {
      const hearer = createListener(actor, entries.position(), limits.waiting, () => {
        if (hearers.delete(hearer)) leave()
      })
      hearers.set(hearer, { subscription, checkAt: performance.now() + limits.checkEvery })
      try {
        if (subscription.after !== null) await catchUp(hearer, subscription.after)
      } catch (error) {
        hearer.end()
        throw error
      }
      return hearer
    },

    stop(): void {
      stopped = true
      clearTimeout(timer)
    },
  }
}

const nothing = { rows: [] as readonly AuditRow[], more: false, lost: false } as const

function tell(hearer: Hearer, heard: readonly Hearing[]): void {
  for (const hearing of heard) {
    const event = hearing(hearer.actor())
    if (event) hearer.tell(event)
  }
}
