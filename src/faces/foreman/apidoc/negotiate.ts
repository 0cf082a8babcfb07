import type { Format } from './pages/links.ts'

const known: Readonly<Record<string, Format>> = {
  'text/html': 'html',
  'application/xhtml+xml': 'html',
  'text/*': 'html',
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
}

/**
 * What an address without suffix answers with: HTML where the caller prefers it, as browsers do, and JSON for
 * `application/json`, for anything and for those who say nothing (foreman.md 11.1).
 */
export function preferredFormat(accept: string | undefined): Format {
  const ranges = (accept ?? '').split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
    return { format: Object.hasOwn(known, type) ? known[type] : undefined, quality: Number(quality ?? 1) }
  })
  const usable = ranges.filter(({ format, quality }) => format !== undefined && quality > 0)
  // The sort is stable: among equals the first one named wins.
  return usable.sort((a, b) => b.quality - a.quality)[0]?.format ?? 'json'
}
