import type { Pace } from '../outbound/download.ts'

/** A process works on few tasks at once: no server may hold one of these places with a byte now and then (glance.md 24.2). */
export const importPace: Pace = { bytes: 8 * 1024 ** 2, ms: 600_000 }
