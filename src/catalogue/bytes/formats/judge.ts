import { Failure } from '../../failure.ts'
import { diskFormats } from '../../images/image.ts'
import type { DetectedFormat, Finding } from './finding.ts'

/** What the image says of itself. Formats in the words of the Images API; null while unset. */
export type Declared = { readonly diskFormat: string | null; readonly containerFormat: string | null }

export type Judgement = {
  /** Bytes, to be recorded with the image; null where unknown. */
  readonly virtualSize: number | null
  /** A sentence for the audit log, where something is odd or a mismatch was let through. */
  readonly warning: string | null
}

/**
 * Declared formats whose content must show their signature. ploop is none of them although it is recognised: the
 * contract lets everything without a signature pass as ploop (row 4).
 */
const inspected: ReadonlySet<string> = new Set<DetectedFormat>([
  'qcow2',
  'qed',
  'vmdk',
  'vhd',
  'vhdx',
  'vdi',
  'iso',
  'luks',
  'gpt',
  'mbr',
])

/**
 * Row 7 of the decision table in contract glance 23.2: hostile content is refused in every container and in both modes.
 * @throws Failure `content`, `detail.reason` is that of the first problem
 */
export function demandHarmless({ problems }: Finding): void {
  const [problem] = problems
  if (problem === undefined) return
  const message = [...new Set(problems.map((each) => each.message))].join(' ')
  throw new Failure('content', message, { subject: 'image', reason: problem.reason })
}

/**
 * Rows 3 to 7. Whether content and declared format agree is asked for `bare` images only (an unset container counts as
 * bare), and `warn` turns that refusal into a warning.
 * @throws Failure `content`; `detail.reason` is `format-mismatch`, `format-ambiguous` or as `demandHarmless`
 */
export function judge(finding: Finding, declared: Declared, mode: 'refuse' | 'warn'): Judgement {
  demandHarmless(finding)
  // An archive or an appliance around the disk: what it is declared to be says nothing about its first bytes.
  if ((declared.containerFormat ?? 'bare') !== 'bare') return { virtualSize: null, warning: null }
  const disagreement = disagree(finding, declared.diskFormat)
  if (disagreement !== null) {
    const { message, reason } = disagreement
    if (mode === 'refuse') throw new Failure('content', message, { subject: 'image', reason })
    return { virtualSize: null, warning: message }
  }
  const warning = finding.remarks.map((remark) => remark.message).join(' ') || null
  // Row 5: what is declared raw is given to machines byte by byte, whatever it holds.
  return { virtualSize: declared.diskFormat === 'raw' ? finding.size : finding.virtualSize, warning }
}

/**
 * The formats of bytes about which nobody said anything: an image in a compressed file is `compressed`, and raw as far
 * as one can see; whatever is on a disk without a format of its own makes it raw, too.
 */
export function formatsOf({ format, compression }: Finding): {
  readonly diskFormat: string
  readonly containerFormat: string
} {
  if (compression !== null) return { diskFormat: 'raw', containerFormat: 'compressed' }
  return {
    diskFormat: (diskFormats as readonly string[]).includes(format) ? format : 'raw',
    containerFormat: 'bare',
  }
}

type Disagreement = { readonly message: string; readonly reason: string }

function disagree({ format, matches, compression }: Finding, diskFormat: string | null): Disagreement | null {
  if (format === 'ambiguous') {
    return {
      message: `The content can be read as ${matches.join(' and as ')}; such images are not accepted.`,
      reason: 'format-ambiguous',
    }
  }
  if (diskFormat === null || diskFormat === format || diskFormat === 'raw') return null
  if (format === 'raw' && !inspected.has(diskFormat)) return null
  const content = format === 'raw' && compression !== null ? `${compression}-compressed data` : format
  return {
    message: `The image is declared to be ${diskFormat}, but its content is ${content}.`,
    reason: 'format-mismatch',
  }
}
