import { likeEscape } from '../database/dialect.ts'

/**
 * Patterns in SQL's notation: `%` is any text, `_` any one character, a backslash makes the next character literal.
 */

/** The pattern for the literal pieces between wildcards: `['a', 'b']` is `a%b`. */
export function likePattern(pieces: readonly string[]): string {
  return pieces.map(likeEscape).join('%')
}

/** One place of a pattern: a literal character, or null for any one. */
export type Place = string | null

export type Pattern = {
  /** With a backslash at its very end taken literally, which PostgreSQL refuses and SQLite does not match. */
  readonly pattern: string
  /** The texts between wildcards; the first is how everything that matches begins. */
  readonly literals: readonly string[]
  /** What stands between the `%`. */
  readonly runs: readonly (readonly Place[])[]
}

export function readPattern(written: string): Pattern {
  const literals = ['']
  const runs: Place[][] = [[]]
  const characters = [...written]
  let dangling = false
  for (let at = 0; at < characters.length; at++) {
    let character = characters[at]!
    if (character === '%' || character === '_') {
      if (literals.at(-1) !== '' || literals.length === 1) literals.push('')
      if (character === '%') runs.push([])
      else runs.at(-1)!.push(null)
      continue
    }
    if (character === '\\') {
      at++
      dangling = at === characters.length
      character = characters[at] ?? '\\'
    }
    literals[literals.length - 1] += character
    runs.at(-1)!.push(character)
  }
  return { pattern: dangling ? `${written}\\` : written, literals, runs }
}

/**
 * Does the text match? Takes at most length of text × length of pattern steps: each run is put at the first place
 * where it fits, which is always as good as any later one.
 */
export function matchesPattern({ runs }: Pattern, text: string): boolean {
  const characters = [...text]
  const fits = (run: readonly Place[], from: number) =>
    run.every(
      (place, i) => from + i < characters.length && (place === null || place === characters[from + i]),
    )
  const [first, ...rest] = runs
  const last = rest.pop()
  if (last === undefined) return first!.length === characters.length && fits(first!, 0)
  if (!fits(first!, 0)) return false
  let at = first!.length
  for (const run of rest) {
    while (at + run.length <= characters.length && !fits(run, at)) at++
    at += run.length
  }
  const end = characters.length - last.length
  return end >= at && fits(last, end)
}
