/**
 * What an inspector reads does not depend on what a header claims. Contract: glance 23.2 (bounded memory) and 24.1
 * ("bound every length read from a header before allocating").
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { inspector } from '../../src/catalogue/bytes/formats/inspect.ts'
import { iso } from '../../src/catalogue/bytes/formats/iso.ts'
import { judge } from '../../src/catalogue/bytes/formats/judge.ts'
import { qcow2 } from '../../src/catalogue/bytes/formats/qcow2.ts'
import { type FormatReader, maxRegion } from '../../src/catalogue/bytes/formats/reading.ts'
import { vhdx } from '../../src/catalogue/bytes/formats/vhdx.ts'
import { vmdk } from '../../src/catalogue/bytes/formats/vmdk.ts'
import { bytesWith, qcow2Header, u32le, vhdxImage, vmdkHeader } from '../support/disk-images.ts'

type Reads = { readonly largest: number; readonly total: number; readonly count: number }

/** What is read of a stream without end: these bytes, and what `behind` gives for any offset after them. */
function readsOf(
  reader: FormatReader,
  start: Buffer,
  behind: (offset: number, length: number) => Buffer,
): Reads {
  const reading = reader({ size: 0 })
  const reads = { largest: 0, total: 0, count: 0 }
  let step = reading.next()
  while (!step.done && step.value.kind === 'region') {
    const { offset, length } = step.value
    reads.largest = Math.max(reads.largest, length)
    reads.total += length
    reads.count++
    assert.ok(reads.count < 10_000, 'it reads for ever')
    const from = start.subarray(Math.min(offset, start.length), offset + length)
    const bytes = Buffer.concat([from, behind(offset + from.length, length - from.length)])
    try {
      step = reading.next(bytes)
    } catch {
      break // malformed: the scanner drops it
    }
  }
  return reads
}

const filledWith = (byte: number) => (_offset: number, length: number) => Buffer.alloc(length, byte)

/** The same sector at every multiple of its length. */
const repeating = (sector: Buffer) => (offset: number, length: number) =>
  Buffer.from(Array.from({ length }, (_, index) => sector[(offset + index) % sector.length]!))

/** Both tables of a VHDX with as many entries as they may claim, all for items that are read. */
const fullTables = bytesWith(1_200_000, {
  0: vhdxImage({ size: 1n, flags: 0 }),
  196616: u32le(2047),
  1048586: [0xff, 0x07],
  1048608: Buffer.concat(
    Array.from({ length: 2047 }, () => vhdxImage({ size: 1n }).subarray(1_048_608, 1_048_640)),
  ),
})

/** Name, reader, start of the stream, what follows, the most regions and the most bytes that may be read. */
const claims: readonly (readonly [
  string,
  FormatReader,
  Buffer,
  (o: number, l: number) => Buffer,
  number,
  number,
])[] = [
  [
    'vmdk, descriptor of 2^64 sectors',
    vmdk,
    vmdkHeader({ descriptorSectors: 2n ** 64n - 1n }),
    filledWith(32),
    1,
    512,
  ],
  [
    'vmdk, the longest descriptor',
    vmdk,
    vmdkHeader({ descriptorSectors: 2047n }),
    filledWith(32),
    2,
    maxRegion,
  ],
  ['text without end', vmdk, Buffer.from('# comment\n'), filledWith(35), 20, maxRegion],
  [
    'vhdx, region table of 2^32 entries',
    vhdx,
    bytesWith(200_000, { 0: 'vhdxfile', 196608: 'regi', 196616: u32le(2 ** 32 - 1) }),
    filledWith(0),
    2,
    64,
  ],
  [
    'vhdx, metadata of 65535 items',
    vhdx,
    bytesWith(1_200_000, { 0: vhdxImage({}), 1048586: [0xff, 0xff] }),
    filledWith(0),
    4,
    128,
  ],
  ['vhdx, full tables', vhdx, fullTables, filledWith(0), 3 * 2047, 2 * 65_536 + 8 * 2047],
  [
    'qcow2, extensions up to the end of the largest cluster',
    qcow2,
    qcow2Header({ clusterBits: 21 }).subarray(0, 112),
    repeating(bytesWith(8, { 0: [0, 0, 0, 1] })),
    1001,
    16_384,
  ],
  [
    'iso, volume descriptors without end',
    iso,
    Buffer.alloc(0),
    repeating(bytesWith(2048, { 0: '\x02CD001' })),
    49,
    8192,
  ],
]

for (const [name, reader, start, behind, mostRegions, mostBytes] of claims) {
  test(`${name}: read within bounds`, () => {
    const { largest, total, count } = readsOf(reader, start, behind)
    assert.ok(largest <= maxRegion, `${largest} bytes at once`)
    assert.ok(count > 0 && count <= mostRegions, `${count} regions`)
    assert.ok(total <= mostBytes, `${total} bytes`)
  })
}

test('a region that is larger than the largest is never kept: its format is out of the question', () => {
  // 1 MiB of descriptor is one byte more than the contract allows, and refused from the header alone.
  const inspection = inspector()
  inspection.write(vmdkHeader({ descriptorSectors: 2048n }))
  const before = process.memoryUsage().arrayBuffers
  const piece = Buffer.alloc(65_536, 32)
  for (let written = 0; written < 64; written++) inspection.write(piece)
  assert.ok(process.memoryUsage().arrayBuffers - before < maxRegion)
  assert.equal(inspection.finish().format, 'vmdk')
})

test('what is compressed is stored as it is: a bomb costs what its compressed bytes cost', () => {
  const bomb = gzipSync(Buffer.alloc(16 * maxRegion))
  assert.ok(bomb.length < 20_000)
  const inspection = inspector()
  inspection.write(bomb)
  const finding = inspection.finish()
  assert.deepEqual(
    { format: finding.format, compression: finding.compression, size: finding.size },
    { format: 'raw', compression: 'gzip', size: bomb.length },
  )
  const compressed = { diskFormat: 'qcow2', containerFormat: 'compressed' }
  assert.deepEqual(judge(finding, compressed, 'refuse'), { virtualSize: null, warning: null })
})
