/// <reference lib="esnext.temporal" />
import type { Filter } from '../../../catalogue/search.ts'
import { refuseSearch } from './refusal.ts'
import type { Comparator } from './syntax.ts'

/** When and where somebody says `yesterday`. */
export type Clock = {
  /** Microseconds since 1970. */
  readonly now: number
  /** An IANA name; UTC for who has none. */
  readonly timeZone?: string
}

/** What a date value covers, in microseconds since 1970: from `start` to before `end`. */
export type Span = { readonly start: number; readonly end: number; readonly days: boolean }

type Unit = 'second' | 'minute' | 'hour' | 'day' | 'month'

/**
 * A comparison with a date (foreman.md 7.7). Null, because "an unparseable value makes the term vanish".
 * @throws Failure `invalid` (reason `search`) for operators that dates do not know
 */
export function dateFilter(
  name: string,
  field: string,
  by: Comparator,
  value: string,
  clock: Clock,
): Filter | null {
  const span = readDate(value, clock)
  if (span === null) return null
  const { start, end, days } = span
  const from: Filter = { field, is: 'gte', value: start }
  const before: Filter = { field, is: 'lt', value: end }
  switch (by) {
    case 'eq':
      return { all: [from, before] }
    case 'ne':
      return {
        any: [
          { field, is: 'lt', value: start },
          { field, is: 'gte', value: end },
        ],
      }
    case 'gte':
      return from
    case 'lt':
      return { field, is: 'lt', value: start }
    case 'gt':
      return days ? { field, is: 'gte', value: end } : { field, is: 'gt', value: start }
    case 'lte':
      return days ? before : { field, is: 'lte', value: start }
    case 'like':
    case 'unlike':
      throw refuseSearch(`the operator '${by}' is not supported for field type 'datetime'`)
    default:
      throw refuseSearch(`Operator '${by}' not supported for '${name}'`)
  }
}

/** Null for what is no date. */
export function readDate(text: string, { now, timeZone = 'UTC' }: Clock): Span | null {
  const present = Temporal.Instant.fromEpochMilliseconds(Math.floor(now / 1000)).toZonedDateTimeISO(timeZone)
  const words = text.trim().toLowerCase().replace(/\s+/g, ' ')
  try {
    return relative(words, present) ?? absolute(words, present)
  } catch (error) {
    // The 31st of February, half past 25, a million years ago.
    if (error instanceof RangeError) return null
    throw error
  }
}

const dayWords: Readonly<Record<string, number>> = { yesterday: -1, today: 0, tomorrow: 1 }

function relative(words: string, present: Temporal.ZonedDateTime): Span | null {
  if (Object.hasOwn(dayWords, words))
    return spanOf(present.startOfDay().add({ days: dayWords[words]! }), 'day')
  const match = /^(\d{1,9}) (minute|hour|day|week|month|year)s? (ago|from now)$/.exec(words)
  if (!match) return null
  const [, count, unit, direction] = match
  const duration = { [`${unit}s`]: (direction === 'ago' ? -1 : 1) * Number(count) }
  const then = present.add(duration)
  if (unit === 'minute' || unit === 'hour') return spanOf(then, 'minute')
  return spanOf(then.startOfDay(), 'day')
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const longMonths =
  'january february march april may june july august september october november december'.split(' ')
const monthName = `(?<named>${[...longMonths, ...months, 'sept'].join('|')})\\.?`
const day = '(?<day>\\d{1,2})'
const namedDay = `${day}(?:st|nd|rd|th)?`
const year = '(?<year>\\d{4})'
const month = '(?<month>\\d{1,2})'

/** The usual notations of a date. A year alone, and a year with a number for the month, are none. */
const dates = [
  `${year}-${month}-${day}`,
  `${year}/${month}/${day}`,
  '(?<year>\\d{4})(?<month>\\d{2})(?<day>\\d{2})',
  `${day}[./-]${month}[./-]${year}`,
  `${namedDay}[ -]${monthName}(?:,? |-)${year}`,
  `${monthName} ${namedDay},? ${year}`,
]
const wholeMonths = [`${monthName},? ${year}`, `${year} ${monthName}`]
const weekday = '(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? )?'
const time = '(?<hour>\\d{1,2})(?::(?<minute>\\d{2})(?::(?<second>\\d{2})(?:[.,](?<fraction>\\d{1,9}))?)?)?'
const compactTime = '(?<hour>\\d{2})(?<minute>\\d{2})(?<second>\\d{2})?'
const zone = ' ?(?<zone>z|utc|gmt|[+-]\\d{1,2}(?::?\\d{2})?)?'

const times = ['', `(?: |t|, )${time}(?: ?(?<half>[ap]m))?${zone}`, `t${compactTime}${zone}`]
const forms = [
  ...dates.flatMap((date) => times.map((rest) => `${weekday}${date}${rest}`)),
  ...wholeMonths,
].map((form) => new RegExp(`^${form}$`))

function absolute(words: string, present: Temporal.ZonedDateTime): Span | null {
  for (const form of forms) {
    const parts = form.exec(words)?.groups
    if (parts) return read(parts, present)
  }
  return null
}

function read(parts: Readonly<Record<string, string | undefined>>, present: Temporal.ZonedDateTime): Span {
  const number = (name: string) => Number(parts[name] ?? 0)
  const named = parts.named ? months.indexOf(parts.named.slice(0, 3)) + 1 : number('month')
  const fraction = (parts.fraction ?? '').padEnd(9, '0')
  const plain = Temporal.PlainDateTime.from(
    {
      year: number('year'),
      month: named,
      day: parts.day === undefined ? 1 : number('day'),
      hour: hourOf(number('hour'), parts.half),
      minute: number('minute'),
      second: number('second'),
      millisecond: Number(fraction.slice(0, 3)),
      microsecond: Number(fraction.slice(3, 6)),
    },
    { overflow: 'reject' },
  )
  return spanOf(plain.toZonedDateTime(zoneOf(parts.zone) ?? present.timeZoneId), smallest(parts))
}

/** The smallest unit that was written. */
function smallest(parts: Readonly<Record<string, string | undefined>>): Unit {
  const written = (['second', 'minute', 'hour', 'day'] as const).find((unit) => parts[unit] !== undefined)
  return written ?? 'month'
}

function hourOf(hour: number, half: string | undefined): number {
  if (half === undefined) return hour
  if (hour < 1 || hour > 12) throw new RangeError('No clock has such an hour.')
  return (hour % 12) + (half === 'pm' ? 12 : 0)
}

function zoneOf(zone: string | undefined): string | null {
  if (zone === undefined) return null
  if (!/\d/.test(zone)) return 'UTC'
  const digits = zone.slice(1).replace(':', '')
  const [hours, minutes] = digits.length > 2 ? [digits.slice(0, -2), digits.slice(-2)] : [digits, '00']
  return `${zone[0]}${hours.padStart(2, '0')}:${minutes}`
}

function spanOf(start: Temporal.ZonedDateTime, unit: Unit): Span {
  const end = start.add({ [`${unit}s`]: 1 })
  return { start: microseconds(start), end: microseconds(end), days: unit === 'day' || unit === 'month' }
}

/** Microseconds since 1970. */
function microseconds(at: Temporal.ZonedDateTime): number {
  return Number(at.epochNanoseconds / 1000n)
}
