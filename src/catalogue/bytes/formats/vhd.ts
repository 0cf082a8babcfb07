import { match, type Problem, safeSize, type Verdict } from './finding.ts'
import { type Reading, region, tail } from './reading.ts'

const footerLength = 512
const differencing = 4

/** VHD: dynamic ones begin with a copy of their footer, fixed ones have it only in their last 512 bytes. */
export function* vhd(): Reading<Verdict | null> {
  const head = yield region(0, footerLength)
  if (isFooter(head)) return verdict(head)
  const end = (yield tail).subarray(-footerLength)
  return isFooter(end) ? verdict(end) : null
}

function isFooter(bytes: Buffer): boolean {
  return bytes.length === footerLength && bytes.toString('latin1', 0, 8) === 'conectix'
}

function verdict(footer: Buffer): Verdict {
  const problems: Problem[] = []
  if (footer.readUInt32BE(60) === differencing) {
    problems.push({
      format: 'vhd',
      reason: 'backing-file',
      message: 'The VHD is a differencing disk; merge it with its parent first.',
    })
  }
  return match('vhd', safeSize(footer.readBigUInt64BE(40)), problems)
}
