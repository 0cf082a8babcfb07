import { stripVTControlCharacters } from 'node:util'

/** How things look on a terminal. */

/** Names are other people's text: nothing in them may move the cursor or begin a line. */
export function safe(text: string): string {
  return stripVTControlCharacters(text).replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ')
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** 1536 → `1.5 KiB` */
export function bytes(count: number | null): string {
  if (count === null) return '-'
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, count)) / 10)))
  const value = count / 1024 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`
}

/** Seconds → `4 s`, `3:05`, `2:03:04` */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const two = (part: number) => String(part).padStart(2, '0')
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

/** `2026-11-21 07:42` in the local zone. */
export function moment(iso: string | null): string {
  if (iso === null) return '-'
  const date = new Date(iso)
  const two = (part: number) => String(part).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** Columns that a text takes: two for wide characters, none for marks above others. */
export function width(text: string): number {
  let columns = 0
  for (const character of text) {
    if (/[\p{Mn}\p{Me}\p{Cf}]/u.test(character)) continue
    columns +=
      /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1
  }
  return columns
}

function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text
  let kept = ''
  let taken = 0
  for (const character of text) {
    taken += width(character)
    if (taken > columns - 1) break
    kept += character
  }
  return `${kept}…`
}

export type Column<T> = { readonly title: string; readonly of: (row: T) => string; readonly right?: boolean }

const gap = '  '
const narrowest = 8

/**
 * An aligned table. When it is wider than the terminal, the widest columns are cut.
 * @param columns of the terminal; null: no limit, as for a file
 */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[], terminal: number | null): string {
  const cells = rows.map((row) => columns.map((column) => safe(column.of(row))))
  const widths = columns.map(({ title }, i) =>
    Math.max(width(title), ...cells.map((line) => width(line[i]!))),
  )
  const total = () => widths.reduce((sum, one) => sum + one, gap.length * (columns.length - 1))
  while (terminal !== null && total() > terminal) {
    const widest = Math.max(...widths)
    if (widest <= narrowest) break
    widths[widths.indexOf(widest)] = widest - 1
  }
  const line = (texts: readonly string[]) =>
    texts
      .map((text, i) => {
        const shown = cut(text, widths[i]!)
        const space = ' '.repeat(widths[i]! - width(shown))
        return columns[i]!.right ? space + shown : shown + space
      })
      .join(gap)
      .trimEnd()
  return [line(columns.map(({ title }) => title)), ...cells.map(line)].join('\n')
}

/** One thing, a fact on each line; facts without a value are left out. */
export function facts(
  pairs: readonly (readonly [string, string | number | boolean | null | undefined])[],
): string {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '')
  const longest = Math.max(0, ...shown.map(([name]) => width(name)))
  return shown
    .map(([name, value]) => {
      const text = value === true ? 'yes' : value === false ? 'no' : safe(String(value))
      return `${name}${' '.repeat(longest - width(name) + 2)}${text}`
    })
    .join('\n')
}

/** What a terminal as wide as stdout can show. */
export function terminalWidth(): number | null {
  return process.stdout.isTTY ? process.stdout.columns || 80 : null
}
