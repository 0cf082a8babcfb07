import { setTimeout as pause } from 'node:timers/promises'
import { systemActor } from '../catalogue/actor.ts'
import { sweepBlobs } from '../catalogue/bytes/sweep.ts'
import { reapTransfers } from '../catalogue/bytes/transfers.ts'
import { enqueueDigests } from '../catalogue/bytes/verification.ts'
import { deleteAged } from '../catalogue/images/ageing.ts'
import { expireCredentials } from '../catalogue/people/tokens.ts'
import { heartbeatSeconds, processes } from '../catalogue/tasks/processes.ts'
import { taskQueue } from '../catalogue/tasks/queue.ts'
import { now } from '../catalogue/time.ts'
import { expireUploads } from '../catalogue/uploads/upkeep.ts'
import { sweepExports } from './exports.ts'
import type { WorkParts } from './kind.ts'
import type { RunnerOptions } from './runner.ts'

export type Upkeep = { stop(): Promise<void> }

const slowSeconds = 300

/**
 * Keeps this process's lease, and does the house-keeping that any process may do at any time: frees what dead
 * processes held, sweeps bytes without a record, deletes images past their clean-up date and expired credentials.
 *
 * @param alone no other process uses this installation now, so everything unfinished is a left-over of a crash
 * @param leaseLost called when this process was taken for dead; it must stop
 */
export async function startUpkeep(
  parts: WorkParts,
  options: { alone: boolean; leaseLost: () => void; log: RunnerOptions['log'] },
): Promise<Upkeep> {
  const { core, catalogue } = parts
  const { alone, log } = options
  const table = processes(core)
  const queue = taskQueue(core)
  const stopping = new AbortController()

  const startedAt = now()
  await table.enter(alone)
  await free()

  /** What dead processes held becomes free. */
  async function free(): Promise<void> {
    const transfers = await reapTransfers(core)
    const tasks = await queue.reap((error) =>
      log('error', { err: error }, 'what a stopped process left cannot be put right'),
    )
    if (transfers + tasks > 0) log('warn', { transfers, tasks }, 'freed what a stopped process had held')
  }

  /** Alone, everything older than this process without a record is a left-over; else it may be somebody's work. */
  async function sweep(): Promise<void> {
    const swept = await sweepBlobs(core, alone ? startedAt : undefined)
    if (swept > 0) log('info', { swept }, 'left-over bytes removed')
    await sweepExports(core)
  }

  async function slowly(): Promise<void> {
    await sweep()
    const deleted = await deleteAged(core, catalogue, systemActor)
    if (deleted > 0) log('info', { deleted }, 'images past their clean-up date deleted')
    const expired = await expireUploads(core)
    if (expired > 0) log('info', { expired }, 'uploads that nobody went on with removed')
    await enqueueDigests(core)
    await expireCredentials(core)
    await queue.forgetOld()
    await table.forgetDead()
  }

  async function beat(): Promise<void> {
    let sinceSlow = slowSeconds
    while (!stopping.signal.aborted) {
      try {
        if (!(await table.renew())) return options.leaseLost()
        await free()
        if (sinceSlow >= slowSeconds) {
          sinceSlow = 0
          await slowly()
        }
      } catch (error) {
        log('error', { err: error }, 'house-keeping failed')
      }
      sinceSlow += heartbeatSeconds
      await pause(heartbeatSeconds * 1000, undefined, { signal: stopping.signal, ref: false }).catch(() => {})
    }
  }
  const beating = beat()

  return {
    async stop() {
      stopping.abort()
      await beating
      await table.leave()
    },
  }
}
