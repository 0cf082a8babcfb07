/** Coercions of danube.md 0.3: `es` sends nearly everything as text. They know nothing of fields and messages. */

const trueTexts: ReadonlySet<string> = new Set(['true', 'True', 'TRUE', 't', 'T', '1'])
const falseTexts: ReadonlySet<string> = new Set(['false', 'False', 'FALSE', 'f', 'F', '0'])

/** Of any value, absent ones included; what is neither word nor number is true unless it is empty. */
export function truth(value: unknown): boolean {
  if (typeof value === 'string') {
    if (trueTexts.has(value)) return true
    return falseTexts.has(value) ? false : value !== ''
  }
  if (typeof value !== 'object' || value === null) return Boolean(value)
  return Array.isArray(value) ? value.length > 0 : Object.keys(value).length > 0
}

/** A whole number, or text of digits with sign and white space around; null for anything else, a boolean included. */
export function whole(value: unknown): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : null
  if (typeof value !== 'string' || !/^\s*[+-]?\d+\s*$/.test(value)) return null
  const number = Number(value)
  // Without a minus sign for zero.
  return Number.isSafeInteger(number) ? number + 0 : null
}

/** Text, or what is written as text; null for what has no plain form, or none that can be stored. */
export function plainText(value: unknown): string | null {
  const text =
    typeof value === 'boolean'
      ? value
        ? 'True'
        : 'False'
      : typeof value === 'number'
        ? String(value)
        : value
  return typeof text === 'string' && text.isWellFormed() && !text.includes('\0') ? text : null
}

/**
 * Words in one text: split at commas if there is one outside of quotes, else at white space; what stands in double quotes
 * is one word (1.3).
 */
export function words(text: string): string[] {
  // A quote without a partner only separates.
  const parts = [...text.matchAll(/"([^"]*)"|([^"]+)/g)].map(([, quoted, loose]) => ({ quoted, loose }))
  const separator = parts.some(({ loose }) => loose?.includes(',')) ? ',' : /\s+/
  return parts
    .flatMap(({ quoted, loose }) => (loose === undefined ? [quoted!] : loose.split(separator)))
    .map((word) => word.trim())
    .filter((word) => word !== '')
}

/** Without repetition, in the order of their characters. */
export function sorted(texts: Iterable<string>): string[] {
  return [...new Set(texts)].sort()
}
