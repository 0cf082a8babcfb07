/** The text inside a VMDK. Contract: glance 23.3 (vmdk) and CVE-2022-47951 in 24.1. */
import type { Problem } from './finding.ts'

const acceptedTypes: ReadonlySet<string> = new Set(['monolithicsparse', 'streamoptimized'])
/** Real ones have about thirty; a megabyte of line ends would keep the process busy for 200 ms. */
const maxLines = 4096
const extentLine = /^(?:rw|rdonly|noaccess)\s/i
const sparseExtent = /^(?:rw|rdonly|noaccess)\s+\d+\s+sparse\s+"[^"/\\]*"\s*$/i
const otherLine = /^(?:#.*|ddb.*|\w+\s*=.*|)$/i

const anyExtent = /(?:^|[\r\n])[^\S\r\n]*(?:rw|rdonly|noaccess)\s/i
/** What QEMU's probe takes for a descriptor: comments and blank lines, then a version. */
const probed = /^(?:#[^\n]*\n|[ \t\r]*\n)*version=\d/i

/**
 * True for text that some reader of VMDK would take for a descriptor. QEMU, when it is told that this is one, takes any
 * two characters behind `createType` for the equals sign and the quote.
 */
export function looksLikeDescriptor(text: string): boolean {
  return (
    /createtype\s*=/i.test(text) ||
    (/createtype/i.test(text) && anyExtent.test(text)) ||
    /^\s*#\s*disk descriptorfile/i.test(text) ||
    probed.test(text.slice(0, 4096))
  )
}

/** Everything in an embedded descriptor that reaches out of the file, or that can be read in two ways. */
export function descriptorProblems(bytes: Buffer): Problem[] {
  const end = bytes.indexOf(0)
  // QEMU reads on up to the first NUL, and so finds the name of a parent behind a descriptor that fills its place.
  if (end === -1) return [problem('vmdk-descriptor', 'The VMDK descriptor does not end in its place.')]
  const text = bytes.toString('latin1', 0, end)
  if (!/^[\t\r\n\x20-\x7e]*$/.test(text) || bytes.subarray(end).some((byte) => byte !== 0)) {
    return [problem('vmdk-descriptor', 'The VMDK descriptor is not plain ASCII text.')]
  }
  const lines = text.split(/\r\n|\r|\n/, maxLines + 1).map((line) => line.trim())
  if (lines.length > maxLines) {
    return [problem('vmdk-descriptor', `The VMDK descriptor has more than ${maxLines} lines.`)]
  }
  return [...typeProblems(text), ...extentProblems(lines), ...parentProblems(text), ...lineProblems(lines)]
}

/** Searched in the whole text, comments too, because QEMU does so: one line must not hide behind another. */
function typeProblems(text: string): Problem[] {
  const types = [...text.matchAll(/createtype\s*=\s*"?([^"\r\n]*)/gi)].map(([, type]) => type ?? '')
  const [type] = types
  if (types.length !== 1 || type === undefined) {
    return [problem('vmdk-type', 'The VMDK descriptor does not give its createType exactly once.')]
  }
  if (acceptedTypes.has(type.trim().toLowerCase())) return []
  return [
    problem(
      'vmdk-type',
      `VMDK images of type ${quoted(type)} are not accepted, only monolithicSparse and streamOptimized.`,
    ),
  ]
}

/** Both accepted types consist of one extent: the file itself. */
function extentProblems(lines: readonly string[]): Problem[] {
  const extents = lines.filter((line) => extentLine.test(line))
  const foreign = extents.find((line) => !sparseExtent.test(line))
  if (foreign !== undefined) {
    return [problem('vmdk-extent', `The VMDK descriptor names another file as extent: ${quoted(foreign)}.`)]
  }
  if (extents.length === 1) return []
  return [problem('vmdk-extent', `The VMDK descriptor names ${extents.length} extents instead of one.`)]
}

function parentProblems(text: string): Problem[] {
  const parents = [...text.matchAll(/parentcid\s*=\s*"?(\w*)/gi)].map(([, id]) => id?.toLowerCase())
  if (!/parentfilenamehint/i.test(text) && parents.every((id) => id === 'ffffffff')) return []
  return [
    problem('backing-file', 'The VMDK names a parent image; consolidate it to a standalone image first.'),
  ]
}

function lineProblems(lines: readonly string[]): Problem[] {
  const strange = lines.find((line) => !otherLine.test(line) && !extentLine.test(line))
  if (strange !== undefined) {
    return [problem('vmdk-descriptor', `The VMDK descriptor has a line of unknown kind: ${quoted(strange)}.`)]
  }
  if (!lines.some((line) => /^changetrackpath\s*=\s*"?[^"\s]/i.test(line))) return []
  return [problem('vmdk-extent', 'The VMDK descriptor names another file for change tracking.')]
}

/** The text is plain ASCII by now; cut, because it comes from strangers. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text)
}

function problem(reason: string, message: string): Problem {
  return { format: 'vmdk', reason, message }
}
