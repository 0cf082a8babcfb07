import type { Problem, Verdict } from './finding.ts'
import { type Reading, region, type Source, tail } from './reading.ts'

const tableStart = 446
const protective = 0xee

type Entry = { readonly flag: number; readonly start: string; readonly type: number; readonly lba: number }

/**
 * Partition tables inside raw disks. A boot sector whose table is no table (a super-floppy, a Linux kernel)
 * is raw with a remark; what is odd about a real table is a remark, too: it leads to no file of the host.
 */
export function* partitions(source: Source): Reading<Verdict | null> {
  const boot = yield region(0, 512)
  if (boot.length < 512 || boot.readUInt16BE(510) !== 0x55aa || isFat(boot)) return null
  const entries = [0, 1, 2, 3].map((slot) => readEntry(boot, tableStart + slot * 16))
  const used = entries.filter(({ type }) => type !== 0)
  yield tail
  if (used.length === 0 || entries.some(({ flag }) => flag !== 0 && flag !== 0x80)) {
    return verdict(false, 'mbr', null, [
      'The first sector has a boot signature but no valid partition table.',
    ])
  }
  const guard = used.find(({ type }) => type === protective)
  if (guard === undefined) return verdict(true, 'mbr', source.size, [])
  const proper = used.length === 1 && guard === entries[0] && guard.start === '000200' && guard.lba === 1 // CHS 0/2/0
  return verdict(true, 'gpt', source.size, proper ? [] : ['The protective partition of the GPT is unusual.'])
}

/** Two FATs and a media byte where a table of partitions has boot code; floppies, too, start so. */
function isFat(boot: Buffer): boolean {
  const media = boot[21] ?? 0
  return boot[16] === 2 && (media === 0xf0 || media >= 0xf8)
}

function readEntry(boot: Buffer, offset: number): Entry {
  return {
    flag: boot.readUInt8(offset),
    start: boot.toString('hex', offset + 1, offset + 4),
    type: boot.readUInt8(offset + 4),
    lba: boot.readUInt32LE(offset + 8),
  }
}

function verdict(
  matches: boolean,
  format: 'gpt' | 'mbr',
  virtualSize: number | null,
  oddities: readonly string[],
): Verdict {
  const remarks = oddities.map((message): Problem => ({ format, reason: 'partition-table', message }))
  return { format, matches, virtualSize, problems: [], remarks }
}
