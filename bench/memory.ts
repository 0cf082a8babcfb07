import { rm } from 'node:fs/promises'
import { downloadAway, remove, uploadStream } from './client.ts'
import { install, startImageport } from './installation.ts'
import { freeBytes } from './machine.ts'
import { mebibyte } from './options.ts'
import { type Memory, memoryOf } from './processes.ts'
import type { Run } from './requests.ts'
import { type Result, skipped, type Target } from './result.ts'

const target: Target = { value: 300, bound: 'at most', of: 'measured' }
/** Free space that the full sizes want; with less the images are smaller. */
const comfortable = 20 * 1024 * mebibyte
const pollMs = 50

type Phase = {
  readonly name: string
  readonly seconds: number
  readonly peakNow: number
  readonly peakOwn: number
}

/** How much memory the server takes while several large images come in at once, and then go out at once. */
export async function memoryRow(run: Run): Promise<Result> {
  const { parallel } = run.scale
  const free = freeBytes(run.directory)
  const tight = free < comfortable && parallel * run.scale.imageBytes * 2 > free
  const bytes = tight
    ? Math.max(8, Math.floor(free / (parallel * 4 * mebibyte))) * mebibyte
    : run.scale.imageBytes
  const name = `memory, ${parallel} × ${bytes / mebibyte} MiB in and out`
  const notes = tight
    ? [`!! only ${(free / 1e9).toFixed(1)} GB are free: the images are smaller than they should be`]
    : []

  const installation = install(run.directory, 'memory')
  const server = await startImageport(installation, run.profile('memory'))
  try {
    const idle = memoryOf(server.pid)
    if (idle === null) return skipped(name, 'MB', target, 'this system has no /proc to read it from')
    const each = <T>(work: (n: number) => Promise<T>) =>
      Promise.all(Array.from({ length: parallel }, (_, n) => work(n)))
    const phases: Phase[] = []
    const watched = async <T>(phase: string, work: () => Promise<T>): Promise<T> => {
      run.say(`watching memory during ${phase}`)
      const began = performance.now()
      const poll = startPolling(server.pid)
      try {
        return await work()
      } finally {
        phases.push({ name: phase, seconds: (performance.now() - began) / 1000, ...poll.stop() })
      }
    }
    const ids = await watched('uploads', () => each((n) => uploadStream(server, installation, n, bytes)))
    const counts = await watched('downloads', () => each((n) => downloadAway(server, installation, ids[n]!)))
    if (counts.some((count) => count !== bytes))
      throw new Error(`downloads ended early: ${counts.join(', ')}`)
    const { peak } = memoryOf(server.pid)!
    for (const id of ids) await remove(server, installation, id)
    return {
      name,
      unit: 'MB',
      measured: peak / 1e6,
      baseline: idle.now / 1e6,
      baselineName: 'after the start',
      ratio: peak / idle.now,
      target,
      processor: null,
      notes: [...notes, ...phases.map(phaseText)],
      details: { idle, peak, phases },
    }
  } finally {
    await server.stop()
    await rm(installation.directory, { recursive: true })
  }
}

function phaseText({ name, seconds, peakNow, peakOwn }: Phase): string {
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
  return `${name} took ${seconds.toFixed(1)} s; at most ${megabytes(peakNow)} resident, ${megabytes(peakOwn)} of it not backed by files`
}

function startPolling(pid: number) {
  let peakNow = 0
  let peakOwn = 0
  const look = () => {
    const memory: Memory | null = memoryOf(pid)
    peakNow = Math.max(peakNow, memory?.now ?? 0)
    peakOwn = Math.max(peakOwn, memory?.own ?? 0)
  }
  const timer = setInterval(look, pollMs)
  return {
    stop() {
      clearInterval(timer)
      look()
      return { peakNow, peakOwn }
    },
  }
}
