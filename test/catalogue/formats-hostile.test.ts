/** Content that is refused whatever it is declared to be. Contract: glance 23.3 and 24.1, one-catalogue 4.8. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge } from '../../src/catalogue/bytes/formats/judge.ts'
import { isFailure } from '../../src/catalogue/failure.ts'
import {
  bytesWith,
  dataFileExtension,
  hostDescriptor,
  inspectBytes,
  luksHeader,
  plainDescriptor,
  qcow2Header,
  u32be,
  vdiHeader,
  vhdFooter,
  vhdxImage,
  vmdkHeader,
  vmdkWithFooter,
} from '../support/disk-images.ts'

const featureNames: [number, Buffer] = [0x6803f857, Buffer.alloc(384)]

const withLine = (line: string) => vmdkHeader({ descriptor: `${plainDescriptor}${line}\n` })
const withExtent = (line: string) =>
  vmdkHeader({ descriptor: plainDescriptor.replace('RW 20480 SPARSE "disk.vmdk"', line) })
const withType = (type: string) =>
  vmdkHeader({ descriptor: plainDescriptor.replace('"monolithicSparse"', type) })

/** Name, bytes, the reason of the refusal. */
const hostile: readonly (readonly [string, Buffer, string])[] = [
  ['qcow2 with a backing file', qcow2Header({ backingOffset: 400n }), 'backing-file'],
  ['qcow2 with a backing file, version 2', qcow2Header({ version: 2, backingOffset: 400n }), 'backing-file'],
  ['qcow2, backing name behind the first cluster', qcow2Header({ backingOffset: 2n ** 40n }), 'backing-file'],
  [
    'qcow2 with a backing file in 130 bytes',
    qcow2Header({ backingOffset: 112n }).subarray(0, 130),
    'backing-file',
  ],
  ['qcow2 with the data file feature', qcow2Header({ features: 4n }), 'data-file'],
  [
    'qcow2 with a data file name and no feature',
    qcow2Header({ extensions: [[dataFileExtension, Buffer.from('/etc/passwd')]] }),
    'data-file',
  ],
  [
    'qcow2 with a data file name behind other extensions, across byte 512',
    qcow2Header({
      extensions: [featureNames, [0xe2792aca, Buffer.from('raw')], [dataFileExtension, Buffer.from('x')]],
    }),
    'data-file',
  ],
  [
    'qcow2 of version 2 with a data file name',
    qcow2Header({ version: 2, extensions: [[dataFileExtension, Buffer.from('/etc/passwd')]] }),
    'data-file',
  ],
  [
    'qcow2 with a data file name in the last extension of a 2 MiB cluster',
    qcow2Header({
      clusterBits: 21,
      extensions: [
        [1, Buffer.alloc(2 ** 21 - 256)],
        [dataFileExtension, Buffer.from('x')],
      ],
    }),
    'data-file',
  ],
  ['qcow2 with extended L2 entries', qcow2Header({ features: 16n }), 'unknown-features'],
  ['qcow2 with feature 63', qcow2Header({ features: 2n ** 63n }), 'unknown-features'],
  ['qcow2 with unknown encryption', qcow2Header({ encryption: 3 }), 'encryption'],
  ['qcow of version 1', qcow2Header({ version: 1 }), 'version'],
  ['qcow2 of version 4', qcow2Header({ version: 4 }), 'version'],
  ['qcow2 with clusters of 2^63 bytes', qcow2Header({ clusterBits: 63, length: 4096 }), 'qcow2-header'],
  [
    'qcow2 with a header longer than its cluster',
    qcow2Header({ clusterBits: 9, headerLength: 520, length: 4096 }),
    'qcow2-header',
  ],
  ['qcow2 with a header shorter than version 3 has', qcow2Header({ headerLength: 72 }), 'qcow2-header'],
  [
    'qcow2 with a huge extension',
    bytesWith(65_536, { 0: qcow2Header(), 112: [0, 0, 0, 1, 255, 255, 255, 255] }),
    'qcow2-header',
  ],
  ['qed', Buffer.from('QED\0'), 'qed'],
  ['vmdk descriptor that names a host file', Buffer.from(hostDescriptor), 'vmdk-descriptor'],
  ['vmdk descriptor in capitals', Buffer.from(hostDescriptor.toUpperCase()), 'vmdk-descriptor'],
  ['vmdk descriptor without its first line', Buffer.from(hostDescriptor.slice(21)), 'vmdk-descriptor'],
  [
    'vmdk descriptor behind 600 KB of comments',
    Buffer.from(`${'# comment\n'.repeat(60_000)}${hostDescriptor}`),
    'vmdk-descriptor',
  ],
  [
    'vmdk descriptor with another sign behind createType',
    Buffer.from(hostDescriptor.replace('createType="', 'createType\n"').replace('# Disk', '#')),
    'vmdk-descriptor',
  ],
  [
    'vmdk with the name of a parent behind a descriptor that fills its place',
    vmdkHeader({
      descriptorSectors: 1n,
      descriptor: `${plainDescriptor.padEnd(511, '#')}\nparentFileNameHint="/etc/passwd"`,
    }),
    'vmdk-descriptor',
  ],
  ['vmdk descriptor padded with NULs', bytesWith(1_000_000, { 0: hostDescriptor }), 'vmdk-descriptor'],
  [
    'what only the probe of QEMU takes for a descriptor',
    Buffer.from('# x\n  \nversion=3\n'),
    'vmdk-descriptor',
  ],
  ['vmdk of the old COWD kind', Buffer.from('COWD'), 'vmdk-type'],
  ['vmdk header cut off', vmdkHeader().subarray(0, 300), 'vmdk-header'],
  ['vmdk descriptor cut off', vmdkHeader().subarray(0, 5000), 'vmdk-descriptor'],
  ['vmdk without capacity', vmdkHeader({ sectors: 0n }), 'vmdk-header'],
  ['vmdk of version 4', vmdkHeader({ version: 4 }), 'version'],
  ['vmdk of version 0', vmdkHeader({ version: 0 }), 'version'],
  ['vmdk without descriptor', vmdkHeader({ descriptorStart: 0n }), 'vmdk-descriptor'],
  ['vmdk with the descriptor elsewhere', vmdkHeader({ descriptorStart: 2n }), 'vmdk-descriptor'],
  ['vmdk with an empty descriptor', vmdkHeader({ descriptorSectors: 0n }), 'vmdk-descriptor'],
  ['vmdk with a descriptor of 1 MiB', vmdkHeader({ descriptorSectors: 2048n }), 'vmdk-descriptor'],
  ['vmdk with an endless descriptor', vmdkHeader({ descriptorSectors: 2n ** 63n }), 'vmdk-descriptor'],
  ['vmdk of type monolithicFlat', withType('"monolithicFlat"'), 'vmdk-type'],
  ['vmdk of type twoGbMaxExtentSparse', withType('"twoGbMaxExtentSparse"'), 'vmdk-type'],
  ['vmdk with two types', withLine('createType="vmfs"'), 'vmdk-type'],
  ['vmdk with a second type in a comment', withLine('# createType="vmfs"'), 'vmdk-type'],
  [
    'vmdk without type',
    vmdkHeader({ descriptor: plainDescriptor.replace('createType', 'creator') }),
    'vmdk-type',
  ],
  [
    'vmdk with a descriptor of line ends',
    vmdkHeader({ descriptor: `${plainDescriptor}${'\n'.repeat(5000)}` }),
    'vmdk-descriptor',
  ],
  [
    'qcow2 with thousands of extensions',
    qcow2Header({ extensions: Array.from({ length: 1001 }, () => [1, Buffer.alloc(0)]) }),
    'qcow2-header',
  ],
  ['vmdk with a path as extent', withExtent('RW 20480 SPARSE "/etc/passwd"'), 'vmdk-extent'],
  ['vmdk with a relative path as extent', withExtent('rdonly 20480 sparse "../x.vmdk"'), 'vmdk-extent'],
  ['vmdk with a Windows path as extent', withExtent('RW 20480 SPARSE "C:\\x.vmdk"'), 'vmdk-extent'],
  ['vmdk with a flat extent', withExtent('RW 20480 FLAT "x.img" 0'), 'vmdk-extent'],
  ['vmdk with two extents', withLine('RW 20480 SPARSE "other.vmdk"'), 'vmdk-extent'],
  ['vmdk without extent', withExtent(''), 'vmdk-extent'],
  ['vmdk with a change tracking file', withLine('changeTrackPath="x-ctk.vmdk"'), 'vmdk-extent'],
  ['vmdk with a parent', withLine('parentFileNameHint="/etc/passwd"'), 'backing-file'],
  ['vmdk with a parent in a comment', withLine('#parentFileNameHint="/etc/passwd"'), 'backing-file'],
  ['vmdk with the checksum of a parent', withLine('parentCID=12345678'), 'backing-file'],
  ['vmdk with a line of another kind', withLine('include /etc/passwd'), 'vmdk-descriptor'],
  ['vmdk with a descriptor that is not ASCII', withLine('ddb.x = "\xe9"'), 'vmdk-descriptor'],
  [
    'vmdk with text behind the NULs',
    vmdkHeader({ descriptor: `${plainDescriptor}\0createType` }),
    'vmdk-descriptor',
  ],
  ['vmdk without the footer it announces', vmdkHeader({ directory: 2n ** 64n - 1n }), 'vmdk-footer'],
  ['vmdk whose footer moves the descriptor', vmdkWithFooter({ descriptorStart: 90n }), 'vmdk-footer'],
  ['vmdk whose footer has a longer descriptor', vmdkWithFooter({ descriptorSectors: 90n }), 'vmdk-footer'],
  ['vmdk whose footer has no capacity', vmdkWithFooter({ sectors: 0n }), 'vmdk-footer'],
  ['vmdk whose footer has another version', vmdkWithFooter({ version: 1 }), 'vmdk-footer'],
  ['vmdk whose footer has no directory either', vmdkWithFooter({ directory: 2n ** 64n - 1n }), 'vmdk-footer'],
  ['vmdk with another marker before the footer', vmdkWithFooter({}, 2), 'vmdk-footer'],
  ['vmdk without end of stream', vmdkWithFooter({}, 3, 1), 'vmdk-footer'],
  ['vmdk with a byte behind its footer', Buffer.concat([vmdkWithFooter(), Buffer.from('x')]), 'vmdk-footer'],
  [
    'vmdk whose footer does not start at a sector',
    Buffer.concat([vmdkWithFooter().subarray(0, -1536), Buffer.from('x'), vmdkWithFooter().subarray(-1536)]),
    'vmdk-footer',
  ],
  [
    'vmdk with a sector behind its footer',
    Buffer.concat([vmdkWithFooter(), Buffer.alloc(512)]),
    'vmdk-footer',
  ],
  ['differencing vhd', vhdFooter(4), 'backing-file'],
  ['differencing vhdx', vhdxImage({ flags: 2 }), 'backing-file'],
  ['vhdx that names a parent', vhdxImage({ size: 4096n, parent: true }), 'backing-file'],
  ['differencing vdi', vdiHeader(4), 'backing-file'],
  ['differencing vdi with undo', vdiHeader(3), 'backing-file'],
  ['luks 2', luksHeader(2), 'version'],
  ['luks 0', luksHeader(0), 'version'],
]

for (const [name, bytes, reason] of hostile) {
  test(`refuses ${name}`, () => {
    const finding = inspectBytes(bytes)
    for (const size of [1, 7, 512, 65_537]) {
      if (bytes.length > 300_000 && size < 512) continue
      assert.deepEqual(inspectBytes(bytes, size), finding, `in pieces of ${size}`)
    }
    for (const diskFormat of ['raw', 'qcow2', 'vmdk', 'ami', null]) {
      for (const containerFormat of ['bare', 'ovf', null]) {
        for (const mode of ['refuse', 'warn'] as const) {
          assert.throws(
            () => judge(finding, { diskFormat, containerFormat }, mode),
            (error) => {
              assert.ok(isFailure(error, 'content'))
              assert.equal(error.detail.reason, reason, error.message)
              assert.match(error.message, /^[A-Z][\x20-\x7e]+\.$/)
              return true
            },
          )
        }
      }
    }
  })
}

test('a hostile image stays hostile when it carries a second signature', () => {
  const finding = inspectBytes(bytesWith(65_536, { 0: qcow2Header({ features: 4n }), 32769: 'CD001' }))
  assert.equal(finding.format, 'ambiguous')
  assert.deepEqual(
    finding.problems.map(({ reason }) => reason),
    ['data-file'],
  )
})

test('of the 64 incompatible features of qcow2 only dirty, corrupt and compression type are accepted', () => {
  for (let bit = 0n; bit < 64n; bit++) {
    const reasons = inspectBytes(qcow2Header({ features: 1n << bit })).problems.map(({ reason }) => reason)
    const accepted = [0n, 1n, 3n].includes(bit)
    assert.deepEqual(reasons, accepted ? [] : [bit === 2n ? 'data-file' : 'unknown-features'], `bit ${bit}`)
  }
})

test('qcow2 of version 2 has no features, whatever stands in their place', () => {
  const header = qcow2Header({ version: 2 })
  header.writeBigUInt64BE(0n, 72) // the end of the extensions, which begin there
  header.writeBigUInt64BE(2n ** 64n - 1n, 80)
  assert.deepEqual(inspectBytes(header).problems, [])
})

test('what looks similar is not refused', () => {
  const harmless: Record<string, Buffer> = {
    'a dirty, corrupt, zstd-compressed qcow2': qcow2Header({ features: 0b1011n }),
    'a qcow2 encrypted with LUKS': qcow2Header({ encryption: 2 }),
    'a data file name behind the end of the extensions': qcow2Header({
      extensions: [
        [0, Buffer.alloc(0)],
        [dataFileExtension, Buffer.from('x')],
      ],
    }),
    'a data file name behind the first cluster': bytesWith(4096, {
      0: qcow2Header({ clusterBits: 9, extensions: [[1, Buffer.alloc(384)]] }),
      512: Buffer.concat([u32be(dataFileExtension), u32be(8)]),
    }),
    'a stream-optimised vmdk': withType('"streamOptimized"'),
    'a vmdk in capitals': vmdkHeader({ descriptor: plainDescriptor.toUpperCase() }),
    'a vmdk with Windows line ends': vmdkHeader({ descriptor: plainDescriptor.replaceAll('\n', '\r\n') }),
    'a vmdk with footer': vmdkWithFooter(),
    'a vhdx without parent': vhdxImage({ flags: 1 }),
    'a text about createType': Buffer.from('Without the createType no VMDK is opened: RW or not.\n'),
    'a createType that starts no file': bytesWith(4096, { 1: hostDescriptor }),
    'a truncated qcow2 header without backing file': qcow2Header().subarray(0, 100),
  }
  for (const [name, bytes] of Object.entries(harmless))
    assert.deepEqual(inspectBytes(bytes).problems, [], name)
})
