import { match, type Problem, type Verdict } from './finding.ts'
import { type Reading, region, type Source, tail } from './reading.ts'

/** LUKS. Version 1 keeps the start of the payload in its header, version 2 is refused. */
export function* luks(source: Source): Reading<Verdict | null> {
  const head = yield region(0, 512)
  if (head.toString('latin1', 0, 6) !== 'LUKS\xba\xbe' || head.length < 512) return null
  const version = head.readUInt16BE(6)
  if (version !== 1) return match('luks', null, [unknownVersion(version)])
  const payload = head.readUInt32BE(104) * 512
  yield tail
  return match('luks', payload <= source.size ? source.size - payload : null)
}

function unknownVersion(version: number): Problem {
  return {
    format: 'luks',
    reason: 'version',
    message: `The LUKS container has version ${version}; only version 1 is accepted.`,
  }
}
