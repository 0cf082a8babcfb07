import { match, safeSize, type Verdict } from './finding.ts'
import { type Reading, region } from './reading.ts'

const sector = 512n

/** ploop, which is also Parallels' expanding image. The two signatures differ in the width of the size. */
export function* ploop(): Reading<Verdict | null> {
  const head = yield region(0, 64)
  if (head.length < 64) return null
  const signature = head.toString('latin1', 0, 16)
  if (signature === 'WithoutFreeSpace')
    return match('ploop', safeSize(BigInt(head.readUInt32LE(36)) * sector))
  if (signature === 'WithouFreSpacExt') return match('ploop', safeSize(head.readBigUInt64LE(36) * sector))
  return null
}
