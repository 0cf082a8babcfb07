import { match, type Problem, safeSize, type Verdict } from './finding.ts'
import { type Reading, region } from './reading.ts'

const signature = 0xbeda107f
/** Image types 3 (undo) and 4 (differencing) need a parent; 1 is dynamic, 2 fixed. */
const typesWithParent: readonly number[] = [3, 4]

/** VirtualBox VDI. */
export function* vdi(): Reading<Verdict | null> {
  const head = yield region(0, 512)
  if (head.length < 512 || head.readUInt32LE(64) !== signature) return null
  const problems: Problem[] = []
  if (typesWithParent.includes(head.readUInt32LE(76))) {
    problems.push({
      format: 'vdi',
      reason: 'backing-file',
      message: 'The VDI is a differencing image; merge it with its parent first.',
    })
  }
  return match('vdi', safeSize(head.readBigUInt64LE(368)), problems)
}
