import { match, type Verdict } from './finding.ts'
import { type Reading, region, type Source, tail } from './reading.ts'

const descriptorLength = 2048
const firstDescriptor = 16
/** More than any real image has; the sequence ends at the first sector that is none. */
const lastDescriptor = 64
const primary = 1

/** Volume structure identifiers (ECMA-167 2/9). Those of UDF stand between BEA01 and TEA01. */
const identifiers: ReadonlySet<string> = new Set(['CD001', 'BEA01', 'NSR02', 'NSR03', 'BOOT2', 'TEA01'])

/** ISO 9660 and UDF, alone or both in one image. */
export function* iso(source: Source): Reading<Verdict | null> {
  let fileSystem = false
  let virtualSize: number | null = null
  for (let index = firstDescriptor; index <= lastDescriptor; index++) {
    const bytes = yield region(index * descriptorLength, 132)
    const identifier = bytes.toString('latin1', 1, 6)
    if (!identifiers.has(identifier)) break
    fileSystem ||= identifier === 'CD001' || identifier.startsWith('NSR')
    // Blocks times block size. Only the first descriptor counts, as in the contract (bytes 32848 and 32896).
    if (index === firstDescriptor && identifier === 'CD001' && bytes[0] === primary && bytes.length === 132) {
      virtualSize = bytes.readUInt32LE(80) * bytes.readUInt16LE(128)
    }
  }
  if (!fileSystem) return null
  if (virtualSize !== null) return match('iso', virtualSize)
  // UDF says its size deep inside its own structures; the medium is the file.
  yield tail
  return match('iso', source.size)
}
