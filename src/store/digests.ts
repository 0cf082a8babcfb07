/**
 * Digests in threads beside the event loop. The threads are shared by all transfers of the process and start with
 * the first one; each digest of a transfer stays on one thread, because its state cannot move.
 */
import { hash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { Failure } from '../catalogue/failure.ts'
import type { FromWorker, ToWorker } from './digest-worker.ts'
import type { DigestName, Digests } from './store.ts'

/** The digests of one transfer. */
export type Digesting = {
  /** Continues with these bytes, which must lie in shared memory. Settled when they may be overwritten. */
  add(bytes: Uint8Array): Promise<void>
  /** @throws Failure `unavailable` when a thread died. */
  finish(): Promise<Digests>
  /** Forgets the transfer. Bytes already added are still read: wait for their `add`. */
  discard(): void
}

type Job = {
  readonly added: { resolve(): void; reject(error: unknown): void }[]
  finished?: { resolve(digests: Digests): void; reject(error: unknown): void }
}

type Thread = {
  readonly worker: Worker
  readonly jobs: Map<number, Job>
  /** Sum of the costs of the digests it keeps. */
  load: number
}

const threadCount = Math.min(4, availableParallelism())
const threads: Thread[] = []
let lastJob = 0

/** Computes digests of a few bytes at once, here and now: for less than a quarter MiB cheaper than any thread. */
export function digestsOf(bytes: Uint8Array, names: readonly DigestName[]): Digests {
  return Object.fromEntries(names.map((name) => [name, hash(name, bytes, 'hex')]))
}

/** Begins the digests of one transfer, each on the thread that has least to do. */
export function startDigests(names: readonly DigestName[]): Digesting {
  while (threads.length < threadCount) threads.push(startThread())
  const costs = measuredCosts()
  const plan = new Map<Thread, DigestName[]>()
  for (const name of [...names].sort((a, b) => costs[b] - costs[a])) {
    const thread = threads.reduce((least, each) => (each.load < least.load ? each : least))
    thread.load += costs[name]
    plan.set(thread, [...(plan.get(thread) ?? []), name])
  }
  const parts = [...plan].map(([thread, own]) => {
    const load = own.reduce((sum, name) => sum + costs[name], 0)
    return startJob(thread, own, () => {
      thread.load -= load
    })
  })
  return {
    async add(bytes) {
      // Not `all`: the bytes are in use until the last thread is done, also when one of them died.
      const results = await Promise.allSettled(parts.map((part) => part.add(bytes)))
      for (const result of results) if (result.status === 'rejected') throw result.reason
    },
    async finish() {
      return Object.assign({}, ...(await Promise.all(parts.map((part) => part.finish()))))
    },
    discard() {
      for (const part of parts) part.discard()
    },
  }
}

function startJob(thread: Thread, names: readonly DigestName[], onEnd: () => void): Digesting {
  const id = ++lastJob
  const job: Job = { added: [] }
  const post = (message: ToWorker) => thread.worker.postMessage(message)
  const check = () => {
    if (!thread.jobs.has(id)) throw threadDied()
  }
  // A thread keeps the process alive only while somebody waits for it.
  if (thread.jobs.size === 0) thread.worker.ref()
  thread.jobs.set(id, job)
  post({ job: id, do: 'start', names })

  let ended = false
  function end() {
    if (ended) return
    ended = true
    onEnd()
    thread.jobs.delete(id)
    if (thread.jobs.size === 0) thread.worker.unref()
  }

  return {
    async add(bytes) {
      check()
      post({ job: id, do: 'add', bytes })
      await new Promise<void>((resolve, reject) => job.added.push({ resolve, reject }))
    },
    async finish() {
      check()
      post({ job: id, do: 'finish' })
      try {
        return await new Promise<Digests>((resolve, reject) => {
          job.finished = { resolve, reject }
        })
      } finally {
        end()
      }
    },
    discard() {
      if (ended || job.finished) return
      post({ job: id, do: 'discard' })
      // Answered like `finish`, after everything that was added before.
      job.finished = { resolve: end, reject: end }
    },
  }
}

function startThread(): Thread {
  // A packed release holds compiled JavaScript; the compiler does not see this name.
  const file = import.meta.url.endsWith('.ts') ? './digest-worker.ts' : './digest-worker.js'
  const worker = new Worker(new URL(file, import.meta.url), { name: 'digests', execArgv: [] })
  const thread: Thread = { worker, jobs: new Map(), load: 0 }
  worker.on('message', ({ job: id, digests }: FromWorker) => {
    const job = thread.jobs.get(id)!
    if (digests) job.finished!.resolve(digests)
    else job.added.shift()!.resolve()
  })
  const died = (cause: unknown) => {
    const at = threads.indexOf(thread)
    if (at >= 0) threads.splice(at, 1)
    for (const [id, job] of thread.jobs) {
      thread.jobs.delete(id)
      for (const each of [...job.added, ...(job.finished ? [job.finished] : [])])
        each.reject(threadDied(cause))
    }
  }
  worker.on('error', died)
  worker.on('exit', died)
  worker.unref()
  return thread
}

function threadDied(cause?: unknown): Failure {
  return new Failure('unavailable', 'A thread that computes digests ended unexpectedly.', {}, { cause })
}

let costs: Record<DigestName, number> | undefined

/**
 * Milliseconds for the same few bytes. Measured once, because processors differ by a factor of five in the digests
 * for which they may have instructions of their own (sha1, sha256), and a fixed plan would be lopsided on half of them.
 */
function measuredCosts(): Record<DigestName, number> {
  const sample = new Uint8Array(64 * 1024)
  const measure = (name: DigestName) => {
    const times = [0, 1, 2].map(() => {
      const start = performance.now()
      hash(name, sample)
      return performance.now() - start
    })
    return Math.min(...times)
  }
  costs ??= {
    md5: measure('md5'),
    sha1: measure('sha1'),
    sha256: measure('sha256'),
    sha512: measure('sha512'),
  }
  return costs
}
