import { match, type Problem, safeSize, type Verdict } from './finding.ts'
import { type Reading, region } from './reading.ts'

const headerLength = 512
/** Incompatible features that change nothing about where the data are: dirty, corrupt, compression type. */
const harmlessFeatures = (1n << 0n) | (1n << 1n) | (1n << 3n)
const dataFileFeature = 1n << 2n
const dataFileExtension = 0x44415441
/** QEMU writes up to six. Without a limit, a header of 2 MiB could hold a quarter of a million. */
const maxExtensions = 1000

/** The reasons that count even where the header is too short to be accepted as qcow2. */
const disclosing: ReadonlySet<string> = new Set(['backing-file', 'data-file'])

/** qcow2, versions 2 and 3. Version 1 (qcow) has the same signature and is refused by its version. */
export function* qcow2(): Reading<Verdict | null> {
  const read = yield region(0, headerLength)
  if (read.toString('latin1', 0, 4) !== 'QFI\xfb') return null
  // QEMU reads zeros behind the end of a file, and so it opens a truncated header that still names a file.
  const header = Buffer.alloc(headerLength)
  read.copy(header)
  const problems = [...headerProblems(header), ...(yield* extensionProblems(header))]
  if (read.length === headerLength) return match('qcow2', safeSize(header.readBigUInt64BE(24)), problems)
  const hostile = problems.filter(({ reason }) => disclosing.has(reason))
  return { format: 'qcow2', matches: false, virtualSize: null, problems: hostile, remarks: [] }
}

function headerProblems(header: Buffer): Problem[] {
  const problems: Problem[] = []
  const version = header.readUInt32BE(4)
  if (version !== 2 && version !== 3) {
    problems.push(problem('version', `The qcow2 image has version ${version}; only 2 and 3 are accepted.`))
  }
  if (header.readBigUInt64BE(8) !== 0n) {
    problems.push(
      problem(
        'backing-file',
        'The qcow2 image names a backing file; convert it to a standalone image (qemu-img convert) first.',
      ),
    )
  }
  if (header.readUInt32BE(32) > 2) {
    problems.push(problem('encryption', 'The qcow2 image uses an unknown encryption method.'))
  }
  if (version < 3) return problems
  const features = header.readBigUInt64BE(72)
  if ((features & dataFileFeature) !== 0n) problems.push(dataFile)
  const unknown = features & ~harmlessFeatures & ~dataFileFeature
  if (unknown !== 0n) {
    problems.push(
      problem(
        'unknown-features',
        `The qcow2 image needs incompatible features that are not accepted (0x${unknown.toString(16)}).`,
      ),
    )
  }
  return problems
}

/**
 * Walks the header extensions of the first cluster, eight bytes at a time, as QEMU does: it stops at the end
 * marker, at the cluster's end, or at the end of the file (which reads as zeros).
 */
function* extensionProblems(header: Buffer): Reading<Problem[]> {
  const clusterBits = header.readUInt32BE(20)
  const smallest = header.readUInt32BE(4) === 2 ? 72 : 104
  const start = smallest === 72 ? 72 : header.readUInt32BE(100)
  if (clusterBits < 9 || clusterBits > 21) {
    return [problem('qcow2-header', 'The qcow2 image has an impossible cluster size.')]
  }
  const end = 2 ** clusterBits
  if (start < smallest || start > end) {
    return [problem('qcow2-header', 'The qcow2 image has an impossible header length.')]
  }
  let offset = start
  for (let count = 0; count < maxExtensions; count++) {
    const extension = offset + 8 <= end ? yield* readAt(header, offset) : header.subarray(0, 0)
    if (extension.length < 8 || extension.readUInt32BE(0) === 0) return []
    if (extension.readUInt32BE(0) === dataFileExtension) return [dataFile]
    const length = extension.readUInt32BE(4)
    offset += 8 + Math.ceil(length / 8) * 8
    if (offset > end) {
      return [problem('qcow2-header', 'A header extension of the qcow2 image is longer than its header.')]
    }
  }
  return [problem('qcow2-header', `The qcow2 image has more than ${maxExtensions} header extensions.`)]
}

/** Eight bytes, from the header that is already here or, at its border and behind it, from the stream. */
function* readAt(header: Buffer, offset: number): Reading<Buffer> {
  if (offset + 8 <= header.length) return header.subarray(offset, offset + 8)
  if (offset >= header.length) return yield region(offset, 8)
  const rest = yield region(header.length, offset + 8 - header.length)
  return Buffer.concat([header.subarray(offset), rest])
}

const dataFile = problem('data-file', 'The qcow2 image keeps its data in an external data file.')

function problem(reason: string, message: string): Problem {
  return { format: 'qcow2', reason, message }
}
