/** One digest thread. It keeps the state of several transfers; messages of one transfer arrive in order. */
import { createHash, type Hash } from 'node:crypto'
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import type { DigestName, Digests } from './store.ts'

export type ToWorker = { readonly job: number } & (
  | { readonly do: 'start'; readonly names: readonly DigestName[] }
  | { readonly do: 'add'; readonly bytes: Uint8Array }
  | { readonly do: 'finish' | 'discard' }
)

/** `digests` answers `finish` and `discard`; a message without it says that the oldest unanswered `add` is done. */
export type FromWorker = { readonly job: number; readonly digests?: Digests }

const port = parentPort!
const jobs = new Map<number, ReadonlyMap<DigestName, Hash>>()

// On Linux this concerns the calling thread alone (elsewhere the whole process, so not there): with all cores
// hashing, the event loop still comes first.
if (process.platform === 'linux') setPriority(0, 5)

function answer(message: FromWorker) {
  port.postMessage(message)
}

port.on('message', (message: ToWorker) => {
  const { job } = message
  if (message.do === 'start') {
    jobs.set(job, new Map(message.names.map((name) => [name, createHash(name)])))
    return
  }
  const hashes = jobs.get(job)!
  if (message.do === 'add') {
    for (const hash of hashes.values()) hash.update(message.bytes)
    answer({ job })
    return
  }
  jobs.delete(job)
  const done = message.do === 'finish' ? [...hashes] : []
  answer({ job, digests: Object.fromEntries(done.map(([name, hash]) => [name, hash.digest('hex')])) })
})
