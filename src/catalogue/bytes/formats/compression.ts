import type { Compression } from './finding.ts'
import { type Reading, region } from './reading.ts'

const signatures: readonly (readonly [Compression, string])[] = [
  ['gzip', '1f8b08'],
  ['bzip2', '425a68'],
  ['xz', 'fd377a585a00'],
  ['zstd', '28b52ffd'],
]

/** bzip2's second signature, after the level digit: a first block, or the end of an empty stream. */
const bzip2Blocks = ['314159265359', '177245385090']

/**
 * The wrapper around the whole stream, if there is one. What is inside is not inspected: a few kilobytes can
 * unpack to terabytes.
 */
export function* compression(): Reading<Compression | null> {
  const head = (yield region(0, 10)).toString('hex')
  const found = signatures.find(([, signature]) => head.startsWith(signature))?.[0] ?? null
  if (found === 'bzip2' && !bzip2Blocks.includes(head.slice(8))) return null
  return found
}
