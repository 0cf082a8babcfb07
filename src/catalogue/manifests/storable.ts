/**
 * The same value as a database can keep it: PostgreSQL has neither NUL nor half a pair of surrogates in its JSON, and a
 * manifest that somebody else wrote is not refused for them.
 */
export function storable(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value)
  if (Array.isArray(value)) return value.map(storable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== '__proto__')
      .map(([key, item]) => [storableText(key), storable(item)]),
  )
}

function storableText(text: string): string {
  return text.replaceAll('\0', '').toWellFormed()
}
