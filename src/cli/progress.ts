import { bytes, duration } from './text.ts'

export type Progress = {
  /** @param total null: not known */
  at(done: number, total: number | null): void
  /** Ends the line; what follows begins at its left edge. */
  stop(): void
}

export type Screen = {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): unknown
}

const redrawMs = 100
const lineMs = 5_000

/**
 * Progress on stderr: a bar that moves on a terminal, a line every few seconds elsewhere.
 * @param unit how amounts are written: bytes, or plain numbers
 */
export function progressOn(screen: Screen, label: string, unit: 'bytes' | 'count' = 'bytes'): Progress {
  const began = performance.now()
  // Measured from the first report: a resumed transfer has bytes that nobody waited for.
  let first: { at: number; done: number } | undefined
  let drawn = Number.NEGATIVE_INFINITY
  let showing = false
  let latest: { done: number; total: number | null } | undefined

  function describe(done: number, total: number | null): { share: number | null; text: string } {
    const amount = (count: number) => (unit === 'bytes' ? bytes(count) : String(count))
    const seconds = (performance.now() - first!.at) / 1000
    const speed = seconds > 0.5 ? (done - first!.done) / seconds : 0
    const share = total === null || total === 0 ? null : Math.min(1, done / total)
    const parts = [
      ...(share === null ? [] : [`${Math.floor(share * 100)}%`]),
      total === null ? amount(done) : `${amount(done)} of ${amount(total)}`,
      ...(speed > 0 && unit === 'bytes' ? [`${bytes(speed)}/s`] : []),
      ...(speed > 0 && total !== null && done < total ? [`${duration((total - done) / speed)} left`] : []),
    ]
    return { share, text: parts.join('  ') }
  }

  function draw(done: number, total: number | null): void {
    const { share, text } = describe(done, total)
    if (!screen.isTTY) {
      screen.write(`${label}: ${text}\n`)
      return
    }
    const room = Math.min(40, (screen.columns || 80) - label.length - text.length - 6)
    const full = Math.round((share ?? 0) * room)
    const bar = share === null || room < 5 ? '' : `[${'#'.repeat(full)}${'-'.repeat(room - full)}] `
    screen.write(`\r\x1b[2K${`${label}  ${bar}${text}`.slice(0, (screen.columns || 80) - 1)}`)
    showing = true
  }

  return {
    at(done, total) {
      const now = performance.now()
      first ??= { at: now, done }
      latest = { done, total }
      const pause = screen.isTTY ? redrawMs : lineMs
      // A short transfer into a log file needs no line at all.
      if (now - drawn < pause || (!screen.isTTY && now - began < lineMs)) return
      drawn = now
      draw(done, total)
    },
    stop() {
      if (!showing) return
      if (latest) draw(latest.done, latest.total)
      screen.write('\n')
      showing = false
    },
  }
}
