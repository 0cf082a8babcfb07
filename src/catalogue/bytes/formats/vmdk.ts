import { match, type Problem, safeSize, type Verdict } from './finding.ts'
import { maxRegion, type Reading, region, type Source, tail } from './reading.ts'
import { descriptorProblems, looksLikeDescriptor } from './vmdk-descriptor.ts'

const sector = 512
/** 1 MiB − 1: what QEMU reads at most, and what the contract allows. */
const maxDescriptor = maxRegion - 1
/** In the place of the grain directory's offset: the real one is in a footer at the end of the file. */
const directoryAtEnd = 0xffff_ffff_ffff_ffffn
const footerMarker = 3

/** VMDK: sparse extents (`KDMV`), the older `COWD`, and text descriptors that name other files. */
export function* vmdk(source: Source): Reading<Verdict | null> {
  const head = yield region(0, sector)
  const signature = head.toString('latin1', 0, 4)
  if (signature === 'KDMV') return yield* sparse(head, source)
  if (signature === 'COWD') {
    return match('vmdk', null, [problem('vmdk-type', 'VMDK extents of the COWD kind are not accepted.')])
  }
  if (!looksLikeDescriptor(yield* leadingText(head))) return null
  return match('vmdk', null, [
    problem(
      'vmdk-descriptor',
      'The VMDK is only a descriptor; its data would have to come from other files.',
    ),
  ])
}

/**
 * What comes before the first NUL, where a text descriptor ends. Disks and archives have a NUL early, so that
 * only real text is read on.
 */
function* leadingText(head: Buffer): Reading<string> {
  const pieces = [head]
  let length = head.length
  let complete = head.length < sector || head.includes(0)
  while (!complete && length < maxDescriptor) {
    const asked = Math.min(64 * 1024, maxDescriptor - length)
    const piece = yield region(length, asked)
    pieces.push(piece)
    length += piece.length
    complete = piece.length < asked || piece.includes(0)
  }
  const text = Buffer.concat(pieces)
  const end = text.indexOf(0)
  return text.toString('latin1', 0, end === -1 ? text.length : end)
}

function* sparse(head: Buffer, source: Source): Reading<Verdict> {
  if (head.length < sector)
    return match('vmdk', null, [problem('vmdk-header', 'The VMDK header is cut off.')])
  const problems: Problem[] = []
  const version = head.readUInt32LE(4)
  if (version < 1 || version > 3) {
    problems.push(problem('version', `The VMDK has version ${version}; only 1 to 3 are accepted.`))
  }
  const sectors = head.readBigUInt64LE(12)
  // QEMU takes a sparse header without capacity for the wrapping of a text descriptor, and opens its extents.
  if (sectors === 0n) problems.push(problem('vmdk-header', 'The VMDK header gives no capacity.'))
  problems.push(...(yield* embeddedDescriptor(head)))
  if (head.readBigUInt64LE(56) === directoryAtEnd) {
    const end = yield tail
    problems.push(...footerProblems(head, end, source.size))
  }
  return match('vmdk', safeSize(sectors * BigInt(sector)), problems)
}

function* embeddedDescriptor(head: Buffer): Reading<Problem[]> {
  const start = head.readBigUInt64LE(28)
  const sectors = head.readBigUInt64LE(36)
  // QEMU looks for the parent's name at this place whatever the header says.
  if (start !== 1n)
    return [problem('vmdk-descriptor', 'The VMDK has no descriptor directly behind its header.')]
  if (sectors === 0n || sectors * BigInt(sector) > maxDescriptor) {
    return [problem('vmdk-descriptor', 'The VMDK descriptor is empty or longer than 1 MiB.')]
  }
  const length = Number(sectors) * sector
  const bytes = yield region(sector, length)
  if (bytes.length < length) return [problem('vmdk-descriptor', 'The VMDK descriptor is cut off.')]
  return descriptorProblems(bytes)
}

/** The footer replaces the header for whoever reads the image, so it must say the same. */
function footerProblems(head: Buffer, end: Buffer, size: number): Problem[] {
  const sound =
    end.length === 3 * sector &&
    // Where the size is not whole sectors, readers disagree on where the footer is.
    size % sector === 0 &&
    isMarker(end.subarray(0, sector), footerMarker) &&
    end.subarray(sector, sector + 8).equals(head.subarray(0, 8)) && // signature, version
    end.subarray(sector + 12, sector + 20).equals(head.subarray(12, 20)) && // capacity
    end.subarray(sector + 28, sector + 44).equals(head.subarray(28, 44)) && // place of the descriptor
    end.readBigUInt64LE(sector + 56) !== directoryAtEnd &&
    isMarker(end.subarray(2 * sector), 0) &&
    end.readBigUInt64LE(2 * sector) === 0n
  return sound ? [] : [problem('vmdk-footer', 'The footer of the VMDK is missing or contradicts its header.')]
}

/** A marker sector: value (u64), size 0 (u32), type (u32). */
function isMarker(bytes: Buffer, type: number): boolean {
  return bytes.readUInt32LE(8) === 0 && bytes.readUInt32LE(12) === type
}

function problem(reason: string, message: string): Problem {
  return { format: 'vmdk', reason, message }
}
