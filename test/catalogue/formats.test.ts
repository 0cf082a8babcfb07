/** Recognition and judgement, on bytes made by hand. Contract: glance 23.2 and 23.3. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { Finding } from '../../src/catalogue/bytes/formats/finding.ts'
import { inspector } from '../../src/catalogue/bytes/formats/inspect.ts'
import { type Declared, judge } from '../../src/catalogue/bytes/formats/judge.ts'
import { isFailure } from '../../src/catalogue/failure.ts'
import {
  bytesWith,
  inspectBytes,
  isoVolume,
  luksHeader,
  partition,
  partitionedDisk,
  protectivePartition,
  qcow2Header,
  u32le,
  u64le,
  vdiHeader,
  vhdFooter,
  vhdxImage,
  vmdkHeader,
  vmdkWithFooter,
} from '../support/disk-images.ts'

const linux = partition(0x83, { flag: 0x80 })
const mebibyte = 1024 * 1024

const images: Record<string, Buffer> = {
  empty: Buffer.alloc(0),
  text: Buffer.from('hello, this is no disk\n'),
  zeros: Buffer.alloc(3 * mebibyte),
  qcow2: qcow2Header(),
  'qcow2 with extensions': qcow2Header({
    extensions: [
      [0x6803f857, Buffer.alloc(384)],
      [0x0537be77, Buffer.alloc(16)],
      [0xe2792aca, Buffer.from('raw')],
    ],
  }),
  'qcow2 of version 2': qcow2Header({ version: 2 }),
  'qcow2 header of one cluster of 512 bytes': qcow2Header({ clusterBits: 9 }),
  'qcow2 larger than a number can say': qcow2Header({ virtualSize: 2n ** 63n }),
  'qcow2 cut off at 511 bytes': qcow2Header().subarray(0, 511),
  vmdk: vmdkHeader(),
  'vmdk with footer': vmdkWithFooter(),
  'dynamic vhd': bytesWith(4096, { 0: vhdFooter(3) }),
  'fixed vhd': Buffer.concat([Buffer.alloc(mebibyte), vhdFooter(2)]),
  'fixed vhd of a partitioned disk': Buffer.concat([partitionedDisk([linux]), vhdFooter(2)]),
  vhdx: vhdxImage({ size: 8_388_608n, flags: 0 }),
  'vhdx without a size': vhdxImage({ flags: 0 }),
  vdi: vdiHeader(1),
  iso: bytesWith(40_960, { 32768: isoVolume }),
  'iso that boots from disks': bytesWith(40_960, { 446: linux, 510: [0x55, 0xaa], 32768: isoVolume }),
  'iso with protective partition': bytesWith(40_960, {
    446: protectivePartition,
    510: [0x55, 0xaa],
    32768: isoVolume,
  }),
  udf: bytesWith(65_536, { 32768: '\0BEA01', 34816: '\0NSR03', 36864: '\0TEA01' }),
  'NSR02 in the first descriptor': bytesWith(40_960, { 32768: '\0NSR02' }),
  'NSR03 in the first descriptor': bytesWith(40_960, { 32768: '\0NSR03' }),
  'iso whose first descriptor is for booting': bytesWith(40_960, {
    32768: '\0CD001',
    32848: u32le(20),
    32896: [0, 8],
  }),
  'ploop 1': bytesWith(4096, { 0: 'WithoutFreeSpace', 36: u32le(2048), 40: u32le(7) }),
  'ploop 2': bytesWith(4096, { 0: 'WithouFreSpacExt', 36: u64le(2048n) }),
  luks: luksHeader(1, mebibyte),
  mbr: partitionedDisk([linux]),
  gpt: partitionedDisk([protectivePartition]),
  'fat floppy': bytesWith(2880 * 512, { 0: [0xeb, 0x3c], 16: [2], 21: [0xf0], 510: [0x55, 0xaa] }),
  'fat disk': bytesWith(mebibyte, { 0: [0xeb, 0x58], 16: [2], 21: [0xf8], 446: linux, 510: [0x55, 0xaa] }),
  'boot sector without table': bytesWith(mebibyte, { 0: 'boot', 446: 'code, no table', 510: [0x55, 0xaa] }),
  gzip: gzipSync(qcow2Header()),
  zstd: zstdCompressSync(qcow2Header()),
  bzip2: Buffer.from('425a683917724538509000000000', 'hex'),
  'not quite bzip2': Buffer.from('425a6839000000000000000000000000', 'hex'),
  xz: Buffer.from('fd377a585a000004e6d6b446000000001cdf44211fb6f37d010000000004595a', 'hex'),
}

/** Image, format, virtual size, compression. */
const recognised: readonly (readonly [string, Finding['format'], number | null, Finding['compression']?])[] =
  [
    ['empty', 'raw', 0],
    ['text', 'raw', 23],
    ['zeros', 'raw', 3 * mebibyte],
    ['qcow2', 'qcow2', mebibyte],
    ['qcow2 with extensions', 'qcow2', mebibyte],
    ['qcow2 of version 2', 'qcow2', mebibyte],
    ['qcow2 header of one cluster of 512 bytes', 'qcow2', mebibyte],
    ['qcow2 larger than a number can say', 'qcow2', null],
    ['qcow2 cut off at 511 bytes', 'raw', 511],
    ['vmdk', 'vmdk', 20480 * 512],
    ['vmdk with footer', 'vmdk', 20480 * 512],
    ['dynamic vhd', 'vhd', 8_390_656],
    ['fixed vhd', 'vhd', 8_390_656],
    ['fixed vhd of a partitioned disk', 'vhd', 8_390_656],
    ['vhdx', 'vhdx', 8_388_608],
    ['vhdx without a size', 'vhdx', null],
    ['vdi', 'vdi', 8_388_608],
    ['iso', 'iso', 40_960],
    ['iso that boots from disks', 'iso', 40_960],
    ['iso with protective partition', 'iso', 40_960],
    ['udf', 'iso', 65_536],
    ['NSR02 in the first descriptor', 'iso', 40_960],
    ['NSR03 in the first descriptor', 'iso', 40_960],
    ['iso whose first descriptor is for booting', 'iso', 40_960],
    ['ploop 1', 'ploop', mebibyte],
    ['ploop 2', 'ploop', mebibyte],
    ['luks', 'luks', mebibyte - 4096],
    ['mbr', 'mbr', 4 * mebibyte],
    ['gpt', 'gpt', 4 * mebibyte],
    ['fat floppy', 'raw', 1_474_560],
    ['fat disk', 'raw', mebibyte],
    ['boot sector without table', 'raw', mebibyte],
    ['gzip', 'raw', images.gzip!.length, 'gzip'],
    ['zstd', 'raw', images.zstd!.length, 'zstd'],
    ['bzip2', 'raw', images.bzip2!.length, 'bzip2'],
    ['not quite bzip2', 'raw', 16],
    ['xz', 'raw', images.xz!.length, 'xz'],
  ]

for (const [name, format, virtualSize, compression = null] of recognised) {
  test(`recognises ${name}`, () => {
    const finding = inspectBytes(image(name))
    assert.deepEqual(
      { format: finding.format, virtualSize: finding.virtualSize, compression: finding.compression },
      { format, virtualSize, compression },
    )
    assert.deepEqual(finding.problems, [])
    assert.equal(finding.size, image(name).length)
  })
}

test('every image of the table is tried', () => {
  assert.deepEqual(recognised.map(([name]) => name).sort(), Object.keys(images).sort())
})

test('the pieces in which the data arrive make no difference', () => {
  for (const [name, bytes] of Object.entries(images)) {
    const whole = inspectBytes(bytes, bytes.length + 1)
    for (const size of [1, 7, 512, 4096, 65_537]) {
      if (bytes.length / size > 300_000) continue
      assert.deepEqual(inspectBytes(bytes, size), whole, `${name} in pieces of ${size}`)
    }
  }
})

test('pieces in shared memory that is used again afterwards', () => {
  const inspection = inspector()
  const shared = new Uint8Array(new SharedArrayBuffer(512))
  const bytes = image('fixed vhd of a partitioned disk')
  for (let at = 0; at < bytes.length; at += 512) {
    shared.set(bytes.subarray(at, at + 512))
    inspection.write(shared)
    shared.fill(0xff)
  }
  const finding = inspection.finish()
  assert.deepEqual(finding.matches.toSorted(), ['mbr', 'vhd'])
  assert.equal(finding.virtualSize, 8_390_656)
})

test('garbage behind every signature, in any pieces, never breaks the stream', () => {
  const random = randomBytes(20_260_711)
  for (const [name, bytes] of Object.entries(images)) {
    const start = bytes.subarray(0, 4096)
    for (let round = 0; round < 40; round++) {
      const mutant = Buffer.from(start)
      for (let change = 0; change < 12 && mutant.length > 4; change++) {
        mutant[4 + (random() % (mutant.length - 4))] = random() & 0xff
      }
      const finding = inspectBytes(mutant, 4096)
      assert.deepEqual(inspectBytes(mutant, 13), finding, name)
      assert.equal(finding.size, mutant.length)
    }
  }
})

test('a header that points back, or nowhere, takes only its own format out of consideration', () => {
  const vhdx = (metadata: bigint) =>
    bytesWith(400_000, {
      0: 'vhdxfile',
      65536: 'metadata',
      196608: 'regi',
      196616: u32le(1),
      196624: Buffer.from('06a27c8b90479a4bb8fe575f050f886e', 'hex'),
      196640: u64le(metadata),
      250000: 'metadata',
    })
  assert.deepEqual(inspectBytes(vhdx(250_000n)).matches, ['vhdx'])
  for (const metadata of [65_536n, 300_000n, 2n ** 40n, 2n ** 64n - 1n]) {
    const bytes = Buffer.concat([vhdx(metadata), vhdFooter(2)])
    // In one piece the bytes that have passed would still be at hand; they must not be used.
    for (const size of [100_000, bytes.length]) {
      assert.deepEqual(inspectBytes(bytes, size).matches, ['vhd'], `metadata at ${metadata}`)
    }
  }
})

const bare = (diskFormat: string | null): Declared => ({ diskFormat, containerFormat: 'bare' })

/** Image, declared format, what becomes of it: a virtual size, or the reason of the refusal. */
const judged: readonly (readonly [string, string | null, number | null | string])[] = [
  ['qcow2', 'qcow2', mebibyte], // row 3
  ['iso that boots from disks', 'iso', 40_960],
  ['fixed vhd of a partitioned disk', 'vhd', 8_390_656],
  ['ploop 2', 'ploop', mebibyte],
  ['text', 'ami', 23], // row 4
  ['gzip', 'ari', images.gzip!.length],
  ['boot sector without table', 'aki', mebibyte],
  ['text', 'ploop', 23],
  ['text', 'zvol', 23], // a format of another wire, without inspector
  ['qcow2', 'raw', 65_536], // row 5: the size in bytes
  ['luks', 'raw', mebibyte],
  ['gpt', 'raw', 4 * mebibyte],
  ['iso', 'raw', 40_960],
  ['gzip', 'raw', images.gzip!.length],
  ['empty', 'raw', 0],
  ['qcow2', null, mebibyte], // nothing declared, nothing to contradict
  ['qcow2', 'vmdk', 'format-mismatch'], // row 6
  ['text', 'qcow2', 'format-mismatch'],
  ['empty', 'qcow2', 'format-mismatch'],
  ['qcow2 cut off at 511 bytes', 'qcow2', 'format-mismatch'],
  ['gzip', 'qcow2', 'format-mismatch'],
  ['zstd', 'iso', 'format-mismatch'],
  ['ploop 2', 'vhd', 'format-mismatch'],
  ['gpt', 'ami', 'format-mismatch'],
  ['dynamic vhd', 'vhdx', 'format-mismatch'],
  ['fixed vhd', 'qcow2', 'format-mismatch'],
]

for (const [name, declared, outcome] of judged) {
  test(`${name} declared ${declared}: ${outcome}`, () => {
    const finding = inspectBytes(image(name))
    if (typeof outcome === 'string') {
      assert.throws(() => judge(finding, bare(declared), 'refuse'), refusal(outcome))
      const lenient = judge(finding, bare(declared), 'warn')
      assert.equal(lenient.virtualSize, null)
      assert.match(lenient.warning ?? '', /declared to be/)
    } else {
      assert.equal(judge(finding, bare(declared), 'refuse').virtualSize, outcome)
    }
  })
}

test('an unset container counts as bare, other containers may hold anything', () => {
  const finding = inspectBytes(image('text'))
  const declared = (containerFormat: string | null) => ({ diskFormat: 'vhd', containerFormat })
  assert.throws(() => judge(finding, declared(null), 'refuse'), refusal('format-mismatch'))
  for (const container of ['ami', 'ovf', 'ova', 'docker']) {
    assert.deepEqual(judge(finding, declared(container), 'refuse'), { virtualSize: null, warning: null })
  }
})

test('content with two signatures is refused even as raw', () => {
  const polyglots = [
    bytesWith(65_536, { 0: qcow2Header(), 32768: isoVolume }),
    bytesWith(65_536, { 0: qcow2Header(), 446: linux, 510: [0x55, 0xaa] }),
    Buffer.concat([qcow2Header(), vhdFooter(2)]),
    bytesWith(65_536, { 0: 'WithouFreSpacExt', 64: u32le(0xbeda107f) }),
  ]
  for (const bytes of polyglots) {
    const finding = inspectBytes(bytes)
    assert.equal(finding.format, 'ambiguous')
    assert.equal(finding.virtualSize, null)
    assert.throws(() => judge(finding, bare('raw'), 'refuse'), refusal('format-ambiguous'))
    assert.match(judge(finding, bare('raw'), 'warn').warning ?? '', /can be read as/)
  }
})

test('odd partition tables of raw disks are only worth a warning', () => {
  const second = partition(0x83, { lba: 4096 })
  const disks: Record<string, Buffer> = {
    'a boot flag that is none': partitionedDisk([partition(0x83, { flag: 0x41 })]),
    'no partition': partitionedDisk([]),
    'a protective partition in the second slot': partitionedDisk([linux, protectivePartition]),
    'a protective partition that is not alone': partitionedDisk([protectivePartition, second]),
    'a protective partition from sector 2': partitionedDisk([partition(0xee, { chs: [0, 2, 0], lba: 2 })]),
    'a protective partition from CHS 0/1/0': partitionedDisk([partition(0xee, { chs: [0, 1, 0], lba: 1 })]),
  }
  for (const [name, bytes] of Object.entries(disks)) {
    const { virtualSize, warning } = judge(inspectBytes(bytes), bare('raw'), 'refuse')
    assert.equal(virtualSize, bytes.length, name)
    assert.match(warning ?? '', /partition/, name)
  }
  assert.equal(judge(inspectBytes(image('gpt')), bare('raw'), 'refuse').warning, null)
  assert.equal(judge(inspectBytes(image('fat disk')), bare('raw'), 'refuse').warning, null)
})

function image(name: string): Buffer {
  const bytes = images[name]
  assert.ok(bytes, name)
  return bytes
}

function refusal(reason: string) {
  return (error: unknown) => isFailure(error, 'content') && error.detail.reason === reason
}

/** A small generator (mulberry32), so that a failing round can be repeated. */
function randomBytes(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}
