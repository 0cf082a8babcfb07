import { type ChildProcess, fork, type SpawnOptions, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Every child of the benchmark, so that none outlives it. */
const running = new Set<ChildProcess>()

function watch(child: ChildProcess): ChildProcess {
  running.add(child)
  child.once('exit', () => running.delete(child))
  child.once('error', () => running.delete(child))
  return child
}

export function start(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  return watch(spawn(command, args, options))
}

/** A file of this folder as a process with a message channel. */
export function startHelper(file: string, args: readonly string[] = []): ChildProcess {
  return watch(fork(new URL(file, import.meta.url), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }))
}

/** Starts helpers of one measurement; what ends them is added to `stops`. */
export function helperStarter(stops: (() => Promise<void>)[]): (file: string) => ChildProcess {
  return (file) => {
    const child = startHelper(file)
    stops.push(() => stop(child))
    return child
  }
}

/** The next message of a helper. @throws when it ends instead */
export function nextMessage<T>(helper: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown) => {
      helper.off('exit', onExit)
      resolve(message as T)
    }
    const onExit = (code: number | null) => {
      helper.off('message', onMessage)
      reject(new Error(`a helper process ended with exit code ${code}`))
    }
    helper.once('message', onMessage)
    helper.once('exit', onExit)
  })
}

/** Asks a process to end, and insists after a while. */
export async function stop(child: ChildProcess, patienceMs = 40_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
  await ended
  clearTimeout(timer)
}

/** At once and without waiting: for the end of this process. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL')
}

/** The kernel's unit for processor time in /proc, the same on every Linux that Node runs on. */
const ticksPerSecond = 100

/** Processor seconds of processes so far, all threads, kernel included; null where there is no /proc. */
export function processorSeconds(...pids: readonly number[]): number | null {
  const each = pids.map(processorSecondsOf).filter((seconds) => seconds !== null)
  return each.length < pids.length ? null : each.reduce((sum, seconds) => sum + seconds, 0)
}

/** Those that a process has started and that run. */
export function childrenOf(pid: number): readonly number[] {
  const listed = procFile(pid, `task/${pid}/children`)?.trim() ?? ''
  return listed === '' ? [] : listed.split(' ').map(Number)
}

function processorSecondsOf(pid: number): number | null {
  const stat = procFile(pid, 'stat')
  if (stat === null) return null
  // The second field is the program's name in brackets and may hold anything; user and system time are 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** Bytes. `peak` counts mapped files such as the node program itself, `own` only memory that nothing else holds. */
export type Memory = { readonly peak: number; readonly now: number; readonly own: number }

export function memoryOf(pid: number): Memory | null {
  const status = procFile(pid, 'status')
  if (status === null) return null
  const field = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024
  return { peak: field('VmHWM'), now: field('VmRSS'), own: field('RssAnon') + field('RssShmem') }
}

function procFile(pid: number, name: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return null
  }
}
