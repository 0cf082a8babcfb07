import { statfsSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'

export type Machine = {
  readonly processor: string
  readonly cores: number
  /** Bytes. */
  readonly memory: number
  readonly node: string
  readonly system: string
  /** Processes that wanted a processor, over the last 1, 5 and 15 minutes. */
  readonly load: readonly number[]
}

/** What the figures depend on. */
export function machineFacts(): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memory: totalmem(),
    node: process.version,
    system: `${type()} ${release()}`,
    load: loadavg().map((load) => Math.round(load * 100) / 100),
  }
}

export function machineText({ processor, cores, memory, node, system, load }: Machine): string {
  const gigabytes = (memory / 1e9).toFixed(0)
  return `${processor}, ${cores} cores, ${gigabytes} GB; ${system}; Node ${node}; load average ${load.join(' ')}`
}

/** Free bytes of the file system that holds a directory. */
export function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize
}
