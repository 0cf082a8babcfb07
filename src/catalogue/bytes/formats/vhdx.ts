import { match, type Problem, safeSize, type Verdict } from './finding.ts'
import { type Reading, region } from './reading.ts'

const regionTable = 192 * 1024
/** Both tables are at most 64 KiB long: a head and 2047 entries of 32 bytes. */
const maxEntries = 2047

const metadataRegion = guid('8B7CA206-4790-4B9A-B8FE-575F050F886E')
const diskSize = guid('2FA54224-CD1B-4876-B211-5DBED83BF4B8')
const fileParameters = guid('CAA16737-FA36-4D43-B3B6-33F0AA44E76B')
const parentLocator = guid('A8D35F2D-B30B-454D-ABF7-D3D84834AB0C')
const hasParent = 2

type Item = { readonly id: string; readonly offset: number }

/** VHDX. The tables are read entry by entry, so that nothing depends on the counts they claim. */
export function* vhdx(): Reading<Verdict | null> {
  const signature = yield region(0, 8)
  if (signature.toString('latin1') !== 'vhdxfile') return null
  const metadata = yield* findMetadata()
  let virtualSize: number | null = null
  let parent = false
  for (const { id, offset } of yield* readItems(metadata)) {
    if (id === parentLocator) parent = true
    else if (id === diskSize) virtualSize = safeSize((yield region(metadata + offset, 8)).readBigUInt64LE(0))
    else parent ||= ((yield region(metadata + offset, 8)).readUInt32LE(4) & hasParent) !== 0
  }
  return match('vhdx', virtualSize, parent ? [differencing] : [])
}

/** Where the metadata are. Throws RangeError where the tables are not what they should be. */
function* findMetadata(): Reading<number> {
  const head = yield region(regionTable, 16)
  const count = entries(head.toString('latin1', 0, 4) === 'regi', head.readUInt32LE(8))
  for (let index = 0; index < count; index++) {
    const entry = yield region(regionTable + 16 + index * 32, 32)
    if (entry.toString('hex', 0, 16) === metadataRegion) return Number(entry.readBigUInt64LE(16))
  }
  throw new RangeError('no metadata region')
}

/** The items that matter, in the order in which the stream brings them. */
function* readItems(metadata: number): Reading<Item[]> {
  const head = yield region(metadata, 32)
  const count = entries(head.toString('latin1', 0, 8) === 'metadata', head.readUInt16LE(10))
  const items: Item[] = []
  for (let index = 0; index < count; index++) {
    const entry = yield region(metadata + 32 + index * 32, 32)
    const id = entry.toString('hex', 0, 16)
    if (id === diskSize || id === fileParameters || id === parentLocator) {
      items.push({ id, offset: entry.readUInt32LE(16) })
    }
  }
  return items.sort((a, b) => a.offset - b.offset)
}

function entries(signed: boolean, count: number): number {
  if (!signed || count > maxEntries) throw new RangeError('not a VHDX table')
  return count
}

/** A GUID as its 16 bytes on disk, in hex: the first three groups are little-endian. */
function guid(text: string): string {
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex')
  bytes.subarray(0, 4).reverse()
  bytes.subarray(4, 6).reverse()
  bytes.subarray(6, 8).reverse()
  return bytes.toString('hex')
}

const differencing: Problem = {
  format: 'vhdx',
  reason: 'backing-file',
  message: 'The VHDX is a differencing disk; merge it with its parent first.',
}
