/** Recognises disk formats while the bytes stream by. Contract: glance 23.2 and 23.3. */

import { compression as readCompression } from './compression.ts'
import type { Compression, DetectedFormat, Finding, Verdict } from './finding.ts'
import { iso } from './iso.ts'
import { luks } from './luks.ts'
import { partitions } from './partitions.ts'
import { ploop } from './ploop.ts'
import { qcow2 } from './qcow2.ts'
import { qed } from './qed.ts'
import type { FormatReader, Reading } from './reading.ts'
import { Scanner } from './scanner.ts'
import { vdi } from './vdi.ts'
import { vhd } from './vhd.ts'
import { vhdx } from './vhdx.ts'
import { vmdk } from './vmdk.ts'

export interface Inspector {
  /** The next bytes of the stream, in pieces of any size. What is needed is copied. Never throws. */
  write(chunk: Uint8Array): void
  /** To be called once, after the last write. */
  finish(): Finding
}

const readers: readonly FormatReader[] = [qcow2, qed, vmdk, vhd, vhdx, vdi, iso, ploop, luks, partitions]

/** Starts the inspection of one stream. It holds at most one bounded region per format. */
export function inspector(): Inspector {
  const scanner = new Scanner()
  const verdicts: Verdict[] = []
  let compression: Compression | null = null
  for (const reader of readers) {
    scanner.start(
      (function* (): Reading<void> {
        const verdict = yield* reader(scanner)
        if (verdict !== null) verdicts.push(verdict)
      })(),
    )
  }
  scanner.start(
    (function* (): Reading<void> {
      compression = yield* readCompression()
    })(),
  )
  return {
    write: (chunk) => scanner.write(chunk),
    finish() {
      scanner.finish()
      return conclude(verdicts, compression, scanner.size)
    },
  }
}

/** Rows 1 and 2 of the decision table in section 23.2. */
function conclude(verdicts: readonly Verdict[], compression: Compression | null, size: number): Finding {
  // Readers end in the order in which their bytes came by; the outcome must not depend on that.
  const ordered = verdicts.toSorted((a, b) => a.format.localeCompare(b.format))
  const matching = ordered.filter((verdict) => verdict.matches)
  const matches = matching.map((verdict) => verdict.format)
  const format = decide(matches)
  const decisive = matching.find((verdict) => verdict.format === format)
  const rawSize = format === 'raw' ? size : null
  return {
    format,
    matches,
    compression,
    virtualSize: decisive === undefined ? rawSize : decisive.virtualSize,
    size,
    // Of every match, not only of the decisive one: nobody knows which one a later reader believes.
    problems: ordered.flatMap((verdict) => verdict.problems),
    remarks: ordered.flatMap((verdict) => verdict.remarks),
  }
}

/**
 * Two formats at once are a polyglot, with two exceptions where one is the medium and the other is on it:
 * bootable ISO images carry a partition table, and a fixed VHD is a raw disk with 512 bytes behind it.
 */
function decide(matches: readonly DetectedFormat[]): DetectedFormat | 'ambiguous' {
  if (matches.length === 0) return 'raw'
  const media = matches.filter((format) => format !== 'gpt' && format !== 'mbr')
  const [only] = media.length === 0 ? matches : media
  if (media.length > 1 || only === undefined) return 'ambiguous'
  return matches.length === 1 || only === 'iso' || only === 'vhd' ? only : 'ambiguous'
}
