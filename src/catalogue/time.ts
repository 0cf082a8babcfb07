import type { Instant } from '../database/schema.ts'

/** Microseconds since 1970 UTC. The fraction below a millisecond comes from the monotonic clock. */
export function now(): Instant {
  return Math.floor((performance.timeOrigin + performance.now()) * 1000)
}

export const second = 1_000_000
export const day = 24 * 60 * 60 * second

/** `2024-03-20T07:52:50Z`: whole seconds, truncated. */
export function toSeconds(instant: Instant): string {
  return `${new Date(Math.floor(instant / 1000)).toISOString().slice(0, 19)}Z`
}

/**
 * Reads an ISO 8601 date or date-time; no zone means UTC, a bare date means midnight.
 * Null when the text is not one, or is one that in UTC has no year of four digits.
 */
export function parseInstant(text: string): Instant | null {
  const match =
    /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([Zz]|[+-]\d{2}(?::?\d{2})?)?)?$/.exec(
      text.trim(),
    )
  if (!match) return null
  const [year, month, dayOfMonth, hour, minute, sec] = match.slice(1, 7).map((part) => Number(part ?? 0))
  // Date.UTC would take the first hundred years for those from 1900 on.
  const date = new Date(0)
  date.setUTCFullYear(year!, month! - 1, dayOfMonth!)
  date.setUTCHours(hour!, minute, sec)
  // 31 February rolls over into March; a contract wants that refused.
  if (
    date.getUTCMonth() !== month! - 1 ||
    date.getUTCDate() !== dayOfMonth ||
    hour! > 23 ||
    minute! > 59 ||
    sec! > 59
  )
    return null
  const micros = Number((match[7] ?? '').padEnd(6, '0').slice(0, 6))
  const instant = date.getTime() * 1000 + micros - offsetMinutes(match[8]) * 60 * second
  return instant >= earliest && instant < tooLate ? instant : null
}

const earliest = Date.parse('0000-01-01T00:00:00Z') * 1000
/** The year 10000. */
const tooLate = 253_402_300_800 * second

function offsetMinutes(zone: string | undefined): number {
  if (!zone || zone.toUpperCase() === 'Z') return 0
  const digits = zone.slice(1).replace(':', '')
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || 0)
  return zone.startsWith('-') ? -minutes : minutes
}

/** `2015-05-21T10:29:15.123456Z`: microseconds, left out when they are exactly zero (danube.md 1.2). */
export function toMicros(instant: Instant): string {
  const fraction = instant % second
  const seconds = toSeconds(instant)
  return fraction === 0 ? seconds : `${seconds.slice(0, -1)}.${String(fraction).padStart(6, '0')}Z`
}
